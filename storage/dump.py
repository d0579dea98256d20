"""All rows of a database as lines of JSON, the same on both engines, read in one consistent snapshot.

The first line says which schema and when; then each table's name and columns and its rows; the last line counts them. Two columns
are left out on purpose: the wrapped data keys, which lie in the key file (`storage.keyfile`), and the hashes of Telegram ids,
which could be guessed through by whoever has the master key and are made anew from the sealed ids.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Date, DateTime, Engine, LargeBinary, MetaData, Table, TypeDecorator, inspect, select
from sqlmodel import SQLModel

from storage.engine import copy_sqlite, open_engine

FORMAT = 1
LEFT_OUT = {("data_key", "wrapped"), ("chat", "address_hash")}
OVER = {"inbox": ("raw", ("ready",)), "outbox": ("payload", ("ready", "leased")), "talk": ("body", ("waiting", "parked"))}
"""Words of what is over, needed by nobody after a restore; staff's may hold a patient's under a key of staff's."""
BATCH = 500


class Unfit(Exception):
    """The lines are not a whole dump."""


@contextmanager
def snapshot(engine: Engine, scratch: Path) -> Iterator[Connection]:
    """A connection that sees the database as it was at one instant, while others go on writing.

    SQLite: copied by its backup API to the file `scratch`, which is overwritten and removed at the end. PostgreSQL: one read-only
    REPEATABLE READ transaction.
    """
    if engine.dialect.name != "sqlite":
        settled = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with settled.connect() as connection:
            yield connection.execution_options(stream_results=True)
        return
    copy = None
    try:
        shred(scratch)
        copy = open_engine(f"sqlite:///{scratch}")
        copy_sqlite(str(engine.url.database), str(scratch))
        with copy.connect() as connection:
            yield connection
    finally:
        if copy is not None:
            copy.dispose()
        shred(scratch)


def shred(path: Path) -> None:
    """Remove a SQLite file of our own and what lies beside it, overwritten first as far as the disk honours that."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-journal", f"{path.name}-shm"):
        file = path.with_name(name)
        with suppress(FileNotFoundError):
            with file.open("r+b") as held:
                for _ in range(0, file.stat().st_size, 1 << 20):
                    held.write(bytes(1 << 20))
            file.unlink()


def lines(connection: Connection, now: datetime) -> Iterator[bytes]:
    """The dump of what `connection` sees."""
    counts: dict[str, int] = {}
    schema = connection.exec_driver_sql("select version_num from alembic_version").scalar_one()
    yield _line({"format": FORMAT, "schema": schema, "made_at": now.isoformat()})
    for found in tables(connection):
        yield _line({"table": found.name, "columns": [column.name for column in found.columns]})
        counts[found.name] = 0
        out = [(found.name, column.name) in LEFT_OUT for column in found.columns]
        emptied, states = OVER.get(found.name, ("", ()))
        words = found.columns.keys().index(emptied) if emptied else -1
        query = select(found).order_by(*found.primary_key.columns)
        for row in connection.execute(query).yield_per(BATCH):
            said = [None if left else _plain(value) for left, value in zip(out, row, strict=True)]
            if emptied and row.state not in states:
                said[words] = None if found.columns[words].nullable else ""
            yield _line(said)
            counts[found.name] += 1
    yield _line({"end": counts})


def load(connection: Connection, dumped: Iterable[bytes]) -> dict[str, int]:
    """Put the rows into the empty tables of the same schema; returns how many in each. Raises `Unfit` unless all came."""
    there = {each.name: each for each in tables(connection)}
    counts: dict[str, int] = {}
    into: Table | None = None
    names: list[str] = []
    batch: list[dict[str, Any]] = []
    for line in dumped:
        said = json.loads(line)
        if isinstance(said, list):
            if into is None or len(said) != len(names):
                raise Unfit
            batch.append({name: _typed(into.c[name], value) for name, value in zip(names, said, strict=True)})
            counts[into.name] += 1
            if len(batch) < BATCH:
                continue
        if batch and into is not None:
            connection.execute(into.insert(), batch)
            batch = []
        if isinstance(said, dict) and "end" in said:
            if said["end"] != counts:
                raise Unfit
            return counts
        if isinstance(said, dict) and "table" in said:
            into, names = there.get(said["table"]), said["columns"]
            if into is None or not set(names) <= set(into.c.keys()):
                raise Unfit
            counts[into.name] = 0
    raise Unfit


def tables(connection: Connection) -> list[Table]:
    """The tables as they are in this database, whatever its version, those that are referred to first."""
    look = inspect(connection)
    known = {each.name: each for each in SQLModel.metadata.sorted_tables}
    there = set(look.get_table_names()) - {"alembic_version"}
    ordered = [name for name in known if name in there] + sorted(there - set(known))
    return [_table(look.get_columns(name), look.get_pk_constraint(name), name, known.get(name)) for name in ordered]


def _table(columns: Iterable[Any], key: Any, name: str, known: Table | None) -> Table:
    """Typed by the model where it knows the column, so that times and bytes are the same on both engines."""
    made = []
    for found in columns:
        kind = known.c[found["name"]].type if known is not None and found["name"] in known.c else found["type"]
        primary = found["name"] in key["constrained_columns"]
        made.append(Column(found["name"], kind, primary_key=primary, autoincrement=False, nullable=found["nullable"]))
    return Table(name, MetaData(), *made)


def _line(said: Any) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else value  # a datetime is a date


def _typed(column: Column[Any], value: Any) -> Any:
    """The value as the engine takes it; a hash that was left out is random until it is made anew."""
    if (column.table.name, column.name) == ("chat", "address_hash"):
        return secrets.token_bytes(32)
    if value is None:
        return None
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
