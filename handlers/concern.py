"""The kind, direct questions after words that worry: their answers, not the words, decide what happens next.

Their order follows the C-SSRS screener (https://cssrs.columbia.edu): the wish to be dead, thoughts; after thoughts a method,
intent and plan; what was ever done, and when. The wording is our own, one question a screen, each of which may be skipped.
Intent, a plan, or something done within three months goes the same way as danger. Words about something else than dying are
asked about first as what they are (`handlers.worries`).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from bot.flow import Ask, Choice, Danger, Do, Flow, Me, Read, Say, Talking
from bot.flow.commands import KeepConcern
from handlers import worries

ANSWERS = (
    ("no", "crisis.concern.no"),
    ("sometimes", "crisis.concern.sometimes"),
    ("yes", "crisis.concern.yes"),
    ("skip", "crisis.concern.skip"),
)
"""The one question of a check-in after a low mood."""
NO, _, YES, SKIP = ANSWERS
YES_NO = (NO, YES, SKIP)
INTENT = (*((how, f"crisis.concern.intent.{how}") for how in ("no", "some", "plan")), SKIP)
PAST = (*((when, f"crisis.concern.past.{when}") for when in ("never", "older", "recent")), SKIP)

LEVELS = {"plan_intent": "imminent", "some_intent": "high", "recent_behaviour": "high"}
"""What the answers may come to that means danger, with its level."""
TODAY = ("method", "behaviour_older")
"""What staff should see the same day."""


def concern(me: Me) -> Talking:
    if me.start.get("spanish"):
        yield from worries.in_spanish()
    if (yield from worries.first(me)) == worries.DIRECTLY:
        yield from ask_directly(me)


def ask_directly(me: Me, told: Mapping[str, str] | None = None) -> Generator[Any, Any, str]:
    """Ask, act on the answers, and hand back what they came to (see `settled`). `told`: what was answered elsewhere already."""
    so_far = dict(told or {})
    for key, options in (("wish", YES_NO), ("thoughts", YES_NO), ("method", YES_NO), ("intent", INTENT), ("past", PAST)):
        if key in so_far or (key in ("method", "intent") and so_far.get("thoughts") != "yes"):
            continue
        so_far[key] = yield Ask(key, Choice(of=options, direct=True), words=f"crisis.concern.{key}")
        if (found := settled(so_far)) in LEVELS:
            yield Danger(LEVELS[found], found)
            return found
    found = settled(so_far)
    if found == "none":
        yield Say("crisis.concern.reply_no")
    elif found == "skipped":
        yield Do(KeepConcern(found))
        yield Say("crisis.concern.reply_skip")
    elif found in TODAY:
        told_today = yield Do(KeepConcern(found, today=True))
        yield Say("crisis.concern.reply_method", (yield Read("crisis.ways", {"purpose": "suicide"})))
        yield Say("crisis.worry.told" if told_today else "crisis.worry.seen")
    else:
        yield Do(KeepConcern(found))
        yield Say("crisis.concern.reply_sometimes")
    return found


def settled(told: Mapping[str, str]) -> str:
    """What the answers so far come to, the gravest first; a skip is not a "no"."""
    if told.get("intent") == "plan":
        return "plan_intent"
    if told.get("intent") == "some":
        return "some_intent"
    if told.get("past") == "recent":
        return "recent_behaviour"
    if told.get("method") == "yes":
        return "method"
    if told.get("past") == "older":
        return "behaviour_older"
    for answer in ("thoughts", "wish"):
        if told.get(answer) == "yes":
            return answer
    return "skipped" if "skip" in told.values() else "none"


def keep(me: Me, answers: dict[str, Any]) -> KeepConcern | None:
    """None once a first question has its answer, which staff have, and only something to try is offered."""
    told = {key.rpartition("/")[2]: answer for key, answer in answers.items()}
    return None if ("use", told.get("first_use")) in worries.CLOSE_CALLS else left(told)


def left(told: Mapping[str, str]) -> KeepConcern:
    """What is kept of questions that were left: the gravest of what was answered, and else that they were left.

    "I don't want to live", tapped where something else was asked, counts as the wish until that is answered itself.
    """
    found = settled({"wish": "yes", **told} if worries.DARK in told.values() else told)
    return KeepConcern("unanswered") if found in ("none", "skipped") else KeepConcern(found, today=found in TODAY)


FLOWS = (Flow("concern", concern, version=2, expires=12 * 60, later=False, partial=keep),)
