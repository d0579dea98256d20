"""The bot as one process: the real intake, worker, tick and drain around a real database file, stepped by hand.

What `bot.app` does with four loops is done here one round at a time, in an order the seed draws. A process can die at any
commit and on either side of any request; what it had in memory is gone, what it had committed is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar, cast

from sqlalchemy import select

from bench.sim.glance import Glance, Seen
from bench.sim.guard import CLINIC
from bench.sim.post import Post
from bench.sim.telegram import Telegram
from bot import chores, menu, sending
from bot.channel import Channel
from bot.clock import Clock
from bot.courier import Courier, carried
from bot.drain import Drain
from bot.errors import PollerTaken, TokenRefused
from bot.intake import keep_all, last_id
from bot.letters import PATIENCE
from bot.pace import Pace
from bot.sending import Accepted, Doubt, Gone, Refused, Result, Wait
from bot.worker import take_group
from bot.writer import Writer
from storage import letters, meta
from storage.engine import open_engine
from storage.outbox import Claimed
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit, table
from storage.tables import Chat, Outbox

T = TypeVar("T")
Send = Callable[[Claimed], Awaitable[Result]]
MASTER = MasterKey(b"a master key for the simulation!")
POINTS = ("before_commit", "after_commit", "before_request", "after_request", "before_confirm")
ROUNDS = 4000
"""Before it is said that the bot does not come to rest: a clock set a year ahead makes it account for every day in between."""
OPEN_AUDIT, IDLE_AUDIT = timedelta(minutes=5), timedelta(minutes=30)
"""How often the minute's audit runs while an alert is open, and while none is: the rest is skipped to save time."""



class Died(BaseException):
    """The process was killed here. Not an `Exception`, so that nothing of it can be caught on the way."""


def _is_due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


class Death:
    """When the process dies: at the `after`-th time it passes `point`."""

    def __init__(self) -> None:
        self.point: str | None = None
        self.after = 0
        self.dead = False

    def passes(self, point: str) -> None:
        if self.dead:
            raise Died
        if self.point == point:
            self.after -= 1
            if self.after <= 0:
                self.dead = True
                raise Died


class MortalStore(Store):
    """The real store, whose every transaction is a place to die before or after its commit."""

    def __init__(self, url: str, death: Death) -> None:
        super().__init__(open_engine(url), Keyring(MASTER))
        self.death = death

    @contextmanager
    def unit(self, now: datetime, where: str = "unit") -> Iterator[Unit]:
        if self.death.dead:
            raise Died
        with super().unit(now, where) as u:
            yield u
            self.death.passes("before_commit")
        self.death.passes("after_commit")


class Desk:
    """What the drain takes for a `bot.writer.Writer`, without a thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock

    async def run(self, work: Callable[[Unit], T], where: str = "unit") -> T:
        with self.store.unit(self.clock.now(), where) as u:
            return work(u)


class Process:
    """Alive from `start` until `Died` comes out of a step or `stop` is called."""

    def __init__(self, file: Path, telegram: Telegram, post: Post, clock: Clock, chance: Random, channel: Channel | None = None) -> None:
        self.death = Death()
        self.store = MortalStore(f"sqlite:///{file}", self.death)
        self._glance = Glance(self.store.engine)
        self.telegram, self.clock, self.chance = telegram, clock, chance
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: None)  # a task that died with its process is not news
        self._channel = channel
        if channel is not None:
            self._loop.run_until_complete(channel.open())
        self._carry: Send = channel.send if channel is not None else self._plainly
        desk = cast(Writer, Desk(self.store, clock))
        self.drain = Drain(desk, self._sent, Pace())
        self.courier = Courier(desk, carried(post.server(self.death.passes), None, desk), CLINIC)
        self._offset: int | None = None
        self._poll_again: datetime | None = None

    def start(self) -> None:
        with self.store.unit(self.clock.now()) as u:
            meta.put(u, "bot_username", "between_sim_bot")
            letters.set_ways(u, self.courier.ways)
            sending.rescue_leases(u, alone=True)
            chores.plan(u)
            menu.post_staff_menus(u)

    def stop(self) -> None:
        self.store.close()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        if pending:
            with suppress(BaseException):
                self._loop.run_until_complete(asyncio.wait(pending))
        self._loop.close()

    def step(self, now: datetime) -> None:
        """Everything that can be done at this instant, in an order of chance; what there is to do is looked at before each round."""
        for _ in range(ROUNDS):
            seen = self._look()
            at = self.clock.now()
            parts = [self._work] if seen.came or _is_due(seen.turn_at, at) else []
            parts += [self._tick] if _is_due(seen.chore_at, at) else []
            parts += [self._send] if _is_due(seen.send_at, at) else []
            parts += [self._mail] if _is_due(seen.letter_at, at) or any(at - since >= PATIENCE for since in seen.pages) else []
            parts += [lambda: self._poll(now)] if self.telegram.queue or self._offset is not None else []
            self.chance.shuffle(parts)
            busy = [part() for part in parts]
            if not any(busy):
                return
        raise RuntimeError("the bot does not come to rest")

    def next_at(self, *, watchful: bool) -> datetime:
        """When there is something to do by the bot's own clock. `watchful`: an alert is open."""
        seen = self._look()
        chores_at = seen.chore_at if seen.leased else None
        found: list[datetime] = [at for at in (seen.turn_at, chores_at, seen.send_at, seen.letter_at) if at is not None]
        found += [at for since in seen.pages if (at := since + PATIENCE) > self.clock.now()]
        return min([*found, self.clock.now() + (OPEN_AUDIT if watchful else IDLE_AUDIT)])

    def _look(self) -> Seen:
        if self.death.dead:
            raise Died
        return self._glance.look()

    def _poll(self, now: datetime) -> bool:
        if self._poll_again is not None and now < self._poll_again:
            return False
        try:
            raws = self._receive()
        except ConnectionError:
            self._poll_again = now + timedelta(seconds=1)
            return False
        except (PollerTaken, TokenRefused):
            self._poll_again = now + timedelta(seconds=5)
            return False
        self._poll_again = None
        if not raws:
            waited, self._offset = self._offset is not None, None
            return waited
        with self.store.unit(self.clock.now()) as u:
            keep_all(u, raws)
        self.death.passes("before_confirm")
        last = last_id(raws)
        self._offset = last + 1 if last is not None else None
        return True

    def _receive(self) -> list[str]:
        if self._channel is None:
            return self.telegram.updates(self._offset)
        return self._loop.run_until_complete(self._channel.receive(self._offset))

    @property
    def poll_at(self) -> datetime | None:
        """When it asks for updates again after a refusal; None when at any time."""
        return self._poll_again

    def _work(self) -> bool:
        return take_group(self.store, self.clock.now()) > 0

    def _tick(self) -> bool:
        with self.store.unit(self.clock.now()) as u:
            return chores.tick(u).more

    def _send(self) -> bool:
        return self._carries(self._drained())

    def _mail(self) -> bool:
        return self._carries(self._delivered())

    def _carries(self, round: Coroutine[Any, Any, bool]) -> bool:
        went = self._loop.run_until_complete(round)
        if self.death.dead:  # it died in a task of its own
            raise Died
        return went

    async def _drained(self) -> bool:
        await self.drain._round()
        went = bool(self.drain._going)
        await self.drain.finish(60)
        return went

    async def _delivered(self) -> bool:
        await self.courier.round()
        went = not self.courier.idle
        await self.courier.finish(60)
        return went

    async def _sent(self, row: Claimed) -> Result:
        self.death.passes("before_request")
        result = await self._carry(row)
        self.death.passes("after_request")
        return result

    async def _plainly(self, row: Claimed) -> Result:
        """Below the channel: the same results, without python-telegram-bot in between."""
        if row.kind in ("menu", "leave"):
            return Accepted()
        keyboard = [[(label, data) for label, data in buttons] for buttons in row.payload.get("keyboard") or []]
        message_id = row.payload.get("message_id", row.message_id)
        fault, new = self.telegram.request(row.address, row.kind, row.payload.get("text", ""), keyboard, message_id)
        match fault:
            case None:
                return Accepted(new if row.kind == "send" else None)
            case "429":
                return Wait(self.chance.choice(self.telegram.weather.retry_after or (1,)))
            case "403":
                return Gone()
            case "400":
                return Refused("message to edit not found")
            case "401" | "409" | "not_connected":
                return Doubt(safe=True)
        return Doubt()


def marks_on_their_way(u: Unit) -> list[str]:
    """The keyboards of what was under lease when the process died: whether it was sent is in doubt from then on."""
    rows, chats = table(Outbox), table(Chat)
    leased = u.all(select(rows, chats.c.key_id).join(chats, chats.c.id == rows.c.chat_id).where(rows.c.state == "leased"))
    payloads = [u.open_json(row.key_id, "outbox.payload", row.id, row.payload) for row in leased]
    return [payload["keyboard"][0][0][1].split(".")[0] for payload in payloads if payload.get("keyboard")]


def letters_on_their_way(u: Unit) -> list[str]:
    """The same of letters, by the ids they are mailed under."""
    rows = table(Outbox)
    return [f"between-{row.id}" for row in u.all(select(rows.c.id).where(rows.c.state == "leased", rows.c.channel != "telegram"))]
