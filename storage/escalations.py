"""Escalations as rows: frozen values out, one guarded write in. The rules are in `safety.ladder`."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, exists, literal_column, select, update

from storage.people import PEOPLE, PersonCard
from storage.prepared import Prepared, fixed
from storage.store import Unit, table
from storage.tables import Escalation, EscalationEvent, OnCall
from storage.upsert import insert_once

ESCALATIONS, EVENTS, ON_CALL = table(Escalation), table(EscalationEvent), table(OnCall)
NOT_CLOSED = ESCALATIONS.c.state != fixed("CLOSED")
OPEN_FOR = Prepared(select(ESCALATIONS).where(ESCALATIONS.c.person_id == bindparam("whose"), NOT_CLOSED).with_for_update(key_share=True))
ALL_OPEN = Prepared(select(ESCALATIONS).where(NOT_CLOSED))
BY_ID = Prepared(select(ESCALATIONS).where(ESCALATIONS.c.id == bindparam("escalation")).with_for_update(key_share=True))
ANY_OPEN = Prepared(select(ESCALATIONS.c.id).where(ESCALATIONS.c.person_id == bindparam("whose"), NOT_CLOSED))
STATE = Prepared(select(ESCALATIONS.c.state).where(ESCALATIONS.c.id == bindparam("escalation")))
DANGER = Prepared(
    select(EVENTS.c.id, EVENTS.c.at)
    .where(EVENTS.c.escalation_id == bindparam("escalation"), EVENTS.c.kind.in_([fixed("opened"), fixed("joined")]))
    .order_by(EVENTS.c.id.desc())
    .limit(literal_column("1"))
)
REF_LETTERS = "ACDEFHJKMNPRTWXY34679"
DANGERS = ("opened", "joined")
"""Events by which danger came to an alert."""
LEVEL = "LEVEL"
"""The event that keeps how grave such a danger was by itself: the alert has the gravest of them all."""
SAID = "SAID"
"""The event that keeps when such a danger was said, as ISO time, where it was heard later: after nobody had listened for a while."""
HEARD_LATE = timedelta(minutes=1)
RECEIPT = "receipt"
POSITIONS = ("primary", "backup", "supervisor")


@dataclass(frozen=True)
class EscalationRow:
    """One escalation. state: OPEN, ACKED, CONTACTED, EXHAUSTED or CLOSED. `ladder`: [[minutes, position, words], ...]."""

    id: int
    ref: str
    person: int
    chat: int
    level: str
    track: str
    state: str
    version: int
    ladder: tuple[tuple[int, str, str], ...]
    cycle: int
    step: int
    next_at: datetime | None
    opened_at: datetime
    began_at: datetime
    acked_by: int | None
    acked_at: datetime | None
    contacted_at: datetime | None
    closed_by: int | None
    closed_at: datetime | None
    outcome: str | None
    handed_to: int | None
    doubted_by: int | None


@dataclass(frozen=True)
class EventRow:
    at: datetime
    kind: str
    by: int | None
    code: str


def _row(row: Row[Any]) -> EscalationRow:
    ladder = tuple((int(minutes), str(position), str(words)) for minutes, position, words in json.loads(row.ladder))
    return EscalationRow(
        row.id, row.ref, row.person_id, row.chat_id, row.level, row.track, row.state, row.version, ladder, row.cycle, row.step,
        row.next_at, row.opened_at, row.began_at, row.acked_by, row.acked_at, row.contacted_at, row.closed_by, row.closed_at, row.outcome,
        row.handed_to, row.doubted_by,
    )  # fmt: skip


def open_for(u: Unit, person: int) -> EscalationRow | None:
    """The escalation of this patient that is not closed, if there is one."""
    row = u.one(OPEN_FOR, whose=person)
    return _row(row) if row else None


def any_open(u: Unit, person: int) -> bool:
    """Whether this patient has an escalation that is not closed; takes no lock."""
    return u.one(ANY_OPEN, whose=person) is not None


def get(u: Unit, id: int) -> EscalationRow | None:
    row = u.one(BY_ID, escalation=id)
    return _row(row) if row else None


def look(u: Unit, id: int) -> EscalationRow | None:
    """One as it stands, without locking it: for whoever has other rows in hand and changes nothing of it."""
    row = u.one(select(ESCALATIONS).where(ESCALATIONS.c.id == id))
    return _row(row) if row else None


def state(u: Unit, id: int) -> str | None:
    """How an escalation stands, without locking it: for the sender, who has other rows in hand."""
    row = u.one(STATE, escalation=id)
    return row.state if row else None


def all_open(u: Unit) -> list[EscalationRow]:
    """Every one that is not closed, oldest first. Ordered here: asked for in order, SQLite goes through the closed ones too."""
    return sorted((_row(row) for row in u.all(ALL_OPEN)), key=lambda row: row.id)


def opened_by(u: Unit, code: str, since: datetime) -> list[EscalationRow]:
    """Those nobody has taken that were opened for one reason since then, and that no danger has joined for another; oldest first."""
    opened = select(EVENTS.c.escalation_id).where(EVENTS.c.kind == fixed("opened"), EVENTS.c.code == code, EVENTS.c.at >= since)
    more = exists().where(EVENTS.c.escalation_id == ESCALATIONS.c.id, EVENTS.c.kind == fixed("joined"), EVENTS.c.code != code)
    these = ESCALATIONS.c.id.in_(opened) & ESCALATIONS.c.state.in_(("OPEN", "EXHAUSTED")) & ~more
    return [_row(row) for row in u.all(select(ESCALATIONS).where(these).order_by(ESCALATIONS.c.id))]


def of_person(u: Unit, person: int) -> list[EscalationRow]:
    """All of a patient's escalations, oldest first."""
    return [_row(row) for row in u.all(select(ESCALATIONS).where(ESCALATIONS.c.person_id == person).order_by(ESCALATIONS.c.id))]


def add(u: Unit, person: int, chat: int, level: str, track: str, ladder: tuple[tuple[int, str, str], ...]) -> EscalationRow:
    """Open one for a patient who has none open; `ref` is a short code people can say aloud."""
    added = add_once(u, person, chat, level, track, ladder)
    if added is None:
        raise LookupError("this patient has an open escalation")
    return added


def add_once(u: Unit, person: int, chat: int, level: str, track: str, ladder: tuple[tuple[int, str, str], ...]) -> EscalationRow | None:
    """Like `add`; None when another process has just opened one for this patient (the database allows one that is not closed)."""
    while not (id := _add(u, person, chat, level, track, ladder)):
        if open_for(u, person) is not None:
            return None
    return get(u, id)


def _add(u: Unit, person: int, chat: int, level: str, track: str, ladder: tuple[tuple[int, str, str], ...]) -> int | None:
    id = u.new_id()
    added = insert_once(
        u,
        Escalation,
        id=id,
        ref="".join(secrets.choice(REF_LETTERS) for _ in range(5)),
        person_id=person,
        chat_id=chat,
        level=level,
        track=track,
        state="OPEN",
        version=0,
        cycle=1,
        step=0,
        ladder=json.dumps(ladder),
        opened_at=u.now,
        began_at=u.now,
    )
    return id if added else None


def save(u: Unit, before: EscalationRow, **changes: Any) -> EscalationRow:
    """Write changes on top of the version that was read."""
    u.set(Escalation, before.id, version=before.version + 1, **changes)
    after = get(u, before.id)
    assert after is not None
    return after


def note(u: Unit, id: int, kind: str, *, by: int | None = None, code: str = "", words: str | None = None, key: int | None = None) -> None:
    """Append an event. `words` need the patient's `key`; if that is lost, the event goes on without them."""
    event = u.new_id()
    kept = words is not None and key is not None and u.has_key(key)
    sealed = u.seal(key, "escalation_event.words", event, words) if kept and key is not None else None
    u.add(EscalationEvent, id=event, escalation_id=id, at=u.now, kind=kind, by=by, code=code, words=sealed)


def danger(u: Unit, id: int, kind: str, level: str, code: str, words: str | None, key: int, said: datetime | None = None) -> None:
    """Append what brought danger to an alert (one of `DANGERS`), with its own level, and when it was said if that was long before."""
    note(u, id, kind, code=code, words=words, key=key)
    note(u, id, LEVEL, code=level)
    if said is not None and u.now - said >= HEARD_LATE:
        note(u, id, SAID, code=said.isoformat())


def receipt(u: Unit, id: int, to: int | None, channel: str) -> None:
    """A page to this person, or to the clinic, was accepted by this channel."""
    note(u, id, RECEIPT, by=to, code=channel)


def receipts(u: Unit, id: int) -> list[EventRow]:
    """Which channel took a page when, oldest first. Accepted is not read."""
    return [event for event in _events(u, id) if event.kind == RECEIPT]


def events(u: Unit, id: int) -> list[EventRow]:
    """What the patient, staff and the ladder did, oldest first."""
    return [event for event in _events(u, id) if event.kind != RECEIPT]


def _events(u: Unit, id: int) -> list[EventRow]:
    rows = u.all(select(EVENTS).where(EVENTS.c.escalation_id == id).order_by(EVENTS.c.id))
    return [EventRow(row.at, row.kind, row.by, row.code) for row in rows]


def last_danger(u: Unit, id: int) -> tuple[int, datetime]:
    """Which event brought the newest danger of this alert, and when: whoever knows an earlier one knows too little."""
    row = u.one(DANGER, escalation=id)
    return (row.id, row.at) if row is not None else (0, u.now)


def words(u: Unit, id: int, key: int) -> list[tuple[datetime, str]]:
    """What the patient wrote, oldest first, as far as it opens. The caller audits the look."""
    rows = u.all(select(EVENTS).where(EVENTS.c.escalation_id == id, EVENTS.c.words.is_not(None)).order_by(EVENTS.c.id))
    found = [(row.at, u.opened(key, "escalation_event.words", row.id, row.words)) for row in rows]
    return [(at, words) for at, words in found if words is not None]


def on_call(u: Unit) -> dict[str, list[int]]:
    """Who holds each position now: active staff only, oldest duty first."""
    rows = u.all(
        select(ON_CALL.c.position, ON_CALL.c.person_id)
        .join(PEOPLE, PEOPLE.c.id == ON_CALL.c.person_id)
        .where(PEOPLE.c.status == "active", PEOPLE.c.role == "staff")
        .where(ON_CALL.c.since <= u.now, (ON_CALL.c.until.is_(None)) | (ON_CALL.c.until > u.now))
        .order_by(ON_CALL.c.id)
    )
    holders: dict[str, list[int]] = {position: [] for position in POSITIONS}
    for row in rows:
        if row.person_id not in holders[row.position]:
            holders[row.position].append(row.person_id)
    return holders


def release(u: Unit, position: str, who: PersonCard) -> bool:
    """Take one person out of a position. False when they do not hold it."""
    held = (ON_CALL.c.position == position) & (ON_CALL.c.person_id == who.id) & ((ON_CALL.c.until.is_(None)) | (ON_CALL.c.until > u.now))
    return bool(u.run(update(ON_CALL).where(held).values(until=u.now)).rowcount)


def release_all(u: Unit, who: PersonCard) -> list[str]:
    """Take one person out of every position; returns those they held."""
    return [position for position in POSITIONS if release(u, position, who)]


def set_on_call(u: Unit, position: str, who: PersonCard) -> None:
    """Put one person in a position from now on; whoever held it is released."""
    held = select(ON_CALL.c.id).where(ON_CALL.c.position == position, ON_CALL.c.until.is_(None))
    for row in u.all(held):
        u.set(OnCall, row.id, until=u.now)
    u.add(OnCall, position=position, person_id=who.id, since=u.now)
