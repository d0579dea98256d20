"""The unit of work: one transaction, one `now`, and the seals. All reading and writing goes through a `Unit`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Insert, Row, Table, Update, bindparam, delete, insert, select, text, update
from sqlmodel import SQLModel

from storage import points
from storage.engine import shared
from storage.ids import new_id
from storage.seal import Keyring, SealBroken
from storage.tables import DataKey


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model; hot paths build their statements on it."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


@cache
def _insert(model: type[SQLModel]) -> Insert:
    return insert(table(model))


@cache
def _update(model: type[SQLModel], columns: tuple[str, ...]) -> Update:
    """Built once for each set of columns: building a statement costs as much as running it."""
    rows = table(model)
    return update(rows).where(rows.c.id == bindparam("row_id_")).values({name: bindparam(name) for name in columns})


class Unit:
    """One transaction at the instant `now` (aware UTC). Nothing in it waits for a network. `where` names its commit."""

    def __init__(self, connection: Connection, keys: Keyring, now: datetime, where: str = "unit") -> None:
        self.connection = connection
        self.keys = keys
        self.now = now
        self.where = where

    def new_id(self) -> int:
        return new_id(self.now)

    def run(self, statement: Executable, values: Any = None) -> Any:
        return self.connection.execute(statement, values) if values is not None else self.connection.execute(statement)

    def one(self, statement: Executable, **values: Any) -> Row[Any] | None:
        """The first row. `values` fill the bind parameters of a statement that was built once (hot paths)."""
        return self.connection.execute(statement, values or None).first()

    def all(self, statement: Executable, **values: Any) -> list[Row[Any]]:
        return list(self.connection.execute(statement, values or None).all())

    def add(self, model: type[SQLModel], **values: Any) -> int:
        """Insert one row, with a fresh id unless one is given; returns the id."""
        values.setdefault("id", self.new_id())
        self.connection.execute(_insert(model), values)
        return int(values["id"])

    def set(self, model: type[SQLModel], row: int, **values: Any) -> None:
        self.connection.execute(_update(model, tuple(sorted(values))), {"row_id_": row, **values})

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is undone alone if it raises."""
        with self.connection.begin_nested():
            yield

    def may_think(self) -> None:
        """This one transaction may be silent for long between two statements (`storage.engine.hold_briefly`): it draws pages."""
        if shared(self.connection.engine):
            self.run(text("set local idle_in_transaction_session_timeout = 0"))

    def new_key(self) -> int:
        """A data key for a new subject."""
        key = self.new_id()
        self.add(DataKey, id=key, master=self.keys.master.id, wrapped=self.keys.make(key), created_at=self.now)
        return key

    def drop_key(self, key: int) -> None:
        """Take back a key of this transaction that has sealed nothing."""
        self.keys.forget(key)
        self.run(delete(table(DataKey)).where(table(DataKey).c.id == key))

    def seal(self, key: int, place: str, row: int, value: Any) -> bytes:
        """Seal text, or anything JSON holds, for one column of one row. `place` is "table.column"."""
        self._admit(key)
        data = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return self.keys.seal(key, f"{place}:{row}", data.encode())

    def open(self, key: int, place: str, row: int, sealed: bytes) -> str:
        """Raises `SealBroken` when the value, its place or its key do not fit, or the key was destroyed."""
        self._admit(key)
        return self.keys.open(key, f"{place}:{row}", sealed).decode()

    def open_json(self, key: int, place: str, row: int, sealed: bytes) -> Any:
        return json.loads(self.open(key, place, row, sealed))

    def _admit(self, key: int) -> None:
        if key in self.keys:
            return
        columns = table(DataKey)
        found = self.one(select(columns.c.wrapped).where(columns.c.id == key))
        if found is None or found.wrapped is None:
            raise SealBroken("the data key of this subject has been destroyed")
        self.keys.admit(key, found.wrapped)


class Store:
    """A database with its keyring. Hands out units; keeps nothing else."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self.engine = engine
        self.keys = keys

    @contextmanager
    def unit(self, now: datetime, where: str = "unit") -> Iterator[Unit]:
        """One transaction: committed when the block ends, rolled back when it raises. `where` is its name in `storage.points`."""
        with self.engine.begin() as connection:
            u = Unit(connection, self.keys, now, where)
            yield u
            points.at(f"{u.where}.before")
        points.at(f"{u.where}.after")

    def close(self) -> None:
        self.engine.dispose()
