"""Turns a second beside a bare handler, in one run: `python -m bench.turns [--taps 600] [--rounds 5]`.

Ours: intake (raw update to committed row) and turn (screen, talk, facts, outbox), in the groups they are taken in.
Bare: python-telegram-bot parses the update and one handler does one SQLModel insert and commit.
Both on SQLite in the same journal mode with synchronous=FULL; sending counts for neither. Medians of the rounds, in pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlmodel import Field, Session, SQLModel
from telegram import Update
from telegram.ext import Application, CallbackQueryHandler

from bot import log, talk
from bot.channel import BATCH
from bot.event import Event
from bot.intake import keep_all
from bot.phones import instant
from bot.sitting import Sitting
from bot.worker import take_group
from storage import people, talks
from storage.engine import journal_mode, open_engine, sqlite_version
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import add_patient, open_clinic

PATIENTS = 50
START = instant("2026-11-16T15:00-05:00")


class BareRow(SQLModel, table=True):
    """What the bare handler keeps of a tap."""

    __tablename__ = "bench_bare_row"
    id: int | None = Field(default=None, primary_key=True)
    chat: int
    data: str


class Ours:
    """Fifty patients in their check-in, answering by taps."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(open_engine(f"sqlite:///{folder / 'ours.db'}"), Keyring(MasterKey.fresh()))
        open_clinic(self.store, START)
        self.now, self.update = START, 1
        with self.store.unit(START) as u:
            for number in range(PATIENTS):
                add_patient(u, 10_000 + number, "Kim", code=f"2{number:03d}")

    def taps(self, count: int) -> float:
        """Seconds for `count` taps, intake and turn; finding out what to tap is not timed."""
        spent, done = 0.0, 0
        while done < count:
            raws = self._next()
            began = time.perf_counter()
            for at in range(0, len(raws), BATCH):
                with self.store.unit(self.now) as u:
                    keep_all(u, raws[at : at + BATCH])
            while take_group(self.store, self.now):
                pass
            spent += time.perf_counter() - began
            done += len(raws)
            self.now += timedelta(seconds=5)
        return spent * count / done

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

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(f"sqlite:///{folder / 'bare.db'}")
        SQLModel.metadata.create_all(self.engine, tables=[SQLModel.metadata.tables["bench_bare_row"]])
        self.app = Application.builder().token("1:" + "a" * 35).updater(None).build()
        self.app.add_handler(CallbackQueryHandler(self._keep))
        self.app._initialized = True

    async def _keep(self, update: Update, _: object) -> None:
        query = update.callback_query
        assert query is not None
        with Session(self.engine) as session:
            session.add(BareRow(chat=query.from_user.id, data=str(query.data)))
            session.commit()

    async def taps(self, count: int) -> float:
        raws = [_tap(n, 10_000 + n % PATIENTS, f"{'a' * 22}.{n % 11}") for n in range(count)]
        began = time.perf_counter()
        for raw in raws:
            await self.app.process_update(Update.de_json(json.loads(raw), self.app.bot))
        return time.perf_counter() - began


def _tap(update: int, address: int, data: str) -> str:
    person = {"id": address, "is_bot": False, "first_name": "Kim"}
    message = {"message_id": 5, "date": int(START.timestamp()), "chat": {"id": address, "type": "private"}, "text": "How is it?"}
    query = {"id": str(update), "from": person, "message": message, "chat_instance": "1", "data": data}
    return json.dumps({"update_id": update, "callback_query": query})


async def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--taps", type=int, default=600)
    asked.add_argument("--rounds", type=int, default=5)
    options = asked.parse_args()
    log.configure("error")
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = Ours(Path(folder)), Bare(Path(folder))
        ours.taps(PATIENTS)
        await bare.taps(PATIENTS)
        rows = [(options.taps / ours.taps(options.taps), options.taps / await bare.taps(options.taps)) for _ in range(options.rounds)]
    for turns, inserts in rows:
        print(f"ours {turns:7.0f} turns/s   bare {inserts:7.0f} updates/s   ratio {turns / inserts:.2f}")
    ratio = statistics.median(turns / inserts for turns, inserts in rows)
    print(f"SQLite {'.'.join(map(str, sqlite_version()))}, {journal_mode(sqlite_version())}, FULL; median ratio {ratio:.2f} (aim 0.7)")


if __name__ == "__main__":
    asyncio.run(main())
