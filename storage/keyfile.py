"""The key file of the backups: the wrapped data keys, kept apart from the data, and the list of those that were destroyed.

There is one for all backups in a folder, and it is replaced at every backup and after every forgetting. A backup holds no data keys:
without the key file it opens nobody, and with the newest one nobody who was forgotten since. A key that is in neither list was made
after the file was written, so the file is older than the backup, which is then refused rather than taken for a forgetting.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from storage import archive, meta
from storage.seal import Keyring, MasterKey, SealBroken
from storage.store import Unit, table
from storage.tables import DataKey

NAME = "between.keys"


@dataclass(frozen=True)
class KeyFile:
    """`living`: data key id -> wrapped; `destroyed`: id -> when (ISO); `index`: the wrapped index key of the hashes."""

    index: bytes
    living: dict[int, bytes] = field(default_factory=dict)
    destroyed: dict[int, str] = field(default_factory=dict)


def read(path: Path, masters: Sequence[MasterKey]) -> KeyFile:
    """Raises what `archive.read` raises, and `FileNotFoundError`."""
    said = json.loads(b"".join(archive.read(path, archive.KEYS, masters)))
    living = {int(id): base64.b64decode(wrapped) for id, wrapped in said["living"].items()}
    return KeyFile(base64.b64decode(said["index"]), living, {int(id): at for id, at in said["destroyed"].items()})


def renew(u: Unit, folder: Path) -> KeyFile:
    """Bring the key file of a folder to what the database holds now, or make it.

    What the file knows and the database does not (after an older backup was restored) stays, so that later backups still open; a
    destroyed key never comes back. Everything is wrapped by the newest master key; a file of before a rotation opens with the retired
    one. Raises what `read` raises for a file that is there.
    """
    path, keys = folder / NAME, u.keys.of_key_files()
    with _alone(folder):
        before = read(path, keys.masters) if path.exists() else KeyFile(b"")
        rows = u.all(select(table(DataKey).c.id, table(DataKey).c.wrapped, table(DataKey).c.destroyed_at))
        destroyed = before.destroyed | {row.id: (row.destroyed_at or u.now).isoformat() for row in rows if row.wrapped is None}
        held = before.living | {row.id: row.wrapped for row in rows if row.wrapped is not None}
        living = {id: keys.rewrap(id, wrapped) for id, wrapped in held.items() if id not in destroyed}
        made = KeyFile(keys.wrap_index(), living, destroyed)
        archive.replace(path, archive.KEYS, keys.master, [_said(made, u.now)])
    return made


def folders(u: Unit) -> list[Path]:
    """The folders that have a key file of this database."""
    return [Path(each) for each in json.loads(meta.get(u, meta.KEY_FOLDERS) or "[]")]


def remember(u: Unit, folder: Path) -> None:
    """From now on the key file in this folder follows every forgetting."""
    known = folders(u)
    if folder not in known:
        meta.put(u, meta.KEY_FOLDERS, json.dumps([str(each) for each in (*known, folder)]))


def is_away(u: Unit, folder: Path) -> bool:
    """Whether the folder had a key file of this database, and has none now."""
    return folder in folders(u) and not (folder / NAME).exists()


def away(u: Unit) -> list[Path]:
    """The folders whose key file is not there any more."""
    return [folder for folder in folders(u) if is_away(u, folder)]


@dataclass(frozen=True)
class Missed:
    """A key file that was not renewed: out of reach or damaged, or, with `master`, sealed with the master key of this id."""

    folder: Path
    master: str | None = None


def renew_all(u: Unit) -> list[Missed]:
    """Renew every key file; returns those where that was not possible (a disk that is not plugged in)."""
    missed = []
    for folder in folders(u):
        try:
            if is_away(u, folder):
                raise FileNotFoundError
            renew(u, folder)
        except archive.OtherKey as fault:
            missed.append(Missed(folder, fault.id))
        except (OSError, archive.NotOurs, archive.Damaged, SealBroken):
            missed.append(Missed(folder))
    return missed


def rekey(u: Unit, held: KeyFile, keys: Keyring) -> None:
    """Put the data keys of a restored database back, and mark as destroyed those that were destroyed since its backup.

    Raises `Older` when a key of the database is in neither list.
    """
    rows = table(DataKey)
    for row in u.all(select(rows.c.id, rows.c.destroyed_at)):
        if row.id in held.destroyed or row.destroyed_at is not None:
            at = row.destroyed_at or datetime.fromisoformat(held.destroyed[row.id])
            u.set(DataKey, row.id, wrapped=None, destroyed_at=at)
        elif row.id in held.living:
            u.set(DataKey, row.id, wrapped=keys.rewrap(row.id, held.living[row.id]), master=keys.master.id)
        else:
            raise Older


class Older(Exception):
    """The key file is older than the backup: a key of the backup is not in it."""


def _said(file: KeyFile, now: datetime) -> bytes:
    living = {id: base64.b64encode(wrapped).decode() for id, wrapped in file.living.items()}
    said = {"made_at": now.isoformat(), "index": base64.b64encode(file.index).decode(), "living": living, "destroyed": file.destroyed}
    return json.dumps(said, separators=(",", ":")).encode()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time; the database is read inside, so that an older reading never replaces a newer file."""
    handle = os.open(folder / f".{NAME}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
