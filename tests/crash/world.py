"""A clinic, its phones and a bot that ends and begins again, for one episode; and people who tap again when nothing came back."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from bot.acts.check_in import plan_check_ins
from bot.opening import open_store
from bot.phones import instant
from bot.settings import Settings, load
from demo.local import LocalTelegram
from demo.phone import Phone, PhoneFault
from demo.server import running
from storage import people, sessions
from storage.engine import open_engine, sqlite
from storage.seal import Keyring
from storage.store import Store
from tests.bots import MASTER
from tests.clinics import OTHER, PATIENT, STAFF, open_clinic
from tests.crash.nursery import Order, SharedClock
from tests.mailbox import Mailbox, Pager, mailbox, pager

START = instant("2026-11-16T15:00-05:00")
"""A Monday afternoon in the clinic."""
PATIENCE = 1.5
"""Real seconds after which a person taps again."""
TRIES = 20
WITHIN = 60.0
"""Real seconds in which what must come by itself comes, also on a machine that does much else."""
SOON = timedelta(seconds=3)
"""What is in doubt and goes again does so within it."""

BUSY = """
    select 1 from inbox where state = 'ready'
    union all select 1 from outbox where state = 'leased' or (state = 'ready' and not_before < :soon)
    union all select 1 from due where state = 'ready' and due_at < :now
"""
"""One statement, so that it sees one moment: a row that moves on is in one of these places or in none."""


class Lost(AssertionError):
    """Something that was promised of a crash did not hold; the message says which."""


class Nursery:
    """The process that forks the bots, and what it says of them."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.pid = 0
        self.lives = 0
        self.ready = asyncio.Event()
        self.stopped = True
        self.ends: list[int] = []
        self.changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            word, number = line.split()
            if word == b"pid":
                self.pid, self.lives = int(number), self.lives + 1
            elif word == b"ready":
                self.ready.set()
            elif word == b"end":
                self.ends.append(int(number))
            else:
                self.stopped = True
            self.changed.set()

    def start(self, order: Order) -> None:
        self.lives, self.ends = 0, []
        self._say({"do": "start", **asdict(order)})

    async def stop(self) -> None:
        self.stopped = False
        self._say({"do": "stop"})
        while not self.stopped:
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 60)

    def kill(self, sign: signal.Signals = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, sign)

    def _say(self, order: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._reader


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.nursery", stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    made = Nursery(process)
    try:
        await asyncio.wait_for(made.ready.wait(), 300)
        yield made
    finally:
        await made.close()


def settings_in(folder: Path) -> Settings:
    with patch.dict(os.environ, {"BETWEEN_DATA_DIR": str(folder)}):
        return load()


def lay_clinic(folder: Path) -> None:
    """The data folder every episode begins with: two patients, one on call, a check-in in the evening, a group tomorrow."""
    folder.mkdir(parents=True)
    key = folder / "master.key"
    key.write_bytes(b64encode(MASTER.secret))
    key.chmod(0o600)
    store = Store(open_engine(f"sqlite:///{folder / 'between.db'}"), Keyring(MASTER))
    open_clinic(store, START)
    with store.unit(START) as u:
        chat = people.chat_for(u, PATIENT)
        assert chat.person is not None
        who = people.save_profile(u, people.person(u, chat.person), {"evening_at": "20:00"})
        people.give_consent(u, who.id, "weekly", 1)
        plan_check_ins(u, who, chat)
        sessions.add_series(u, "individual", "A talk", "2026-11-17", "18:00", 50, attendees=[who.code])
    store.close()


class World:
    """One episode's Telegram and its people. `store` reads the bot's database from outside, after it has stopped."""

    def __init__(self, nursery: Nursery, here: LocalTelegram, clock: SharedClock, folder: Path, mail: Mailbox, pages: Pager) -> None:
        self.nursery, self.here, self.clock, self.folder, self.mail, self.pages = nursery, here, clock, folder, mail, pages
        self.robin, self.sam, self.dana = (
            here.phone(address, name) for address, name in ((PATIENT, "Robin"), (OTHER, "Sam"), (STAFF, "Dana"))
        )
        for phone in (self.robin, self.sam, self.dana):
            phone.person.started = True
            here.private_chat(phone.person)

    def turn(self, **span: float) -> None:
        self.clock.turn(timedelta(**span))

    def turn_to(self, at: str) -> None:
        self.clock.turn(max(instant(at) - self.clock.now(), timedelta()))

    async def until(self, holds: Callable[[], object], what: str, seconds: float = WITHIN) -> None:
        try:
            await self.here.until(holds, seconds)
        except TimeoutError:
            raise Lost(what) from None

    async def shows(self, phone: Phone, words: str) -> None:
        """What must come by itself, however often the bot ended meanwhile."""
        await self.until(lambda: shown(phone, words), f"{phone.person.first_name} never read {words!r}")

    async def does(self, phone: Phone, act: str, words: str, *again: str) -> None:
        """Type `act` (a "[label]" is tapped) and read `words`. Where nothing comes back, a person does `again` first and then it.

        A reply that was on its way at a crash is not repeated (only lanes 0 and 1 are): that is what `again` stands for.
        """
        before = _reads(phone, words)
        for attempt in range(TRIES):
            for step in (*again, act) if attempt else (act,):
                with suppress(PhoneFault):  # what was answered already is not offered again
                    _act(phone, step)
                with suppress(TimeoutError):
                    patience = PATIENCE if attempt < TRIES - 1 else WITHIN  # at last it is the machine that gets the time
                    await self.here.until(lambda: _reads(phone, words) > before, patience if step == act else 0.3)
                    return
                if step != act:
                    await self.quiet()
                    if _reads(phone, words) > before:  # a tap now would answer the question after it
                        return
        raise Lost(f"{phone.person.first_name} did {act!r} and never read {words!r}; the last is {phone.texts[-2:]}")

    async def taps(self, phone: Phone, label: str, *again: str) -> None:
        """Tap what is offered; where its keyboard is not there any more, a person does `again` first."""
        for _ in range(TRIES):
            with suppress(PhoneFault):
                phone.press(label)
                return
            for step in again:
                with suppress(PhoneFault):
                    _act(phone, step)
                await self.quiet()
        raise Lost(f"{phone.person.first_name} was never offered {label!r}")

    async def quiet(self, seconds: float = 0.3) -> None:
        """Until nothing has changed on any phone for so long, and every update was taken."""
        seen = -1
        while seen != (seen := self._newest()) or self.here.queue.entries:  # noqa: ASYNC110 - it is for nothing to happen
            await asyncio.sleep(seconds)

    async def settled(self) -> None:
        """Until the bot has taken all there is and put down how each sending ended."""
        await self.until(lambda: not self.here.queue.entries, "an update was never confirmed", 60)
        await self.until(self._at_rest, "what came in was never taken, or what was to be sent never went", 60)

    def _at_rest(self) -> bool:
        now, soon = (f"{at:%Y-%m-%d %H:%M:%S.%f}" for at in (self.clock.now(), self.clock.now() + SOON))
        with closing(sqlite.connect(f"file:{self.folder / 'between.db'}?mode=ro", uri=True)) as outside:
            return outside.execute(BUSY, {"now": now, "soon": soon}).fetchone() is None

    def _newest(self) -> int:
        return max((message.revision for chat in self.here.chats.values() for message in chat.messages.values()), default=0)

    @property
    def hits(self) -> list[str]:
        file = self.folder / "hits"
        return file.read_text().split() if file.exists() else []

    def opened(self) -> Store:
        """The database as the next start would find it."""
        return open_store(settings_in(self.folder), self.clock.now())


def shown(phone: Phone, words: str) -> list[str]:
    """Every text of the bot with these words, as it reads now or once did."""
    return [text for m in phone.messages if m.from_bot for text in (*m.history, m.text) if words in text]


def _reads(phone: Phone, words: str) -> int:
    return len(shown(phone, words))


def _act(phone: Phone, act: str) -> None:
    if act.startswith("["):
        phone.press(act[1:-1])
    else:
        phone.send_text(act)


@asynccontextmanager
async def world(
    nursery: Nursery,
    template: Path | None,
    folder: Path,
    ends: list[tuple[str, int]],
    fails: list[tuple[str, int]],
    hook: int | None = None,
) -> AsyncIterator[World]:
    """A world in a fresh data folder, copied from `template` or still to be set up, with its bot living in the nursery."""
    clock = _lay(folder, template)
    here = LocalTelegram(clock=clock.now, limits=None)
    here.calls = type(here.calls)(maxlen=20_000)
    async with running(here) as url, mailbox() as mail, pager() as pages:
        made = World(nursery, here, clock, folder, mail, pages)
        nursery.start(Order(str(folder), url, here.token, ends, fails, template is None, hook, mail.port, pages.url))
        try:
            await made.until(lambda: "setMyCommands.after" in made.hits, "the bot never began to receive", 60)
            yield made
        finally:
            await nursery.stop()


def _lay(folder: Path, template: Path | None) -> SharedClock:
    if template is not None:
        shutil.copytree(template, folder)
    else:
        folder.mkdir(parents=True)
    (folder / "clock").write_bytes(struct.pack("d", (START - datetime.now(START.tzinfo)).total_seconds()))
    return SharedClock(folder / "clock")
