"""The schedule: what is refused and how it is said, when sessions are, who comes, and when each patient is reminded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from storage import due, notes, people, reminders, series, session_input, sessions
from storage.engine import open_engine
from storage.migrate import migrate
from storage.people import PersonCard
from storage.reminders import eve_at, soon_at
from storage.seal import Keyring, MasterKey
from storage.series import Occurrence, SeriesRow
from storage.store import Store, Unit
from storage.tables import Person
from storage.wall import instant, local, span_end
from tests.clinics import OTHER, PATIENT, ZONE, add_patient, open_clinic
from tests.storage.test_wall import ZONES, changes

NOW = datetime(2026, 11, 15, 17, 0, tzinfo=UTC)  # Sunday noon in New York
MONDAY = date(2026, 11, 16)
WEEK = timedelta(days=7)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    made = Store(open_engine(database), Keyring(MasterKey(b"sessions-key-of-32-bytes-length!")))
    open_clinic(made, NOW)
    yield made
    made.close()


@pytest.fixture
def u(store: Store) -> Iterator[Unit]:
    with store.unit(NOW) as unit:
        yield unit


def patient(u: Unit, code: str = "0001") -> PersonCard:
    who = people.person_by_code(u, code)
    assert who is not None
    return who


def add(u: Unit, **changed: Any) -> SeriesRow:
    values: dict[str, Any] = {"kind": "group", "title": "Evening group", "first_date": "2026-11-16", "starts": "18:00", "minutes": 90}
    return sessions.add_series(u, **(values | changed))


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"kind": "seminar"}, session_input.BadKind, "Write group, individual, family or workshop."),
        ({"title": " "}, session_input.BadTitle, "such as Evening group"),
        ({"title": "x" * 81}, session_input.BadTitle, "1 to 80 characters"),
        ({"title": "two\nlines"}, session_input.BadTitle, "on one line"),
        ({"first_date": "17.11.2026"}, session_input.BadDate, "such as 2026-11-17"),
        ({"first_date": "2026-02-30"}, session_input.BadDate, "'2026-02-30' is not a date"),
        ({"first_date": "2026-1-1"}, session_input.BadDate, "Write year, month and day"),
        ({"starts": "6pm"}, session_input.BadTime, "such as 18:00"),
        ({"starts": "24:00"}, session_input.BadTime, "from 00:00 to 23:59"),
        ({"minutes": 0}, session_input.BadMinutes, "from 10 to 600, such as 90"),
        ({"minutes": 601}, session_input.BadMinutes, "'601' is not a length"),
        ({"weeks": 0}, session_input.BadWeeks, "such as 8"),
        ({"last_date": "2026-11-15"}, session_input.BadEnd, "such as 2027-01-11"),
        ({"last_date": "2036-11-15"}, session_input.BadWeeks, "from 1 to 104"),
        ({"last_date": "2026-12-15", "weeks": 3}, session_input.TwoEnds, "not both"),
        ({"first_date": "2025-11-17"}, session_input.AlreadyOver, "Look at the year"),
        ({"zone": "Mars/Olympus"}, session_input.UnknownZone, "such as America/New_York"),
        ({"attendees": ["0001", "0009"]}, session_input.NoSuchPatient, "code '0009'. Codes look like 0001."),
        ({"attendees": []}, session_input.NobodyNamed, "(group)"),
        ({"kind": "individual"}, session_input.NobodyNamed, "(individual) is for certain patients only"),
        ({"kind": "family"}, session_input.NobodyNamed, "such as 0001"),
    ],
)
def test_what_is_refused_says_how_it_is_written(u: Unit, changed: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error) as caught:
        add(u, **changed)
    assert says in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert series.all_series(u) == []


def test_discharged_patients_and_staff_are_nobody_who_could_come(u: Unit) -> None:
    people.set_status(u, patient(u, "0002").id, "discharged")
    staff = people.people(u, "staff")[0]
    for code in ("0002", staff.code):
        with pytest.raises(session_input.NoSuchPatient):
            add(u, attendees=[code])


def test_a_clinic_that_is_not_set_up_is_told_so(database: str) -> None:
    store = Store(open_engine(database), Keyring(MasterKey(b"sessions-key-of-32-bytes-length!")))
    migrate(store.engine)
    with store.unit(NOW) as u, pytest.raises(session_input.NoClinic, match="between setup"):
        add(u)
    store.close()


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026-11-20", 20), ("today", 15), ("Tomorrow", 16), ("sunday", 22), ("mon", 16), (" Saturday ", 21)],
)
def test_dates_as_staff_type_them(typed: str, day: int) -> None:
    assert session_input.read_date(typed, date(2026, 11, 15)) == date(2026, 11, day)


def test_a_weekday_means_nothing_without_a_today() -> None:
    with pytest.raises(session_input.BadDate):
        session_input.read_date("monday")


def test_codes_are_short_and_tell_the_kind(u: Unit) -> None:
    codes = [add(u).code, add(u).code, add(u, kind="individual", attendees=["0001"]).code, add(u, kind="workshop").code]
    assert codes == ["G1", "G2", "I1", "W1"]
    sessions.cancel_series(u, "g2")
    assert add(u).code == "G3", "the code of a cancelled series is not used again"


def test_the_title_is_not_readable_in_the_database(store: Store) -> None:
    with store.unit(NOW) as u:
        add(u, title="Canary Cove")
        (row,) = u.all(series.SERIES.select())
        assert b"Canary" not in row.title
        assert series.all_series(u)[0].title == "Canary Cove"


def test_a_weekly_series_ends_on_its_own_weekday(u: Unit) -> None:
    assert add(u, weeks=3).last_date == MONDAY + 2 * WEEK
    assert add(u, last_date="2026-12-06").last_date == date(2026, 11, 30)
    once = add(u)
    assert not once.weekly
    assert [each.day for each in series.of_series(u, once, NOW, NOW + 9 * WEEK)] == [MONDAY]


def test_the_wall_time_stands_when_the_clocks_change(u: Unit) -> None:
    row = add(u, first_date="2027-03-08", weeks=3)
    found = series.of_series(u, row, NOW, NOW + 30 * WEEK)
    assert [f"{each.begins:%m-%d %H:%M}" for each in found] == ["03-08 23:00", "03-15 22:00", "03-22 22:00"]
    assert {f"{local(each.begins, ZONE):%H:%M}" for each in found} == {"18:00"}
    assert all(each.ends - each.begins == timedelta(minutes=90) for each in found)


def test_everyone_means_also_those_who_join_later_from_their_first_day(store: Store) -> None:
    with store.unit(NOW) as u:
        row = add(u, weeks=8)
    later = NOW + 2 * WEEK
    with store.unit(later) as u:
        new = add_patient(u, 5003, "Kim", code="0003")
        u.set(Person, new, program_start=date(2026, 12, 7))
        assert new in series.attendees(u, row)
        days = [each.day for each in series.occurrences(u, new, NOW, NOW + 9 * WEEK)]
        assert days == [MONDAY + n * WEEK for n in range(3, 8)]
        old = [each.day for each in series.occurrences(u, patient(u).id, NOW, NOW + 9 * WEEK)]
        assert old == [MONDAY + n * WEEK for n in range(8)]


def test_a_session_for_some_is_nobody_elses(u: Unit) -> None:
    row = add(u, kind="individual", attendees=["0001"])
    assert series.attendees(u, row) == [patient(u).id]
    assert series.occurrences(u, patient(u, "0002").id, NOW, NOW + WEEK) == []
    assert series.occurrences(u, people.people(u, "staff")[0].id, NOW, NOW + WEEK) == []


def test_cancelling_one_leaves_the_others(u: Unit) -> None:
    row = add(u, weeks=3)
    each = sessions.cancel_occurrence(u, "G1", "2026-11-23")
    assert each.cancelled
    shown = [(found.day, found.cancelled) for found in series.of_series(u, row, NOW, NOW + 4 * WEEK)]
    assert shown == [(MONDAY, False), (MONDAY + WEEK, True), (MONDAY + 2 * WEEK, False)]


def test_cancelling_a_series_leaves_what_has_been(store: Store) -> None:
    with store.unit(NOW) as u:
        add(u, weeks=3)
    with store.unit(NOW + 2 * WEEK) as u:
        row = sessions.cancel_series(u, "G1")
        assert [each.cancelled for each in series.of_series(u, row, NOW, NOW + 4 * WEEK)] == [False, False, True]
        assert series.all_series(u) == []
        with pytest.raises(session_input.NoSuchSeries):
            sessions.cancel_series(u, "G1")


@pytest.mark.parametrize(
    ("code", "day", "error", "says"),
    [
        ("G9", "2026-11-16", session_input.NoSuchSeries, "code 'G9'. Codes look like G1"),
        ("G1", "2026-11-17", session_input.NoSuchDay, "G1 does not take place on 2026-11-17. It is on Mondays; the next is on 2026-11-16."),
        ("G1", "16.11.", session_input.BadDate, "such as 2026-11-17"),
    ],
)
def test_what_can_not_be_cancelled(u: Unit, code: str, day: str, error: type[Exception], says: str) -> None:
    add(u, weeks=2)
    with pytest.raises(error) as caught:
        sessions.cancel_occurrence(u, code, day)
    assert says in str(caught.value)


def test_each_patient_is_told_of_a_cancellation_once(u: Unit) -> None:
    add(u, weeks=3)
    for _ in range(2):
        sessions.cancel_occurrence(u, "G1", "2026-11-16")
    told = [row for who in ("0001", "0002") for row in due.planned(u, reminders.OFF, patient(u, who).id)]
    assert len(told) == 2


def test_the_latest_answer_counts_and_makes_one_line_for_staff(u: Unit) -> None:
    (each,) = series.of_series(u, add(u), NOW, NOW + WEEK)
    who = patient(u)
    sessions.record_answer(u, who, each, "cant")
    sessions.record_answer(u, who, each, "cant", barrier="transport", words="the bus")
    assert [(row.kind, row.code, row.words) for row in notes.unseen(u)] == [("session", "transport", "the bus")]
    sessions.record_answer(u, who, each, "coming")
    assert [(row.code, row.words) for row in notes.unseen(u)] == [("coming", None)]
    found = series.answer_of(u, who.id, each.series.id, each.day)
    assert found is not None
    assert (found.answer, found.barrier) == ("coming", None)


def test_a_line_staff_have_seen_stays_and_a_new_one_tells_of_the_change(u: Unit) -> None:
    (each,) = series.of_series(u, add(u), NOW, NOW + WEEK)
    who, staff = patient(u), people.people(u, "staff")[0]
    sessions.record_answer(u, who, each, "cant")
    (line,) = notes.unseen(u)
    notes.seen(u, line.id, staff)
    sessions.record_answer(u, who, each, "late", minutes=15)
    assert [row.code for row in notes.unseen(u)] == ["late"]
    found = series.answer_told_by(u, notes.unseen(u)[0].id)
    assert found is not None
    assert found.minutes == 15


def test_saying_that_one_comes_makes_no_work_for_staff(u: Unit) -> None:
    (each,) = series.of_series(u, add(u), NOW, NOW + WEEK)
    sessions.record_answer(u, patient(u), each, "coming")
    assert notes.unseen(u) == []


@pytest.mark.parametrize("bad", [{"answer": "maybe"}, {"answer": "cant", "barrier": "lazy"}])
def test_only_known_answers_are_kept(u: Unit, bad: dict[str, Any]) -> None:
    (each,) = series.of_series(u, add(u), NOW, NOW + WEEK)
    with pytest.raises(ValueError, match="not an answer"):
        sessions.record_answer(u, patient(u), each, **bad)


def test_staff_record_does_not_touch_the_answer(u: Unit) -> None:
    (each,) = series.of_series(u, add(u), NOW, NOW + WEEK)
    sessions.record_answer(u, patient(u), each, "coming")
    sessions.record_attended(u, each, [patient(u, "0002").id])
    found = [series.answers(u, patient(u, code).id, MONDAY, MONDAY)[0] for code in ("0001", "0002")]
    assert [(row.answer, row.attended) for row in found] == [("coming", "no"), (None, "yes")]


@pytest.mark.parametrize(
    ("today", "week"),
    [
        (date(2026, 10, 25), None),
        (date(2026, 10, 26), 1),
        (date(2026, 11, 1), 1),
        (date(2026, 11, 2), 2),
        (date(2027, 1, 3), 10),
        (date(2027, 1, 4), None),
    ],
)
def test_week_n_of_n(u: Unit, today: date, week: int | None) -> None:
    who = replace(patient(u), program_start=date(2026, 10, 26), program_weeks=10)
    found = sessions.program_week(who, today)
    assert found == (sessions.ProgramWeek(week, 10) if week else None)
    assert sessions.program_week(replace(who, program_start=None), today) is None


def test_a_program_without_an_end_goes_on(u: Unit) -> None:
    who = replace(patient(u), program_start=date(2026, 1, 5), program_weeks=None)
    assert sessions.program_week(who, date(2026, 12, 28)) == sessions.ProgramWeek(52, None)


def waiting(u: Unit, code: str = "0001") -> dict[str, list[str]]:
    """The reminders that wait, by kind, in the patient's own time."""
    who = patient(u, code)
    kinds = (reminders.EVE, reminders.SOON)
    return {kind: [f"{local(row.due_at, who.zone):%m-%d %H:%M}" for row in due.planned(u, kind, who.id)] for kind in kinds}


def test_reminders_are_planned_eight_days_ahead(u: Unit) -> None:
    add(u, weeks=8)
    assert waiting(u) == {"reminder_eve": ["11-15 18:00"], "reminder_soon": ["11-16 17:00"]}
    add(u, first_date="2026-11-20", starts="10:00", weeks=2)
    assert waiting(u)["reminder_eve"] == ["11-15 18:00", "11-19 18:00"]


def test_a_change_of_zone_moves_what_waits_and_repeats_nothing(u: Unit) -> None:
    add(u, weeks=1)
    who, chat = patient(u), people.chat_for(u, PATIENT)
    (eve,) = due.planned(u, reminders.EVE, who.id)
    due.done(u, eve.id)
    reminders.plan_sessions(u, people.save_profile(u, who, {"zone": "Europe/Berlin"}), chat)
    assert due.planned(u, reminders.EVE, who.id) == []
    assert waiting(u) == {"reminder_eve": [], "reminder_soon": ["11-16 21:00"]}, "18:00 in New York is midnight there; quiet from 21:30"


def test_planning_twice_is_planning_once(u: Unit) -> None:
    add(u, weeks=3)
    before = waiting(u)
    for _ in range(3):
        reminders.plan_sessions(u, patient(u), people.chat_for(u, PATIENT))
    assert waiting(u) == before
    assert len(due.planned(u, reminders.PLAN, patient(u).id)) == 1


def test_someone_who_has_not_agreed_to_the_program_is_not_reminded(u: Unit) -> None:
    people.revoke_consent(u, patient(u).id, "program")
    add(u)
    assert waiting(u) == {"reminder_eve": [], "reminder_soon": []}
    assert waiting(u, "0002")["reminder_eve"] == ["11-15 18:00"]


def test_a_patient_who_moves_to_another_chat_takes_the_reminders_along(u: Unit) -> None:
    add(u, attendees=["0001"])
    new = people.chat_for(u, 5999)
    reminders.plan_sessions(u, patient(u), new)
    kinds = (reminders.EVE, reminders.SOON, reminders.PLAN)
    assert {row.chat for kind in kinds for row in due.planned(u, kind, patient(u).id)} == {new.id}


def test_an_outage_leaves_a_record_of_what_it_swallowed(store: Store) -> None:
    with store.unit(NOW) as u:
        add(u, weeks=5, attendees=["0001"])
    with store.unit(NOW + 3 * WEEK) as u:
        (plan,) = due.planned(u, reminders.PLAN, patient(u).id)
        reminders.plan_sessions(u, patient(u), people.chat_for(u, PATIENT), since=plan.due_at)
        days = [row.args["day"] for row in due.planned(u, reminders.SOON, patient(u).id)]
        assert days == [str(MONDAY + n * WEEK) for n in range(4)], "three that are over, to be recorded as late, and the next"


SAMPLE = PersonCard(
    id=1, code="0001", role="patient", duty="", status="active", key=1, name="R", call_name="R", phone="", email="", medicines=(),
    zone=ZONE, country="US", region="", language="en", morning_at=None, evening_at=None, quiet_from="21:30", quiet_to="07:30",
    discreet=False, paused_until=None, program_start=None, program_weeks=None,
)  # fmt: skip


@st.composite
def sessions_of_a_traveller(draw: st.DrawFn) -> tuple[Occurrence, PersonCard]:
    """A session anywhere, most often around a change of the clocks, and a patient in any zone with any quiet hours."""
    zone, home = draw(st.sampled_from(ZONES)), draw(st.sampled_from(ZONES))
    day = draw(st.sampled_from(changes(zone) or changes(home) or (MONDAY,))) + timedelta(days=draw(st.integers(-2, 2)))
    quarters = [f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in (0, 15, 30, 45)]
    starts = draw(st.sampled_from(quarters))
    first, length = draw(st.integers(0, 95)), draw(st.integers(0, 95))
    who = replace(SAMPLE, zone=home, quiet_from=quarters[first], quiet_to=quarters[(first + length) % 96])
    row = SeriesRow(1, "G1", "group", "Group", day, day, starts, 60, zone, True, None)
    begins = instant(day, starts, zone)
    return Occurrence(row, day, begins, begins + timedelta(minutes=60), False), who


def quiet(at: datetime, who: PersonCard) -> datetime | None:
    return span_end(at, who.quiet_from, who.quiet_to, who.zone)


@given(sessions_of_a_traveller())
def test_no_reminder_is_planned_into_quiet_hours_or_after_the_start(drawn: tuple[Occurrence, PersonCard]) -> None:
    each, who = drawn
    for at in (eve_at(each, who), soon_at(each, who)):
        assert at < each.begins
        assert quiet(at, who) is None
        assert each.begins - at < timedelta(hours=72)


@given(sessions_of_a_traveller())
def test_outside_quiet_hours_reminders_keep_their_times(drawn: tuple[Occurrence, PersonCard]) -> None:
    each, who = drawn
    hour_before = each.begins - timedelta(minutes=60)
    if quiet(hour_before, who) is None:
        assert soon_at(each, who) == hour_before
    evening = local(each.begins, who.zone).date() - timedelta(days=1)
    six = instant(evening, "18:00", who.zone)
    assume(quiet(six, who) is None)
    assert eve_at(each, who) == six
    assert f"{local(six, who.zone):%H:%M}" == "18:00", "no zone changes its clocks at six in the evening"


@given(sessions_of_a_traveller())
def test_in_quiet_hours_a_reminder_waits_for_their_end_or_comes_before_them(drawn: tuple[Occurrence, PersonCard]) -> None:
    each, who = drawn
    hour_before = each.begins - timedelta(minutes=60)
    ends = quiet(hour_before, who)
    assume(ends is not None)
    assert ends is not None
    if ends < each.begins:
        assert soon_at(each, who) == ends
    else:
        assert soon_at(each, who) < hour_before


def test_the_other_patient_is_reminded_in_their_own_time(u: Unit) -> None:
    who = people.save_profile(u, patient(u, "0002"), {"zone": "America/Los_Angeles"})
    add(u)
    assert waiting(u)["reminder_soon"] == ["11-16 17:00"]
    assert waiting(u, "0002") == {"reminder_eve": ["11-15 18:00"], "reminder_soon": ["11-16 14:00"]}
    assert who.id == people.chat_for(u, OTHER).person
