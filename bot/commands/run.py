"""`between run`: the real bot."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from contextlib import nullcontext

from bot import log
from bot.app import App
from bot.channel import Channel
from bot.clock import SteadyClock, wall
from bot.commands import shared
from bot.commands.pages import weekly_chore
from bot.commands.shared import out
from bot.errors import TokenMissing
from bot.opening import only_instance
from bot.settings import Settings
from storage import meta

AGAIN = 5.0
"""Seconds between two tries to reach Telegram at start."""


def run() -> None:
    """Receive, answer, remind and page until stopped (Ctrl-C or SIGTERM)."""
    read = shared.settings()
    store = shared.opened(read)
    store.close()
    if read.bot_token is None:
        raise TokenMissing
    with nullcontext() if read.database_url.startswith("postgresql") else only_instance(read.data_dir):
        asyncio.run(_run(read, read.bot_token.get_secret_value()))


async def _run(read: Settings, token: str) -> None:
    loop = asyncio.get_running_loop()
    log.watch(loop)
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopped.set)
    store = shared.opened(read)
    try:
        with store.unit(wall(), "floor") as u:
            floor = meta.latest(u)
        app = App(store, SteadyClock(floor), Channel(token, read.bot_api_url), weekly_chore(read.out_dir))
        name = await _start(app, read.bot_api_url, stopped)
        if name is not None:
            out(f"Between is running as @{name}. Stop with Ctrl-C.")
            await _serve(app, stopped)
    finally:
        store.close()


async def _start(app: App, root: str, stopped: asyncio.Event) -> str | None:
    """The bot's name, once Telegram answers: after a power cut the machine may be up before the network is. None when stopped first."""
    told = False
    while not stopped.is_set():
        try:
            return await app.start()
        except ConnectionError:
            if not told:
                out(f"{root} cannot be reached. Trying again every {AGAIN:.0f} seconds; stop with Ctrl-C.")
            told = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), AGAIN)
    return None


async def _serve(app: App, stopped: asyncio.Event) -> None:
    """Until stopped, or until a loop ends, which is a fault and raised."""
    ended = asyncio.create_task(app.wait())
    asked = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            ended.result()
    finally:
        ended.cancel()
        asked.cancel()
        await app.stop()
