"""What patients told, wrote and did, and the sessions they come to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import big_or_none, link, link_or_none, row_id


class CheckIn(SQLModel, table=True):
    __tablename__ = "check_in"
    __table_args__ = (UniqueConstraint("person_id", "slot", "local_date"),)
    id: int = row_id()
    person_id: int = link("person.id")
    slot: str
    local_date: date
    status: str
    """"asked" (a prompt went out), "partial", "complete", "late", "missed" (with `saved_at`: declined by a tap) or "paused"."""
    asked_at: datetime | None = None
    saved_at: datetime | None = None
    seconds: int | None = None


class Observation(SQLModel, table=True):
    """One answered item, long format. A number is in `value`, a code in `code`; both empty means asked and declined."""

    __table_args__ = (Index("observation_person", "person_id", "local_date"),)
    id: int = row_id()
    person_id: int = link("person.id")
    check_in_id: int | None = link_or_none("check_in.id", index=True)
    item: str
    value: int | None = None
    code: str | None = None
    at: datetime
    local_date: date
    status: str


class Entry(SQLModel, table=True):
    """A journal entry or the one line of a check-in. Private unless `shared_at`; an edit makes a new version."""

    id: int = row_id()
    person_id: int = link("person.id", index=True)
    source: str
    words: bytes | None
    replaces: int | None = link_or_none("entry.id")
    written_at: datetime
    local_date: date
    shared_at: datetime | None = None
    deleted_at: datetime | None = None
    message_id: int | None = big_or_none()
    """Telegram's id of the message it was typed in, so that an edit there makes a new version here."""


class SkillUse(SQLModel, table=True):
    __tablename__ = "skill_use"
    id: int = row_id()
    person_id: int = link("person.id", index=True)
    card: str
    scale: str
    before: int | None = None
    after: int | None = None
    status: str
    at: datetime
    local_date: date


class SkillGate(SQLModel, table=True):
    """The answer to the medical question in front of a card that works on the body: a code, never which condition it is."""

    __tablename__ = "skill_gate"
    __table_args__ = (Index("skill_gate_person", "person_id", "gate"),)
    id: int = row_id()
    person_id: int = link("person.id")
    gate: str
    answer: str
    """"none", "cleared" (a clinician said it is all right), "some" or "unsure"."""
    at: datetime


class Series(SQLModel, table=True):
    """A session that happens once, or weekly until `last_date`, at a wall time of the clinic's zone. `title` is sealed.

    everyone: all patients of the program come, also those who join later; else those in `Attendee`.
    """

    id: int = row_id()
    code: str = Field(unique=True)
    kind: str
    """"group", "individual", "family" or "workshop"."""
    title: bytes
    first_date: date
    last_date: date
    starts: str
    minutes: int
    zone: str
    everyone: bool = False
    cancelled_at: datetime | None = None


class Attendee(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("series_id", "person_id"),)
    id: int = row_id()
    series_id: int = link("series.id")
    person_id: int = link("person.id", index=True)


class Cancelled(SQLModel, table=True):
    """One occurrence of a series that does not take place."""

    __table_args__ = (UniqueConstraint("series_id", "local_date"),)
    id: int = row_id()
    series_id: int = link("series.id")
    local_date: date
    at: datetime


class Attendance(SQLModel, table=True):
    """What a patient answered about one occurrence, and what staff recorded of it."""

    __table_args__ = (UniqueConstraint("person_id", "series_id", "local_date"),)
    id: int = row_id()
    person_id: int = link("person.id", index=True)
    series_id: int = link("series.id")
    local_date: date
    answer: str | None = None
    """"coming", "late" or "cant"."""
    barrier: str | None = None
    """What is in the way, only where the patient wanted it passed on."""
    minutes: int | None = None
    """How many minutes late they expect to be."""
    note_id: int | None = big_or_none()
    """The line in the staff inbox that tells of the answer."""
    answered_at: datetime | None = None
    attended: str | None = None
    """"yes" or "no", recorded by staff; None is not known."""
