"""Of several processes on one PostgreSQL, one leads: only it asks Telegram for updates, sends, and does the chores.

All of them take turns. The lead is a lease on one row, renewed every two seconds; a process that died or froze loses it
within `SPAN` and another takes over. On SQLite there is one process, and it always leads.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.log import get
from bot.writer import Writer
from storage import leases
from storage.engine import shared
from storage.store import Unit

log = get("bot.lead")
NAME = "lead"
SPAN = timedelta(seconds=6)
RENEW = 2.0
"""Seconds between two renewals; whoever waits for the lead asks every second."""
ASK = 1.0


class Lead:
    """Whether this process leads, kept up to date by `run`.

    A database that can't be reached changes nothing: nobody else can take the lead then, and whoever had it still gives the
    crisis card from memory. It confirms nothing to Telegram meanwhile, so if another process could reach the database after
    all, Telegram only tells the older of the two (409) that it is not alone.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._alone = not shared(writer.store.engine)
        self._owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._fresh_until = 0.0
        self._changed = asyncio.Event()
        self.held = self._alone

    async def run(self) -> None:
        """Take the lead when it is free, and renew it. Until cancelled."""
        while not self._alone:
            await self.renew()
            await asyncio.sleep(RENEW if self.held else ASK)
        await asyncio.Event().wait()

    async def renew(self) -> None:
        """Ask the database now."""
        asked = time.monotonic()
        try:
            held = await self._writer.run(self._take, "lead")
        except SQLAlchemyError as fault:
            log.error("lead.database", fault=type(fault).__name__)
            return
        self._fresh_until = asked + SPAN.total_seconds() if held else 0.0
        if held != self.held:
            log.warning("lead.taken" if held else "lead.lost")
            self.held = held
            self._changed.set()
            self._changed = asyncio.Event()

    async def still(self) -> bool:
        """Whether this process leads, asked of the database when the last answer is too old (this process was frozen)."""
        if not self._alone and self.held and time.monotonic() > self._fresh_until:
            await self.renew()
        return self.held

    async def during(self, loop: Callable[[], Awaitable[None]]) -> None:
        """Run a loop whenever this process leads, and stop it at once when it no longer does."""
        while True:
            changed = self._changed
            if not self.held:
                await changed.wait()
                continue
            running = asyncio.ensure_future(loop())
            lost = asyncio.ensure_future(changed.wait())
            try:
                await asyncio.wait({running, lost}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                    return
            finally:
                lost.cancel()
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running

    async def release(self) -> None:
        """A planned stop: the next process need not wait."""
        if not self._alone and self.held:
            self.held = False
            with suppress(SQLAlchemyError):
                await self._writer.run(lambda u: leases.release(u, NAME, self._owner), "release")

    def _take(self, u: Unit) -> bool:
        return leases.take(u, NAME, self._owner, SPAN)
