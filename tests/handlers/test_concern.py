"""What the questions after words that worry ask, and what the answers come to."""

from __future__ import annotations

from typing import Any

import pytest

from bot.flow import Danger, Do, Given, Log, Me, Read, Say, replay
from bot.flow.commands import KeepConcern
from bot.flow.effects import Effect
from handlers.concern import FLOWS, LEVELS, TODAY, keep, settled
from handlers.worries import FIRST

(FLOW,) = FLOWS
ASKED = [("wish", ("no", "yes", "skip")), ("thoughts", ("no", "yes", "skip")), ("past", ("never", "older", "recent", "skip"))]


def talk(answers: dict[str, str], **start: Any) -> tuple[list[str], list[Effect]]:
    """The keys asked, and what was done, of a talk that is given these answers."""
    log, asked, done = Log(), [], []

    def perform(effect: Effect, key: str) -> Any:
        done.append(effect)
        ways = {"line": "call 988", "emergency": "911"}
        return {"crisis.ways": ways, "skills.gates": {}}.get(effect.query, "") if isinstance(effect, Read) else False

    me, given = Me(start=start), None
    while True:
        step = replay(FLOW, me, log, perform, given)
        if step.ask is None:
            return asked, done
        key = step.key.rpartition("/")[2]
        asked.append(key)
        if key not in answers:
            return asked, done
        log, given = step.log, Given("tap", answers[key])


def outcome(done: list[Effect]) -> list[str]:
    dangers = [f"{effect.level}:{effect.reason}" for effect in done if isinstance(effect, Danger)]
    return dangers + [effect.command.code for effect in done if isinstance(effect, Do) and isinstance(effect.command, KeepConcern)]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"intent": "plan", "method": "yes"}, ["imminent:plan_intent"]),
        ({"intent": "some", "method": "skip"}, ["high:some_intent"]),
        ({"intent": "no", "method": "yes", "past": "never"}, ["method"]),
        ({"intent": "skip", "method": "no", "past": "older"}, ["behaviour_older"]),
        ({"intent": "no", "method": "no", "past": "recent"}, ["high:recent_behaviour"]),
        ({"intent": "no", "method": "no", "past": "skip"}, ["thoughts"]),
    ],
)
def test_after_thoughts_method_intent_and_the_past_are_asked(answers: dict[str, str], expected: list[str]) -> None:
    asked, done = talk({"wish": "yes", "thoughts": "yes", **answers})
    assert asked == ["wish", "thoughts", "method", "intent", *(["past"] if "past" in answers else [])]
    assert outcome(done) == expected


def test_without_thoughts_neither_method_nor_intent_is_asked() -> None:
    for wish in ("no", "yes", "skip"):
        for past in ("never", "older", "skip"):
            asked, done = talk({"wish": wish, "thoughts": "no", "past": past})
            assert asked == ["wish", "thoughts", "past"]
            assert not [effect for effect in done if isinstance(effect, Danger)]


def test_only_a_no_to_all_leaves_nothing_behind() -> None:
    silent = []
    for wish in ASKED[0][1]:
        for past in ASKED[2][1]:
            _, done = talk({"wish": wish, "thoughts": "no", "past": past})
            if not outcome(done):
                silent.append((wish, past))
    assert silent == [("no", "never")]


def test_nothing_is_said_before_or_after_the_card_when_it_is_danger() -> None:
    for answers in ({"intent": "plan"}, {"intent": "some"}):
        _, done = talk({"wish": "yes", "thoughts": "yes", "method": "yes", **answers})
        assert not [effect for effect in done if isinstance(effect, Say)]


def test_a_graver_answer_is_never_outweighed_by_a_milder_one() -> None:
    order = ["none", "skipped", "wish", "thoughts", "behaviour_older", "method", "recent_behaviour", "some_intent", "plan_intent"]
    told = {"wish": "yes", "thoughts": "yes", "past": "older", "method": "yes", "intent": "plan"}
    assert settled(told) == order[-1]
    assert set(LEVELS) == set(order[-3:])
    assert set(TODAY) == set(order[-5:-3])
    for number in range(len(told)):
        some = dict(list(told.items())[: number + 1])
        milder = dict(list(some.items())[:-1])
        assert order.index(settled(some)) >= order.index(settled(milder))


@pytest.mark.parametrize("about", [about for about in FIRST if about != "self_harm"])
def test_who_speaks_of_something_else_is_not_asked_about_death_first(about: str) -> None:
    asked, _ = talk({}, about=about)
    assert asked[0].startswith("first_")
    asked, done = talk({asked[0]: "dark"}, about=about)
    assert asked[1] == "wish", "but can say so with one tap"
    assert outcome(done) == []
    asked, done = talk({asked[0]: "skip"}, about=about)
    assert (len(asked), outcome(done)) == (1, ["skipped"])


@pytest.mark.parametrize("about", ["suicide", "voices", "unknown", "nothing we know"])
def test_what_may_be_about_dying_is_asked_directly(about: str) -> None:
    assert talk({}, about=about)[0] == ["wish"]


def test_questions_that_are_left_keep_the_gravest_answer() -> None:
    assert keep(Me(), {"concern/wish": "yes", "concern/thoughts": "yes", "concern/method": "yes"}) == KeepConcern("method", today=True)
    assert keep(Me(), {"concern/wish": "yes"}) == KeepConcern("wish")
    assert keep(Me(), {"concern/wish": "no"}) == KeepConcern("unanswered")
    assert keep(Me(), {}) == KeepConcern("unanswered")
