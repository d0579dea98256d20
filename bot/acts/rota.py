"""The rota in the chat: hand-overs told to both, a stretch somebody takes, and a daily look for what is not covered."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from bot import danger
from bot.acts.drill import plan_drill
from bot.flow.commands import TakeStretch
from bot.registry import act, clinic_due, look, recurring
from bot.rights import may
from bot.sitting import Sitting, seat
from bot.when import day_name, moment
from safety import duty, rota
from safety.rota import POSITIONS
from storage import audit, due, notes, people
from storage import rota as rows
from storage.due import DueRow
from storage.outbox import ESCALATION
from storage.people import PersonCard
from storage.store import Unit
from storage.wall import instant, local, next_instant

COVERAGE, COVERAGE_AT = "coverage", "09:00"
DAYS = 14


@look("rota.colleagues")
def colleagues(s: Sitting) -> list[dict[str, Any]]:
    """Everybody who can take a position, by name, whoever asks included."""
    return [{"id": who.id, "name": who.name} for who in able(s.u)]


@look("rota.days")
def days(s: Sitting) -> list[dict[str, str]]:
    """The next two weeks by the clinic's clock, each with the day after it."""
    _, zone = duty.hours_of(s.u)
    today, draft = local(s.u.now, zone).date(), s.draft()
    ahead = [today + timedelta(days=n) for n in range(DAYS + 1)]
    return [
        {"day": day.isoformat(), "name": day_name(draft, day), "after": after.isoformat(), "after_name": day_name(draft, after)}
        for day, after in pairwise(ahead)
    ]


@look("rota.position")
def position_name(s: Sitting, position: str) -> str:
    return s.words.text(f"staff.on_call.{position}")


@act(TakeStretch)
def take_stretch(s: Sitting, command: TakeStretch) -> str:
    """Decided on the rows as they are now."""
    if not may(people.person(s.u, s.person.id), "on_call"):
        raise PermissionError("on_call")
    _, zone = duty.hours_of(s.u)
    who, (begins, ends) = people.person(s.u, command.person), (_at(wall, zone) for wall in (command.begins, command.ends))
    if command.position not in POSITIONS or not can_hold(s.u, who):
        return "unfit"
    if ends <= max(begins, s.u.now):
        return "over"
    if rota.leave_in(duty.rota_of(s.u), who.id, begins, ends):
        return "away"
    with duty.editing(s.u):
        rows.add_override(s.u, command.position, who.id, begins, ends)
    audit.record(s.u, who.id, s.person.code, "rota.override", command.position, f"{command.begins} {command.ends}")
    if who.id != s.person.id and (at := s.of(who.id)) is not None:
        draft = at.draft()
        name = draft.phrase(f"staff.on_call.{command.position}")
        begin, end = (moment(draft, each, who.zone, s.u.now) for each in (begins, ends))
        at.post(draft.add("staff.stretch.yours", begins=begin, ends=end, position=name, name=s.person.name))
    return "ok"


def able(u: Unit) -> list[PersonCard]:
    """Everybody who can hold a position now."""
    return [who for who in people.people(u, "staff", "active") if can_hold(u, who)]


def can_hold(u: Unit, who: PersonCard) -> bool:
    """Active staff who have agreed to be paged, can be reached, and are not on leave."""
    return duty.fit(u)(who.id) and not rota.on_leave(duty.rota_of(u), who.id, u.now)


@clinic_due(duty.CHANGE)
def hand_over(u: Unit, row: DueRow) -> None:
    """Whoever comes on duty and whoever goes is told; what nobody has taken yet goes to who comes, at once."""
    before, now = duty.told(u), duty.holders(u)
    for position in POSITIONS if before is not None else ():
        was, held = (before or {}).get(position, []), now[position]
        for person in dict.fromkeys([*was, *held]):
            at = seat(u, person, row.id) if (person in was) != (person in held) else None
            if at is None or not at.person.active:
                continue
            _tell(at, position, held, begins=person in held)
        for person in (each for each in held if each not in was):
            danger.pass_on(u, person, position, row.id)
    duty.settle(u)


def _tell(at: Sitting, position: str, held: list[int], *, begins: bool) -> None:
    draft = at.draft()
    name = draft.phrase(f"staff.on_call.{position}")
    if begins:
        ends = next((when for when, after in duty.changes(at.u, DAYS) if at.person.id not in after[position]), None)
        until = {"until": moment(draft, ends, at.person.zone, at.u.now)} if ends is not None else {}
        draft.add("staff.on_call.begins_until" if until else "staff.on_call.begins", position=name, **until)
    else:
        others = ", ".join(people.person(at.u, id).name for id in held) or draft.phrase("staff.on_call.nobody")
        draft.add("staff.on_call.ends", position=name, name=others)
    at.post(draft, lane=ESCALATION, dedupe=f"rota:{at.source}:{position}:{at.person.id}")


@recurring(COVERAGE)
def follow(u: Unit, row: DueRow) -> None:
    plan_coverage(u)


@clinic_due(COVERAGE)
def coverage(u: Unit, row: DueRow) -> None:
    """Once a day: a line in the inbox when some of the next two weeks is not covered; one line for one first gap."""
    duty.plan_change(u)
    plan_drill(u)
    found = duty.gaps(u)
    if not found:
        return
    code = f"{local(found[0].begins, duty.hours_of(u)[1]):%Y-%m-%d %H:%M}"
    if not any((each.kind, each.code) == (COVERAGE, code) for each in notes.unseen(u, 1000)):
        notes.add(u, None, COVERAGE, code)


def plan_coverage(u: Unit) -> None:
    """The next daily look, and the next hand-over if none is planned."""
    _, zone = duty.hours_of(u)
    day, at = next_instant(u.now, COVERAGE_AT, zone)
    due.plan(u, COVERAGE, 0, f"{COVERAGE}:{day}", at)


def _at(text: str, zone: str) -> datetime:
    day, _, wall = text.partition("T")
    return instant(date.fromisoformat(day), wall, zone)
