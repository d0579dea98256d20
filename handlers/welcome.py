"""The first conversation: what this is and is not, what someone agrees to, and how they want it.

Consent comes before anything that is stored. Every answer is saved as it is given, so a welcome that is left half-way loses
nothing; "later" and /start take it up again.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking, scoped
from bot.flow.commands import LeaveProgram, ShowHome
from handlers.consent import ask_each, ask_program
from handlers.phone import ask_name, ask_phone
from handlers.place import ask_place
from handlers.times import ask_check_ins, ask_discreet, ask_quiet

NEXT = Choice(of=(("next", "button.next"),))


def welcome(me: Me) -> Talking:
    facts = yield Read("welcome.facts")
    yield from _what_this_is(facts)
    agreed = yield from scoped("consent.program", ask_program(me, facts["clinic"]))
    if not agreed:
        yield Do(LeaveProgram())
        yield from _goodbye(facts)
        return
    yield from ask_each(me, facts["clinic"])
    yield from scoped("profile.name", ask_name(me))
    yield from scoped("profile.phone", ask_phone(me))
    yield from ask_place(me)
    yield from scoped("profile.check_ins", ask_check_ins(me))
    yield from scoped("profile.quiet", ask_quiet(me))
    yield from scoped("profile.discreet", ask_discreet(me))
    yield Do(ShowHome("welcome.done"))


def _what_this_is(facts: dict[str, Any]) -> Generator[Any, Any, None]:
    """Three short screens. The numbers are on the first."""
    numbers = {"emergency": facts["emergency"], "line": facts["line"]} if facts["known"] else {}
    first = "welcome.is" if facts["known"] else "welcome.is_unknown_country"
    yield Ask("is", NEXT, words=first, slots={"clinic": facts["clinic"], **numbers})
    hours = {"hours": facts["hours"]} if facts["cover"] == "some" else {}
    yield Ask("reads", NEXT, words=f"welcome.reads_{facts['cover']}", slots={"clinic": facts["clinic"], **hours})
    yield Ask("breaks", NEXT, words="welcome.breaks")


def _goodbye(facts: dict[str, Any]) -> Generator[Any, Any, None]:
    yield Say("welcome.declined_alert" if (yield Read("crisis.open")) else "welcome.declined")
    if facts["known"]:
        yield Say("welcome.numbers", {"emergency": facts["emergency"], "line": facts["line"]})
    else:
        yield Say("welcome.numbers_unknown_country")


FLOWS = (Flow("welcome", welcome, expires=7 * 24 * 60),)
