"""Short, hard movement: for anger, restlessness and craving. Behind a medical gate, and a question about today.

Idea: TIPP skill, Linehan 2015, DBT Skills Training, distress tolerance. Own words.
"""

from __future__ import annotations

from bot.flow import Say
from handlers.cards.card import CALLED, DONE, NOT_TODAY, STOPPED, Card, Opened, Part, medical_gate, pick, step, stopped_early, timer

SLOW_DOWN = 120


def run(opened: Opened) -> Part:
    """What holds today only (stimulants, withdrawal, heat, illness) is asked each time and not kept."""
    answer = yield from medical_gate("exertion")
    if answer not in ("none", "cleared"):
        yield Say(f"skills.gate.say_{answer}")
        return NOT_TODAY
    if (yield pick("tipp_exercise", "today", "none", "some")) == "some":
        yield Say("skills.tipp_exercise.not_today")
        return NOT_TODAY
    yield pick("tipp_exercise", "move", "march", "jacks", "stairs", "dance", "chair", columns=2)
    minutes = yield pick("tipp_exercise", "minutes", "2", "5", "10", columns=3)
    yield Say("skills.stop_if")
    yield step("ready", "skills.button.start")
    ended = yield timer("go", int(minutes) * 60)
    if ended == "stopped" and (yield from stopped_early()):
        return CALLED
    yield step("slow", "skills.tipp_exercise.slow.button", fresh=True)
    yield timer("slow_down", SLOW_DOWN)
    return DONE if ended == "ended" else STOPPED


CARD = Card("tipp_exercise", "distress", run, gate="exertion")
