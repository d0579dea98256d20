"""Who is on call: weekly turns, who takes a stretch of somebody else's, and leaves, resolved for any instant. Pure.

For each position, in this order: the stretch made last that holds the instant; the weekly turn; and where there are no turns
(yet), whoever was put in the position by hand. Whoever is on leave or not fit to be paged is passed over, never paged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from safety import cover
from safety.cover import Hours
from storage.wall import instant, local

POSITIONS = ("primary", "backup", "supervisor")
ANYONE = "anyone"
"""The position of a gap in which nobody at all is on call."""
WEEK = timedelta(days=7)
Fit = Callable[[int], bool]
"""Whether this person may and can be paged at all."""


@dataclass(frozen=True)
class Turns:
    """One person a week, in order and round again, handing over at the wall time `at` on the weekday of `first`."""

    first: date
    at: str
    people: tuple[int, ...]


@dataclass(frozen=True)
class Stretch:
    """Somebody takes a position from `begins` until `ends`, whoever's turn it is."""

    position: str
    person: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Leave:
    """Whole days, both included, by the clinic's dates."""

    person: int
    first: date
    last: date


@dataclass(frozen=True)
class Rota:
    """All that says who is on call. `stretches` in the order they were made; `standing` are those put there by hand."""

    zone: str
    turns: Mapping[str, Turns]
    stretches: Sequence[Stretch]
    leaves: Sequence[Leave]
    standing: Mapping[str, Sequence[int]]

    @property
    def used(self) -> bool:
        """Whether there is more to it than positions taken by hand."""
        return bool(self.turns or self.stretches or self.leaves)


@dataclass(frozen=True)
class Gap:
    """From `begins` until `ends` nobody fit holds `position`, though the clinic's hours say that somebody is on call."""

    position: str
    begins: datetime
    ends: datetime


def holders(rota: Rota, at: datetime, fit: Fit) -> dict[str, list[int]]:
    """Who holds each position at an instant."""
    there: Fit = lambda person: not on_leave(rota, person, at) and fit(person)  # noqa: E731 - a judge like any other
    return {position: _holding(rota, position, at, there) for position in POSITIONS}


def on_leave(rota: Rota, person: int, at: datetime) -> bool:
    return any(begins <= at < ends for begins, ends in (_span(rota, leave) for leave in rota.leaves if leave.person == person))


def leave_in(rota: Rota, person: int, begins: datetime, ends: datetime) -> Leave | None:
    """A leave of theirs that touches begins..ends."""
    spans = ((leave, *_span(rota, leave)) for leave in rota.leaves if leave.person == person)
    return next((leave for leave, first, last in spans if first < ends and begins < last), None)


def next_change(rota: Rota, after: datetime, until: datetime, fit: Fit) -> datetime | None:
    """When it is next somebody else's turn in any position, up to and with `until`; None when it stays as it is."""
    now = holders(rota, after, fit)
    return next((at for at in edges(rota, after, until) if holders(rota, at, fit) != now), None)


def turn_ends(rota: Rota, position: str, at: datetime) -> datetime | None:
    """When whoever takes a position now gives it back: when the next turn or stretch of it begins. None: when they say so."""
    begun = [stretch.ends for stretch in rota.stretches if stretch.position == position and stretch.begins <= at < stretch.ends]
    coming = [stretch.begins for stretch in rota.stretches if stretch.position == position and stretch.begins > at]
    turns = rota.turns.get(position)
    number = _number(turns, at, rota.zone) if turns else None
    if turns is not None and number is not None:
        return min([_handover(turns, number + 1, rota.zone), *coming])
    return min([*begun, *coming], default=None) if begun else None


def edges(rota: Rota, after: datetime, until: datetime) -> list[datetime]:
    """Every instant after `after`, up to and with `until`, at which it may change who is on call."""
    found = [at for stretch in rota.stretches for at in (stretch.begins, stretch.ends)]
    found += [at for leave in rota.leaves for at in _span(rota, leave)]
    for turns in rota.turns.values():
        number = max((local(after, rota.zone).date() - turns.first).days // 7, 0)
        while (at := _handover(turns, number, rota.zone)) <= until:
            found.append(at)
            number += 1
    return sorted({at for at in found if after < at <= until})


def gaps(rota: Rota, hours: Hours, begins: datetime, ends: datetime, fit: Fit) -> list[Gap]:
    """Every stretch of begins..ends, within the clinic's hours, without anybody first on call, and without anybody at all."""
    found: list[Gap] = []
    for opens, closes in cover.spans(hours, rota.zone, begins, ends):
        first, last = max(opens, begins), min(closes, ends)
        for at, until in pairwise(sorted({first, *edges(rota, first, last), last})):
            held = holders(rota, at, fit)
            missing = [] if held["primary"] else ["primary"]
            missing += [] if any(held.values()) else [ANYONE]
            for position in missing:
                _extend(found, Gap(position, at, until))
    return sorted(found, key=lambda gap: (gap.begins, gap.position))


def _extend(found: list[Gap], gap: Gap) -> None:
    """Put a gap to those found: one that follows on another without a break makes it longer."""
    place = next((place for place, last in enumerate(found) if last.position == gap.position and last.ends == gap.begins), None)
    if place is None:
        found.append(gap)
    else:
        found[place] = Gap(gap.position, found[place].begins, gap.ends)


def _holding(rota: Rota, position: str, at: datetime, fit: Fit) -> list[int]:
    for stretch in reversed(rota.stretches):
        if stretch.position == position and stretch.begins <= at < stretch.ends and fit(stretch.person):
            return [stretch.person]
    turns = rota.turns.get(position)
    number = _number(turns, at, rota.zone) if turns else None
    if turns is None or number is None:
        return [person for person in rota.standing.get(position, ()) if fit(person)]
    return [person for person in (turns.people[number % len(turns.people)],) if fit(person)]


def _number(turns: Turns, at: datetime, zone: str) -> int | None:
    """Which turn it is, from 0 on; None before the first."""
    number = (local(at, zone).date() - turns.first).days // 7
    if _handover(turns, number, zone) > at:
        number -= 1
    return number if number >= 0 else None


def _handover(turns: Turns, number: int, zone: str) -> datetime:
    return instant(turns.first + number * WEEK, turns.at, zone)


def _span(rota: Rota, leave: Leave) -> tuple[datetime, datetime]:
    return instant(leave.first, "00:00", rota.zone), instant(leave.last, "24:00", rota.zone)
