"""`between run`: the real bot."""

from __future__ import annotations

import asyncio
import signal

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


def run() -> None:
    """Receive, answer, remind and page until stopped (Ctrl-C or SIGTERM)."""
    read = shared.settings()
    store = shared.opened(read)
    store.close()
    if read.bot_token is None:
        raise TokenMissing
    with only_instance(read.data_dir):
        asyncio.run(_run(read, read.bot_token.get_secret_value()))


async def _run(read: Settings, token: str) -> None:
    log.watch(asyncio.get_running_loop())
    store = shared.opened(read)
    with store.unit(wall()) as u:
        floor = meta.latest(u)
    app = App(store, SteadyClock(floor), Channel(token, read.bot_api_url), weekly_chore(read.out_dir))
    name = await app.start()
    out(f"Between is running as @{name}. Stop with Ctrl-C.")
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopped.set)
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
        store.close()
