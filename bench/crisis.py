"""Crisis replies and pages while 10,000 reminders are queued: `python -m bench.crisis [--texts 200] [--pages 40]`.

The real App (intake, worker, tick, drain, pace) on SQLite FULL in real time; only the wire is replaced, by a Telegram in this
process that answers after 100 ms, takes 30 messages in any second and one a second to a chat, and refuses the rest with 429; on
top of that, one reminder in fifty is refused with 429 for no reason. A reply counts from when Telegram has the text to when it
took the card. Pages are measured in a second start with as many reminders: from when Telegram has the text to when it took the
first page to the person on call, and from when the second page was due, two minutes later, to when it took that. Fewer texts come
then, about one in two seconds: one phone can be told only one thing a second. Beside it: python-telegram-bot's AIORateLimiter on
such a Telegram, ten crisis replies behind 300 queued messages.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import BaseRequest

from bot import log
from bot.app import App
from bot.clock import SteadyClock
from bot.sending import Accepted, Result, Wait
from safety.moves import DEFAULT
from storage import escalations, outbox, people
from storage.engine import open_engine
from storage.outbox import CRISIS, ESCALATION, PROMPT, Claimed
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import STAFF, add_patient, open_clinic

LATENCY = 0.1
IN_A_SECOND = 30
FIRST, P99, MOST = 50_000, 2.0, 5.0
PAGED_WITHIN = 5.0
"""Seconds from a message to its first page, and from when a page is due to when it is there: promised of the 99th in a hundred."""


class Wire:
    """What Telegram lets through. `refused` counts its 429s."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.passed: deque[float] = deque()
        self.chats: dict[int, float] = {}
        self.refused = 0

    async def take(self, chat: int, *, new: bool, chancy: bool) -> int:
        """Seconds to wait (429), or 0 when it was taken."""
        await asyncio.sleep(LATENCY)
        now = time.monotonic()
        while self.passed and self.passed[0] <= now - 0.95:
            self.passed.popleft()
        crowded = len(self.passed) >= IN_A_SECOND or (new and now - self.chats.get(chat, 0) < 0.95)
        if crowded or (chancy and self.chance.random() < 0.02):
            self.refused += 1
            return 1 if crowded else 3
        self.passed.append(now)
        if new:
            self.chats[chat] = now
        return 0


class Telegram:
    """Stands where `bot.channel.Channel` does."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.updates: list[str] = []
        self.news = asyncio.Event()
        self.said: dict[int, float] = {}
        self.replied: dict[int, float] = {}
        self.paged: dict[str, list[float]] = {}
        self.lanes, self.refused = [0] * 5, [0] * 5
        self.expected, self.all_replied, self.all_paged_twice = 0, asyncio.Event(), asyncio.Event()

    def say(self, number: int, address: int) -> None:
        person = {"id": address, "is_bot": False, "first_name": "Kim"}
        message = {"message_id": number, "date": int(time.time()), "chat": {"id": address, "type": "private"}, "from": person}
        self.updates.append(json.dumps({"update_id": number, "message": {**message, "text": "I am going to kill myself tonight"}}))
        self.said[address] = time.monotonic()
        self.news.set()

    async def open(self) -> str:
        return "bench_bot"

    async def unhook(self) -> None:
        return None

    async def menu(self, commands: Sequence[tuple[str, str]], address: int | None = None) -> None:
        return None

    async def blank(self, callback_id: str) -> None:
        return None

    async def card(self, address: int, text: str) -> bool:
        return True

    async def close(self) -> None:
        return None

    async def receive(self, offset: int | None) -> list[str]:
        await asyncio.sleep(LATENCY / 2)
        if offset is not None:
            self.updates = [raw for raw in self.updates if json.loads(raw)["update_id"] >= offset]
        elif not self.updates:
            self.news.clear()
            await self.news.wait()
        return self.updates[:100]

    async def send(self, row: Claimed) -> Result:
        wait = await self.wire.take(row.address, new=row.kind == "send", chancy=row.lane == PROMPT)
        if wait:
            self.refused[row.lane] += 1
            return Wait(wait)
        self.lanes[row.lane] += 1
        if row.lane == CRISIS:
            self.replied.setdefault(row.address, time.monotonic())
            if len(self.replied) == self.expected:
                self.all_replied.set()
        if row.lane == ESCALATION and row.address == STAFF and row.ref:
            self.paged.setdefault(row.ref, []).append(time.monotonic())
            if sum(len(times) > 1 for times in self.paged.values()) == self.expected:
                self.all_paged_twice.set()
        return Accepted(len(self.said) + sum(self.lanes))


@asynccontextmanager
async def flowing(folder: Path, reminders: int, texts: int, seed: int) -> AsyncIterator[tuple[Telegram, Store, dict[int, int]]]:
    """The App while its reminders are being sent, with so many patients about to write; gives each person's address too."""
    clock, here = SteadyClock(), Telegram(Wire(seed))
    here.expected = texts
    store = Store(open_engine(f"sqlite:///{folder / 'crisis.db'}"), Keyring(MasterKey.fresh()))
    open_clinic(store, clock.now())
    with store.unit(clock.now()) as u:
        address = {add_patient(u, FIRST + number, "Kim", code=f"c{number:05d}"): FIRST + number for number in range(texts)}
        for number in range(reminders):
            chat = people.chat_for(u, 10 * FIRST + number)
            outbox.post(u, chat, PROMPT, "send", {"text": "Your group starts at 5."}, "bot.later@1")
    app = App(store, clock, here)  # type: ignore[arg-type]
    await app.start()
    await asyncio.sleep(2.0)  # the reminders are flowing by now
    yield here, store, address
    await app.stop()
    store.close()


async def replies(folder: Path, reminders: int, texts: int, seconds: float, seed: int) -> tuple[list[float], Telegram]:
    """The seconds each crisis reply took."""
    async with flowing(folder, reminders, texts, seed) as (here, _, _):
        for number in range(texts):
            here.say(number + 1, FIRST + number)
            await asyncio.sleep(here.wire.chance.expovariate(texts / seconds))
        async with asyncio.timeout(60):
            await here.all_replied.wait()
    return sorted(here.replied[address] - here.said[address] for address in here.said), here


async def pages(folder: Path, reminders: int, texts: int, seed: int) -> tuple[list[float], list[float], Telegram]:
    """The seconds each first page took after the text, and each second page after it was due."""
    async with flowing(folder, reminders, texts, seed) as (here, store, address):
        for number in range(texts):
            here.say(number + 1, FIRST + number)
            await asyncio.sleep(here.wire.chance.uniform(1.5, 2.5))
        async with asyncio.timeout(60 * DEFAULT[1][0] + 60):
            await here.all_paged_twice.wait()
        behind = time.time() - time.monotonic()
        with store.unit(datetime.now(UTC)) as u:
            rows = escalations.all_open(u)
    first = [here.paged[row.ref][0] - here.said[address[row.person]] for row in rows]
    due = [row.opened_at.timestamp() - behind + 60 * DEFAULT[1][0] for row in rows]
    return sorted(first), sorted(here.paged[row.ref][1] - at for row, at in zip(rows, due, strict=True)), here


class Request(BaseRequest):
    """The same Telegram for python-telegram-bot."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    @property
    def read_timeout(self) -> float:
        return 5.0

    async def initialize(self) -> None:
        return None

    async def shutdown(self) -> None:
        return None

    async def do_request(self, url: str, method: str, request_data: Any = None, *args: Any, **more: Any) -> tuple[int, bytes]:
        chat = int(request_data.parameters["chat_id"])
        wait = await self.wire.take(chat, new=True, chancy=chat >= 10 * FIRST)
        if wait:
            refusal = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": wait}}
            return 429, json.dumps(refusal).encode()
        sent = {"message_id": 1, "date": 1, "chat": {"id": chat, "type": "private"}, "text": "x"}
        return 200, json.dumps({"ok": True, "result": sent}).encode()


async def beside(queued: int, seed: int) -> list[float]:
    """Seconds until AIORateLimiter let each of ten replies through, with that many messages queued before them."""
    bot = ExtBot("1:" + "a" * 35, request=Request(Wire(seed)), rate_limiter=AIORateLimiter(max_retries=5))
    waiting = [asyncio.create_task(bot.send_message(10 * FIRST + number, "soon")) for number in range(queued)]
    await asyncio.sleep(0.5)

    async def reply(number: int) -> float:
        await asyncio.sleep(number * 0.3)
        began = time.monotonic()
        await bot.send_message(FIRST + number, "card")
        return time.monotonic() - began

    spent = await asyncio.gather(*(reply(number) for number in range(10)))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    return sorted(spent)


def p99(times: Sequence[float]) -> float:
    """Of sorted ones: 99 in a hundred took no longer."""
    return times[max(0, -(-len(times) * 99 // 100) - 1)]


def _said(times: Sequence[float], promised: float) -> str:
    return f"median {statistics.median(times):.2f} s, p99 {p99(times):.2f} s (promised: {promised:.0f} s), longest {times[-1]:.2f} s"


def _both(times: Sequence[float]) -> str:
    return f"{p99(times):.2f} s / {times[-1]:.2f} s"


def main(arguments: list[str] | None = None) -> list[tuple[str, str, str]]:
    asked = argparse.ArgumentParser()
    asked.add_argument("--reminders", type=int, default=10_000)
    asked.add_argument("--texts", type=int, default=200)
    asked.add_argument("--seconds", type=float, default=40.0, help="over which the texts come, at random")
    asked.add_argument("--pages", type=int, default=40, help="texts whose first and second page are measured")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--queued", type=int, default=300)
    options = asked.parse_args(arguments)
    log.configure("critical")
    with tempfile.TemporaryDirectory() as folder:
        took, here = asyncio.run(replies(Path(folder), options.reminders, options.texts, options.seconds, options.seed))
    print(f"{len(took)} crisis replies, {options.reminders:,} reminders queued: {_said(took, P99)};")
    print(f"  sent by lane {here.lanes}, refused with 429 {here.refused} (seed {options.seed})")
    with tempfile.TemporaryDirectory() as folder:
        first, second, here = asyncio.run(pages(Path(folder), options.reminders, options.pages, options.seed))
    print(f"{len(first)} first pages after the text, {options.reminders:,} reminders queued: {_said(first, PAGED_WITHIN)};")
    print(f"{len(second)} second pages after they were due: {_said(second, PAGED_WITHIN)};")
    print(
        f"  sent by lane {here.lanes}, refused with 429 {here.refused}; {options.reminders - here.lanes[PROMPT]:,} reminders still queued"
    )
    limiter = "needs `pip install aiolimiter`"
    if find_spec("aiolimiter"):
        other = asyncio.run(beside(options.queued, options.seed))
        limiter = f"median {statistics.median(other):.1f} s, longest {other[-1]:.1f} s"
    print(f"python-telegram-bot's AIORateLimiter, {options.queued} queued: {limiter}")
    behind = f"behind {options.reminders:,} reminders"
    return [
        (f"crisis reply {behind}, p99 / longest", _both(took), f"{P99:.0f} s / {MOST:.0f} s"),
        (f"first page {behind}, p99 / longest", _both(first), f"{PAGED_WITHIN:.0f} s"),
        ("second page after it was due, p99 / longest", _both(second), f"{PAGED_WITHIN:.0f} s"),
        (f"the same with AIORateLimiter, {options.queued} queued", limiter, "beside it"),
    ]


if __name__ == "__main__":
    main()
