"""The check-in's flow where a transcript can't show it: all its ways, a question added in mid-talk, what is kept, danger anywhere."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import talk
from bot.flow import Ask, Flow, Given, Log, Me, Read, Say, Scale, Talking, replay
from bot.flow.effects import Effect
from bot.phones import instant
from content.library import load
from handlers.check_in import FLOWS, ITEMS, check_in, keep
from storage import escalations, people, talks
from tests.clinics import PATIENT
from tests.handlers.check_in_world import EVENING, World

(FLOW,) = FLOWS
READS: dict[str, Any] = {
    "check_in.median": None,
    "check_in.answered": False,
    "check_in.team": True,
    "check_in.shown_up": {"days": 19, "of": 28},
    "check_in.ways": {"line": "555-0100", "crisis": "call 555", "emergency": "911"},
    "skills.gates": {},
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


# ---- the flow alone


class Performer:
    """Answers lookups and remembers what was done."""

    def __init__(self, reads: dict[str, Any]) -> None:
        self.reads, self.done = reads, Counter[str]()

    def __call__(self, effect: Effect, key: str) -> Any:
        self.done[key] += 1
        if isinstance(effect, Read):
            return self.reads[effect.query]
        if isinstance(effect, Say):
            load().text(effect.words, **effect.slots)
        return None


def me(slot: str = "evening", *medicines: str) -> Me:
    return Me(person=1, name="Robin", today="2026-11-16", medicines=medicines, start={"slot": slot, "date": "2026-11-16", "as": slot})


def talk_through(flow: Flow, who: Me, answers: dict[str, Any], reads: dict[str, Any] | None = None) -> tuple[list[Ask], Log, Performer]:
    """Answer every question by its key (skipped where there is no answer), replaying from stored state each time."""
    performer, asked = Performer({**READS, **(reads or {})}), list[Ask]()
    step = replay(flow, who, Log(), performer)
    while step.ask is not None:
        asked.append(step.ask)
        question, answer = step.ask.question, answers.get(step.ask.key)
        load().text(step.words, **step.ask.slots)
        for option in question.options():
            assert option.literal or load().text(option.label)
        state = Log.from_json(step.log.as_json())
        if answer is None:
            assert question.optional, step.key
            given = Given("skip")
        elif isinstance(answer, list):
            state, given = Log(state.entries, tuple(answer)), Given("done")
        else:
            given = Given("text" if step.ask.key == "line" else "tap", str(answer))
        step = replay(flow, who, state, performer, given)
        assert step.took, step.key
    return asked, step.log, performer


PLAIN = {"mood": 6, "craving": 0, "stress": 3, "use": "none", "meds": "all", "connection": "yes", "confidence": 7}


def test_an_ordinary_evening_takes_nine_taps_whatever_a_mild_craving_or_medicines_add() -> None:
    for craving, medicines, morning_done in itertools.product((0, 1, 2, 3), ((), ("a",)), (True, False)):
        answers = {**PLAIN, "craving": craving, "craving_worst": craving}
        asked, _, _ = talk_through(FLOW, me("evening", *medicines), answers, {"check_in.answered": morning_done})
        assert 1 + len(asked) <= 9, [ask.key for ask in asked]


def test_every_way_through_ends_saved_with_steps_that_are_true() -> None:
    """All that is asked of everybody is counted, nothing else is, and every word on the way exists."""
    ways = itertools.product(
        (None, 1, 6), ("no", "skip"), (None, 0, 3, 5, 8, 10), (None, 6), (None, 8), ("none", "yes"), (None, "a line"), ((), ("a",))
    )
    for mood, safety, craving, worst, stress, use, line, medicines in ways:
        answers = {
            "mood": mood, "safety": safety, "craving": craving, "craving_worst": worst, "stress": stress, "use": use, "use_safe": "safe",
            "use_what": ["opioids"], "trigger": ["place", "other"], "line": line, "share": "team", "skill_offer": "no",
        }  # fmt: skip
        asked, _, performer = talk_through(FLOW, me("evening", *medicines), answers)
        steps = [(ask.slots["step"], ask.slots["steps"]) for ask in asked if "step" in ask.slots]
        assert {of for _, of in steps} == {8 if medicines else 7}
        assert sorted({step for step, _ in steps}) == list(range(1, steps[0][1] + 1))
        assert [step for step, _ in steps] == sorted(step for step, _ in steps)
        assert performer.done["check_in/do:SaveCheckIn#1"] == 1
        assert sum("offer" in ask.key for ask in asked) == int((craving or 0) >= 7 or (stress or 0) >= 7)


def test_what_is_kept_of_a_talk_that_was_left_never_holds_more_than_was_answered() -> None:
    answers = {**PLAIN, "craving": 5, "craving_worst": 7, "trigger": ["place"], "use": "yes", "use_safe": "safe"}
    answers |= {"line": "words", "share": "team"}
    asked, log, _ = talk_through(FLOW, me("evening", "a"), answers)
    given = [(e.key, e.value) for e in log.entries if not e.effect]
    for count in range(1, len(asked)):
        kept = keep(me(), dict(given[:count]))
        assert kept is not None
        assert set(kept.values) == {key.split("/")[1] for key, _ in given[:count]} & set(ITEMS)
        assert not kept.share
        assert kept.status == ("complete" if kept.line else "partial")
    assert keep(me(), {}) is None


def with_new_question(who: Me) -> Talking:
    """The check-in of the next release: one more question before stress."""
    talking, send = check_in(who), None
    while True:
        try:
            item = talking.send(send)
        except StopIteration:
            return
        if isinstance(item, Ask) and item.key == "stress":
            yield Ask("energy", Scale(), words="checkin.stress", slots=item.slots)
        send = yield item


@pytest.mark.parametrize("answered", range(1, 8))
def test_a_question_added_while_someone_is_in_the_middle_is_asked_next_and_nothing_happens_twice(answered: int) -> None:
    answers = {**PLAIN, "mood": 1, "safety": "skip"}
    performer, who = Performer(READS), me()
    step = replay(FLOW, who, Log(), performer)
    for _ in range(answered):
        assert step.ask is not None
        key = step.ask.key
        step = replay(FLOW, who, step.log, performer, Given("tap", str(answers[key])))
        assert step.took
    newer = Flow("check_in", with_new_question)
    step = replay(newer, who, Log.from_json(step.log.as_json()), performer)
    asked = []
    while step.ask is not None:
        asked.append(step.ask.key)
        given = Given("skip") if step.ask.key == "line" else Given("tap", str(answers.get(step.ask.key, 4)))
        step = replay(newer, who, Log.from_json(step.log.as_json()), performer, given)
        assert step.took
    assert asked.count("energy") == 1
    assert len(asked) == len(set(asked))
    assert performer.done["check_in/do:NoteStaff#1"] == 1
    assert performer.done["check_in/do:SaveCheckIn#1"] == 1
    assert max(performer.done.values()) == 1


# ---- on the phone


def to_the_offer(world: World) -> None:
    world.open(EVENING)
    world.phones.type(PATIENT, "/checkin")
    world.tap("6", "8", "Done", "3", "No", "Yes", "7")


def test_the_whole_check_in_is_one_message_edited_in_place(world: World) -> None:
    world.open(EVENING)
    world.phones.type(PATIENT, "/checkin")
    world.tap("6", "0", "3", "No", "Yes", "7", "Skip")
    (shown,) = world.phones.phone(PATIENT).messages
    assert shown.text.startswith("✓ Saved.")
    assert shown.edits == 7
    assert not shown.buttons


def test_a_tick_is_shown_only_for_what_is_in_the_database(world: World) -> None:
    world.open(EVENING)
    world.phones.type(PATIENT, "/checkin")
    for label in ("6", "0", "3", "No", "Yes", "7", "Skip"):
        assert not any("✓" in text for text in world.texts) and not world.rows()
        world.tap(label)
    assert any("✓" in text for text in world.texts)
    assert world.rows() == [("evening", "2026-11-16", "complete")]


def test_there_is_no_way_back_behind_what_is_saved(world: World) -> None:
    """The button is gone; a tap on it that crossed with the saving changes nothing; and who gets there anyhow is told kindly."""
    to_the_offer(world)
    message, data = world.phones.phone(PATIENT).find("Back")
    world.tap("Skip")
    saved = world.rows()
    assert "Back" not in [label for label, _ in world.phones.phone(PATIENT).messages[-1].buttons]
    world.phones.tap_data(PATIENT, message.id, data)
    assert world.rows() == saved == [("evening", "2026-11-16", "complete")]
    with world.sitting() as s:
        waiting = talks.waiting(s.u, s.chat)
        assert waiting is not None
        talk.back(s, waiting)
    world.phones.settle()
    assert world.texts[-1] == load().text("bot.no_back")
    assert world.rows() == saved


def steps_to(question: str) -> tuple[str, list[str]]:
    """(slot, the taps that lead to a question)."""
    evening: dict[str, list[str]] = {
        "mood": [],
        "safety": ["1"],
        "craving": ["6"],
        "craving_worst": ["6", "5"],
        "trigger": ["6", "8"],
        "stress": ["6", "0"],
        "use": ["6", "0", "3"],
        "use_safe": ["6", "0", "3", "Yes"],
        "use_what": ["6", "0", "3", "Yes", "Yes, I'm safe"],
        "use_when": ["6", "0", "3", "Yes", "Yes, I'm safe", "Done"],
        "meds": ["6", "0", "3", "No"],
        "connection": ["6", "0", "3", "No", "No"],
        "confidence": ["6", "0", "3", "No", "No", "Yes"],
        "line": ["6", "0", "3", "No", "No", "Yes", "7"],
        "share": ["6", "0", "3", "No", "No", "Yes", "7", "typed"],
        "offer": ["6", "8", "Done", "3", "No", "No", "Yes", "7", "Skip"],
    }
    morning = {"sleep_hours": ["6"], "sleep_quality": ["6", "4 to 6"]}
    return ("evening", evening[question]) if question in evening else ("morning", morning[question])


QUESTIONS = (*ITEMS, "line", "share", "offer")


@pytest.mark.parametrize("question", QUESTIONS)
def test_danger_at_any_question_is_answered_with_the_card_first(world: World, question: str) -> None:
    slot, taps = steps_to(question)
    world.open(EVENING if slot == "evening" else instant("2026-11-16T08:00-05:00"), medicines=["aspirin"])
    with world.store.unit(world.phones.now) as u:
        people.give_consent(u, people.chat_for(u, PATIENT).person or 0, "weekly", 1)
    world.phones.type(PATIENT, "/checkin")
    for label in taps:
        world.phones.type(PATIENT, "a line") if label == "typed" else world.tap(label)
    with world.sitting() as s:
        waiting = talks.waiting(s.u, s.chat)
        assert waiting is not None
        prompt = talks.prompt(s.u, waiting.prompt or 0)
        assert prompt is not None and prompt.key.split("/")[-1].removeprefix("skill_") == question
    world.phones.phone(PATIENT).look()
    world.phones.type(PATIENT, "I want to kill myself tonight")
    first = next(shown for how, shown in world.phones.phone(PATIENT).look() if how == "new")
    assert first.text.startswith("If you might act on it: call 911 now.")
    with world.sitting() as s:
        assert escalations.open_for(s.u, s.person.id) is not None
        assert talks.waiting(s.u, s.chat) is None
