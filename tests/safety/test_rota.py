"""Who is on call, against somebody who looks at the clock every minute and knows nothing of edges."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety import cover, rota
from safety.cover import Hours
from safety.rota import ANYONE, POSITIONS, Gap, Leave, Rota, Stretch, Turns
from storage.wall import DAYS, instant

ANA, LUIS, MAI, DANA = 1, 2, 3, 4
ZONE = "America/New_York"
ALWAYS: Hours = dict.fromkeys(DAYS, ("00:00", "24:00"))
MINUTE = timedelta(minutes=1)


def at(text: str, zone: str = ZONE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def anybody(_: int) -> bool:
    return True


def weekly(*people: int, first: str = "2026-11-13", wall: str = "17:00") -> Turns:
    return Turns(date.fromisoformat(first), wall, people)


def plan(
    turns: Turns | None = None, stretches: tuple[Stretch, ...] = (), leaves: tuple[Leave, ...] = (), standing: int | None = None
) -> Rota:
    return Rota(ZONE, {"primary": turns} if turns else {}, stretches, leaves, {"primary": [standing]} if standing else {})


def first(made: Rota, when: str) -> list[int]:
    return rota.holders(made, at(when), anybody)["primary"]


def test_turns_change_at_the_wall_time_and_go_round() -> None:
    made = plan(weekly(ANA, LUIS, MAI))
    assert first(made, "2026-11-13T17:00") == [ANA]
    assert first(made, "2026-11-20T16:59") == [ANA]
    assert first(made, "2026-11-20T17:00") == [LUIS]
    assert first(made, "2026-11-27T17:00") == [MAI]
    assert first(made, "2026-12-04T17:00") == [ANA]


def test_the_hour_of_the_hand_over_is_the_same_on_the_wall_in_winter() -> None:
    made = plan(weekly(ANA, LUIS, first="2026-10-30"))
    assert first(made, "2026-11-06T16:59") == [ANA], "the clocks went back on 1 November"
    assert first(made, "2026-11-06T17:00") == [LUIS]
    assert rota.next_change(made, at("2026-10-31T00:00"), at("2026-11-30T00:00"), anybody) == at("2026-11-06T17:00")


def test_before_the_first_turn_whoever_was_put_there_holds_it() -> None:
    made = plan(weekly(ANA, LUIS), standing=DANA)
    assert first(made, "2026-11-13T16:59") == [DANA]
    assert first(made, "2026-11-13T17:00") == [ANA]
    assert first(plan(standing=DANA), "2026-11-13T17:00") == [DANA], "and for ever where there are no turns"


def test_a_stretch_counts_before_the_turn_and_the_one_made_last_before_others() -> None:
    night = Stretch("primary", LUIS, at("2026-11-14T20:00"), at("2026-11-15T08:00"))
    late = Stretch("primary", MAI, at("2026-11-15T00:00"), at("2026-11-15T01:00"))
    made = plan(weekly(ANA), (night, late))
    assert [first(made, f"2026-11-1{when}") for when in ("4T19:59", "4T20:00", "5T00:00", "5T01:00", "5T08:00")] == [
        [ANA], [LUIS], [MAI], [LUIS], [ANA],
    ]  # fmt: skip


def test_on_leave_means_never_and_the_turn_counts_again() -> None:
    away = Leave(LUIS, date(2026, 11, 14), date(2026, 11, 14))
    night = Stretch("primary", LUIS, at("2026-11-14T20:00"), at("2026-11-15T08:00"))
    made = plan(weekly(ANA), (night,), (away,))
    assert first(made, "2026-11-14T23:59") == [ANA]
    assert first(made, "2026-11-15T00:00") == [LUIS]
    assert first(plan(weekly(LUIS), (), (away,), standing=DANA), "2026-11-14T12:00") == [], "a turn of someone away is a gap, not a guess"


def test_taking_over_lasts_until_the_next_turn_or_stretch() -> None:
    night = Stretch("primary", LUIS, at("2026-11-17T20:00"), at("2026-11-18T08:00"))
    made = plan(weekly(ANA, LUIS), (night,))
    assert rota.turn_ends(made, "primary", at("2026-11-16T12:00")) == at("2026-11-17T20:00")
    assert rota.turn_ends(made, "primary", at("2026-11-19T12:00")) == at("2026-11-20T17:00")
    assert rota.turn_ends(made, "backup", at("2026-11-19T12:00")) is None
    assert rota.turn_ends(plan(stretches=(night,)), "primary", at("2026-11-17T21:00")) == at("2026-11-18T08:00")


def test_gaps_are_within_the_hours_and_say_from_when_until_when() -> None:
    away = Leave(ANA, date(2026, 11, 17), date(2026, 11, 18))
    made = plan(weekly(ANA), leaves=(away,))
    office = dict.fromkeys(DAYS[:5], ("08:00", "20:00"))
    found = rota.gaps(made, office, at("2026-11-16T12:00"), at("2026-11-30T12:00"), anybody)
    days = [(at(f"2026-11-{day}T08:00"), at(f"2026-11-{day}T20:00")) for day in (17, 18)]
    assert found == [Gap(position, *day) for day in days for position in (ANYONE, "primary")]
    whole = rota.gaps(made, ALWAYS, at("2026-11-16T12:00"), at("2026-11-30T12:00"), anybody)
    assert whole == [Gap(position, at("2026-11-17T00:00"), at("2026-11-19T00:00")) for position in (ANYONE, "primary")]


def test_a_backup_leaves_only_the_first_position_open() -> None:
    made = Rota(ZONE, {}, (), (), {"backup": [MAI]})
    begins, ends = at("2026-11-16T12:00"), at("2026-11-30T12:00")
    assert rota.gaps(made, ALWAYS, begins, ends, anybody) == [Gap("primary", begins, ends)]
    assert rota.gaps(made, {}, begins, ends, anybody) == [], "where no cover is said to be, none is missing"


@pytest.mark.parametrize(
    ("now", "opens"),
    [("2026-11-16T12:00", None), ("2026-11-16T07:00", "2026-11-16T08:00"), ("2026-11-20T20:00", "2026-11-23T08:00")],
)
def test_when_cover_begins_again(now: str, opens: str | None) -> None:
    office = dict.fromkeys(DAYS[:5], ("08:00", "20:00"))
    assert cover.starts(office, ZONE, at(now)) == (at(opens) if opens else None)


# ---- every minute, by somebody who looks at the clock ----------------------------------------------------------------------------

PLACES = {
    "America/New_York": ("2026-03-02", "2026-10-26", "2026-06-01"),
    "Europe/Madrid": ("2026-03-23", "2026-10-19"),
    "Australia/Lord_Howe": ("2026-03-30", "2026-09-28"),
    "America/Sao_Paulo": ("2018-10-29", "2018-02-12"),
    "Africa/Cairo": ("2026-04-20", "2026-10-26"),
    "Pacific/Apia": ("2011-12-26",),
}
"""Fortnights around the days when clocks change; in Sao Paulo and Cairo at midnight, on Lord Howe by half an hour, in Apia by a day."""
WALLS = st.sampled_from([f"{hour:02d}:{minute}" for hour in range(24) for minute in ("00", "30")])
STAFF = st.integers(1, 4)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Rota, Hours, datetime, datetime, frozenset[int]]:
    zone = draw(st.sampled_from(sorted(PLACES)))
    day = date.fromisoformat(draw(st.sampled_from(PLACES[zone]))) + timedelta(days=draw(st.integers(0, 6)))
    begins = instant(day, draw(WALLS), zone)
    ends = begins + timedelta(days=14)
    turns = {
        position: Turns(day + timedelta(days=draw(st.integers(-30, 10))), draw(WALLS), tuple(draw(st.lists(STAFF, min_size=1, max_size=4))))
        for position in draw(st.sets(st.sampled_from(POSITIONS)))
    }
    minutes = st.integers(-2 * 1440, 15 * 1440)
    stretches = tuple(
        Stretch(draw(st.sampled_from(POSITIONS)), draw(STAFF), begins + low * MINUTE, begins + (low + draw(st.integers(1, 3000))) * MINUTE)
        for low in draw(st.lists(minutes, max_size=5))
    )
    leaves = tuple(
        Leave(draw(STAFF), day + timedelta(days=ahead), day + timedelta(days=ahead + draw(st.integers(0, 5))))
        for ahead in draw(st.lists(st.integers(-3, 14), max_size=3))
    )
    standing = {position: draw(st.lists(STAFF, max_size=2)) for position in draw(st.sets(st.sampled_from(POSITIONS)))}
    hours: dict[str, tuple[str, str]] = {}
    for name in draw(st.sets(st.sampled_from(DAYS))):
        low, high = sorted(draw(st.lists(WALLS, min_size=2, max_size=2, unique=True)))
        hours[name] = (low, draw(st.sampled_from([high, "24:00"])))
    hours = draw(st.sampled_from([hours, dict(ALWAYS)]))
    return Rota(zone, turns, stretches, leaves, standing), hours, begins, ends, draw(st.frozensets(STAFF))


class Watcher:
    """Walks through the minutes with a watch of the place and a list of who may be paged; knows each rule in its plainest form."""

    def __init__(self, made: Rota, hours: Hours, fit: Callable[[int], bool]) -> None:
        self.made, self.hours, self.fit = made, hours, fit
        self._marks: dict[tuple[date, str], datetime] = {}

    def mark(self, day: date, wall: str) -> datetime:
        if (day, wall) not in self._marks:
            self._marks[day, wall] = instant(day, wall, self.made.zone)
        return self._marks[day, wall]

    def away(self, person: int, now: datetime) -> bool:
        return any(
            leave.person == person and self.mark(leave.first, "00:00") <= now < self.mark(leave.last, "24:00") for leave in self.made.leaves
        )

    def on(self, position: str, now: datetime) -> list[int]:
        def good(person: int) -> bool:
            return self.fit(person) and not self.away(person, now)

        for stretch in self.made.stretches[::-1]:
            if stretch.position == position and stretch.begins <= now < stretch.ends and good(stretch.person):
                return [stretch.person]
        turns, count = self.made.turns.get(position), 0
        while turns is not None and self.mark(turns.first + timedelta(weeks=count), turns.at) <= now:
            count += 1
        if turns is None or count == 0:
            return [person for person in self.made.standing.get(position, ()) if good(person)]
        return [person for person in [(turns.people * count)[count - 1]] if good(person)]

    def open(self, now: datetime) -> bool:
        here = now.astimezone(ZoneInfo(self.made.zone)).date()
        for day in (here - timedelta(days=1), here, here + timedelta(days=1)):
            walls = self.hours.get(DAYS[day.weekday()])
            if walls and self.mark(day, walls[0]) <= now < self.mark(day, walls[1]):
                return True
        return False


def test_where_a_zone_leaves_out_a_day_its_hours_hide_none_of_the_next() -> None:
    hours = {"fri": ("00:30", "01:00"), "sat": ("00:00", "00:30")}  # in Samoa the 30th of December 2011 did not come
    midnight = datetime(2011, 12, 30, 10, tzinfo=UTC)
    found = cover.spans(hours, "Pacific/Apia", midnight - timedelta(hours=1), midnight + timedelta(hours=2))
    assert found == [(midnight, midnight + timedelta(hours=1))]


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_every_uncovered_minute_is_found_and_no_other(world: tuple[Rota, Hours, datetime, datetime, frozenset[int]]) -> None:
    made, hours, begins, ends, unfit = world
    watcher = Watcher(made, hours, lambda person: person not in unfit)
    found = rota.gaps(made, hours, begins, ends, watcher.fit)
    for kind, positions in (("primary", ("primary",)), (ANYONE, POSITIONS)):
        mine = [gap for gap in found if gap.position == kind]
        assert all(one.ends < two.begins for one, two in pairwise(mine)), "two that touch are one"
        missing = {n for gap in mine for n in range(int((gap.begins - begins) / MINUTE), int((gap.ends - begins) / MINUTE))}
        seen = {
            n
            for n in range(14 * 1440)
            if watcher.open(begins + n * MINUTE) and not any(watcher.on(position, begins + n * MINUTE) for position in positions)
        }
        assert missing == seen


@settings(max_examples=150, deadline=None)
@given(worlds(), st.lists(st.integers(0, 14 * 1440 - 1), min_size=40, max_size=40))
def test_nobody_off_duty_on_leave_or_unfit_holds_anything(
    world: tuple[Rota, Hours, datetime, datetime, frozenset[int]], minutes: list[int]
) -> None:
    made, hours, begins, ends, unfit = world
    watcher = Watcher(made, hours, lambda person: person not in unfit)
    for minute in minutes:
        now = begins + minute * MINUTE
        held = rota.holders(made, now, watcher.fit)
        assert held == {position: watcher.on(position, now) for position in POSITIONS}
        assert not [person for people in held.values() for person in people if person in unfit or watcher.away(person, now)]
        following = rota.next_change(made, now, ends, watcher.fit)
        if following is not None:
            assert rota.holders(made, following, watcher.fit) != held
            assert rota.holders(made, following - MINUTE, watcher.fit) == held or following - MINUTE < now
