"""The kind, direct question after words that worry: its answers, not the words, decide what happens next.

Order of the answers follows the C-SSRS screener's first questions (https://cssrs.columbia.edu); the wording is our own.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Danger, Flow, Me, Say, Talking
from bot.flow.commands import NoteStaff
from bot.flow.effects import Do

ANSWERS = (
    ("no", "crisis.concern.no"),
    ("sometimes", "crisis.concern.sometimes"),
    ("yes", "crisis.concern.yes"),
    ("skip", "crisis.concern.skip"),
)


def concern(me: Me) -> Talking:
    yield from ask_directly(me)


def ask_directly(me: Me) -> Generator[Any, Any, str]:
    """Ask, and act on the answer, which is also handed back. A skipped answer is not a "no": staff see that it was skipped."""
    answer = yield Ask("question", Choice(of=ANSWERS), words="crisis.concern_question")
    if answer == "yes":
        yield Danger("high", "said_yes")
    elif answer == "sometimes":
        yield Danger("concern", "sometimes_no_plan")
        yield Say("crisis.concern.reply_sometimes")
    elif answer == "skip":
        yield Do(NoteStaff("concern", "skipped"))
        yield Say("crisis.concern.reply_skip")
    else:
        yield Say("crisis.concern.reply_no")
    return str(answer)


FLOWS = (Flow("concern", concern, expires=12 * 60, later=False),)
