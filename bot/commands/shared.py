"""What most commands begin with: settings, the log, the store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot import log
from bot.clock import wall
from bot.opening import open_store
from bot.settings import Settings, load
from storage.store import Store, Unit


def settings() -> Settings:
    """Read the settings and let the log know what must never be seen in it."""
    read = load()
    log.configure(read.log_level, read.secrets())
    return read


@contextmanager
def unit(read: Settings | None = None) -> Iterator[Unit]:
    """One transaction on the clinic's database, now."""
    store = open_store(read or settings(), wall())
    try:
        with store.unit(wall()) as u:
            yield u
    finally:
        store.close()


def opened(read: Settings) -> Store:
    return open_store(read, wall())


def out(line: str = "") -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
