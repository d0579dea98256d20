"""What every card is made of: its facts, one step at a time, and the questions that come before it may be done."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from bot.flow import Ask, Choice, Danger, Do, Me, Read, Say, Timer, YesNo
from bot.flow.commands import SaveGate, SaveJournal
from content.library import load

Part = Generator[Any, Any, Any]

DONE, STOPPED, NOT_TODAY, HELP, CALLED = "done", "stopped", "not_today", "help", "called"
"""How a card can end: to its end; left early; not begun, because it does not suit this person or this moment; left for the
help screen; left because a person has just been called."""


@dataclass(frozen=True)
class Opened:
    """What a card is opened with. `before`: the 0-10 of the state that opened it, None when it was not given."""

    me: Me
    before: int | None = None
    round: int = 1


@dataclass(frozen=True)
class Card:
    """One skill. `scale`: "craving" or "distress", what it is measured by. `run` asks the steps and returns how it ended.

    gate: the medical question in front of it. instead: cards to offer where this one does not suit. quick: about two
    minutes at most. most: how often in a row. calm_only: not while the state is 8 or more.
    """

    id: str
    scale: str
    run: Callable[[Opened], Part]
    gate: str | None = None
    instead: tuple[str, ...] = field(default=("grounding_54321", "paced_breathing"))
    quick: bool = False
    most: int = 10
    calm_only: bool = False

    @property
    def name(self) -> str:
        """The content id of its name."""
        return f"skills.{self.id}.name"


def step(key: str, button: str = "skills.button.next", *, fresh: bool = False) -> Ask:
    """One step, closed by the patient's own tap. `fresh` where it follows a timer: a new message makes a sound."""
    return Ask(key, Choice(of=(("next", button),)), fresh=fresh)


def pick(card: str, key: str, *values: str, columns: int = 1, fresh: bool = False) -> Ask:
    """A step with a choice; the buttons' words are `skills.<card>.<key>.<value>`."""
    of = tuple((value, f"skills.{card}.{key}.{value}") for value in values)
    return Ask(key, Choice(of=of, columns=columns), fresh=fresh)


def timer(key: str, seconds: int, *plan: tuple[str, int], words: str | None = None) -> Ask:
    """A live wait of `seconds`, drawn in the message it begins in. What follows it should be `fresh`."""
    return Ask(key, Timer(seconds, plan), words=words)


def medical_gate(gate: str) -> Part:
    """Ask once in 90 days whether something speaks against this card; evaluates to "none", "cleared", "some" or "unsure".

    Only the code is kept, never which condition it is. Not sure is asked again the next time.
    """
    known = (yield Read("skills.gates")).get(gate)
    if known in ("none", "cleared"):
        return known
    if known == "some":
        of = (("same", "skills.gate.same"), ("changed", "skills.gate.changed"))
        if (yield Ask("gate_known", Choice(of=of), words=f"skills.gate.{gate}.known")) == "same":
            return "some"
    answers = tuple((answer, f"skills.gate.{answer}") for answer in ("none", "some", "cleared", "unsure"))
    answer = yield Ask("gate", Choice(of=answers), words=f"skills.gate.{gate}.ask")
    yield Do(SaveGate(gate, answer))
    return answer


def stopped_early() -> Part:
    """After a card that works on the body was stopped: whether they are all right. True when a person is being called."""
    of = (("fine", "skills.button.had_enough"), ("ill", "skills.button.feel_ill"))
    if (yield Ask("why_stopped", Choice(of=of), words="skills.why_stopped", fresh=True)) == "fine":
        return False
    lines = yield Read("skills.lines")
    if lines["known"]:
        yield Say("skills.feel_ill", {"emergency": lines["emergency"]})
    else:
        yield Say("skills.feel_ill_unknown_country")
    of = (("passing", "skills.button.passing"), ("help", "skills.button.need_help"))
    if (yield Ask("ill", Choice(of=of), words="skills.feel_ill_now")) == "passing":
        return False
    yield Danger("high", "skill_feel_ill", "medical")
    return True


def keep_typed(me: Me, card: str, typed: dict[str, Any]) -> Part:
    """Offer to keep what was typed as one private journal entry. Without a yes nothing of it is kept."""
    lines = [(key, answer) for key, answer in typed.items() if isinstance(answer, str)]
    if not lines or not (yield Ask("keep", YesNo("skills.button.keep", "skills.button.leave"), words="skills.keep")):
        return
    words = load(me.language)
    entry = "\n\n".join(words.text(f"skills.{card}.line.{key}", words=answer) for key, answer in lines)
    yield Do(SaveJournal(entry, "skill"))
    yield Say("skills.kept")
