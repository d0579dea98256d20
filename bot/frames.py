"""What a running timer looks like at an instant: a pure function of its plan and the time.

On a phone it reads: what to do in this phase, a row of ten dots that fills up, and the time that is left in words.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

DOTS = 10
SHORT = 60
"""Seconds up to which a plain countdown moves every 5 seconds; a longer one, and one with phases, moves every 15."""
SHORT_EVERY, LONG_EVERY = 5, 15


def frame(plan: dict[str, Any], now: datetime) -> tuple[str, datetime | None]:
    """(the words to show now, when they change next; None when the timer has run out).

    plan: "text" shown above, "phases" [[words, seconds], ...] repeated to the end, "seconds" in all, "started" ISO time,
    "left" the words for the time left with "{time}" in them, "over" the words for the end.

    A phase of up to 15 seconds is drawn once, at its beginning, so that an edit never breaks a breath.
    """
    started, total = datetime.fromisoformat(plan["started"]), int(plan["seconds"])
    gone = _gone(plan, now)
    if gone >= total:
        return _page(plan["text"], "", f"{'●' * DOTS}\n{plan['over']}"), None
    every = SHORT_EVERY if total <= SHORT and not plan["phases"] else LONG_EVERY
    words, begins, ends = _phase(plan["phases"], gone, total)
    change = ends if ends - begins <= every else min(ends, gone - gone % every + every)
    clock = plan["left"].replace("{time}", _clock(total - gone))
    return _page(plan["text"], words, f"{_dots(gone, total)}\n{clock}"), started + timedelta(seconds=min(change, total))


def closing(plan: dict[str, Any], now: datetime, stopped: str) -> str:
    """What stays on the screen when a timer is over: the end, or how far it came and the words `stopped`."""
    gone, total = _gone(plan, now), int(plan["seconds"])
    return frame(plan, now)[0] if gone >= total else _page(plan["text"], "", f"{_dots(gone, total)}\n{stopped}")


def _gone(plan: dict[str, Any], now: datetime) -> int:
    return max(0, int((now - datetime.fromisoformat(plan["started"])).total_seconds()))


def _page(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _dots(gone: int, total: int) -> str:
    filled = DOTS * gone // total
    return "●" * filled + "○" * (DOTS - filled)


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _phase(phases: list[list[Any]], gone: int, total: int) -> tuple[str, int, int]:
    """(words, first second, second after the last) of the phase at `gone`; without phases the whole timer is one."""
    if not phases:
        return "", 0, total
    at = gone - gone % sum(seconds for _, seconds in phases)
    for words, seconds in phases:
        if gone < at + seconds:
            return words, at, at + seconds
        at += seconds
    raise AssertionError("a round holds every second of itself")
