"""`between run` on PostgreSQL: set up like any other, started as often as one likes, and one takes over from the other."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from demo.local import LocalTelegram
from demo.server import running
from tests.commands.between import SCRIPT, TOKEN, WITHIN, Between
from tests.databases import Server

ADMIN = ("--name", "Harbor Program", "--zone", "America/New_York", "--line", "555-0100", "--admin", "Dana Reyes")


@pytest.fixture
def settings(postgresql: Server) -> Iterator[dict[str, str]]:
    """The settings of a deployment whose database is there, with nothing in it."""
    with postgresql.empty() as url:
        yield {"BETWEEN_BOT_TOKEN": TOKEN, "BETWEEN_DATABASE_URL": url}


@asynccontextmanager
async def started(between: Between, settings: dict[str, str], url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    env = between.environment | settings | {"BETWEEN_BOT_API_URL": url}
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(SCRIPT, "run", cwd=between.folder, env=env, **pipes)
    try:
        assert process.stdout is not None
        first = await asyncio.wait_for(process.stdout.readline(), WITHIN)
        assert first.startswith(b"Between is running"), (first, await process.stderr.read() if process.stderr else b"")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def stop(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGTERM)
    _, err = await asyncio.wait_for(process.communicate(), WITHIN)
    assert (process.returncode, b"Traceback" in err) == (0, False), err


async def test_two_on_one_database_and_the_first_is_stopped(empty: Between, settings: dict[str, str]) -> None:
    empty("run", env=settings).refuses("Run `between setup` first.")
    made = await asyncio.to_thread(empty.process, "setup", *ADMIN, env=settings)
    assert made.code == 0, made.err
    here = LocalTelegram(token=TOKEN)
    stranger = here.phone(7001, "Kim")
    async with running(here) as url, started(empty, settings, url) as first, started(empty, settings, url) as second:
        stranger.send_text("hello?")
        await here.until(lambda: len(stranger.texts) == 1, WITHIN)
        await stop(first)
        stranger.send_text("/help")
        await here.until(lambda: len(stranger.texts) == 2, WITHIN)
        await stop(second)
    refused = [call for call in here.calls if call.status == 409]
    assert len(refused) <= 1  # the last poll of the first may still be open at Telegram when the second asks
