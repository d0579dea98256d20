"""Reads one patient's week out of the database: the only place where rows become the `Week` that pages are made from.

Only reads. Who reads a patient for a page records it (`clinic.export` does, once for each change of what is shown).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from clinic import answers, risk, schedule
from clinic.model import HISTORY_DAYS, Plan, UseDetail, Week
from content import library
from content.library import Words
from storage import clinic, people, plans
from storage.people import PersonCard
from storage.store import Unit

SCOPE = "weekly"
"""The consent without which no page of a patient is made."""


class NoClinic(Exception):
    """This database has no clinic yet, so there are no weeks to tell. Run `between setup` first."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


@dataclass(frozen=True, slots=True)
class NotShared:
    """This patient does not share a weekly page with the team now. Nothing but the consent was read."""

    code: str


def gather(u: Unit, person: PersonCard, monday: date, now: datetime) -> Week | NotShared:
    """All that is known of a patient for the week that begins on `monday`, as it stands at `now` (aware), or that they do not share it.

    Consent counts as it stands now, not as it stood in the week. Raises `NoClinic` on a database that was not set up.
    """
    known = clinic.clinic(u)
    if known is None:
        raise NoClinic
    if SCOPE not in people.consents(u, person.id, now):
        return NotShared(person.code)
    words, zone = library.load(), ZoneInfo(known.zone)
    day, sunday = timedelta(days=1), monday + timedelta(days=6)
    first = sunday - timedelta(days=HISTORY_DAYS - 1)
    near = answers.observations(u, person, first, sunday + day)
    rows = [row for row in near if row.local_date <= sunday]
    shared, private = answers.entries(u, person, monday)
    safety = answers.safety_answers(rows, monday, sunday)
    beside = [answer for that in (monday - day, sunday + day) for answer in answers.safety_answers(near, that, that)]
    week, weeks = program_week(person.program_start, person.program_weeks, monday)
    return Week(
        code=person.code,
        name=person.name or None,
        monday=monday,
        zone=zone,
        prepared_at=now,
        program_week=week,
        program_weeks=weeks,
        shares=_named(("weekly", "lines"), words),
        keeps=_named(("rest",), words),
        kept_private=private,
        takes_medicines=bool(person.medicines),
        risk=tuple(risk.events(u, person, monday, zone, words)),
        settled=tuple(risk.settled(u, person, monday, zone, words)),
        safety_answers=tuple(risk.answers(u, person, monday, zone, safety, beside)),
        plan=_plan(u, person),
        observations=answers.facts(rows),
        check_ins=answers.check_ins(u, person, first, sunday, rows, now),
        last_check_in=answers.last_check_in(u, person, monday, zone),
        sessions=tuple(schedule.sessions(u, person, zone, first, sunday)),
        next_session=schedule.next_session(u, person, zone, sunday),
        use_details=tuple(_use(rows, monday, sunday, words)),
        skills=answers.skills(u, person, first, sunday, words),
        shared=shared,
        notes=answers.notes(u, person, monday, zone),
    )


def _plan(u: Unit, person: PersonCard) -> Plan:
    found = plans.state(u, person.id)
    return Plan(found.exists, found.missing, found.reviewed_at)


def program_week(start: date | None, weeks: int | None, monday: date) -> tuple[int | None, int | None]:
    """(n, of): the week that holds the first day is 1. Nothing before the program, after it, or where it is not known."""
    if start is None or weeks is None:
        return None, None
    n = (monday - (start - timedelta(days=start.weekday()))).days // 7 + 1
    return (n, weeks) if 1 <= n <= weeks else (None, None)


def _named(ids: Iterable[str], words: Words) -> tuple[str, ...]:
    return tuple(words.text(f"weekly.sharing.{id}") for id in ids)


def _use(rows: Iterable[Row[Any]], monday: date, sunday: date, words: Words) -> list[UseDetail]:
    """What was told about each day with use. A question they left out is kept to themselves; one not asked is not there."""
    mine = [row for row in rows if monday <= row.local_date <= sunday]
    found = []
    for day in sorted({row.local_date for row in mine if row.item == "use_what"}):
        of_day = [row for row in mine if row.local_date == day and row.code]
        what = [_name(f"checkin.use_what.{row.code}", words) for row in of_day if row.item == "use_what"]
        when = [_name(f"weekly.sharing.use_when.{row.code}", words) for row in of_day if row.item == "use_when"]
        told = ", ".join(dict.fromkeys(what))
        if told and when:
            told = words.text("weekly.sharing.use_detail", what=told, when=when[-1])
        found.append(UseDetail(day, told or None))
    return found


def _name(id: str, words: Words) -> str:
    return words.text(id) if words.has(id) else id.rpartition(".")[2].replace("_", " ")
