"""The rota as rows: weekly turns by position, stretches somebody else takes, and leaves. What they mean is in `safety.rota`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select, update

from storage.store import Unit, table
from storage.tables import Override, Rotation, StaffLeave

ROTATIONS, OVERRIDES, LEAVES = table(Rotation), table(Override), table(StaffLeave)


@dataclass(frozen=True)
class RotationRow:
    """`people`: ids in the order of their turns; `first` and `at` are the clinic's date and wall time of the first hand-over."""

    position: str
    first: date
    at: str
    people: tuple[int, ...]


@dataclass(frozen=True)
class OverrideRow:
    id: int
    position: str
    person: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class LeaveRow:
    id: int
    person: int
    first: date
    last: date


def rotations(u: Unit) -> list[RotationRow]:
    rows = u.all(select(ROTATIONS))
    return [RotationRow(row.position, row.first, row.at, tuple(json.loads(row.people))) for row in rows]


def set_rotation(u: Unit, position: str, first: date, at: str, people: Sequence[int]) -> None:
    """The turns of a position from now on, whatever they were."""
    clear_rotation(u, position)
    u.add(Rotation, position=position, first=first, at=at, people=json.dumps(list(people)))


def clear_rotation(u: Unit, position: str) -> bool:
    """No turns any more: whoever was put in the position by hand holds it. False when there were none."""
    return bool(u.run(delete(ROTATIONS).where(ROTATIONS.c.position == position)).rowcount)


def overrides(u: Unit) -> list[OverrideRow]:
    """Those that are not over or cancelled, in the order they were made."""
    rows = u.all(select(OVERRIDES).where(OVERRIDES.c.cancelled_at.is_(None), OVERRIDES.c.ends > u.now).order_by(OVERRIDES.c.id))
    return [OverrideRow(row.id, row.position, row.person_id, row.begins, row.ends) for row in rows]


def add_override(u: Unit, position: str, person: int, begins: datetime, ends: datetime) -> int:
    return u.add(Override, position=position, person_id=person, begins=begins, ends=ends)


def cancel_override(u: Unit, id: int) -> None:
    u.run(update(OVERRIDES).where(OVERRIDES.c.id == id).values(cancelled_at=u.now))


def leaves(u: Unit) -> list[LeaveRow]:
    """Those that are not cancelled, and were not over two days ago: where the clinic is, it may still be yesterday."""
    recent = LEAVES.c.last >= date.fromordinal(u.now.date().toordinal() - 2)
    rows = u.all(select(LEAVES).where(LEAVES.c.cancelled_at.is_(None), recent).order_by(LEAVES.c.id))
    return [LeaveRow(row.id, row.person_id, row.first, row.last) for row in rows]


def add_leave(u: Unit, person: int, first: date, last: date) -> int:
    return u.add(StaffLeave, person_id=person, first=first, last=last)


def cancel_leave(u: Unit, id: int) -> None:
    u.run(update(LEAVES).where(LEAVES.c.id == id).values(cancelled_at=u.now))
