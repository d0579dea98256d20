"""Messages that are on somebody's phone already."""

from __future__ import annotations

from storage import outbox
from storage.outbox import REPLY
from storage.people import ChatCard
from storage.store import Unit


def shown(u: Unit, chat: ChatCard, message_id: int = 7) -> int:
    """A question that Telegram has taken, to be edited: its row."""
    row = outbox.post(u, chat, REPLY, "send", {"text": "question"}, "bot.later@1")
    assert row is not None
    taken = outbox.claim(u, row, "test", u.now)
    assert taken is not None
    outbox.finish(u, row, taken.attempt, "sent", message_id=message_id)
    return row
