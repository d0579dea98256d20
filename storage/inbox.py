"""What Telegram handed over: committed before it is confirmed, taken in order, erased a week after it is done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, any_, bindparam, func, literal_column, select, update

from storage import floor, people
from storage.ids import first_of
from storage.people import ChatCard
from storage.prepared import Prepared, fixed
from storage.seal import SealBroken
from storage.store import Unit, table
from storage.tables import Chat, Inbox
from storage.upsert import insert_each_once

INBOX, CHATS = table(Inbox), table(Chat)
READY = INBOX.c.state == fixed("ready")
_WAITING = (
    select(
        INBOX.c.id,
        INBOX.c.kind,
        INBOX.c.raw,
        INBOX.c.said_at,
        INBOX.c.received_at,
        CHATS.c.id.label("chat_id"),
        CHATS.c.key_id,
        CHATS.c.person_id,
        CHATS.c.reachable,
    )
    .join(CHATS, CHATS.c.id == INBOX.c.chat_id)
    .where(READY)
    .order_by(INBOX.c.id)
)
OLDEST = Prepared(_WAITING.limit(bindparam("most")))
OF_CHATS = Prepared(_WAITING.where(INBOX.c.chat_id == any_(bindparam("chats", type_=ARRAY(BigInteger)))).limit(bindparam("most")))
RECENT = Prepared(
    select(INBOX.c.id, INBOX.c.raw)
    .where(INBOX.c.chat_id == bindparam("of_chat"), INBOX.c.received_at > bindparam("since"), INBOX.c.id < bindparam("before"))
    .where(INBOX.c.raw.is_not(None), INBOX.c.kind == fixed("text"))
    .order_by((INBOX.c.id + literal_column("0")).desc())  # a sum, so that no planner walks through all ids for it
    .limit(bindparam("most"))
)
TAPPED = Prepared(
    select(INBOX.c.id, INBOX.c.raw)
    .where(INBOX.c.chat_id == bindparam("of_chat"), INBOX.c.received_at >= bindparam("since"), INBOX.c.id < bindparam("before"))
    .where(INBOX.c.raw.is_not(None), INBOX.c.kind == fixed("button"))
    .order_by(INBOX.c.received_at.desc(), INBOX.c.id.desc())
    .limit(literal_column("1"))
)
ANSWERS = ("text", "edit", "command", "button")
"""What can answer: a voice message or a sticker that nobody reads, blocking the bot, or an edit that changes no word is none."""
SAME, WORDS = "same", "words"
"""Why a row is no answer, or one all the same: an edit that changed no word; a caption that was taken as words."""
SINCE = Prepared(
    select(INBOX.c.received_at)
    .where(INBOX.c.chat_id == bindparam("of_chat"), INBOX.c.received_at >= bindparam("since"), INBOX.c.id > bindparam("after"))
    .where(
        (INBOX.c.kind.in_([fixed(kind) for kind in ANSWERS]) & INBOX.c.reason.is_distinct_from(fixed(SAME)))
        | (INBOX.c.reason == fixed(WORDS))
    )
    .order_by(INBOX.c.received_at.desc(), INBOX.c.id.desc())
    .limit(literal_column("1"))
)
RAW_KEPT = timedelta(days=7)
ASTRAY = timedelta(hours=1)
"""How far the clocks of two processes may lie apart where times only narrow down what ids decide."""
GUESS = "invite_guess"


@dataclass(frozen=True)
class Received:
    """One inbox row that waits to be taken. `raw` is the update's JSON text."""

    id: int
    chat: ChatCard
    kind: str
    raw: str
    said_at: datetime
    received_at: datetime


@dataclass(frozen=True)
class Update:
    """An update as it came: `raw` is its JSON text, `id` Telegram's number for it."""

    chat: ChatCard
    id: int
    raw: str
    kind: str
    said_at: datetime


def store(u: Unit, updates: Sequence[Update]) -> list[int | None]:
    """Keep updates, in this order and after all that is committed, whichever process took it; None for one that is already here.
    An id that restarts with other content is kept."""
    floor.go_on(u)
    ids = [u.new_id() for _ in updates]
    rows = [
        {
            "id": id,
            "update_id": update.id,
            "payload_hash": u.keys.payload_hash(update.raw),
            "chat_id": update.chat.id,
            "kind": update.kind,
            "raw": u.seal(update.chat.key, "inbox.raw", id, update.raw),
            "received_at": u.now,
            "said_at": update.said_at,
            "state": "ready",
        }
        for id, update in zip(ids, updates, strict=True)
    ]
    return [id if kept else None for id, kept in zip(ids, insert_each_once(u, Inbox, rows), strict=True)]


def ready(u: Unit, limit: int, chats: list[int] | None = None) -> list[Received]:
    """The oldest rows that wait, in order of arrival: all there are, or those of the chats the caller holds (`storage.claims`).

    A row that does not open comes with an empty `raw`, so that its turn fails alone and holds up nobody.
    """
    rows = u.all(OLDEST, most=limit) if chats is None else u.all(OF_CHATS, chats=chats, most=limit)
    return [
        Received(
            row.id,
            ChatCard(row.chat_id, row.key_id, row.person_id, row.reachable),
            row.kind,
            _opened(u, row),
            row.said_at,
            row.received_at,
        )
        for row in rows
    ]


def _opened(u: Unit, row: Row[Any]) -> str:
    try:
        return u.open(row.key_id, "inbox.raw", row.id, row.raw) if row.raw is not None else ""
    except SealBroken:
        return ""


def as_it_stands(u: Unit, row: Received) -> Received:
    """The row with its chat as it is now."""
    return replace(row, chat=people.chat(u, row.chat.id))


def done(u: Unit, id: int, level: str | None = None) -> None:
    u.set(Inbox, id, state="done", level=level)


def quarantine(u: Unit, id: int, reason: str, level: str | None) -> None:
    """Set aside a row that could not be handled. Its text stays, sealed, until staff have looked at it."""
    u.set(Inbox, id, state="quarantined", reason=reason, level=level)


def erase_raw(u: Unit, id: int) -> None:
    u.set(Inbox, id, raw=None)


def words_of(u: Unit, chat: ChatCard, message_id: int) -> str | None:
    """What a message said as it was taken last, edits and captions too; None when that is no longer kept."""
    kept = (INBOX.c.chat_id == chat.id) & (INBOX.c.state == "done") & INBOX.c.raw.is_not(None) & INBOX.c.kind.in_(("text", "media", "edit"))
    for row in u.all(select(INBOX.c.id, INBOX.c.raw).where(kept).order_by(INBOX.c.id.desc())):
        raw = u.opened(chat.key, "inbox.raw", row.id, row.raw)
        message = message_in(raw) if raw is not None else {}
        if message.get("message_id") == message_id:
            return message.get("text") or message.get("caption")
    return None


def message_in(raw: str) -> dict[str, Any]:
    """The message of an update, new or edited; empty where it is none."""
    update_ = json.loads(raw)
    message: dict[str, Any] = update_.get("message") or update_.get("edited_message") or {}
    return message


def erase_old(u: Unit) -> int:
    """Erase raw updates a week after they are done. Returns how many."""
    old = (INBOX.c.state == "done") & INBOX.c.raw.is_not(None) & (INBOX.c.received_at < u.now - RAW_KEPT)
    return int(u.run(update(INBOX).where(old).values(raw=None)).rowcount)


def heard_since(u: Unit, chat: int, at: datetime) -> bool:
    """Whether anything but a block came from this chat since then."""
    came = (INBOX.c.chat_id == chat) & (INBOX.c.received_at >= at) & (INBOX.c.kind != "blocked")
    return u.one(select(INBOX.c.id).where(came).limit(1)) is not None


def mark_guess(u: Unit, id: int) -> None:
    """This row was an invitation that is none, or no longer."""
    u.set(Inbox, id, reason=GUESS)


def mark(u: Unit, id: int, reason: str) -> None:
    """Whether this row counts as an answer is not what its kind says: `SAME` or `WORDS`."""
    u.set(Inbox, id, reason=reason)


def guesses(u: Unit, since: datetime, chat: int | None = None) -> int:
    """How many wrong invitations came since then, from one chat or in all."""
    first = first_of(since)  # ids rise with time, so this reads what came since and no more
    wanted = (INBOX.c.id > first) & (INBOX.c.reason == GUESS) & (INBOX.c.received_at > since)
    if chat is not None:
        wanted = (INBOX.c.chat_id == chat) & (INBOX.c.received_at > since) & (INBOX.c.reason == GUESS)
    return int(u.run(select(func.count()).select_from(INBOX).where(wanted)).scalar_one())


def answered_at(u: Unit, chat: ChatCard, since: int) -> datetime | None:
    """When something was last typed or tapped in a chat after this row of it; None when nothing was."""
    row = u.one(select(INBOX.c.received_at).where(INBOX.c.id == since))
    last = u.one(SINCE, of_chat=chat.id, since=row.received_at - ASTRAY, after=since) if row is not None else None
    return last.received_at if last is not None else None


def recent_raw(u: Unit, row: Received, within: timedelta, limit: int) -> list[dict[str, Any]]:
    """The last updates of a row's chat that came before it, oldest first, as parsed JSON. Within a time that ends when it came: its turn
    may come late."""
    since = min(u.now, row.received_at) - within
    rows = u.all(RECENT, of_chat=row.chat.id, since=since, before=row.id, most=limit)
    return [json.loads(u.open(row.chat.key, "inbox.raw", one.id, one.raw)) for one in reversed(rows)]


def tap_before(u: Unit, chat: ChatCard, before: int, since: datetime) -> str:
    """What the last button tapped in a chat carried, since then and before its row `before`; empty for none, or one that does not open."""
    row = u.one(TAPPED, of_chat=chat.id, since=since, before=before)
    with suppress(SealBroken):
        return str(json.loads(u.open(chat.key, "inbox.raw", row.id, row.raw))["callback_query"].get("data", "")) if row is not None else ""
    return ""
