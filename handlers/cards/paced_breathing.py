"""Paced breathing: in for 4 seconds, out for 6, with a pacer. Six breaths a minute, and never a held breath.

Idea: TIPP skill, Linehan 2015, DBT Skills Training, distress tolerance. Own words.
"""

from __future__ import annotations

from handlers.cards.card import DONE, STOPPED, Card, Opened, Part, pick, step, timer


def run(opened: Opened) -> Part:
    minutes = yield pick("paced_breathing", "minutes", "2", "3", "5", columns=3)
    yield step("ready", "skills.button.start")
    ended = yield timer("pace", int(minutes) * 60, ("skills.breathe_in", 4), ("skills.breathe_out", 6))
    return DONE if ended == "ended" else STOPPED


CARD = Card("paced_breathing", "distress", run, instead=("grounding_54321", "stop"), quick=True)
