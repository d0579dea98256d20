"""Urge surfing: stay with a craving as with a wave, and watch it change. For cravings of 3 to 8.

At 9 and 10, or with the substance within reach, distance and a person come first. Idea: Marlatt & Gordon 1985, Relapse
Prevention; Bowen et al. 2009, mindfulness-based relapse prevention. Own words.
"""

from __future__ import annotations

from bot.flow import Say
from handlers.cards.card import DONE, HELP, STOPPED, Card, Opened, Part, pick, timer

LEAVE_FIRST = 9
WAVES = {
    "3": (("notice", 30), ("breathe", 60), ("watch", 60), ("return", 30)),
    "10": (("notice", 60), ("breathe", 120), ("rise", 120), ("watch", 120), ("space", 120), ("return", 60)),
}
"""What to do in which part of the ride: (key, seconds)."""


def run(opened: Opened) -> Part:
    high = opened.before is not None and opened.before >= LEAVE_FIRST
    if (high or (yield pick("urge_surfing", "reach", "no", "yes")) == "yes") and not (yield from _leave_first()):
        return HELP
    yield pick("urge_surfing", "where", "chest", "belly", "mouth", "hands", "head", "all", columns=3)
    minutes = yield pick("urge_surfing", "minutes", "3", "10", columns=2)
    plan = ((f"skills.urge_surfing.wave.{key}", seconds) for key, seconds in WAVES[minutes])
    ended = yield timer("ride", int(minutes) * 60, *plan)
    return DONE if ended == "ended" else STOPPED


def _leave_first() -> Part:
    """Distance, then a person. False when they would rather have help now."""
    if (yield pick("urge_surfing", "leave", "left", "cannot")) == "cannot":
        yield Say("skills.urge_surfing.stay_with_someone")
    return (yield pick("urge_surfing", "call", "called", "later", "help")) != "help"


CARD = Card("urge_surfing", "craving", run, instead=("stop", "paced_breathing"))
