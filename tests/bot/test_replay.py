"""The flow engine: a talk is its log, and replaying it is harmless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bot.flow import (
    Ask,
    Choice,
    Danger,
    Do,
    Flow,
    FlowError,
    Given,
    Hours,
    Log,
    Me,
    Read,
    Say,
    Scale,
    Several,
    Talking,
    Text,
    TimeOfDay,
    YesNo,
    replay,
    scoped,
)
from bot.flow.commands import Command
from bot.flow.effects import Effect


@dataclass(frozen=True)
class Keep(Command):
    what: str


class Performer:
    """Counts what was done; answers lookups with a new number each time, so that a second lookup would show."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def __call__(self, effect: Effect, key: str) -> Any:
        self.done.append(key)
        return len(self.done)


def talk_through(flow: Flow, *given: Given, log: Log | None = None) -> tuple[Any, Performer]:
    performer, state = Performer(), log or Log()
    step = replay(flow, Me(), state, performer)
    for one in given:
        state = Log.from_json(step.log.as_json())  # what a restart leaves
        step = replay(flow, Me(), state, performer, one)
        assert step.took, one
    return step, performer


def tap(value: object) -> Given:
    return Given("tap", str(value))


def simple(me: Me) -> Talking:
    mood = yield Ask("mood", Scale())
    yield Do(Keep("mood"))
    if mood <= 2:
        yield Danger("high", "low")
    note = yield Ask("note", Text(optional=True))
    yield Say("done" if note else "done_without")


SIMPLE = Flow("simple", simple)


def test_a_talk_stops_at_each_question_and_ends() -> None:
    step, performer = talk_through(SIMPLE)
    assert (step.key, step.words) == ("simple/mood", "simple.mood")
    step, performer = talk_through(SIMPLE, tap(7), Given("skip"))
    assert step.ask is None
    assert performer.done == ["simple/do:Keep#1", "simple/say:done_without#1"]


def test_effects_happen_once_however_often_the_talk_is_replayed() -> None:
    step, performer = talk_through(SIMPLE, tap(1))
    for _ in range(5):
        step = replay(SIMPLE, Me(), Log.from_json(step.log.as_json()), performer)
    assert performer.done == ["simple/do:Keep#1", "simple/danger:low#1"]


def test_a_lookup_is_recorded_like_an_answer() -> None:
    def looks(me: Me) -> Talking:
        first = yield Read("count")
        yield Ask("go", YesNo())
        again = yield Read("count")
        yield Say("end", {"first": first, "again": again})

    flow = Flow("looks", looks)
    said: list[dict[str, Any]] = []

    class Saying(Performer):
        def __call__(self, effect: Effect, key: str) -> Any:
            if isinstance(effect, Say):
                said.append(effect.slots)
            return super().__call__(effect, key)

    performer = Saying()
    step = replay(flow, Me(), Log(), performer)
    replay(flow, Me(), Log.from_json(step.log.as_json()), performer, tap("yes"))
    assert said == [{"first": 1, "again": 2}]


def test_an_answer_that_does_not_fit_is_not_taken() -> None:
    step = replay(SIMPLE, Me(), Log(), Performer(), tap(11))
    assert not step.took
    assert step.key == "simple/mood"


def test_a_stored_answer_that_no_longer_fits_is_asked_again() -> None:
    log = Log().answered("simple/mood", 7)

    def narrower(me: Me) -> Talking:
        yield Ask("mood", Scale(0, 5))

    assert replay(Flow("simple", narrower), Me(), log, Performer()).key == "simple/mood"


def test_a_question_added_in_mid_talk_is_asked_and_nothing_happens_twice() -> None:
    step, performer = talk_through(SIMPLE, tap(7))

    def deployed(me: Me) -> Talking:
        mood = yield Ask("mood", Scale())
        yield Ask("sleep", Choice(of=(("good", "x"), ("bad", "y"))))
        yield Do(Keep("mood"))
        if mood <= 2:
            yield Danger("high", "low")
        yield Ask("note", Text(optional=True))

    new = Flow("simple", deployed)
    step = replay(new, Me(), Log.from_json(step.log.as_json()), performer)
    assert step.key == "simple/sleep"
    step = replay(new, Me(), step.log, performer, tap("good"))
    assert step.key == "simple/note"
    assert performer.done == ["simple/do:Keep#1"]


def test_back_drops_the_last_answer_but_not_what_reached_a_fact() -> None:
    def three(me: Me) -> Talking:
        yield Ask("a", Scale())
        yield Ask("b", Scale())
        yield Do(Keep("both"))
        yield Ask("c", Scale())

    step, _ = talk_through(Flow("three", three), tap(1))
    back = step.log.back()
    assert back is not None
    assert replay(Flow("three", three), Me(), back, Performer()).key == "three/a"
    step, _ = talk_through(Flow("three", three), tap(1), tap(2))
    assert step.log.back() is None
    assert not step.can_go_back


def test_back_over_words_says_them_again() -> None:
    def says(me: Me) -> Talking:
        answer = yield Ask("a", YesNo())
        yield Say("yes" if answer else "no")
        yield Ask("b", YesNo())

    step, performer = talk_through(Flow("says", says), tap("yes"))
    back = step.log.back()
    assert back is not None
    replay(Flow("says", says), Me(), back, performer, tap("no"))
    assert performer.done == ["says/say:yes#1", "says/say:no#1"]


def test_scopes_keep_the_same_part_apart() -> None:
    def part(me: Me) -> Talking:
        yield Ask("rate", Scale())

    def whole(me: Me) -> Talking:
        yield from scoped("part.one", part(me))
        yield from scoped("part.two", part(me))

    step, _ = talk_through(Flow("whole", whole), tap(3))
    assert (step.key, step.words) == ("whole/part.two/rate", "part.two.rate")


def test_ticked_options_are_kept_until_done() -> None:
    def several(me: Me) -> Talking:
        picked = yield Ask("t", Several(of=(("a", "x"), ("b", "y"), ("c", "z"))))
        yield Say("end", {"picked": picked})

    flow = Flow("several", several)
    step = replay(flow, Me(), Log(draft=("c", "a")), Performer(), Given("done"))
    assert {entry.key: entry.value for entry in step.log.entries}["several/t"] == ["a", "c"]
    assert step.log.draft == ()


def test_a_flow_that_breaks_its_rules_is_told_so() -> None:
    def twice(me: Me) -> Talking:
        yield Ask("a", YesNo())
        yield Ask("a", YesNo())

    def forever(me: Me) -> Talking:
        while True:
            yield Say("again")

    def raises(me: Me) -> Talking:
        yield Say("x")
        raise RuntimeError("a handler broke")

    with pytest.raises(FlowError, match="asked twice"):
        talk_through(Flow("twice", twice), tap("yes"))
    with pytest.raises(FlowError, match="steps"):
        replay(Flow("forever", forever), Me(), Log(), Performer())
    with pytest.raises(FlowError, match="RuntimeError"):
        replay(Flow("raises", raises), Me(), Log(), Performer())


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0", "short"), ("3,5", "short"), ("4", "some"), ("4h", "some"), ("6", "some"), ("6.01", "long"), ("7.5 hours", "long"),
        ("8 hrs", "long"), ("24", "longest"),
        ("25", None), ("-1", None), ("7:30", None), ("seven", None), ("", None),
    ],
)  # fmt: skip
def test_hours_people_type(text: str, span: str | None) -> None:
    names = ("short", "some", "long", "longest")
    assert Hours(of=tuple((name, "x") for name in names), ends=(3.99, 6, 8, 24)).read(text) == span


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("8", "08:00"), ("8:30", "08:30"), ("20.15", "20:15"), ("8 pm", "20:00"),
        ("12am", "00:00"), ("12:30 p.m.", "12:30"), ("7h45", "07:45"),
    ],
)
def test_times_people_type(text: str, wall: str) -> None:
    assert TimeOfDay().read(text) == wall


@pytest.mark.parametrize("text", ["25", "8:75", "13 pm", "soon", "", "8:3"])
def test_times_that_are_none(text: str) -> None:
    assert TimeOfDay().read(text) is None
