"""Which chats a worker takes on PostgreSQL, where there are several: whoever locks a chat's row has all its turns, in order.

FOR NO KEY UPDATE, because what a turn writes for another chat refers to that chat's row, which FOR UPDATE would block.
Nobody waits for a chat, it is passed over. After its chat a turn may lock one escalation, and nothing after it; so two turns can't
wait for each other. Who holds several chats could, and so waits for no lock longer than a moment (`Unit.wait_briefly`).
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from storage.due import DUE
from storage.due import READY as COMING
from storage.inbox import INBOX, READY
from storage.people import CHATS
from storage.prepared import Prepared
from storage.store import Unit

_HEARD = Prepared(
    select(CHATS.c.id)
    .join(INBOX, INBOX.c.chat_id == CHATS.c.id)
    .where(READY)
    .order_by(INBOX.c.id)
    .limit(bindparam("most"))
    .with_for_update(of=CHATS, key_share=True, skip_locked=True)
)
_DUE = Prepared(
    select(CHATS.c.id)
    .join(DUE, DUE.c.chat_id == CHATS.c.id)
    .where(COMING, DUE.c.due_at <= bindparam("now"))
    .order_by(DUE.c.due_at, DUE.c.id)
    .limit(bindparam("most"))
    .with_for_update(of=CHATS, key_share=True, skip_locked=True)
)


def chats(u: Unit, most: int = 1) -> list[int]:
    """Lock, for this transaction, the chats whose events wait longest, humans before due times. Empty when none is free.

    Another worker may have taken their events in the same moment: read them only now that the chats are held.
    """
    rows = u.all(_HEARD, most=most) or u.all(_DUE, now=u.now, most=most)
    return list(dict.fromkeys(row.id for row in rows))
