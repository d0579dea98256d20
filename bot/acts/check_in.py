"""Check-ins: what is stored of one, what its flow may look up, `/checkin`, and when the next one is due.

A slot's window opens at the patient's wall time and is open for three hours. Later on the same local day a check-in is
still taken and stored as late; an older day is never filled in afterwards. Who has done a slot and checks in again gets an
"extra" one, so that an answer given earlier is not lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot import danger, talk
from bot.flow.commands import SaveCheckIn
from bot.registry import act, command, look, recurring
from bot.sitting import Sitting
from handlers.check_in import sounds_low
from storage import check_ins, due, journal, notes, people, talks
from storage.check_ins import EXTRA
from storage.clinic import clinic
from storage.due import DueRow
from storage.people import ChatCard, PersonCard
from storage.store import Unit
from storage.talks import TalkRow
from storage.wall import instant, next_instant

SLOTS = ("morning", "evening")
OPEN_FOR = timedelta(hours=3)
NIGHT_ENDS, AFTERNOON = 4, 14
"""Hours of the local day: before the first, a check-in of one's own counts for no planned slot; from the second it is the evening's."""


@dataclass(frozen=True)
class Window:
    """One slot on one local date, and the instants between which it is open."""

    slot: str
    day: date
    opens: datetime
    closes: datetime

    def key(self, kind: str, person: int) -> str:
        return f"{kind}:{person}:{self.slot}:{self.day}"


def wall_time(who: PersonCard, slot: str) -> str | None:
    return {"morning": who.morning_at, "evening": who.evening_at}.get(slot)


def window(who: PersonCard, slot: str, day: date) -> Window | None:
    """None when this person does not want to be asked in this slot."""
    wall = wall_time(who, slot)
    if wall is None:
        return None
    opens = instant(day, wall, who.zone)
    return Window(slot, day, opens, opens + OPEN_FOR)


def plan_check_ins(u: Unit, who: PersonCard, chat: ChatCard) -> None:
    """Plan the next prompts from the profile as it now stands; call it after every change of times or zone.

    What waited is planned anew for the same local date, so that a day is neither asked twice nor passed over in silence:
    a time that has just gone by still fires within its window, or is recorded as dropped. What has fired stays.
    """
    waited = {str(row.args["part"]): date.fromisoformat(row.args["day"]) for row in due.planned(u, "check_in", who.id)}
    due.forget_plan(u, "check_in", who.id)
    if not who.active:
        return
    for slot in SLOTS:
        wall = wall_time(who, slot)
        if wall is None:
            continue
        day = waited.get(slot) or next_instant(u.now, wall, who.zone)[0]
        while not _plan(u, who, chat, slot, day):
            day += timedelta(days=1)


@recurring("check_in")
def plan_next(u: Unit, row: DueRow) -> None:
    """The same slot on the next local date."""
    who = people.person(u, row.subject)
    chat = people.chat_of(u, row.subject)
    if who.active and chat is not None and wall_time(who, row.args["part"]) is not None:
        _plan(u, who, chat, row.args["part"], date.fromisoformat(row.args["day"]) + timedelta(days=1))


def _plan(u: Unit, who: PersonCard, chat: ChatCard, slot: str, day: date) -> bool:
    """False when this slot has been planned for this date before."""
    at = window(who, slot, day)
    assert at is not None
    key = at.key("check_in", who.id)
    return due.plan(u, "check_in", who.id, key, at.opens, chat=chat.id, send_by=at.closes, part=slot, day=day.isoformat())


@command("checkin", menu="menu.checkin")
def check_in_now(s: Sitting) -> None:
    """The check-in that fits the time of day."""
    slot, day, stored = fitting(s)
    begin(s, slot, day, stored)


def fitting(s: Sitting) -> tuple[str, date, str]:
    """(which questions, the local date it counts for, the slot it is stored in)."""
    who, today = s.person, s.local.date()
    for slot in reversed(SLOTS):
        for day in (today, today - timedelta(days=1)):
            at = window(who, slot, day)
            if at is not None and at.opens <= s.u.now <= at.closes and not _done(s, slot, day):
                return slot, day, slot
    slot = "morning" if s.local.hour < AFTERNOON else "evening"
    if s.local.hour < NIGHT_ENDS or _done(s, slot, today):
        return "evening", today, EXTRA
    return slot, today, slot


def _done(s: Sitting, slot: str, day: date) -> bool:
    row = check_ins.find(s.u, s.person.id, slot, day)
    return row is not None and row.done


def begin(s: Sitting, slot: str, day: date, stored: str) -> None:
    """Open a check-in, or take up the one that was begun. Buttons that ask for one are taken off."""
    retire_prompts(s)
    begun = begun_talk(s, stored, day)
    if begun is None:
        talk.start(s, "check_in", {"slot": slot, "date": day.isoformat(), "as": stored})
    elif begun.state == "waiting":
        talk.show_again(s, begun)
    else:
        talk.resume(s, begun)


def begun_talk(s: Sitting, stored: str, day: date) -> TalkRow | None:
    """The conversation about this slot that waits or is parked."""
    wanted = (stored, day.isoformat())
    rows = talks.open_talks(s.u, s.chat, "check_in")
    return next((row for row in rows if (row.body["me"]["start"].get("as"), row.body["me"]["start"].get("date")) == wanted), None)


def retire_prompts(s: Sitting) -> None:
    """Take the buttons off every message that asks for a check-in."""
    for prompt in talks.close_prompts_about(s.u, "act", "check_in", s.person.id):
        if prompt.panel is not None:
            s.strip(prompt.panel)


@act(SaveCheckIn)
def save_check_in(s: Sitting, command: SaveCheckIn) -> None:
    """Store what was answered, said at Telegram's own date; of a talk that was left, when it was last touched.

    A low mood, or a use, whose safety question was left without an answer is put before staff: silence is not a "no". Words were put there
    already.
    """
    day, values = date.fromisoformat(command.local_date), dict(command.values)
    begun = begun_talk(s, command.slot, day)
    if begun is not None and _saved(begun):
        return
    left = s.event.kind == "due" and begun is not None
    at = begun.touched_at if left and begun is not None else s.said_at
    asked = window(s.person, command.slot, day)
    late = command.status == "complete" and asked is not None and at > asked.closes
    if "safety" not in values and sounds_low(values.get("mood"), check_ins.median(s.u, s.person.id, "mood", day)):
        values["safety"] = "skipped"
        if begun is None or begun.body.get(talk.IN_WORDS) != "safety":
            notes.add(s.u, s.person.id, "concern", "skipped")
    if values.get("use") == "yes" and "use_safe" not in values and (begun is None or begun.body.get(talk.IN_WORDS) != "use_safe"):
        notes.add(s.u, s.person.id, "concern", "use_unsaid")
    seconds = int((at - begun.started_at).total_seconds()) if begun is not None and command.status == "complete" else None
    check_ins.save(s.u, s.person.id, command.slot, day, values, "late" if late else command.status, at, seconds=seconds)
    if command.line:
        line = _message_of(begun)
        journal.write(s.u, s.person, command.line, source="check_in", message_id=line, shared=command.share, at=at)
    drop_repeats(s, command.slot, command.local_date)


def drop_repeats(s: Sitting, slot: str, day: str) -> None:
    """Nothing more is sent about this slot of this date."""
    for kind in ("check_in_nudge", "snooze"):
        for row in due.planned(s.u, kind, s.person.id):
            if (row.args["part"], row.args["day"]) == (slot, day):
                due.dropped(s.u, row.id, "answered")


def _saved(begun: TalkRow) -> bool:
    """Whether this talk has saved its check-in already (it waits at the offer of a skill)."""
    return any("do:SaveCheckIn" in key for key, *_ in begun.body["log"]["entries"])


def _message_of(begun: TalkRow | None) -> int | None:
    """The message the private line was typed in, so that an edit there still changes the entry."""
    typed: dict[str, Any] = (begun.body.get("typed") if begun else None) or {}
    return typed.get("message") if str(typed.get("key", "")).endswith("/line") else None


@look("check_in.median")
def median(s: Sitting, item: str, day: str) -> float | None:
    return check_ins.median(s.u, s.person.id, item, date.fromisoformat(day))


@look("check_in.answered")
def answered(s: Sitting, item: str, day: str) -> bool:
    return check_ins.answered(s.u, s.person.id, item, date.fromisoformat(day))


@look("check_in.team")
def team(s: Sitting) -> bool:
    """Whether the team gets a weekly page of this person."""
    return "weekly" in people.consents(s.u, s.person.id)


@look("check_in.shown_up")
def shown_up(s: Sitting, day: str) -> dict[str, int]:
    days, of = check_ins.shown_up(s.u, s.person.id, date.fromisoformat(day))
    return {"days": days, "of": of}


@look("check_in.ways")
def ways(s: Sitting) -> dict[str, str]:
    """The numbers to call: the program's own, the crisis line of the patient's country, and emergencies."""
    lines, home = danger.Lines.of(s.person.country), clinic(s.u)
    return {"line": home.line if home else "", "crisis": lines.line, "emergency": lines.emergency}
