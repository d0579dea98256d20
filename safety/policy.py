"""How fast the ladder climbs, by level: the reviewed minutes, and how far a clinic may move them. Pure.

The default follows common practice of incident tools (page, repeat, escalate within minutes, all at a quarter of an hour); it
awaits a clinician's review. For imminent danger it cannot be changed. For high a clinic may be slower, within `SLOWEST`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from safety.moves import DEFAULT, Rung

REVIEWED = tuple(minutes for minutes, _, _ in DEFAULT)
SLOWEST: Mapping[str, tuple[int, ...]] = {"high": (0, 5, 10, 20, 30)}
"""The latest minute of each rung, by level; a level without a line keeps the reviewed minutes."""
Chosen = Mapping[str, Sequence[int]]
"""Level -> minutes of the five rungs, where the clinic chose other than the reviewed ones."""


def rungs(chosen: Chosen, level: str) -> tuple[Rung, ...]:
    """The ladder of a level; the reviewed one where what was chosen does not fit (any more)."""
    minutes = chosen.get(level, REVIEWED)
    if fault(level, minutes) is not None:
        minutes = REVIEWED
    return tuple((minute, position, words) for minute, (_, position, words) in zip(minutes, DEFAULT, strict=True))


def shorter(one: tuple[Rung, ...], other: tuple[Rung, ...]) -> tuple[Rung, ...]:
    """Each rung at the earlier minute of the two; of ladders that are built otherwise, the one that is at its end first."""
    if [rung[1:] for rung in one] != [rung[1:] for rung in other]:
        return min(one, other, key=lambda rungs: rungs[-1][0])
    return tuple((min(mine[0], theirs[0]), *mine[1:]) for mine, theirs in zip(one, other, strict=True))


def fault(level: str, minutes: Sequence[int]) -> str | None:
    """Why a clinic cannot have these minutes for this level; None when it can."""
    if tuple(minutes) == REVIEWED:
        return None
    slowest = SLOWEST.get(level)
    if slowest is None:
        return f"The ladder for {level} danger is {written(REVIEWED)} and cannot be changed."
    if len(minutes) != len(slowest) or minutes[0] != 0 or any(two <= one for one, two in pairwise(minutes)):
        return f"Write {len(slowest)} minutes that begin with 0 and rise, such as {written(REVIEWED)}."
    if any(minute > latest for minute, latest in zip(minutes, slowest, strict=True)):
        return f"That is too slow: {written(slowest)} is the slowest there is for {level}."
    return None


def written(minutes: Sequence[int]) -> str:
    """ "0/2/5/10/15"."""
    return "/".join(map(str, minutes))
