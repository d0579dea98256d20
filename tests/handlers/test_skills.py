"""Every skill card by every way through it, and what a transcript can't show: what is offered, and what is left of a card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.flow import Ask, Choice, Danger, Do, Flow, Given, Log, Me, Number, Read, Say, Scale, Talking, Text, Timer, YesNo, replay, scoped
from bot.flow.commands import Command, SaveGate, SaveJournal, SaveSkill, ShowHelp, StartFlow
from bot.flow.effects import Effect
from bot.flow.replay import Step
from content.library import load
from handlers.cards import CARDS
from handlers.skills import FLOWS, OFFERS, fitting, keep, offer_skill, worth

(FLOW,) = FLOWS
WORDS = load("en")
LINES = {"known": True, "line": "call or text 988", "emergency": "911"}
GATES: tuple[dict[str, str], ...] = ({}, dict.fromkeys(("cold", "exertion", "tension"), "some"), {"cold": "none"})
ON_THE_BODY = ("tipp_temperature", "tipp_exercise", "muscle_relaxation")


@dataclass
class Told:
    """What one way through a card showed and did, in order."""

    effects: list[Effect]
    asked: list[tuple[str, Ask]]
    start: dict[str, Any]
    gates: dict[str, str]

    def __call__(self, effect: Effect, key: str) -> Any:
        self.effects.append(effect)
        if isinstance(effect, Read):
            return {"skills.gates": self.gates, "skills.lines": LINES}[effect.query]
        return None

    def commands(self, kind: type[Command]) -> list[Any]:
        return [effect.command for effect in self.effects if isinstance(effect, Do) and isinstance(effect.command, kind)]

    @property
    def said(self) -> list[str]:
        return [effect.words for effect in self.effects if isinstance(effect, Say)]


def ways_to_answer(ask: Ask) -> list[Given]:
    question = ask.question
    found = [Given("tap", option.value) for option in question.options()]
    if isinstance(question, Scale):
        found = [Given("tap", value) for value in ("3", "9")]
    if isinstance(question, Text):
        found.append(Given("text", "words of a patient {with} braces"))
    if isinstance(question, Timer):
        found.append(Given("time"))
    if isinstance(question, Number):
        found.append(Given("text", "42"))
    if question.optional:
        found.append(Given("skip"))
    return found


def ways_through(start: dict[str, Any], gates: dict[str, str]) -> Iterator[Told]:
    """One way to the end for every answer of every question the card can ask."""
    seen: set[tuple[str, str, str]] = set()
    waiting: list[list[Given]] = [[]]
    while waiting:
        given = waiting.pop()
        told, log = Told([], [], start, gates), Log()
        step: Step = replay(FLOW, Me(start=start), log, told)
        for one in given:
            told.asked.append((step.words, step.ask))  # type: ignore[arg-type]
            step = replay(FLOW, Me(start=start), Log.from_json(step.log.as_json()), told, one)
            assert step.took
        if step.ask is None:
            yield told
            continue
        new = [one for one in ways_to_answer(step.ask) if (step.key, one.kind, one.value) not in seen]
        seen |= {(step.key, one.kind, one.value) for one in new}
        waiting += [[*given, one] for one in new or ways_to_answer(step.ask)[:1]]


def all_ways(card: str) -> Iterator[Told]:
    for gates in GATES:
        for more in ({}, {"before": 9}, {"before": 5, "scale": "craving"}, {"calm": True}, {"before": 7, "round": 2}):
            yield from ways_through({"card": card, **more}, gates)


@pytest.mark.parametrize("card", CARDS)
def test_every_way_through_a_card_has_its_words_and_ends_once(card: str) -> None:
    """Words and slots are there for all that can be shown, no message is too long, and one use at most is recorded."""
    count = 0
    for told in all_ways(card):
        count += 1
        texts = [WORDS.text(effect.words, **effect.slots) for effect in told.effects if isinstance(effect, Say)]
        for words, ask in told.asked:
            texts.append(WORDS.text(words, **ask.slots))
            labels = [option.label if option.literal else WORDS.text(option.label) for option in ask.question.options()]
            assert all(len(label) <= 40 for label in labels), labels
            if isinstance(ask.question, Timer):
                assert all(WORDS.has(phase) for phase, _ in ask.question.plan)
        assert len("\n\n".join(texts)) < 6000 and all(len(text) < 900 for text in texts)
        uses = told.commands(SaveSkill)
        not_begun = any(words == "skills.instead" for words, _ in told.asked)
        assert len(uses) == (0 if not_begun else 1), told.asked
    assert count > 10


@pytest.mark.parametrize("card", CARDS)
def test_from_eight_on_the_way_to_a_person_comes_before_all_else(card: str) -> None:
    for told in ways_through({"card": card, "before": 9}, {}):
        assert told.said[0] == "skills.high"
    for told in ways_through({"card": card}, {}):
        asked = [words for words, _ in told.asked]
        if any(words.startswith("skills.before") for words in asked) and "skills.high" in told.said:
            assert next(words for words in told.said if words != f"skills.{card}.intro") == "skills.high"


@pytest.mark.parametrize("card", ON_THE_BODY)
def test_a_card_that_works_on_the_body_asks_first_and_says_when_to_stop(card: str) -> None:
    timers = 0
    for told in all_ways(card):
        for at, (_, ask) in enumerate(told.asked):
            if isinstance(ask.question, Timer):
                timers += 1
                assert "skills.stop_if" in told.said
                before = [words for words, _ in told.asked[:at]]
                gate = CARDS[card].gate
                assert any(words.startswith(f"skills.gate.{gate}") for words in before) or told.gates.get(str(gate)) == "none"
    assert timers


@pytest.mark.parametrize("card", ["tipp_temperature", "tipp_exercise"])
@pytest.mark.parametrize("answer", ["some", "unsure"])
def test_a_health_reason_means_not_this_one(card: str, answer: str) -> None:
    reached = 0
    for told in ways_through({"card": card, "before": 7}, {}):
        if [command.answer for command in told.commands(SaveGate)] == [answer]:
            reached += 1
            assert not any(isinstance(ask.question, Timer) for _, ask in told.asked)
            assert not told.commands(SaveSkill)
    assert reached


def test_stopping_because_one_feels_ill_can_reach_a_person() -> None:
    for card in ON_THE_BODY:
        calls = [told for told in ways_through({"card": card, "before": 7}, {}) if any(isinstance(e, Danger) for e in told.effects)]
        assert calls
        for told in calls:
            (danger,) = (effect for effect in told.effects if isinstance(effect, Danger))
            assert (danger.level, danger.track) == ("high", "medical")
            assert told.commands(SaveSkill)[0].status == "stopped"


def test_at_nine_or_with_it_in_reach_nobody_rides_the_urge_before_leaving_and_calling() -> None:
    order = [f"skills.urge_surfing.{key}" for key in ("leave", "call", "ride")]
    rides = 0
    for before in (9, 5):
        for told in ways_through({"card": "urge_surfing", "before": before}, {}):
            asked = [words for words, _ in told.asked if words in order]
            if order[-1] in asked and (before == 9 or order[0] in asked):
                rides += 1
                assert asked == order
    assert rides >= 2


def test_the_tape_always_ends_on_the_other_ending() -> None:
    for told in ways_through({"card": "play_the_tape", "before": 6}, {}):
        asked = [words for words, _ in told.asked if words.startswith("skills.play_the_tape.")]
        assert asked[-2:] == ["skills.play_the_tape.other", "skills.play_the_tape.other_morning"]


def test_no_word_of_a_card_is_kept_without_a_yes() -> None:
    kept = 0
    for card in ("thought_record", "play_the_tape", "grounding_54321"):
        for told in ways_through({"card": card, "before": 4}, {}):
            yes = any(words == "skills.keep" for words, _ in told.asked) and "skills.kept" in told.said
            assert bool(told.commands(SaveJournal)) == yes
            kept += yes
    assert kept


def test_after_a_crisis_card_no_number_is_asked() -> None:
    for card in CARDS:
        for told in ways_through({"card": card, "calm": True}, {}):
            assert not any(isinstance(ask.question, Scale) for _, ask in told.asked)
            assert "skills.high" not in told.said


def test_no_better_offers_something_else_and_a_person_first() -> None:
    for told in ways_through({"card": "paced_breathing", "before": 5}, {}):
        (use,) = told.commands(SaveSkill)
        if use.after is None:
            continue
        ((_, ask),) = ((words, ask) for words, ask in told.asked if words == "skills.next")
        ways = [option.value for option in ask.question.options()]
        assert (ways[:2] == ["another", "help"]) == (use.after == 9)
        assert ("skills.change.up" in told.said) == (use.after == 9)


@pytest.mark.parametrize(
    ("after", "way", "start"),
    [
        (Given("tap", "3"), "again", {"card": "paced_breathing", "before": 3, "scale": "distress", "round": 2}),
        (Given("tap", "3"), "another", {"before": 3, "scale": "distress", "not": "paced_breathing"}),
        (Given("skip"), "again", {"card": "paced_breathing", "before": 5, "scale": "distress", "round": 2}),
    ],
)
def test_what_is_next_takes_the_last_number_along(after: Given, way: str, start: dict[str, Any]) -> None:
    me, told = Me(start={"card": "paced_breathing", "before": 5}), Told([], [], {}, {})
    step = replay(FLOW, me, Log(), told)
    for one in (Given("tap", "2"), Given("tap", "next"), Given("time"), after, Given("tap", way)):
        step = replay(FLOW, me, step.log, told, one)
    assert step.ask is None
    assert [command.start for command in told.commands(StartFlow)] == [start]


@pytest.mark.parametrize("state", ["craving", "distress"])
@pytest.mark.parametrize("before", [None, 5, 7, 8, 10])
def test_offers_are_three_and_never_one_that_health_speaks_against(state: str, before: int | None) -> None:
    assert len(fitting(state, before, {})) == 3
    barred = fitting(state, before, {"cold": "some", "exertion": "some", "tension": "some"})
    assert 2 <= len(barred) <= 3
    assert not {"tipp_temperature", "tipp_exercise", "muscle_relaxation"} & set(barred)
    assert not (before or 0) >= 8 or "thought_record" not in fitting(state, before, {}, most=10)


def test_every_card_that_is_offered_exists() -> None:
    assert {id for ids in OFFERS.values() for id in ids} <= CARDS.keys()
    assert {id for card in CARDS.values() for id in card.instead} <= CARDS.keys()


def with_offer(me: Me) -> Talking:
    yield from scoped("skills", offer_skill(me, "craving", 8))
    yield Say("end")


@pytest.mark.parametrize(
    ("tapped", "start"),
    [("stop", {"card": "stop", "before": 8, "scale": "craving"}), ("list", {"card": None, "before": 8, "scale": "craving"}), ("no", None)],
)
def test_an_offer_opens_the_card_with_the_number_just_given(tapped: str, start: dict[str, Any] | None) -> None:
    flow, told = Flow("offer", with_offer), Told([], [], {}, {})
    step = replay(flow, Me(), Log(), told)
    assert step.words == "skills.offer_craving"
    replay(flow, Me(), step.log, told, Given("tap", tapped))
    assert [command.start for command in told.commands(StartFlow)] == ([start] if start else [])
    assert told.said == ["end"]


CARD_KEY = "skill/skills/skills.paced_breathing/minutes"


@pytest.mark.parametrize(
    ("start", "answers", "kept"),
    [
        ({}, {}, None),
        ({}, {"skill/skills/list": "paced_breathing"}, None),
        ({}, {"skill/skills/list": "paced_breathing", "skill/skills/before": 6}, ("paced_breathing", "distress", 6)),
        ({"card": "paced_breathing", "before": 8, "scale": "craving"}, {CARD_KEY: "2"}, ("paced_breathing", "craving", 8)),
        ({"card": "paced_breathing", "calm": True}, {CARD_KEY: "2"}, ("paced_breathing", "distress", None)),
        ({"card": "paced_breathing", "before": 8}, {CARD_KEY: "2", "skill/skills/after": None}, None),
        ({"card": "tipp_temperature", "before": 8}, {"skill/skills/skills.tipp_temperature/gate": "some"}, None),
        ({"card": "tipp_temperature", "before": 8}, {"skill/skills/instead": "list"}, None),
        ({"card": "unknown"}, {}, None),
    ],
)
def test_what_is_left_of_a_card_that_was_left(start: dict[str, Any], answers: dict[str, Any], kept: tuple[Any, ...] | None) -> None:
    found = keep(Me(start=start), answers)
    assert (found and (found.card, found.scale, found.before)) == kept
    assert found is None or (found.after, found.status) == (None, "stopped")


def test_a_card_is_worth_coming_back_to_until_its_last_number() -> None:
    assert not worth(Me(), {})
    assert worth(Me(), {"skill/skills/list": "stop"})
    assert worth(Me(start={"card": "stop"}), {})
    assert not worth(Me(start={"card": "stop"}), {"skill/skills/after": 3})


def test_the_help_screen_follows_when_asked_for() -> None:
    wanted = [told for told in ways_through({"card": "urge_surfing", "before": 9}, {}) if told.commands(ShowHelp)]
    assert wanted


def test_no_choice_is_longer_than_a_phone_screen_takes() -> None:
    for told in all_ways("opposite_action"):
        for _, ask in told.asked:
            if isinstance(ask.question, Choice | YesNo):
                assert len(ask.question.options()) <= 10
