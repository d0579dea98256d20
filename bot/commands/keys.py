"""`between rotate-keys`: a new master key, with the old one kept until nothing needs it."""

from __future__ import annotations

import os

import typer

from bot import opening
from bot.clock import wall
from bot.commands import shared
from bot.commands.shared import count, out
from bot.errors import UsageError
from bot.settings import Settings
from storage import audit, disk, keyfile, rotation
from storage.keyfile import Missed
from storage.seal import Keyring, MasterKey
from storage.store import Store

BATCH = 100
"""Data keys wrapped anew in one transaction."""


def rotate_keys() -> None:
    """Wrap every data key with a new master key. Stop Between first; stopped half-way, run it again."""
    read = shared.settings()
    with opening.only_instance(read.data_dir):
        store = shared.opened(read)
        try:
            done, missed = rotate(store, _new_key(read, store))
        finally:
            store.close()
        out(f"{count(done, 'data key')} wrapped with the new master key {store.keys.master.id}.")
        _place(read, missed)
    out("Backups made before open only with the old key (`between restore --old-key`). Make a new one now: `between backup`.")
    if missed:
        raise typer.Exit(1)


def rotate(store: Store, new: MasterKey, batch: int = BATCH) -> tuple[int, list[Missed]]:
    """Bring database and key files under `new`, from wherever an earlier try stopped.

    The key files come before the database is said to need only `new`: until then every start has both keys, so that one which
    was killed goes on. Returns how many data keys were wrapped in this one, and the key files that were not renewed.
    """
    older = tuple(key for key in store.keys.masters if key != new)
    retired = tuple(key for key in store.keys.retired if key != new)
    store.keys = Keyring(new, older, store.keys.index_key)
    store.keys.retired = retired
    with store.unit(wall()) as u:
        rotation.begin(u)
    done = 0
    while True:
        with store.unit(wall()) as u:
            step = rotation.step(u, batch)
        done += step
        if step:
            continue
        with store.unit(wall()) as u:
            missed = keyfile.renew_all(u)
        with store.unit(wall()) as u:
            if rotation.finish(u):
                audit.record(u, 0, "between", "keys.rotated", new.id)
                return done, missed


def _new_key(read: Settings, store: Store) -> MasterKey:
    """The key to rotate to: fresh, or the one an earlier try had begun with."""
    path = opening.new_key_file(read)
    if read.master_key is not None and path.exists():
        given, waiting = opening.masters(read)
        if given == waiting:
            raise UsageError(why=f"BETWEEN_MASTER_KEY is the new key already. Delete {path}, which holds it too, to rotate again.")
        with store.unit(wall()) as u:
            if store.keys.master == waiting and rotation.finished(u):
                raise UsageError(why=f"The rotation is done. Put the key from {path} into BETWEEN_MASTER_KEY and delete that file.")
    return opening.read_key(path, make=True)


def _place(read: Settings, missed: list[Missed]) -> None:
    """Put the new key where the next start looks for it, and say where the old one is and what still needs it."""
    new, now = opening.new_key_file(read), read.master_key_file
    if read.master_key is not None:
        out(f"The new key is in {new} (mode 0600), and nowhere else. Put it into BETWEEN_MASTER_KEY in place of the old one,")
        out("keep a copy apart from the data, start Between, and delete that file. Until then Between starts with both.")
        _name(missed, " --old-key FILE", "a file of mode 0600")
        return
    retired = opening.retired_key_file(read, opening.read_key(now).id)
    if not retired.exists():
        os.link(now, retired)
    os.replace(new, now)
    disk.sync(now.parent)
    out(f"The new key is in {now}. Keep a copy of it apart from the data.")
    if missed:
        out(f"The old one is in {retired}. Backups made before need it, and so do the key files named here.")
    else:
        out(f"The old one is in {retired}. Nothing needs it but backups made before; destroy it when those are gone.")
    _name(missed, "", str(retired))


def _name(missed: list[Missed], option: str, kept: str) -> None:
    """What is left to do where a key file was not renewed: it opens with the old key alone, and keeps whoever is forgotten meanwhile."""
    for each in missed:
        out(
            f"NOT RENEWED: the key file in {each.folder} still needs the old key. Keep that in {kept}, make the folder reachable, "
            f"and run `between backup --keys {each.folder}{option}`; until then whoever is forgotten stays in that file."
        )
