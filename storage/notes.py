"""The staff inbox: what a person has to look at, the next business day or sooner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from storage.people import PersonCard
from storage.store import Unit, table
from storage.tables import Note, Person

NOTES, PEOPLE = table(Note), table(Person)


@dataclass(frozen=True)
class NoteRow:
    """One line. kind: session, concern, ladder, undelivered, quarantine, ended, ...; `words` only what the patient passed on. damaged:
    there are some, and they do not open; the line is told all the same."""

    id: int
    person: int | None
    kind: str
    code: str
    words: str | None
    at: datetime
    damaged: bool = False


def add(u: Unit, person: int | None, kind: str, code: str = "", words: str | None = None, *, at: datetime | None = None) -> int:
    """A new line. at: when it was said, if that is known; it may be heard much later."""
    id = u.new_id()
    return u.add(Note, id=id, person_id=person, kind=kind, code=code, words=_sealed(u, person, id, words), at=at or u.now)


def _sealed(u: Unit, person: int | None, id: int, words: str | None) -> bytes | None:
    """The words under the key of the person they are about; a line about nobody keeps none."""
    if words is None or person is None:
        return None
    key = u.run(select(PEOPLE.c.key_id).where(PEOPLE.c.id == person)).scalar_one()
    return u.seal(key, "note.words", id, words)


def change(u: Unit, id: int, code: str, words: str | None = None) -> bool:
    """Let a line nobody has seen yet say something else. False when somebody has, or it is gone: then a new line is due."""
    row = u.one(select(NOTES.c.seen_at, NOTES.c.person_id).where(NOTES.c.id == id))
    if row is None or row.seen_at is not None:
        return False
    sealed = _sealed(u, row.person_id, id, words)
    u.set(Note, id, code=code, words=sealed, at=u.now)
    return True


def about(u: Unit, id: int) -> int | None:
    """Whom a line that waits to be seen is about; None for one about nobody, and once somebody has seen it."""
    row = u.one(select(NOTES.c.person_id).where(NOTES.c.id == id, NOTES.c.seen_at.is_(None)))
    return row.person_id if row is not None else None


def damaged(u: Unit, who: PersonCard) -> bool:
    """That something of theirs does not open is a line for staff, once until somebody has seen it. Whether it is new."""
    if not who.damaged or waits(u, who.id, "damaged", ""):
        return False
    add(u, who.id, "damaged")
    return True


def no_page(u: Unit, code: str) -> None:
    """That a patient is on no weekly page is a line for staff, once until somebody has seen it."""
    row = u.one(select(PEOPLE.c.id).where(PEOPLE.c.code == code))
    if row is not None and not waits(u, row.id, "no_page", ""):
        add(u, row.id, "no_page")


def waits(u: Unit, person: int | None, kind: str, code: str) -> bool:
    """Whether a line that says this of them waits to be seen."""
    same = (NOTES.c.person_id == person) & (NOTES.c.kind == kind) & (NOTES.c.code == code)
    return u.one(select(NOTES.c.id).where(same, NOTES.c.seen_at.is_(None)).limit(1)) is not None


def unseen(u: Unit, limit: int = 50) -> list[NoteRow]:
    """What nobody has ticked off, oldest first."""
    rows = u.all(
        select(NOTES, PEOPLE.c.key_id)
        .join(PEOPLE, PEOPLE.c.id == NOTES.c.person_id, isouter=True)
        .where(NOTES.c.seen_at.is_(None))
        .order_by(NOTES.c.id)
        .limit(limit)
    )
    return [_note(u, row) for row in rows]


def _note(u: Unit, row: Row[Any]) -> NoteRow:
    words = u.opened(row.key_id, "note.words", row.id, row.words) if row.words else None
    return NoteRow(row.id, row.person_id, row.kind, row.code, words, row.at, damaged=bool(row.words) and words is None)


def seen(u: Unit, id: int, by: PersonCard) -> None:
    u.set(Note, id, seen_at=u.now, seen_by=by.id)


def empty(u: Unit, person: int) -> None:
    """The words of all lines about a person go; the lines stay."""
    u.run(update(NOTES).where(NOTES.c.person_id == person).values(words=None))
