"""Starts bots quickly so that they can be killed often: everything is imported once, each bot is a fork of this process.

One JSON object a line on standard input: `{"do": "start", ...}` (see `Order`) begins a life, and whenever that one ends the next
begins; `{"do": "stop"}` ends it for good. Answers, a line each: `ready 0` when all is imported; then `pid <number>` of every life,
`end <exit code>` after it, `stopped 0`.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import mmap
import os
import select
import signal
import ssl
import struct
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

from sqlalchemy.exc import OperationalError

from bot import app, courier, drain, log
from bot.app import App
from bot.channel import Channel
from bot.commands import clinic as commands
from bot.commands import run, shared
from bot.opening import only_instance
from bot.pace import Pace
from bot.settings import load as load_settings
from clinic.tone import tone
from content.library import load
from safety.screen import screen
from storage import migrate, points
from tests.mailbox import CLINIC_MAIL, SECRET, SENDER

CRASHED = 77
"""The exit code of a life that came to the point it was to end at."""


@dataclass(frozen=True)
class Order:
    """One bot: where it lives, and at which hit of which point its lives end, one after the other; when these are used up, it lives on."""

    folder: str
    url: str
    token: str
    ends: list[tuple[str, int]] = field(default_factory=list)
    fails: list[tuple[str, int]] = field(default_factory=list)
    """The hits of points at which the first life is told that the database is locked."""
    setup: bool = False
    hook: int | None = None
    """The port of a webhook; without one it polls."""
    mail: int = 0
    """The port of a mail server, and `pages` where pages are posted to: the other ways to a human."""
    pages: str = ""


class SharedClock:
    """The machine's time plus what the test has turned it on: eight bytes that both processes see."""

    def __init__(self, file: Path) -> None:
        with open(file, "r+b") as opened:
            self._ahead = mmap.mmap(opened.fileno(), 8)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=struct.unpack("d", self._ahead[:])[0])

    def turn(self, span: timedelta) -> None:
        (ahead,) = struct.unpack("d", self._ahead[:])
        self._ahead[:] = struct.pack("d", ahead + span.total_seconds())


class Hits:
    """Counts what is come to in one life, writes each point down where the test can read it, and ends the life where told."""

    def __init__(self, order: Order, end: tuple[str, int] | None, fails: list[tuple[str, int]], *, first: bool) -> None:
        """`first`: nothing was crashed yet, so what earlier lives came to counts too (an operator may have ended them)."""
        self._end, self._fails = end, fails
        file = Path(order.folder) / "hits"
        self._count = Counter(file.read_text().split() if first and file.exists() else ())
        self._lock = threading.Lock()
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, name: str) -> None:
        with self._lock:
            self._count[name] += 1
            hit = (name, self._count[name])
            os.write(self._file, f"{name}\n".encode())
            if hit == self._end:
                os._exit(CRASHED)
        if hit in self._fails:
            raise OperationalError("a statement", {}, Exception("database is locked"))


def live(order: Order) -> None:
    """`between run` until the process ends, with the shared clock."""
    clock = SharedClock(Path(order.folder) / "clock")
    paced = functools.partial(App, pace=Pace(apart=timedelta()))
    with (
        patch.multiple(run, App=paced, SteadyClock=lambda floor: clock, wall=clock.now),
        patch.object(shared, "wall", clock.now),
        only_instance(Path(order.folder)),
    ):
        asyncio.run(run._run(load_settings(), order.token))


def environment(order: Order) -> dict[str, str]:
    heard = {
        "BETWEEN_DATA_DIR": order.folder, "BETWEEN_BOT_API_URL": order.url, "BETWEEN_BOT_TOKEN": order.token,
        "BETWEEN_HEARTBEAT_URL": f"{order.url}/control/faults", "BETWEEN_PAGE_MAIL": CLINIC_MAIL, "BETWEEN_SMTP_HOST": "127.0.0.1",
        "BETWEEN_SMTP_PORT": str(order.mail), "BETWEEN_SMTP_SECURITY": "none", "BETWEEN_SMTP_FROM": SENDER,
        "BETWEEN_PAGE_WEBHOOK_URL": order.pages, "BETWEEN_PAGE_WEBHOOK_SECRET": SECRET,
    }  # fmt: skip
    if order.hook is not None:
        place = f"http://127.0.0.1:{order.hook}/telegram"
        heard |= {"BETWEEN_WEBHOOK_URL": place, "BETWEEN_WEBHOOK_PORT": str(order.hook), "BETWEEN_WEBHOOK_SECRET": "between-crashes"}
    return heard


def set_up() -> None:
    """`between setup` with every option, as somebody does who runs it again because it was cut off."""
    commands.setup("Harbor Program", "America/New_York", "555-0100", "US", "always", "Dana Reyes")


def begin(order: Order, life: int, crashes: int) -> NoReturn:
    """The child: a life, whose end is an exit code and never an exception that could reach the nursery's own loop."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        end = tuple(order.ends[crashes]) if crashes < len(order.ends) else None
        fails = [tuple(fail) for fail in order.fails] if life == 0 else []
        points.hook = Hits(order, end, fails, first=not crashes)  # type: ignore[arg-type]
        os.environ |= environment(order)
        if order.setup:
            set_up()
        live(order)
        os._exit(0)
    except BaseException as fault:
        sys.stderr.write(f"{type(fault).__name__}: {fault}\n")
    os._exit(1)


class Cradle:
    """The one bot that lives now."""

    def __init__(self) -> None:
        self.order: Order | None = None
        self.life = self.crashes = self.pid = 0
        self.watched = -1

    def start(self, order: Order, life: int = 0) -> None:
        self.order, self.life = order, life
        self.crashes = self.crashes if life else 0
        self.pid = os.fork()
        if self.pid == 0:
            begin(order, life, self.crashes)
        self.watched = os.pidfd_open(self.pid)
        tell(f"pid {self.pid}")

    def stop(self) -> None:
        if self.order is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.order = None
            self.ended()

    def ended(self) -> None:
        """Its life is over; the next begins unless it was stopped."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.watched)
        self.watched = -1
        code = os.waitstatus_to_exitcode(status)
        self.crashes += code == CRASHED
        tell(f"end {code}")
        if self.order is not None:
            self.start(self.order, self.life + 1)


def tell(words: str) -> None:
    os.write(1, f"{words}\n".encode())


def warm() -> None:
    """What is slow the first time is done once, before any fork; and the loops rest more briefly than they do for people."""
    tone(("A good evening.",))
    load("en")
    screen("hello")
    migrate.newest()
    ssl.create_default_context = functools.cache(ssl.create_default_context)
    asyncio.run(_reach_nobody())
    gc.collect()
    gc.freeze()  # so that a fork does not copy all of it as soon as it counts
    app.TICK, drain.IDLE, drain.BUSY, courier.LOOK = 0.05, 0.05, 0.005, 0.05


async def _reach_nobody() -> None:
    """The HTTP client imports most of itself with its first request."""
    channel = Channel("1000001:nobody", "http://127.0.0.1:9")
    with suppress(ConnectionError):
        await channel.open()
    await channel.close()


def main() -> None:
    log.configure(os.environ.get("CRASH_LOG", "critical"))
    warm()
    tell("ready 0")
    cradle, waiting = Cradle(), b""
    while True:
        ready, _, _ = select.select([0, cradle.watched] if cradle.watched >= 0 else [0], [], [])
        if cradle.watched in ready:
            cradle.ended()
            continue
        heard = os.read(0, 65536)
        if not heard:
            cradle.stop()
            return
        *lines, waiting = (waiting + heard).split(b"\n")
        for line in lines:
            order = json.loads(line)
            cradle.stop()
            if order.pop("do") == "start":
                cradle.start(Order(**order))
            else:
                tell("stopped 0")


if __name__ == "__main__":
    main()
