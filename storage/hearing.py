"""When Telegram last answered a poll, kept so that a restart does not forget a silence, and what the clinic was told of it."""

from __future__ import annotations

from datetime import datetime

from storage import meta
from storage.store import Unit


def heard(u: Unit) -> None:
    """Telegram has answered within the last minute."""
    meta.put(u, meta.RECEIVED, u.now.isoformat())


def last(u: Unit) -> datetime | None:
    """None before the first answer ever."""
    kept = meta.get(u, meta.RECEIVED)
    return datetime.fromisoformat(kept) if kept else None
