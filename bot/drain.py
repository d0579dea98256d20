"""The drain: takes what the outbox holds to Telegram, crisis lanes first, within what Telegram allows."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot import sending
from bot.log import get
from bot.pace import Pace
from bot.sending import Result, Wait
from bot.writer import Writer
from storage import outbox
from storage.outbox import CRISIS, Claimed, Waiting
from storage.store import Unit

log = get("bot.drain")
IDLE = 1.0
BUSY = 0.05
Send = Callable[[Claimed], Awaitable[Result]]


class Drain:
    """Sends in the background of everything else. `wake` it when rows were written."""

    def __init__(self, writer: Writer, send: Send, pace: Pace | None = None) -> None:
        self._writer, self._send = writer, send
        self._pace = pace or Pace()
        self._owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._woken = asyncio.Event()
        self._going: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        self._woken.set()

    async def drained(self) -> None:
        """Until nothing is on its way and nothing could go now."""
        while await self._writer.run(self._sendable) or self._going:  # in this order: what was just claimed is going by then
            self.wake()
            await asyncio.sleep(BUSY)

    @staticmethod
    def _sendable(u: Unit) -> bool:
        at = outbox.next_at(u)
        return at is not None and at <= u.now

    async def run(self) -> None:
        """Until cancelled. A database that is gone is tried again every second; nothing is sent meanwhile."""
        while True:
            self._woken.clear()
            try:
                more = await self._round()
            except SQLAlchemyError as fault:
                log.error("drain.database", fault=type(fault).__name__)
                more = None
            await self._rest(IDLE if more is None else more)

    async def finish(self, seconds: float) -> None:
        """Let what is on its way arrive, at most this long."""
        if self._going:
            await asyncio.wait(self._going, timeout=seconds)

    async def _round(self) -> float:
        chosen, upcoming = await self._writer.run(self._choose)
        claimed = await self._writer.run(lambda u: self._claim(u, chosen)) if chosen else []
        for row in claimed:
            task = asyncio.create_task(self._carry(row))
            self._going.add(task)
            task.add_done_callback(self._going.discard)
        if chosen:
            return 0.0 if len(claimed) < len(chosen) else BUSY
        return min(upcoming, IDLE)

    def _choose(self, u: Unit) -> tuple[list[Waiting], float]:
        chosen = self._pace.choose(outbox.waiting(u), u.now)
        at = outbox.next_at(u)
        wait = (at - u.now) / timedelta(seconds=1) if at is not None else IDLE
        return chosen, wait if wait > 0 else BUSY

    def _claim(self, u: Unit, chosen: list[Waiting]) -> list[Claimed]:
        claimed = []
        for row in chosen:
            taken = sending.claim(u, row, self._owner)
            if taken is not None:
                self._pace.went(row, u.now)
                self._pace.busy.add(row.chat)
                claimed.append(taken)
        return claimed

    async def _carry(self, row: Claimed) -> None:
        try:
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
                await self._writer.run(lambda u: sending.record(u, row, result))
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
