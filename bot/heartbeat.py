"""The heartbeat to the outside: an address of the operator's is touched after each proof, with nothing in it. Silence is the alarm.

The row another process reads is `storage.heartbeat`, written in the auditor's own transaction.
"""

from __future__ import annotations

import asyncio

import httpx

from bot.log import get
from bot.vitals import Vitals
from storage import points

log = get("bot.heartbeat")
TIMEOUT = 5.0
"""Seconds for the whole touch."""


class Heartbeat:
    """Touches `url`, or nothing when it is None. At most one touch is on its way; one that fails is not tried again."""

    def __init__(self, url: str | None, vitals: Vitals) -> None:
        self._url, self._vitals = url, vitals
        self._client: httpx.AsyncClient | None = None
        self._going: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """The auditor has proved its invariants, and that is committed. Returns at once."""
        if self._url is not None and (self._going is None or self._going.done()):
            self._going = asyncio.create_task(self._touch(self._url))

    async def close(self) -> None:
        if self._going is not None:
            self._going.cancel()
            await asyncio.wait({self._going})
        if self._client is not None:
            await self._client.aclose()

    async def _touch(self, url: str) -> None:
        how: dict[str, str | int] = {}
        if self._client is None:
            self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False, headers={"User-Agent": "between"})
        try:
            with points.around("heartbeat"):
                async with asyncio.timeout(TIMEOUT):
                    answer = await self._client.get(url)
            if not answer.is_success:
                how = {"status": answer.status_code}
        except (httpx.HTTPError, TimeoutError, OSError) as fault:
            how = {"fault": type(fault).__name__}
        self._vitals.touches["failed" if how else "sent"] += 1
        if how:
            log.error("heartbeat.failed", **how)
