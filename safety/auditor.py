"""The auditor: proves every minute that each open escalation has its next step in time and its pages on their way, and repairs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.exc import SQLAlchemyError

from safety import pager
from storage import due, escalations, notes, outbox, outbox_rows
from storage.escalations import EscalationRow
from storage.prepared import Prepared, fixed
from storage.store import Unit, table
from storage.tables import Due, Outbox

DUE, OUTBOX = table(Due), table(Outbox)
PLANNED = Prepared(select(DUE.c.due_at).where(DUE.c.kind == fixed("escalation"), DUE.c.subject == bindparam("about"), due.READY))
STUCK = Prepared(
    select(func.count(OUTBOX.c.id).label("waits")).where(
        outbox_rows.READY, OUTBOX.c.lane <= literal_column(str(outbox.ESCALATION)), OUTBOX.c.created_at < bindparam("since")
    )
)
WAITING = ("OPEN", "ACKED", "EXHAUSTED")
LATE = timedelta(seconds=30)
"""How long a step may be past its time: the worker takes it within a second or two."""
UNSENT = timedelta(minutes=2)
"""How long a crisis reply or a page may wait for Telegram to take it."""


@dataclass(frozen=True)
class Findings:
    """How many escalations are open; how many had lost their next step and were given it back; how many steps are late and
    how many crisis messages did not get out; what was raised where one could not be looked at. `proved`: all is in time now, so that
    somebody may be told so."""

    open: int
    repaired: int
    late: int = 0
    unsent: int = 0
    faults: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        return not (self.late or self.unsent or self.faults)


def audit(u: Unit) -> Findings:
    """Each escalation that waits for a human has a next step that is planned; one that has none is due at once.

    One that cannot be looked at is not proved, and holds up no other.
    """
    rows = escalations.all_open(u)
    repaired = late = 0
    faults = []
    for seen in rows:
        try:
            with u.savepoint():
                mended, behind = _look(u, seen)
        except SQLAlchemyError:
            raise
        except Exception as fault:
            faults.append(type(fault).__name__)
            if not notes.waits(u, seen.person, "ladder", "unproved"):
                notes.add(u, seen.person, "ladder", "unproved")
        else:
            repaired, late = repaired + mended, late + behind
    return Findings(len(rows), repaired, late, _unsent(u), tuple(faults))


def _look(u: Unit, seen: EscalationRow) -> tuple[bool, bool]:
    """Whether this one had lost its next step and was given it back, and whether its step is late."""
    if pager.cover_came_early(u, seen):
        return False, False
    if seen.state == "CONTACTED" and not due.planned(u, pager.OUTCOME, seen.id):
        _remind(u, seen.id)
    if _sound(u, seen):
        return False, _late(seen, u.now)
    row = escalations.get(u, seen.id)  # once more, now locked: another process may be in the middle of its step
    if row is None or _sound(u, row):
        return False, False
    at = row.next_at if row.next_at is not None else u.now
    saved = escalations.save(u, row, next_at=at)
    due.plan(u, "escalation", row.id, f"escalation:{row.id}:{saved.version}", at, chat=row.chat)
    notes.add(u, row.person, "ladder", "repaired")
    return True, False


def _remind(u: Unit, id: int) -> None:
    """What waits for its outcome alone is never forgotten."""
    row = escalations.get(u, id)  # once more, now locked
    if row is not None and row.state == "CONTACTED" and not due.planned(u, pager.OUTCOME, id):
        pager.plan_reminder(u, row, u.now)


def _sound(u: Unit, row: EscalationRow) -> bool:
    """Whether nobody waits for it, or its next step is planned."""
    return not _waits(row) or (_planned(u, row) is not None and row.next_at is not None)


def _waits(row: EscalationRow) -> bool:
    """Whether something happens to it by itself: nobody has reached the patient, or a second person has yet to agree."""
    return row.state in WAITING or row.doubted_by is not None


def _late(row: EscalationRow, now: datetime) -> bool:
    """By the step's own time: one that fails is tried again a minute later, and is late all the same."""
    return _waits(row) and row.next_at is not None and row.next_at < now - LATE


def _planned(u: Unit, row: EscalationRow) -> datetime | None:
    found = u.one(PLANNED, about=row.id)
    return found.due_at if found else None


def _unsent(u: Unit) -> int:
    counted = u.one(STUCK, since=u.now - UNSENT)
    return int(counted.waits) if counted else 0
