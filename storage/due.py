"""The one table of time: what happens when. A slot is unique, so a firing can neither repeat nor be planned twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Row, any_, bindparam, case, literal_column, select, update

from storage.engine import shared
from storage.prepared import Prepared, fixed
from storage.store import Unit, table
from storage.tables import Due
from storage.upsert import insert_once

DUE = table(Due)

READY = DUE.c.state == fixed("ready")
_WAITS = (DUE.c.kind == bindparam("of_kind")) & (DUE.c.subject == bindparam("about")) & (READY)
PLANNED = Prepared(select(DUE).where(_WAITS).order_by(DUE.c.due_at, DUE.c.id))
_DROP = update(DUE).values(state="dropped", reason=bindparam("why"), done_at=bindparam("at"))
CANCEL = Prepared(_DROP.where(_WAITS))
CANCEL_SLOT = Prepared(_DROP.where(_WAITS, DUE.c.slot == bindparam("of_slot")))
OF_CHATS = Prepared(
    select(DUE)
    .where(READY, DUE.c.due_at <= bindparam("at"), DUE.c.chat_id == any_(bindparam("chats", type_=ARRAY(BigInteger))))
    .order_by(DUE.c.due_at, DUE.c.id)
    .limit(bindparam("most"))
)
BY_ID = Prepared(select(DUE).where(DUE.c.id == bindparam("due")))

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

    What another process is at is passed over; what happens in a chat is taken by who holds the chat, see `of_chats`.
    """
    return [_row(row) for row in u.all(_ready(chores, kinds, shared(u.connection.engine)), at=u.now, most=limit)]


@cache
def _ready(chores: bool, kinds: tuple[str, ...], among_others: bool) -> Prepared:
    found = select(DUE).where(READY, DUE.c.due_at <= bindparam("at"), _among(kinds) == literal_column(str(int(chores))))
    if among_others:
        found = found.where(DUE.c.chat_id.is_(None)).with_for_update(skip_locked=True)
    return Prepared(found.order_by(DUE.c.due_at, DUE.c.id).limit(bindparam("most")))


def _among(kinds: tuple[str, ...]) -> ColumnElement[int]:
    """1 for these kinds, else 0. Put so that SQLite does not take the index on kinds, which holds every audit there ever was."""
    one: ColumnElement[int] = literal_column("1")
    none: ColumnElement[int] = literal_column("0")
    return case((DUE.c.kind.in_([fixed(kind) for kind in kinds]), one), else_=none) if kinds else none


def of_chats(u: Unit, chats: list[int], limit: int) -> list[DueRow]:
    """What is due in the chats that the caller holds (`storage.claims`, so on PostgreSQL), oldest first."""
    return [_row(row) for row in u.all(OF_CHATS, at=u.now, chats=chats, most=limit)]


def done(u: Unit, id: int) -> None:
    u.set(Due, id, state="done", done_at=u.now)


def dropped(u: Unit, id: int, reason: str) -> None:
    """Record that this firing did not happen, and why ("late", "paused", "answered", ...)."""
    u.set(Due, id, state="dropped", reason=reason, done_at=u.now)


def move(u: Unit, id: int, due_at: datetime) -> None:
    """Let it happen at another time, also from inside its own firing."""
    u.set(Due, id, due_at=due_at, state="ready", done_at=None)


def get(u: Unit, id: int) -> DueRow | None:
    row = u.one(BY_ID, due=id)
    return _row(row) if row else None


def by_slot(u: Unit, slot: str) -> DueRow | None:
    row = u.one(select(DUE).where(DUE.c.slot == slot))
    return _row(row) if row else None


def planned(u: Unit, kind: str, subject: int) -> list[DueRow]:
    """What waits of one kind and subject, earliest first."""
    return [_row(row) for row in u.all(PLANNED, of_kind=kind, about=subject)]


def cancel(u: Unit, kind: str, subject: int, reason: str, *, slot: str | None = None) -> int:
    """Drop what waits of one kind and subject. Returns how many."""
    values = {"of_kind": kind, "about": subject, "why": reason, "at": u.now}
    return int((u.run(CANCEL, values) if slot is None else u.run(CANCEL_SLOT, {**values, "of_slot": slot})).rowcount)


def forget_plan(u: Unit, kind: str, subject: int) -> int:
    """Remove what waits of one kind, so that its slots can be planned anew at other times. What has fired stays."""
    return int(u.run(DUE.delete().where(DUE.c.kind == kind, DUE.c.subject == subject, READY)).rowcount)


def next_at(u: Unit, *, but: tuple[str, ...] = ()) -> datetime | None:
    """When the next thing is due, or None. `but` are kinds that do not count."""
    found = u.one(_next(but))
    return found.due_at if found else None


@cache
def _next(but: tuple[str, ...]) -> Prepared:
    return Prepared(select(DUE.c.due_at).where(READY, _among(but) == literal_column("0")).order_by(DUE.c.due_at).limit(literal_column("1")))
