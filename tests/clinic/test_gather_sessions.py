"""Sessions on the page: what took place, who came, what was in the way, and the hour across a change of clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from clinic import summary
from storage import audit, people, sessions
from storage.series import save_answer
from storage.store import Store
from storage.tables import Person
from tests.clinic.rows import BEGAN, MONDAY, at, open_store, patient, week_of

DAY = [MONDAY + timedelta(days=n) for n in range(7)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def test_sessions_are_told_by_what_staff_recorded_then_by_what_the_patient_said(store: Store) -> None:
    with store.unit(BEGAN) as u:
        for n in range(5):
            sessions.add_series(u, "group", f"Group {n}", date(2026, 10, 12) + timedelta(days=n), "18:00", 90, weeks=8)
    with patient(store, at(DAY[0], "12:00")) as (u, who):
        held = sessions.schedule(u, at(DAY[0], "00:00"), at(DAY[6], "23:00"))
        sessions.record_answer(u, who, held[0], "cant", barrier="transport", words="no bus after nine")
        sessions.record_answer(u, who, held[1], "cant", barrier="work")
        save_answer(u, who.id, held[1].series.id, held[1].day, attended="yes")
        sessions.record_answer(u, who, held[2], "late")
        sessions.cancel_occurrence(u, held[3].series.code, held[3].day)
        save_answer(u, who.id, held[4].series.id, held[4].day, attended="no")
        sessions.cancel_occurrence(u, held[0].series.code, DAY[0] + timedelta(days=7))
    week = week_of(store)
    mine = summary.sessions_of(week)
    assert [session.status for session in mine] == ["cant", "attended", "coming", "cancelled", "missed"]
    assert [session.barrier for session in mine[:2]] == ["transport", "work"]
    assert week.notes[0].text == "no bus after nine"
    assert week.next_session is not None
    assert (week.next_session.title, week.next_session.starts_at) == ("Group 1", at(DAY[1] + timedelta(days=7), "18:00"))
    count = summary.attendance(mine)
    assert (count.attended, count.marked, count.cancelled, count.unmarked) == (1, 2, 1, 2)


def test_sessions_before_the_program_began_are_not_counted(store: Store) -> None:
    with store.unit(BEGAN) as u:
        sessions.add_series(u, "group", "Group", date(2026, 10, 12), "18:00", 90, weeks=8)
        who = people.person_by_code(u, "0001")
        assert who is not None
        u.set(Person, who.id, program_start=DAY[0], program_weeks=8)
    week = week_of(store)
    assert [session.starts_at for session in week.sessions] == [at(DAY[0], "18:00")]
    assert (week.program_week, week.program_weeks) == (1, 8)


def test_a_series_that_was_called_off_is_soon_over(store: Store) -> None:
    with store.unit(BEGAN) as u:
        code = sessions.add_series(u, "group", "Group", date(2026, 10, 12), "18:00", 90, weeks=20).code
    with store.unit(at(DAY[0] - timedelta(days=14), "12:00")) as u:
        sessions.cancel_series(u, code)
    week = week_of(store)
    assert [session.status for session in week.sessions] == ["unknown", "cancelled"]
    assert week.next_session is None


def _discharge(store: Store, when: datetime) -> None:
    with patient(store, when) as (u, who):
        people.set_status(u, who.id, "discharged")
        audit.record(u, who.id, "S001", audit.DISCHARGED)


def _each_evening(store: Store) -> None:
    with store.unit(BEGAN) as u:
        for n in range(5):
            sessions.add_series(u, "group", f"Group {n}", DAY[n] - timedelta(days=7), "18:00", 90, weeks=8)


def test_who_was_discharged_has_no_sessions_after_that(store: Store) -> None:
    _each_evening(store)
    _discharge(store, at(DAY[1], "22:00"))
    week = week_of(store)
    assert [session.starts_at for session in summary.sessions_of(week)] == [at(DAY[n], "18:00") for n in (0, 1)]
    assert week.next_session is None


def test_who_came_is_recorded_also_of_somebody_discharged_since(store: Store) -> None:
    _each_evening(store)
    _discharge(store, at(DAY[1], "22:00"))
    with patient(store, at(DAY[2], "09:00")) as (u, who):
        for each in sessions.schedule(u, at(DAY[0], "00:00"), at(DAY[2], "23:00")):
            sessions.record_attended(u, each, [who.id])
    assert [session.status for session in summary.sessions_of(week_of(store))] == ["attended", "attended"]


@pytest.mark.parametrize(("came", "status"), [("yes", "attended"), ("no", "missed")])
def test_a_date_called_off_after_it_took_place_stays_as_recorded(store: Store, came: str, status: str) -> None:
    _each_evening(store)
    with patient(store, at(DAY[1], "21:00")) as (u, who):
        (each,) = sessions.schedule(u, at(DAY[1], "00:00"), at(DAY[1], "23:00"))
        save_answer(u, who.id, each.series.id, each.day, attended=came)
    with store.unit(at(DAY[2], "09:00")) as u:
        sessions.cancel_occurrence(u, each.series.code, each.day)
    assert summary.sessions_of(week_of(store))[1].status == status


def test_a_group_at_six_is_at_six_before_and_after_the_clocks_change(store: Store) -> None:
    with store.unit(BEGAN) as u:
        sessions.add_series(u, "group", "Group", date(2026, 10, 12), "18:00", 90, weeks=8)
    week = week_of(store)
    assert [f"{session.starts_at.astimezone(week.zone):%d %b %H:%M}" for session in week.sessions] == [
        "19 Oct 18:00", "26 Oct 18:00", "02 Nov 18:00", "09 Nov 18:00",
    ]  # fmt: skip
    assert len({session.starts_at.hour for session in week.sessions}) == 2
