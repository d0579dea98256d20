"""The database itself, the clinic, people and how they are reached."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import link, link_or_none, row_id


class Meta(SQLModel, table=True):
    """Single facts about the database itself: the key check, the newest time seen, the audit anchor."""

    key: str = Field(primary_key=True)
    value: str


class Clinic(SQLModel, table=True):
    """The one clinic of this deployment."""

    id: int = Field(default=1, primary_key=True)
    key_id: int = link("data_key.id")
    name: bytes
    line: bytes
    zone: str
    country: str
    cover: str
    """JSON: {"mon": ["00:00", "24:00"], ...}; a missing day has nobody on call."""
    page_language: str = "en"
    ladders: str = Field(default="{}", sa_column_kwargs={"server_default": "{}"})
    """JSON: level -> minutes of the rungs, where the clinic chose other than the reviewed ones (`safety.policy`)."""
    created_at: datetime


class DataKey(SQLModel, table=True):
    """A subject's data key, wrapped by a master key that lies outside the database. `wrapped` is None once destroyed."""

    __tablename__ = "data_key"
    id: int = row_id()
    master: str
    wrapped: bytes | None = None
    created_at: datetime
    destroyed_at: datetime | None = None


class Person(SQLModel, table=True):
    """A patient or a staff member. `profile` is sealed JSON: call_name, phone, medicines and other words of theirs."""

    __table_args__ = (Index("person_admin", "duty", sqlite_where=text("duty = 'admin'"), postgresql_where=text("duty = 'admin'")),)
    id: int = row_id()
    code: str = Field(unique=True)
    role: str
    duty: str = ""
    status: str
    key_id: int = link("data_key.id")
    name: bytes
    profile: bytes
    zone: str
    country: str = "US"
    region: str = ""
    language: str = "en"
    morning_at: str | None = None
    evening_at: str | None = None
    quiet_from: str = "21:30"
    quiet_to: str = "07:30"
    discreet: bool = False
    paused_until: date | None = None
    program_start: date | None = None
    program_weeks: int | None = None
    created_at: datetime


class Chat(SQLModel, table=True):
    """A Telegram chat, known or not. Found by the keyed hash of its Telegram id; locked by whoever takes its turns."""

    id: int = row_id()
    address_hash: bytes = Field(unique=True)
    address: bytes
    key_id: int = link("data_key.id")
    person_id: int | None = link_or_none("person.id", index=True)
    reachable: bool = True
    created_at: datetime
    seen_at: datetime


class Consent(SQLModel, table=True):
    id: int = row_id()
    person_id: int = link("person.id", index=True)
    scope: str
    version: int
    given_at: datetime
    revoked_at: datetime | None = None


class Invite(SQLModel, table=True):
    """A one-time invitation. Only the SHA-256 of its 128-bit code is kept."""

    id: int = row_id()
    code_hash: bytes = Field(unique=True)
    person_id: int = link("person.id")
    issued_by: int | None = link_or_none("person.id")
    expires_at: datetime
    used_at: datetime | None = None


class Contact(SQLModel, table=True):
    """Somebody a patient chose to be asked to call them. Nobody of the program: no person here, only a chat and a yes to one message.

    The name is the patient's word for them, under the patient's key. What: the one fixed message. When: `use`.
    """

    id: int = row_id()
    person_id: int = link("person.id", index=True)
    name: bytes
    use: str
    """"both", "mine" (only when the patient taps for it) or "staff" (only when staff do, while an alert is open)."""
    state: str
    """"invited", "opened" (the link was used), "agreed", "declined" or "ended"."""
    code_hash: bytes = Field(unique=True)
    """Of the one-time link, as in `Invite`."""
    expires_at: datetime
    chat_id: int | None = link_or_none("chat.id", index=True)
    added_at: datetime
    agreed_at: datetime | None = None
    tested_at: datetime | None = None
    """When they tapped that the test message has come."""
    ended_at: datetime | None = None
