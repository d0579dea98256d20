"""Thought record: one situation, one thought, what speaks for and against it, and a fairer thought.

Not in distress of 8 or more, where the body has to settle first. Idea: Beck et al. 1979, Cognitive Therapy of Depression;
NIDA manual, A Cognitive-Behavioral Approach (Carroll 1998). Own words.
"""

from __future__ import annotations

from bot.flow import Ask, Number, Text
from handlers.cards.card import DONE, Card, Opened, Part, keep_typed

PERCENT = (0, 25, 50, 75, 100)


def run(opened: Opened) -> Part:
    typed = {}
    for line in ("situation", "thought"):
        typed[line] = yield Ask(line, Text(optional=True))
    before = yield _belief("belief")
    for line in ("feeling", "for", "against", "fair"):
        typed[line] = yield Ask(line, Text(optional=True))
    after = yield _belief("belief_now")
    typed["belief"] = None if before is None else str(before)
    typed["belief_now"] = None if after is None else str(after)
    yield from keep_typed(opened.me, "thought_record", typed)
    return DONE


def _belief(key: str) -> Ask:
    return Ask(key, Number(0, 100, offer=PERCENT, optional=True, columns=5))


CARD = Card("thought_record", "distress", run, instead=("grounding_54321", "paced_breathing"), calm_only=True)
