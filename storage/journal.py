"""Journal entries: private unless shared, versioned when edited, gone when deleted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from storage.people import ChatCard, PersonCard
from storage.store import Unit, table
from storage.tables import Entry, Inbox

ENTRIES, INBOX = table(Entry), table(Inbox)


@dataclass(frozen=True)
class EntryRow:
    """One entry in its newest version. source: "journal" or "check_in"."""

    id: int
    source: str
    words: str
    written_at: datetime
    local_date: date
    shared_at: datetime | None


def write(u: Unit, who: PersonCard, words: str, *, source: str = "journal", message_id: int | None = None, shared: bool = False) -> int:
    id = u.new_id()
    return u.add(
        Entry,
        id=id,
        person_id=who.id,
        source=source,
        words=u.seal(who.key, "entry.words", id, words),
        written_at=u.now,
        local_date=u.now.astimezone(ZoneInfo(who.zone)).date(),
        shared_at=u.now if shared else None,
        message_id=message_id,
    )


def keep_message(u: Unit, who: PersonCard, chat: ChatCard, inbox_id: int) -> int | None:
    """Turn a message that came in into an entry; None when its text is no longer kept."""
    row = u.one(select(INBOX.c.raw).where(INBOX.c.id == inbox_id, INBOX.c.chat_id == chat.id))
    if row is None or row.raw is None:
        return None
    update = json.loads(u.open(chat.key, "inbox.raw", inbox_id, row.raw))
    message = update.get("message") or update.get("edited_message") or {}
    words = message.get("text") or message.get("caption")
    return write(u, who, words, message_id=message.get("message_id")) if words else None


def edit(u: Unit, who: PersonCard, message_id: int, words: str) -> bool:
    """A message that was kept as an entry was edited: the entry gets a new version. False when it was never kept."""
    row = u.one(
        select(ENTRIES.c.id).where(ENTRIES.c.person_id == who.id, ENTRIES.c.message_id == message_id, ENTRIES.c.deleted_at.is_(None))
    )
    if row is None:
        return False
    replace(u, who, row.id, words)
    return True


def replace(u: Unit, who: PersonCard, entry: int, words: str) -> int:
    """A new version of an entry; the old one is kept as history until the entry is deleted."""
    old = u.one(select(ENTRIES).where(ENTRIES.c.id == entry, ENTRIES.c.person_id == who.id))
    if old is None:
        raise LookupError("no such entry")
    id = u.new_id()
    u.set(Entry, entry, deleted_at=u.now)
    return u.add(
        Entry,
        id=id,
        person_id=who.id,
        source=old.source,
        words=u.seal(who.key, "entry.words", id, words),
        replaces=entry,
        written_at=old.written_at,
        local_date=old.local_date,
        shared_at=old.shared_at,
        message_id=old.message_id,
    )


def entries(u: Unit, who: PersonCard, limit: int = 20) -> list[EntryRow]:
    """The newest entries, newest first."""
    rows = u.all(
        select(ENTRIES)
        .where(ENTRIES.c.person_id == who.id, ENTRIES.c.deleted_at.is_(None), ENTRIES.c.words.is_not(None))
        .order_by(ENTRIES.c.written_at.desc(), ENTRIES.c.id.desc())
        .limit(limit)
    )
    return [
        EntryRow(row.id, row.source, u.open(who.key, "entry.words", row.id, row.words), row.written_at, row.local_date, row.shared_at)
        for row in rows
    ]


def share(u: Unit, who: PersonCard, entry: int, shared: bool) -> None:
    if any(row.id == entry for row in entries(u, who, limit=10_000)):
        u.set(Entry, entry, shared_at=u.now if shared else None)


def delete(u: Unit, who: PersonCard, entry: int) -> bool:
    """Erase the words of an entry and of every earlier version of it."""
    found = u.one(select(ENTRIES.c.id, ENTRIES.c.replaces).where(ENTRIES.c.id == entry, ENTRIES.c.person_id == who.id))
    if found is None:
        return False
    while found is not None:
        u.set(Entry, found.id, words=None, deleted_at=u.now)
        found = u.one(select(ENTRIES.c.id, ENTRIES.c.replaces).where(ENTRIES.c.id == found.replaces)) if found.replaces else None
    return True

