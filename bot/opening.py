"""Opening the database with its key: everything that can be wrong with either is one clear sentence here."""

from __future__ import annotations

import base64
import fcntl
import hmac
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import (
    AlreadyRunning,
    BetweenError,
    DatabaseBehind,
    DatabaseTooNew,
    KeyLost,
    NoDatabase,
    RestoreRefused,
    RestoreUnfinished,
    SettingsError,
    SetupNeeded,
)
from bot.settings import Settings
from storage import clinic, disk, dump, floor, meta, migrate
from storage.engine import is_torn, open_engine, truncate_log
from storage.ids import be_process
from storage.restore import is_empty
from storage.seal import Keyring, MasterKey, read_or_make_key
from storage.store import Store, Unit


def open_store(settings: Settings, now: datetime, *, setup: bool = False) -> Store:
    """The clinic's database, ready for use. `setup` may make an empty one; without it that raises `SetupNeeded`.

    Raises `KeyLost`, `DatabaseTooNew`, `DatabaseBehind`, `NoDatabase` or `SettingsError`, and then changes nothing.
    """
    if _absent(settings.database_url):
        if _part(make_url(settings.database_url)).exists():
            raise RestoreUnfinished(instead="Run `between restore` again; it begins anew.")
        if not setup:
            raise _setup_needed(settings)
    with _opened(settings.database_url) as engine:
        version = migrate.version(engine)
        new = version is None or _half_made(engine, version)
        if new and not setup:
            raise _setup_needed(settings)
        if not new:
            _check_version(version)
        found = masters(settings, make=version is None)
        store = Store(engine, Keyring(found[0]))
        if new:
            migrate.migrate(engine)
        with store.unit(now, "opening") as u:
            store.keys = u.keys = keyring(u, settings, found)
            if not setup and clinic.as_it_opens(u) is None:
                raise _setup_needed(settings)
            floor.start(u)
            be_process(meta.next_process(u))
    return store


def upgrade(settings: Settings, now: datetime) -> bool:
    """`between migrate`: bring an older database to this version. True when there was something to do."""
    if _absent(settings.database_url):
        raise _setup_needed(settings)
    with _opened(settings.database_url) as engine:
        version = migrate.version(engine)
        if version is None:
            raise _setup_needed(settings)
        try:
            changed = migrate.migrate(engine)
        except migrate.NewerDatabase:
            raise DatabaseTooNew(found=version, known=migrate.newest()) from None
        engine.dispose()
        return changed


@contextmanager
def behind(settings: Settings, now: datetime) -> Iterator[Store | None]:
    """The store of an SQLite database that is older than this version, to be backed up before it is upgraded; else None."""
    if _absent(settings.database_url) or make_url(settings.database_url).get_backend_name() != "sqlite":
        yield None
        return
    with _opened(settings.database_url) as engine:
        found = migrate.version(engine)
        if found is None or found not in migrate.known() or found == migrate.newest():
            yield None
        else:
            keys = masters(settings)
            store = Store(engine, Keyring(keys[0]))
            with store.unit(now) as u:
                store.keys = keyring(u, settings, keys)
            yield store
        engine.dispose()


@contextmanager
def empty(settings: Settings) -> Iterator[Engine]:
    """The empty database a backup is to be restored into. Raises `RestoreRefused` unless it is empty, or absent.

    On SQLite it is a file beside the clinic's, and takes its name once the block has ended well: whatever stops it before, there is
    no database yet, and the restore can be run again.
    """
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        with _opened(settings.database_url) as engine:
            if not is_empty(engine):
                raise RestoreRefused(why="The database of BETWEEN_DATABASE_URL is not empty. Make a new one and name that.")
            yield engine
            engine.dispose()
        return
    file, part = Path(str(url.database)), _part(url)
    for each in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-journal")):
        if each.exists() and each.stat().st_size:
            raise RestoreRefused(why=f"There is a database at {each} already. Name an empty folder in BETWEEN_DATA_DIR, or move that away.")
    try:
        dump.shred(part)
        with _opened(f"sqlite:///{part}") as engine:
            yield engine
            truncate_log(engine)
            engine.dispose()
            dump.shred(file)
            part.rename(file)
            disk.sync(file.parent)
    finally:
        dump.shred(part)



def _part(url: URL) -> Path:
    """Where an SQLite database lies while it is being restored."""
    return Path(f"{url.database}.restoring")


def only_instance(folder: Path) -> AbstractContextManager[None]:
    """Hold the data folder: one instance serves one bot. Raises `AlreadyRunning`, or `SettingsError` where it cannot write."""
    return hold(folder, "between.lock", AlreadyRunning)


@contextmanager
def hold(folder: Path, name: str, taken: type[BetweenError]) -> Iterator[None]:
    """A lock file nobody else holds meanwhile; raises `taken` when somebody does."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise SettingsError(why=f"{folder} cannot be written ({fault.strerror}). Name another folder in BETWEEN_DATA_DIR.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise taken from None
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    """The engine. When the block raises it is let go, and what the database or the disk said becomes one sentence."""
    try:
        if is_torn(url):
            raise NoDatabase(fault="its file is cut off; restore the last backup")
        engine = open_engine(url)
    except OSError as fault:
        raise NoDatabase(fault=type(fault).__name__) from None
    try:
        yield engine
    except (SQLAlchemyError, OSError) as fault:
        engine.dispose()
        raise NoDatabase(fault=type(fault).__name__) from None
    except BaseException:
        engine.dispose()
        raise


def _absent(url: str) -> bool:
    parsed = make_url(url)
    return parsed.get_backend_name() == "sqlite" and bool(parsed.database) and not Path(str(parsed.database)).exists()


def _setup_needed(settings: Settings) -> SetupNeeded:
    """Names where was looked, and which setting says so."""
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return SetupNeeded(where="the database of BETWEEN_DATABASE_URL", setting="BETWEEN_DATABASE_URL")
    file = Path(str(url.database))
    where = file.parent if file.parent.is_dir() else f"{file.parent} (there is no such folder)"
    return SetupNeeded(where=where, setting="BETWEEN_DATA_DIR" if file.parent == settings.data_dir else "BETWEEN_DATABASE_URL")


def _half_made(engine: Engine, found: str) -> bool:
    """Whether the very first set-up was cut off between two migrations: an older schema that no key has ever been used with."""
    if found == migrate.newest() or found not in migrate.known():
        return False
    with engine.connect() as connection:
        return not meta.marked(connection)


def _check_version(found: str | None) -> None:
    if found is None or found == migrate.newest():
        return
    if found in migrate.known():
        raise DatabaseBehind(found=found, known=migrate.newest())
    raise DatabaseTooNew(found=found, known=migrate.newest())


def new_key_file(settings: Settings) -> Path:
    """Where a new master key lies while a rotation is under way."""
    return settings.master_key_file.with_name(settings.master_key_file.name + ".new")


def masters(settings: Settings, *, make: bool = False) -> list[MasterKey]:
    """The master key of the settings, and the new one of a rotation if there is one.

    Raises `KeyLost` or `SettingsError`. With `make`, an absent key file is made first.
    """
    new = new_key_file(settings)
    if settings.master_key is not None:
        first = MasterKey.from_text(settings.master_key.get_secret_value())
    else:
        first = read_key(settings.master_key_file, make=make)
    return [first, read_key(new)] if new.exists() else [first]


def retired_key_file(settings: Settings, id: str) -> Path:
    """Where a master key that was replaced is kept, beside the one in use."""
    return settings.master_key_file.with_name(f"{settings.master_key_file.name}.retired-{id}")


def retired(settings: Settings) -> tuple[MasterKey, ...]:
    """Replaced master keys that are still there. One that cannot be read is no reason not to start: nothing stored needs it."""
    found = []
    for path in sorted(settings.master_key_file.parent.glob(retired_key_file(settings, "*").name)):
        with suppress(OSError, ValueError):
            found.append(read_or_make_key(path, make=False))
    return tuple(found)


def read_key(path: Path, *, make: bool = False) -> MasterKey:
    """A key file. Raises `KeyLost` or `SettingsError` with what to do."""
    try:
        return read_or_make_key(path, make=make)
    except FileNotFoundError:
        raise KeyLost(where=path) from None
    except PermissionError as fault:
        if fault.errno is not None:
            raise SettingsError(why=f"{path} cannot be read. Run Between as the user it belongs to.") from None
        raise SettingsError(why=f"Others can read {path}. Run `chmod 600 {path}`.") from None
    except ValueError:
        raise KeyLost(where=f"{path} holds no key") from None


def keyring(u: Unit, settings: Settings, found: list[MasterKey]) -> Keyring:
    """The keys this database was sealed with: one master key, or two while a rotation is unfinished."""
    if meta.get(u, meta.RESTORING) is not None:
        raise RestoreUnfinished(instead="Make a new one, name it in BETWEEN_DATABASE_URL, and run `between restore` again.")
    mark, force = meta.get(u, meta.KEY_CHECK), meta.get(u, meta.MASTER)
    if mark is None:
        meta.put(u, meta.KEY_CHECK, found[0].mark)
        return Keyring(found[0])
    whole = next((key for key in found if hmac.compare_digest(key.mark, mark)), None)
    newest = whole if force is None else next((key for key in found if key.id == force), None)
    if whole is None or newest is None:
        if whole is not None:
            raise KeyLost(where=f"{new_key_file(settings)} of an unfinished `between rotate-keys` is missing")
        where = "BETWEEN_MASTER_KEY is another one" if settings.master_key else f"{settings.master_key_file} is another one"
        raise KeyLost(where=where)
    keys = Keyring(newest, () if whole == newest else (whole,))
    keys.retired = tuple(key for key in (*found, *retired(settings)) if key not in keys.masters)
    index = meta.get(u, meta.INDEX)
    if index is not None:
        keys.take_index(base64.b64decode(index))
    return keys
