"""What a running timer looks like at an instant: a pure function of its plan and the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

BAR = 10
PLAIN_EVERY = 15
"""Seconds between frames of a timer without phases."""


def frame(payload: dict[str, Any], now: datetime) -> tuple[str, datetime | None]:
    """(the words to show now, when they change next; None when the timer has run out).

    payload: "text" shown above, "phases" [[words, seconds], ...] repeated, "seconds" in all, "started" ISO time.
    """
    started = datetime.fromisoformat(payload["started"])
    gone = max(0, int((now - started).total_seconds()))
    left = payload["seconds"] - gone
    if left <= 0:
        return payload["text"], None
    phases = payload["phases"]
    if len(phases) < 2:
        shown, change = (phases[0][0] if phases else ""), gone + PLAIN_EVERY - gone % PLAIN_EVERY
    else:
        shown, change = _phase(phases, gone)
    filled = round(BAR * gone / payload["seconds"])
    clock = f"{'▓' * filled}{'░' * (BAR - filled)}  {left // 60}:{left % 60:02d}"
    text = "\n\n".join(part for part in (payload["text"], shown, clock) if part)
    return text, started + timedelta(seconds=min(change, payload["seconds"]))


def _phase(phases: list[list[Any]], gone: int) -> tuple[str, int]:
    round_length = sum(seconds for _, seconds in phases)
    at = gone - gone % round_length
    for words, seconds in phases:
        if gone < at + seconds:
            return words, at + seconds
        at += seconds
    raise AssertionError("a round holds every second of itself")
