"""What people say straight out of an emergency, of violence, of voices or of somebody else pages by rule; its harmless twin does not."""

from __future__ import annotations

import pytest

from safety.heard import Level
from safety.rules import load_rules
from safety.screen import by_rules

PAGES = (
    "he's got a machete",
    "there's a stranger in our kitchen, please",
    "he's pinning me down",
    "stepdad is wailing on my sister",
    "he'll hurt me if he sees this",
    "she laid the pistol on the table",
    "can't talk, he's in the next room",
    "I want to strangle my mother in law",
    "i think i killed him",
    "splashed petrol over his doorway",
    "i will break his kneecaps",
    "God demands my finger",
    "i have to gouge out my eye",
    "the voice says the balcony",
    "evil is in my daughter",
    "uncle is on the floor and not responding",
    "Grandpa's on the stairs.\nWhite.\nNot moving",
    "sicked up brown stuff, like vomiting coffee grounds",
    "swallowed a fortnight's worth of tablets",
    "i shot up just now and my breathing is slow",
    "my usual dose as before jail and i feel weird",
    "my nephew says he's going to shoot himself and he isn't picking up",
    "my aunt has a belt round her neck",
    "her husband says nobody will see the kids alive",
    "off valium three days, can't tell what's real",
)
SILENT = (
    "he has a knife set from his gran",
    "there's a man in the garden show I watch",
    "he's taking the door off to plane it",
    "I want to beat my brother at darts",
    "I splashed gas on my shoes at the pump",
    "the insurance will pay for what we need",
    "God wants my best effort",
    "he says the bridge is closed until May",
    "my manager was replaced in June",
    "the dog is on the floor and snoring",
    "the kids are on the floor with a puzzle",
    "I brewed coffee, grounds everywhere",
    "picked up a month's worth of vitamins",
    "same amount of sugar as before, cake was fine",
    "nephew says he's going to shoot hoops",
    "she told me she might be late tomorrow",
    "texting in the bathroom, kids won't leave me alone",
)


@pytest.mark.parametrize("text", PAGES)
def test_said_straight_out_pages(text: str) -> None:
    assert by_rules(load_rules(), text).level >= Level.HIGH


@pytest.mark.parametrize("text", SILENT)
def test_its_harmless_twin_does_not(text: str) -> None:
    assert by_rules(load_rules(), text).level < Level.HIGH
