"""The thread that holds the database: every unit of work of the shell runs here, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.clock import Clock
from storage.conflicts import again_on_conflict
from storage.engine import shared
from storage.store import Store, Unit

T = TypeVar("T")
THREADS = 6
"""The workers of a process, and one each for intake, drain, tick and lease."""


class Writer:
    """One thread for SQLite, which has one writer anyway; PostgreSQL takes a few, each with a connection of its own.

    `work` may run more than once, when PostgreSQL undid it because of what another process did.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self._threads = ThreadPoolExecutor(THREADS if shared(store.engine) else 1, thread_name_prefix="between-db")

    async def run(self, work: Callable[[Unit], T], where: str = "unit") -> T:
        """One transaction at the clock's now, named `where`. Raises what `work` or the database raises, after rolling back."""

        def transact() -> T:
            with self.store.unit(self.clock.now(), where) as u:
                return work(u)

        return await self.call(lambda: again_on_conflict(transact))

    async def call(self, work: Callable[[], T]) -> T:
        """Work that opens its own transactions, on the same thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        self._threads.shutdown(wait=True)
