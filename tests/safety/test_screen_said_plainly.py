"""A failing body, violence, voices, another's danger, as people say it straight out: it pages by rule; the harmless twin does not."""

from __future__ import annotations

import pytest

from safety.heard import Level
from safety.rules import load_rules
from safety.screen import by_rules

PAGES = (
    "bp's 210 over 120, seeing double vision",
    "pulse is going 180 just sitting here",
    "sliced the tip of my thumb off",
    "the dts have started",
    "a rattler just bit me",
    "can someone bring narcan, please",
    "how do you do cpr on a baby",
    "necked a load of my nan's tablets",
    "chewed a fentanyl patch",
    "her lungs are shutting down, help",
    "uncle's waving a machete around",
    "busted the bedroom door in, please",
    "he won't quit punching me",
    "she's poisoning my food",
    "my stepmom whips me every night",
    "I'm scared for my life",
    "mugged at knifepoint an hour ago",
    "gonna set my landlord on fire",
    "I'm going to knife him",
    "bought petrol to burn my uncle",
    "I drew a knife on my cousin",
    "i smacked my baby so hard",
    "the devil says choke yourself",
    "got to claw my eyes out",
    "the voice says drive off the pier",
    "plastered and behind the wheel",
    "she drove drunk, she's driving with the kids, wasted",
    "my uncle's hanging from a beam",
    "auntie's in the garage with the engine running",
    "my cousin has a rifle in his mouth",
    "my nephew just hung himself, help",
)
SILENT = (
    "bp's textbook, one eighteen over seventy six, doctor's happy",
    "I sliced the top of the loaf off",
    "the narcan training is on Tuesday",
    "we learned how CPR works in class",
    "meds are working, thanks",
    "uncle's waving a flag around",
    "they busted the myth about doors",
    "he won't stop humming",
    "beats me why he left",
    "my stepmom whips cream every night",
    "going to knit him a scarf",
    "bought petrol to mow the lawn",
    "I drew a knife on paper in art group",
    "the radio says drive slowly on the pier",
    "sober and behind the wheel",
    "my coat's hanging in the garage",
    "auntie's in the garage with the paint",
    "my cousin has a whistle in his mouth",
)


@pytest.mark.parametrize("text", PAGES)
def test_said_plainly_pages(text: str) -> None:
    assert by_rules(load_rules(), text).level >= Level.HIGH


@pytest.mark.parametrize("text", SILENT)
def test_the_harmless_twin_stays_silent(text: str) -> None:
    assert by_rules(load_rules(), text).level < Level.HIGH
