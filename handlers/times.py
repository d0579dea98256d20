"""When to be asked and when to be left alone: check-in times, quiet hours, and how a message looks on a locked phone."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Me, Read, Say, TimeOfDay, YesNo
from bot.flow.commands import SaveProfile

QUIET = ("21:30", "07:30")
"""The quiet hours everybody starts with."""
MORNINGS = ("07:30", "08:30", "09:30")
EVENINGS = ("19:00", "20:00", "21:00")

Part = Generator[Any, Any, Any]


def ask_check_ins(me: Me) -> Part:
    """A morning and an evening time; a skipped one is not asked for."""
    morning = yield Ask("morning", TimeOfDay(offer=MORNINGS, optional=True))
    evening = yield Ask("evening", TimeOfDay(offer=EVENINGS, optional=True))
    yield Do(SaveProfile({"morning_at": morning, "evening_at": evening}), again=True)
    if morning is None and evening is None:
        yield Say("profile.check_ins.none")
    yield from _say_held()


def ask_quiet(me: Me) -> Part:
    """Hours in which nothing is sent, but for replies and safety."""
    kind = yield Ask("ask", Choice(of=(("keep", "profile.quiet.keep"), ("change", "profile.quiet.change"))))
    begins, ends = QUIET
    if kind == "change":
        begins = yield Ask("from", TimeOfDay(offer=("20:00", "21:00", "22:00")))
        ends = yield Ask("to", TimeOfDay(offer=("06:30", "07:30", "08:30")))
    yield Do(SaveProfile({"quiet_from": begins, "quiet_to": ends}), again=True)
    yield from _say_held()


def _say_held() -> Part:
    """A check-in at a quiet hour would surprise by not coming."""
    held = yield Read("profile.held")
    if held:
        yield Say("profile.quiet.holds", {"times": held})


def ask_discreet(me: Me) -> Part:
    """Whether what is sent first says nothing until it is tapped."""
    discreet = yield Ask("ask", YesNo(yes="profile.discreet.yes", no="profile.discreet.no", columns=1))
    yield Do(SaveProfile({"discreet": discreet}), again=True)
