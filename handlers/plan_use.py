"""The safety plan in a bad hour: one step at a time, the next one only when this one did not help, and at the end a person.

The warning signs are no step to try, so they stand above the first. A way to a person is on every screen.
"""

from __future__ import annotations

from typing import Any

from bot.flow import Ask, Choice, Danger, Do, Flow, Me, Read, Say, Talking
from bot.flow.commands import StartFlow
from handlers.plan_steps import ALWAYS, SIGNS, SURROUNDINGS, WORTH_LIVING, Mine, Part, of_step, show, show_all

TRY = ("helped", "next", "all", "sos")
END = ("sos", "ground", "helped", "close")


def use(me: Me) -> Talking:
    mine = yield Read("plan.mine")
    yield from show(mine, SIGNS)
    for step in range(SIGNS + 1, SURROUNDINGS + 1):
        if not of_step(mine, step) and step != ALWAYS:
            continue
        yield from show(mine, step)
        did = yield Ask(f"try_{step}", _choice(TRY), words="plan.try" if step != SURROUNDINGS else "plan.try_surroundings")
        if did == "next":
            continue
        if did == "all":
            yield from show_all(mine)
            yield from _end("plan.all_shown")
        else:
            yield from _settle(did)
        return
    yield from _a_person(mine)
    yield from show(mine, WORTH_LIVING)
    yield from _end("plan.end")


def _choice(ways: tuple[str, ...]) -> Choice:
    return Choice(of=tuple((way, f"plan.use.{way}") for way in ways))


def _a_person(mine: Mine) -> Part:
    """The first words of the last screen: whom to call now."""
    lines = mine["lines"]
    yield Say("plan.a_person", {"line": lines["line"], "emergency": lines["emergency"]}) if mine["known"] else Say("plan.a_person_unknown")


def _end(words: str) -> Part:
    yield from _settle((yield Ask("end", _choice(END), words=words)))


def _settle(did: str) -> Part:
    if did == "sos":
        yield Danger("high", "sos")
    elif did == "ground":
        yield Do(StartFlow("skill", {"card": "grounding_54321", "calm": True}))
    else:
        yield Say("plan.helped" if did == "helped" else "plan.use_closed")


def worth(me: Me, answers: dict[str, Any]) -> bool:
    """It is opened anew in one tap, from its beginning."""
    return False


FLOWS = (Flow("plan_use", use, expires=12 * 60, later=False, worth=worth),)
