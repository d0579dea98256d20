"""Wall times through every change of the clocks from 2026 to 2030, checked against clocks read minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.wall import in_span, instant, local, next_instant, span_end, span_start

ZONES = (
    "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",  # an hour, an hour, half an hour
    "America/Santiago", "Africa/Cairo", "America/Havana", "Asia/Beirut",  # around midnight
    "Antarctica/Troll", "America/Nuuk", "Pacific/Chatham", "America/St_Johns",  # two hours, in the evening, odd offsets
    "Europe/Dublin", "Africa/Casablanca", "Asia/Kolkata", "Pacific/Kiritimati",  # winter time as the exception, Ramadan, never
)  # fmt: skip
FIRST, LAST = date(2026, 1, 1), date(2030, 12, 31)
QUARTER = timedelta(minutes=15)
WALLS = tuple(f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in (0, 15, 30, 45))


@cache
def changes(zone: str) -> tuple[date, ...]:
    """The local dates on which the clocks change."""
    found, at = [], datetime(FIRST.year, 1, 1, 12, tzinfo=UTC)
    while at.date() <= LAST:
        after = at + timedelta(days=1)
        if local(at, zone).utcoffset() != local(after, zone).utcoffset():
            hours = (at + timedelta(minutes=15 * n) for n in range(97))
            found.append(next(local(h, zone).date() for h in hours if local(h, zone).utcoffset() == local(after, zone).utcoffset()))
        at = after
    return tuple(found)


def clock_faces(zone: str, day: date) -> dict[str, datetime]:
    """What the clocks of a day show, quarter by quarter, each with the first instant at which they do."""
    at, faces = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30), {}
    for n in range(4 * 84):
        shown = local(at + n * QUARTER, zone)
        if shown.date() == day:
            faces.setdefault(f"{shown:%H:%M}", at + n * QUARTER)
    return faces


def test_the_zones_change_their_clocks_as_often_as_thought() -> None:
    """The tests below look at these days; a zone whose rules changed shows here, not as a test that checks nothing."""
    counts = {zone: len(changes(zone)) for zone in ZONES}
    assert counts["America/New_York"] == counts["Europe/Berlin"] == counts["Australia/Lord_Howe"] == 10
    assert counts["Asia/Kolkata"] == counts["Pacific/Kiritimati"] == 0
    assert all(count >= 8 for zone, count in counts.items() if zone not in ("Asia/Kolkata", "Pacific/Kiritimati", "America/Nuuk"))


@pytest.mark.parametrize("zone", ZONES)
def test_every_quarter_of_an_hour_around_every_change(zone: str) -> None:
    """A time that exists is that time, the first where there are two; one that is skipped moves forward by the gap."""
    for day in changes(zone) or (date(2026, 3, 29),):
        for off in (-1, 0, 1):
            each = day + timedelta(days=off)
            faces, before = clock_faces(zone, each), None
            for wall in WALLS:
                at = instant(each, wall, zone)
                if wall in faces:
                    assert at == faces[wall], (each, wall)
                    before = (wall, at)
                else:
                    last, since = before or _midnight_before(zone, each)
                    assert at == since + _between(last, wall), (each, wall)
                    assert f"{local(at, zone):%H:%M}" in clock_faces(zone, local(at, zone).date())


def _midnight_before(zone: str, day: date) -> tuple[str, datetime]:
    """The last quarter of the evening before, for a gap that begins at midnight."""
    faces = clock_faces(zone, day - timedelta(days=1))
    return "-00:15", faces["23:45"]


def _between(last: str, wall: str) -> timedelta:
    minutes = int(wall[:2]) * 60 + int(wall[3:])
    return timedelta(minutes=minutes + 15 if last == "-00:15" else minutes - int(last[:2]) * 60 - int(last[3:]))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("wall", ["00:00", "00:30", "02:00", "02:30", "18:00"])
def test_once_on_each_local_date_for_five_years(zone: str, wall: str) -> None:
    """Asked after each firing when the next one is: every date once, none twice, none left out, each later than the last."""
    now, expected = instant(FIRST, "00:00", zone) - QUARTER, FIRST
    while expected <= LAST:
        day, at = next_instant(now, wall, zone)
        assert (day, at) == (expected, instant(expected, wall, zone))
        assert at > now
        now, expected = at, expected + timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "day", "wall", "utc"),
    [
        ("America/New_York", date(2026, 3, 8), "02:30", "07:30"),  # skipped: 03:30 by the new clock
        ("America/New_York", date(2026, 11, 1), "01:30", "05:30"),  # twice: the first
        ("Europe/Berlin", date(2026, 3, 29), "02:30", "01:30"),
        ("Europe/Berlin", date(2026, 10, 25), "02:30", "00:30"),
        ("America/Havana", date(2026, 3, 8), "00:30", "05:30"),  # the day begins at 01:00
        ("Asia/Kolkata", date(2026, 3, 8), "02:30", "21:00"),
    ],
)
def test_known_changes(zone: str, day: date, wall: str, utc: str) -> None:
    assert f"{instant(day, wall, zone):%H:%M}" == utc


def test_the_end_of_a_day() -> None:
    assert instant(date(2026, 11, 16), "24:00", "America/New_York") == instant(date(2026, 11, 17), "00:00", "America/New_York")


@pytest.mark.parametrize(
    ("wall", "begins", "ends", "inside"),
    [
        ("22:00", "21:30", "07:30", True),
        ("07:29", "21:30", "07:30", True),
        ("07:30", "21:30", "07:30", False),
        ("21:30", "21:30", "07:30", True),
        ("12:00", "21:30", "07:30", False),
        ("12:00", "09:00", "17:00", True),
        ("17:00", "09:00", "17:00", False),
        ("12:00", "12:00", "12:00", False),
    ],
)
def test_spans_may_cross_midnight_and_an_empty_one_holds_nothing(wall: str, begins: str, ends: str, inside: bool) -> None:
    assert in_span(wall, begins, ends) is inside


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_that_night() -> None:
    """01:10 for the second time: the quiet hours end at the second 01:30, not a day later."""
    second = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
    assert f"{local(second, 'America/New_York'):%H:%M}" == "01:10"
    assert span_end(second, "21:30", "01:30", "America/New_York") == second + timedelta(minutes=20)


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and an instant, most often within a day of a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    days = changes(zone)
    day = draw(st.sampled_from(days)) if days and draw(st.integers(0, 3)) else draw(st.dates(FIRST, LAST))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return zone, noon + timedelta(minutes=5 * draw(st.integers(-12 * 30, 12 * 30)))


@given(moments(), st.sampled_from(WALLS), st.sampled_from(WALLS))
def test_a_span_ends_at_its_first_moment_outside(moment: tuple[str, datetime], begins: str, ends: str) -> None:
    """Quiet hours: what is moved to their end is never inside them, and waits no longer than it must."""
    zone, now = moment
    end = span_end(now, begins, ends, zone)
    inside = in_span(f"{local(now, zone):%H:%M}", begins, ends)
    assert (end is None) == (not inside) == (span_start(now, begins, ends, zone) is None)
    if end is None:
        return
    assert end > now
    assert not in_span(f"{local(end, zone):%H:%M}", begins, ends)
    first = next(at for n in range(1, 12 * 52) if not in_span(f"{local(at := now + n * timedelta(minutes=5), zone):%H:%M}", begins, ends))
    skipped = ends not in clock_faces(zone, local(end, zone).date())
    assert end == _exactly(first, now, begins, ends, zone) or (skipped and end - first <= timedelta(hours=2))


def _exactly(first: datetime, now: datetime, begins: str, ends: str, zone: str) -> datetime:
    """`first` lies on a grid of five minutes; the end itself is on a quarter, at most five minutes before."""
    grid = [first - timedelta(minutes=n) for n in range(6)]
    return min(at for at in grid if at > now and not in_span(f"{local(at, zone):%H:%M}", begins, ends))


@given(moments(), st.sampled_from(WALLS), st.sampled_from(WALLS))
def test_a_span_begins_where_it_was_entered(moment: tuple[str, datetime], begins: str, ends: str) -> None:
    """From there to now it lasts without a break, unless the clocks skip its beginning."""
    zone, now = moment
    start = span_start(now, begins, ends, zone)
    if start is None:
        return
    before = start - timedelta(minutes=1)
    assert start <= now
    assert not in_span(f"{local(before, zone):%H:%M}", begins, ends)
    grid = [start + n * timedelta(minutes=5) for n in range(1, (now - start) // timedelta(minutes=5) + 1)]
    outside = [at for at in grid if not in_span(f"{local(at, zone):%H:%M}", begins, ends)]
    skipped = any(begins not in clock_faces(zone, local(now, zone).date() - timedelta(days=off)) for off in (0, 1))
    assert skipped or not outside


@given(moments(), st.sampled_from(WALLS))
def test_what_comes_next_is_next(moment: tuple[str, datetime], wall: str) -> None:
    """Between now and the next "HH:MM" no clock of the zone shows it for the first time on any date."""
    zone, now = moment
    day, at = next_instant(now, wall, zone)
    assert at > now
    for off in range(-1, 3):
        other = instant(local(now, zone).date() + timedelta(days=off), wall, zone)
        assert not now < other < at
    assert at == instant(day, wall, zone)
