from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.weeks import WeekError, bounds, last_complete_week, name_of, parse_week

NEW_YORK = ZoneInfo("America/New_York")


def test_a_week_is_read_as_its_monday() -> None:
    assert parse_week("2026-W46") == date(2026, 11, 9)
    assert parse_week(" 2026-w01 ") == date(2025, 12, 29)
    assert parse_week("2026-W53") == date(2026, 12, 28)


@given(st.dates(date(2000, 1, 3), date(2999, 12, 1)))
def test_every_day_is_named_by_a_week_that_reads_back(day: date) -> None:
    monday = parse_week(name_of(day))
    assert monday.weekday() == 0
    assert monday <= day < monday + timedelta(days=7)


@pytest.mark.parametrize(
    "text", ["", "46", "2026-46", "2026W46", "2026-W6", "2026-W00", "2025-W53", "2026-W54", "W46-2026", "last", "٢٠٢٦-W46"]
)
def test_what_is_no_week_is_answered_with_the_format_and_an_example(text: str) -> None:
    with pytest.raises(WeekError, match="2026-W46") as fault:
        parse_week(text)
    assert "not a week" in str(fault.value)


def test_a_year_without_a_week_53_says_how_many_it_has() -> None:
    with pytest.raises(WeekError, match="2025 has weeks 01 to 52"):
        parse_week("2025-W53")


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (datetime(2026, 11, 16, 4, 59, tzinfo=UTC), date(2026, 11, 2)),
        (datetime(2026, 11, 16, 5, 0, tzinfo=UTC), date(2026, 11, 9)),
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), date(2026, 11, 9)),
        (datetime(2027, 1, 4, 12, 0, tzinfo=UTC), date(2026, 12, 28)),
    ],
)
def test_a_week_is_complete_when_sunday_has_ended_in_the_clinics_zone(now: datetime, monday: date) -> None:
    assert last_complete_week(now, NEW_YORK) == monday


@pytest.mark.parametrize(
    ("first", "zone", "hours"),
    [
        (date(2026, 11, 9), "America/New_York", 168),
        (date(2026, 10, 26), "America/New_York", 169),
        (date(2026, 3, 2), "America/New_York", 167),
        (date(2026, 10, 19), "Europe/Berlin", 169),
        (date(2026, 3, 30), "Australia/Lord_Howe", 168.5),
        (date(2026, 11, 9), "Asia/Kathmandu", 168),
    ],
)
def test_a_week_lasts_as_long_as_the_clocks_make_it(first: date, zone: str, hours: float) -> None:
    start, end = bounds(first, ZoneInfo(zone))
    assert (end - start).total_seconds() / 3600 == hours
    assert start.astimezone(ZoneInfo(zone)).date() == first
    assert (end - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == first + timedelta(days=6)


def test_a_day_without_a_midnight_begins_when_the_gap_ends() -> None:
    """Clocks in Egypt went from 24:00 straight to 01:00 on 24 April 2026."""
    start, end = bounds(date(2026, 4, 24), ZoneInfo("Africa/Cairo"), days=1)
    assert start == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)
    assert end - start == timedelta(hours=23)


@given(
    st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.sampled_from(["America/New_York", "Africa/Cairo", "America/Havana", "Pacific/Apia"])
)
def test_days_follow_each_other_without_a_hole(day: date, zone: str) -> None:
    assert bounds(day, ZoneInfo(zone), 1)[1] == bounds(day + timedelta(days=1), ZoneInfo(zone), 1)[0]
