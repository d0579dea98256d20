"""What is said straight out, in English, about suicide and self-harm is paged; what only sounds like it is not."""

from __future__ import annotations

import pytest

from safety.heard import Level
from safety.rules import load_rules
from safety.screen import by_rules

PAGED = (
    "I'll pour petrol over myself and set myself alight",
    "I've got the noose",
    "there's a revolver in my nightstand",
    "Took grandad's shotgun down from the attic",
    "the rifle is across my knees",
    "unlocked the gun cabinet",
    "razor's against my wrist right now",
    "holding the blade and I can't put it down",
    "noose is tied to the beam",
    "van is running and the garage is shut",
    "fitted a hose to the exhaust",
    "I'm up on the overpass",
    "Shift ends at ten. Then the bridge.",
    "slit both wrists, lying in the bathtub",
    "I've already started and there's no going back",
    "I've decided on a date",
    "I chose Wednesday because nobody is home",
    "I don't intend to be alive by spring",
    "I don't plan on waking up",
    "I can't promise anything past tonight",
    "They asked if I can stay safe. I can't say that.",
    "please tell my boys I loved them",
    "Goodbye everybody. You did what you could.",
    "give my chair to somebody who wants to live",
    "finished the letters. One for each of my girls",
    "I don't want my sister to be the one who finds me",
    "left the back door open so the police find me before she does",
    "catching the bus tonight, if you know what I mean",
    "I steered at the wall on purpose",
    "my flatmate walked in on me trying",
    "I tried and lived",
    "kept the tablets they told me to hand over",
    "skipping doses so there's enough",
    "I won't be here to see it",
    "everyone says I slipped. I didn't slip",
    "it isn't true that I don't want to die",
    "not a night passes that I don't think about killing myself",
    "I see myself stepping off the platform, over and over, myself under the train",
    "my mind keeps going back to the rope",
    "can't stop cutting",
    "Did it again. Left thigh this time.",
    "held my palm on the stove on purpose",
)

SILENT = (
    "I said goodbye to everybody at work, last day before vacation",
    "we set fire to the old sofa in the yard",
    "the rope for the swing is in the shed with the ladder",
    "there's a knife in the drawer if you want cake",
    "took the kettle out of its box",
    "parked the van in the garage and turned the radio up",
    "stuck on the overpass, traffic again",
    "then the bridge was closed and we had to go round",
    "I've already started the course and I can't wait",
    "we picked a date for the wedding",
    "I picked Wednesday for the dentist",
    "I don't plan on being here long, just dropping off the forms",
    "they asked if the ladder was safe. No.",
    "tell my group I'll be ten minutes late",
    "goodbye everyone, see you Tuesday",
    "give my chair to somebody with a bad back",
    "answered the letters from the bank",
    "left the back door open so the dog can get in",
    "catching the bus tonight, home by nine",
    "I tried and failed to bake bread",
    "counted the tablets for the organizer",
    "everyone says I slipped up on the invoice. I did.",
    "I won't be here tomorrow, dentist appointment",
    "can't stop cutting corners on sleep",
    "did it again. Left the keys in the fridge",
)


@pytest.mark.parametrize("text", PAGED)
def test_what_is_said_plainly_is_paged(text: str) -> None:
    assert by_rules(load_rules(), text).level >= Level.HIGH


@pytest.mark.parametrize("text", SILENT)
def test_what_only_sounds_like_it_is_not(text: str) -> None:
    assert by_rules(load_rules(), text).level < Level.HIGH


@pytest.mark.parametrize(
    "text",
    [
        "I'm going to do it on Friday",
        "tonight is the night",
    ],
)
def test_what_may_mean_anything_is_asked_about(text: str) -> None:
    assert by_rules(load_rules(), text).level is Level.CONCERN
