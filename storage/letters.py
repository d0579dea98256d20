"""Pages that go another way than Telegram: rows of the outbox that name a channel, claimed and finished like any other.

A letter is sealed with the clinic's own key, whomever it is about. Whom it goes to is looked up when it is claimed.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, literal_column, select, update

from storage import clinic, meta
from storage.outbox import ESCALATION
from storage.outbox_rows import CLAIM, LEASED, OUTBOX, READY, WRITTEN_ANEW
from storage.prepared import Prepared, fixed
from storage.store import Unit
from storage.tables import Outbox
from storage.upsert import insert_once

MAIL, WEBHOOK = "mail", "webhook"
CLINIC = "clinic"
"""Among the ways: the clinic has an address of its own that mail falls back to."""

_PAGES = OUTBOX.c.lane == literal_column(str(ESCALATION))
_WAITING = [
    Prepared(
        select(OUTBOX.c.id, OUTBOX.c.channel)
        .where(READY, OUTBOX.c.channel == fixed(way), _PAGES, OUTBOX.c.not_before <= bindparam("at"))
        .order_by(OUTBOX.c.id)
        .limit(literal_column("50"))
    )
    for way in (MAIL, WEBHOOK)
]
"""Each way by itself: many letters of one that hangs hide none of the other."""
_UNCONFIRMED = [
    Prepared(
        select(OUTBOX.c.id, OUTBOX.c.channel, OUTBOX.c.dedupe_key, OUTBOX.c.chat_id, OUTBOX.c.to_id)
        .where(state, _PAGES, OUTBOX.c.created_at <= bindparam("before"), OUTBOX.c.dedupe_key.is_not(None))
        .order_by(OUTBOX.c.id.desc())
        .limit(literal_column("200"))
    )
    for state in (READY, LEASED)
]
"""The newest: what has waited for hours was looked at long ago."""


@dataclass(frozen=True)
class Letter:
    """One under lease. `to`: a member of staff, or None for the clinic. `escalation`: what it is about, if anything."""

    id: int
    channel: str
    to: int | None
    payload: dict[str, Any]
    attempt: int
    ref: str | None
    key: str
    escalation: int | None
    send_by: datetime | None


@dataclass(frozen=True)
class Unconfirmed:
    """A page that no channel has taken yet: by which it waits, its dedupe key, the chat it lies in and whom it goes to."""

    id: int
    channel: str
    key: str
    chat: int | None
    to: int | None


def set_ways(u: Unit, ways: Collection[str]) -> None:
    """Put down by which other ways whoever carries letters can reach anybody: mail, clinic, webhook. Turns promise no others."""
    meta.put(u, meta.WAYS, json.dumps(sorted(ways)))
    gone = [way for way in (MAIL, WEBHOOK) if way not in ways]
    nobody = READY & OUTBOX.c.channel.in_(gone)  # else they would wait for ever, and the auditor with them
    u.run(update(OUTBOX).where(nobody).values(state="dropped", reason="no_way", done_at=u.now))


def ways(u: Unit) -> frozenset[str]:
    """None where no letter can be sealed, as the clinic's key is damaged: what is said in Telegram must not fail with it."""
    known = clinic.as_it_opens(u)
    sealed = known is None or u.has_key(known.key)
    return frozenset(json.loads(meta.get(u, meta.WAYS) or "[]")) if sealed else frozenset()


def _key(u: Unit) -> int:
    """The data key letters are sealed with."""
    known = clinic.as_it_opens(u)
    assert known is not None  # a clinic came before anything there is to write about
    return known.key


def post(
    u: Unit,
    channel: str,
    payload: dict[str, Any],
    content: str,
    key: str,
    *,
    to: int | None = None,
    wanted: str | None = None,
    ref: str | None = None,
    send_by: datetime | None = None,
) -> bool:
    """Put a letter on its way. False when one with this key was put there before."""
    id = u.new_id()
    return insert_once(
        u,
        Outbox,
        id=id,
        dedupe_key=key,
        channel=channel,
        lane=ESCALATION,
        to_id=to,
        kind="send",
        content=content,
        payload=u.seal(_key(u), "outbox.payload", id, payload),
        not_before=u.now,
        send_by=send_by,
        wanted=wanted,
        state="ready",
        attempt=0,
        ref=ref,
        created_at=u.now,
    )


def waiting(u: Unit) -> list[tuple[int, str]]:
    """(row, channel) of what could go now, the oldest of each way first."""
    return [(row.id, row.channel) for statement in _WAITING for row in u.all(statement, at=u.now)]


def claim(u: Unit, id: int, owner: str, until: datetime) -> Letter | None:
    """Take one under lease; None when it is no longer ready."""
    row = u.run(CLAIM, {"row": id, "owner": owner, "until": until}).first()
    if row is None:
        return None
    kind, _, rest = (row.wanted or "").partition(":")
    return Letter(
        id=row.id,
        channel=row.channel,
        to=row.to_id,
        payload=u.open_json(_key(u), "outbox.payload", row.id, row.payload),
        attempt=row.attempt,
        ref=row.ref,
        key=row.dedupe_key,
        escalation=int(rest.partition(":")[0]) if kind == "escalation" else None,
        send_by=row.send_by,
    )


def written_anew(u: Unit, id: int) -> bool:
    """Whether a later letter that waits says the same of the same alert to the same address."""
    return u.one(WRITTEN_ANEW, row=id) is not None


def change(u: Unit, id: int, change: dict[str, Any], item: str = "") -> None:
    """Put something into the payload of a letter, and note the item it is made of."""
    row = u.one(select(OUTBOX.c.payload, OUTBOX.c.content).where(OUTBOX.c.id == id))
    assert row is not None
    key = _key(u)
    payload = u.open_json(key, "outbox.payload", id, row.payload) | change
    u.set(Outbox, id, payload=u.seal(key, "outbox.payload", id, payload), content=f"{row.content} {item}".strip())


def unconfirmed(u: Unit, before: datetime) -> list[Unconfirmed]:
    """Pages put there before then that nobody has taken over, oldest first; those on their way too."""
    rows = sorted((row for statement in _UNCONFIRMED for row in u.all(statement, before=before)), key=lambda row: row.id)
    return [Unconfirmed(row.id, row.channel, row.dedupe_key, row.chat_id, row.to_id) for row in rows]


def page(u: Unit, id: int) -> Unconfirmed | None:
    """One row as such a page; None when it has no key of its own, and so is no page."""
    row = u.one(select(OUTBOX).where(OUTBOX.c.id == id))
    if row is None or row.dedupe_key is None:
        return None
    return Unconfirmed(row.id, row.channel, row.dedupe_key, row.chat_id, row.to_id)
