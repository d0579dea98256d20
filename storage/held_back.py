"""What keeps the messages of a chat back, as the rows know it: what another process has on its way, a card that has yet to come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from storage.outbox_rows import CRISIS, LEASED, OUTBOX, READY, TO_TELEGRAM
from storage.store import Unit


def held_by_others(u: Unit, owner: str) -> set[int]:
    """The chats for which another process has something on its way, or had when it died."""
    leased = LEASED & TO_TELEGRAM & (OUTBOX.c.lease_owner != owner)
    return {row.chat_id for row in u.all(select(OUTBOX.c.chat_id).where(leased))}


def cards_to_come(u: Unit) -> dict[int, datetime]:
    """The chats whose crisis card is to be tried again later, or is with a process that may have died, and when it may go at the latest."""
    comes = func.max(func.coalesce(OUTBOX.c.lease_until, OUTBOX.c.not_before))
    cards = (OUTBOX.c.lane == CRISIS) & (OUTBOX.c.kind == "send") & TO_TELEGRAM & (READY | LEASED)
    rows = u.all(select(OUTBOX.c.chat_id, comes.label("comes")).where(cards).group_by(OUTBOX.c.chat_id))
    return {row.chat_id: row.comes for row in rows if row.comes > u.now}
