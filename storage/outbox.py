"""What is to be done at Telegram: rows written with the turn, claimed with a lease, finished by whoever holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, null, select, update

from storage.outbox_rows import BULK as BULK
from storage.outbox_rows import (
    CLAIM,
    FULL,
    HELD,
    HELD_TOO_LONG,
    LEASED,
    NEXT,
    NEXT_OF_LANES,
    OUTBOX,
    OVERTAKE,
    OVERTAKE_STRIPS,
    PUT_BACK,
    READY,
    TARGET,
    UNSENT_EDIT,
)
from storage.outbox_rows import CRISIS as CRISIS
from storage.outbox_rows import ESCALATION as ESCALATION
from storage.outbox_rows import PROMPT as PROMPT
from storage.outbox_rows import REPLY as REPLY
from storage.people import ADDRESS, ChatCard
from storage.prepared import Prepared
from storage.store import Unit
from storage.tables import Outbox
from storage.upsert import insert_once

KEPT = timedelta(days=7)
"""How long the words of a message stay here once it is over."""

WINDOW = 100
"""So many chats of each lane are looked at: three times what may go in a second."""


@dataclass(frozen=True)
class Waiting:
    """A row that could be sent, as far as the choice needs to know."""

    id: int
    lane: int
    chat: int
    kind: str
    not_before: datetime


@dataclass(frozen=True)
class Claimed:
    """A row under lease, with what to send. `message_id` is the target's, for edits; `attempt` fences the finish."""

    id: int
    lane: int
    chat: int
    address: int
    kind: str
    payload: dict[str, Any]
    attempt: int
    message_id: int | None
    ref: str | None
    not_before: datetime
    send_by: datetime | None
    target: int | None
    created_at: datetime
    wanted: str | None
    doubts: int
    claimed_at: datetime


def post(
    u: Unit,
    chat: ChatCard,
    lane: int,
    kind: str,
    payload: dict[str, Any],
    content: str,
    *,
    dedupe: str | None = None,
    target: int | None = None,
    not_before: datetime | None = None,
    send_by: datetime | None = None,
    wanted: str | None = None,
    ref: str | None = None,
) -> int | None:
    """Put one thing in a lane. None when `dedupe` says it was put there before.

    kind: "send" (a new message), "edit" (words and keyboard of `target`), "strip" (its keyboard only), "frame" (a timer).
    An unsent edit of the same message gives way to a newer one; a strip leaves it its words and takes its keyboard. So does one that
    is on its way, should it have to go again.
    """
    if kind == "strip" and target is not None and _strip_unsent(u, chat, target):
        return None
    id = u.new_id()
    if kind in ("edit", "strip") and target is not None:
        u.later(OVERTAKE if kind == "edit" else OVERTAKE_STRIPS, {"onto": target, "than": id, "at": u.now})
    values = {
        "dedupe_key": dedupe,
        "lane": lane,
        "chat_id": chat.id,
        "kind": kind,
        "target": target,
        "content": content,
        "payload": u.seal(chat.key, "outbox.payload", id, payload),
        "not_before": not_before or u.now,
        "send_by": send_by,
        "wanted": wanted,
        "state": "ready",
        "attempt": 0,
        "ref": ref,
        "created_at": u.now,
    }
    if dedupe is None:  # nothing to look for, and so no answer to wait for
        return u.add(Outbox, id=id, **values)
    return id if insert_once(u, Outbox, id=id, **values) else None


def _strip_unsent(u: Unit, chat: ChatCard, target: int) -> bool:
    """Take the keyboard off an edit that has not gone out yet, so that it needs no strip. One that is on its way needs that too."""
    if (row := u.one(UNSENT_EDIT, onto=target)) is None:
        return False
    payload = u.open_json(chat.key, "outbox.payload", row.id, row.payload) | {"keyboard": []}
    u.set(Outbox, row.id, payload=u.seal(chat.key, "outbox.payload", row.id, payload))
    return bool(row.state == "ready")


def overtake(u: Unit, target: int, id: int) -> None:
    """This row has just changed the message: an older change of it that is still to go would take that back."""
    u.run(OVERTAKE, {"onto": target, "than": id, "at": u.now})


def waiting(u: Unit, limit: int = WINDOW) -> list[Waiting]:
    """Rows that could go now, most urgent lane first, oldest first within it; every lane gets its share of `limit`.

    Of a chat only the first of each lane, as it takes one at a time, and nothing while that is yet to be tried again: whoever has
    hundreds waiting must not hide everybody else's.
    """
    rows = u.all(NEXT_OF_LANES, at=u.now, most=limit)
    found = [Waiting(r.id, r.lane, r.chat_id, r.kind, r.not_before) for r in rows]
    return sorted(found, key=lambda row: (row.lane, row.id))


def next_at(u: Unit) -> datetime | None:
    """When the next row that waits for its time may go, or None when none does. Others wait behind it (`waiting`)."""
    found = u.one(NEXT, at=u.now)
    return found.not_before if found else None


def claim(u: Unit, id: int, owner: str, until: datetime) -> Claimed | None:
    """Take the row under lease, or None when it is no longer ready, or another process is at it just now. The attempt is counted up with
    each claim, so it names the holder: whoever was given another one can finish nothing. Raises `SealBroken` when its words can't be
    opened: then it must be ended (`end_unreadable`), or it is the next one for ever."""
    taken = u.run(CLAIM, {"row": id, "owner": owner, "until": until}).first()
    if taken is None:
        return None
    chat = u.one(ADDRESS, chat=taken.chat_id)
    assert chat is not None
    target = u.one(TARGET, row=taken.target) if taken.target else None
    return Claimed(
        id=taken.id,
        lane=taken.lane,
        chat=taken.chat_id,
        address=int(u.open(chat.key_id, "chat.address", taken.chat_id, chat.address)),
        kind=taken.kind,
        payload=u.open_json(chat.key_id, "outbox.payload", taken.id, taken.payload),
        attempt=taken.attempt,
        message_id=target.message_id if target else None,
        ref=taken.ref,
        not_before=taken.not_before,
        send_by=taken.send_by,
        target=taken.target,
        created_at=taken.created_at,
        wanted=taken.wanted,
        doubts=taken.doubts,
        claimed_at=u.now,
    )


def finish(u: Unit, id: int, attempt: int, state: str, *, message_id: int | None = None, reason: str | None = None) -> bool:
    """Record how a leased row ended: sent, unknown, dead or dropped. False when the lease was lost meanwhile."""
    became = {"message_id": message_id} if message_id is not None else {}
    return _give_up(u, id, attempt, state=state, done_at=u.now, reason=reason, **became)


def finish_late(u: Unit, id: int, attempt: int, message_id: int | None) -> bool:
    """Telegram took it after its lease was over. Whether that is how it ends, as nobody has begun to send it again: True. A change of a
    message that waits to go again goes again: it may have become another since.

    Else its message is noted all the same where none is known and none is to come, so that what changes it finds it.
    """
    mine = (OUTBOX.c.id == id) & (OUTBOX.c.attempt == attempt) & (OUTBOX.c.message_id.is_(None)) & FULL
    ended = update(OUTBOX).where(mine, (READY & (OUTBOX.c.kind == "send")) | (OUTBOX.c.state == "unknown"))
    if u.run(ended.values(state="sent", message_id=message_id, reason=None, done_at=u.now)).rowcount:
        return True
    over = (OUTBOX.c.id == id) & (OUTBOX.c.message_id.is_(None)) & ~(READY | LEASED) & FULL
    u.run(update(OUTBOX).where(over).values(message_id=message_id))
    return False


def end_unreadable(u: Unit, id: int) -> bool:
    """End a row whose words nobody can open. True when something was lost: they were not those of somebody who was forgotten."""
    row = u.one(select(OUTBOX.c.payload).where(OUTBOX.c.id == id))
    lost = row is not None and row.payload != b""
    state, reason = ("dead", "sealed") if lost else ("dropped", "forgotten")
    over = {"state": state, "reason": reason, "done_at": u.now, "lease_owner": None, "lease_until": None}
    return bool(u.run(update(OUTBOX).where(OUTBOX.c.id == id, READY | LEASED).values(over)).rowcount) and lost


def put_back(u: Unit, id: int, attempt: int, not_before: datetime, *, reason: str | None = None) -> bool:
    """Give a leased row back, to go no earlier than `not_before`. What is tried again because it failed ("doubt", "lease", "429",
    "unconnected") holds back what was posted after it in its chat and lane. What was overtaken meanwhile ends instead."""
    given = {"row": id, "held": attempt, "at": u.now, "not_before": not_before, "why": reason}
    return bool(u.run(PUT_BACK, given).rowcount)


def _give_up(u: Unit, id: int, attempt: int, **values: Any) -> bool:
    """Write what became of a leased row, which ends its lease. False when the lease was lost meanwhile."""
    return bool(u.run(_ended(tuple(values)), {"row": id, "held": attempt, **values}).rowcount)


@cache
def _ended(columns: tuple[str, ...]) -> Prepared:
    mine = (OUTBOX.c.id == bindparam("row")) & LEASED & (OUTBOX.c.attempt == bindparam("held"))
    values = {name: bindparam(name, type_=OUTBOX.c[name].type) for name in columns}
    return Prepared(update(OUTBOX).where(mine).values(lease_owner=null(), lease_until=null(), **values))


@dataclass(frozen=True)
class Leased:
    """A row whose holder died. Whether Telegram got it is not known; `repeatable` when a second time shows nothing new."""

    id: int
    chat: int | None
    lane: int
    attempt: int
    repeatable: bool


def expired_leases(u: Unit, *, alone: bool = False) -> list[Leased]:
    """Leased rows whose lease is over; `alone` (nobody else can hold one, as right after a start) makes that all of them."""
    rows = u.all(HELD) if alone else u.all(HELD_TOO_LONG, at=u.now)
    return [Leased(row.id, row.chat_id, row.lane, row.attempt, not _makes_message(row)) for row in rows]


def _makes_message(row: Row[Any]) -> bool:
    """An edit of a message that never got out is sent as a new one."""
    return row.kind == "send" or (row.kind == "edit" and row.target is not None and row.message_id is None)


def drop(u: Unit, reason: str, *, wanted: str | None = None, target: int | None = None, kind: str | None = None) -> int:
    """Drop rows that wait, by their condition or by the message they belong to. Returns how many."""
    ways = [OUTBOX.c.wanted == wanted] if wanted is not None else [OUTBOX.c.target == target, OUTBOX.c.id == target]
    conditions = [READY] if kind is None else [READY, OUTBOX.c.kind == kind]
    dropped = update(OUTBOX).values(state="dropped", reason=reason, done_at=u.now)
    return sum(int(u.run(dropped.where(way, *conditions)).rowcount) for way in ways)  # with an OR, SQLite would look at all that waits


def drop_prompts(u: Unit, chat: int, from_lane: int, reason: str) -> int:
    """Drop what waits for one chat in this lane and the less urgent ones. Returns how many."""
    waiting = (OUTBOX.c.chat_id == chat) & (OUTBOX.c.lane >= from_lane) & (READY)
    return int(u.run(update(OUTBOX).where(waiting).values(state="dropped", reason=reason, done_at=u.now)).rowcount)


def erase_old(u: Unit) -> int:
    """Erase what was sent, a week after it is over: it may repeat a person's words. Returns how many."""
    old = FULL & OUTBOX.c.done_at.is_not(None) & (OUTBOX.c.done_at < u.now - KEPT)
    return int(u.run(update(OUTBOX).where(old).values(payload=b"")).rowcount)


def by_dedupe(u: Unit, key: str) -> int | None:
    """The row that was put there under this dedupe key."""
    row = u.one(select(OUTBOX.c.id).where(OUTBOX.c.dedupe_key == key))
    return row.id if row else None


def panel_of_message(u: Unit, chat: int, message_id: int) -> int | None:
    """The outbox row whose message carries this Telegram id."""
    row = u.one(select(OUTBOX.c.id).where(OUTBOX.c.chat_id == chat, OUTBOX.c.message_id == message_id))
    return row.id if row else None


def state_of(u: Unit, id: int) -> tuple[str, int | None] | None:
    """(state, Telegram message id) of one row."""
    row = u.one(select(OUTBOX.c.state, OUTBOX.c.message_id).where(OUTBOX.c.id == id))
    return (row.state, row.message_id) if row else None
