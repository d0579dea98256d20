"""The rows of the outbox, and the statements that every message goes through."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, exists, false, literal, literal_column, null, select, union_all, update

from storage.prepared import Prepared, fixed
from storage.store import table
from storage.tables import Outbox

OUTBOX = table(Outbox)

READY, LEASED = OUTBOX.c.state == fixed("ready"), OUTBOX.c.state == fixed("leased")
TO_TELEGRAM = OUTBOX.c.channel == fixed("telegram")
"""What goes any other way is `storage.letters`'."""
FULL: ColumnElement[bool] = literal_column("length(payload) > 0")
"""As the index `outbox_kept` has it, on both engines."""
_OLDER = update(OUTBOX).where(OUTBOX.c.target == bindparam("onto"), READY | LEASED, OUTBOX.c.id < bindparam("than"))
_OVERTAKE = {
    "state": case((READY, literal("superseded")), else_=OUTBOX.c.state),
    "done_at": case((READY, bindparam("at", type_=OUTBOX.c.done_at.type)), else_=OUTBOX.c.done_at),
    "reason": case((LEASED, literal("overtaken")), else_=OUTBOX.c.reason),
}
"""What waits gives way at once; what is on its way is marked, and ends when it would be put back."""
OVERTAKE = Prepared(_OLDER.values(_OVERTAKE))
OVERTAKE_STRIPS = Prepared(_OLDER.where(OUTBOX.c.kind != fixed("edit")).values(_OVERTAKE))
NEXT = Prepared(
    select(OUTBOX.c.not_before)
    .where(READY, TO_TELEGRAM, OUTBOX.c.not_before > bindparam("at"))
    .order_by(OUTBOX.c.not_before)
    .limit(literal_column("1"))
)
_FREE = select(OUTBOX.c.id).where(OUTBOX.c.id == bindparam("row"), READY).with_for_update(skip_locked=True)
CLAIM = Prepared(
    update(OUTBOX)
    .where(OUTBOX.c.id == _FREE.scalar_subquery())
    .values(state="leased", lease_owner=bindparam("owner"), lease_until=bindparam("until"), attempt=OUTBOX.c.attempt + 1)
    .returning(*OUTBOX.c)
)
UNSENT_EDIT = Prepared(
    select(OUTBOX.c.id, OUTBOX.c.payload, OUTBOX.c.state)
    .where(OUTBOX.c.target == bindparam("onto"), READY | LEASED, OUTBOX.c.kind == fixed("edit"))
    .order_by(OUTBOX.c.id.desc())
    .with_for_update()
)
"""Waits for whoever claims it just now: words that are on their way keep their keyboard."""
_OVERTAKEN = OUTBOX.c.reason == fixed("overtaken")
PUT_BACK = Prepared(
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("row"), LEASED, OUTBOX.c.attempt == bindparam("held"))
    .values(
        state=case((_OVERTAKEN, literal("superseded")), else_=literal("ready")),
        done_at=case((_OVERTAKEN, bindparam("at", type_=OUTBOX.c.done_at.type)), else_=null()),
        reason=case((_OVERTAKEN, OUTBOX.c.reason), else_=bindparam("why", type_=OUTBOX.c.reason.type)),
        not_before=bindparam("not_before"),
        doubts=OUTBOX.c.doubts + case((bindparam("why", type_=OUTBOX.c.reason.type) == literal("doubt"), 1), else_=0),
        lease_owner=null(),
        lease_until=null(),
    )
)
_AIMED = OUTBOX.alias()
_AHEAD = OUTBOX.alias("ahead")
_HELD = select(
    OUTBOX.c.id, OUTBOX.c.chat_id, OUTBOX.c.lane, OUTBOX.c.attempt, OUTBOX.c.kind, OUTBOX.c.target, _AIMED.c.message_id
).join(_AIMED, _AIMED.c.id == OUTBOX.c.target, isouter=True)
HELD, HELD_TOO_LONG = Prepared(_HELD.where(LEASED)), Prepared(_HELD.where(LEASED, OUTBOX.c.lease_until < bindparam("at")))
TARGET = Prepared(select(OUTBOX.c.message_id).where(OUTBOX.c.id == bindparam("row")))
_NEWER = OUTBOX.alias("newer")


def _said_anew(*to_the_same: ColumnElement[bool]) -> Prepared:
    same = (_NEWER.c[name] == OUTBOX.c[name] for name in ("lane", "kind", "wanted", "content"))
    mine = OUTBOX.c.id == bindparam("row"), OUTBOX.c.kind == fixed("send")
    later = _NEWER.c.state == fixed("ready"), _NEWER.c.id > OUTBOX.c.id
    return Prepared(select(_NEWER.c.id).where(*mine, *later, *to_the_same, *same).limit(literal_column("1")))


SAID_ANEW = _said_anew(_NEWER.c.chat_id == OUTBOX.c.chat_id)
"""A later message that waits for the same chat, made of the same items and under the same condition."""
WRITTEN_ANEW = _said_anew(_NEWER.c.channel == OUTBOX.c.channel, _NEWER.c.to_id.is_not_distinct_from(OUTBOX.c.to_id))
"""Such a letter to the same person, or to the clinic, by the same way."""

LANES = CRISIS, ESCALATION, REPLY, PROMPT, BULK = range(5)
"""Most urgent first."""
HOLDS = 5
"""Once a crisis message has been in doubt so often, the next one to the same chat does not wait for it any more."""


def _holds(lane: int) -> ColumnElement[bool]:
    """Whether a row that lies ahead is tried again, so that what was posted after it waits with it. In the urgent lanes only what is in
    doubt, and not for ever: neither a 429 nor a card that is never answered may keep the next card from being tried."""
    reason, urgent = _AHEAD.c.reason, lane <= ESCALATION
    doubted: ColumnElement[bool] = reason.bool_op("in")(literal_column("('doubt', 'lease')" if urgent else "('doubt', 'lease', '429')"))
    if urgent:
        doubted &= _AHEAD.c.doubts < literal_column(str(HOLDS))
    return doubted | (reason == fixed("unconnected"))


def _of_lane(lane: int) -> Select[Any]:
    """The first rows of chats in this lane. Asked row by row whether one lies ahead (`is false`: PostgreSQL would otherwise join all
    that wait with all that wait), which ends as soon as there are enough."""
    columns = OUTBOX.c.id, OUTBOX.c.lane, OUTBOX.c.chat_id, OUTBOX.c.kind, OUTBOX.c.not_before
    here: ColumnElement[int] = literal_column(str(lane))
    ahead = _AHEAD.c
    in_front = exists().where(
        ahead.state == fixed("ready"),
        ahead.chat_id == OUTBOX.c.chat_id,
        ahead.lane == here,
        ahead.id < OUTBOX.c.id,
        ahead.channel == fixed("telegram"),
        (ahead.not_before <= bindparam("at")) | _holds(lane),
    )
    oldest = (
        select(*columns)
        .where(READY, TO_TELEGRAM, OUTBOX.c.lane == here, OUTBOX.c.not_before <= bindparam("at"), in_front.is_(false()))
        .order_by(OUTBOX.c.id)
        .limit(bindparam("most"))
    )
    return select(oldest.subquery())


NEXT_OF_LANES = Prepared(union_all(*(_of_lane(lane) for lane in LANES)))
"""One statement for all lanes, as each is a way to the server and back."""
