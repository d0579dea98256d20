"""How this process is doing, as its loops report it. In memory only: it describes the process and decides nothing."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Literal

from bot.sending import Result
from storage.outbox import Claimed

Receiving = Literal["starting", "polling", "webhook", "standby", "unreachable", "taken", "refused"]
"""How updates reach this process. "standby": another of our processes receives. "taken": a program that is not ours does."""

STUCK = 60.0
"""Seconds after which a loop that has not come round is said to hang. The longest wait in one (a long poll) takes 30."""
HELD = 30.0
"""Seconds "taken" is shown after Telegram's last 409: two pollers take turns, and each is served between two refusals."""
PULSE = 0.5
LAG_KEPT = 120


class Vitals:
    """`ticks` is a monotonic clock in seconds."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._beats: dict[str, float] = {}
        self._receiving: Receiving = "starting"
        self._polled: float | None = None
        self._refused: float | None = None
        self._lags: deque[float] = deque(maxlen=LAG_KEPT)
        self.sends: Counter[tuple[int, str]] = Counter()
        """By (lane, how it ended): accepted, wait, refused, gone, doubt."""
        self.turned_away: Counter[str] = Counter()
        """Webhook requests that were not taken, by why: secret, size, database."""
        self.touches: Counter[str] = Counter()
        """Heartbeats to the outside, by how they ended: sent, failed."""

    def beat(self, loop: str) -> None:
        """This loop (intake, worker, tick, drain) has just come round."""
        self._beats[loop] = self._ticks()

    def stands_by(self) -> None:
        """Another of our processes leads: it sends, and asks Telegram. What only the leader does is not missed here."""
        for loop in ("intake", "drain", "courier"):
            self._beats.pop(loop, None)
        if self._receiving != "webhook":
            self._receiving = "standby"

    def ages(self) -> dict[str, float]:
        """Seconds since each loop last came round. Loops that have not begun are left out."""
        return {loop: self._ticks() - at for loop, at in self._beats.items()}

    def stuck(self) -> list[str]:
        return [loop for loop, age in self.ages().items() if age > STUCK]

    def receives(self, how: Receiving) -> None:
        """What just became of receiving. A poll that was answered counts as successful, a 409 is kept in mind for a while."""
        self._receiving = how
        if how == "polling":
            self._polled = self._ticks()
        if how == "taken":
            self._refused = self._ticks()

    @property
    def receiving(self) -> Receiving:
        lately = self._refused is not None and self._ticks() - self._refused < HELD
        return "taken" if lately and self._receiving == "polling" else self._receiving

    def poll_age(self) -> float | None:
        """Seconds since Telegram last answered a poll; None when it never did."""
        return None if self._polled is None else self._ticks() - self._polled

    def counted(self, send: Callable[[Claimed], Awaitable[Result]]) -> Callable[[Claimed], Awaitable[Result]]:
        """The same sending, with each result counted."""

        async def counting(row: Claimed) -> Result:
            result = await send(row)
            self.sends[row.lane, type(result).__name__.lower()] += 1
            return result

        return counting

    async def watch_lag(self) -> None:
        """Until cancelled: how much later than asked the event loop wakes its sleepers."""
        while True:
            before = self._ticks()
            await asyncio.sleep(PULSE)
            self._lags.append(max(self._ticks() - before - PULSE, 0.0))

    def lag(self) -> float:
        """The worst of the last minute, in seconds."""
        return max(self._lags, default=0.0)
