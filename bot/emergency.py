"""When the database is gone: danger, or text that could not be screened, still gets the crisis card, from memory.

Once per chat in ten minutes, though updates come again. What is said here was loaded at start and needs nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.danger import Lines
from bot.event import Unreadable, parse, written
from bot.log import get
from bot.raw import clean, read
from content.library import load
from safety.heard import Level
from safety.screen import LONGEST, screen

log = get("bot.emergency")
AGAIN = timedelta(minutes=10)
Card = Callable[[int, str], Awaitable[bool]]


class Emergency:
    """The card in memory, who got it when, and the dangerous texts whose turn has not been committed yet."""

    def __init__(self, card: Card, country: str = "US") -> None:
        self._card = card
        self._last: dict[int, datetime] = {}
        self._untaken: dict[int, int] = {}
        lines = Lines.of(country)
        item = load("en").item("crisis.memory")
        known = {"emergency": lines.emergency, "line": lines.line}
        self.text = item.text.format(**{slot: known[slot] for slot in item.slots})

    def remember(self, inbox_id: int, raw: str) -> None:
        """A text that was kept and waits for its turn; if the database goes before that, it gets the card."""
        address = dangerous(raw)
        if address is not None:
            self._untaken[inbox_id] = address

    def taken(self) -> None:
        """Every kept text has had its turn."""
        self._untaken.clear()

    async def unkept(self, raws: list[str], now: datetime) -> None:
        """Updates that could not be stored. They come again; who is in danger hears now."""
        for raw in raws:
            address = dangerous(raw)
            if address is not None:
                await self._give(address, now)

    async def stuck(self, now: datetime) -> None:
        """The worker can't take its turns: whoever waits with danger hears now."""
        for address in list(self._untaken.values()):
            await self._give(address, now)

    async def _give(self, address: int, now: datetime) -> None:
        last = self._last.get(address)
        if last is not None and now - last < AGAIN:
            return
        if await self._card(address, self.text):
            self._last[address] = now
            log.critical("emergency.card")


def dangerous(raw: str) -> int | None:
    """The Telegram id of whoever wrote something dangerous in a raw update (SOS too), else None."""
    try:
        update = read(clean(raw))
        event = parse(update)
    except Unreadable:
        return None
    if event.kind == "command" and event.command == "sos":
        return event.address
    texts = list(written(update)) if event.kind in ("text", "command", "edit", "media") else []
    return event.address if texts and screen("\n".join(texts), at_most=LONGEST).level >= Level.HIGH else None
