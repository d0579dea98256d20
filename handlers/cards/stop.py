"""STOP: freeze, step back, look, and take one wise step. For an urge to act right now.

Idea: STOP skill, Linehan 2015, DBT Skills Training, distress tolerance. Own words.
"""

from __future__ import annotations

from handlers.cards.card import DONE, Card, Opened, Part, pick, step, timer


def run(opened: Opened) -> Part:
    yield step("freeze", "skills.stop.freeze.button")
    yield timer("back", 60, ("skills.breathe_in", 4), ("skills.breathe_out", 6))
    yield pick("stop", "observe", "thought", "feeling", "body", "around", columns=2, fresh=True)
    chosen = yield pick("stop", "proceed", "leave", "call", "wait", "plan")
    yield step(f"go_{chosen}", "skills.stop.go.button")
    return DONE


CARD = Card("stop", "distress", run, quick=True)
