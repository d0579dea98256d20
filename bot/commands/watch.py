"""`between watch`: the second process. It speaks no Telegram, and only reads the clinic's database."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Annotated

import typer

from bot import log
from bot.clock import wall
from bot.commands import shared
from bot.commands.shared import out
from bot.errors import NothingToAlarmBy, WatchRunning
from bot.lookout import Lookout
from bot.mail import Server
from bot.opening import hold, masters
from bot.page_hook import PageHook
from bot.settings import Settings
from bot.watching import Watch

EVERY = 30
"""Seconds between two looks. With three minutes of silence and a second look, an alarm comes within five minutes."""
FILE = "watch.state"


def watch(
    once: Annotated[bool, typer.Option("--once", help="One look, for a timer.")] = False,
    every: Annotated[int, typer.Option(help="Seconds between two looks.", min=1, max=60)] = EVERY,
) -> None:
    """The small second process that mails the ladder when the first is dead, hangs, or its database is locked."""
    read = shared.settings()
    if Server.of(read) is None and PageHook.of(read) is None:
        raise NothingToAlarmBy
    with hold(read.data_dir, "watch.lock", WatchRunning):
        asyncio.run(_watch(read, made(read), None if once else every))


def made(read: Settings) -> Watch:
    """The watcher these settings ask for."""
    return Watch(Lookout(read), read.data_dir / FILE, masters(read), Server.of(read), PageHook.of(read), read.page_mail)


async def _watch(read: Settings, watching: Watch, every: int | None) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    log.watch(loop)
    if every is None:
        await watching.look(wall())
        return
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopped.set)
    out("Between is watched. Stop with Ctrl-C.")
    while not stopped.is_set():
        await watching.look(wall())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every):
                await stopped.wait()
