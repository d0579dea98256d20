"""What staff see of a patient's safety plan: whether there is one and what is missing; its words only while the patient lets them."""

from __future__ import annotations

from bot.acts.plan import SHARED, line
from bot.acts.plan_prompts import suggest
from bot.message import Draft
from bot.sitting import Sitting
from storage import audit, notes, people, plans
from storage.people import PersonCard
from storage.plans import PlanState
from storage.store import Unit
from storage.wall import local


def about(s: Sitting, draft: Draft, who: PersonCard) -> None:
    """The line on a patient's card, and what can be done: suggest a plan where there is none, read it where that is allowed."""
    found = plans.state(s.u, who.id)
    if not found.exists:
        draft.add("staff.patients.plan_none")
        if who.active:
            draft.row(draft.button(f"suggest:{who.id}", "staff.patients.suggest_plan"))
        return
    seen = f"{local(found.reviewed_at, s.person.zone):%Y-%m-%d}" if found.reviewed_at else draft.phrase("staff.patients.plan_never")
    if found.missing:
        draft.add("staff.patients.plan_gaps", steps=", ".join(str(step) for step in found.missing), reviewed=seen)
    else:
        draft.add("staff.patients.plan_whole", reviewed=seen)
    if _shared(s, who):
        draft.row(draft.button(f"read:{who.id}", "staff.patients.read_plan"))


def ask_for_one(s: Sitting, who: PersonCard) -> Draft:
    """Asked for once a day at most, and within the patient's own quiet hours."""
    at = s.of(who.id)
    asked = at is not None and who.active and suggest(s, who, at.chat)
    if asked:
        audit.record(s.u, who.id, s.person.code, "plan.suggested")
    return s.draft().add("staff.patients.suggested" if asked else "staff.patients.suggested_today", code=who.code)


def read(s: Sitting, who: PersonCard) -> Draft:
    """The plan in the patient's words. The look is recorded, and they see it."""
    draft = s.draft()
    if not _shared(s, who):
        return draft.add("staff.patients.plan_is_theirs", code=who.code)
    draft.add("staff.patients.plan_words", code=who.code)
    found = plans.items(s.u, who)
    for step in sorted({item.step for item in found}):
        draft.add(f"plan.step.{step}", items="\n".join(f"• {line(s, item)}" for item in found if item.step == step))
    audit.record(s.u, who.id, s.person.code, "plan.read")
    return draft


def _shared(s: Sitting, who: PersonCard) -> bool:
    return SHARED in people.consents(s.u, who.id)


def gap(found: PlanState) -> str:
    """The code of what staff are to help with, or "" where nothing is: a plan, or somebody to be reached in steps 3 and 4."""
    if not found.exists:
        return "plan_none"
    return "plan_" + "_".join(str(step) for step in found.gaps) if found.gaps else ""


def remind(u: Unit) -> int:
    """Once a week, with the weekly pages: a line in the staff inbox for each patient who has nobody to be reached in their plan."""
    count = 0
    for person in plans.active_patients(u):
        code = gap(plans.state(u, person)) if "program" in people.consents(u, person) else ""
        if code and not plans.nudged(u, person):
            notes.add(u, person, "plan", code)
            count += 1
    return count
