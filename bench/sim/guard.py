"""`between watch` beside the bot: the real watcher over the same database file, with the machine's own clock."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from bench.sim.post import Post
from bot.lookout import Lookout
from bot.settings import Settings
from bot.watching import Watch
from storage.seal import MasterKey

CLINIC = "clinic@clinic.sim"


class Guard:
    """The second process, alive between `start` and `fall`. What it remembers is in its own file."""

    def __init__(self, file: Path, master: MasterKey, post: Post, passes: Callable[[str], None], ticks: Callable[[], float]) -> None:
        key = SecretStr(b64encode(master.secret).decode())
        read = Settings.model_construct(data_dir=file.parent, database_url=f"sqlite:///{file}", master_key=key)
        self._lookout, self._file, self._master = Lookout(read), file.parent / "watch.state", master
        self._server, self._ticks = post.server(passes), ticks
        self.watch: Watch | None = None

    def start(self) -> None:
        self.watch = Watch(self._lookout, self._file, [self._master], self._server, None, CLINIC, self._ticks)

    def fall(self) -> list[str]:
        """It is gone; returns the ids of the letters that may have been on their way."""
        under_way = [one.id for one in self.watch.memory.pending] if self.watch is not None else []
        self.watch = None
        return under_way

    def look(self, now: datetime) -> None:
        if self.watch is not None:
            asyncio.run(self.watch.look(now))
