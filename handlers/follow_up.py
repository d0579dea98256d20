"""The day after danger: what follows from the answer to how they are. `me.start`: {"about": track, "answer": well, unwell or skip}."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Do, Flow, Me, Read, Say, Talking, scoped
from bot.flow.commands import KeepConcern, NoteStaff, StartFlow
from handlers import worries
from handlers.concern import LEVELS, ask_directly, left
from handlers.consent import ask_optional

ANSWERS = ("well", "unwell")


def asks_about_dying(about: str) -> bool:
    """Whether the question of the day after is about thoughts of dying; else it is whether they are safe."""
    return about not in worries.FIRST or about == "self_harm"


def follow_up(me: Me) -> Talking:
    answer = me.start["answer"]
    if answer == "well":
        yield Do(NoteStaff("follow_up", "well"))
        yield Say("crisis.concern.reply_no")
    elif answer == "skip":
        yield Do(KeepConcern("skipped"))
        yield Say("crisis.concern.reply_skip")
    elif (yield from _unwell(me)):
        return  # the crisis card is up
    known = yield Read("care.notes")
    if known["ask"]:  # a talk of its own: who leaves that question unanswered has answered this one
        yield Do(StartFlow("short_notes", {"clinic": known["clinic"]}))


def short_notes(me: Me) -> Talking:
    """Whether short notes may come now and then. `me.start`: {"clinic": its name}."""
    allowed = yield from scoped("consent.caring", ask_optional("caring", str(me.start["clinic"])))
    yield Say("care.thanks" if allowed else "care.declined")


def _unwell(me: Me) -> Generator[Any, Any, bool]:
    """Evaluates to whether it was danger."""
    if asks_about_dying(str(me.start["about"])):
        return (yield from ask_directly(me, {"wish": "yes"})) in LEVELS
    ended = yield from worries.first(me)
    if ended == worries.DIRECTLY:
        return (yield from ask_directly(me)) in LEVELS
    return bool(ended == worries.DANGER)


def keep(me: Me, answers: dict[str, Any]) -> KeepConcern:
    """What is kept of questions that were left; a "yes" to the first one counts as the wish."""
    wish = {"wish": "yes"} if asks_about_dying(str(me.start["about"])) else {}
    return left(wish | {key.rpartition("/")[2]: answer for key, answer in answers.items()})


FLOWS = (
    Flow("follow_up", follow_up, expires=12 * 60, later=False, partial=keep),
    Flow("short_notes", short_notes, expires=12 * 60, later=False),
)
