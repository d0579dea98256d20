"""`between run`: the real bot."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from contextlib import AsyncExitStack, nullcontext
from types import FrameType

from bot import log
from bot.app import App
from bot.channel import Channel
from bot.clock import SteadyClock, wall
from bot.commands import shared
from bot.commands.pages import weekly_chore
from bot.commands.shared import out
from bot.courier import ways_of
from bot.errors import TokenMissing
from bot.health import health
from bot.opening import only_instance
from bot.serving import listen, served
from bot.settings import Settings
from bot.warm import warm
from bot.webhook import Hook, webhook
from storage import meta

AGAIN = 5.0
"""Seconds between two tries to reach Telegram at start."""


def run() -> None:
    """Receive, answer, remind and page until stopped (Ctrl-C or SIGTERM; a second one stops at once)."""
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
    stopped = _stop_on_signal(loop)
    warm()
    hook = hook_of(read)
    ports = listeners(read)
    store = shared.opened(read)
    try:
        with store.unit(wall(), "floor") as u:
            floor = meta.latest(u)
        app = App(
            store, SteadyClock(floor), Channel(token, read.bot_api_url), weekly_chore(read.out_dir, read.data_dir), hook=hook,
            heartbeat_url=read.heartbeat_url, carriers=lambda writer: (ways_of(read, writer), read.page_mail),
        )  # fmt: skip
        async with AsyncExitStack() as watching, AsyncExitStack() as receiving:
            if "watch" in ports:
                await watching.enter_async_context(served(health(app.vitals, app.writer, read.watch_token), ports["watch"]))
            if hook is not None:
                await receiving.enter_async_context(served(webhook(hook, app.keep, app.vitals), ports["webhook"]))
            name = await _start(app, read.bot_api_url, stopped)
            if name is not None:
                out(f"Between is running as @{name}. Stop with Ctrl-C.")
                await _serve(app, stopped, receiving)
    finally:
        store.close()


def hook_of(read: Settings) -> Hook | None:
    """The webhook, when one is set."""
    return Hook(read.webhook_url, read.webhook_secret) if read.webhook_url and read.webhook_secret else None


def listeners(read: Settings) -> dict[str, socket.socket]:
    """The ports this process listens on, taken: "watch" and "webhook" as far as they are set. Raises `ListenerTaken`."""
    taken: dict[str, socket.socket] = {}
    try:
        if read.watch_port is not None:
            taken["watch"] = listen(read.watch_host, read.watch_port, "BETWEEN_WATCH_PORT")
        if read.webhook_url is not None:
            taken["webhook"] = listen(read.webhook_host, read.webhook_port, "BETWEEN_WEBHOOK_PORT")
    except BaseException:
        for listener in taken.values():
            listener.close()
        raise
    return taken


def _stop_on_signal(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM. The next one finds the system's own handling, which ends the process at once.

    Not the loop's own handlers: those wait for a loop that may be what hangs.
    """
    stopped = asyncio.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, signal.SIG_DFL)
        loop.call_soon_threadsafe(stopped.set)

    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, stop)
    return stopped


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


async def _serve(app: App, stopped: asyncio.Event, receiving: AsyncExitStack) -> None:
    """Until stopped, or until a loop ends, which is a fault and raised."""
    ended = asyncio.create_task(app.wait())
    asked = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            ended.result()
        out("Stopping: what has begun is finished. Once more ends it at once.")
    finally:
        ended.cancel()
        asked.cancel()
        await receiving.aclose()
        await app.stop(planned=stopped.is_set())
