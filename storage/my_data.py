"""What is kept of a person, who looked at it, and how it is erased.

Erasing destroys the data key of the person and of their chat, and empties the sealed columns too. What stays is numbers,
codes and the audit trail under a code, without a name, a word or a way to reach the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlmodel import SQLModel

from storage import audit, due, erasing, escalations, people, plans
from storage.outbox import CRISIS
from storage.people import ChatCard, PersonCard
from storage.store import Unit, table
from storage.tables import (
    Attendance,
    Chat,
    CheckIn,
    Due,
    Entry,
    Escalation,
    Inbox,
    Outbox,
    SkillUse,
)

ERASE_CHAT_AFTER = timedelta(minutes=10)
"""Time for the last words to leave; then the chat's Telegram id is erased too."""
LOOKS = (
    "entry.read", "escalation.read", "note.read", "phone.read", "plan.read", "weekly.read", "weekly.exported",
)  # fmt: skip
"""The audit actions that mean somebody saw something. An alert that was opened is none: nobody has seen it by then."""


IN_NO_CHAT = ("calm", "concern_unread")
"""What is due about a person and not said to them: it goes on when they have no chat any more."""


class StillOpen(Exception):
    """Somebody is still looking after this person; nothing is erased before a human has closed that."""


@dataclass(frozen=True)
class Kept:
    """How many of each kind are kept."""

    check_ins: int
    entries: int
    shared: int
    skills: int
    plan: int
    plan_before: int
    answers: int
    alerts: int
    messages: int


@dataclass(frozen=True)
class Look:
    """One time somebody saw something: what (an audit action) and who, by name where it is known and else by code."""

    at: datetime
    action: str
    who: str


def kept(u: Unit, who: PersonCard) -> Kept:
    entries = table(Entry)
    mine = (entries.c.person_id == who.id) & entries.c.deleted_at.is_(None)
    raw = table(Inbox)
    chats = [chat.id for chat in people.chats_of(u, who.id)]
    plan, plan_before = plans.counts(u, who.id)
    return Kept(
        check_ins=_count(u, CheckIn, table(CheckIn).c.saved_at.is_not(None) & (table(CheckIn).c.person_id == who.id)),
        entries=_count(u, Entry, mine),
        shared=_count(u, Entry, mine & entries.c.shared_at.is_not(None)),
        skills=_count(u, SkillUse, table(SkillUse).c.person_id == who.id),
        plan=plan,
        plan_before=plan_before,
        answers=_count(u, Attendance, table(Attendance).c.person_id == who.id),
        alerts=_count(u, Escalation, table(Escalation).c.person_id == who.id),
        messages=_count(u, Inbox, raw.c.chat_id.in_(chats) & raw.c.raw.is_not(None)),
    )


def looks(u: Unit, who: PersonCard, limit: int = 10) -> list[Look]:
    """Who saw something of this person, newest first."""
    rows = [row for row in audit.history(u, who.id, limit=500) if row.action in LOOKS and row.actor != who.code]
    names = {row.actor: _name(u, row.actor) for row in rows[:limit]}
    return [Look(row.at, row.action, names[row.actor]) for row in rows[:limit]]


def erase_journal(u: Unit, who: PersonCard) -> int:
    """Erase all words of the journal and of check-in lines, shared or not. Returns how many entries went."""
    entries = table(Entry)
    count = _count(u, Entry, (entries.c.person_id == who.id) & entries.c.deleted_at.is_(None))
    u.run(
        update(entries)
        .where(entries.c.person_id == who.id)
        .values(words=None, message_id=None, shared_at=None, deleted_at=func.coalesce(entries.c.deleted_at, u.now))
    )
    for chat in people.chats_of(u, who.id):
        _erase_copies(u, chat)
    return count


def erase_plan(u: Unit, who: PersonCard) -> int:
    """Erase the words of the safety plan, of all that was in it before, and their copies. Returns how many items were in it."""
    count = plans.erase(u, who.id)
    for chat in people.chats_of(u, who.id):
        _erase_copies(u, chat)
    return count


def forget(u: Unit, person: PersonCard, actor: str | None = None) -> ChatCard | None:
    """Erase a patient. `actor`: the code of whoever asked, when it was not the patient.

    Returns the chat they had, under a fresh key and bound to nobody, so that a last word can still be sent; it is erased
    shortly after. Raises `StillOpen` while an alert about them is open, also one that another process was just about to open.
    """
    people.hold_chats(u, person.id)
    if escalations.open_for(u, person.id) is not None:
        raise StillOpen
    chats = [_clear(u, chat) for chat in people.chats_of(u, person.id)]
    erasing.wipe_person(u, person.id, person.key)
    audit.record(u, person.id, actor or person.code, "person.forgotten")
    return chats[0] if chats else None


def make_room(u: Unit, chat: int, who: int) -> None:
    """Another person is about to sit at this chat: what somebody else said and was shown there goes as if its address had been erased.

    It is somebody else's while it is bound to them, also when they have left, and while it waits to be erased because they moved or
    were forgotten. An open alert of theirs goes on.
    """
    found = people.hold(u, chat)  # what comes meanwhile waits for the new key
    if found.person in (None, who) and not due.cancel(u, "forget_chat", chat, "redeemed"):
        return
    rows = table(Due)
    theirs = (rows.c.chat_id == chat) & (rows.c.state == "ready") & rows.c.kind.in_(IN_NO_CHAT)
    u.run(update(rows).where(theirs).values(chat_id=None))
    due.cancel(u, "forget_chat", chat, "redeemed")
    _clear(u, found)
    due.plan(u, erasing.CHORE, 0, f"{erasing.CHORE}:{found.key}", u.now)


def plan_erasing(u: Unit, chat: int) -> None:
    """Let a chat that nobody is bound to any more be erased once its last words have left."""
    due.plan(u, "forget_chat", chat, f"forget_chat:{chat}:{u.new_id()}", u.now + ERASE_CHAT_AFTER, chat=chat)


def erase_chat(u: Unit, chat: ChatCard) -> bool:
    """Erase all that was said in a chat that is nobody's, and its Telegram id. False while something still waits to be heard or sent, and
    once it is somebody's after all.

    Whoever writes from it again is a stranger in a new chat.
    """
    chat = people.hold(u, chat.id)
    if chat.person is not None:
        return False
    came, waiting = table(Inbox), table(Outbox)
    if _count(u, Outbox, (waiting.c.chat_id == chat.id) & waiting.c.state.in_(("ready", "leased"))):
        return False
    if _count(u, Inbox, (came.c.chat_id == chat.id) & (came.c.state == "ready")):
        return False
    erasing.wipe_chat(u, chat.id)
    erasing.unbind(u, chat.id, chat.key)
    return True


def leave_nothing_due(u: Unit, person: int, chat: ChatCard | None) -> None:
    """Nothing more is said by itself to this person. What staff are told goes on, and so does the expiry of a talk."""
    rows = table(Due)
    keep = ("escalation", "outcome", "talk_expiry", "concern_unread", "calm")
    about: ColumnElement[bool] = rows.c.subject == person
    if chat is not None:
        about |= rows.c.chat_id == chat.id
    u.run(rows.delete().where(about, rows.c.state == "ready", rows.c.kind.not_in(keep)))


def let_nothing_out(u: Unit, chat: int, reason: str) -> None:
    """What waits for a chat or is on its way there is not sent, but for crisis cards and keyboards that go. Who has one on its way loses
    its lease, so that it can't come back."""
    rows = table(Outbox)
    there = (rows.c.chat_id == chat) & (rows.c.lane > CRISIS) & (rows.c.kind != "strip") & rows.c.state.in_(("ready", "leased"))
    over = {"state": "dropped", "reason": reason, "done_at": u.now, "lease_owner": None, "lease_until": None}
    u.run(update(rows).where(there).values(over))


def _clear(u: Unit, chat: ChatCard) -> ChatCard:
    """Empty a chat, unbind it, and put what is left (its address) under a fresh key."""
    address = people.address(u, chat.id)
    came = table(Inbox)
    cards = _cards(u, chat)
    erasing.wipe_chat(u, chat.id, but=tuple(cards))
    key = u.new_key()
    sealed = u.seal(key, "chat.address", chat.id, str(address))
    u.set(Chat, chat.id, person_id=None, key_id=key, address=sealed)
    for row in u.all(select(came.c.id, came.c.raw).where(came.c.chat_id == chat.id, came.c.state == "ready")):
        said = u.open(chat.key, "inbox.raw", row.id, row.raw)  # what was written since has not been heard yet
        u.set(Inbox, row.id, raw=u.seal(key, "inbox.raw", row.id, said))
    for id, payload in cards.items():
        u.set(Outbox, id, payload=u.seal(key, "outbox.payload", id, payload))
    erasing.destroy(u, chat.key)
    return ChatCard(chat.id, key, None, chat.reachable)


def _cards(u: Unit, chat: ChatCard) -> dict[int, Any]:
    """The crisis cards that have not left yet, without those that name a person's own contacts: who holds the phone is to see them."""
    sent = table(Outbox)
    waits = (sent.c.chat_id == chat.id) & sent.c.state.in_(("ready", "leased")) & (sent.c.lane == CRISIS) & (sent.c.kind == "send")
    rows = u.all(select(sent.c.id, sent.c.payload).where(waits, sent.c.wanted.is_(None)))
    opened = {row.id: u.open_json(chat.key, "outbox.payload", row.id, row.payload) for row in rows}
    return {id: payload for id, payload in opened.items() if not payload.get("keyboard")}


def _erase_copies(u: Unit, chat: ChatCard) -> None:
    """The copies of what was typed and shown, as far as nothing is waiting for them."""
    raw, sent = table(Inbox), table(Outbox)
    u.run(update(raw).where(raw.c.chat_id == chat.id, raw.c.state == "done").values(raw=None))
    over = sent.c.state.not_in(("ready", "leased"))
    u.run(update(sent).where(sent.c.chat_id == chat.id, over).values(payload=b""))


def _count(u: Unit, model: type[SQLModel], where: ColumnElement[bool]) -> int:
    return int(u.run(select(func.count()).select_from(table(model)).where(where)).scalar_one())


def _name(u: Unit, code: str) -> str:
    known = people.person_by_code(u, code)
    return known.name if known is not None and known.name else code
