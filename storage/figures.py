"""Figures for whoever watches the bot: counts and ages only, never a row's id or anything of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from storage import heartbeat
from storage.escalations import ESCALATIONS, EVENTS
from storage.inbox import INBOX
from storage.outbox_rows import OUTBOX
from storage.store import Unit, table
from storage.tables import Due

DUE = table(Due)
LANES = range(5)
STATES = ("OPEN", "ACKED", "CONTACTED", "EXHAUSTED", "CLOSED")
ANSWERS = ("ack", "contacted")
"""Events by which somebody on call took an escalation."""


@dataclass(frozen=True)
class Queue:
    """How many wait, and for how many seconds the oldest has."""

    depth: int = 0
    oldest: float = 0.0


@dataclass(frozen=True)
class Figures:
    """All of it at one instant. `acknowledged` holds, for each escalation that was taken, the seconds from its opening."""

    inbox: Queue
    due: Queue
    lanes: dict[int, Queue]
    unknown: int
    dead: int
    quarantined: int
    escalations: dict[str, int]
    acknowledged: tuple[float, ...]
    audit_age: float | None
    planned_stop: bool


def figures(u: Unit) -> Figures:
    """What the rows say now. Each count runs over an index that holds only what it counts."""
    beat = heartbeat.last(u)
    ended: dict[str, int] = _counts(u, OUTBOX.c.state, OUTBOX.c.state.in_(("dead", "unknown")))
    return Figures(
        inbox=_queue(u, INBOX.c.received_at, INBOX.c.state == "ready"),
        due=_queue(u, DUE.c.due_at, (DUE.c.state == "ready") & (DUE.c.due_at <= u.now)),
        lanes={lane: _queue(u, OUTBOX.c.created_at, _going(u, lane)) for lane in LANES},
        unknown=ended.get("unknown", 0),
        dead=ended.get("dead", 0),
        quarantined=int(u.run(select(func.count(INBOX.c.id)).where(INBOX.c.state == "quarantined")).scalar_one()),
        escalations=dict.fromkeys(STATES, 0) | _counts(u, ESCALATIONS.c.state),
        acknowledged=_acknowledged(u),
        audit_age=(u.now - beat.at).total_seconds() if beat else None,
        planned_stop=beat is not None and beat.state == "planned",
    )


def _going(u: Unit, lane: int) -> ColumnElement[bool]:
    """Rows of a lane that should be on their way. A timer's next frame waits for its time, and is no queue."""
    found: ColumnElement[bool] = (
        (OUTBOX.c.state == "ready") & (OUTBOX.c.lane == lane) & (OUTBOX.c.kind != "frame") & (OUTBOX.c.created_at <= u.now)
    )
    return found


def _queue(u: Unit, since: ColumnElement[Any], where: ColumnElement[bool]) -> Queue:
    row = u.one(select(func.count().label("depth"), func.min(since).label("first")).where(where))
    assert row is not None
    first: datetime | None = row.first
    return Queue(int(row.depth), max((u.now - first).total_seconds(), 0.0) if first else 0.0)


def _counts(u: Unit, column: ColumnElement[Any], where: ColumnElement[bool] | None = None) -> dict[str, int]:
    counting = select(column.label("state"), func.count().label("times")).group_by(column)
    return {row.state: int(row.times) for row in u.all(counting if where is None else counting.where(where))}


def _acknowledged(u: Unit) -> tuple[float, ...]:
    first = select(EVENTS.c.escalation_id.label("id"), func.min(EVENTS.c.at).label("at")).where(EVENTS.c.kind.in_(ANSWERS))
    taken = first.group_by(EVENTS.c.escalation_id).subquery()
    rows = u.all(select(ESCALATIONS.c.opened_at, taken.c.at).join(taken, taken.c.id == ESCALATIONS.c.id))
    return tuple(max((row.at - row.opened_at).total_seconds(), 0.0) for row in rows)
