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
from bot.errors import NothingRemembered, NothingToAlarmBy, SettingsError, WatchRunning
from bot.lookout import Lookout
from bot.mail import Server
from bot.opening import hold, masters
from bot.page_hook import PageHook
from bot.settings import Settings
from bot.watching import Watch

logger = log.get("bot.commands.watch")
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
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(hold(read.data_dir, "watch.lock", WatchRunning))
        except SettingsError as fault:  # a folder that takes nothing: two that say the same are better than none that says anything
            logger.critical("watch.unlocked", fault=type(fault).__name__)
        asyncio.run(_watch(made(read), None if once else every))


def made(read: Settings) -> Watch:
    """The watcher these settings ask for."""
    return Watch(Lookout(read), read.data_dir / FILE, masters(read), Server.of(read), PageHook.of(read), read.page_mail)


async def _watch(watching: Watch, every: int | None) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    log.watch(loop)
    if every is None:
        await watching.look(wall())
        if watching.forgetful:
            raise NothingRemembered
        return
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopped.set)
    with contextlib.suppress(OSError):  # where standard output is a file on a full disk
        out("Between is watched. Stop with Ctrl-C.")
    await keep_looking(watching, stopped, every)


async def keep_looking(watching: Watch, stopped: asyncio.Event, every: float) -> None:
    """Look until stopped. A look that fails ends nothing: the next one may not, and nobody else looks."""
    while not stopped.is_set():
        try:
            await watching.look(wall())
        except Exception as fault:
            logger.critical("watch.failed", exc_info=fault)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every):
                await stopped.wait()
