"""Dead letters and messages that were set aside, once a person has dealt with them: they stop being counted as waiting for one."""

from __future__ import annotations

from sqlalchemy import select, update

from storage.inbox import INBOX
from storage.outbox_rows import OUTBOX
from storage.people import CHATS
from storage.store import Unit

SETTLED = "settled"


def settle_unsent(u: Unit, person: int | None) -> int:
    """What could not be sent, or nobody knows whether it was, to this person or, for None, to the clinic itself. Returns how many."""
    mine = OUTBOX.c.to_id == person if person is not None else OUTBOX.c.chat_id.is_(None)
    if person is not None:
        mine |= OUTBOX.c.chat_id.in_(select(CHATS.c.id).where(CHATS.c.person_id == person)) & (OUTBOX.c.channel == "telegram")
    unsure = OUTBOX.c.state.in_(("dead", "unknown"))
    return int(u.run(update(OUTBOX).where(unsure, mine).values(state=SETTLED)).rowcount)


def settle_set_aside(u: Unit, person: int | None) -> int:
    """What this person wrote, or for None whoever is nobody's, and could not be handled. Its text then ends like any other's."""
    theirs = select(CHATS.c.id).where(CHATS.c.person_id == person if person is not None else CHATS.c.person_id.is_(None))
    aside = (INBOX.c.state == "quarantined") & INBOX.c.chat_id.in_(theirs)
    return int(u.run(update(INBOX).where(aside).values(state="done")).rowcount)
