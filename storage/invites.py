"""Invitations: how a person gets into their chat. A code works once, for a while, and only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select, update

from storage import my_data, people
from storage.people import CHATS, PersonCard
from storage.store import Unit, table
from storage.tables import Chat, Due, Escalation, Invite, Person

INVITES, DUE, ESCALATIONS = table(Invite), table(Due), table(Escalation)
OF_THE_CHAT = ("forget_chat", "timer", "talk_expiry")
"""What is due about the chat itself and not about the person."""
PATIENT_INVITE = timedelta(hours=72)
STAFF_INVITE = timedelta(minutes=10)


def add(u: Unit, who: PersonCard, issued_by: int | None = None) -> str:
    """A one-time code of 128 bits for this person; only its hash is kept. Earlier unused codes of theirs stop working."""
    void(u, who.id)
    code = secrets.token_urlsafe(16)
    lasts = PATIENT_INVITE if who.role == "patient" else STAFF_INVITE
    u.add(Invite, code_hash=_code_hash(code), person_id=who.id, issued_by=issued_by, expires_at=u.now + lasts)
    return code


def lets_in(u: Unit, code: str) -> int | None:
    """The person a code that still works would let in; the code is not used up by asking."""
    works = (INVITES.c.code_hash == _code_hash(code)) & INVITES.c.used_at.is_(None) & (INVITES.c.expires_at > u.now)
    row = u.one(select(INVITES.c.person_id).where(works))
    return row.person_id if row else None


def redeem(u: Unit, code: str, chat: int) -> PersonCard | None:
    """Bind the chat to the invited person, once. None for a wrong, used or expired code: one answer for all three.

    The chat may be under a fresh key afterwards: somebody else's was emptied first.
    """
    used = u.run(
        update(INVITES)
        .where(INVITES.c.code_hash == _code_hash(code), INVITES.c.used_at.is_(None), INVITES.c.expires_at > u.now)
        .values(used_at=u.now)
        .returning(INVITES.c.person_id)
    ).first()
    if used is None:
        return None
    who = people.person(u, used.person_id)
    if who.status not in ("invited", "active", "declined"):
        return None
    my_data.make_room(u, chat, who.id)
    _follow(u, who.id, chat)
    u.run(update(CHATS).where(CHATS.c.person_id == who.id, CHATS.c.id != chat).values(person_id=None))
    u.set(Chat, chat, person_id=who.id, reachable=True)
    u.set(Person, who.id, status="active")
    return people.person(u, who.id)


def _follow(u: Unit, person: int, chat: int) -> None:
    """What waits for them, and what is planned from their alerts later, goes on in the chat they have from now on."""
    before = select(CHATS.c.id).where(CHATS.c.person_id == person, CHATS.c.id != chat)
    waits = DUE.c.chat_id.in_(before) & (DUE.c.state == "ready") & DUE.c.kind.not_in(OF_THE_CHAT)
    u.run(update(DUE).where(waits).values(chat_id=chat))
    u.run(update(ESCALATIONS).where(ESCALATIONS.c.person_id == person).values(chat_id=chat))


def issuer(u: Unit, person: int) -> int | None:
    """Who issued the invitation this person used last, if it was someone of the staff in the chat."""
    used = (INVITES.c.person_id == person) & INVITES.c.used_at.is_not(None)
    row = u.one(select(INVITES.c.issued_by).where(used).order_by(INVITES.c.used_at.desc(), INVITES.c.id.desc()))
    return row.issued_by if row else None


def void(u: Unit, person: int) -> None:
    """No link of this person works any more."""
    u.run(update(INVITES).where(INVITES.c.person_id == person, INVITES.c.used_at.is_(None)).values(used_at=u.now))


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
