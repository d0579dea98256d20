"""Personal contacts: whom a patient chose to be asked for a call, how they agree by a one-time link, and how either side ends it.

A contact is nobody of the program. Their chat stays bound to no person, so that nothing but this is open to them.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, select, update

from storage.outbox_rows import OUTBOX
from storage.people import PEOPLE, PersonCard
from storage.prepared import Prepared
from storage.store import Unit, table
from storage.tables import Chat, Contact

CONTACTS, CHATS = table(Contact), table(Chat)
LINK_LASTS = timedelta(hours=72)
MOST = 3
"""Contacts of one patient; more would be a list to choose from in a bad hour."""

_ALIVE = CONTACTS.c.ended_at.is_(None)
_ROWS = select(CONTACTS, PEOPLE.c.key_id).join(PEOPLE, PEOPLE.c.id == CONTACTS.c.person_id).where(_ALIVE).order_by(CONTACTS.c.id)
OF_PERSON = Prepared(_ROWS.where(CONTACTS.c.person_id == bindparam("whose")))
IN_CHAT = Prepared(_ROWS.where(CONTACTS.c.chat_id == bindparam("chat")))


@dataclass(frozen=True)
class ContactRow:
    """One contact that has not ended. `chat` is None until they opened their link."""

    id: int
    person: int
    name: str
    use: str
    state: str
    chat: int | None


def add(u: Unit, who: PersonCard, name: str, use: str) -> str:
    """Name somebody; returns the code of their one-time link, of which only a hash is kept."""
    id, code = u.new_id(), secrets.token_urlsafe(16)
    u.add(
        Contact, id=id, person_id=who.id, name=u.seal(who.key, "contact.name", id, name), use=use, state="invited",
        code_hash=_hash(code), expires_at=u.now + LINK_LASTS, added_at=u.now,
    )  # fmt: skip
    return code


def mine(u: Unit, who: PersonCard) -> list[ContactRow]:
    return [_row(u, row) for row in u.all(OF_PERSON, whose=who.id)]


def of(u: Unit, id: int) -> ContactRow | None:
    """None when either side has ended it."""
    row = u.one(_ROWS.where(CONTACTS.c.id == id))
    return _row(u, row) if row is not None else None


def to_ask(u: Unit, who: PersonCard, by: str) -> list[ContactRow]:
    """Those who agreed, who can be sent a message, and whom `by` ("mine" or "staff") may ask."""
    found = [row for row in mine(u, who) if row.state == "agreed" and row.use in ("both", by)]
    return [row for row in found if u.run(select(CHATS.c.reachable).where(CHATS.c.id == row.chat)).scalar_one_or_none()]


def in_chat(u: Unit, chat: int) -> list[ContactRow]:
    """For whom this chat is a contact, agreed or still asked."""
    return [_row(u, row) for row in u.all(IN_CHAT, chat=chat)]


def _works(u: Unit, code: str) -> tuple[ColumnElement[bool], ...]:
    return (CONTACTS.c.code_hash == _hash(code), CONTACTS.c.state == "invited", CONTACTS.c.expires_at > u.now, _ALIVE)


def is_link(u: Unit, code: str) -> bool:
    """Whether this code works; it is not used up by asking."""
    return u.one(select(CONTACTS.c.id).where(*_works(u, code))) is not None


def open_link(u: Unit, code: str, chat: int) -> ContactRow | None:
    """Use a link up, once: it belongs to this chat from now on. None for a wrong, used or expired one."""
    spent = {"chat_id": chat, "state": "opened", "code_hash": secrets.token_bytes(32)}
    row = u.run(update(CONTACTS).where(*_works(u, code)).values(spent).returning(CONTACTS.c.id)).first()
    return next(each for each in in_chat(u, chat) if each.id == row.id) if row is not None else None


def agree(u: Unit, id: int) -> None:
    u.set(Contact, id, state="agreed", agreed_at=u.now)


def tested(u: Unit, id: int) -> None:
    u.set(Contact, id, tested_at=u.now)


def is_on(u: Unit, id: int) -> bool:
    """Whether this contact still agrees and is still wanted: asked again just before a message goes."""
    row = u.one(select(CONTACTS.c.state).where(CONTACTS.c.id == id))
    return row is not None and row.state in ("opened", "agreed")


def asked_after(u: Unit, key: str, then: datetime) -> bool:
    """Whether the message with this dedupe key was put on its way later than then."""
    return u.one(select(OUTBOX.c.id).where(OUTBOX.c.dedupe_key == key, OUTBOX.c.created_at > then)) is not None


def end(u: Unit, row: ContactRow, state: str = "ended") -> int | None:
    """It is over, by whichever side. Returns the chat when nobody else has it as theirs, so that it can be erased."""
    _end(u, row.id, state)
    return row.chat if row.chat is not None and not in_chat(u, row.chat) else None


def wipe(u: Unit, person: int) -> list[int]:
    """All contacts of somebody who is forgotten, without needing a key. Returns the chats that were theirs alone."""
    rows = u.all(select(CONTACTS.c.id, CONTACTS.c.chat_id).where(CONTACTS.c.person_id == person, _ALIVE))
    for row in rows:
        _end(u, row.id, "ended")
    left = select(CONTACTS.c.chat_id).where(_ALIVE, CONTACTS.c.chat_id.in_([row.chat_id for row in rows]))
    still = {row.chat_id for row in u.all(left)}
    return [row.chat_id for row in rows if row.chat_id is not None and row.chat_id not in still]


def _end(u: Unit, id: int, state: str) -> None:
    u.set(Contact, id, state=state, ended_at=u.now, chat_id=None, name=b"", code_hash=secrets.token_bytes(32))


def _row(u: Unit, row: Row[Any]) -> ContactRow:
    return ContactRow(row.id, row.person_id, u.open(row.key_id, "contact.name", row.id, row.name), row.use, row.state, row.chat_id)


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
