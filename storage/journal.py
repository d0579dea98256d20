"""Journal entries: private unless shared, versioned when edited, gone when deleted: also from what carried the words here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from storage import inbox
from storage.people import ChatCard, PersonCard
from storage.store import Unit, table
from storage.tables import Entry, Inbox, Outbox

ENTRIES, INBOX, OUTBOX = table(Entry), table(Inbox), table(Outbox)


@dataclass(frozen=True)
class EntryRow:
    """One entry in its newest version. source: "journal", "check_in" or "skill"."""

    id: int
    source: str
    words: str
    written_at: datetime
    local_date: date
    shared_at: datetime | None


def write(
    u: Unit,
    who: PersonCard,
    words: str,
    *,
    source: str = "journal",
    message_id: int | None = None,
    shared: bool = False,
    at: datetime | None = None,
) -> int:
    """A new entry, of the day it was said on where `at` tells: that may be long before it is taken or kept."""
    id, at = u.new_id(), at or u.now
    return u.add(
        Entry,
        id=id,
        person_id=who.id,
        source=source,
        words=u.seal(who.key, "entry.words", id, words),
        written_at=at,
        local_date=at.astimezone(ZoneInfo(who.zone)).date(),
        shared_at=u.now if shared else None,
        message_id=message_id,
    )


def keep_message(u: Unit, who: PersonCard, chat: ChatCard, inbox_id: int) -> int | None:
    """Turn a message that came in into an entry, with the words it has by now; None when its text is no longer kept."""
    row = u.one(select(INBOX.c.raw, INBOX.c.said_at).where(INBOX.c.id == inbox_id, INBOX.c.chat_id == chat.id))
    if row is None or row.raw is None:
        return None
    message_id = inbox.message_in(u.open(chat.key, "inbox.raw", inbox_id, row.raw)).get("message_id")
    words = inbox.words_of(u, chat, message_id) if message_id is not None else None
    return write(u, who, words, message_id=message_id, at=row.said_at) if words else None


def edit(u: Unit, who: PersonCard, message_id: int, words: str) -> str | None:
    """A message that was kept as an entry was edited: the entry gets a new version. None when it was never kept.

    "kept", or "unshared" when the old words were shared: the new ones are private until they are shared themselves. "same" when no word
    was changed: Telegram tells of other changes too. "gone" when it was deleted since.
    """
    row = u.one(select(ENTRIES).where(ENTRIES.c.message_id == message_id, *_alive(who)))
    if row is None:
        once = u.one(select(ENTRIES.c.id).where(ENTRIES.c.message_id == message_id, ENTRIES.c.person_id == who.id).limit(1))
        return "gone" if once is not None else None
    if u.open(who.key, "entry.words", row.id, row.words).strip() == words.strip():
        return "same"
    replace(u, who, row.id, words)
    return "unshared" if row.shared_at is not None else "kept"


def replace(u: Unit, who: PersonCard, entry: int, words: str) -> int:
    """A new version of an entry, private; the old one is kept as history until the entry is deleted."""
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
        message_id=old.message_id,
    )


def entries(u: Unit, who: PersonCard, limit: int = 20, offset: int = 0) -> list[EntryRow]:
    """The newest entries, newest first, after leaving out the first `offset` of them."""
    rows = u.all(
        select(ENTRIES).where(*_alive(who)).order_by(ENTRIES.c.written_at.desc(), ENTRIES.c.id.desc()).limit(limit).offset(offset)
    )
    return [_entry(u, who, row) for row in rows]


def entry(u: Unit, who: PersonCard, id: int) -> EntryRow | None:
    """One entry of this person as it stands now, or None when it is not theirs or deleted."""
    row = _living(u, who, id)
    return _entry(u, who, row) if row else None


def _living(u: Unit, who: PersonCard, id: int) -> Row[Any] | None:
    """The version of an entry that stands now, be `id` it or an earlier one: an edit may come while the entry is open."""
    row = u.one(select(ENTRIES).where(ENTRIES.c.id == id, ENTRIES.c.person_id == who.id))
    while row is not None and row.deleted_at is not None:
        row = u.one(select(ENTRIES).where(ENTRIES.c.replaces == row.id, ENTRIES.c.person_id == who.id))
    return row if row is not None and row.words is not None else None


def share(u: Unit, who: PersonCard, entry: int, shared: bool) -> bool:
    """Let the team read an entry, in this very version, which is what was shown; or take that back, whichever version stands now.

    False when there is no such entry, or no such version any more.
    """
    living = _living(u, who, entry)
    if living is None or (shared and living.id != entry):
        return False
    u.set(Entry, living.id, shared_at=u.now if shared else None)
    return True


def delete(u: Unit, who: PersonCard, chat: ChatCard, entry: int) -> bool:
    """Erase the words of an entry, be `entry` its newest version or not, of all its versions, and of the updates and messages that
    carried them. False when there is no such entry.

    What lies in the Telegram chat itself is not ours to erase. Copies made for an escalation stay: they are its record.
    """
    found = _living(u, who, entry)
    if found is None:
        return False
    _erase_copies(u, chat, found.message_id)
    while found is not None:
        u.set(Entry, found.id, words=None, deleted_at=u.now, shared_at=None)
        found = u.one(select(ENTRIES).where(ENTRIES.c.id == found.replaces)) if found.replaces else None
    return True


def _erase_copies(u: Unit, chat: ChatCard, message_id: int | None) -> None:
    """Updates the words came in, and what the bot has shown of any entry; a message that still waits to be sent is left."""
    shown = OUTBOX.c.content.contains("journal.") & OUTBOX.c.state.not_in(("ready", "leased"))
    for row in u.all(select(OUTBOX.c.id).where(OUTBOX.c.chat_id == chat.id, shown)):
        u.set(Outbox, row.id, payload=u.seal(chat.key, "outbox.payload", row.id, {}))
    if message_id is None:
        return
    for row in u.all(select(INBOX.c.id, INBOX.c.raw).where(INBOX.c.chat_id == chat.id, INBOX.c.raw.is_not(None), INBOX.c.state == "done")):
        if inbox.message_in(u.open(chat.key, "inbox.raw", row.id, row.raw)).get("message_id") == message_id:
            u.set(Inbox, row.id, raw=None)


def _alive(who: PersonCard) -> tuple[Any, ...]:
    return (ENTRIES.c.person_id == who.id, ENTRIES.c.deleted_at.is_(None), ENTRIES.c.words.is_not(None))


def _entry(u: Unit, who: PersonCard, row: Row[Any]) -> EntryRow:
    return EntryRow(row.id, row.source, u.open(who.key, "entry.words", row.id, row.words), row.written_at, row.local_date, row.shared_at)
