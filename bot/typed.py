"""What somebody types while a question waits: its answer in words, or a hint how to answer it."""

from __future__ import annotations

from typing import Any

from bot.flow import Ask, Choice, FlowError, Given, Log, Me, Number, Question, Scale, Several, Text, TimeOfDay, YesNo
from bot.flow import replay as replay_flow
from bot.flow.effects import Effect
from bot.sitting import Sitting
from handlers import FLOWS
from handlers.worries import INBOX_ALONE
from storage import talks
from storage.talks import TalkRow

LOOKS_LIKE_A_NUMBER = 8
"""Typed text with a digit and at most this long was meant as the answer to a question with buttons."""


def as_tap(s: Sitting, row: TalkRow, given: Given) -> Given:
    """Someone who types the very words of a button means that button ("yes" to a question with yes and no). Free text is free, but for
    "skip" where there is such a button; and "yes" or "no" answers nothing where something else was asked since, least of all a question
    about their safety: whoever meant a reminder has not said that they are safe."""
    question = question_of(row) if given.kind == "text" else None
    if question is None:
        return given
    typed = plain(given.value)
    if question.optional and typed == s.words.text("button.skip").casefold():
        return Given("skip")
    if isinstance(question, Text | Several):
        return given
    meant = [o.value for o in question.options() if not o.literal and s.words.text(o.label).casefold() == typed]
    meant += [value for words, value in question.said if words == typed] if isinstance(question, YesNo) else []
    yes_or_no = isinstance(question, YesNo) or _about_safety(question)
    if not meant or (yes_or_no and row.prompt is not None and talks.asked_since(s.u, s.chat, row.prompt)):
        return given
    return Given("tap", meant[0])


def plain(words: str) -> str:
    """Words as they are compared with those of a button."""
    return words.strip(" .!¡").casefold().replace("’", "'")


def hint(s: Sitting, row: TalkRow, text: str) -> tuple[str, dict[str, Any]] | None:
    """How to answer the question that waits, for text that was plainly meant as its answer; None when it was not."""
    question = question_of(row)
    if isinstance(question, Text) and len(text) > question.limit:
        return "bot.too_long", {"limit": question.limit}
    if len(text) > LOOKS_LIKE_A_NUMBER or not any(sign.isdigit() for sign in text):
        return None
    match question:
        case Scale(low=low, high=high):
            return "bot.needs_scale", {"low": low, "high": high}
        case Number(low=low, high=high):
            return "bot.needs_number", {"low": low, "high": high}
        case TimeOfDay():
            return "bot.needs_time", {}
        case Choice() | Several() | YesNo():
            return "bot.needs_tap", {}
    return None


def asks_fact(row: TalkRow) -> bool:
    """Whether a name or a number is asked for, and not something to say."""
    question = question_of(row)
    return isinstance(question, Text) and question.fact


def takes_any(row: TalkRow) -> bool:
    """Whether words of their own are asked for, to whatever effect."""
    question = question_of(row)
    return isinstance(question, Text) and not question.fact


def asks_directly(row: TalkRow, text: str) -> str | None:
    """The key of the question about their safety that a talk waits at, where this answers it in words; a bare number does not."""
    ask = _ask_of(row)
    return ask.key if ask is not None and _about_safety(ask.question) and not text.strip().isdecimal() else None


def waits_for_safety(row: TalkRow) -> bool:
    """Whether a talk waits at a question about their safety; a return to use, or somebody else's danger, leaves the days as they are."""
    key = asks_directly(row, "")
    return key is not None and key.removeprefix("first_") not in INBOX_ALONE


def _about_safety(question: Question | None) -> bool:
    return isinstance(question, Choice) and question.direct


def question_of(row: TalkRow) -> Question | None:
    ask = _ask_of(row)
    return ask.question if ask is not None else None


def _ask_of(row: TalkRow) -> Ask | None:
    """The question a talk waits at, found without doing anything."""

    def perform(effect: Effect, key: str) -> Any:
        raise LookupError("nothing is done while only looking")

    try:
        step = replay_flow(FLOWS[row.flow], Me.from_json(row.body["me"]), Log.from_json(row.body["log"]), perform)
    except (FlowError, LookupError):
        return None
    return step.ask
