"""The weekly exercise: a page that is no alert, to whoever is on call, and what follows when nobody answers it.

It proves that pages reach somebody awake before a patient needs one. Patients hear nothing of it; after one that failed, what
they are told of who is on call is more careful until one is answered.
"""

from __future__ import annotations

from datetime import timedelta

from bot.registry import clinic_due, recurring, tap
from bot.sitting import Sitting, seat
from safety import cover, duty
from safety.rota import POSITIONS
from storage import drills, due, escalations, notes, people
from storage.drills import DrillRow
from storage.due import DueRow
from storage.outbox import ESCALATION
from storage.store import Unit
from storage.talks import PromptRow
from storage.wall import instant, local

BEGIN, REPEAT, OVER = "drill", "drill_repeat", "drill_over"
AT = "11:00"
REPEAT_AFTER, ANSWER_WITHIN = timedelta(minutes=2), timedelta(minutes=15)
"""As the ladder would: paged again after 2 minutes, and after 15 everybody would be."""
LATER, RETRY = timedelta(hours=1), timedelta(days=1)
INTO_COVER = timedelta(minutes=15)


def plan_drill(u: Unit) -> None:
    """One a week, on another weekday each week, at 11:00 by the clinic's clock; in hours without cover then, when cover begins."""
    hours, zone = duty.hours_of(u)
    today = local(u.now, zone).date()
    for week in (0, 1):
        monday = today + timedelta(days=7 * week - today.weekday())
        year, number, _ = monday.isocalendar()
        wished = instant(monday + timedelta(days=number % 7), AT, zone)
        begins, ends = (instant(monday + timedelta(days=days), "00:00", zone) for days in (0, 7))
        spans = cover.spans(hours, zone, begins, ends)
        at = wished if any(opens <= wished < closes for opens, closes in spans) else spans[0][0] + INTO_COVER if spans else None
        if at is not None and at > u.now and due.plan(u, BEGIN, 0, f"{BEGIN}:{year}-W{number:02d}", at):
            return


@recurring(BEGIN)
def follow(u: Unit, row: DueRow) -> None:
    plan_drill(u)


@clinic_due(BEGIN)
def begin(u: Unit, row: DueRow) -> None:
    """Page whoever would be paged first now. Never beside an alert that waits, and never where no cover is said to be."""
    starts = duty.cover_starts(u)
    if starts is not None:
        due.move(u, row.id, starts + INTO_COVER)
        return
    if any(each.state in ("OPEN", "EXHAUSTED") for each in escalations.all_open(u)):
        due.move(u, row.id, u.now + LATER)
        return
    held = duty.reachable(u)
    on_call = next((list(held[position]) for position in POSITIONS if held[position]), [])
    drill = drills.begin(u, on_call[0] if on_call else None, u.now + ANSWER_WITHIN)
    if not on_call:
        _failed(u, drill)
        return
    due.plan(u, REPEAT, drill.id, f"{REPEAT}:{drill.id}", u.now + REPEAT_AFTER)
    due.plan(u, OVER, drill.id, f"{OVER}:{drill.id}", drill.answer_by)
    for person in on_call:
        _page(u, drill, person, "drill.page")


@clinic_due(REPEAT)
def repeat(u: Unit, row: DueRow) -> None:
    drill = drills.get(u, row.subject)
    if drill is not None and drill.answered_at is None and drill.person is not None:
        _page(u, drill, drill.person, "drill.repeat")


@clinic_due(OVER)
def over(u: Unit, row: DueRow) -> None:
    drill = drills.get(u, row.subject)
    if drill is not None and not drill.passed:
        _failed(u, drill)


@tap("drill", role="staff")
def answered(s: Sitting, prompt: PromptRow, option: str) -> None:
    """here: I saw it. The first answer counts; one that comes too late is thanked for, and changes nothing."""
    drill = drills.get(s.u, prompt.subject) if prompt.subject is not None else None
    if drill is None or s.person.role != "staff" or not s.person.active:
        return
    if prompt.panel is not None:
        s.strip(prompt.panel)
    answered = drills.answer(s.u, drill, s.person)
    for kind in (REPEAT, OVER) if answered.passed else ():
        due.cancel(s.u, kind, drill.id, "answered")
    minutes = int((s.u.now - drill.at).total_seconds() // 60)
    s.say("drill.thanks" if answered.passed else "drill.late", lane=ESCALATION, minutes=minutes)


def _page(u: Unit, drill: DrillRow, person: int, words: str) -> None:
    at = seat(u, person, drill.id)
    if at is None:
        return
    draft = at.draft().add(words)
    draft.row(draft.button("here", "drill.button.here"))
    wanted = f"due:{OVER}:{drill.id}"
    at.offer(draft, "act", "drill", subject=drill.id, lane=ESCALATION, dedupe=f"{words}:{drill.id}:{person}", wanted=wanted)


def _failed(u: Unit, drill: DrillRow) -> None:
    """Administrators know, and it is tried again tomorrow."""
    drills.fail(u, drill)
    notes.add(u, None, "drill", "not_answered" if drill.person is not None else "nobody")
    due.plan(u, BEGIN, 0, f"{BEGIN}:after:{drill.id}", u.now + RETRY)
    for admin in duty.administrators(u):
        at = seat(u, admin, drill.id)
        if at is None:
            continue
        if drill.person is None:
            at.say("drill.nobody", lane=ESCALATION, dedupe=f"drill.failed:{drill.id}:{admin}")
        else:
            name = people.person(u, drill.person).name
            at.say("drill.failed", lane=ESCALATION, dedupe=f"drill.failed:{drill.id}:{admin}", name=name)
