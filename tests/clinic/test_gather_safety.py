"""Danger and worry on the page: what was heard, what was done, and in which week it is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from clinic import table
from clinic.model import SafetyAnswer, Week
from clinic.page import render_week
from storage import escalations, journal, notes, people, plans, retention
from storage.store import Store, Unit
from tests.clinic.page_reading import read, section
from tests.clinic.rows import MONDAY, NOW, SUNDAY, at, open_store, patient, send_page, tell, week_of

DAY = [MONDAY + timedelta(days=n) for n in range(7)]
CANARY = "heron under the bridge"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def all_files(week: Week) -> str:
    """Everything that leaves the house about a week."""
    return render_week(week) + table.write_csv(table.rows(week)).decode()


def _danger(store: Store, began: datetime, **steps: datetime) -> None:
    """An escalation of Robin's, as far as it went: paged, acked, contacted, closed."""
    with patient(store, began) as (u, who):
        chat = people.chat_of(u, who.id)
        staff = people.person_by_code(u, "S001")
        assert chat is not None
        assert staff is not None
        row = escalations.add(u, who.id, chat.id, "high", "suicide", ((0, "primary", "page.new"),))
        escalations.note(u, row.id, "opened", code="suicide.passive", words=CANARY, key=who.key)
        send_page(u, row, staff, steps.get("paged"))
        for step, state in (("acked", "ACKED"), ("contacted", "CONTACTED")):
            if step in steps:
                escalations.note(Unit(u.connection, u.keys, steps[step]), row.id, state, by=staff.id)
        if "closed" in steps:
            escalations.save(u, row, state="CLOSED", closed_by=staff.id, closed_at=steps["closed"], outcome="safe")


def test_an_escalation_is_told_step_by_step_with_who_answered(store: Store) -> None:
    began = at(DAY[2], "21:40")
    minutes = {name: began + timedelta(minutes=n) for name, n in (("paged", 0), ("acked", 18), ("contacted", 26), ("closed", 51))}
    _danger(store, began, **minutes)
    (event,) = week_of(store).risk
    assert (event.level, event.source, event.acknowledged_by, event.words) == ("high", "text", "Dana Reyes", None)
    assert (event.paged_at, event.acknowledged_at, event.contacted_at, event.closed_at) == tuple(minutes.values())
    assert "_" not in (event.outcome or "")
    banner = section(read(render_week(week_of(store))), "safety").text
    for part in ("21:40", "21:58", "Dana Reyes", "22:06"):
        assert part in banner


@pytest.mark.parametrize("scope", ["program", "crisis_words"])
def test_words_that_sounded_like_danger_are_for_the_person_on_call_alone(store: Store, scope: str) -> None:
    with patient(store, NOW) as (u, who):
        people.give_consent(u, who.id, scope, 1)
    _danger(store, at(DAY[2], "21:40"))
    week = week_of(store)
    assert (week.risk[0].source, week.risk[0].words) == ("text", None)
    assert CANARY not in all_files(week)


def test_the_safety_plan_is_one_line_and_none_of_its_words(store: Store) -> None:
    def line() -> str:
        return section(read(render_week(week_of(store))), "safety").text.partition("Safety plan: ")[2]

    assert line().startswith("none yet.")
    with patient(store, at(DAY[1], "12:00")) as (u, who):
        people.give_consent(u, who.id, "plan", 1)
        for step in (1, 2, 3, 4, 6):
            plans.add(u, who, step, CANARY, "555-0142" if step == 4 else "")
        plans.review(u, who, "self", "fits")
    assert line().startswith("yes; to fill in or nobody to reach in step 3, 5; last looked through: 10 Nov 2026.")
    with patient(store, at(DAY[2], "12:00")) as (u, who):
        for step in (3, 5):
            plans.add(u, who, step, CANARY, "555-0143")
    week = week_of(store)
    assert line().startswith("yes, all steps; last looked through: 10 Nov 2026.")
    assert CANARY not in all_files(week)
    assert "safety_plan,yes,patient,complete" in all_files(week)


@pytest.mark.parametrize("channel", ["mail", "telegram"])
def test_a_page_is_told_by_its_receipt_whatever_way_it_went(store: Store, channel: str) -> None:
    began = at(DAY[2], "21:40")
    _danger(store, began)
    with store.unit(began + timedelta(minutes=1)) as u:
        (row,) = escalations.all_open(u)
        escalations.receipt(u, row.id, None, channel)
    with store.unit(NOW + timedelta(days=181)) as u:
        retention.apply(u)
    (event,) = week_of(store, now=NOW + timedelta(days=181)).risk
    assert event.paged_at == began + timedelta(minutes=1)


def test_a_page_that_was_not_sent_is_not_told_as_sent(store: Store) -> None:
    _danger(store, at(DAY[2], "21:40"))
    (event,) = week_of(store).risk
    assert (event.paged_at, event.acknowledged_at, event.open) == (None, None, True)
    assert "not paged" in section(read(render_week(week_of(store))), "safety").text


def test_what_is_still_open_stays_on_the_newest_page_and_only_there(store: Store) -> None:
    after = at(SUNDAY + timedelta(days=1), "04:00")
    _danger(store, after)
    assert [event.at for event in week_of(store).risk] == [after]
    assert week_of(store, MONDAY - timedelta(days=7)).risk == ()
    with store.unit(NOW) as u:
        (row,) = escalations.all_open(u)
        escalations.save(u, row, state="CLOSED", closed_at=NOW, outcome="safe")
    assert week_of(store).risk == ()
    assert len(week_of(store, MONDAY + timedelta(days=7)).risk) == 1


def test_an_older_event_that_nobody_closed_is_still_told(store: Store) -> None:
    _danger(store, at(MONDAY - timedelta(days=10), "12:00"))
    assert [event.open for event in week_of(store).risk] == [True]


def _worry(store: Store, when: datetime, code: str, seen: datetime | None = None) -> None:
    with patient(store, when) as (u, who):
        note = notes.add(u, who.id, "concern", code)
        staff = people.person_by_code(u, "S001")
        assert staff is not None
        if seen:
            notes.seen(Unit(u.connection, u.keys, seen), note, staff)


def test_words_that_worried_and_the_answer_that_followed_are_one_event(store: Store) -> None:
    heard = at(DAY[1], "20:00")
    _worry(store, heard, "text", seen=at(DAY[2], "09:00"))
    _worry(store, heard + timedelta(minutes=3), "sometimes_no_plan", seen=at(DAY[2], "09:05"))
    _worry(store, at(DAY[4], "20:00"), "skipped")
    tell(store, DAY[5], {"mood": 1, "safety": "no"})
    week = week_of(store)
    (event,) = week.risk
    assert (event.at, event.level, event.source, event.asked) == (heard, "concern", "text", "sometimes")
    assert (event.acknowledged_by, event.acknowledged_at, event.closed_at) == ("Dana Reyes", at(DAY[2], "09:00"), at(DAY[2], "09:05"))
    assert [answer.code for answer in week.safety_answers] == ["sometimes", "skipped", "no"]
    assert not any(o.item == "safety" for o in week.observations)


@pytest.mark.parametrize(
    ("code", "asked"),
    [("method", "yes"), ("thoughts", "sometimes"), ("wish", "sometimes"), ("violence", None), ("silent", None)],
)
@pytest.mark.parametrize("seen", [False, True])
def test_what_nobody_has_seen_keeps_its_event_open(store: Store, code: str, asked: str | None, seen: bool) -> None:
    heard, looked = at(DAY[1], "20:00"), at(DAY[2], "09:00")
    _worry(store, heard, "text", seen=heard + timedelta(minutes=5))
    _worry(store, heard + timedelta(minutes=15), code, seen=looked if seen else None)
    (event,) = week_of(store).risk
    assert (event.source, event.asked) == ("text", asked)
    assert event.closed_at == (looked if seen else None)


@pytest.mark.parametrize("code", ["violence", "used", "behaviour_older", "harm_thoughts"])
def test_an_answer_to_another_question_is_told_as_no_words_of_theirs(store: Store, code: str) -> None:
    """The day after an alert they are asked, and no words come before that."""
    _worry(store, at(DAY[1], "20:00"), code)
    told = section(read(render_week(week_of(store))), "safety").text
    assert "Concern, from their answer to a question" in told
    assert "not paged; in the staff inbox" in told


@pytest.mark.parametrize("code", ["no", "skipped", "unanswered"])
def test_an_answer_that_does_not_worry_opens_nothing_again(store: Store, code: str) -> None:
    heard = at(DAY[1], "20:00")
    _worry(store, heard, "text", seen=heard + timedelta(minutes=5))
    _worry(store, heard + timedelta(minutes=15), code)
    (event,) = week_of(store).risk
    assert event.closed_at == heard + timedelta(minutes=5)


@pytest.mark.parametrize("code", ["some_intent", "plan_intent", "recent_behaviour"])
def test_an_answer_that_paged_counts_as_a_yes(store: Store, code: str) -> None:
    with patient(store, at(DAY[1], "20:00")) as (u, who):
        chat = people.chat_of(u, who.id)
        assert chat is not None
        row = escalations.add(u, who.id, chat.id, "high", "suicide", ((0, "primary", "page.new"),))
        escalations.note(u, row.id, "opened", code=code)
    week = week_of(store)
    assert [answer.code for answer in week.safety_answers] == ["yes"]
    assert [(event.source, event.asked) for event in week.risk] == [("item", "yes")]


def test_an_answer_that_left_two_traces_is_counted_once(store: Store) -> None:
    when = at(DAY[3], "20:35")
    tell(store, DAY[3], {"mood": 2, "safety": "sometimes"})
    _worry(store, when - timedelta(seconds=20), "sometimes_no_plan")
    week = week_of(store)
    assert week.safety_answers == (SafetyAnswer(when, "sometimes"),)
    assert [(event.source, event.open) for event in week.risk] == [("item", True)]


def test_an_answer_whose_note_lies_beyond_midnight_is_counted_in_one_week(store: Store) -> None:
    tell(store, SUNDAY, {"mood": 1, "safety": "skipped"})
    _worry(store, at(SUNDAY + timedelta(days=1), "00:35"), "skipped")
    tell(store, MONDAY, {"mood": 1, "safety": "sometimes"}, "morning")
    _worry(store, at(SUNDAY - timedelta(days=7), "22:05"), "sometimes_no_plan", seen=at(MONDAY, "09:00"))
    weeks = [week_of(store, MONDAY + timedelta(days=days), now=NOW + timedelta(days=7)) for days in (-7, 0, 7)]
    assert [[answer.code for answer in week.safety_answers] for week in weeks] == [[], ["sometimes", "skipped"], []]
    assert weeks[2].observations[-1].local_date == SUNDAY


@pytest.mark.parametrize(
    ("monday", "inside", "outside"),
    [
        (date(2026, 10, 26), datetime(2026, 11, 2, 4, 30, tzinfo=UTC), datetime(2026, 11, 2, 5, 0, tzinfo=UTC)),
        (date(2027, 3, 8), datetime(2027, 3, 15, 3, 30, tzinfo=UTC), datetime(2027, 3, 15, 4, 30, tzinfo=UTC)),
    ],
)
def test_a_week_in_which_the_clocks_change_ends_on_sunday_night(store: Store, monday: date, inside: datetime, outside: datetime) -> None:
    for when in (inside, outside):
        _worry(store, when, "text", seen=when + timedelta(hours=1))
        with patient(store, when) as (u, who):
            journal.write(u, who, when.isoformat(), shared=True)
    now = outside + timedelta(days=8)
    assert [event.at for event in week_of(store, monday, now).risk] == [inside]
    assert [line.text for line in week_of(store, monday, now).shared] == [inside.isoformat()]
    following = week_of(store, monday + timedelta(days=7), now)
    assert [event.at for event in following.risk] == [outside]
    assert [line.at for line in following.shared] == [outside]
