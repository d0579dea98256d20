"""Telling patients of their sessions unasked: the reminder the evening before, the one shortly before, and what is called off.

When is planned by `storage.reminders`; here it is decided again, on current rows, whether it still needs to be said.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.message import Draft
from bot.panel import HELP
from bot.prompting import IDLE, NOTE, may_prompt, say_anew, terms, veiled
from bot.registry import due as due_kind
from bot.registry import recurring
from bot.sitting import Sitting
from storage import due, outbox, people, reminders, series, sessions, talks
from storage.due import DueRow
from storage.outbox import PROMPT, REPLY
from storage.reminders import EVE, OFF, PLAN, SHORTLY, SOON
from storage.series import Occurrence, SeriesRow
from storage.store import Unit
from storage.wall import instant, local, span_end

A_MOMENT = timedelta(minutes=1)


def when(draft: Draft, each: Occurrence, zone: str, now: datetime) -> str:
    """ "tomorrow at 18:00" by the patient's clock; with the clinic's beside it where that shows something else."""
    here, there = local(each.begins, zone), local(each.begins, each.series.zone)
    ahead = (here.date() - local(now, zone).date()).days
    if ahead in (0, 1):
        said = draft.phrase(f"session.when.{('today', 'tomorrow')[ahead]}", time=f"{here:%H:%M}")
    else:
        month = draft.phrase("session.months").split()[here.month - 1]
        said = draft.phrase("session.when.day", weekday=weekday(draft, here), day=here.day, month=month, time=f"{here:%H:%M}")
    if here.replace(tzinfo=None) == there.replace(tzinfo=None):
        return said
    if here.date() == there.date():
        return draft.phrase("session.when.there", when=said, time=f"{there:%H:%M}")
    return draft.phrase("session.when.there_day", when=said, weekday=weekday(draft, there), time=f"{there:%H:%M}")


def weekday(draft: Draft, day: date) -> str:
    return draft.phrase("session.weekdays").split()[day.weekday()]


def with_answers(draft: Draft) -> Draft:
    """The three answers as buttons. Help is on every keyboard."""
    draft.row(draft.button("coming", "session.button.coming"))
    draft.row(draft.button("late", "session.button.late"), draft.button("cant", "session.button.cant"))
    return draft.row(draft.button(HELP, "button.help"))


@due_kind(EVE)
def eve(s: Sitting, row: DueRow) -> None:
    """The evening before, with what to bring."""
    _remind(s, row, bring=True)


@due_kind(SOON)
def soon(s: Sitting, row: DueRow) -> None:
    """Shortly before; with what to bring if there was no reminder the evening before."""
    _remind(s, row, bring=False)


@due_kind(PLAN)
def plan(s: Sitting, row: DueRow) -> None:
    """The days ahead, planned anew; the next planning was planned before this ran."""
    if s.who is not None and s.who.id == row.subject:
        reminders.plan_sessions(s.u, s.who, s.chat, since=row.due_at)


@recurring(PLAN)
def plan_next(u: Unit, row: DueRow) -> None:
    who, chat = people.person(u, row.subject), people.chat_of(u, row.subject)
    if who.active and chat is not None:
        reminders.plan_next(u, who, chat)


@due_kind(OFF)
def off(s: Sitting, row: DueRow) -> None:
    """A session, or the rest of a series, does not take place. Said also in a pause and in the quiet hours, if it is soon."""
    if s.who is None or s.who.id != row.subject or not s.who.active:
        due.dropped(s.u, row.id, "left")
        return
    if "program" not in people.consents(s.u, s.who.id):
        due.dropped(s.u, row.id, "no_consent")
        return
    about = series.get(s.u, int(row.args["series"]))
    day = date.fromisoformat(row.args["day"]) if "day" in row.args else None
    each = series.occurrence(s.u, about.id, day) if about is not None and day is not None else None
    if about is None:
        return
    mine = _coming(s, about, each)
    if not mine and s.event.kind != "due":
        s.say("bot.note_over")
        return
    if not mine:
        due.dropped(s.u, row.id, "not_theirs")
        return
    if s.event.kind == "due" and _later(s, row, mine[0]):
        return
    _close_keyboards(s, about.id, day)
    if veiled(s, row):
        return
    draft = s.draft()
    if each is None:
        draft.add("session.off_series", title=about.title)
    else:
        draft.add("session.off_day", title=about.title, when=when(draft, each, s.who.zone, s.u.now))
    s.post(draft, lane=PROMPT if s.event.kind == "due" else REPLY, **terms(s, row, row.send_by))


def say_what_is_off(u: Unit, person: int) -> None:
    """They can be reached again: that a session is off, which could not be delivered meanwhile, is said while it is to come."""
    for slot in reminders.told_off(u, person):
        posted = outbox.by_dedupe(u, slot) or outbox.by_dedupe(u, NOTE + slot)
        if posted is not None and (outbox.state_of(u, posted) or ("",))[0] in ("dropped", "dead"):
            say_anew(u, posted)


def _remind(s: Sitting, row: DueRow, *, bring: bool) -> None:
    each = series.occurrence(s.u, int(row.args["series"]), date.fromisoformat(row.args["day"]))
    reason = _needless(s, row, each)
    if reason is not None and s.event.kind == "due":
        due.dropped(s.u, row.id, reason)
        return
    if each is None or not may_prompt(s, row, cheerful=False) or veiled(s, row, wanted=sessions.wanted(each)):
        return
    draft, title = s.draft(), each.series.title
    said = when(draft, each, s.person.zone, s.u.now)
    if each.cancelled:
        s.post(draft.add("session.is_off", title=title, when=said))
        return
    if row.kind == EVE:
        draft.add("session.eve", title=title, when=said, minutes=each.series.minutes)
    else:
        draft.add("session.soon", title=title, when=said)
    if bring or not reminders.was_sent(s.u, EVE, s.person.id, each):
        draft.add(f"session.bring.{each.series.kind}")
    asked = s.event.kind == "due"
    s.offer(
        with_answers(draft), "act", "session", subject=each.series.id, args={"day": each.day.isoformat()},
        lane=PROMPT if asked else REPLY, wanted=sessions.wanted(each) if asked else None, **terms(s, row, each.begins),
    )  # fmt: skip


def _needless(s: Sitting, row: DueRow, each: Occurrence | None) -> str | None:
    """Why this reminder need not be given: they left, it is off, they can't come, or the other one says it all."""
    if s.who is None or s.who.id != row.subject:
        return "left"
    if each is None or each.cancelled:
        return "cancelled"
    told = series.answer_of(s.u, s.who.id, each.series.id, each.day)
    if told is not None and told.answer == "cant":
        return "not_coming"
    return "merged" if row.kind == EVE and s.u.now >= reminders.soon_at(each, s.who) else None


def _coming(s: Sitting, about: SeriesRow, each: Occurrence | None) -> list[Occurrence]:
    """Which sessions this person would have come to: of the one that is off, or of all that are to come. None for whoever begins later."""
    ends = (each.begins if each is not None else instant(about.last_date, about.starts, about.zone)) + A_MOMENT
    found = series.occurrences(s.u, s.person.id, s.u.now, ends)
    return [one for one in found if one.series.id == about.id and (each is None or one.day == each.day)]


def _later(s: Sitting, row: DueRow, each: Occurrence) -> bool:
    """Hold the word back out of quiet hours and talks, as long as it still saves the way: an hour before the (next) session."""
    latest = each.begins - SHORTLY
    quiet = span_end(s.u.now, s.person.quiet_from, s.person.quiet_to, s.person.zone)
    waiting = talks.waiting(s.u, s.chat)
    busy = waiting.touched_at + IDLE if waiting is not None else s.u.now
    at = max(quiet or s.u.now, busy)
    if s.u.now < at <= latest:
        due.move(s.u, row.id, at)
        return True
    return False


def _close_keyboards(s: Sitting, about: int, day: date | None) -> None:
    """The buttons under earlier reminders of it go."""
    for prompt in talks.live_prompts_about(s.u, "act", "session", about):
        if prompt.chat == s.chat.id and day in (None, date.fromisoformat(prompt.args["day"])):
            talks.close_live_prompt(s.u, prompt.id)
            if prompt.panel is not None:
                s.strip(prompt.panel)
