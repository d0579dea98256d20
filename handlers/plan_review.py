"""Looking through the safety plan in a calm hour, step by step, and whether it still fits: after an alert, every 90 days, or to rehearse.

`me.start`: {"why": "alert", "quarter", "rehearsal" or "self"}.
"""

from __future__ import annotations

from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking, scoped
from bot.flow.commands import ReviewPlan, StartFlow
from handlers.plan_steps import ALWAYS, STEPS, edit, of_step, show

WHY = ("alert", "quarter", "rehearsal", "self")
BEGIN = tuple((way, f"plan.begin.{way}") for way in ("start", "not_now"))
LOOK = tuple((way, f"plan.look.{way}") for way in ("fits", "change", "stop"))


def review(me: Me) -> Talking:
    why = str(me.start.get("why")) if me.start.get("why") in WHY else "self"
    mine = yield Read("plan.mine")
    if not mine["steps"]:
        if (yield Ask("begin", Choice(of=BEGIN), words="plan.begin")) == "start":
            yield Do(StartFlow("plan", {"open": "write"}))
        else:
            yield Say("plan.not_now")
        return
    changed = False
    for step in STEPS:
        if not of_step(mine, step) and step != ALWAYS:
            continue
        yield from show(mine, step)
        found = yield Ask(f"look_{step}", Choice(of=LOOK), words="plan.look.rehearse" if why == "rehearsal" else "plan.look.ask")
        if found == "stop":
            yield Say("plan.look.stopped")
            return
        if found == "change" and (yield from scoped(f"change_{step}", edit(step))):
            changed = True
    yield Do(ReviewPlan(why, "changed" if changed else "fits"))
    yield Say("plan.look.changed" if changed else "plan.look.done")


def worth(me: Me, answers: dict[str, Any]) -> bool:
    """Every change was kept as it was made, so there is nothing to come back to."""
    return False


FLOWS = (Flow("plan_review", review, expires=12 * 60, later=False, worth=worth),)
