"""The time as Between sees it: never backwards, and honest about jumps. Only the loops of `bot.app` read it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

JUMP = timedelta(minutes=5)


class Clock(Protocol):
    """Anything that says what time it is, as aware UTC."""

    def now(self) -> datetime: ...


def wall() -> datetime:
    return datetime.now(UTC)


class SteadyClock:
    """The machine's clock, kept from running backwards.

    When the wall clock is set back, time goes on at its own pace from where it was until the wall has caught up: no timer
    stalls and none fires twice. A jump forward is taken as it is; what is then too late is dropped row by row.
    """

    def __init__(self, floor: datetime | None = None, read: Callable[[], datetime] = wall, ticks: Callable[[], float] = time.monotonic):
        self._read, self._ticks = read, ticks
        self._base = max(read(), floor) if floor else read()
        self._since = ticks()
        self._reading = threading.Lock()  # several threads ask, and the base and its tick belong together

    def now(self) -> datetime:
        with self._reading:
            steady = self._base + timedelta(seconds=self._ticks() - self._since)
            read = self._read()
            if read > steady:
                self._base, self._since = read, self._ticks()
                return read
            return steady

    def behind(self) -> timedelta:
        """How far the machine's clock lies behind the time that has been told; an alarm when it is more than `JUMP`."""
        return max(self.now() - self._read(), timedelta())


class TurnedClock:
    """A clock one can turn, which otherwise runs: for the demo and for tests."""

    def __init__(self, start: datetime | None = None, read: Callable[[], datetime] = wall) -> None:
        self._read = read
        self._offset = (start - read()) if start else timedelta()

    def now(self) -> datetime:
        return self._read() + self._offset

    def turn(self, to: datetime) -> None:
        """Forward only; an earlier time changes nothing."""
        self._offset += max(to - self.now(), timedelta())
