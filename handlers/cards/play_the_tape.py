"""Play the tape forward: past the first good hour to the night, the morning and the week, and then the other ending.

It always ends on the other ending, and may go there at once, so that nobody is left with shame. For romanticising, and a
decision that hangs. Idea: SAMHSA Matrix Intensive Outpatient Treatment manuals. Own words.
"""

from __future__ import annotations

from bot.flow import Ask, Text
from handlers.cards.card import DONE, Card, Opened, Part, keep_typed

SCENES = ("hour", "night", "morning", "week")
OTHER = ("other", "other_morning")


def run(opened: Opened) -> Part:
    typed = {}
    for scene in SCENES:
        typed[scene] = answer = yield _scene(scene, ("other", "skills.play_the_tape.to_other"))
        if answer == ["other"]:
            break
    for scene in OTHER:
        typed[scene] = yield _scene(scene)
    yield from keep_typed(opened.me, "play_the_tape", typed)
    return DONE


def _scene(key: str, *more: tuple[str, str]) -> Ask:
    return Ask(key, Text(of=(("next", "skills.play_the_tape.seen"), *more)))


CARD = Card("play_the_tape", "craving", run, instead=("urge_surfing", "stop"))
