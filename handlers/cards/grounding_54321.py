"""5-4-3-2-1: back to this room through the senses. For panic, flashbacks, feeling far away, and after a crisis card.

Smell and taste may be left out, since they can bring a memory back. Idea: sensory grounding, SAMHSA TIP 57. Own words.
"""

from __future__ import annotations

from bot.flow import Ask, Text
from handlers.cards.card import DONE, Card, Opened, Part, step

SENSES = ("see", "feel", "hear")


def run(opened: Opened) -> Part:
    """Typing the things is as good as tapping; what is typed here goes nowhere."""
    for sense in SENSES:
        yield _sense(sense, ("next", f"skills.grounding_54321.{sense}.button"))
    skip = ("skip", "skills.grounding_54321.skip")
    smelled = yield _sense("smell", ("next", "skills.grounding_54321.smell.button"), skip)
    if smelled != ["skip"]:
        yield _sense("taste", ("next", "skills.grounding_54321.taste.button"), skip)
    yield step("here", "skills.grounding_54321.here.button")
    return DONE


def _sense(key: str, *buttons: tuple[str, str]) -> Ask:
    return Ask(key, Text(of=buttons))


CARD = Card("grounding_54321", "distress", run, instead=("paced_breathing", "stop"), quick=True)
