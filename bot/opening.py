"""Opening the database with its key: everything that can be wrong with either is one clear sentence here."""

from __future__ import annotations

import fcntl
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import AlreadyRunning, DatabaseBehind, DatabaseTooNew, KeyLost, NoDatabase, SettingsError, SetupNeeded
from bot.settings import Settings
from storage import clinic, meta, migrate
from storage.engine import is_torn, open_engine
from storage.ids import be_process, start_after
from storage.inbox import highest
from storage.seal import Keyring, MasterKey, read_or_make_key
from storage.store import Store, Unit

CHECK = b"between key check"


def open_store(settings: Settings, now: datetime, *, setup: bool = False) -> Store:
    """The clinic's database, ready for use. `setup` may make an empty one; without it that raises `SetupNeeded`.

    Raises `KeyLost`, `DatabaseTooNew`, `DatabaseBehind`, `NoDatabase` or `SettingsError`, and then changes nothing.
    """
    if not setup and _absent(settings.database_url):
        raise SetupNeeded
    with _opened(settings.database_url) as engine:
        version = migrate.version(engine)
        if version is None and not setup:
            raise SetupNeeded
        _check_version(version)
        store = Store(engine, Keyring(_master(settings, make=version is None)))
        if version is None:
            migrate.migrate(engine)
        with store.unit(now, "opening") as u:
            _check_key(u, settings)
            if not setup and clinic.clinic(u) is None:
                raise SetupNeeded
            start_after(highest(u))
            be_process(meta.next_process(u))
    return store


def upgrade(settings: Settings, now: datetime) -> bool:
    """`between migrate`: bring an older database to this version. True when there was something to do."""
    if _absent(settings.database_url):
        raise SetupNeeded
    with _opened(settings.database_url) as engine:
        version = migrate.version(engine)
        if version is None:
            raise SetupNeeded
        try:
            changed = migrate.migrate(engine)
        except migrate.NewerDatabase:
            raise DatabaseTooNew(found=version, known=migrate.newest()) from None
        engine.dispose()
        return changed


@contextmanager
def only_instance(folder: Path) -> Iterator[None]:
    """Hold the data folder: one instance serves one bot. Raises `AlreadyRunning`, or `SettingsError` where it cannot write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "between.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise SettingsError(why=f"{folder} cannot be written ({fault.strerror}). Name another folder in BETWEEN_DATA_DIR.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise AlreadyRunning from None
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


def _check_version(found: str | None) -> None:
    if found is None or found == migrate.newest():
        return
    if found in migrate.known():
        raise DatabaseBehind(found=found, known=migrate.newest())
    raise DatabaseTooNew(found=found, known=migrate.newest())


def _master(settings: Settings, *, make: bool) -> MasterKey:
    if settings.master_key is not None:
        return MasterKey.from_text(settings.master_key.get_secret_value())
    try:
        return read_or_make_key(settings.master_key_file, make=make)
    except FileNotFoundError:
        raise KeyLost(where=settings.master_key_file) from None
    except PermissionError as fault:
        if fault.errno is not None:
            raise SettingsError(why=f"{settings.master_key_file} cannot be read. Run Between as the user it belongs to.") from None
        raise SettingsError(why=f"Others can read {settings.master_key_file}. Run `chmod 600 {settings.master_key_file}`.") from None
    except ValueError:
        raise KeyLost(where=f"{settings.master_key_file} holds no key") from None


def _check_key(u: Unit, settings: Settings) -> None:
    mark = hmac.digest(u.keys.master.secret, CHECK, "sha256").hex()
    kept = meta.get(u, meta.KEY_CHECK)
    if kept is None:
        meta.put(u, meta.KEY_CHECK, mark)
    elif not hmac.compare_digest(kept, mark):
        where = "BETWEEN_MASTER_KEY is another one" if settings.master_key else f"{settings.master_key_file} is another one"
        raise KeyLost(where=where)
