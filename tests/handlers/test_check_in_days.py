"""Check-ins over days and clocks: changes of the clock, travel, outages, and what is stored of each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.phones import instant
from bot.registry import DUES
from storage import check_ins, due, people
from storage.due import DUE
from storage.wall import local
from tests.clinics import PATIENT
from tests.handlers.check_in_world import EVENING, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


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


def test_only_the_newest_message_that_asks_has_buttons(world: World) -> None:
    world.open(instant("2026-11-16T07:00-05:00"), morning_at="08:00", evening_at="20:00")
    world.wait(hours=13)
    messages = world.phones.phone(PATIENT).messages
    assert len(messages) == 3
    assert [bool(shown.buttons) for shown in messages] == [False, False, True]
    world.phones.type(PATIENT, "/checkin")
    assert [bool(shown.buttons) for shown in messages] == [False, False, False, True]
