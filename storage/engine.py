"""Opening the database: SQLite embedded by default, PostgreSQL where a clinic outgrows one process."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool, QueuePool

try:
    from pysqlite3 import dbapi2 as sqlite
except ImportError:  # no wheel for this machine: the system's SQLite serves, see `journal_mode`
    import sqlite3 as sqlite


def sqlite_version() -> tuple[int, ...]:
    return tuple(int(part) for part in sqlite.sqlite_version.split("."))


def journal_mode(version: tuple[int, ...]) -> str:
    """WAL where this SQLite is free of the WAL-reset bug (fixed in 3.51.3, 3.50.7 and 3.44.6), else the rollback journal.

    Source: https://sqlite.org/wal.html#walresetbug
    """
    sound = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45) or version < (3, 7)
    return "WAL" if sound else "TRUNCATE"


MAGIC = b"SQLite format 3\x00"


def is_torn(url: str) -> bool:
    """Whether a SQLite file ends in the middle of a page: SQLite itself would take the missing end of its last page for zeros.

    With a log beside it that is no fault: SQLite writes the pages again from there.
    """
    parsed = make_url(url)
    path = Path(parsed.database or "")
    if parsed.get_backend_name() != "sqlite" or not path.is_file():
        return False
    logs = (path.with_name(path.name + suffix) for suffix in ("-wal", "-journal"))
    if any(log.is_file() and log.stat().st_size for log in logs):
        return False
    with path.open("rb") as file:
        head = file.read(18)
    size = int.from_bytes(head[16:18], "big")  # https://sqlite.org/fileformat.html: 1 stands for 65536
    return head.startswith(MAGIC) and size > 0 and path.stat().st_size % (65536 if size == 1 else size) != 0


def open_engine(url: str) -> Engine:
    """An engine with our guarantees: immediate transactions, full synchronisation, foreign keys, no values in errors."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed.database)
    return _open_postgresql(parsed)


def open_reader(url: str) -> Engine:
    """An engine that can only read, waits for nobody longer than two seconds and holds no connection between two looks."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        held = {"options": "-c default_transaction_read_only=on -c statement_timeout=5s -c lock_timeout=2s", **CONNECT}
        return create_engine(url_of(parsed), hide_parameters=True, poolclass=NullPool, connect_args=held)
    where = f"file:{quote(str(Path(parsed.database or '').absolute()))}?mode=ro"
    engine = create_engine(
        "sqlite://", module=sqlite, poolclass=NullPool, hide_parameters=True,
        creator=lambda: sqlite.connect(where, uri=True, timeout=2, isolation_level=None, check_same_thread=False),
    )  # fmt: skip
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def url_of(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg")


PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY")
LOG_PAGES = 4_000
"""Pages of SQLite's write-ahead log after which it is moved into the file (16 MiB, four times the default): less waiting for the disk."""

SESSION = {
    "synchronous_commit": "on",  # a commit is on disk before anything is confirmed, whatever the server's default
    "timezone": "UTC",
    "lock_timeout": "15s",
}
HELD_AT_MOST = "set idle_in_transaction_session_timeout = '8s'"
CONNECT = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
"""So that a server that vanished without a word is noticed in seconds (seconds; the last in milliseconds)."""
PREPARES_NOTHING = {"prepare_threshold": None}
"""What psycopg prepared by itself it would take back after a rollback, and all that `storage.pipeline` prepared with it."""


def _open_postgresql(url: URL) -> Engine:
    engine = create_engine(
        url_of(url), hide_parameters=True, pool_pre_ping=True, pool_timeout=15, connect_args={**CONNECT, **PREPARES_NOTHING}
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        values = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in SESSION.items())
        connection.execute(f"select {values}")
        connection.commit()

    return engine


def hold_briefly(engine: Engine) -> None:
    """From now on a transaction that says nothing for 8 seconds is ended by PostgreSQL, with all the locks it holds.

    For the processes that serve chats: one that froze in the middle of a turn or of an intake holds up nobody for longer.
    """
    if shared(engine):
        event.listen(engine, "connect", lambda connection, _record: (connection.execute(HELD_AT_MOST), connection.commit()))
        engine.dispose()


def shared(engine: Engine) -> bool:
    """Whether several processes may serve this database at once."""
    return engine.dialect.name == "postgresql"


def _open_sqlite(path: str | None) -> Engine:
    if path:
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    engine = create_engine(
        f"sqlite:///{path or ''}",
        module=sqlite,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0 if not path else 4,
        connect_args={"check_same_thread": False, "timeout": 15},
        hide_parameters=True,
    )
    mode = journal_mode(sqlite_version())

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy, not the driver, begins and ends transactions
        for pragma in (f"journal_mode={mode}", f"wal_autocheckpoint={LOG_PAGES}", *PRAGMAS):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def copy_sqlite(source: str, target: str) -> None:
    """Copy a database by SQLite's backup API, in one step: as it was at one instant, while others go on writing."""
    with closing(sqlite.connect(source, timeout=15)) as old, closing(sqlite.connect(target)) as new:
        old.backup(new)


def truncate_log(engine: Engine) -> bool:
    """Move all that is committed out of SQLite's write-ahead log and empty it, so that nothing erased lingers there.

    False when somebody was still reading. PostgreSQL keeps its log and dead rows until it checkpoints and vacuums by itself.
    """
    if engine.dialect.name != "sqlite":
        return True
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA busy_timeout=500").fetchall()  # nobody who waits for an answer waits for this
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
        cursor.execute("PRAGMA busy_timeout=15000").fetchall()
        return not busy
    finally:
        raw.close()
