"""What comes in, what is being talked about, what goes out, and when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import big, big_or_none, link, link_or_none, row_id

GOING = "state = 'ready' or state = 'leased'"
UNSURE = "state in ('dead', 'unknown')"


class Inbox(SQLModel, table=True):
    """An update as Telegram handed it over, committed before it is confirmed. `raw` is erased 7 days after it is done."""

    __table_args__ = (
        UniqueConstraint("update_id", "payload_hash"),
        Index("inbox_ready", "chat_id", "id", sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")),
        Index("inbox_waiting", "id", sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")),
        Index("inbox_recent", "chat_id", "received_at"),
        Index("inbox_set_aside", "id", sqlite_where=text("state = 'quarantined'"), postgresql_where=text("state = 'quarantined'")),
        Index("inbox_kept", "received_at", sqlite_where=text("raw is not null"), postgresql_where=text("raw is not null")),
    )
    id: int = row_id()
    update_id: int = big()
    payload_hash: bytes
    chat_id: int = link("chat.id")
    kind: str
    raw: bytes | None = None
    received_at: datetime
    said_at: datetime
    state: str = "ready"
    level: str | None = None
    reason: str | None = None


class Talk(SQLModel, table=True):
    """A conversation: `body` is sealed JSON of who it knows (`me`), its log, and its timer. One waits at a time."""

    __table_args__ = (
        Index(
            "talk_open",
            "chat_id",
            sqlite_where=text("state = 'waiting' or state = 'parked'"),
            postgresql_where=text("state = 'waiting' or state = 'parked'"),
        ),
    )
    id: int = row_id()
    chat_id: int = link("chat.id")
    flow: str
    version: int
    state: str
    body: bytes
    panel_id: int | None = big_or_none()
    """The outbox row of the message this talk is shown on; edits go there."""
    prompt_id: int | None = big_or_none()
    started_at: datetime
    touched_at: datetime
    expires_at: datetime


class Prompt(SQLModel, table=True):
    """A keyboard that was shown. `nonce` is what its buttons carry; `options` a JSON list in the order of the buttons."""

    __table_args__ = (
        Index("prompt_about", "subject", sqlite_where=text("state = 'live'"), postgresql_where=text("state = 'live'")),
        Index("prompt_talk", "talk_id", sqlite_where=text("talk_id is not null"), postgresql_where=text("talk_id is not null")),
    )
    id: int = row_id()
    nonce: str = Field(unique=True)
    chat_id: int = link("chat.id", index=True)
    kind: str
    """"talk" (a question of a talk), "act" (a one-step command on `subject`) or "door" (opens a flow)."""
    talk_id: int | None = link_or_none("talk.id")
    key: str
    subject: int | None = big_or_none()
    options: str
    args: str = "{}"
    """JSON: codes and numbers the tap needs, such as the date of a session."""
    panel_id: int | None = big_or_none()
    state: str = "live"
    answered: str | None = None
    created_at: datetime


class Outbox(SQLModel, table=True):
    """One thing to do at Telegram, in a lane. `payload` is sealed JSON; `target` names the outbox row whose message is edited.

    What goes another way ("mail", "webhook") is a row too: it is in no chat, and `to_id` is whom it goes to; nobody means the clinic's
    own address.
    """

    __table_args__ = (
        Index("outbox_ready", "lane", "id", sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")),
        Index(
            "outbox_in_chat", "chat_id", "lane", "id", sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")
        ),
        Index("outbox_next", "not_before", sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")),
        Index("outbox_leased", "lease_until", sqlite_where=text("state = 'leased'"), postgresql_where=text("state = 'leased'")),
        Index("outbox_kept", "done_at", sqlite_where=text("length(payload) > 0"), postgresql_where=text("length(payload) > 0")),
        Index("outbox_target", "target", sqlite_where=text(GOING), postgresql_where=text(GOING)),
        Index("outbox_unsure", "state", sqlite_where=text(UNSURE), postgresql_where=text(UNSURE)),
    )
    id: int = row_id()
    dedupe_key: str | None = Field(default=None, unique=True)
    channel: str = Field(default="telegram", sa_column_kwargs={"server_default": "telegram"})
    lane: int
    chat_id: int | None = link_or_none("chat.id", index=True)
    to_id: int | None = link_or_none("person.id")
    kind: str
    target: int | None = big_or_none()
    content: str
    """Content ids and versions shown, space separated: "checkin.mood@1 button.help@1"."""
    payload: bytes
    not_before: datetime
    send_by: datetime | None = None
    wanted: str | None = None
    """A condition checked again when the row is claimed, such as "escalation:<id>:open"."""
    state: str = "ready"
    reason: str | None = None
    attempt: int = 0
    doubts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """After how many attempts nobody knew whether Telegram had it."""
    lease_owner: str | None = None
    lease_until: datetime | None = None
    message_id: int | None = big_or_none()
    ref: str | None = None
    created_at: datetime
    done_at: datetime | None = None


class Due(SQLModel, table=True):
    """Something that happens at a time. `slot` makes a firing unique: it can neither repeat nor be planned twice."""

    __table_args__ = (
        Index("due_ready", "due_at", sqlite_where=text("state = 'ready'"), postgresql_where=text("state = 'ready'")),
        Index("due_subject", "kind", "subject"),
    )
    id: int = row_id()
    kind: str
    chat_id: int | None = link_or_none("chat.id")
    subject: int = big()
    slot: str = Field(unique=True)
    due_at: datetime
    send_by: datetime | None = None
    args: str = "{}"
    state: str = "ready"
    reason: str | None = None
    lease_until: datetime | None = None
    done_at: datetime | None = None


class Lease(SQLModel, table=True):
    """Who of several processes does what only one may do. It is theirs until `until`, by the database's clock."""

    name: str = Field(primary_key=True)
    owner: str
    until: datetime
