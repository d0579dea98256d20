"""Paired muscle relaxation: tense a part for 5 seconds, let go for 10, through the body. For tension and before sleep.

Where the medical gate finds something, only light tension; fewer parts for those who want to leave parts out. The hips and
the neck are never named. Idea: Jacobson's progressive relaxation; TIPP skill, Linehan 2015, DBT Skills Training. Own words.
"""

from __future__ import annotations

from bot.flow import Say
from handlers.cards.card import CALLED, DONE, STOPPED, Card, Opened, Part, medical_gate, pick, step, stopped_early, timer

TENSE, RELEASE, ROUNDS = 5, 10, 2
PARTS = {
    "all": ("hands", "arms", "face", "shoulders", "legs", "feet"),
    "few": ("hands", "face", "feet"),
}


def run(opened: Opened) -> Part:
    light = (yield from medical_gate("tension")) not in ("none", "cleared")
    parts = PARTS[(yield pick("muscle_relaxation", "parts", "all", "few"))]
    yield Say("skills.stop_if")
    yield step("ready_light" if light else "ready", "skills.button.start")
    words = "skills.muscle_relaxation.round_light" if light else "skills.muscle_relaxation.round"
    ended = yield timer("round", ROUNDS * len(parts) * (TENSE + RELEASE), *_plan(parts), words=words)
    if ended == "stopped" and (yield from stopped_early()):
        return CALLED
    return DONE if ended == "ended" else STOPPED


def _plan(parts: tuple[str, ...]) -> list[tuple[str, int]]:
    return [
        phase
        for part in parts
        for phase in ((f"skills.muscle_relaxation.tense.{part}", TENSE), ("skills.muscle_relaxation.release", RELEASE))
    ]


CARD = Card("muscle_relaxation", "distress", run, gate="tension")
