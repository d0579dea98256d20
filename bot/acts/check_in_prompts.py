"""Asking for a check-in: the prompt at the patient's time, one gentle repeat, "later", "not today", and the window's end.

A prompt never nags: what is answered, begun or declined is not asked again, and missed ones are not counted to anybody's face.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from bot.acts.check_in import SLOTS, Window, begin, begun_talk, drop_repeats, retire_prompts, window
from bot.panel import HELP
from bot.prompting import may_prompt, terms, veiled
from bot.registry import due as due_kind
from bot.registry import tap
from bot.sitting import Sitting
from storage import check_ins, due, notes, outbox, people
from storage.due import DueRow
from storage.outbox import PROMPT, REPLY
from storage.talks import PromptRow
from storage.wall import local, span_end

NUDGE_AFTER = timedelta(minutes=60)
SNOOZE = timedelta(minutes=30)
WANTED = "consent:program"
DOOR_AFTER, STAFF_AFTER = 2, 3
"""Silent days after which the next prompt leaves the door open, and after which staff hear of it (with consent to outreach)."""


@due_kind("check_in")
def ask(s: Sitting, row: DueRow) -> None:
    """The prompt. The window's end and the repeat are planned with it; the next day's was before this ran."""
    at = _window(s, row)
    if at is None:
        return
    if s.person.paused_until is not None and s.local.date() <= s.person.paused_until:
        check_ins.paused(s.u, s.person.id, at.slot, at.day)
    if not may_prompt(s, row):
        return
    words = "prompt_door" if check_ins.silent_days(s.u, s.person.id) == DOOR_AFTER else f"prompt_{at.slot}"
    check_ins.asked(s.u, s.person.id, at.slot, at.day)
    _plan(s, at, "check_in_close", at.closes)
    if s.u.now + NUDGE_AFTER < at.closes:
        _plan(s, at, "check_in_nudge", s.u.now + NUDGE_AFTER, send_by=at.closes)
    if not veiled(s, row, wanted=WANTED):
        _show(s, row, at, words, name=s.person.call_name or s.person.name)


@due_kind("check_in_nudge")
def nudge(s: Sitting, row: DueRow) -> None:
    """The one gentle repeat."""
    _repeat(s, row, "nudge")


@due_kind("snooze")
def snoozed(s: Sitting, row: DueRow) -> None:
    """ "Later" has come."""
    _repeat(s, row, "again")


def _repeat(s: Sitting, row: DueRow, words: str) -> None:
    at = _window(s, row)
    if at is None or not may_prompt(s, row) or veiled(s, row, wanted=WANTED):
        return
    _show(s, row, at, words, until=f"{local(at.closes, s.person.zone):%H:%M}")


@due_kind("check_in_close")
def close(s: Sitting, row: DueRow) -> None:
    """The window is over. Once the day's last one is, silence of some days is noticed."""
    who = people.person(s.u, row.subject)
    slot, day = _about(row.args)
    paused = who.paused_until is not None and day <= who.paused_until
    if not check_ins.closed(s.u, who.id, slot, day, paused=paused) or not who.active:
        return
    to_come = (window(who, other, day) for other in SLOTS)
    if any(at is not None and at.opens > s.u.now for at in to_come):
        return
    if check_ins.silent_days(s.u, who.id) == STAFF_AFTER and "outreach" in people.consents(s.u, who.id):
        notes.add(s.u, who.id, "silence", f"{STAFF_AFTER}_days")


@tap("check_in")
def answer(s: Sitting, prompt: PromptRow, option: str) -> None:
    """start, snooze or not_today, on a prompt or its repeat."""
    if prompt.panel is not None:
        s.strip(prompt.panel)
    slot, day = _about(prompt.args)
    at = window(s.person, slot, day)
    if s.local.date() != day and (at is None or s.u.now > at.closes):
        s.say("checkin.over")
    elif option == "start":
        row = check_ins.find(s.u, s.person.id, slot, day)
        begin(s, slot, day, check_ins.EXTRA if row is not None and row.done else slot)
    elif option == "snooze":
        _snooze(s, prompt, at)
    elif option == "not_today":
        drop_repeats(s, slot, day.isoformat())
        check_ins.declined(s.u, s.person.id, slot, day)
        _reword(s, prompt, "checkin.declined")


def _snooze(s: Sitting, prompt: PromptRow, at: Window | None) -> None:
    again = s.u.now + SNOOZE
    again = span_end(again, s.person.quiet_from, s.person.quiet_to, s.person.zone) or again  # nothing is asked in the quiet hours
    if at is None or again >= at.closes:
        _reword(s, prompt, "checkin.too_late_to_snooze")
        return
    drop_repeats(s, at.slot, at.day.isoformat())
    _plan(s, at, "snooze", again, send_by=at.closes, suffix=f":{prompt.id}")
    _reword(s, prompt, "checkin.snoozed", time=f"{local(again, s.person.zone):%H:%M}")


def _window(s: Sitting, row: DueRow) -> Window | None:
    """The window a firing is about, or None with the reason recorded: nobody to ask, or nothing left to ask for."""
    slot, day = _about(row.args)
    at = window(s.person, slot, day) if s.who is not None and s.who.role == "patient" else None
    reason = "left" if s.who is None else "off" if at is None else _settled(s, slot, day)
    if reason is None:
        return at
    if s.event.kind == "due":
        due.dropped(s.u, row.id, reason)
    else:
        s.say("bot.note_over")
    return None


def _settled(s: Sitting, slot: str, day: date) -> str | None:
    """Why this slot need not be asked for: it was answered, it was begun, or the patient said "not today"."""
    rows = check_ins.on(s.u, s.person.id, day)
    if any(row.slot == slot and row.done for row in rows):
        return "answered"
    if begun_talk(s, slot, day) is not None:
        return "begun"
    return "declined" if any(row.declined for row in rows) else None


def _show(s: Sitting, row: DueRow, at: Window, words: str, **slots: Any) -> None:
    retire_prompts(s)
    draft = s.draft().add(f"checkin.{words}", **slots)
    draft.row(draft.button("start", "checkin.start"))
    draft.row(draft.button("snooze", "checkin.snooze"), draft.button("not_today", "checkin.not_today"))
    draft.row(draft.button(HELP, "button.help"))
    args = {"part": at.slot, "day": at.day.isoformat()}
    wanted = WANTED if s.event.kind == "due" else None  # whoever opened a note gets what it stands for
    s.offer(draft, "act", "check_in", subject=s.person.id, args=args, lane=PROMPT, wanted=wanted, **terms(s, row, at.closes))


def _plan(s: Sitting, at: Window, kind: str, when: datetime, *, suffix: str = "", **more: Any) -> None:
    key = at.key(kind, s.person.id) + suffix
    due.plan(s.u, kind, s.person.id, key, when, chat=s.chat.id, part=at.slot, day=at.day.isoformat(), **more)


def _reword(s: Sitting, prompt: PromptRow, words: str, **slots: Any) -> None:
    """The answer to a tap in the same message, its buttons gone."""
    draft = s.draft().add(words, **slots)
    outbox.post(s.u, s.chat, REPLY, "edit", draft.payload(), draft.content, target=prompt.panel)


def _about(args: dict[str, Any]) -> tuple[str, date]:
    return str(args["part"]), date.fromisoformat(str(args["day"]))
