"""Exercises as rows: a page that is no alert, to whoever was on call, and whether it was answered in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.people import PersonCard
from storage.store import Unit, table
from storage.tables import Drill

DRILLS = table(Drill)


@dataclass(frozen=True)
class DrillRow:
    """`person` was on call, None when nobody was. `answered_at` may be later than `answer_by`: then it failed all the same."""

    id: int
    at: datetime
    answer_by: datetime
    person: int | None
    answered_by: int | None
    answered_at: datetime | None
    failed_at: datetime | None

    @property
    def passed(self) -> bool:
        return self.failed_at is None and self.answered_at is not None and self.answered_at <= self.answer_by


def begin(u: Unit, person: int | None, answer_by: datetime) -> DrillRow:
    return _found(u, u.add(Drill, at=u.now, answer_by=answer_by, person_id=person))


def get(u: Unit, id: int) -> DrillRow | None:
    row = u.one(select(DRILLS).where(DRILLS.c.id == id))
    return DrillRow(row.id, row.at, row.answer_by, row.person_id, row.answered_by, row.answered_at, row.failed_at) if row else None


def last(u: Unit) -> DrillRow | None:
    """The newest that is over, answered or not."""
    over = DRILLS.c.answered_at.is_not(None) | DRILLS.c.failed_at.is_not(None)
    row = u.one(select(DRILLS.c.id).where(over).order_by(DRILLS.c.id.desc()).limit(1))
    return get(u, row.id) if row else None


def answer(u: Unit, drill: DrillRow, who: PersonCard) -> DrillRow:
    """Somebody has answered; the first one counts."""
    if drill.answered_at is None:
        u.set(Drill, drill.id, answered_by=who.id, answered_at=u.now)
    return _found(u, drill.id)


def fail(u: Unit, drill: DrillRow) -> None:
    u.set(Drill, drill.id, failed_at=u.now)


def _found(u: Unit, id: int) -> DrillRow:
    row = get(u, id)
    assert row is not None
    return row
