"""`between rota`: turns, stretches and leaves from the command line, and what is not covered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.clock import wall
from safety import duty
from storage import due, escalations, invites, people
from storage.wall import local
from tests.clinics import add_staff
from tests.commands.between import Between


@pytest.fixture
def staffed(between: Between) -> Between:
    """S001 was put on call by setup, opened her link and agreed; S002 is there too."""
    with between.unit() as u:
        (dana,) = people.people(u, "staff")
        invites.redeem(u, invites.add(u, dana), people.chat_for(u, 9001).id)
        people.give_consent(u, dana.id, "paged", 1)
        add_staff(u, 9002, "Ana Ruiz")
    return between


def held(between: Between) -> list[str]:
    with between.unit() as u:
        return [people.person(u, id).code for id in duty.reachable(u)["primary"]]


def test_without_a_rota_the_positions_hold_and_the_check_says_nothing_of_it(staffed: Between) -> None:
    assert held(staffed) == ["S001"]
    assert staffed("rota", "show").lines[:2] == ["On call now, times in America/New_York:", "  primary    S001"]
    assert "coverage" not in staffed("check").out


def test_turns_begin_with_the_one_that_runs_now(staffed: Between) -> None:
    ran = staffed("rota", "set", "primary", "S002", "S001", "--at", "fri 17:00")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("primary: 2 turns, one week each, from ")
    assert held(staffed) == ["S002"]
    shown = staffed("rota", "show")
    (turns,) = [line for line in shown.lines if line.startswith("Turns: ")]
    assert turns.startswith("Turns: primary, every fri 17:00 since")
    assert turns.endswith(": S002 S001")
    assert shown.lines[-1] == "The cover hours of the next 14 days are covered."
    assert "coverage of the next 14 days" in staffed("check").out
    assert staffed("rota", "set", "primary", "--clear").code == 0
    assert held(staffed) == ["S001"]


def test_whoever_the_command_puts_on_duty_is_told_when_the_bot_runs(staffed: Between) -> None:
    staffed("rota", "set", "primary", "S002", "--at", "fri 17:00")
    with staffed.unit() as u:
        assert duty.told(u) == {"primary": [people.people(u, "staff")[0].id], "backup": [], "supervisor": []}
        (row,) = due.planned(u, duty.CHANGE, 0)
        assert row.due_at <= u.now


def test_a_stretch_and_a_leave_and_taking_them_back(staffed: Between) -> None:
    staffed("rota", "set", "primary", "S001", "--at", "fri 17:00")
    here = local(wall(), "America/New_York")
    span = [f"{here + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (-1, 20)]
    assert staffed("rota", "override", "primary", "S002", *span).out == f"S002 is primary from {span[0]} until {span[1]}.\n"
    assert held(staffed) == ["S002"]
    assert f"Takes over: primary S002 {span[0]} {span[1]}" in staffed("rota", "show").lines
    days = [f"{here + timedelta(days=ahead):%Y-%m-%d}" for ahead in (0, 2)]
    assert "S002 is on leave" in staffed("rota", "leave", "S002", *days).out
    assert held(staffed) == ["S001"], "who is away is not paged, and the turn counts again"
    assert staffed("rota", "leave", "S002", *days, "--cancel").code == 0
    assert held(staffed) == ["S002"]
    assert staffed("rota", "override", "primary", "S002", *span, "--cancel").code == 0
    assert held(staffed) == ["S001"]


def test_hours_nobody_covers_fail_the_check(staffed: Between) -> None:
    staffed("rota", "set", "primary", "S001", "--at", "fri 17:00")
    day = f"{local(wall(), 'America/New_York') + timedelta(days=3):%Y-%m-%d}"
    assert f"Not covered: nobody at all from {local(wall(), 'America/New_York') + timedelta(days=3):%a} {day} 00:00" in (
        staffed("rota", "leave", "S001", day, day).out
    )
    ran = staffed("check")
    assert ran.code == 1
    assert any(line.startswith("PROBLEM coverage: nobody at all from") for line in ran.lines)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("set", "first", "S001"), "'first' is not a position. Write primary, backup or supervisor."),
        (("set", "primary"), "Name at least one staff code"),
        (("set", "primary", "S009"), "'S009' is nobody of your staff. The codes are S001, S002."),
        (("set", "primary", "S001", "--at", "friday"), "'friday' is not a weekly time."),
        (("set", "primary", "S001", "--at", "fri ²0:00"), "'fri ²0:00' is not a weekly time."),
        (("set", "primary", "S001", "--at", "fri 17:00", "--from", "2026-11-12"), "2026-11-12 is a thu"),
        (("override", "primary", "S002", "2026-11-20", "2026-11-21T08:00"), "'2026-11-20' is not a time."),
        (("override", "primary", "S002", "2026-11-21T08:00", "2026-11-20T08:00"), "2026-11-20T08:00 is not after"),
        (("override", "primary", "S002", "2020-11-20T08:00", "2020-11-21T08:00"), "2020-11-21T08:00 is over already."),
        (("override", "primary", "S002", "2030-11-20T08:00", "2030-11-21T08:00", "--cancel"), "There is no such stretch."),
        (("leave", "S002", "2030-12-24", "2030-12-21"), "The last day, 2030-12-21, is before the first"),
        (("leave", "S002", "soon", "2030-12-21"), "'soon' is not a date."),
        (("leave", "S001", "9999-12-31", "9999-12-31"), "9999-12-31 is not in the years 2000 to 2999. Look at the year"),
        (("override", "primary", "S002", "9999-12-31T08:00", "9999-12-31T23:59"), "9999-12-31 is not in the years"),
        (("set", "primary", "S001", "--at", "fri 17:00", "--from", "0001-01-05"), "0001-01-05 is not in the years"),
        (("leave", "S002", "2030-12-20", "2030-12-21", "--cancel"), "There is no such leave."),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(staffed: Between, words: tuple[str, ...], why: str) -> None:
    before = staffed("rota", "show").out
    staffed("rota", *words).refuses(why)
    assert staffed("rota", "show").out == before


def test_a_stretch_on_leave_is_refused(staffed: Between) -> None:
    staffed("rota", "leave", "S002", "2030-12-20", "2030-12-24")
    staffed("rota", "override", "primary", "S002", "2030-12-24T20:00", "2030-12-25T08:00").refuses("S002 is on leave from 2030-12-20")


def test_who_has_not_agreed_is_named_and_not_paged(staffed: Between) -> None:
    with staffed.unit() as u:
        people.revoke_consent(u, people.people(u, "staff")[1].id, "paged")
        assert escalations.on_call(u)["primary"]
    ran = staffed("rota", "set", "primary", "S002", "--at", "fri 17:00")
    assert "S002 cannot be paged until they have said yes to it in the chat." in ran.out
    assert held(staffed) == []
