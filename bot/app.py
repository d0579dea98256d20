"""Wiring: the four loops (intake, worker, tick, drain) around one database and one bot, from start to a graceful stop.

With a webhook there is no intake loop: its route (`bot.webhook`) calls `keep`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot import chores, deafness, menu, sending
from bot.channel import Channel
from bot.clock import Clock
from bot.courier import Courier, Ways
from bot.drain import Drain
from bot.emergency import Emergency
from bot.errors import PollerTaken, TokenRefused
from bot.heartbeat import Heartbeat
from bot.intake import Kept, keep_all, last_id
from bot.lead import Lead
from bot.log import get
from bot.pace import Pace
from bot.vitals import Vitals
from bot.webhook import Hook
from bot.worker import GROUP, take_group
from bot.writer import Writer
from content.library import load
from storage import clinic, heartbeat, letters, meta
from storage.engine import hold_briefly, shared
from storage.store import Store, Unit

log = get("bot.app")
TICK = 1.0
TICK_TIMEOUT = 30.0
STOP_WITHIN = 5.0
POLLER_RETRY = 5.0
WORKERS = 2
"""Turns of different chats at once in one process, on PostgreSQL."""
LOOK = 0.2
"""Seconds between two looks for what other processes wrote."""
LOOK_AGAIN = 10.0
"""Seconds after which the worker looks by itself, which also shows that it lives."""

Loop = Callable[[], Awaitable[None]]


class App:
    """A running bot. `start` brings the loops up, `stop` lets each finish what it holds."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        channel: Channel,
        weekly: Callable[[Unit], int | None] | None = None,
        pace: Pace | None = None,
        *,
        hook: Hook | None = None,
        carriers: Callable[[Writer], tuple[Ways, str | None]] = lambda _: ({}, None),
        heartbeat_url: str | None = None,
    ) -> None:
        self.clock, self.channel = clock, channel
        hold_briefly(store.engine)
        self.writer = Writer(store, clock)
        self.vitals = Vitals()
        self.drain = Drain(self.writer, self.vitals.counted(channel.send), pace, lambda: self.vitals.beat("drain"))
        self.courier = Courier(self.writer, *carriers(self.writer), lambda: self.vitals.beat("courier"))
        self.lead = Lead(self.writer)
        self._hook, self._heartbeat = hook, Heartbeat(heartbeat_url, self.vitals)
        self._weekly = weekly
        self._store = store
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._blanks: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._ticking = asyncio.Lock()
        self._stopping = False
        self._taking = 0
        self._resting = asyncio.Event()
        self._emergency: Emergency | None = None

    async def start(self) -> str:
        """Open Telegram and start the loops; returns the bot's user name. Raises `TokenRefused` or `WebhookRefused`."""
        name = await self.channel.open()
        await (self.channel.hook(self._hook.url, self._hook.secret.get_secret_value()) if self._hook else self.channel.unhook())
        country = await self.writer.run(lambda u: self._prepare(u, name), "prepare")
        self._emergency = Emergency(self.channel.card, country)
        await self.channel.menu(menu.menu("patient", load("en")))
        if self._hook:
            self.vitals.receives("webhook")
        led = (self.drain.run, self.courier.run) if self._hook else (self._intake, self.drain.run, self.courier.run)
        workers = [self._worker] * (WORKERS if shared(self._store.engine) else 1)
        loops: tuple[Loop, ...] = (*(partial(self.lead.during, loop) for loop in led), self.lead.run, self.vitals.watch_lag, *workers)
        self._tasks = [asyncio.create_task(_for_ever(loop)) for loop in loops]
        self._scheduler.add_job(self._tick, "interval", seconds=TICK, misfire_grace_time=None, coalesce=True, max_instances=1)
        self._scheduler.start()
        return name

    async def stop(self, *, planned: bool = True) -> None:
        """Stop receiving, finish the current turn and what is on its way, close Telegram. Unfinished rows stay ready.

        The last heartbeat says whether this was planned.
        """
        self._stopping = True
        self._scheduler.pause()
        async with self._ticking:
            self._scheduler.shutdown(wait=False)
        running = set(self._tasks)
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=TICK)
        await asyncio.gather(self.drain.finish(STOP_WITHIN), self.courier.finish(STOP_WITHIN))
        if self._blanks:
            await asyncio.wait(self._blanks, timeout=TICK)
        if planned and self.lead.held:
            await self._say_planned()
        await self.lead.release()
        await self._heartbeat.close()
        await self.channel.close()
        self.writer.close()

    async def _say_planned(self) -> None:
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await self.writer.run(lambda u: heartbeat.beat(u, "planned"), "planned")
        except (SQLAlchemyError, TimeoutError) as fault:
            log.error("stop.heartbeat", fault=type(fault).__name__)

    async def wait(self) -> None:
        """Until a loop ends, which none does by itself; raises what ended it."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def wake(self) -> None:
        """There may be something to take or to send (the clock was turned, a command wrote rows)."""
        self._resting.clear()
        self._work.set()
        self.drain.wake()
        self.courier.wake()

    async def rested(self) -> None:
        """Until the worker found nothing to take."""
        await self._resting.wait()

    async def drained(self) -> None:
        """Until nothing is left that could be sent now."""
        await self.drain.drained()

    def _prepare(self, u: Unit, name: str) -> str:
        meta.put(u, "bot_username", name)
        if self.lead.held:  # else others carry the letters, and the courier says which ways there are once it is this process that does
            letters.set_ways(u, self.courier.ways)
        sending.rescue_leases(u, alone=u.connection.dialect.name == "sqlite")
        chores.plan(u)
        menu.post_staff_menus(u)
        known = clinic.as_it_opens(u)
        return known.country if known else "US"

    async def _intake(self) -> None:
        offset: int | None = None
        while await self.lead.still():
            self.vitals.beat("intake")
            try:
                raws = await self.channel.receive(offset)
            except ConnectionError:
                log.warning("intake.connection")
                self.vitals.receives("unreachable")
                await asyncio.sleep(TICK)
                continue
            except (PollerTaken, TokenRefused) as fault:
                log.critical("intake.refused", fault=type(fault).__name__)
                self.vitals.receives("taken" if isinstance(fault, PollerTaken) else "refused")
                await asyncio.sleep(POLLER_RETRY)
                continue
            self.vitals.receives("polling")
            if not raws:
                offset = None
            elif await self.keep(raws):
                last = last_id(raws)
                offset = last + 1 if last is not None else None

    async def keep(self, raws: list[str]) -> bool:
        """Commit raw updates; only then may Telegram be told that they arrived. False when they could not be kept."""
        if self._emergency is None:  # called before `start` was through: Telegram tries again
            return False
        try:
            kept = await self.writer.run(lambda u: keep_all(u, raws), "intake")
        except SQLAlchemyError as fault:
            log.critical("intake.database", fault=type(fault).__name__)
            await self._emergency.unkept(raws, self.clock.now())
            await asyncio.sleep(TICK)
            return False
        for raw, one in zip(raws, kept, strict=True):
            if one.id is not None:
                self._emergency.remember(one.id, raw)
            self._stop_spinner(one)
        log.info("intake.stored", count=len(raws))
        self.wake()
        return True

    def _stop_spinner(self, one: Kept) -> None:
        if one.event is not None and one.event.callback_id:
            task = asyncio.create_task(self.channel.blank(one.event.callback_id))
            self._blanks.add(task)
            task.add_done_callback(self._blanks.discard)

    async def _worker(self) -> None:
        assert self._emergency is not None
        while True:
            self._work.clear()
            self._taking += 1
            self.vitals.beat("worker")
            try:
                taken = await self.writer.call(lambda: take_group(self._store, self.clock.now()))
            except SQLAlchemyError as fault:
                log.critical("worker.database", fault=type(fault).__name__)
                await self._emergency.stuck(self.clock.now())
                await asyncio.sleep(TICK)
                continue
            finally:
                self._taking -= 1
            if taken:
                self.drain.wake()
            if taken >= GROUP or self._work.is_set():  # something came while this group was taken
                continue
            if not self._taking:
                self._emergency.taken()
            self._resting.set()
            await self._rest()

    async def _rest(self) -> None:
        """Until there may be something to take. What other processes wrote wakes nobody here, so then it is looked for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK if shared(self._store.engine) else LOOK_AGAIN):
                await self._work.wait()

    def _listen(self, u: Unit) -> None:
        deafness.look(u, self.vitals)

    async def _tick(self) -> None:
        if self._stopping:  # it was called in the moment of the stop, which waits only for one that has begun
            return
        self.vitals.beat("tick")
        if not self.lead.held:
            self.vitals.stands_by()
            return
        try:
            async with self._ticking, asyncio.timeout(TICK_TIMEOUT):
                ticked = await self.writer.run(lambda u: chores.tick(u, self._weekly, self._listen), "tick")
        except TimeoutError:
            log.critical("tick.timeout")
        except SQLAlchemyError as fault:
            log.error("tick.database", fault=type(fault).__name__)
        else:
            if ticked.proved:
                self._heartbeat.touch()
            if ticked.more:
                self.wake()


async def _for_ever(loop: Loop) -> None:
    """Run a loop again a second after whatever ended it: none of them may die while the process lives."""
    while True:
        try:
            await loop()
        except Exception as fault:
            log.critical("loop.failed", fault=type(fault).__name__, exc_info=fault)
            await asyncio.sleep(TICK)
