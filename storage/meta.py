"""Single facts about the database: the key check, the bot's name, the latest time that was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.prepared import Prepared
from storage.store import Unit, table
from storage.tables import Meta
from storage.upsert import insert_once, insert_or_update

META = table(Meta)
KEY_CHECK, CLOCK, PROCESS, HEARTBEAT, PROBE = "key_check", "clock", "process", "heartbeat", "probe"
MASTER, INDEX = "master", "index_key"
"""Since the first rotation: the id of the master key in force, and the index key wrapped by it, in base64."""
WAYS, RECEIVED = "ways", "received"
"""By which other ways than Telegram people can be reached; when Telegram last answered a poll, and what was told of its silence."""
KEY_FOLDERS, BACKUP = "key_folders", "backup"
"""Where key files of backups lie (a JSON list of folders), and when the last verified backup was made."""
RESTORING = "restoring"
"""There while a restored database is not yet fit for use: its rows are in, its keys are not."""

_VALUE = Prepared(select(META.c.value).where(META.c.key == bindparam("key")))


def get(u: Unit, key: str) -> str | None:
    row = u.one(_VALUE, key=key)
    return row.value if row else None


def marked(connection: Connection) -> bool:
    """Whether a key was ever used with this database. Reads any schema there has been."""
    return connection.execute(select(META.c.key).where(META.c.key == KEY_CHECK)).first() is not None


def put(u: Unit, key: str, value: str) -> None:
    insert_or_update(u, Meta, ("key",), key=key, value=value)


def drop(u: Unit, key: str) -> None:
    u.run(delete(META).where(META.c.key == key))


def latest(u: Unit) -> datetime | None:
    """The latest instant that was put down, so that time never goes back over a restart."""
    kept = get(u, CLOCK)
    return datetime.fromisoformat(kept) if kept else None


def next_process(u: Unit) -> int:
    """A number for the process that asks: 1, 2, 3, ... Two that ask at once wait for each other."""
    insert_once(u, Meta, key=PROCESS, value="0")
    row = u.run(select(META.c.value).where(META.c.key == PROCESS).with_for_update()).one()
    number = int(row.value) + 1
    u.run(update(META).where(META.c.key == PROCESS).values(value=str(number)))
    return number
