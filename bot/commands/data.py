"""`between backup` and `between restore`: one encrypted, verified file of all rows, and a key file beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from bot import opening
from bot.clock import wall
from bot.commands import shared
from bot.commands.pages import is_inside
from bot.commands.shared import count, out
from bot.errors import BackupFailed, BackupRunning, RestoreRefused
from bot.settings import Settings
from clinic import page_folders
from storage import archive, dump, keyfile, migrate
from storage import backup as backups
from storage import restore as restores
from storage.keyfile import KeyFile
from storage.seal import Keyring, MasterKey, SealBroken
from storage.store import Store

NOT_A_BACKUP = "{name} is not a backup of Between's, or its beginning is damaged. Name a file that ends in .backup."
DAMAGED = "{name} is damaged: a part of it is changed, missing or cut off. Take another copy of it, or an older backup."
OLD_KEY_FILE = (
    "{path} was sealed with another master key ({id}). If that key was replaced by `between rotate-keys`, name its file with --old-key; "
    "if it is gone, delete the key file, as nothing opens it or its backups any more, and add --anew; if it is another clinic's, name "
    "another folder."
)
KEYS_AWAY = (
    "{path} is not there any more. Plug its disk in. If the file is gone for good, add --anew: backups made until now then open only "
    "with a copy of it."
)
OTHER_KEY = (
    "{name} was sealed with another master key ({id}). Put that key where Between looks for it (BETWEEN_MASTER_KEY or master.key), "
    "or name its file with --old-key if the key has been rotated since."
)


def backup(
    folder: Annotated[Path | None, typer.Option("--out", help="Where to put it. Default: backups in the data folder.")] = None,
    keys: Annotated[Path | None, typer.Option("--keys", help="Where the key file lies. Default: beside the backup.")] = None,
    old_key: Annotated[Path | None, typer.Option("--old-key", help="A master key file from before a rotation.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Begin a new key file where one was and is gone.")] = False,
) -> None:
    """Write an encrypted backup, restore it into a scratch place, and name it only if all of it came back."""
    read = shared.settings()
    store = shared.opened(read)
    try:
        if old_key is not None:
            store.keys.retired = (opening.read_key(old_key), *store.keys.retired)
        made = make(read, store, folder, keys, anew=anew)
    finally:
        store.close()
    out(str(made.path))
    opened = count(made.opened, "sealed value")
    out(f"Verified: restored into a scratch database, {made.rows} rows of {made.tables} tables, {opened} opened.")
    out(f"Key file: {made.keys}. Keep one copy of it and always the newest; it changes when somebody is forgotten.")
    out("Keep the master key apart from both.")


def restore(
    file: Annotated[Path, typer.Argument(help="The .backup file.")],
    keys: Annotated[Path | None, typer.Option("--keys", help="The key file. Default: between.keys beside the backup.")] = None,
    old_key: Annotated[Path | None, typer.Option("--old-key", help="A master key file from before a rotation.")] = None,
) -> None:
    """Restore a backup into an empty data folder or database. Who was forgotten since stays forgotten."""
    read = shared.settings()
    with opening.only_instance(read.data_dir):
        masters = opening.masters(read) + ([opening.read_key(old_key)] if old_key is not None else [])
        held = _held(keys or file.parent / keyfile.NAME, masters)
        with _refused(file):
            restores.look_through(file, masters)
        with opening.empty(read) as engine, _refused(file):
            came = restores.restore(engine, file, masters, held, wall())
            away = _away(read, Store(engine, Keyring(masters[0], tuple(masters[1:]))))
    out(f"Restored as of {came.made_at:%Y-%m-%d %H:%M} UTC: {sum(came.rows.values())} rows of {count(len(came.rows), 'table')}.")
    if came.forgotten:
        out(f"Forgotten since that backup, and forgotten again: {count(came.forgotten, 'patient')}.")
    out(f"Not sent any more: {count(came.dropped, 'message')} that waited then. What came in after that time is not in it.")
    out(f"BACK AS THEY WERE: words erased and consents withdrawn after {came.made_at:%Y-%m-%d %H:%M} UTC, unless the whole patient")
    out("was forgotten. Ask every patient what they erased or stopped since, and have them do it again (/mydata, /settings).")
    for folder in away:
        out(f"NOT THERE: {folder}, which holds weekly pages or a key file. Plug its disk in, or nobody can be forgotten altogether.")
    out("Next: `between check`, then `between run`. Open alerts go on at once. Make a new backup.")


def _away(read: Settings, store: Store) -> list[Path]:
    """The folders the restored database knows and that are not there. Those in the data folder are begun anew: they need no disk."""
    with store.unit(wall()) as u:
        pages = page_folders.away(u)
        for folder in (folder for folder in pages if is_inside(folder, read.data_dir)):
            page_folders.remember(u, folder)
        found = dict.fromkeys((*pages, *keyfile.away(u)))
    return [folder for folder in found if not is_inside(folder, read.data_dir)]


def make(read: Settings, store: Store, folder: Path | None = None, keys: Path | None = None, *, anew: bool = False) -> backups.Made:
    """A verified backup of an open database, or `BackupFailed` with what to do.

    anew: as in `storage.backup.make`. So it is in the data folder, which is no other disk than the database's: after a restore on
    another machine its key file is gone, and backups must go on.
    """
    into = (folder or read.data_dir / "backups").expanduser().absolute()
    beside = keys.expanduser().absolute() if keys is not None else into
    with opening.hold(read.data_dir, "between.backup.lock", BackupRunning):
        try:
            return backups.make(store, into, beside, read.data_dir, wall(), anew=anew or is_inside(beside, read.data_dir))
        except backups.KeysAway:
            raise BackupFailed(why=KEYS_AWAY.format(path=beside / keyfile.NAME)) from None
        except backups.Unverified as fault:
            raise BackupFailed(why=f"It did not pass the check ({fault.why}) and was removed. Look at the disk, then try again.") from None
        except backups.AlreadyThere:
            raise BackupFailed(why="There is one of this very second already. Nothing is ever overwritten; try again.") from None
        except archive.OtherKey as fault:
            raise BackupFailed(why=OLD_KEY_FILE.format(path=beside / keyfile.NAME, id=fault.id)) from None
        except (archive.NotOurs, archive.Damaged):
            why = f"{beside / keyfile.NAME} is damaged or of another database. Name another folder, or move that file away."
            raise BackupFailed(why=why) from None
        except SealBroken:
            raise BackupFailed(why="Something stored does not open with the keys at hand. Keep the older backups.") from None
        except SQLAlchemyError as fault:
            raise BackupFailed(why=f"The database could not be read ({type(fault).__name__}). Look at the disk, then try again.") from None
        except OSError as fault:
            raise BackupFailed(why=f"{into} does not take it ({fault.strerror}). Name a folder with room in it with --out.") from None


def backed_up_upgrade(read: Settings) -> bool:
    """`between migrate`; when there is something to do on SQLite, after a backup of the older schema."""
    with opening.behind(read, wall()) as store:
        if store is not None:
            made = make(read, store)
            out(f"Backed up first, and verified: {made.path}")
    return opening.upgrade(read, wall())


def _held(path: Path, masters: list[MasterKey]) -> KeyFile:
    if not path.is_file():
        raise RestoreRefused(why=f"The key file {path} is not there. A backup cannot be read without it; name it with --keys.")
    with _refused(path):
        return keyfile.read(path, masters)


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """What can be wrong with a file, each as one sentence."""
    try:
        yield
    except archive.NotOurs:
        kind = NOT_A_BACKUP if path.name != keyfile.NAME else "{name} is not a key file of Between's. Name the right one with --keys."
        raise RestoreRefused(why=kind.format(name=path.name)) from None
    except archive.OtherKey as fault:
        raise RestoreRefused(why=OTHER_KEY.format(name=path.name, id=fault.id)) from None
    except (archive.Damaged, dump.Unfit):
        raise RestoreRefused(why=DAMAGED.format(name=path.name)) from None
    except restores.NewerBackup as fault:
        known = migrate.newest()
        why = f"{path.name} was made by a newer Between (schema {fault.schema}; this version knows {known}). Install that version or newer."
        raise RestoreRefused(why=why) from None
    except keyfile.Older:
        why = f"The key file is older than {path.name}. Take the newest {keyfile.NAME}; it is rewritten at every backup."
        raise RestoreRefused(why=why) from None
    except SealBroken:
        raise RestoreRefused(why=f"The keys do not fit {path.name}. Take the key file and the master key that belong to it.") from None
    except FileNotFoundError:
        raise RestoreRefused(why=f"{path} is not there.") from None
    except OSError as fault:
        raise RestoreRefused(why=f"{path} cannot be read or its copy written ({fault.strerror}).") from None
    except SQLAlchemyError as fault:
        raise RestoreRefused(why=f"The database did not take it ({type(fault).__name__}). Look at its disk and its rights.") from None


