"""The drain: takes what the outbox holds to Telegram, crisis lanes first, within what Telegram allows."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot import sending
from bot.log import get
from bot.pace import Pace
from bot.sending import Result, Wait
from bot.writer import Writer
from storage import held_back, outbox
from storage.engine import shared
from storage.outbox import CRISIS, ESCALATION, Claimed, Waiting
from storage.store import Unit

log = get("bot.drain")
IDLE = 1.0
LOOK = 0.2
"""Seconds of rest where other processes write rows too, whose writing wakes nobody here."""
SOUND = sending.LEASE - timedelta(seconds=10)
"""How old a claim may be when its request begins (which takes less than 10 s), so that it is over before the lease is."""
BUSY = 0.05
Send = Callable[[Claimed], Awaitable[Result]]
R = TypeVar("R")


class Drain:
    """Sends in the background of everything else. `wake` it when rows were written."""

    def __init__(self, writer: Writer, send: Send, pace: Pace | None = None, beat: Callable[[], None] = lambda: None) -> None:
        self._writer, self._send, self._beat = writer, send, beat
        self._pace = pace or Pace()
        self._owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._shared = shared(writer.store.engine)
        self._knows_cards = False
        self._woken = asyncio.Event()
        self._going: set[asyncio.Task[Any]] = set()

    def wake(self) -> None:
        self._woken.set()

    async def drained(self) -> None:
        """Until nothing is on its way and nothing could go now."""
        while await self._writer.run(self._sendable) or self._going:  # in this order: what was just claimed is going by then
            self.wake()
            await asyncio.sleep(BUSY)

    @staticmethod
    def _sendable(u: Unit) -> bool:
        return bool(outbox.waiting(u, 1))

    async def run(self) -> None:
        """Until cancelled. A database that is gone is tried again every second; nothing is sent meanwhile."""
        self._knows_cards = False  # begun anew when this process leads again: another has sent meanwhile
        while True:
            self._woken.clear()
            self._beat()
            try:
                more = await self._round()
            except SQLAlchemyError as fault:
                log.error("drain.database", fault=type(fault).__name__)
                more = None
            await self._rest(IDLE if more is None else more)

    async def finish(self, seconds: float) -> None:
        """After `run` was cancelled: let what is on its way arrive, at most this long. What has not is in doubt when its lease ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._going:
                    await asyncio.wait(self._going)
        for task in self._going:
            task.cancel()

    async def _round(self) -> float:
        began = time.monotonic()
        chosen, upcoming = await self._writer.run(self._choose, "choose")
        if chosen:  # shielded: what has been claimed is sent, also when this loop is stopped meanwhile
            return 0.0 if await asyncio.shield(self._go(self._take(chosen, began))) < len(chosen) else BUSY
        return min(upcoming, LOOK if self._shared else IDLE)

    def _go(self, work: Coroutine[None, None, R]) -> asyncio.Task[R]:
        task = asyncio.create_task(work)
        self._going.add(task)
        task.add_done_callback(self._going.discard)
        return task

    async def _take(self, chosen: list[Waiting], began: float) -> int:
        claimed = await self._writer.run(lambda u: self._claim(u, chosen), "claim")
        for row, taken in claimed:
            self._pace.went(row, self._writer.clock.now())
            self._pace.busy.add(row.chat)
            self._go(self._carry(taken, began))
        return len(claimed)

    def _choose(self, u: Unit) -> tuple[list[Waiting], float]:
        """What goes now, and how many seconds may pass until the next look."""
        if not self._knows_cards:  # a process that died knew what is behind a card that Telegram did not take
            for chat, comes in held_back.cards_to_come(u).items():
                self._pace.hold_behind_card(chat, comes)
            self._knows_cards = True
        elsewhere = held_back.held_by_others(u, self._owner) if self._shared else set()
        rows = outbox.waiting(u, outbox.WINDOW + len(elsewhere) + self._pace.waiting(u.now))
        at = u.now if rows else outbox.next_at(u)
        # what somebody else has on its way, or had when it died, goes first; a crisis waits for nobody
        rows = [row for row in rows if row.lane <= ESCALATION or row.chat not in elsewhere]
        chosen = self._pace.choose(rows, u.now)
        wait = (at - u.now) / timedelta(seconds=1) if at is not None else IDLE
        return chosen, wait if wait > 0 else BUSY

    def _claim(self, u: Unit, chosen: list[Waiting]) -> list[tuple[Waiting, Claimed]]:
        claimed = ((row, sending.claim(u, row, self._owner)) for row in chosen)
        return [(row, taken) for row, taken in claimed if taken is not None]

    async def _carry(self, row: Claimed, began: float) -> None:
        try:
            if time.monotonic() - began > SOUND.total_seconds():
                log.warning("drain.stale", row=row.id)  # this process was frozen; whoever finds the lease run out decides
                return
            result = await self._send(row)
            if isinstance(result, Wait):
                until = self._writer.clock.now() + timedelta(seconds=result.seconds)
                self._pace.pause(row.chat, until, everywhere=result.everywhere)
            if row.lane == CRISIS and (again := sending.card_again_in(result)) is not None:
                self._pace.hold_behind_card(row.chat, self._writer.clock.now() + again)
            await self._record(row, result)
            log.info("send.done", lane=row.lane, kind=row.kind, result=type(result).__name__, row=row.id)
        finally:
            self._pace.busy.discard(row.chat)
            self.wake()

    async def _record(self, row: Claimed, result: Result) -> None:
        while True:
            try:
                await self._writer.run(lambda u: sending.record(u, row, result), "record")
            except SQLAlchemyError as fault:
                log.error("drain.record", fault=type(fault).__name__, row=row.id)
                await asyncio.sleep(IDLE)
            else:
                return

    async def _rest(self, seconds: float) -> None:
        if seconds <= 0:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # not wait_for, which on 3.11 can swallow a cancellation
                await self._woken.wait()
