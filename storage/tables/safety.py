"""From danger to a human, what staff have to look at, and who did what."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import big, big_or_none, link, link_or_none, row_id


class Escalation(SQLModel, table=True):
    """From danger to a human. Ends only as CLOSED, by a human, with an outcome. One that is not closed per patient."""

    __table_args__ = (
        Index(
            "escalation_open",
            "person_id",
            unique=True,
            sqlite_where=text("state <> 'CLOSED'"),
            postgresql_where=text("state <> 'CLOSED'"),
        ),
    )
    id: int = row_id()
    ref: str = Field(unique=True)
    person_id: int = link("person.id")
    chat_id: int = link("chat.id")
    level: str
    track: str
    state: str
    version: int = 1
    ladder: str
    """JSON: the ladder as it stood at opening."""
    cycle: int = 1
    step: int = 0
    next_at: datetime | None = None
    opened_at: datetime
    began_at: datetime
    """When this cycle of the ladder started; the rungs count from here."""
    acked_by: int | None = link_or_none("person.id")
    acked_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_by: int | None = link_or_none("person.id")
    closed_at: datetime | None = None
    outcome: str | None = None
    handed_to: int | None = big_or_none()
    """The colleague who was asked to take it over and has not answered; until then it stays with `acked_by`."""
    doubted_by: int | None = big_or_none()
    """Who called it a false alarm, while a second person has not agreed."""


class EscalationEvent(SQLModel, table=True):
    """What happened in an escalation, append-only. `words` are the patient's, sealed with the patient's key."""

    __tablename__ = "escalation_event"
    __table_args__ = (Index("escalation_opened", "at", sqlite_where=text("kind = 'opened'"), postgresql_where=text("kind = 'opened'")),)
    id: int = row_id()
    escalation_id: int = link("escalation.id", index=True)
    at: datetime
    kind: str
    by: int | None = link_or_none("person.id")
    code: str = ""
    words: bytes | None = None


class OnCall(SQLModel, table=True):
    """Who holds a position of the ladder: "primary", "backup" or "supervisor"."""

    __tablename__ = "on_call"
    id: int = row_id()
    position: str
    person_id: int = link("person.id")
    since: datetime
    until: datetime | None = None


class Rotation(SQLModel, table=True):
    """The weekly turns of one position: `people` one after the other, handing over at `at` on the weekday of `first`.

    `first` is a date and `at` a wall time ("HH:MM") of the clinic's zone; before that the positions of `on_call` count.
    """

    id: int = row_id()
    position: str = Field(unique=True)
    first: date
    at: str
    people: str
    """JSON: ids of staff, in the order of their turns."""


class Override(SQLModel, table=True):
    """Somebody takes a stretch of somebody else's turn. Of two that overlap, the one made last counts."""

    id: int = row_id()
    position: str
    person_id: int = link("person.id")
    begins: datetime
    ends: datetime
    cancelled_at: datetime | None = None


class StaffLeave(SQLModel, table=True):
    """Days on which somebody is never paged, both included; dates of the clinic's zone."""

    __tablename__ = "staff_leave"
    id: int = row_id()
    person_id: int = link("person.id")
    first: date
    last: date
    cancelled_at: datetime | None = None


class Drill(SQLModel, table=True):
    """A page that is only an exercise: to whoever was on call, and whether it was answered by `answer_by`."""

    id: int = row_id()
    at: datetime
    answer_by: datetime
    person_id: int | None = link_or_none("person.id")
    answered_by: int | None = big_or_none()
    answered_at: datetime | None = None
    failed_at: datetime | None = None


class Note(SQLModel, table=True):
    """A line of the staff inbox: a session someone can't come to, a concern, a message that could not be sent."""

    id: int = row_id()
    person_id: int | None = link_or_none("person.id", index=True)
    kind: str
    code: str = ""
    words: bytes | None = None
    at: datetime
    seen_at: datetime | None = None
    seen_by: int | None = link_or_none("person.id")


class Audit(SQLModel, table=True):
    """Append-only, hash-chained per subject: who did or read what, and why. Never the content itself."""

    __table_args__ = (UniqueConstraint("subject", "position"),)
    id: int = row_id()
    subject: int = big()
    position: int
    at: datetime
    actor: str
    action: str
    object: str = ""
    reason: str = ""
    hash: bytes


class AuditAnchor(SQLModel, table=True):
    """Once a day: where the chains that grew since the last one ended. An anchor covers the one before, so none can be taken out."""

    __tablename__ = "audit_anchor"
    id: int = row_id()
    at: datetime
    upto: int = big()
    """The newest audit row it looked at."""
    heads: str
    """JSON: [[subject, position], ...]."""
    digest: bytes
