"""The profile and what follows from it: reminders are planned anew, and whoever waits to call learns of a new number."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bot import talk
from bot.acts import plan_prompts
from bot.acts.check_in import plan_check_ins
from bot.flow.commands import NoteStaff, Pause, Resume, SaveProfile
from bot.registry import act, command, look
from bot.sitting import Sitting
from content import places
from safety import duty
from storage import audit, escalations, notes, people
from storage.clinic import clinic
from storage.outbox import ESCALATION
from storage.reminders import plan_sessions
from storage.wall import in_span, local

PLANNED_FROM = {"zone", "morning_at", "evening_at", "quiet_from", "quiet_to"}
"""Profile fields that due times are worked out from."""
LONGEST_PAUSE = 14


@act(SaveProfile)
def save_profile(s: Sitting, command: SaveProfile) -> None:
    before = s.person
    s.who = people.save_profile(s.u, before, command.values)
    if PLANNED_FROM & command.values.keys():
        replan(s)
    if "phone" in command.values:
        _tell_who_calls(s, changed=s.person.phone != before.phone)


def replan(s: Sitting) -> None:
    """Plan what is due from the profile as it stands; nothing for someone who has not agreed to the program."""
    if s.person.role == "patient" and "program" in people.consents(s.u, s.person.id):
        plan_check_ins(s.u, s.person, s.chat)
        plan_sessions(s.u, s.person, s.chat)
        plan_prompts.keep(s.u, s.person, s.chat)


def _tell_who_calls(s: Sitting, *, changed: bool) -> None:
    """A number was left while somebody had taken an alert about this person: they get it, if it is new or they were in touch already
    and so look for none. Then the patient is told to whom it went. Whom no message reaches is sent nothing: the inbox has it instead."""
    row = escalations.open_for(s.u, s.person.id)
    if row is None or row.acked_by is None or not s.person.phone or not (changed or row.state == "CONTACTED"):
        return
    at = s.of(row.acked_by)
    if at is None or not duty.fit(s.u)(row.acked_by):
        notes.add(s.u, s.person.id, "ladder", "number_left")
        return
    audit.record(s.u, s.person.id, at.person.code, "phone.read", row.ref)
    at.say("staff.phone_changed", ref=row.ref, phone=s.person.phone, lane=ESCALATION, wanted=f"escalation:{row.id}:held")
    if row.state == "CONTACTED":
        s.say("crisis.barrier.passed", name=at.person.name, time=f"{s.local:%H:%M}", lane=ESCALATION)


@act(NoteStaff)
def note_staff(s: Sitting, command: NoteStaff) -> None:
    notes.add(s.u, s.person.id, command.kind, command.code, command.text)


@act(Pause)
def pause(s: Sitting, command: Pause) -> str:
    until = s.local.date() + timedelta(days=min(max(command.days, 1), LONGEST_PAUSE) - 1)
    s.who = people.save_profile(s.u, s.person, {"paused_until": until})
    notes.add(s.u, s.person.id, "pause", until.isoformat())
    return day(s, until)


@act(Resume)
def resume(s: Sitting, command: Resume) -> None:
    s.who = people.save_profile(s.u, s.person, {"paused_until": None})
    notes.add(s.u, s.person.id, "resumed")
    replan(s)


@look("profile.clock")
def clock(s: Sitting, zone: str) -> str:
    """The time it is in a zone, "HH:MM"."""
    return f"{local(s.u.now, zone):%H:%M}"


@look("profile.held")
def held(s: Sitting) -> str:
    """The check-in times that fall into the quiet hours, "22:00, 06:00"; empty when none does."""
    who = s.person
    return ", ".join(wall for wall in (who.morning_at, who.evening_at) if wall and in_span(wall, who.quiet_from, who.quiet_to))


@look("profile.mine")
def mine(s: Sitting) -> dict[str, Any]:
    """What is set, as it is, and under "shown" in words."""
    who, known = s.person, clinic(s.u)
    paused = who.paused_until is not None and s.local.date() <= who.paused_until
    return {
        "phone": who.phone or s.words.text("settings.none"),
        "paused": day(s, who.paused_until) if paused and who.paused_until else "",
        "clinic": known.name if known else "",
        "clinic_line": known.line if known else "",
        "shown": _shown(s, paused=paused),
    }


def _shown(s: Sitting, *, paused: bool) -> dict[str, str]:
    who, none = s.person, s.words.text("settings.none")
    given = people.consents(s.u, who.id)
    scopes = ("weekly", "crisis_words", "outreach", "plan", "caring")
    shared = [s.words.text(f"consent.{scope}.name") for scope in scopes if scope in given]
    place = places.country_name(who.country)
    return {
        "name": who.call_name or who.name,
        "phone": who.phone or none,
        "place": f"{places.state_name(who.region)}, {place}" if who.region else place,
        "zone": places.zone_name(who.zone),
        "time": f"{s.local:%H:%M}",
        "morning": who.morning_at or none,
        "evening": who.evening_at or none,
        "quiet": f"{who.quiet_from}-{who.quiet_to}",
        "discreet": s.words.text("settings.on" if who.discreet else "settings.off"),
        "medicines": ", ".join(who.medicines) or none,
        "sharing": ", ".join(shared) or none,
        "paused": s.words.text("settings.paused", until=day(s, who.paused_until)) if paused and who.paused_until else "",
    }


def day(s: Sitting, date: date) -> str:
    """A date as people read it, "Mon 23 Nov"."""
    weekday = s.words.text(f"day.{date.strftime('%a').lower()}")
    return f"{weekday} {date.day} {s.words.text(f'month.{date.month}')}"


@command("settings", menu="menu.settings")
def settings(s: Sitting) -> None:
    talk.start(s, "settings")


@command("pause", menu="menu.pause")
def pause_command(s: Sitting) -> None:
    talk.start(s, "pause")
