"""When a patient is reminded of a session: the evening before and shortly before, in their own time and out of quiet hours.

Each reminder is one due row whose slot names person, series and the session's local date, so it can neither repeat nor be
lost unnoticed. One more row per patient plans the days ahead, again and again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from storage import due, people, series
from storage.due import DUE
from storage.people import ChatCard, PersonCard
from storage.series import Occurrence
from storage.store import Unit
from storage.wall import instant, local, next_instant, span_end, span_start

EVE, SOON, PLAN, OFF = "reminder_eve", "reminder_soon", "sessions_plan", "session_off"
"""The due kinds: evening before, shortly before, planning ahead, and the word that a session does not take place."""
EVE_AT = "18:00"
SHORTLY = timedelta(minutes=60)
BEFORE_QUIET = timedelta(minutes=30)
AHEAD = timedelta(days=8)
PLAN_AT = "04:00"


def eve_at(each: Occurrence, who: PersonCard) -> datetime:
    """18:00 on the patient's evening before the session, moved out of their quiet hours."""
    evening = local(each.begins, who.zone).date() - timedelta(days=1)
    return _out_of_quiet(instant(evening, EVE_AT, who.zone), each.begins, who)


def soon_at(each: Occurrence, who: PersonCard) -> datetime:
    """An hour before the session, moved out of the patient's quiet hours."""
    return _out_of_quiet(each.begins - SHORTLY, each.begins, who)


def _out_of_quiet(at: datetime, begins: datetime, who: PersonCard) -> datetime:
    """The end of the quiet hours if that is before the session, else half an hour before they begin."""
    quiet = (who.quiet_from, who.quiet_to, who.zone)
    starts, ends = span_start(at, *quiet), span_end(at, *quiet)
    if starts is None or ends is None:
        return at
    return ends if ends < begins else _out_of_quiet(starts - BEFORE_QUIET, begins, who)


def slot(kind: str, person: int, each: Occurrence) -> str:
    return f"{kind}:{person}:{each.series.id}:{each.day.isoformat()}"


def was_sent(u: Unit, kind: str, person: int, each: Occurrence) -> bool:
    return u.one(select(DUE.c.id).where(DUE.c.slot == slot(kind, person, each), DUE.c.state == "done")) is not None


def told_off(u: Unit, person: int) -> list[str]:
    """The slots in which this person was to hear of sessions that are off and still to come, in the order they were called off."""
    said = (DUE.c.kind == OFF) & (DUE.c.subject == person) & (DUE.c.state == "done") & (DUE.c.send_by > u.now)
    return [row.slot for row in u.all(select(DUE.c.slot).where(said).order_by(DUE.c.id))]


def plan_sessions(u: Unit, who: PersonCard, chat: ChatCard, *, since: datetime | None = None) -> None:
    """Plan a patient's reminders for the days ahead, anew: after their zone or quiet hours changed, they joined a series or
    moved to another chat, and once a day.

    Nothing for someone who has not agreed to the program. What has fired or was dropped stays as it is and is not planned
    again; what waits for a session that has begun is left to be recorded as late. since: from when on sessions may be
    unplanned; what came and went in an outage is recorded as late.
    """
    if not who.active or who.role != "patient" or "program" not in people.consents(u, who.id):
        return
    waiting = DUE.c.kind.in_((EVE, SOON)) & (DUE.c.subject == who.id) & (due.READY)
    u.run(update(DUE).where(waiting).values(chat_id=chat.id))
    u.run(DUE.delete().where(waiting, DUE.c.send_by > u.now))
    overdue = [row.due_at for row in due.planned(u, PLAN, who.id)]
    for each in series.occurrences(u, who.id, min([since or u.now, u.now, *overdue]), u.now + AHEAD):
        if not each.cancelled:
            _plan(u, who, chat, each)
    plan_next(u, who, chat)


def _plan(u: Unit, who: PersonCard, chat: ChatCard, each: Occurrence) -> None:
    for kind, at in ((EVE, eve_at(each, who)), (SOON, soon_at(each, who))):
        about = {"series": each.series.id, "day": each.day.isoformat()}
        due.plan(u, kind, who.id, slot(kind, who.id, each), at, chat=chat.id, send_by=each.begins, **about)


def plan_next(u: Unit, who: PersonCard, chat: ChatCard) -> None:
    """Plan the next planning: tomorrow before anybody is up, in the chat the patient has now."""
    u.run(DUE.delete().where(DUE.c.kind == PLAN, DUE.c.subject == who.id, due.READY, DUE.c.due_at > u.now))
    day, _ = next_instant(u.now, PLAN_AT, who.zone)
    while not due.plan(u, PLAN, who.id, f"{PLAN}:{who.id}:{day}", instant(day, PLAN_AT, who.zone), chat=chat.id):
        day += timedelta(days=1)  # this slot was used before a clock was set back


def drop(u: Unit, people: list[int], each: Occurrence, reason: str) -> None:
    """Record that nobody is reminded of this session any more."""
    for person in people:
        for kind in (EVE, SOON):
            due.cancel(u, kind, person, reason, slot=slot(kind, person, each))
