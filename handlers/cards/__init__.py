"""The skill cards, one a file. Each is done step by step, not read; its words are `skills.<card>.*` in content."""

from __future__ import annotations

from handlers.cards import (
    grounding_54321,
    muscle_relaxation,
    opposite_action,
    paced_breathing,
    play_the_tape,
    stop,
    thought_record,
    tipp_exercise,
    tipp_temperature,
    urge_surfing,
)
from handlers.cards.card import Card

CARDS: dict[str, Card] = {
    module.CARD.id: module.CARD
    for module in (
        stop,
        grounding_54321,
        tipp_temperature,
        paced_breathing,
        tipp_exercise,
        muscle_relaxation,
        urge_surfing,
        play_the_tape,
        thought_record,
        opposite_action,
    )
}
"""Every card by id, the quick ones first: the order of the list."""

__all__ = ["CARDS", "Card"]
