"""Bots that can be started, frozen and killed: everything is imported once, each bot is a fork of this process.

Protocol on standard input and output, one line each: `start` forks a bot on the real clock and prints its pid.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime

from bot import log
from bot.app import App
from bot.channel import Channel
from bot.clock import SteadyClock
from bot.pace import Pace
from storage import floor, meta
from storage.engine import open_engine
from storage.ids import be_process
from storage.seal import Keyring, MasterKey
from storage.store import Store


async def live(url: str, token: str, database: str, key: bytes) -> None:
    """A bot until it is told to stop (SIGTERM) or killed."""
    store = Store(open_engine(database), Keyring(MasterKey(key)))
    with store.unit(datetime.now(UTC)) as u:
        floor.start(u)
        be_process(meta.next_process(u))
    app = App(store, SteadyClock(), Channel(token, url), pace=Pace())
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await app.start()
    await stopped.wait()
    await app.stop()
    store.close()


def main() -> None:
    url, token, database, key = sys.argv[1:5]
    log.configure("critical")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(0)
            asyncio.run(live(url, token, database, bytes.fromhex(key)))
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
