"""Opposite action: when a feeling does not fit the facts, do the opposite of what it wants, all the way.

Not where fear is justified: someone who may hurt them, or a place where they might use. Idea: Linehan 2015, DBT Skills
Training, emotion regulation. Own words.
"""

from __future__ import annotations

from bot.flow import Say
from handlers.cards.card import DONE, HELP, NOT_TODAY, STOPPED, Card, Opened, Part, pick, step

FEELINGS = ("fear", "shame", "sadness", "anger")


def run(opened: Opened) -> Part:
    feeling = yield pick("opposite_action", "feeling", *FEELINGS, columns=2)
    danger = yield pick("opposite_action", "danger", "no", "person", "place")
    if danger != "no":
        yield Say(f"skills.opposite_action.real_{danger}")
        if (yield pick("opposite_action", "safe", "safe", "help")) == "help":
            return HELP
        return NOT_TODAY
    if (yield pick("opposite_action", "fits", "no", "yes")) == "yes":
        yield Say("skills.opposite_action.it_fits")
        return NOT_TODAY
    act = yield pick("opposite_action", feeling, "one", "two", "three")
    yield Say(f"skills.opposite_action.{feeling}.chosen_{act}")
    if (yield pick("opposite_action", "do", "did", "not_now")) == "not_now":
        return STOPPED
    yield step("all_the_way", fresh=False)
    return DONE


CARD = Card("opposite_action", "distress", run, instead=("stop", "grounding_54321"))
