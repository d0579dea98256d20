"""What a patient answered, did and wrote, read from its tables as a page tells it. Private words are counted, never opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select

from clinic import weeks
from clinic.model import RATINGS, CheckIn, Line, Observation, SafetyAnswer, SkillUse
from clinic.phrases import clean
from clinic.risk import TOLD
from content.library import Words
from storage.check_ins import CHECK_INS, HEARD, OBSERVATIONS
from storage.journal import ENTRIES
from storage.notes import NOTES
from storage.people import PersonCard
from storage.store import Unit, table
from storage.tables import SkillUse as SkillUses
from storage.wall import local

SKILLS = table(SkillUses)

SAFETY_ITEM = "safety"
"""The safety question's item in a check-in."""

HURRIED = 6
"""Seconds under which equal ratings throughout a check-in look hurried; our own rule."""


def observations(u: Unit, who: PersonCard, first: date, last: date) -> list[Row[Any]]:
    """The rows of all answers on the patient's own dates `first` to `last`, oldest first."""
    dates = OBSERVATIONS.c.local_date.between(first, last)
    return u.all(select(OBSERVATIONS).where(OBSERVATIONS.c.person_id == who.id, dates).order_by(OBSERVATIONS.c.at, OBSERVATIONS.c.id))


def facts(rows: Iterable[Row[Any]]) -> tuple[Observation, ...]:
    """The answers as facts of the week, without the safety question, which is told on its own."""
    return tuple(Observation(r.item, r.value, r.code, r.at, r.local_date, r.status) for r in rows if r.item != SAFETY_ITEM)


def safety_answers(rows: Iterable[Row[Any]], monday: date, sunday: date) -> list[SafetyAnswer]:
    """What was answered to the safety question of a check-in in the week; asked and declined is "skipped"."""
    mine = (row for row in rows if row.item == SAFETY_ITEM and monday <= row.local_date <= sunday)
    return [SafetyAnswer(row.at, TOLD.get(row.code or "", "skipped")) for row in mine]


def check_ins(u: Unit, who: PersonCard, first: date, last: date, rows: Iterable[Row[Any]], now: datetime) -> tuple[CheckIn, ...]:
    """The check-ins of the days; one that was asked for is missed once its day is over, and not yet anything before."""
    dates = CHECK_INS.c.local_date.between(first, last)
    found = u.all(select(CHECK_INS).where(CHECK_INS.c.person_id == who.id, dates).order_by(CHECK_INS.c.local_date, CHECK_INS.c.id))
    answers: dict[int, list[Row[Any]]] = {}
    for row in rows:
        answers.setdefault(row.check_in_id or 0, []).append(row)
    today = local(now, who.zone).date()
    mine = (row for row in found if row.status != "asked" or row.local_date < today)
    return tuple(check_in for row in mine for check_in in _check_ins(row, answers.get(row.id, [])))


def _check_ins(row: Row[Any], answers: list[Row[Any]]) -> Iterator[CheckIn]:
    """The check-ins of one row: all that a patient began on a day on their own share one, and each was told at its own instant.

    How quickly it was answered is known of the last one."""
    slot: Literal["morning", "evening", "extra"] = row.slot if row.slot in ("morning", "evening") else "extra"
    status: Any = "missed" if row.status == "asked" else row.status
    times = sorted({answer.at for answer in answers}) if slot == "extra" else []
    for _ in times[:-1]:
        yield CheckIn(row.local_date, slot, status)
    ratings = [a.value for a in answers if a.item in RATINGS and a.value is not None and a.at in (times[-1:] or [a.at])]
    hurried = row.status in HEARD and _hurried(ratings, row.seconds)
    yield CheckIn(row.local_date, slot, status, hurried, declined=row.status == "missed" and row.saved_at is not None)


def _hurried(ratings: list[int], seconds: int | None) -> bool:
    return seconds is not None and seconds < HURRIED and len(ratings) >= 3 and len(set(ratings)) == 1


def last_check_in(u: Unit, who: PersonCard, monday: date, zone: ZoneInfo) -> datetime | None:
    """When the newest check-in up to the end of the week was answered, however old it is."""
    _, ends = weeks.bounds(monday, zone)
    mine = (CHECK_INS.c.person_id == who.id, CHECK_INS.c.status.in_(HEARD), CHECK_INS.c.saved_at < ends)
    found: datetime | None = u.run(select(func.max(CHECK_INS.c.saved_at)).where(*mine)).scalar_one()
    return found


def skills(u: Unit, who: PersonCard, first: date, last: date, words: Words) -> tuple[SkillUse, ...]:
    """The cards that were done to their end on the days; one that was stopped early says nothing about its effect."""
    mine = (SKILLS.c.person_id == who.id, SKILLS.c.status == "done", SKILLS.c.local_date.between(first, last))
    rows = u.all(select(SKILLS).where(*mine).order_by(SKILLS.c.at, SKILLS.c.id))
    return tuple(SkillUse(row.card, skill_name(row.card, words), row.at, row.local_date, row.before, row.after) for row in rows)


def skill_name(card: str, words: Words) -> str:
    """A card's name as the patient reads it; the code made readable where the card is not known any more."""
    id = f"skills.{card}.name"
    return words.text(id) if words.has(id) else clean(card).replace("_", " ").capitalize()


def entries(u: Unit, who: PersonCard, monday: date) -> tuple[tuple[Line, ...], int]:
    """The week's shared lines, oldest first, and how many of the week's entries are kept private.

    An entry belongs to the week it was written in by the patient's own calendar; one that was shared only after that week was
    over belongs to the week it was shared in. So every shared line is on one page, and none is missed.
    """
    kept = (ENTRIES.c.person_id == who.id, ENTRIES.c.deleted_at.is_(None), ENTRIES.c.words.is_not(None))
    columns = (ENTRIES.c.id, ENTRIES.c.local_date, ENTRIES.c.written_at, ENTRIES.c.shared_at)
    told = [(*_told(row, who.zone), row) for row in u.all(select(*columns).where(*kept).order_by(ENTRIES.c.id))]
    mine = [(at, row) for week, at, row in told if week == monday]
    shared = [Line(at, _words(u, who, row.id)) for at, row in mine if row.shared_at is not None]
    return tuple(sorted(shared, key=lambda line: line.at)), sum(row.shared_at is None for _, row in mine)


def notes(u: Unit, who: PersonCard, monday: date, zone: ZoneInfo) -> tuple[Line, ...]:
    """What the patient passed on to staff in the week, in their words; a note without words is told elsewhere on the page."""
    begins, ends = weeks.bounds(monday, zone)
    mine = (NOTES.c.person_id == who.id, NOTES.c.words.is_not(None), NOTES.c.at >= begins, NOTES.c.at < ends)
    rows = u.all(select(NOTES.c.id, NOTES.c.at, NOTES.c.words).where(*mine).order_by(NOTES.c.at, NOTES.c.id))
    return tuple(Line(row.at, u.open(who.key, "note.words", row.id, row.words)) for row in rows)


def _told(row: Row[Any], zone: str) -> tuple[date, datetime]:
    """The Monday of the page an entry is told on, and when it was told."""
    monday = _monday(row.local_date)
    shared_in = monday if row.shared_at is None else _monday(local(row.shared_at, zone).date())
    return (shared_in, row.shared_at) if shared_in > monday else (monday, row.written_at)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _words(u: Unit, who: PersonCard, entry: int) -> str:
    sealed = u.run(select(ENTRIES.c.words).where(ENTRIES.c.id == entry)).scalar_one()
    return u.open(who.key, "entry.words", entry, sealed)
