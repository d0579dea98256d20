"""A backup: one encrypted file of all rows, named only once it was restored into a scratch database and found whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from storage import archive, dump, keyfile, meta, restore
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit

SUFFIX = ".backup"
LATE = timedelta(days=1)
"""How old the last verified backup may be before `between check` says so."""


class AlreadyThere(Exception):
    """There is a backup of this name; none is ever overwritten."""


class KeysAway(Exception):
    """The folder had the key file of this database and has none now: its disk is not plugged in. A new file in its empty place would lie
    on another disk, and hide that."""


class Unverified(Exception):
    """The backup was written and did not come back as it was; it has been removed. `why` names the step."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Made:
    """A verified backup: rows in all, and how many sealed values were opened in the scratch copy."""

    path: Path
    keys: Path
    rows: int
    tables: int
    opened: int
    size: int


def make(store: Store, folder: Path, keys_folder: Path, scratch: Path, now: datetime, *, anew: bool = False) -> Made:
    """Back up while the bot runs or not. `scratch` is a folder of ours with room for two copies of the database.

    anew: a key file is begun in a folder that had one and has none now.
    Raises `KeysAway`, `Unverified`, `AlreadyThere`, `OSError` when a folder does not take the files, and what `keyfile.renew` raises.
    """
    with store.unit(now) as u:
        if not anew and keyfile.is_away(u, keys_folder):
            raise KeysAway
    for each in (folder, keys_folder):
        each.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"between-{now:%Y%m%dT%H%M%SZ}{SUFFIX}"
    if path.exists():
        raise AlreadyThere
    written = path.with_name(f".{path.name}.unverified")
    written.unlink(missing_ok=True)
    try:
        with dump.snapshot(store.engine, scratch / "between.db.copying") as connection:
            archive.write(written, archive.BACKUP, store.keys.master, dump.lines(connection, now))
        with store.unit(now) as u:
            keyfile.renew(u, keys_folder)
            keyfile.remember(u, keys_folder)
        rows, opened = verify(written, keys_folder, store.keys.masters, scratch / "between.db.checking", now)
        os.link(written, path)
    finally:
        written.unlink(missing_ok=True)
    with store.unit(now) as u:
        meta.put(u, meta.BACKUP, now.isoformat())
    return Made(path, keys_folder / keyfile.NAME, sum(rows.values()), len(rows), opened, path.stat().st_size)


def verify(path: Path, keys_folder: Path, masters: tuple[MasterKey, ...], scratch: Path, now: datetime) -> tuple[dict[str, int], int]:
    """Restore into the SQLite file `scratch` and look: whole, all rows, references, sealed values. The scratch file goes again.

    Returns (rows of each table, how many sealed values opened). Raises `Unverified`.
    """
    with _scratch(scratch) as engine:
        try:
            came = restore.restore(engine, path, masters, keyfile.read(keys_folder / keyfile.NAME, masters), now)
        except (archive.Damaged, archive.NotOurs, archive.OtherKey, dump.Unfit, restore.NewerBackup, keyfile.Older) as fault:
            raise Unverified(f"reading it back: {type(fault).__name__}") from None
        with engine.connect() as connection:
            if connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() != "ok":
                raise Unverified("the integrity of the restored database")
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise Unverified("the references between rows")
        with Store(engine, Keyring(masters[0], masters[1:])).unit(now) as u:
            return came.rows, restore.sample(u)


def last(u: Unit) -> datetime | None:
    """When the last verified backup was made."""
    kept = meta.get(u, meta.BACKUP)
    return datetime.fromisoformat(kept) if kept else None


@contextlib.contextmanager
def _scratch(path: Path) -> Iterator[Engine]:
    """An empty SQLite database for a moment; what a killed process left there goes first."""
    dump.shred(path)
    engine = open_engine(f"sqlite:///{path}")
    try:
        yield engine
    finally:
        engine.dispose()
        dump.shred(path)
