"""`between session add|list|cancel`: the clinic's schedule, and how each thing is written."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.clock import wall
from storage import people
from storage.wall import local
from tests.commands.between import Between

ZONE = "America/New_York"


def in_days(days: int) -> date:
    return local(wall(), ZONE).date() + timedelta(days=days)


@pytest.fixture
def schedule(between: Between) -> Between:
    """A clinic with one patient."""
    with between.unit() as u:
        people.add_person(u, "patient", "Robin", ZONE)
    return between


def test_a_weekly_group_is_added_listed_and_cancelled(schedule: Between) -> None:
    first = in_days(2)
    last = first + timedelta(days=14)
    ran = schedule.process("session", "add", "group", "Evening group", str(first), "18:00", "--weeks", "3")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [f"G1: group, weekly from {first} to {last} at 18:00 ({ZONE}), 90 minutes."]
    listed = schedule("session", "list").lines
    assert listed == [
        f"G1     {first:%a} {first} 18:00  group      Evening group",
        f"G1     {first + timedelta(days=7):%a} {first + timedelta(days=7)} 18:00  group      Evening group",
        f"2 sessions in the next 14 days, times in {ZONE}.",
    ]
    assert schedule("session", "cancel", "G1", "--date", str(first)).lines == [f"G1: the session of {first} is cancelled."]
    assert [line.endswith("CANCELLED") for line in schedule("session", "list", "--days", "30").lines] == [True, False, False, False]
    assert schedule("session", "cancel", "G1").lines == ["G1: all sessions still to come are cancelled."]
    for again in ((), ("--date", str(last))):
        ran = schedule("session", "cancel", "G1", *again)
        assert (ran.code, ran.lines) == (0, ["G1 was cancelled before, with all its sessions."])


def test_one_for_certain_patients(schedule: Between) -> None:
    day = in_days(1)
    ran = schedule("session", "add", "individual", "Talk", str(day), "9:00", "--minutes", "50", "--patient", "0001")
    assert ran.lines == [f"I1: individual, on {day} at 09:00 ({ZONE}), 50 minutes."]


def test_the_same_twice_is_there_once(schedule: Between) -> None:
    with schedule.unit() as u:
        people.add_person(u, "patient", "Sam", ZONE)
    day = str(in_days(1))
    group = ("session", "add", "group", "Evening group", day, "18:00", "--weeks", "3")
    talk = ("session", "add", "individual", "Talk", day, "9:00", "--patient")
    assert [schedule(*each).lines[0][:3] for each in (group, (*talk, "0001"), (*talk, "0002"))] == ["G1:", "I1:", "I2:"]
    for again, code in ((group, "G1"), ((*talk, "0002"), "I2")):
        ran = schedule(*again)
        assert (ran.code, ran.lines) == (0, [f"{code} is there already, the same in everything. Nothing was added."])
    assert len(schedule("session", "list", "--days", "60").lines) == 6
    schedule("session", "cancel", "G1", "--date", day)
    assert schedule(*group).lines == ["G1 is there already, the same in everything. Nothing was added."], "two of its days are still on"
    schedule("session", "cancel", "G1")
    schedule("session", "cancel", "I1", "--date", day)
    assert [schedule(*each).lines[0][:3] for each in (group, (*talk, "0001"))] == ["G2:", "I3:"]


def test_until_a_date_counts_that_date_in(schedule: Between) -> None:
    first = in_days(1)
    last = first + timedelta(days=7)
    ran = schedule("session", "add", "workshop", "Sleep", str(first), "17:30", "--until", str(last))
    assert f"weekly from {first} to {last}" in ran.out


def test_an_empty_schedule_says_what_to_do(between: Between) -> None:
    (line,) = between("session", "list").lines
    assert line.startswith(f"0 sessions in the next 14 days, times in {ZONE}.")
    assert "between session add" in line


NEXT_YEAR = str(in_days(400))


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("party", "Evening group", NEXT_YEAR, "18:00"), "'party' is not a kind of session. Write group, individual, family or workshop."),
        (("group", "Evening group", "23.1.2027", "18:00"), "'23.1.2027' is not a date. Write year, month and day"),
        (("group", "Evening group", "2027-02-30", "18:00"), "'2027-02-30' is not a date."),
        (("group", "Evening group", NEXT_YEAR, "6pm"), "'6pm' is not a time of day. Write hours and minutes"),
        (("group", "Evening group", NEXT_YEAR, "24:00"), "'24:00' is not a time of day."),
        (("group", "Evening group", "2020-01-23", "18:00"), "would be over already. Look at the year"),
        (("group", "", NEXT_YEAR, "18:00"), "A title has 1 to 80 characters"),
        (("group", "x" * 81, NEXT_YEAR, "18:00"), "A title has 1 to 80 characters"),
        (("group", "Evening group", NEXT_YEAR, "18:00", "--minutes", "5"), "'5' is not a length. Write whole minutes from 10 to 600"),
        (("group", "Evening group", "9999-12-31", "23:59", "--weeks", "5"), "9999-12-31 is not in the years 2000 to 2999."),
        (("group", "Evening group", "0001-01-01", "00:00"), "0001-01-01 is not in the years 2000 to 2999."),
        (("group", "Evening group", NEXT_YEAR, "18:00", "--until", "9999-12-31"), "9999-12-31 is not in the years 2000 to 2999."),
        (("group", "Evening group", NEXT_YEAR, "18:00", "--weeks", "0"), "'0' is not a number of weeks."),
        (("group", "Evening group", NEXT_YEAR, "18:00", "--weeks", "2", "--until", NEXT_YEAR), "not both"),
        (("group", "Evening group", NEXT_YEAR, "18:00", "--until", str(in_days(300))), "is before the first"),
        (("individual", "Talk", NEXT_YEAR, "18:00"), "for certain patients only. Name them by code, such as 0001."),
        (("individual", "Talk", NEXT_YEAR, "18:00", "--patient", "0042"), "There is no patient in the program with code '0042'."),
        (("group", "Talk", NEXT_YEAR, "18:00", "--patient", "S001"), "There is no patient in the program with code 'S001'."),
    ],
)
def test_what_cannot_be_added(schedule: Between, args: tuple[str, ...], says: str) -> None:
    schedule("session", "add", *args).refuses(says)
    assert schedule("session", "list", "--days", "366").lines[0].startswith("0 sessions")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("G9",), "There is no session with code 'G9'. Codes look like G1; the list of sessions shows them."),
        (("G1", "--date", "soon"), "'soon' is not a date."),
        (("G1", "--date", NEXT_YEAR), "G1 does not take place on"),
    ],
)
def test_what_cannot_be_cancelled(schedule: Between, args: tuple[str, ...], says: str) -> None:
    schedule("session", "add", "group", "Evening group", str(in_days(2)), "18:00")
    schedule("session", "cancel", *args).refuses(says)
    assert "CANCELLED" not in schedule("session", "list").out


@pytest.mark.parametrize("args", [("list",), ("cancel", "G1"), ("add", "group", "Evening group", NEXT_YEAR, "18:00")])
def test_without_a_clinic_it_says_to_set_it_up(empty: Between, args: tuple[str, ...]) -> None:
    empty("session", *args).refuses("Run `between setup` first.")


def test_a_number_that_is_none_and_a_date_that_is_missing(between: Between) -> None:
    for args, named in ((("list", "--days", "0"), "--days"), (("list", "--days", "many"), "--days"), (("add", "group", "Talk"), "{date}")):
        ran = between("session", *args)
        assert (ran.code, ran.out) == (2, "")
        assert named in ran.err
