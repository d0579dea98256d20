"""A writer for a drain that is led round by round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from storage.store import Store, Unit

T = TypeVar("T")


class Desk:
    """The database without a thread, and a clock that is set by hand."""

    def __init__(self, store: Store, at: datetime) -> None:
        self.store, self.clock, self.at = store, self, at

    def now(self) -> datetime:
        return self.at

    async def run(self, work: Callable[[Unit], T], where: str = "unit") -> T:
        with self.store.unit(self.at) as u:
            return work(u)
