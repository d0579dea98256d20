"""The engine: replay a generator over the answers so far, up to the next unanswered question.

The whole state of a talk is one ordered log of answers and effects already done, so a restart between any two messages
costs nothing. Keys are `scope/scope/key`; an effect's key is its scope, its stem and its ordinal among the same stems of
that scope, so a question or effect added by a deploy never repeats one that has happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bot.flow.commands import Command
from bot.flow.effects import Effect, Say
from bot.flow.me import Me
from bot.flow.questions import Ask, Question, Several, Timer

Talking = Generator[Any, Any, None]
"""What a handler returns: yields `Ask` or an effect, is sent the answer or the effect's result."""

Result = TypeVar("Result")

STEP_CAP = 500


class FlowError(Exception):
    """A flow broke its rules (a key asked twice, too many steps). The talk closes as partial; the patient starts afresh."""


@dataclass(frozen=True)
class Flow:
    """A registered conversation; its name is its content prefix. `expires` is how long it may wait, in minutes.

    partial: what to keep of a talk that ends before its end, from its answers by full key; None keeps nothing.
    later: whether its keyboards offer "later", which parks it. version: rises when stored answers change meaning.
    worth: given the same as `partial`, whether an interrupted talk is worth coming back to; if not, it is closed instead.
    """

    name: str
    run: Callable[[Me], Talking]
    version: int = 1
    expires: int = 24 * 60
    partial: Callable[[Me, dict[str, Any]], Command | None] | None = None
    later: bool = True
    worth: Callable[[Me, dict[str, Any]], bool] | None = None


@dataclass(frozen=True)
class Given:
    """An answer that has just come in. kind: "tap", "text", "skip", "done" (of ticked options) or "time" (a timer's end).

    `key` is the question it was given to; None means whichever question waits.
    """

    kind: str
    value: str = ""
    key: str | None = None

    def answer_to(self, question: Question, draft: tuple[str, ...]) -> tuple[bool, Any]:
        """(whether it answers this question, the answer)."""
        answer: Any = None
        if self.kind == "skip":
            return question.optional, None
        if self.kind == "done" and isinstance(question, Several):
            answer = [value for value, _ in question.of if value in draft]
        elif self.kind == "time" and isinstance(question, Timer):
            answer = "ended"
        elif self.kind == "tap":
            answer = question.tapped(self.value)
        elif self.kind == "text" and question.takes_text:
            answer = question.read(self.value)
        return answer is not None and question.fits(answer), answer


@dataclass(frozen=True)
class Scoped:
    scope: str
    item: Any


def scoped(scope: str, talking: Generator[Any, Any, Result]) -> Generator[Any, Any, Result]:
    """`yield from scoped("skills.stop", ...)`: keeps a part's keys apart, and takes its words from `skills.stop.<key>`.

    Evaluates to what the part returns.
    """
    try:
        item = next(talking)
        while True:
            item = talking.send((yield Scoped(scope, item)))
    except StopIteration as end:
        result: Result = end.value
        return result


@dataclass(frozen=True)
class Entry:
    """One thing that happened in a talk, in order. `barrier`: "back" does not go behind it."""

    key: str
    value: Any
    effect: bool = False
    barrier: bool = False


@dataclass(frozen=True)
class Log:
    """All state of a talk."""

    entries: tuple[Entry, ...] = ()
    draft: tuple[str, ...] = ()
    """Ticked options of a `Several` that is not closed yet."""

    def answered(self, key: str, value: Any) -> Log:
        kept = tuple(entry for entry in self.entries if entry.effect or entry.key != key)
        return Log((*kept, Entry(key, value)))

    def done(self, key: str, value: Any, *, barrier: bool) -> Log:
        return replace(self, entries=(*self.entries, Entry(key, value, effect=True, barrier=barrier)))

    def back(self) -> Log | None:
        """Without the last answer and what followed it, or None when an effect that lasts stands in between."""
        for at in range(len(self.entries) - 1, -1, -1):
            if self.entries[at].barrier:
                return None
            if not self.entries[at].effect:
                return Log(self.entries[:at])
        return None

    def as_json(self) -> dict[str, Any]:
        return {"entries": [[e.key, e.value, e.effect, e.barrier] for e in self.entries], "draft": list(self.draft)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Log:
        return cls(tuple(Entry(*row) for row in data["entries"]), tuple(data.get("draft", ())))


@dataclass(frozen=True)
class Step:
    """Where a replay stopped: at a question (`ask` with its full `key`), or at the end (`ask` is None)."""

    log: Log
    ask: Ask | None = None
    key: str = ""
    words: str = ""
    can_go_back: bool = False
    performed: tuple[Effect, ...] = field(default=())
    took: str = ""
    """The key of the question that took the given answer; empty when none did."""
    says: tuple[Say, ...] = ()
    """What is said since the last answer, new or not: a question that is shown again keeps the words above it."""


def replay(flow: Flow, me: Me, log: Log, perform: Callable[[Effect, str], Any], given: Given | None = None) -> Step:
    """Run `flow` to its next unanswered question, taking `given` on the way. New effects are performed in order, once each.

    Raises `FlowError` for a flow that breaks the rules or raises, and whatever `perform` raises.
    """
    answers = {entry.key: entry.value for entry in log.entries if not entry.effect}
    effects = {entry.key: entry.value for entry in log.entries if entry.effect}
    ordinals: Counter[str] = Counter()
    asked: set[str] = set()
    performed: list[Effect] = []
    says: list[Say] = []
    talking = flow.run(me)
    send: Any = None
    took = ""
    for _ in range(STEP_CAP):
        try:
            item = talking.send(send)
        except StopIteration:
            return Step(log, performed=tuple(performed), took=took, says=tuple(says))
        except Exception as fault:
            raise FlowError(f"{flow.name} raised {type(fault).__name__}") from fault
        scopes, item = _unwrap(flow.name, item)
        path = "/".join(scopes)
        if isinstance(item, Ask):
            key = f"{path}/{item.key}"
            if key in asked:
                raise FlowError(f"{key} is asked twice")
            asked.add(key)
            if key in answers and item.question.accepts(answers[key]):
                send = answers[key]
                says.clear()
                continue
            if given and not took and given.key in (None, key):
                fits, answer = given.answer_to(item.question, log.draft)
                if fits:
                    took, log, send = key, replace(log.answered(key, answer), draft=()), answer
                    says.clear()
                    continue
            words = item.words or f"{scopes[-1]}.{item.key}"
            return Step(log, item, key, words, log.back() is not None, tuple(performed), took, tuple(says))
        if isinstance(item, Say):
            says.append(item)
        stem = f"{path}/{item.stem}"
        ordinals[stem] += 1
        key = f"{stem}#{ordinals[stem]}"
        if key not in effects:
            result = perform(item, key)
            effects[key] = result
            log = log.done(key, result, barrier=item.barrier)
            performed.append(item)
        send = effects[key]
    raise FlowError(f"{flow.name} took more than {STEP_CAP} steps")


def _unwrap(name: str, item: Any) -> tuple[list[str], Any]:
    scopes = [name]
    while isinstance(item, Scoped):
        scopes.append(item.scope)
        item = item.item
    return scopes, item
