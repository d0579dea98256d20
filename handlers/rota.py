"""Somebody takes a stretch of the rota ("Ana takes Luis's Friday night"), asked one thing after the other. Times are the clinic's."""

from __future__ import annotations

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking, TimeOfDay, YesNo
from bot.flow.commands import TakeStretch

POSITIONS = tuple((each, f"staff.on_call.{each}") for each in ("primary", "backup", "supervisor"))


def staff_stretch(me: Me) -> Talking:
    """Nothing is kept before the last yes. Rights are checked before anything is asked, and again when it is kept."""
    if not (yield Read("staff.may", {"action": "on_call"})):
        yield Say("staff.denied")
        return
    position = yield Ask("position", Choice(of=POSITIONS, columns=3), words="staff.stretch.position")
    names = yield Read("rota.colleagues")
    if not names:
        yield Say("staff.stretch.nobody")
        return
    for n, row in enumerate(names, 1):
        yield Say("staff.stretch.line", {"n": n, "what": row["name"]})
    who = names[int((yield Ask("who", Choice(numbered=len(names), columns=5), words="staff.stretch.who"))) - 1]
    days = yield Read("rota.days")
    for n, row in enumerate(days, 1):
        yield Say("staff.stretch.line", {"n": n, "what": row["name"]})
    day = days[int((yield Ask("day", Choice(numbered=len(days), columns=7), words="staff.stretch.day"))) - 1]
    begins = yield Ask("begins", TimeOfDay(offer=("08:00", "17:00", "20:00")), words="staff.stretch.begins")
    ends = yield Ask("ends", TimeOfDay(offer=("08:00", "17:00", "20:00")), words="staff.stretch.ends")
    last = day["day"] if ends > begins else day["after"]
    until = ends if ends > begins else f"{day['after_name']}, {ends}"
    slots = {"name": who["name"], "position": (yield Read("rota.position", {"position": position})), "day": day["name"]}
    sure = YesNo(yes="staff.stretch.keep", no="button.not_now")
    if not (yield Ask("sure", sure, "staff.stretch.sure", {**slots, "begins": begins, "until": until})):
        yield Say("staff.stretch.left")
        return
    done = yield Do(TakeStretch(position, who["id"], f"{day['day']}T{begins}", f"{last}T{ends}"))
    yield Say(f"staff.stretch.{done}")


FLOWS = (Flow("staff_stretch", staff_stretch, expires=30, later=False),)
