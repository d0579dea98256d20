"""What the second process makes of what it sees, as a pure function: when it is time to alarm, and whom to mail then.

It never acts for a first process that does its work. When that one is dead, hung or cut off from its database, it climbs the
ladder of each open escalation by itself, from the rows as they were left, and remembers how far it came. What it says once is in
what it remembers, so a restart of its own says nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from safety import ladder
from safety.moves import Holders, Ladder, Page, Tell

SILENT = timedelta(minutes=3)
"""How old the last sign of life, and how long the database unreadable, may be."""
PLANNED = timedelta(minutes=10)
"""The same after a stop somebody asked for."""
LATE = timedelta(minutes=3)
"""How far past its time a step may be although the first process lives."""
NONE, LITTLE = timedelta(), timedelta(seconds=10)

Kind = Literal["dead", "locked", "unproved"]
"""dead: no sign of life. locked: the database cannot be read. unproved: it lives, and pages do not go out in time."""
WORSE: tuple[Kind, ...] = ("unproved", "locked", "dead")
"""What turns into something further on in this row is told anew: other hands are needed then."""


@dataclass(frozen=True)
class Alert:
    """An open escalation as the first process left it. `ladder` starts its present cycle anew, or stands where it was taken."""

    id: int
    version: int
    ladder: Ladder
    due: datetime | None


@dataclass(frozen=True)
class Seen:
    """One look. `beat`: the last proof; `alive`: the last sign of life. Both None on a database nobody has run yet."""

    beat: datetime | None = None
    planned: bool = False
    alive: datetime | None = None
    alerts: tuple[Alert, ...] = ()
    holders: Holders = field(default_factory=dict)


@dataclass(frozen=True)
class Climb:
    """How far a ladder was climbed from here, on top of which version of its row."""

    version: int
    ladder: Ladder


@dataclass(frozen=True)
class State:
    """What is remembered between two looks."""

    since: datetime | None = None
    """Since when the sign of life is seen to be too old, or the database cannot be read. The former is believed at the second look: a
    clock that jumps, or a machine that wakes up, makes it old for a moment."""
    unreadable: bool = False
    planned: bool = False
    alarm: Kind | None = None
    began: datetime | None = None
    climbs: Mapping[int, Climb] = field(default_factory=dict)
    ahead: timedelta = timedelta()
    """The first process's time never goes back: after the machine's clock was set back it lies so far ahead of that."""
    alive: datetime | None = None
    looked: datetime | None = None
    """The sign of life at the last look, and when that was by the machine's clock."""


@dataclass(frozen=True)
class Letter:
    """A page for one person, or for the clinic (None) when all were paged and nobody answered."""

    alert: int
    to: int | None
    cycle: int
    step: int


@dataclass(frozen=True)
class Notice:
    """The clinic is told how the first process is: an alarm, or "back"."""

    what: Kind | Literal["back"]
    since: datetime


@dataclass(frozen=True)
class Judged:
    state: State
    letters: tuple[Letter, ...] = ()
    notices: tuple[Notice, ...] = ()


def judge(state: State, seen: Seen | None, now: datetime, passed: timedelta | None = None) -> Judged:
    """One look, None when the database could not be read, and what follows from it.

    `passed`: how long ago the last look was by a clock nobody sets; None when that is not known.
    """
    state = _by_its_time(state, seen, now, passed)
    now += state.ahead
    kind, since = _what(state, seen, now)
    state = replace(state, since=since, unreadable=seen is None, planned=state.planned if seen is None else seen.planned)
    if kind is None:
        if since is None and state.alarm is not None:
            back = Notice("back", state.began or now)
            return Judged(replace(state, alarm=None, began=None, climbs={}), notices=(back,))
        kind = state.alarm
    if kind is None:
        return Judged(state)
    worse = state.alarm is None or WORSE.index(kind) > WORSE.index(state.alarm)
    notices = (Notice(kind, _started(seen, since, now)),) if worse else ()
    state = replace(state, alarm=kind if worse else state.alarm, began=state.began or now)
    if seen is None:
        return Judged(state, notices=notices)
    climbs, letters = _climb(state.climbs, seen, now, alone=kind != "unproved")
    return Judged(replace(state, climbs=climbs), letters, notices)


def _by_its_time(state: State, seen: Seen | None, now: datetime, passed: timedelta | None) -> State:
    """How far the first process's time is ahead: else what it stamped would not grow old until the machine's clock has caught up.

    It is seen anew at each sign of life. Until then it grows by what the clock was set back, and shrinks by what it was set forward.
    """
    ahead = NONE
    if state.looked is not None:
        moved = now - state.looked
        ahead = max(state.ahead + (max(moved, NONE) if passed is None else passed) - moved, NONE)
    if seen is not None and seen.alive is not None:
        ahead = max(seen.alive - now, ahead if seen.alive == state.alive else NONE)
        state = replace(state, alive=seen.alive)
    return replace(state, ahead=ahead if ahead > LITTLE else NONE, looked=now)


def _what(state: State, seen: Seen | None, now: datetime) -> tuple[Kind | None, datetime | None]:
    """What is wrong for sure now, and since when something is seen to be."""
    if seen is None:
        since = state.since if state.unreadable and state.since is not None else now
        return ("locked" if now - since > (PLANNED if state.planned else SILENT) else None), since
    if seen.beat is None or now - seen.beat <= (PLANNED if seen.planned else SILENT):
        return None, None
    since = state.since if state.since is not None and not state.unreadable else now
    lives = seen.alive is not None and now - seen.alive <= SILENT
    return (("unproved" if lives else "dead") if now > since else None), since


def _started(seen: Seen | None, since: datetime | None, now: datetime) -> datetime:
    return (seen.beat if seen is not None else since) or now


def _climb(climbs: Mapping[int, Climb], seen: Seen, now: datetime, *, alone: bool) -> tuple[dict[int, Climb], tuple[Letter, ...]]:
    """Take each ladder on to now. One whose row has changed is begun anew: somebody has acted on it."""
    after: dict[int, Climb] = {}
    letters: list[Letter] = []
    for alert in seen.alerts:
        if not alone and (alert.due is None or now - alert.due <= LATE):
            continue
        climb = climbs.get(alert.id)
        begun = climb.ladder if climb is not None and climb.version == alert.version else alert.ladder
        move = ladder.advance(begun, now, seen.holders)
        after[alert.id] = Climb(alert.version, move.ladder)
        letters += [Letter(alert.id, page.person, page.cycle, page.step) for page in move.actions if isinstance(page, Page)]
        if any(isinstance(action, Tell) and action.what == "exhausted" for action in move.actions):
            letters.append(Letter(alert.id, None, move.ladder.cycle, move.ladder.step))
    return after, tuple(letters)
