"""Several bots on one PostgreSQL, and a hard life: `python -m bench.workers [--seed 1] [--rounds 6] [--bots 3] [--patients 8]`.

Each round takes the bot that leads away while patients write: by kill -9, by freezing it until another leads, or by a planned
stop. Then it is counted, from what patients typed and what their phones were sent: each text must be one journal entry, in the
order it was typed; nothing may be sent twice unless it says that it may be a repeat; and another bot must lead within 10
seconds, by PostgreSQL's clock. A figure that is not as it must be ends the command with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg
from sqlalchemy import func, select

from bot.lead import NAME
from demo.local import LocalTelegram
from demo.phone import Phone
from demo.server import running
from storage import journal, people
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit, table
from storage.tables import Escalation, Inbox, Outbox
from tests.clinics import STAFF, add_patient, open_clinic

MASTER = MasterKey(b"several workers need one key: 32")
FIRST = 20_000
WAYS = ("kill", "freeze", "stop")
WITHIN = 10.0


@dataclass
class Figures:
    """What a run showed. Every one of `faults` must be 0, and `moves` at most `WITHIN` seconds each."""

    typed: int = 0
    sent: int = 0
    repeats: int = 0
    unknown: int = 0
    conflicts: int = 0
    moves: list[tuple[str, float]] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not any(self.faults.values()) and all(seconds <= WITHIN for _, seconds in self.moves)

    def lines(self) -> list[str]:
        took = ", ".join(f"{way} {seconds:.1f} s" for way, seconds in self.moves)
        longest = max((seconds for _, seconds in self.moves), default=0.0)
        return [
            f"{self.typed} texts typed, {self.sent} messages sent",
            f"sends in doubt: {self.repeats} repeated and marked so, {self.unknown} not repeated",
            f"lead moved {len(self.moves)} times: {took}; at most {longest:.1f} s (limit {WITHIN:.0f} s)",
            f"polls refused because another polled (409): {self.conflicts}",
            *(f"{name}: {count} (must be 0)" for name, count in self.faults.items()),
        ]


class Flock:
    """The bots of one run, and who of them leads by PostgreSQL's own word."""

    def __init__(self, process: Process, database: str) -> None:
        self._process = process
        self._database = psycopg.connect(database, autocommit=True)
        self.pids: set[int] = set()

    async def start(self) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(b"start\n")
        await self._process.stdin.drain()
        pid = int(await asyncio.wait_for(self._process.stdout.readline(), 60))
        self.pids.add(pid)
        return pid

    def leader(self) -> tuple[int | None, datetime]:
        """(the pid of who has the lease, whether or not it has run out; PostgreSQL's time)."""
        row = self._database.execute("select owner, clock_timestamp() from lease where name = %s", (NAME,)).fetchone()
        if row is None:
            now = self._database.execute("select clock_timestamp()").fetchone()
            assert now is not None
            return None, now[0]
        return int(row[0].split("-")[0]), row[1]

    async def led(self, but: int | None = None) -> int:
        """Until a bot other than `but` leads."""
        for _ in range(1200):
            pid, _at = self.leader()
            if pid is not None and pid != but:
                return pid
            await asyncio.sleep(0.05)
        raise TimeoutError("no bot took the lead within a minute")

    async def take_away(self, way: str) -> float:
        """Take the leader away; the seconds until another leads."""
        old, began = await self.led(), self.leader()[1]
        sign = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP, "stop": signal.SIGTERM}[way]
        os.kill(old, sign)
        await self.led(but=old)
        seconds = (self.leader()[1] - began).total_seconds()
        if way == "freeze":
            os.kill(old, signal.SIGCONT)
        else:
            self.pids.discard(old)
        return seconds

    def close(self) -> None:
        self._database.close()


@asynccontextmanager
async def flock(url: str, token: str, database: str) -> AsyncIterator[Flock]:
    arguments = (sys.executable, "-m", "bench.flock", url, token, database, MASTER.secret.hex())
    process = await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE, start_new_session=True)
    made = Flock(process, database)
    try:
        yield made
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        made.close()


async def run(database: str, seed: int, rounds: int, bots: int, patients: int, ways: tuple[str, ...] = WAYS) -> Figures:
    """One run on an empty database with the newest schema."""
    chance, figures = random.Random(seed), Figures()
    store = Store(open_engine(database), Keyring(MASTER))
    open_clinic(store, datetime.now(UTC))
    with store.unit(datetime.now(UTC)) as u:
        for number in range(patients):
            add_patient(u, FIRST + number, f"Kim {number}", code=f"2{number:03d}")
    here = LocalTelegram(limits=None)
    here.calls = deque()
    phones = [here.phone(FIRST + number, "Kim") for number in range(patients)]
    for phone in (*phones, here.phone(STAFF, "Dana")):
        phone.person.started = True
        here.private_chat(phone.person)
    typed: dict[int, list[str]] = {phone.id: [] for phone in phones}
    async with running(here) as url, flock(url, here.token, database) as bots_up:
        for _ in range(bots):
            await bots_up.start()
        await _open_journals(here, phones)
        for number in range(rounds):
            way = ways[number % len(ways)]
            phones[-1].send_text("I want to kill myself")
            chatter = asyncio.create_task(_chatter(phones[:-1], typed, chance))
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            figures.moves.append((way, await bots_up.take_away(way)))
            while len(bots_up.pids) < bots:
                await bots_up.start()
            await asyncio.sleep(chance.uniform(0.5, 1.5))
            chatter.cancel()
            with suppress(asyncio.CancelledError):
                await chatter
        await _at_rest(store, here)
    with store.unit(datetime.now(UTC)) as u:
        _count(u, here, phones, typed, figures)
    store.close()
    return figures


async def _open_journals(here: LocalTelegram, phones: list[Phone]) -> None:
    for phone in phones[:-1]:
        phone.send_text("/journal")
    await here.until(lambda: all(phone.texts for phone in phones[:-1]), 60)
    for phone in phones[:-1]:
        phone.press("Write")
    await here.until(lambda: all("What you write" not in phone.texts[-1] for phone in phones[:-1]), 60)


async def _chatter(phones: list[Phone], typed: dict[int, list[str]], chance: random.Random) -> None:
    """Texts of everybody, several to a chat at once now and then, until cancelled. A journal takes 60 in one sitting."""
    while True:
        phone = chance.choice(phones)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            said = typed[phone.id]
            if len(said) < 58:
                said.append(f"walked round {len(said)} lakes")
                phone.send_text(said[-1])
        await asyncio.sleep(chance.uniform(0.02, 0.2))


async def _at_rest(store: Store, here: LocalTelegram) -> None:
    """Until everything was received, taken and sent, and nobody says anything more."""

    def busy() -> int:
        inbox, outbox = table(Inbox).c, table(Outbox).c
        with store.unit(datetime.now(UTC)) as u:
            ready = u.run(select(func.count()).select_from(table(Inbox)).where(inbox.state == "ready")).scalar_one()
            going = (outbox.state == "leased") | ((outbox.state == "ready") & (outbox.not_before <= u.now))
            return int(ready) + int(u.run(select(func.count()).select_from(table(Outbox)).where(going)).scalar_one())

    for _ in range(900):
        if not here.queue.entries and not busy():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the bots did not come to rest")


def _count(u: Unit, here: LocalTelegram, phones: list[Phone], typed: dict[int, list[str]], figures: Figures) -> None:
    figures.typed = sum(map(len, typed.values()))
    lost = doubled = disordered = 0
    for phone in phones[:-1]:
        who = people.person(u, people.chat_for(u, phone.id).person or 0)
        kept = [entry.words for entry in sorted(journal.entries(u, who, limit=1000), key=lambda entry: entry.id)]
        times = Counter(kept)
        lost += sum(not times[text] for text in typed[phone.id])
        doubled += sum(count - 1 for count in times.values())
        disordered += [text for text in typed[phone.id] if times[text]] != list(dict.fromkeys(kept))
    sends = [call for call in here.calls if call.method == "sendMessage" and call.ok]
    marked = [call for call in sends if "This may be a repeat" in str(call.params.get("text"))]
    figures.sent, figures.repeats = len(sends), len(marked)
    figures.conflicts = sum(call.status == 409 for call in here.calls)
    buttons = Counter(key for call in sends if call not in marked and (key := _buttons(call.params.get("reply_markup"))))
    states = dict(u.run(select(table(Outbox).c.state, func.count()).group_by(table(Outbox).c.state)).all())
    figures.unknown = states.get("unknown", 0)
    person = people.chat_for(u, phones[-1].id).person
    opened = u.run(select(func.count()).select_from(table(Escalation)).where(table(Escalation).c.person_id == person)).scalar_one()
    unread = u.run(select(func.count()).select_from(table(Inbox)).where(table(Inbox).c.state != "done")).scalar_one()
    figures.faults = {
        "texts that were lost": lost,
        "texts that were taken twice": doubled,
        "chats whose texts were taken out of order": disordered,
        "messages sent twice without saying so": sum(count - 1 for count in buttons.values()),
        "updates that were not taken": int(unread),
        "escalations too many or too few for one patient": abs(int(opened) - 1),
        "crisis cards that never came": int(not any("988" in text for text in phones[-1].texts)),
    }


def _buttons(markup: object) -> str:
    """What makes a message itself: the tokens of its buttons, which no two rows of the outbox share."""
    held = json.loads(markup) if isinstance(markup, str) else markup or {}
    rows = held.get("inline_keyboard", []) if isinstance(held, dict) else []
    return " ".join(button.get("callback_data", "") for row in rows for button in row)


def main() -> None:
    from tests.databases import running_server

    asked = argparse.ArgumentParser()
    for name, usual in (("seed", 1), ("rounds", 6), ("bots", 3), ("patients", 8)):
        asked.add_argument(f"--{name}", type=int, default=usual)
    options = asked.parse_args()
    with running_server() as server, server.database() as database:
        figures = asyncio.run(run(database, options.seed, options.rounds, options.bots, options.patients))
    print(f"seed {options.seed}: {options.bots} bots, {options.patients} patients, PostgreSQL")
    print("\n".join(figures.lines()))
    sys.exit(not figures.good)


if __name__ == "__main__":
    main()
