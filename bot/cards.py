"""Which crisis card fits what was heard, in which language, and with which lines on it. Numbers come from the registry alone."""

from __future__ import annotations

from collections.abc import Collection

from content import hotlines
from content.library import Words

CARDS = {
    "self_harm": "crisis.card_self_harm",
    "overdose": "crisis.card_overdose",
    "medical": "crisis.card_medical",
    "withdrawal": "crisis.card_withdrawal",
    "violence": "crisis.card_violence",
    "harm_to_others": "crisis.card_others",
}
WRONG_DOSE = "overdose.wrong_dose"
"""The rule that hears a dose taken by mistake: the poison line comes first, where the country has one."""
UNCLEAR = "learned.grave"
"""What no rule knows and reads grave: nobody knows yet of what kind."""
PURPOSES = {"violence": "violence"}
"""The purpose of the line on a track's card, where it is not the suicide line."""
SPANISH, SPANISH_TRACKS = "es", ("overdose", "medical", "withdrawal", "violence")


def choose(track: str, rule: str, country: str) -> list[str]:
    """The items of the card for a track, best known by the rule that heard it ("" for a button), in this order."""
    if hotlines.emergency_number(country) is None:
        return ["crisis.card_unknown_country"]
    poison = bool(poison_line(country))
    if in_spanish(rule):
        if rule.endswith(UNCLEAR):
            return ["crisis.es.card_unclear"]
        first = f"crisis.es.card_{track}" if track in SPANISH_TRACKS else "crisis.es.card"
        return [first, "crisis.es.poison"] if track == "overdose" and poison else [first]
    if rule == WRONG_DOSE and poison:
        return ["crisis.card_poison"]
    if rule == UNCLEAR:
        return ["crisis.card_unclear"]
    words = CARDS.get(track, "crisis.card")
    return [words, "crisis.poison"] if track == "overdose" and poison else [words]


def in_spanish(rule: str) -> bool:
    """Whether it was a Spanish frame that heard it."""
    return rule.split(".")[0] == SPANISH


def poison_line(country: str) -> str:
    """The number of the country's poison line; empty where none is known."""
    rows = (row for row in hotlines.of_country(country) if row.purpose == "poison" and row.confidence != "low")
    return next((row.number for row in rows), "")


def spanish_way(words: Words, country: str, confirmed: Collection[str] = (), purpose: str = "suicide") -> str:
    """How to reach the country's Spanish-speaking line, in Spanish; empty where none is known."""
    for row in hotlines.lines(country, purpose, confirmed):
        if row.language != SPANISH or not row.number:
            continue
        word, _, to = row.text.partition(" to ")
        if row.press and to:
            return words.text("crisis.es.way_press_text", number=row.number, press=row.press, word=word, to=to)
        return words.text("crisis.es.way", number=row.number)
    return ""
