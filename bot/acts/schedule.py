"""What the staff's schedule talk looks up and does. Everything here is for staff only, and asked of current rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from bot import talk
from bot.acts.session_prompts import weekday, when
from bot.flow.commands import AddSession, CancelSession, RecordAttended
from bot.message import Draft
from bot.registry import act, command, look
from bot.rights import allowed, may
from bot.sitting import Sitting
from storage import audit, clinic, people, series, sessions
from storage.notes import NoteRow
from storage.series import BARRIERS, Occurrence
from storage.session_input import TITLE, SessionError
from storage.session_input import read_date as date_of
from storage.wall import instant, local

AHEAD, BACK = timedelta(days=14), timedelta(days=7)
SHOWN = 10


@command("session", role="staff", menu="menu.session")
def open_schedule(s: Sitting) -> None:
    """The schedule: add, look, record who came, cancel."""
    if allowed(s, "session"):
        talk.start(s, "session_staff")


def told(s: Sitting, draft: Draft, note: NoteRow) -> str | None:
    """A session's line of the staff inbox in words: who is late or not coming to which one, and why if that was passed on."""
    row = series.answer_told_by(s.u, note.id) if note.kind == "session" else None
    each = series.occurrence(s.u, row.series, row.day) if row is not None else None
    if row is None or each is None:
        return None
    about = {"title": each.series.title, "when": when(draft, each, s.person.zone, s.u.now)}
    if note.code in BARRIERS:
        return draft.phrase("session.note.why", why=draft.phrase(f"session.why.{note.code}"), **about)
    if note.code == "late" and row.minutes is not None:
        return draft.phrase("session.note.late_minutes", minutes=row.minutes, **about)
    return draft.phrase(f"session.note.{note.code}", **about)


@act(AddSession)
def add_session(s: Sitting, command: AddSession) -> str:
    def add() -> str:
        row = sessions.add_series(
            s.u, command.kind, command.title, command.day, command.starts, command.minutes,
            weeks=command.weeks, attendees=command.patients,
        )  # fmt: skip
        return row.code

    return _by_staff(s, "session.added", add)


@act(CancelSession)
def cancel_session(s: Sitting, command: CancelSession) -> bool:
    def cancel() -> str:
        if command.day is None:
            return sessions.cancel_series(s.u, command.code).code
        return sessions.cancel_occurrence(s.u, command.code, date.fromisoformat(command.day)).series.code

    return bool(_by_staff(s, "session.cancelled", cancel))


@act(RecordAttended)
def record_attended(s: Sitting, command: RecordAttended) -> list[int]:
    each = series.occurrence(s.u, command.series, date.fromisoformat(command.day))
    _check(s)
    if each is None:
        return [0, 0]
    expected = _expected(s, each)
    came = [id for code, id in expected.items() if code in command.came]
    sessions.record_attended(s.u, each, came)
    audit.record(s.u, s.person.id, s.person.code, "session.attended", each.series.code)
    return [len(came), len(expected)]


@look("schedule.title")
def read_title(s: Sitting, text: str) -> dict[str, Any]:
    return {"ok": len(text) <= TITLE and text.isprintable(), "text": text, "slots": {}}


@look("schedule.date")
def read_date(s: Sitting, text: str) -> dict[str, Any]:
    today = _today(s)
    try:
        day = date_of(text, today)
    except SessionError:
        return {"ok": False, "slots": {}}
    return {"ok": day >= today, "day": day.isoformat(), "slots": {}}


@look("schedule.codes")
def read_codes(s: Sitting, text: str) -> dict[str, Any]:
    """Patient codes as typed; those of people who are not in the program are sent back."""
    _check(s)
    codes = list(dict.fromkeys(text.replace(",", " ").split()))
    for code in codes:
        who = people.person_by_code(s.u, code)
        if who is None or who.role != "patient" or who.status not in ("invited", "active"):
            return {"ok": False, "slots": {"code": code}}
    return {"ok": bool(codes), "codes": codes, "slots": {"code": text}}


@look("schedule.preview")
def preview(s: Sitting, kind: str, codes: list[str] | None, day: str, starts: str, minutes: int, weeks: int) -> dict[str, Any]:
    """How the session that would be added reads."""
    known = clinic.clinic(s.u)
    assert known is not None
    first = date.fromisoformat(day)
    begins, last = instant(first, starts, known.zone), first + (weeks - 1) * series.WEEK
    draft, month = s.draft(), s.words.text("session.months").split()
    return {
        "kind": draft.phrase(f"session.kind.{kind}"),
        "when": draft.phrase("session.when.day", weekday=weekday(draft, first), day=first.day, month=month[first.month - 1], time=starts),
        "last": f"{last.day} {month[last.month - 1]}",
        "who": draft.phrase("session_staff.everyone") if codes is None else " ".join(codes),
        "over": begins + timedelta(minutes=minutes) <= s.u.now,
    }


@look("schedule.coming")
def coming(s: Sitting) -> list[dict[str, Any]]:
    _check(s)
    found = sessions.schedule(s.u, s.u.now, s.u.now + AHEAD)
    return [{"code": e.series.code, "title": e.series.title, "when": _when(s, e), "off": e.cancelled} for e in found[:SHOWN]]


@look("schedule.series")
def running(s: Sitting) -> list[dict[str, Any]]:
    """What can be cancelled: series that still have a session to come."""
    _check(s)
    found = []
    for row in series.all_series(s.u):
        ahead = [each for each in _ahead(s, row) if not each.cancelled]
        if not ahead:
            continue
        draft, slots = s.draft(), {"code": row.code, "title": row.title}
        words = "session_staff.series" if row.weekly else "session_staff.once"
        slots |= {"weekday": weekday(draft, row.first_date), "time": row.starts} if row.weekly else {"when": _when(s, ahead[0])}
        day = {"day": ahead[0].day.isoformat(), "when": _when(s, ahead[0])}
        found.append({"code": row.code, "title": row.title, "weekly": row.weekly, **day, "words": words, "slots": slots})
    return found[: 2 * SHOWN]


@look("schedule.days")
def days(s: Sitting, code: str) -> list[dict[str, Any]]:
    """The next dates of a series that take place."""
    _check(s)
    row = sessions.find(s.u, code)
    ahead = [each for each in _ahead(s, row) if not each.cancelled][:SHOWN]
    return [{"day": each.day.isoformat(), "when": _when(s, each), **_listed(s, each)} for each in ahead]


@look("schedule.past")
def past(s: Sitting) -> list[dict[str, Any]]:
    """Sessions of the last seven days with somebody whose coming is not recorded, newest first."""
    _check(s)
    found = []
    for each in reversed(sessions.schedule(s.u, s.u.now - BACK, s.u.now)):
        expected = _expected(s, each)
        told = [series.answer_of(s.u, id, each.series.id, each.day) for id in expected.values()]
        if not each.cancelled and any(row is None or row.attended is None for row in told):
            key = {"series": each.series.id, "day": each.day.isoformat(), "expected": list(expected)}
            found.append({**key, **_listed(s, each)})
    return found[:SHOWN]


def _by_staff(s: Sitting, action: str, do: Callable[[], str]) -> str:
    """The code of the series it was done to, or "" when that can't be done any more (somebody else was quicker)."""
    _check(s)
    try:
        code = do()
    except SessionError:
        return ""
    audit.record(s.u, s.person.id, s.person.code, action, code)
    return code


def _check(s: Sitting) -> None:
    if not may(people.person(s.u, s.person.id), "session"):
        raise PermissionError("the schedule is for staff")


def _today(s: Sitting) -> date:
    known = clinic.clinic(s.u)
    return local(s.u.now, known.zone if known is not None else s.person.zone).date()


def _when(s: Sitting, each: Occurrence) -> str:
    return when(s.draft(), each, s.person.zone, s.u.now)


def _listed(s: Sitting, each: Occurrence) -> dict[str, Any]:
    slots = {"code": each.series.code, "title": each.series.title, "when": _when(s, each)}
    return {"words": "session_staff.line", "slots": slots}


def _ahead(s: Sitting, row: series.SeriesRow) -> list[Occurrence]:
    until = instant(row.last_date, row.starts, row.zone) + timedelta(days=1)
    return series.of_series(s.u, row, s.u.now, until)


def _expected(s: Sitting, each: Occurrence) -> dict[str, int]:
    """Who was expected, by code."""
    return {people.person(s.u, id).code: id for id in series.expected(s.u, each)}
