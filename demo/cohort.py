"""A made-up clinic's past for the demo: twelve patients with six weeks of history, told in `cohort.toml`. Nobody here exists.

Everything is written through the storage, each fact by a unit at the instant it would have happened, so that dates, audit and
seals are those of a clinic that has run for six weeks. The same seed and day give the same history. These patients have no
phone: nothing is ever sent to them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from demo import days
from demo.days import Past, Story, then
from storage import audit, escalations, journal, notes, outbox, people, sessions, skills
from storage.clinic import clinic
from storage.people import PersonCard
from storage.series import AnswerRow, Occurrence, answer_of, occurrences, save_answer
from storage.store import Store, Unit
from storage.wall import local

STORIES = Path(__file__).parent / "cohort.toml"
DAYS = 42
GROUPS = ((0, "Skills group"), (2, "Process group"), (3, "Recovery group"))
"""(weekday, title): three evenings a week."""
STAFF = (("Luis Ortega", "primary", "admin"), ("Imani Brooks", "backup", "clinician"))
ANSWERS_KEPT = timedelta(days=10)
"""A plain "coming" to an older session says nothing more once staff have recorded who was there."""
LEFT_UNMARKED = timedelta(hours=20)
"""Attendance of the last group is still to be recorded, as in any clinic."""


def build(store: Store, now: datetime, seed: int = 0) -> None:
    """Fill a database that has its clinic with staff, sessions and twelve patients (codes 0101-0112), up to `now` (aware).

    One transaction for the clinic, one for each patient. Raises `LookupError` where there is no clinic yet.
    """
    with store.unit(now) as u:
        known = clinic(u)
        if known is None:
            raise LookupError("the clinic has to be set up before its past is made up")
        past = Past(now, local(now, known.zone).date(), known.zone, seed)
        staff = _staff(then(u, past.at(DAYS + 3, "09:00")), past)
        _groups(then(u, past.at(DAYS + 2, "09:00")), past)
    for story in stories():
        with store.unit(now) as u:
            _patient(u, past, story, staff)


def stories() -> list[Story]:
    """The twelve stories as written down."""
    told: list[Story] = tomllib.loads(STORIES.read_text(encoding="utf-8"))["patient"]
    return told


def _staff(u: Unit, past: Past) -> list[PersonCard]:
    found = []
    for name, position, duty in STAFF:
        id = people.add_person(u, "staff", name, past.zone, duty=duty)
        people.set_status(u, id, "active")
        people.give_consent(u, id, "paged", 1)
        found.append(people.person(u, id))
        escalations.set_on_call(u, position, found[-1])
    return found


def _groups(u: Unit, past: Past) -> None:
    begins = past.today - timedelta(days=DAYS + past.today.weekday())
    for weekday, title in GROUPS:
        sessions.add_series(u, "group", title, begins + timedelta(days=weekday), "18:00", 180, weeks=20)


def _patient(u: Unit, past: Past, story: Story, staff: list[PersonCard]) -> None:
    start = then(u, past.at(story["started"], "10:00"))
    who = _welcome(start, past, story)
    _own_sessions(start, past, story)
    days.check_ins(u, who, story, past, staff[1])
    _attendance(u, who, story, past, staff)
    for card, scale, times, before, fall in story["skills"]:
        rng = past.rng(who.code, card)
        heard = [ago for ago in range(1, min(story["started"], 27)) if days.level(story["answers"], ago)]
        for ago in sorted(rng.sample(heard, times), reverse=True):
            at = past.at(ago, f"{rng.randint(19, 21)}:{rng.randint(10, 59)}")
            felt = days.near(rng, before, 1)
            after = None if rng.random() < 0.08 else days.near(rng, max(0, felt - fall), 1)
            skills.save_use(then(u, at), who, card, scale, felt, after, "done", at)
    for line in story["lines"]:
        source = "check_in" if line["shared"] else "journal"
        journal.write(then(u, past.at(line["ago"], line["at"])), who, line["words"], source=source, shared=line["shared"])
    if "escalation" in story:
        _escalation(u, who, story["escalation"], past, staff)


def _welcome(u: Unit, past: Past, story: Story) -> PersonCard:
    began = past.today - timedelta(days=story["started"])
    times = {"morning_at": "08:00", "evening_at": "20:30"}
    id = people.add_person(
        u, "patient", story["name"], past.zone, code=story["code"], program_start=began, program_weeks=story["weeks"], **times
    )
    people.set_status(u, id, "active")
    own = {"call_name": story["name"].split()[0], "phone": f"555-01{story['code'][2:]}", "medicines": story.get("medicines", [])}
    who = people.save_profile(u, people.person(u, id), own)
    for scope in ("program", "weekly", *story["shares"]):
        people.give_consent(u, id, scope, 1)
        audit.record(u, id, who.code, "consent.given", scope, "v1")
    return who


def _own_sessions(u: Unit, past: Past, story: Story) -> None:
    began, (weekday, starts) = past.today - timedelta(days=story["started"]), story["individual"]
    first = began + timedelta(days=(weekday - began.weekday()) % 7)
    sessions.add_series(u, "individual", "Individual session", first, starts, 50, weeks=16, attendees=[story["code"]])
    if "family" in story:
        day = past.today - timedelta(days=story["family"]["ago"])
        sessions.add_series(u, "family", "Family session", day, story["family"]["at"], 90, attendees=[story["code"]])


def _attendance(u: Unit, who: PersonCard, story: Story, past: Past, staff: list[PersonCard]) -> None:
    """What was answered the evening before, and what staff recorded afterwards."""
    rng = past.rng(who.code, "sessions")
    held = [each for each in occurrences(u, who.id, past.at(story["started"], "00:00"), past.now) if not each.cancelled]
    kept_away = _kept_away(held, story, past)
    for each in held:
        eve = then(u, each.begins - timedelta(hours=21))
        cant = kept_away.get(each.begins)
        came = cant is None and rng.random() < days.level(story["attends"], (past.today - each.day).days)
        if cant is not None:
            sessions.record_answer(eve, who, each, "cant", barrier=cant["barrier"], words=cant["words"])
            _seen(u, answer_of(u, who.id, each.series.id, each.day), each.begins, staff[1], past)
        elif came and rng.random() < 0.8 and each.begins > past.now - ANSWERS_KEPT:
            sessions.record_answer(eve, who, each, "coming")
        if each.ends < past.now - (LEFT_UNMARKED if each.series.kind == "group" else timedelta(0)):
            after = then(u, each.ends + timedelta(minutes=20))
            save_answer(after, who.id, each.series.id, each.day, attended="yes" if came else "no")


def _kept_away(held: list[Occurrence], story: Story, past: Past) -> dict[datetime, Mapping[str, Any]]:
    """The sessions that something stood in the way of, by their beginning. What it was is said in words only once a week."""
    found: dict[datetime, Mapping[str, Any]] = {}
    for cant in story.get("cant", []):
        if "between" in cant:
            mine = [each for each in held if cant["between"][0] >= (past.today - each.day).days >= cant["between"][1]]
        else:
            mine = [each for each in held if each.series.kind == "group" and each.day.weekday() == cant["weekday"]][-cant["times"] :]
        said: set[tuple[int, int]] = set()
        for each in mine:
            week = each.day.isocalendar()[:2]
            found[each.begins] = {"barrier": cant["barrier"], "words": None if week in said else cant["words"]}
            said.add(week)
    return found


def _seen(u: Unit, told: AnswerRow | None, at: datetime, by: PersonCard, past: Past) -> None:
    """Staff tick a note off the next morning."""
    if told is not None and told.note is not None and at < past.now:
        notes.seen(then(u, at), told.note, by)


def _escalation(u: Unit, who: PersonCard, told: Mapping[str, str], past: Past, staff: list[PersonCard]) -> None:
    """Heard, paged, acknowledged, reached and closed with an outcome, all within the hour."""
    began = past.at(int(told["ago"]), told["at"])
    primary = staff[0]
    start = then(u, began)
    chat, desk = (people.chat_for(start, -person.id) for person in (who, primary))
    row = escalations.add(start, who.id, chat.id, "high", "suicide", ((0, "primary", "page.new"), (5, "backup", "page.backup")))
    escalations.note(start, row.id, "opened", code="suicide.passive", words=told["words"], key=who.key)
    audit.record(start, who.id, "between", "escalation.opened", row.ref, "suicide.passive")
    page = outbox.post(start, desk, outbox.ESCALATION, "send", {}, "page.new@1", dedupe=f"page:{row.id}:1:0:{primary.id}", ref=row.ref)
    assert page is not None
    outbox.claim(start, page, "past", began + timedelta(seconds=20))
    outbox.finish(then(u, began + timedelta(seconds=2)), page, 1, "sent", message_id=1)
    steps: tuple[tuple[int, str, dict[str, Any]], ...] = (
        (6, "ack", {"state": "ACKED", "acked_by": primary.id, "acked_at": began + timedelta(minutes=6)}),
        (14, "contacted", {"state": "CONTACTED", "contacted_at": began + timedelta(minutes=14)}),
        (52, "close", {"state": "CLOSED", "closed_by": primary.id, "closed_at": began + timedelta(minutes=52), "outcome": told["outcome"]}),
    )
    for minutes, act, changes in steps:
        later, outcome = then(u, began + timedelta(minutes=minutes)), told["outcome"] if act == "close" else ""
        escalations.note(later, row.id, act, by=primary.id, code=outcome)
        escalations.note(later, row.id, changes["state"], by=primary.id)
        audit.record(later, who.id, primary.code, f"escalation.{act}", row.ref, outcome)
        row = escalations.save(later, row, **changes)
