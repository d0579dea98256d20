"""The one table of time: what happens when. A slot is unique, so a firing can neither repeat nor be planned twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from storage.engine import shared
from storage.store import Unit, table
from storage.tables import Due
from storage.upsert import insert_once

DUE = table(Due)


@dataclass(frozen=True)
class DueRow:
    """Something whose time has come. `args` holds codes and numbers; past `send_by` it is recorded as dropped instead."""

    id: int
    kind: str
    chat: int | None
    subject: int
    slot: str
    due_at: datetime
    send_by: datetime | None
    args: dict[str, Any]


def _row(row: Row[Any]) -> DueRow:
    return DueRow(row.id, row.kind, row.chat_id, row.subject, row.slot, row.due_at, row.send_by, json.loads(row.args))


def plan(
    u: Unit,
    kind: str,
    subject: int,
    slot: str,
    due_at: datetime,
    *,
    chat: int | None = None,
    send_by: datetime | None = None,
    **args: Any,
) -> bool:
    """Plan a firing; False when this slot was planned before (fired, dropped or waiting)."""
    return insert_once(
        u,
        Due,
        id=u.new_id(),
        kind=kind,
        subject=subject,
        chat_id=chat,
        slot=slot,
        due_at=due_at,
        send_by=send_by,
        args=json.dumps(args),
        state="ready",
    )


def ready(u: Unit, limit: int, *, chores: bool = False, kinds: tuple[str, ...] = ()) -> list[DueRow]:
    """What is due, oldest first. `kinds` are the chores' names; with `chores` only those, else all others.

    What another process is at is passed over; what happens in a chat is taken by who holds the chat, see `of_chat`.
    """
    which = DUE.c.kind.in_(kinds) if chores else DUE.c.kind.not_in(kinds)
    found = select(DUE).where(DUE.c.state == "ready", DUE.c.due_at <= u.now, which)
    if shared(u.connection.engine):
        found = found.where(DUE.c.chat_id.is_(None)).with_for_update(skip_locked=True)
    return [_row(row) for row in u.all(found.order_by(DUE.c.due_at, DUE.c.id).limit(limit))]


def of_chat(u: Unit, chat: int, limit: int) -> list[DueRow]:
    """What is due in one chat that the caller holds (`storage.claims`), oldest first."""
    found = select(DUE).where(DUE.c.state == "ready", DUE.c.due_at <= u.now, DUE.c.chat_id == chat)
    return [_row(row) for row in u.all(found.order_by(DUE.c.due_at, DUE.c.id).limit(limit))]


def done(u: Unit, id: int) -> None:
    u.set(Due, id, state="done", done_at=u.now)


def dropped(u: Unit, id: int, reason: str) -> None:
    """Record that this firing did not happen, and why ("late", "paused", "answered", ...)."""
    u.set(Due, id, state="dropped", reason=reason, done_at=u.now)


def move(u: Unit, id: int, due_at: datetime) -> None:
    """Let it happen at another time, also from inside its own firing."""
    u.set(Due, id, due_at=due_at, state="ready", done_at=None)


def get(u: Unit, id: int) -> DueRow | None:
    row = u.one(select(DUE).where(DUE.c.id == id))
    return _row(row) if row else None


def planned(u: Unit, kind: str, subject: int) -> list[DueRow]:
    """What waits of one kind and subject, earliest first."""
    wanted = (DUE.c.kind == kind) & (DUE.c.subject == subject) & (DUE.c.state == "ready")
    return [_row(row) for row in u.all(select(DUE).where(wanted).order_by(DUE.c.due_at, DUE.c.id))]


def cancel(u: Unit, kind: str, subject: int, reason: str, *, slot: str | None = None) -> int:
    """Drop what waits of one kind and subject. Returns how many."""
    wanted = [DUE.c.kind == kind, DUE.c.subject == subject, DUE.c.state == "ready"]
    if slot is not None:
        wanted.append(DUE.c.slot == slot)
    return int(u.run(update(DUE).where(*wanted).values(state="dropped", reason=reason, done_at=u.now)).rowcount)


def forget_plan(u: Unit, kind: str, subject: int) -> int:
    """Remove what waits of one kind, so that its slots can be planned anew at other times. What has fired stays."""
    return int(u.run(DUE.delete().where(DUE.c.kind == kind, DUE.c.subject == subject, DUE.c.state == "ready")).rowcount)


def next_at(u: Unit, *, but: tuple[str, ...] = ()) -> datetime | None:
    """When the next thing is due, or None. `but` are kinds that do not count."""
    found: datetime | None = u.run(select(func.min(DUE.c.due_at)).where(DUE.c.state == "ready", DUE.c.kind.not_in(but))).scalar_one()
    return found
