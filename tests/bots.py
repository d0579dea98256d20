"""The whole bot over HTTP against the strict local Bot API server, with a clock a test can turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.app import App
from bot.channel import Channel
from bot.clock import TurnedClock
from demo.local import LocalTelegram
from demo.phone import Phone
from demo.server import running
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import OTHER, PATIENT, STAFF, open_clinic

MASTER = MasterKey(b"a master key for tests, 32 bytes")


@dataclass
class Bot:
    """A running bot with everybody's phones."""

    app: App
    here: LocalTelegram
    clock: TurnedClock
    store: Store
    patient: Phone
    staff: Phone
    other: Phone

    async def turn(self, span: timedelta) -> None:
        self.clock.turn(self.clock.now() + span)
        self.app.wake()


@asynccontextmanager
async def running_bot(folder: Path, start: datetime | None = None) -> AsyncIterator[Bot]:
    """A clinic with one patient, another one and a person on call, all of them known to Telegram."""
    clock = TurnedClock(start)
    store = Store(open_engine(f"sqlite:///{folder / 'bot.db'}"), Keyring(MASTER))
    open_clinic(store, clock.now())
    here = LocalTelegram(clock=clock.now)
    phones = {address: here.phone(address, name) for address, name in ((PATIENT, "Robin"), (STAFF, "Dana"), (OTHER, "Sam"))}
    for phone in phones.values():
        phone.person.started = True  # they opened the bot when they were invited
        here.private_chat(phone.person)
    async with running(here) as url:
        app = App(store, clock, Channel(here.token, url))
        await app.start()
        try:
            yield Bot(app, here, clock, store, phones[PATIENT], phones[STAFF], phones[OTHER])
        finally:
            await app.stop()
            store.close()
