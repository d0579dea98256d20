"""The schedule as rows: series of sessions, their occurrences as instants, and what patients answered about each.

A series keeps wall time and zone (the clinic's); an occurrence is named by the local date in that zone. What staff do with
the schedule is in `storage.sessions`, when patients are reminded in `storage.reminders`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Row, Select, bindparam, func, select

from storage.audit import AUDIT, DISCHARGED
from storage.clinic import clinic
from storage.people import CHATS, PEOPLE
from storage.prepared import Prepared
from storage.store import Unit, table
from storage.tables import Attendance, Attendee, Cancelled, Series
from storage.upsert import insert_once, insert_or_update
from storage.wall import instant, local

SERIES, ATTENDEES, CANCELLED, ATTENDANCE = table(Series), table(Attendee), table(Cancelled), table(Attendance)
BY_ID = Prepared(select(SERIES).where(SERIES.c.id == bindparam("of_series")))
OFF = Prepared(select(CANCELLED.c.local_date).where(CANCELLED.c.series_id == bindparam("of_series")))
ANSWER = Prepared(
    select(ATTENDANCE).where(
        ATTENDANCE.c.person_id == bindparam("whose"),
        ATTENDANCE.c.series_id == bindparam("of_series"),
        ATTENDANCE.c.local_date == bindparam("day"),
    )
)

KINDS = ("group", "individual", "family", "workshop")
ANSWERS = ("coming", "late", "cant")
BARRIERS = ("transport", "work", "childcare", "feeling_bad", "used", "other")
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class SeriesRow:
    """Sessions at the same weekday and wall time ("HH:MM" of `zone`). first_date = last_date for one that happens once."""

    id: int
    code: str
    kind: str
    title: str
    first_date: date
    last_date: date
    starts: str
    minutes: int
    zone: str
    everyone: bool
    cancelled_at: datetime | None

    @property
    def weekly(self) -> bool:
        return self.last_date > self.first_date

    def days(self, since: date, until: date) -> Iterator[date]:
        """The local dates it happens on, both ends included."""
        day = self.first_date + WEEK * max(0, -(-(since - self.first_date).days // 7))
        while day <= min(until, self.last_date):
            yield day
            day += WEEK


@dataclass(frozen=True)
class Occurrence:
    """One session. `day` is its local date in the series's zone; `begins` and `ends` are aware UTC."""

    series: SeriesRow
    day: date
    begins: datetime
    ends: datetime
    cancelled: bool


@dataclass(frozen=True)
class AnswerRow:
    """What a patient answered about one session (None: nothing yet), and what staff recorded ("yes", "no" or None)."""

    person: int
    series: int
    day: date
    answer: str | None
    barrier: str | None
    minutes: int | None
    answered_at: datetime | None
    attended: str | None
    note: int | None


def get(u: Unit, id: int) -> SeriesRow | None:
    found = _rows(u, BY_ID, of_series=id)
    return found[0] if found else None


def by_code(u: Unit, code: str) -> SeriesRow | None:
    found = _rows(u, select(SERIES).where(SERIES.c.code == code.strip().upper()))
    return found[0] if found else None


def all_series(u: Unit, *, cancelled: bool = False) -> list[SeriesRow]:
    """Every series in the order it was added; cancelled ones only if asked for."""
    wanted = select(SERIES).order_by(SERIES.c.id)
    return _rows(u, wanted if cancelled else wanted.where(SERIES.c.cancelled_at.is_(None)))


def occurrence(u: Unit, series: int, day: date) -> Occurrence | None:
    """One session, or None when the series has none that day."""
    row = get(u, series)
    if row is None or day not in row.days(day, day):
        return None
    return next(_occurrences(u, row, day, day))


def of_series(u: Unit, row: SeriesRow, since: datetime, until: datetime) -> list[Occurrence]:
    """The sessions of a series that begin in [since, until), cancelled ones too."""
    found = _occurrences(u, row, local(since, row.zone).date(), local(until, row.zone).date())
    return [each for each in found if since <= each.begins < until]


def between(u: Unit, since: datetime, until: datetime) -> list[Occurrence]:
    """Every session of the clinic that begins in [since, until), earliest first, cancelled ones too."""
    return _between(u, select(SERIES), since, until)


def occurrences(u: Unit, person: int, since: datetime, until: datetime) -> list[Occurrence]:
    """A patient's sessions that begin in [since, until), earliest first, cancelled ones too.

    A series for everyone counts from the patient's first day in the program: `program_start`, or when they were added.
    """
    who = u.one(select(PEOPLE.c.role, PEOPLE.c.created_at, PEOPLE.c.program_start).where(PEOPLE.c.id == person))
    if who is None or who.role != "patient":
        return []
    named = select(ATTENDEES.c.series_id).where(ATTENDEES.c.person_id == person)
    mine = {row.series_id for row in u.all(named)}
    found = _between(u, select(SERIES).where(SERIES.c.everyone | SERIES.c.id.in_(named)), since, until)
    from_day = who.program_start

    def counts(each: Occurrence) -> bool:
        if each.series.id in mine:
            return True
        return bool(each.day >= from_day if from_day is not None else each.begins >= who.created_at)

    return [each for each in found if counts(each)]


def attendees(u: Unit, row: SeriesRow) -> list[int]:
    """Who comes: the ids of patients who are invited or active."""
    patients = select(PEOPLE.c.id).where(PEOPLE.c.role == "patient", PEOPLE.c.status.in_(("invited", "active"))).order_by(PEOPLE.c.code)
    if not row.everyone:
        patients = patients.where(PEOPLE.c.id.in_(select(ATTENDEES.c.person_id).where(ATTENDEES.c.series_id == row.id)))
    return [found.id for found in u.all(patients)]


def expected(u: Unit, each: Occurrence) -> list[int]:
    """Who was to come to one session: those who come now, and whoever was discharged only after it began."""
    gone = select(PEOPLE.c.id).where(PEOPLE.c.role == "patient", PEOPLE.c.status == "discharged").order_by(PEOPLE.c.code)
    if not each.series.everyone:
        gone = gone.where(PEOPLE.c.id.in_(select(ATTENDEES.c.person_id).where(ATTENDEES.c.series_id == each.series.id)))
    left = {found.id: left_at(u, found.id) for found in u.all(gone)}
    return [*attendees(u, each.series), *(id for id, at in left.items() if at is not None and at > each.begins)]


def left_at(u: Unit, person: int) -> datetime | None:
    """When a patient who is discharged now was. None for everybody else."""
    out = select(PEOPLE.c.id).where(PEOPLE.c.id == person, PEOPLE.c.status == "discharged")
    last = select(func.max(AUDIT.c.at)).where(AUDIT.c.subject.in_(out), AUDIT.c.action == DISCHARGED)
    at: datetime | None = u.run(last).scalar_one()
    return at


def add(u: Unit, values: dict[str, Any], title: str, key: int, people: list[int]) -> SeriesRow:
    """Insert a series as it stands in `values`; `key` is the clinic's. Nothing is checked here."""
    id = u.new_id()
    u.add(Series, id=id, title=u.seal(key, "series.title", id, title), **values)
    for person in people:
        insert_once(u, Attendee, id=u.new_id(), series_id=id, person_id=person)
    found = get(u, id)
    assert found is not None
    return found


def cancel_day(u: Unit, series: int, day: date) -> bool:
    """Mark one session as not taking place; False when it was marked before."""
    return insert_once(u, Cancelled, id=u.new_id(), series_id=series, local_date=day, at=u.now)


def cancel(u: Unit, series: int) -> None:
    """Mark everything that is still to come of a series as not taking place."""
    u.set(Series, series, cancelled_at=u.now)


def answer_of(u: Unit, person: int, series: int, day: date) -> AnswerRow | None:
    row = u.one(ANSWER, whose=person, of_series=series, day=day)
    return _answer(row) if row else None


def answers(u: Unit, person: int, since: date, until: date) -> list[AnswerRow]:
    """What is known of a patient's sessions on local dates since..until, both included."""
    where = (ATTENDANCE.c.person_id == person) & ATTENDANCE.c.local_date.between(since, until)
    return [_answer(row) for row in u.all(select(ATTENDANCE).where(where).order_by(ATTENDANCE.c.local_date, ATTENDANCE.c.id))]


def answer_told_by(u: Unit, note: int) -> AnswerRow | None:
    """The answer a line of the staff inbox tells of."""
    row = u.one(select(ATTENDANCE).where(ATTENDANCE.c.note_id == note))
    return _answer(row) if row else None


def save_answer(u: Unit, person: int, series: int, day: date, **values: Any) -> None:
    """Set columns of one attendance row, making the row where there is none."""
    keys = {"person_id": person, "series_id": series, "local_date": day}
    insert_or_update(u, Attendance, tuple(keys), id=u.new_id(), **keys, **values)


def chat_ids(u: Unit, people: list[int]) -> dict[int, int]:
    """The chat each of these people is reached through; those who have none are left out."""
    rows = u.all(select(CHATS.c.person_id, CHATS.c.id).where(CHATS.c.person_id.in_(people)).order_by(CHATS.c.id))
    return {row.person_id: row.id for row in rows}


def _between(u: Unit, wanted: Select[Any], since: datetime, until: datetime) -> list[Occurrence]:
    day = timedelta(days=1)  # a local date may lie a day to either side of the date in UTC
    running = (SERIES.c.first_date <= until.date() + day) & (SERIES.c.last_date >= since.date() - day)
    found = [each for row in _rows(u, wanted.where(running)) for each in of_series(u, row, since, until)]
    return sorted(found, key=lambda each: (each.begins, each.series.id))


def _rows(u: Unit, wanted: Executable | Prepared, **values: Any) -> list[SeriesRow]:
    rows = u.all(wanted, **values)
    known = clinic(u) if rows else None
    return [_series(u, row, known.key) for row in rows] if known is not None else []


def _series(u: Unit, row: Row[Any], key: int) -> SeriesRow:
    return SeriesRow(
        row.id, row.code, row.kind, u.open(key, "series.title", row.id, row.title), row.first_date, row.last_date, row.starts,
        row.minutes, row.zone, row.everyone, row.cancelled_at,
    )  # fmt: skip


def _occurrences(u: Unit, row: SeriesRow, since: date, until: date) -> Iterator[Occurrence]:
    """The sessions on local dates since..until, both included."""
    off = {found.local_date for found in u.all(OFF, of_series=row.id)}
    for day in row.days(since, until):
        begins = instant(day, row.starts, row.zone)
        over = day in off or (row.cancelled_at is not None and begins > row.cancelled_at)
        yield Occurrence(row, day, begins, begins + timedelta(minutes=row.minutes), over)


def _answer(row: Row[Any]) -> AnswerRow:
    return AnswerRow(
        row.person_id, row.series_id, row.local_date, row.answer, row.barrier, row.minutes, row.answered_at, row.attended, row.note_id
    )
