"""Cold on the face for up to 30 seconds: the body's brake. For panic and rage, 8 to 10. Behind a medical gate.

Always with free breathing: a wrapped pack or a wet cloth, never the face under water, never ice on skin, never in a bath.
At most twice in a row. Idea and cautions: TIPP skill, Linehan 2015, DBT Skills Training, distress tolerance. Own words.
"""

from __future__ import annotations

from bot.flow import Say
from handlers.cards.card import CALLED, DONE, NOT_TODAY, Card, Opened, Part, medical_gate, pick, step, stopped_early, timer


def run(opened: Opened) -> Part:
    answer = yield from medical_gate("cold")
    if answer not in ("none", "cleared"):
        yield Say(f"skills.gate.say_{answer}")
        return NOT_TODAY
    way = yield pick("tipp_temperature", "way", "pack", "cloth")
    yield Say("skills.stop_if")
    yield step(f"ready_{way}", "skills.button.start")
    if (yield timer("cold", 30)) == "stopped" and (yield from stopped_early()):
        return CALLED
    yield step("rest", fresh=True)
    return DONE


CARD = Card("tipp_temperature", "distress", run, gate="cold", quick=True, most=2)
