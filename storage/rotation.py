"""A new master key: every data key is wrapped anew, one after the other, so that it can be stopped anywhere and gone on with.

What is rotated: what wraps the data keys and the index key. What is not: the data keys themselves, and so the sealed values. Whoever
had the old master key and a copy of the database could read that copy, and after the rotation still holds the data keys in it.
"""

from __future__ import annotations

import base64

from sqlalchemy import ColumnElement, func, select

from storage import meta
from storage.store import Unit, table
from storage.tables import DataKey

KEYS = table(DataKey)


def begin(u: Unit) -> None:
    """From here on new data keys need the new master (`u.keys.master`); those of before still open with the old one."""
    meta.put(u, meta.INDEX, base64.b64encode(u.keys.wrap_index()).decode())
    meta.put(u, meta.MASTER, u.keys.master.id)


def step(u: Unit, limit: int) -> int:
    """Wrap up to `limit` data keys anew; returns how many, 0 when all are."""
    rows = u.all(select(KEYS.c.id, KEYS.c.wrapped).where(*_left(u)).limit(limit).with_for_update())
    for row in rows:
        u.set(DataKey, row.id, wrapped=u.keys.rewrap(row.id, row.wrapped), master=u.keys.master.id)
    return len(rows)


def left(u: Unit) -> int:
    """How many data keys still need the old master."""
    return int(u.run(select(func.count()).select_from(KEYS).where(*_left(u))).scalar_one())


def finish(u: Unit) -> bool:
    """The database needs only the new master from now on. False while a data key still needs the old one."""
    if left(u):
        return False
    meta.put(u, meta.KEY_CHECK, u.keys.master.mark)
    return True


def finished(u: Unit) -> bool:
    """Whether the master in use opens everything by itself."""
    return meta.get(u, meta.KEY_CHECK) == u.keys.master.mark


def _left(u: Unit) -> tuple[ColumnElement[bool], ...]:
    return (KEYS.c.wrapped.is_not(None), KEYS.c.master != u.keys.master.id)
