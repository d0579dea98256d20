"""The safety plan: what its flows may look up and have done, and `/plan`. Each change also moves the next look through it."""

from __future__ import annotations

from typing import Any

from bot import danger, talk
from bot.acts.plan_prompts import after_change, after_review, nothing_planned
from bot.acts.profile import day
from bot.flow.commands import ChangePlanItem, ErasePlan, RemovePlanItem, ReviewPlan, SavePlanItem
from bot.registry import act, command, look
from bot.sitting import Sitting
from storage import audit, my_data, people, plans, talks
from storage.clinic import clinic
from storage.lines import confirmed
from storage.plans import ItemRow
from storage.wall import local

SHARED = "plan"
"""The consent by which the team may read the words of a plan."""
BEFORE = 10
"""Earlier items that are shown."""


@command("plan", menu="menu.plan")
def open_plan(s: Sitting) -> None:
    talk.start(s, "plan")


@act(SavePlanItem)
def save(s: Sitting, command: SavePlanItem) -> int:
    if not plans.exists(s.u, s.person.id):
        audit.record(s.u, s.person.id, s.person.code, "plan.begun")
    id = plans.add(s.u, s.person, command.step, command.words, command.number)
    after_change(s.u, s.person, s.chat)
    return id


@act(ChangePlanItem)
def change(s: Sitting, command: ChangePlanItem) -> int | None:
    id = plans.change(s.u, s.person, command.item, words=command.words, reach=command.reach, number=command.number)
    after_change(s.u, s.person, s.chat)
    return id


@act(RemovePlanItem)
def remove(s: Sitting, command: RemovePlanItem) -> bool:
    done = plans.remove(s.u, s.person, command.item)
    after_change(s.u, s.person, s.chat)
    return done


@act(ReviewPlan)
def review(s: Sitting, command: ReviewPlan) -> None:
    plans.review(s.u, s.person, command.why, command.result)
    audit.record(s.u, s.person.id, s.person.code, "plan.reviewed", command.why, command.result)
    after_review(s.u, s.person, s.chat)


@act(ErasePlan)
def erase(s: Sitting, command: ErasePlan) -> int:
    """What was just being talked about it goes too: a talk remembers what it has shown."""
    for flow in ("plan", "plan_use", "plan_review"):
        for row in talks.open_talks(s.u, s.chat, flow):
            talk.close(s, row, "partial")
    count = my_data.erase_plan(s.u, s.person)
    nothing_planned(s.u, s.person)
    audit.record(s.u, s.person.id, s.person.code, "plan.erased", str(count))
    return count


@look("plan.mine")
def mine(s: Sitting) -> dict[str, Any]:
    """The plan as it stands, what was in it before, whether the team may read it, and the numbers that always stand in step 5."""
    found, lines, known = plans.items(s.u, s.person), danger.Lines.of(s.person.country, confirmed=confirmed(s.u)), clinic(s.u)
    steps: dict[str, list[dict[str, Any]]] = {}
    for item in found:
        steps.setdefault(str(item.step), []).append({"id": item.id, "words": item.words, "line": line(s, item)})
    return {
        "steps": steps,
        "overview": _overview(s, steps),
        "before": _before(s),
        "shared": SHARED in people.consents(s.u, s.person.id),
        "known": lines.known,
        "lines": {
            "line": lines.line,
            "emergency": lines.emergency,
            "clinic": known.name if known else "",
            "clinic_line": known.line if known else "",
        },
    }


def line(s: Sitting, item: ItemRow) -> str:
    """An item as it is shown, with how to reach whom it names."""
    if item.reach == "phone" and item.number:
        return s.words.text("plan.with_number", words=item.words, number=item.number)
    return s.words.text("plan.with_telegram", words=item.words) if item.reach == "telegram" else item.words


def _overview(s: Sitting, steps: dict[str, list[dict[str, Any]]]) -> str:
    """One line a step: its name, and how many items it has."""
    lines = []
    for step in (*plans.STEPS, plans.WORTH_LIVING):
        count = len(steps.get(str(step), []))
        if count or step != plans.WORTH_LIVING:
            lines.append(s.words.text("plan.overview", name=s.words.text(f"plan.name.{step}"), count=count or s.words.text("plan.empty")))
    return "\n".join(lines)


def _before(s: Sitting) -> str:
    """What is no longer in the plan, newest first, one line each; empty when nothing was ever changed."""
    lines = []
    for at, item in plans.history(s.u, s.person, BEFORE):
        when = day(s, local(at, s.person.zone).date())
        lines.append(s.words.text("plan.before_line", until=when, name=s.words.text(f"plan.name.{item.step}"), item=line(s, item)))
    return "\n".join(lines)
