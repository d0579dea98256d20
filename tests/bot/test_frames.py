"""What a running timer shows at each second."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.frames import closing, frame
from bot.phones import instant

STARTED = instant("2026-11-16T20:00-05:00")
PACER = [["in", 4], ["out", 6]]


def plan(seconds: int, *phases: list[Any]) -> dict[str, Any]:
    return {
        "text": "Breathe with this.",
        "phases": list(phases),
        "seconds": seconds,
        "started": STARTED.isoformat(),
        "left": "{time} left",
        "over": "Time is up.",
    }


def at(seconds: float) -> datetime:
    return STARTED + timedelta(seconds=seconds)


def shown(timer: dict[str, Any], seconds: float) -> list[str]:
    return frame(timer, at(seconds))[0].split("\n\n")


def changes(timer: dict[str, Any]) -> list[int]:
    """The seconds at which it is drawn anew, for someone who is never late."""
    found, now = [], STARTED
    while (following := frame(timer, now)[1]) is not None:
        assert following > now
        found.append(int((following - STARTED).total_seconds()))
        now = following
    return found


def test_it_shows_the_words_the_phase_the_dots_and_the_time_left() -> None:
    assert shown(plan(120, *PACER), 0) == ["Breathe with this.", "in", "○○○○○○○○○○\n2:00 left"]
    assert shown(plan(120, *PACER), 64.9) == ["Breathe with this.", "out", "●●●●●○○○○○\n0:56 left"]


def test_a_countdown_without_phases_shows_only_the_clock() -> None:
    assert shown(plan(30), 15) == ["Breathe with this.", "●●●●●○○○○○\n0:15 left"]


def test_the_dots_are_full_only_at_the_end() -> None:
    assert "●●●●●●●●●○" in shown(plan(600), 599)[-1]
    assert shown(plan(600), 600) == ["Breathe with this.", "●●●●●●●●●●\nTime is up."]


def test_a_pacer_changes_with_each_breath_and_never_within_one() -> None:
    assert changes(plan(30, *PACER)) == [4, 10, 14, 20, 24, 30]
    assert changes(plan(60, *PACER))[-2:] == [54, 60]


def test_a_short_countdown_moves_every_five_seconds_a_long_one_every_fifteen() -> None:
    assert changes(plan(30)) == [5, 10, 15, 20, 25, 30]
    assert changes(plan(600))[:3] == [15, 30, 45]
    assert len(changes(plan(600))) == 40


def test_a_long_phase_moves_on_and_changes_its_words_on_time() -> None:
    ride = plan(180, ["notice", 50], ["breathe", 130])
    assert changes(ride)[:5] == [15, 30, 45, 50, 60]
    assert shown(ride, 49)[1] == "notice"
    assert shown(ride, 50)[1] == "breathe"


def test_a_round_begins_again_until_the_time_is_up() -> None:
    assert shown(plan(95, *PACER), 90)[1] == "in"
    assert changes(plan(95, *PACER))[-1] == 95


def test_frames_that_were_missed_are_skipped() -> None:
    words, following = frame(plan(120, *PACER), at(47.3))
    assert "out" in words
    assert following == at(50)


def test_a_clock_that_was_set_back_shows_the_beginning() -> None:
    assert shown(plan(120, *PACER), -3)[-1] == "○○○○○○○○○○\n2:00 left"


@pytest.mark.parametrize(("seconds", "last"), [(60, "●●●●●○○○○○\nStopped here."), (120, "●●●●●●●●●●\nTime is up.")])
def test_what_stays_on_the_screen_is_true(seconds: int, last: str) -> None:
    assert closing(plan(120, *PACER), at(seconds), "Stopped here.").split("\n\n") == ["Breathe with this.", last]
