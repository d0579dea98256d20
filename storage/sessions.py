"""What people do with the schedule: add a series, cancel it or one session, answer, record who came.

Everything a person types is checked here; each fault has an error of `storage.session_input` that says how it is written.
Each change plans or drops the reminders it touches in the same transaction, and has patients told by a due row, so that a
command line in another process reaches them as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from storage import clinic, due, notes, outbox, people, reminders, series
from storage.people import PersonCard
from storage.series import ANSWERS, BARRIERS, KINDS, WEEK, Occurrence, SeriesRow
from storage.session_input import (
    MINUTES,
    TITLE,
    WEEKS,
    AlreadyOver,
    BadEnd,
    BadKind,
    BadMinutes,
    BadTitle,
    BadWeeks,
    NobodyNamed,
    NoClinic,
    NoSuchDay,
    NoSuchPatient,
    NoSuchSeries,
    TwoEnds,
    UnknownZone,
    check_year,
    read_date,
    read_time,
)
from storage.store import Unit
from storage.wall import WEEKDAYS, instant, local

LETTERS = {"group": "G", "individual": "I", "family": "F", "workshop": "W"}


def add_series(
    u: Unit,
    kind: str,
    title: str,
    first_date: str | date,
    starts: str,
    minutes: int,
    *,
    weeks: int | None = None,
    last_date: str | date | None = None,
    zone: str | None = None,
    attendees: Sequence[str] | None = None,
) -> SeriesRow:
    """Add a session that happens once, or weekly for `weeks` or until `last_date` (included). Times are the clinic's.

    attendees: codes of patients; None is everyone in the program, also those who join later (groups and workshops only).
    Raises a `SessionError` that says how it is written.
    """
    known = clinic.clinic(u)
    if known is None:
        raise NoClinic
    kind, title, starts = kind.strip().lower(), title.strip(), read_time(starts)
    if kind not in KINDS:
        raise BadKind(text=kind)
    if not 0 < len(title) <= TITLE or not title.isprintable():
        raise BadTitle(limit=TITLE)
    if minutes not in MINUTES:
        raise BadMinutes(text=minutes, low=MINUTES[0], high=MINUTES[-1])
    zone = _zone(zone) if zone is not None else known.zone
    first = check_year(first_date) if isinstance(first_date, date) else read_date(first_date)
    last = _last(first, weeks, last_date)
    if instant(last, starts, zone) + timedelta(minutes=minutes) <= u.now:
        raise AlreadyOver(last=last, starts=starts)
    patients = _patients(u, kind, attendees)
    values = {
        "code": _code(u, kind), "kind": kind, "first_date": first, "last_date": last, "starts": starts, "minutes": minutes,
        "zone": zone, "everyone": attendees is None,
    }  # fmt: skip
    row = series.add(u, values, title, known.key, [who.id for who in patients])
    _plan_for(u, row)
    return row


def twin(u: Unit, row: SeriesRow) -> SeriesRow | None:
    """Another series that is the same in all but its code, and has a session to come: what was all called off can be planned anew."""
    until = instant(row.last_date, row.starts, row.zone) + WEEK
    others = [each for each in series.all_series(u) if each.id != row.id and replace(each, id=row.id, code=row.code) == row]
    since = u.now - timedelta(minutes=MINUTES[-1])  # one that runs now has begun before

    def is_on(each: SeriesRow) -> bool:
        return any(session.ends > u.now and not session.cancelled for session in series.of_series(u, each, since, until))

    others = [each for each in others if is_on(each)]
    return next((each for each in others if series.attendees(u, each) == series.attendees(u, row)), None)


def cancel_series(u: Unit, code: str) -> SeriesRow:
    """Cancel all that is still to come of a series. Patients are told; their reminders are dropped and recorded."""
    row = find(u, code)
    coming = [each for each in series.of_series(u, row, u.now, u.now + reminders.AHEAD + WEEK) if not each.cancelled]
    who = series.attendees(u, row)
    series.cancel(u, row.id)
    for each in coming:
        _drop(u, who, each)
    if instant(row.last_date, row.starts, row.zone) > u.now:
        _tell(u, who, f"{row.id}:all", u.now + WEEK, series=row.id)
    return find(u, code, cancelled=True)


def cancel_occurrence(u: Unit, code: str, day: str | date) -> Occurrence:
    """Cancel one session of a series. Patients are told; their reminders are dropped and recorded."""
    row = find(u, code)
    today = local(u.now, row.zone).date()
    day = day if isinstance(day, date) else read_date(day, today)
    each = series.occurrence(u, row.id, day)
    if each is None:
        example = next(iter(row.days(max(today, row.first_date), row.last_date)), row.last_date)
        raise NoSuchDay(code=row.code, day=day, weekday=WEEKDAYS[row.first_date.weekday()].title(), example=example)
    if series.cancel_day(u, row.id, day) and each.begins > u.now and not each.cancelled:
        who = series.attendees(u, row)
        _drop(u, who, each)
        _tell(u, who, f"{row.id}:{day.isoformat()}", each.begins, series=row.id, day=day.isoformat())
    found = series.occurrence(u, row.id, day)
    assert found is not None
    return found


def find(u: Unit, code: str, *, cancelled: bool = False) -> SeriesRow:
    """The series of a code; one that was cancelled only if asked for."""
    row = series.by_code(u, code)
    if row is None or (row.cancelled_at is not None and not cancelled):
        raise NoSuchSeries(text=code.strip())
    return row


def schedule(u: Unit, since: datetime, until: datetime) -> list[Occurrence]:
    """Every session of the clinic that begins in [since, until), earliest first, cancelled ones too."""
    return series.between(u, since, until)


def record_answer(
    u: Unit,
    who: PersonCard,
    each: Occurrence,
    answer: str,
    *,
    barrier: str | None = None,
    minutes: int | None = None,
    words: str | None = None,
) -> None:
    """What a patient says of one session: "coming", "late" or "cant"; the latest counts, and staff find one line about it.

    barrier (one of `BARRIERS`), minutes and words are only what the patient wanted passed on. A plain "coming" makes no line.
    """
    if answer not in ANSWERS or (barrier is not None and barrier not in BARRIERS):
        raise ValueError("not an answer to a session")
    before = series.answer_of(u, who.id, each.series.id, each.day)
    note = before.note if before else None
    code = barrier or answer
    if note is not None:
        note = note if notes.change(u, note, code, words) else notes.add(u, who.id, "session", code, words)
    elif answer != "coming":
        note = notes.add(u, who.id, "session", code, words)
    values = {"answer": answer, "barrier": barrier, "minutes": minutes, "answered_at": u.now, "note_id": note}
    series.save_answer(u, who.id, each.series.id, each.day, **values)


def record_attended(u: Unit, each: Occurrence, came: Sequence[int]) -> None:
    """Staff's record of who was there: those in `came` by person id, and everybody else who was expected was not."""
    for person in series.expected(u, each):
        series.save_answer(u, person, each.series.id, each.day, attended="yes" if person in came else "no")


def upcoming(u: Unit, who: PersonCard, days: int = 14) -> list[Occurrence]:
    """A patient's sessions that are not over yet, for some days ahead, earliest first.

    With single sessions that were cancelled, so that a gap is not a riddle; without those of a weekly series that is over.
    """
    found = series.occurrences(u, who.id, u.now - timedelta(minutes=MINUTES[-1]), u.now + timedelta(days=days))
    return [each for each in found if each.ends > u.now and not (each.series.weekly and each.series.cancelled_at)]


@dataclass(frozen=True)
class ProgramWeek:
    """Week `number` of `of`; `of` is None where the length of the program is not known."""

    number: int
    of: int | None


def program_week(who: PersonCard, today: date) -> ProgramWeek | None:
    """Where a patient stands in their program, counted in weeks from their first day; None outside of it."""
    if who.program_start is None or today < who.program_start:
        return None
    number = (today - who.program_start).days // 7 + 1
    return None if who.program_weeks is not None and number > who.program_weeks else ProgramWeek(number, who.program_weeks)


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise UnknownZone(text=text)
    return ZoneInfo(text).key


def _last(first: date, weeks: int | None, last_date: str | date | None) -> date:
    if weeks is not None and last_date is not None:
        raise TwoEnds
    if weeks is not None and weeks not in WEEKS:
        raise BadWeeks(text=weeks, low=WEEKS[0], high=WEEKS[-1])
    if last_date is None:
        return first + WEEK * ((weeks or 1) - 1)
    last = check_year(last_date) if isinstance(last_date, date) else read_date(last_date)
    if last < first:
        raise BadEnd(first=first, last=last, example=first + 8 * WEEK)
    if last - first > WEEK * WEEKS[-1]:
        raise BadWeeks(text=f"until {last}", low=WEEKS[0], high=WEEKS[-1])
    return first + WEEK * ((last - first).days // 7)


def _patients(u: Unit, kind: str, codes: Sequence[str] | None) -> list[PersonCard]:
    if codes is None or not codes:
        if codes is not None or kind in ("individual", "family"):
            raise NobodyNamed(kind=kind)
        return []
    found = []
    for code in dict.fromkeys(each.strip() for each in codes):
        who = people.person_by_code(u, code)
        if who is None or who.role != "patient" or who.status not in ("invited", "active"):
            raise NoSuchPatient(text=code)
        found.append(who)
    return found


def _code(u: Unit, kind: str) -> str:
    """The kind's letter and the next number, such as G12."""
    taken = {row.code for row in series.all_series(u, cancelled=True)}
    number = 1 + sum(code.startswith(LETTERS[kind]) for code in taken)
    while f"{LETTERS[kind]}{number}" in taken:
        number += 1
    return f"{LETTERS[kind]}{number}"


def _plan_for(u: Unit, row: SeriesRow) -> None:
    for id in series.attendees(u, row):
        chat = people.chat_of(u, id)
        if chat is not None:
            reminders.plan_sessions(u, people.person(u, id), chat)


def _drop(u: Unit, who: list[int], each: Occurrence) -> None:
    reminders.drop(u, who, each, "cancelled")
    outbox.drop(u, "cancelled", wanted=wanted(each))


def wanted(each: Occurrence) -> str:
    """The condition under which a message about a session is still sent."""
    return f"session:{each.series.id}:{each.day.isoformat()}"


def _tell(u: Unit, who: list[int], about: str, send_by: datetime, **args: object) -> None:
    for person, chat in series.chat_ids(u, who).items():
        due.plan(u, reminders.OFF, person, f"{reminders.OFF}:{person}:{about}", u.now, chat=chat, send_by=send_by, **args)
