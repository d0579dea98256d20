"""The whole bot over HTTP against the strict local Bot API server, with a clock a test can turn."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from pydantic import SecretStr
from starlette.types import ASGIApp

from bot.app import App
from bot.channel import Channel
from bot.clock import TurnedClock
from bot.courier import Ways, carried
from bot.mail import Server
from bot.page_hook import PageHook
from bot.serving import listen, served
from bot.webhook import Hook, webhook
from bot.writer import Writer
from demo.local import LocalTelegram
from demo.phone import Phone
from demo.server import running
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import OTHER, PATIENT, STAFF, open_clinic

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that only speak to this machine in clear: reading all the world's certificates takes a while."""
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
    hook: Hook | None = None

    async def turn(self, span: timedelta) -> None:
        self.clock.turn(self.clock.now() + span)
        self.app.wake()


@asynccontextmanager
async def visiting(pages: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client of these pages, which are served for as long."""
    listener = listen("127.0.0.1", 0, "a setting")
    root = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with served(pages, listener), httpx.AsyncClient(base_url=root, verify=PLAIN, trust_env=False) as client:
        yield client


@asynccontextmanager
async def running_bot(
    folder: Path,
    start: datetime | None = None,
    *,
    secret: str | None = None,
    heartbeat_url: str | None = None,
    server: Server | None = None,
    page_hook: PageHook | None = None,
    clinic_mail: str | None = None,
) -> AsyncIterator[Bot]:
    """A clinic with one patient, another one and a person on call, all of them known to Telegram.

    With a `secret` Telegram calls the bot by webhook instead of being asked. `server`, `page_hook` and `clinic_mail`: the other ways
    pages can go.
    """
    clock = TurnedClock(start)
    store = Store(open_engine(f"sqlite:///{folder / 'bot.db'}"), Keyring(MASTER))
    open_clinic(store, clock.now())
    here = LocalTelegram(clock=clock.now)
    phones = {address: here.phone(address, name) for address, name in ((PATIENT, "Robin"), (STAFF, "Dana"), (OTHER, "Sam"))}
    for phone in phones.values():
        phone.person.started = True  # they opened the bot when they were invited
        here.private_chat(phone.person)

    def carriers(writer: Writer) -> tuple[Ways, str | None]:
        return carried(server, page_hook, writer), clinic_mail

    async with running(here) as url:
        listener = listen("127.0.0.1", 0, "a setting") if secret else None
        hook = Hook(f"http://127.0.0.1:{listener.getsockname()[1]}/hook", SecretStr(secret)) if listener and secret else None
        app = App(store, clock, Channel(here.token, url), hook=hook, heartbeat_url=heartbeat_url, carriers=carriers)
        async with AsyncExitStack() as receiving:
            if hook and listener:
                await receiving.enter_async_context(served(webhook(hook, app.keep, app.vitals), listener))
            await app.start()
            try:
                yield Bot(app, here, clock, store, phones[PATIENT], phones[STAFF], phones[OTHER], hook)
            finally:
                await receiving.aclose()
                await app.stop()
                store.close()
