"""A lease: of several processes one does what only one may do, until it stops renewing. By the database's clock, not theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, literal, or_, select, update

from storage.engine import shared
from storage.store import Unit, table
from storage.tables import Lease
from storage.upsert import insert_once

LEASES = table(Lease)


def take(u: Unit, name: str, owner: str, span: timedelta) -> bool:
    """Take or renew a lease for `span` from now. False while it is somebody else's."""
    insert_once(u, Lease, name=name, owner=owner, until=u.now)
    mine = (LEASES.c.name == name) & or_(LEASES.c.owner == owner, LEASES.c.until < _clock(u))
    until = func.clock_timestamp() + span if shared(u.connection.engine) else u.now + span
    return bool(u.run(update(LEASES).where(mine).values(owner=owner, until=until)).rowcount)


def release(u: Unit, name: str, owner: str) -> None:
    """Let go of it, so that the next process need not wait for it to run out. Nothing happens when it was lost."""
    u.run(delete(LEASES).where(LEASES.c.name == name, LEASES.c.owner == owner))


def holder(u: Unit, name: str) -> str | None:
    """Who has it now; None when nobody has."""
    row = u.one(select(LEASES.c.owner).where(LEASES.c.name == name, LEASES.c.until >= _clock(u)))
    return row.owner if row else None


def _clock(u: Unit) -> Any:
    return func.clock_timestamp() if shared(u.connection.engine) else literal(u.now)
