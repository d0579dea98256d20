"""Insert unless it is already there, the same on both engines."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from storage.store import Unit, table


def insert_once(u: Unit, model: type[SQLModel], **values: Any) -> bool:
    """Insert a row unless a unique key of it exists. True when it was inserted."""
    dialect = postgresql if u.connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table(model)).on_conflict_do_nothing()
    return bool(u.run(statement, values).rowcount)


def insert_or_update(u: Unit, model: type[SQLModel], keys: tuple[str, ...], **values: Any) -> None:
    """Insert a row, or set its other columns where the unique `keys` exist already."""
    dialect = postgresql if u.connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table(model)).values(**values)
    changes = {name: statement.excluded[name] for name in values if name not in (*keys, "id")}
    u.run(statement.on_conflict_do_update(index_elements=list(keys), set_=changes))
