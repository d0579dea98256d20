"""A pause: reminders rest for up to two weeks. The way to a human stays open, and that is said.

The team sees that there is a pause and until when, not why.
"""

from __future__ import annotations

from bot.flow import Ask, Choice, Do, Flow, Me, Number, Read, Say, Talking, YesNo, scoped
from bot.flow.commands import Pause, Resume
from handlers.place import ask_zone

REASONS = ("travel", "hospital", "space", "other")
LONGEST = 14
"""Days."""


def pause(me: Me) -> Talking:
    mine = yield Read("profile.mine")
    if mine["paused"]:
        what = yield Ask("paused", Choice(of=(("end", "pause.end"), ("stay", "pause.stay"))), slots={"until": mine["paused"]})
        if what == "end":
            yield Do(Resume())
            yield Say("pause.ended")
        else:
            yield Say("pause.stays", {"until": mine["paused"]})
        return
    days = yield Ask("days", Number(low=1, high=LONGEST, offer=(1, 3, 7, LONGEST)))
    reason = yield Ask("reason", Choice(of=tuple((each, f"pause.{each}") for each in REASONS), columns=2, optional=True))
    until = yield Do(Pause(days))
    yield Say("pause.on", {"until": until})
    if reason == "hospital":
        yield Say("pause.get_well", {"clinic": mine["clinic"], "clinic_line": mine["clinic_line"]})
    elif reason == "travel" and (yield Ask("zone", YesNo())):
        yield from scoped("profile.zone", ask_zone(me, me.country, travel=True))


FLOWS = (Flow("pause", pause, expires=12 * 60, later=False),)
