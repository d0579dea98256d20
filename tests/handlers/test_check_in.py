"""The check-in where a transcript can't show it: a question added in mid-talk, danger at every question, clocks that change."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot import talk
from bot.acts.check_in import plan_check_ins
from bot.event import Event
from bot.flow import Ask, Flow, Given, Log, Me, Read, Say, Scale, Talking, replay
from bot.flow.effects import Effect
from bot.phones import Phones, instant
from bot.registry import DUES
from bot.sitting import Sitting
from content.library import load
from handlers.check_in import FLOWS, ITEMS, check_in, keep
from storage import check_ins, due, escalations, people, talks
from storage.due import DUE
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store
from storage.wall import local
from tests.clinics import PATIENT, open_clinic

(FLOW,) = FLOWS
EVENING = instant("2026-11-16T20:00-05:00")
READS: dict[str, Any] = {
    "check_in.median": None,
    "check_in.answered": False,
    "check_in.team": True,
    "check_in.shown_up": {"days": 19, "of": 28},
    "check_in.ways": {"line": "555-0100", "crisis": "call 555", "emergency": "911"},
    "skills.gates": {},
}


class World:
    """One clinic on a database of its own, everybody's phone, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(open_engine(f"sqlite:///{folder / 'check_in.db'}"), Keyring(MasterKey(b"check-in test key of 32 bytes!!!")))
        self.phones = Phones(lambda: self.store, EVENING)

    def open(self, at: datetime, **profile: Any) -> None:
        self.phones.now = at
        open_clinic(self.store, at, self.phones)
        self.profile(**profile)

    def profile(self, **values: Any) -> None:
        with self.store.unit(self.phones.now) as u:
            chat = people.chat_for(u, PATIENT)
            assert chat.person is not None
            plan_check_ins(u, people.save_profile(u, people.person(u, chat.person), values), chat)

    def tap(self, *labels: str) -> None:
        for label in labels:
            self.phones.tap(PATIENT, label)

    def wait(self, **span: float) -> None:
        self.phones.wait(timedelta(**span))

    def jump(self, **span: float) -> None:
        """The clock stands at a later time all at once, as after an outage."""
        self.phones.now += timedelta(**span)
        self.phones.settle()

    @property
    def texts(self) -> list[str]:
        return [shown.text for shown in self.phones.phone(PATIENT).messages]

    def prompts(self) -> list[str]:
        """The prompts on the phone, as the slot they ask for."""
        return [slot for text in self.texts for slot in ("morning", "evening") if f"Time for your {slot}" in text]

    def rows(self) -> list[tuple[str, str, str]]:
        """(slot, local date, status) of every check-in."""
        with self.store.unit(self.phones.now) as u:
            columns = check_ins.CHECK_INS
            return [(row.slot, str(row.local_date), row.status) for row in u.all(select(columns).order_by(columns.c.local_date))]

    def fired(self) -> dict[str, str]:
        """local date -> "done", "ready" or why it was dropped, of the prompts planned so far. A slot is unique, so a date is there once."""
        with self.store.unit(self.phones.now) as u:
            rows = u.all(select(DUE).where(DUE.c.kind == "check_in").order_by(DUE.c.slot))
            return {row.slot.split(":", 2)[2]: row.reason or row.state for row in rows}

    @contextmanager
    def sitting(self) -> Iterator[Sitting]:
        with self.store.unit(self.phones.now) as u:
            chat = people.chat_for(u, PATIENT)
            assert chat.person is not None
            yield Sitting(u, chat, people.person(u, chat.person), 1, Event("text", PATIENT), self.phones.now)


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


# ---- days and clocks


ZONES = (
    ("America/New_York", "2026-03-07", "2026-03-08"),  # 02:00-03:00 does not exist
    ("America/New_York", "2026-10-31", "2026-11-01"),  # 01:00-02:00 comes twice
    ("Europe/Berlin", "2026-03-28", "2026-03-29"),
    ("Europe/Berlin", "2026-10-24", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-10-03", "2026-10-04"),  # half an hour
    ("Australia/Lord_Howe", "2026-04-04", "2026-04-05"),
)


@pytest.mark.parametrize("wall", ["01:30", "02:15", "20:00"])
@pytest.mark.parametrize(("zone", "before", "changes"), ZONES)
def test_each_day_asks_once_when_the_clocks_change(world: World, zone: str, before: str, changes: str, wall: str) -> None:
    world.open(instant(f"{before}T00:00+00:00") - timedelta(days=1))
    world.profile(zone=zone, evening_at=wall, quiet_from="00:00", quiet_to="00:00")
    world.wait(days=5)
    done = {key.split(":")[1]: state for key, state in world.fired().items() if state == "done"}
    asked = [row for row in world.rows() if row[0] == "evening"]
    assert {before, changes} <= done.keys()
    assert len(world.prompts()) + sum("The door is open" in text for text in world.texts) == len(done) == len(asked)


@pytest.mark.parametrize(("zone", "before", "changes"), ZONES)
def test_the_hour_asked_for_is_kept_across_a_change_of_clocks(world: World, zone: str, before: str, changes: str) -> None:
    world.open(instant(f"{before}T00:00+00:00") - timedelta(days=2))
    world.profile(zone=zone, evening_at="20:00")
    world.wait(days=5)
    with world.store.unit(world.phones.now) as u:
        rows = u.all(select(DUE.c.due_at).where(DUE.c.kind == "check_in", DUE.c.state == "done"))
    assert {str(local(row.due_at, zone).date()) for row in rows} >= {before, changes}
    assert {f"{local(row.due_at, zone):%H:%M}" for row in rows} == {"20:00"}


def test_a_traveller_is_asked_once_a_day_or_it_is_recorded_why_not(world: World) -> None:
    """New York, west to Los Angeles after the morning prompt, then east to Tokyo, and home."""
    world.open(instant("2026-11-16T06:00-05:00"), morning_at="08:00")
    world.wait(hours=3)
    assert world.prompts() == ["morning"]
    world.profile(zone="America/Los_Angeles")
    world.wait(hours=6)  # 08:00 has come there too, on the same date
    assert world.prompts() == ["morning"]
    world.wait(hours=24)
    assert world.prompts() == ["morning"] * 2
    world.profile(zone="Asia/Tokyo")
    world.wait(hours=24)
    world.profile(zone="America/New_York")
    world.wait(days=3)
    planned = world.fired()
    days = sorted(key.split(":")[1] for key in planned)
    assert days == [str(date(2026, 11, 16) + timedelta(days=n)) for n in range(len(days))]
    assert set(list(planned.values())[:-1]) <= {"done", "late"}


def test_a_change_of_times_neither_repeats_today_nor_skips_it(world: World) -> None:
    world.open(instant("2026-11-16T18:00-05:00"), evening_at="21:00", quiet_from="23:59")
    world.wait(hours=1)
    world.profile(evening_at="18:30")
    world.wait(minutes=1)
    assert world.prompts() == ["evening"], "its window is open and today was not asked yet"
    world.profile(evening_at="20:00")
    world.wait(hours=2)
    assert world.prompts() == ["evening"], "today was asked"
    world.wait(hours=24)
    assert world.prompts() == ["evening"] * 2


def test_an_outage_drops_the_days_it_took_and_asks_for_what_is_still_open(world: World) -> None:
    world.open(instant("2026-11-16T12:00-05:00"), morning_at="08:00", evening_at="20:00")
    world.jump(days=3, hours=9)  # 21:00 on the 19th
    assert world.prompts() == ["evening"]
    assert world.fired() == {
        "evening:2026-11-16": "late", "evening:2026-11-17": "late", "evening:2026-11-18": "late", "evening:2026-11-19": "done",
        "evening:2026-11-20": "ready",
        "morning:2026-11-17": "late", "morning:2026-11-18": "late", "morning:2026-11-19": "late", "morning:2026-11-20": "ready",
    }  # fmt: skip
    world.jump(hours=0)
    assert world.prompts() == ["evening"]


def test_a_prompt_that_failed_does_not_end_the_chain(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.open(instant("2026-11-16T19:00-05:00"), evening_at="20:00")
    ask = DUES["check_in"]
    monkeypatch.setitem(DUES, "check_in", lambda s, row: 1 / 0)
    world.wait(hours=2)
    monkeypatch.setitem(DUES, "check_in", ask)
    world.wait(hours=24)
    assert world.prompts() == ["evening"]
    assert world.fired()["evening:2026-11-16"] == "failed"


def test_who_left_or_wants_no_prompts_gets_none(world: World) -> None:
    world.open(instant("2026-11-16T19:00-05:00"), morning_at="08:00", evening_at="20:00")
    world.profile(evening_at=None)
    world.wait(hours=3)
    assert not world.texts
    with world.store.unit(world.phones.now) as u:
        chat = people.chat_for(u, PATIENT)
        people.set_status(u, chat.person or 0, "discharged")
    world.wait(days=2)
    assert not world.texts
    with world.sitting() as s:
        assert not due.planned(s.u, "check_in", s.person.id)


# ---- what is stored


def test_answers_given_again_replace_the_earlier_ones_and_the_rest_stays(world: World) -> None:
    world.open(EVENING)
    with world.sitting() as s:
        day, at = date(2026, 11, 16), world.phones.now
        check_ins.save(s.u, s.person.id, "evening", day, {"mood": 3, "trigger": ["place", "money"]}, "partial", at)
        check_ins.save(s.u, s.person.id, "evening", day, {"trigger": ["pain"], "stress": None}, "complete", at)
        check_ins.save(s.u, s.person.id, "evening", day, {"mood": 4}, "partial", at)
        rows = s.u.all(select(check_ins.OBSERVATIONS).order_by(check_ins.OBSERVATIONS.c.id))
        assert [(row.item, row.value, row.code) for row in rows] == [("trigger", None, "pain"), ("stress", None, None), ("mood", 4, None)]
        found = check_ins.find(s.u, s.person.id, "evening", day)
        assert found is not None and found.status == "complete"


def test_every_answer_of_an_extra_check_in_is_kept(world: World) -> None:
    world.open(EVENING)
    with world.sitting() as s:
        for craving in (8, 2):
            check_ins.save(s.u, s.person.id, "extra", date(2026, 11, 16), {"craving": craving}, "complete", world.phones.now)
        rows = s.u.all(select(check_ins.OBSERVATIONS.c.value).order_by(check_ins.OBSERVATIONS.c.id))
        assert [row.value for row in rows] == [8, 2]


def test_days_shown_up_count_from_the_first_check_in_and_leave_out_pauses(world: World) -> None:
    world.open(EVENING)
    with world.sitting() as s:
        today, me = date(2026, 11, 16), s.person.id
        for back, status in ((40, "complete"), (5, "complete"), (4, "missed"), (3, "paused"), (2, "late"), (1, "partial")):
            day = today - timedelta(days=back)
            if status == "paused":
                check_ins.paused(s.u, me, "evening", day)
            elif status == "missed":
                check_ins.asked(s.u, me, "evening", day)
                check_ins.closed(s.u, me, "evening", day)
            else:
                check_ins.save(s.u, me, "evening", day, {"mood": 5}, status, s.u.now)
        assert check_ins.shown_up(s.u, me, today) == (3, 5)
        assert check_ins.silent_days(s.u, me) == 0


def test_a_median_needs_three_answers_of_the_last_four_weeks(world: World) -> None:
    world.open(EVENING)
    with world.sitting() as s:
        today, me = date(2026, 11, 16), s.person.id
        for back, mood in ((30, 1), (3, 8), (2, 7)):
            check_ins.save(s.u, me, "evening", today - timedelta(days=back), {"mood": mood}, "complete", s.u.now)
        assert check_ins.median(s.u, me, "mood", today) is None
        check_ins.save(s.u, me, "morning", today, {"mood": None}, "complete", s.u.now)
        assert check_ins.median(s.u, me, "mood", today) is None
        check_ins.save(s.u, me, "evening", today, {"mood": 3}, "complete", s.u.now)
        assert check_ins.median(s.u, me, "mood", today) == 7


def test_answers_that_ran_out_are_dated_when_they_were_given(world: World) -> None:
    world.open(EVENING)
    world.phones.type(PATIENT, "/checkin")
    world.tap("6")
    world.wait(hours=4)
    with world.sitting() as s:
        rows = s.u.all(select(check_ins.OBSERVATIONS.c.at))
        assert [row.at for row in rows] == [EVENING]


def test_a_check_in_after_midnight_counts_for_the_evening_it_was_asked_for(world: World) -> None:
    world.open(instant("2026-11-16T22:00-05:00"), evening_at="22:30", quiet_from="03:00", quiet_to="07:00")
    world.wait(minutes=30)
    world.wait(hours=2)
    world.tap("Start", "6", "0", "3", "No", "Yes", "7", "Skip")
    assert world.rows() == [("evening", "2026-11-16", "complete")]


def test_in_the_small_hours_a_check_in_of_ones_own_leaves_the_evening_to_come_alone(world: World) -> None:
    world.open(instant("2026-11-16T02:00-05:00"), evening_at="20:00")
    world.phones.type(PATIENT, "/checkin")
    world.tap("6", "0", "3", "No", "Yes", "7", "Skip")
    assert world.rows() == [("extra", "2026-11-16", "complete")]
    world.wait(hours=18)
    assert world.prompts() == ["evening"]
