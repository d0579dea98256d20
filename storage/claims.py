"""Which chat a worker takes on PostgreSQL, where there are several: whoever locks its row has all its turns, in order.

FOR NO KEY UPDATE, because what a turn writes for another chat refers to that chat's row, which FOR UPDATE would block.
After the chat a turn may lock one escalation, and nothing after it; so two turns can't wait for each other.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from storage.store import Unit, table
from storage.tables import Chat, Due, Inbox

CHATS, INBOX, DUE = table(Chat), table(Inbox), table(Due)

# Built once: on the hot path, building a statement costs as much as running it.
_HEARD = (
    select(CHATS.c.id)
    .join(INBOX, INBOX.c.chat_id == CHATS.c.id)
    .where(INBOX.c.state == "ready")
    .order_by(INBOX.c.id)
    .limit(1)
    .with_for_update(of=CHATS, key_share=True, skip_locked=True)
)
_DUE = (
    select(CHATS.c.id)
    .join(DUE, DUE.c.chat_id == CHATS.c.id)
    .where(DUE.c.state == "ready", DUE.c.due_at <= bindparam("now"))
    .order_by(DUE.c.due_at, DUE.c.id)
    .limit(1)
    .with_for_update(of=CHATS, key_share=True, skip_locked=True)
)


def chat(u: Unit) -> int | None:
    """Lock, for this transaction, the chat whose event waits longest, humans before due times. None when none is free.

    Another worker may have taken its events in the same moment: read them only now that the chat is held.
    """
    row = u.one(_HEARD) or u.one(_DUE, now=u.now)
    return int(row.id) if row else None
