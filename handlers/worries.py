"""The first question after words that worry, where they were not about dying: it fits what was said.

Nobody who has used is asked about death first. Each question has a way to say that it is about not wanting to live after all,
and a skip. What is said of substances and withdrawal follows public guidance (SAMHSA, Overdose Prevention and Response
Toolkit, PEP23-03-00-001; Bayard et al. 2004, Am Fam Physician 69:1443).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from bot.flow import Ask, Choice, Danger, Do, Me, Read, Say
from bot.flow.commands import KeepConcern
from handlers.skills import offer_skill

Part = Generator[Any, Any, str]
"""Evaluates to `DIRECTLY` when the direct questions follow, `DANGER` when it was danger, `SETTLED` otherwise."""
DIRECTLY, DANGER, SETTLED = "directly", "danger", "settled"

DARK, SKIP = "dark", "skip"
DANGERS = {
    ("self_harm", "hurt"): ("high", "hurt_now", "self_harm"),
    ("self_harm", "might"): ("high", "might_hurt_themselves", "self_harm"),
    ("use", "too_much"): ("imminent", "use_overdose", "overdose"),
    ("use", "body"): ("imminent", "use_medical", "medical"),
    ("use", "unsafe"): ("high", "use_other", "unknown"),
    ("violence", "unsafe"): ("high", "violence_not_safe", "violence"),
    ("others", "now"): ("high", "might_hurt_others", "harm_to_others"),
    ("withdrawal", "bad"): ("imminent", "withdrawal_signs", "withdrawal"),
    ("body", "now"): ("imminent", "body_now", "medical"),
}
"""Answers that mean danger: (level, reason, track of the card)."""
KEPT = {
    ("use", "used"): KeepConcern("used", calm=False),
    ("use", "close"): KeepConcern("near_use", calm=False),
    ("violence", "safe"): KeepConcern("violence", today=True),
    ("others", "thoughts"): KeepConcern("harm_thoughts", today=True),
    ("withdrawal", "some"): KeepConcern("withdrawal", today=True),
    ("body", "over"): KeepConcern("body", today=True),
    ("third", "now"): KeepConcern("third_now", today=True, calm=False),
    ("third", "worry"): KeepConcern("third", calm=False),
}
"""Answers that staff see, and what they see."""
CLOSE_CALLS = (("use", "used"), ("use", "close"))
"""Answers after which something to try is offered."""
INBOX_ALONE = ("use", "third")
"""A return to use, and somebody else's danger: silence to these questions waits for the next working day."""


def first(me: Me) -> Part:
    """Ask the first question that fits `me.start["about"]`, a track of the screen or "third", and act on its answer."""
    ask = FIRST.get(str(me.start.get("about")))
    return (yield from ask(me)) if ask else DIRECTLY


def in_spanish() -> Generator[Any, Any, None]:
    """The Spanish line, where the country has one, above the first question."""
    line = yield Read("crisis.spanish")
    if line:
        yield Say("crisis.es.also", {"line": line})


def _self_harm(me: Me) -> Part:
    """Those who are not about to hurt themselves are asked the direct questions too."""
    answer = yield from _answer("self_harm", ("no", "might", "hurt"), dark=False)
    ended = yield from _act(me, "self_harm", answer)
    return DIRECTLY if answer == "no" else ended


def _use(me: Me) -> Part:
    return (yield from _one(me, "use", ("used", "close", "too_much", "body", "unsafe")))


def _violence(me: Me) -> Part:
    """Who else may see this phone comes before anything is asked."""
    yield Say("crisis.worry.violence.device")
    return (yield from _one(me, "violence", ("safe", "unsafe")))


def _others(me: Me) -> Part:
    return (yield from _one(me, "others", ("no", "thoughts", "now")))


def _withdrawal(me: Me) -> Part:
    return (yield from _one(me, "withdrawal", ("ok", "some", "bad")))


def _body(me: Me) -> Part:
    return (yield from _one(me, "body", ("now", "over", "no")))


def _third(me: Me) -> Part:
    """Somebody else is in danger, as far as they know; or it is about themselves after all."""
    return (yield from _one(me, "third", ("now", "worry")))


def _one(me: Me, about: str, answers: tuple[str, ...]) -> Part:
    answer = yield from _answer(about, answers)
    return (yield from _act(me, about, answer))


def _answer(about: str, answers: tuple[str, ...], *, dark: bool = True) -> Generator[Any, Any, str]:
    of = [(answer, f"crisis.worry.{about}.{answer}") for answer in answers]
    of += [(DARK, "crisis.worry.dark")] * dark + [(SKIP, "crisis.concern.skip")]
    return str((yield Ask(f"first_{about}", Choice(of=tuple(of), direct=True), words=f"crisis.worry.{about}.ask")))


def _act(me: Me, about: str, answer: str) -> Part:
    """Danger, a line for staff, and words that fit, by the tables above."""
    if answer == DARK:
        return DIRECTLY
    if (about, answer) in DANGERS:
        level, reason, track = DANGERS[about, answer]
        yield Danger(level, reason, track)
        return DANGER
    if answer == SKIP:
        yield Do(KeepConcern("skipped"))
        yield Say("crisis.concern.reply_skip")
    elif (about, answer) in KEPT:
        told_today = yield Do(KEPT[about, answer])
        purpose = "violence" if about == "violence" else "suicide"
        yield Say(f"crisis.worry.{about}.{answer}_reply", (yield Read("crisis.ways", {"purpose": purpose})))
        yield Say("crisis.worry.told" if told_today else "crisis.worry.seen")
        if (about, answer) in CLOSE_CALLS:
            yield from offer_skill(me, "craving", None)
    elif about != "self_harm":
        yield Say("crisis.concern.reply_no")
    return SETTLED


FIRST: dict[str, Callable[[Me], Part]] = {
    "self_harm": _self_harm,
    "use": _use,
    "violence": _violence,
    "harm_to_others": _others,
    "withdrawal": _withdrawal,
    "medical": _body,
    "overdose": _body,
    "third": _third,
}
"""By what the screen heard; what is not here is asked about directly."""
