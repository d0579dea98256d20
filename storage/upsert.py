"""Insert unless it is already there, the same on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from storage.prepared import Prepared
from storage.store import Unit, table


def insert_once(u: Unit, model: type[SQLModel], **values: Any) -> bool:
    """Insert a row unless a unique key of it exists. True when it was inserted."""
    return bool(u.run(_insert_once(model, u.connection.dialect.name), values).rowcount)


def insert_each_once(u: Unit, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> list[bool]:
    """`insert_once` for many rows with the same columns, in this order."""
    return [bool(count) for count in u.run_each(_insert_once(model, u.connection.dialect.name), rows)]


@cache
def _insert_once(model: type[SQLModel], dialect: str) -> Prepared:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(table(model)).on_conflict_do_nothing()
    return Prepared(made.execution_options(preserve_rowcount=True))  # else SQLAlchemy keeps no count of inserts on PostgreSQL


def insert_or_update(u: Unit, model: type[SQLModel], keys: tuple[str, ...], **values: Any) -> None:
    """Insert a row, or set its other columns where the unique `keys` exist already."""
    u.run(_insert_or_update(model, keys, tuple(values), u.connection.dialect.name), values)


@cache
def _insert_or_update(model: type[SQLModel], keys: tuple[str, ...], columns: tuple[str, ...], dialect: str) -> Prepared:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(table(model))
    changes = {name: made.excluded[name] for name in columns if name not in (*keys, "id")}
    return Prepared(made.on_conflict_do_update(index_elements=list(keys), set_=changes))
