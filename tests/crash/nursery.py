"""Starts bots quickly so that they can be killed often: everything is imported once, each bot is a fork of this process.

Protocol on standard input and output, one line each: `start <minutes>` forks a bot whose clock is that far ahead and
prints its pid; the caller kills it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from bot import log
from bot.app import App
from bot.channel import Channel
from bot.clock import TurnedClock
from bot.pace import Pace
from storage.engine import open_engine
from storage.ids import start_after
from storage.inbox import highest
from storage.seal import Keyring, MasterKey
from storage.store import Store


async def live(url: str, token: str, database: str, key: bytes, ahead: timedelta) -> None:
    """A bot until the process is killed."""
    clock = TurnedClock(datetime.now(UTC) + ahead)
    store = Store(open_engine(database), Keyring(MasterKey(key)))
    with store.unit(clock.now()) as u:
        start_after(highest(u))
    app = App(store, clock, Channel(token, url), pace=Pace(apart=timedelta()))
    await app.start()
    await app.wait()


def main() -> None:
    url, token, database, key = sys.argv[1:5]
    log.configure("error")
    for line in sys.stdin:
        minutes = float(line.split()[1])
        pid = os.fork()
        if pid == 0:
            os.close(0)
            asyncio.run(live(url, token, database, bytes.fromhex(key), timedelta(minutes=minutes)))
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
