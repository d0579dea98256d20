"""The simulator's oracle must be able to fail: for each promise, a made-up fault that it has to notice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.sim import words
from bench.sim.oracle import CARD_WITHIN, SILENCE, TAKEN_SILENCE, Oracle
from bench.sim.telegram import Request
from content.library import load
from safety.heard import Level
from safety.screen import screen

PATIENT, OTHER, STAFF = 5001, 5002, 9001
START = datetime(2026, 11, 16, 21, 0, tzinfo=UTC)


@dataclass
class Scene:
    """An oracle, its clock, and short ways to tell it what happened."""

    seconds: float = 0.0
    oracle: Oracle = field(init=False)

    def __post_init__(self) -> None:
        self.oracle = Oracle(lambda: self.seconds, self.now, self.now)
        self.oracle.add_patient(PATIENT, "0001")
        self.oracle.add_patient(OTHER, "0002")
        self.oracle.staff.add(STAFF)
        self.oracle.admin_seen["S001"] = STAFF

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def hands_over(self, text: str) -> None:
        self.oracle.handed({"message": {"text": text, "chat": {"id": PATIENT}}})

    def types(self, text: str) -> None:
        self.hands_over(text)
        self.oracle.rested()

    def shows(self, address: int, id: str, *, mark: str = "", fault: str | None = None, before: str = "", **slots: Any) -> None:
        text = before + load("en").text(id, **slots)
        self.oracle.watch(Request(self.now(), address, "send", text, mark, fault is None or fault.endswith("_after"), fault))

    def card(self, **more: Any) -> None:
        self.shows(PATIENT, "crisis.card", emergency="911", line="call 988", **more)

    def page(self, address: int = STAFF, **more: Any) -> None:
        self.shows(address, "page.new", code="0001", level="high", time="21:00", ref="ACDEF", **more)

    def passes(self, seconds: float) -> None:
        self.seconds += seconds
        self.oracle.look()

    @property
    def wrong(self) -> list[str]:
        return [violation.kind for violation in self.oracle.violations]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_the_people_type_is_what_the_screen_takes_it_for() -> None:
    assert [text for text in words.DANGERS if screen(text).level < Level.HIGH] == []
    assert [text for text in (*words.HARMLESS, *words.CITIES) if screen(text).level > Level.NONE] == []


def test_a_good_evening_has_no_violation(scene: Scene) -> None:
    scene.types(words.DANGERS[0])
    scene.card(mark="a")
    scene.page(mark="b")
    scene.passes(SILENCE - 1)
    scene.page(mark="c")
    scene.shows(STAFF, "page.details", ref="ACDEF", code="0001", name="Ria Q0001q", phone="555", level="high", again="20:00")
    scene.passes(TAKEN_SILENCE - 1)
    scene.shows(STAFF, "page.thanks", ref="ACDEF")
    scene.passes(10 * TAKEN_SILENCE)
    assert scene.wrong == []


def test_a_card_that_does_not_come(scene: Scene) -> None:
    scene.types(words.DANGERS[0])
    scene.passes(CARD_WITHIN + 1)
    assert scene.wrong == ["card_missing"]


def test_something_else_before_the_card(scene: Scene) -> None:
    scene.types(words.DANGERS[0])
    scene.shows(PATIENT, "bot.journal_kept")
    assert scene.wrong == ["card_not_first"]


def test_a_card_that_somebody_who_blocked_the_bot_cannot_be_shown(scene: Scene) -> None:
    scene.types(words.DANGERS[0])
    scene.card(fault="403")
    scene.passes(CARD_WITHIN + 1)
    assert scene.wrong == []


def test_a_ladder_that_falls_silent(scene: Scene) -> None:
    scene.types(words.DANGERS[0])
    scene.card()
    scene.passes(SILENCE + 1)
    assert scene.wrong == ["ladder_silent"]


def test_an_alert_that_was_taken_and_forgotten(scene: Scene) -> None:
    scene.types(words.DANGERS[0])
    scene.card()
    scene.page()
    scene.shows(STAFF, "page.details", ref="ACDEF", code="0001", name="Ria", phone="555", level="high", again="20:00")
    scene.passes(TAKEN_SILENCE + 1)
    assert scene.wrong == ["ladder_silent"]


def test_a_page_to_someone_who_left_the_clinic(scene: Scene) -> None:
    scene.shows(STAFF, "staff.members.revoked", code="S001")
    scene.page()
    assert scene.wrong == ["page_not_entitled"]


@pytest.mark.parametrize("page", words.PAGES)
def test_each_page_is_known_as_what_it_is(page: str) -> None:
    item = load("en").item(page)
    shown = load("en").text(page, **{slot: {"code": "0001", "ref": "ACDEF"}.get(slot, "21:00") for slot in item.slots})
    read = words.read(shown)
    assert [(id, read[id]["code"]) for id in words.PAGES if id in read] == [(page, "0001")]


def test_what_it_makes_nothing_of_is_wrong_and_stops_no_request(scene: Scene) -> None:
    scene.shows(STAFF, "page.new", code="9999", level="high", time="21:00", ref="ACDEF")
    assert scene.wrong == ["history_broke"]


def test_words_of_one_patient_on_the_phone_of_another(scene: Scene) -> None:
    scene.shows(OTHER, "checkin.prompt_morning", name="Ria Q0001q")
    assert scene.wrong == ["canary"]


def test_something_cheerful_while_an_alert_is_open(scene: Scene) -> None:
    scene.types(words.DANGERS[0])
    scene.card()
    scene.shows(PATIENT, "checkin.prompt_morning", name="Ria")
    assert scene.wrong == ["cheerful_in_crisis"]


@pytest.mark.parametrize(("tapped", "wrong"), [("bot.note", []), ("crisis.still_open", ["cheerful_in_crisis"])])
def test_what_a_note_stands_for_is_shown_to_whoever_opens_it(scene: Scene, tapped: str, wrong: list[str]) -> None:
    scene.types(words.DANGERS[0])
    scene.card()
    shown = {"text": load("en").text(tapped)}
    scene.oracle.handed({"callback_query": {"from": {"id": PATIENT}, "message": shown, "data": "x"}})
    scene.shows(PATIENT, "checkin.prompt_morning", name="Ria")
    assert scene.wrong == wrong


def test_what_was_on_its_way_when_the_dangerous_words_were_handed_over(scene: Scene) -> None:
    scene.hands_over(words.DANGERS[0])
    scene.shows(PATIENT, "checkin.prompt_morning", name="Ria")
    scene.card()
    assert scene.wrong == []


def test_a_session_reminder_goes_also_while_an_alert_is_open(scene: Scene) -> None:
    scene.types(words.DANGERS[0])
    scene.card()
    scene.shows(PATIENT, "session.soon", title="Group", when="today")
    assert scene.wrong == []


@pytest.mark.parametrize(("hours", "wrong"), [(47, ["cheerful_too_soon"]), (49, [])])
def test_something_cheerful_in_the_two_days_after(scene: Scene, hours: int, wrong: list[str]) -> None:
    scene.types(words.DANGERS[0])
    scene.card()
    scene.shows(PATIENT, "crisis.closed")
    scene.seconds += hours * 3600
    scene.shows(PATIENT, "checkin.nudge", until="21:00")
    assert scene.wrong == wrong


@pytest.mark.parametrize(("shown", "slots"), [("consent.program.left", {"clinic": "Harbor"}), ("welcome.declined", {})])
def test_a_prompt_to_someone_who_left(scene: Scene, shown: str, slots: dict[str, str]) -> None:
    scene.shows(PATIENT, shown, **slots)
    scene.shows(PATIENT, "checkin.prompt_morning", name="Ria")
    assert scene.wrong == ["prompt_after_leaving"]


@pytest.mark.parametrize(("discharging", "wrong"), [(True, []), (False, ["told_of_a_discharge"])])
def test_no_ladder_is_expected_for_someone_discharged_whose_goodbye_was_lost(scene: Scene, discharging: bool, wrong: list[str]) -> None:
    scene.oracle.cases[PATIENT].discharging = discharging
    scene.hands_over(words.DANGERS[0])
    scene.card()
    scene.shows(PATIENT, "crisis.discharged")
    scene.oracle.rested()
    scene.passes(3 * 3600)
    assert scene.wrong == wrong


def test_no_ladder_is_expected_for_someone_who_said_no_at_the_door(scene: Scene) -> None:
    scene.shows(PATIENT, "welcome.declined")
    scene.types(words.DANGERS[0])
    scene.card()
    scene.passes(SILENCE + 1)
    assert scene.wrong == []


def test_repeats_only_after_a_doubt_and_marked(scene: Scene) -> None:
    mark = "This may be a repeat.\n\n"
    scene.card(mark="a")
    scene.card(mark="a")
    scene.card(mark="b", fault="timeout_after")
    scene.card(mark="b")
    scene.card(mark="c", before=mark)
    assert scene.wrong == ["repeat_without_doubt", "repeat_unmarked", "marked_without_doubt"]
    scene.card(mark="d", fault="timeout_after")
    scene.card(mark="d", before=mark)
    assert len(scene.wrong) == 3
