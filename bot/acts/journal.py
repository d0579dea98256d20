"""The journal: what its flow may look up and have done. Reading by staff is another room's, and audited there."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from bot import talk
from bot.flow.commands import DeleteEntry, SaveJournal, ShareEntry
from bot.registry import act, command, look
from bot.sitting import Sitting
from storage import audit, journal
from storage.journal import EntryRow

START = 80
"""Characters of an entry shown in the list."""


@command("journal", menu="menu.journal")
def open_journal(s: Sitting) -> None:
    talk.start(s, "journal")


@act(SaveJournal)
def save(s: Sitting, command: SaveJournal) -> int:
    """The entry's id. Words typed just now keep their message's id, so that an edit of it makes a new version."""
    typed = s.event.message_id if s.event.kind in ("text", "media") and command.source == "journal" else None
    return journal.write(s.u, s.person, command.words, source=command.source, message_id=typed, at=s.said_at)


@act(ShareEntry)
def share(s: Sitting, command: ShareEntry) -> bool:
    done = journal.share(s.u, s.person, command.entry, command.shared)
    if done:
        action = "journal.shared" if command.shared else "journal.unshared"
        audit.record(s.u, s.person.id, s.person.code, action, f"entry:{command.entry}")
    return done


@act(DeleteEntry)
def delete(s: Sitting, command: DeleteEntry) -> bool:
    done = journal.delete(s.u, s.person, s.chat, command.entry)
    if done:
        audit.record(s.u, s.person.id, s.person.code, "journal.deleted", f"entry:{command.entry}")
    return done


@look("journal.list")
def entries(s: Sitting, offset: int, limit: int) -> dict[str, Any]:
    """{"entries": newest first, each with only the start of its words, "older": whether there are more}."""
    rows = journal.entries(s.u, s.person, limit + 1, offset)
    return {"entries": [{**_shown(s, row), "words": _start(row.words)} for row in rows[:limit]], "older": len(rows) > limit}


@look("journal.entry")
def entry(s: Sitting, id: int) -> dict[str, Any] | None:
    """One entry of the patient's own, whole; None when it is gone."""
    row = journal.entry(s.u, s.person, id)
    return _shown(s, row) if row else None


def _shown(s: Sitting, row: EntryRow) -> dict[str, Any]:
    at = row.written_at.astimezone(ZoneInfo(s.person.zone))
    month = s.words.text("journal.months").split()[at.month - 1]
    when = s.words.text("journal.when", month=month, day=at.day, time=f"{at:%H:%M}")
    return {"id": row.id, "words": row.words, "when": when, "shared": row.shared_at is not None, "source": row.source}


def _start(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= START else line[: START - 1].rstrip() + "…"
