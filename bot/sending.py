"""One outbox row on its way: claimed and checked again, sent by whoever was given the means, and how it ended put down.

Telegram gives bots no delivery receipt: "sent" means accepted by Telegram, never read. A time-out is not a failure but a
doubt: crisis lanes are sent again, marked as a repeat with their reference; the rest is not.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot import contact_missed, letters
from bot.frames import frame
from bot.log import get
from bot.prompting import say_anew
from bot.wanted import unwanted
from content.library import load
from safety import pager
from storage import due, escalations, inbox, notes, outbox, people
from storage.outbox import ESCALATION, Claimed, Waiting
from storage.seal import SealBroken, WrongMaster
from storage.store import Unit, table
from storage.tables import Outbox

log = get("bot.sending")

LEASE = timedelta(seconds=20)
"""Longer than it may take until a request begins and ends, so that a lease never runs out under one that is still on its way."""
REQUEST = timedelta(seconds=9.5)
"""The longest a request may last in all."""
DOUBT_AGAIN = timedelta(seconds=2)
CRISIS_RETRY = timedelta(seconds=3)
DOUBTS = 5
"""So often a change of a message is tried when nobody knows whether Telegram had it."""
SAFE_AT_MOST, SAFE_FOR = timedelta(seconds=32), timedelta(days=1)
"""What certainly never left is tried again and again: the longest pause, and for how long where it has no `send_by`."""
DOUBT = "in_doubt"


@dataclass(frozen=True)
class Accepted:
    """Telegram took it. `message_id` is that of a new message."""

    message_id: int | None = None


@dataclass(frozen=True)
class Wait:
    """429: nothing of this scope before `seconds` are over."""

    seconds: float
    everywhere: bool = False


@dataclass(frozen=True)
class Refused:
    """400: it will never be taken as it is."""

    reason: str


@dataclass(frozen=True)
class Gone:
    """403: this chat can't be reached any more."""


@dataclass(frozen=True)
class Doubt:
    """Time-out, reset or 5xx: Telegram may or may not have it. `safe` when it certainly was not taken (no connection)."""

    safe: bool = False


Result = Accepted | Wait | Refused | Gone | Doubt


def claim(u: Unit, row: Waiting, owner: str) -> Claimed | None:
    """Take a row under lease if it is still wanted; else record why it was dropped and return None."""
    try:
        with u.savepoint():
            return _claim(u, row, owner)
    except WrongMaster:
        raise  # the fault is this process's own: it has to be started again
    except SealBroken:
        _unreadable(u, row)
        return None


def _claim(u: Unit, row: Waiting, owner: str) -> Claimed | None:
    taken = outbox.claim(u, row.id, owner, u.now + LEASE)
    if taken is None:
        return None
    reason = unwanted(u, row, taken)
    if reason is not None and reason != "unreachable" and taken.kind == "edit" and taken.message_id is not None:
        return replace(taken, kind="strip", payload={"keyboard": []}, ref=None)  # the strip it took the place of is owed still
    if reason is not None:
        outbox.finish(u, row.id, taken.attempt, "dropped", reason=reason)
        if reason == "late":
            contact_missed.missed(u, row.id, taken.wanted, reason)
            say_anew(u, row.id)
        return None
    if taken.kind in ("edit", "strip", "frame") and taken.target is not None and taken.message_id is None:
        return _without_message(u, taken)
    if taken.kind == "frame":
        return _drawn(u, taken)
    return taken


def record(u: Unit, row: Claimed, result: Result) -> None:
    """Put down how it ended, and what follows from that."""
    match result:
        case Accepted(message_id):
            _accepted(u, row, message_id)
        case Wait(seconds):
            outbox.put_back(u, row.id, row.attempt, u.now + timedelta(seconds=seconds), reason="429")
        case Refused(reason):
            outbox.finish(u, row.id, row.attempt, "dead", reason=reason[:60])
            if row.kind == "send":
                _tell_staff(u, row, "refused")
                letters.refused(u, row.id, "refused")
                _tell_the_others(u, row)
        case Gone():
            outbox.finish(u, row.id, row.attempt, "dead", reason="403")
            if not inbox.heard_since(u, row.chat, row.claimed_at):  # else they have come back since, and are not blocking us
                people.set_reachable(u, row.chat, False)
            _tell_staff(u, row, "blocked")
            letters.refused(u, row.id)
            _next_channel(u, row)
            _tell_the_others(u, row)
        case Doubt(safe):
            _doubt(u, row, safe)


def card_again_in(result: Result) -> timedelta | None:
    """How long until a row of a crisis lane that ended so is tried again; None when it is over."""
    match result:
        case Wait(seconds):
            return timedelta(seconds=seconds)
        case Doubt(safe):
            return CRISIS_RETRY if safe else DOUBT_AGAIN
    return None


def rescue_leases(u: Unit, *, alone: bool = False) -> int:
    """Rows whose holder died in the middle: crisis lanes go again as repeats, what only changes a message goes again as it is,
    the rest is recorded as unknown. `alone`: no other process sends, so that nothing has to wait until its lease is over."""
    expired = outbox.expired_leases(u, alone=alone)
    for row in expired:
        if row.lane <= ESCALATION and not row.repeatable:
            _mark_repeat(u, row.id)
        if row.lane <= ESCALATION or row.repeatable:
            outbox.put_back(u, row.id, row.attempt, u.now, reason="lease")
        else:
            outbox.finish(u, row.id, row.attempt, "unknown", reason="lease")
            _tell_of_doubt(u, row.chat)
    return len(expired)


def _unreadable(u: Unit, row: Waiting) -> None:
    """Words nobody can open, or a person whose row can't be, must not hold up what waits behind them."""
    if outbox.end_unreadable(u, row.id):
        log.critical("sending.sealed", row=row.id, lane=row.lane)
        notes.add(u, people.chat(u, row.chat).person, "undelivered", "sealed")
        with suppress(SealBroken), u.savepoint():
            letters.refused(u, row.id, "refused")


def _without_message(u: Unit, row: Claimed) -> Claimed | None:
    """The message to be edited has not been sent (yet): wait for it, or become it when it never will be."""
    state = outbox.state_of(u, row.target) if row.target is not None else None
    if state is not None and state[0] in ("ready", "leased"):
        outbox.put_back(u, row.id, row.attempt, u.now + timedelta(milliseconds=200), reason="waits")
        return None
    if row.kind != "edit":
        outbox.finish(u, row.id, row.attempt, "dropped", reason="no_message")
        return None
    return replace(row, kind="send")


def _drawn(u: Unit, row: Claimed) -> Claimed | None:
    text, _ = frame(row.payload, u.now)
    return replace(row, kind="edit", payload={"text": text, "keyboard": row.payload["keyboard"], "plan": row.payload})


def _accepted(u: Unit, row: Claimed, message_id: int | None) -> None:
    plan = row.payload.get("plan")
    following = frame(plan, u.now)[1] if plan else None
    if plan and following is not None:
        outbox.put_back(u, row.id, row.attempt, following)
        if row.target is not None:
            outbox.overtake(u, row.target, row.id)
        return
    done = outbox.finish(u, row.id, row.attempt, "sent", message_id=message_id) or outbox.finish_late(u, row.id, row.attempt, message_id)
    if done:
        _receipt(u, row)
    if row.target is not None and message_id is not None:
        u.set(Outbox, row.target, message_id=message_id)


def _receipt(u: Unit, row: Claimed) -> None:
    """A page was accepted: staff can see when, on the page itself. The one page for all is one of each alert it names; where it was brought
    up to date, of those they had not been paged for."""
    kind, _, about = (row.wanted or "").partition(":")
    if kind == "escalation" and row.ref is not None:
        escalations.receipt(u, int(about.partition(":")[0]), people.chat(u, row.chat).person, "telegram")
    elif row.lane == ESCALATION and not kind:
        to = people.chat(u, row.chat).person
        for id in letters.page_for_all(u, row.target or row.id):
            if row.target is None or not any(each.by == to for each in escalations.receipts(u, id)):
                escalations.receipt(u, id, to, "telegram")


def _doubt(u: Unit, row: Claimed, safe: bool) -> None:
    if row.lane <= ESCALATION:
        if not safe:
            _mark_repeat(u, row.id)
        again, reason = (CRISIS_RETRY, "unconnected") if safe else (DOUBT_AGAIN, "doubt")
        outbox.put_back(u, row.id, row.attempt, u.now + again, reason=reason)
    elif "plan" in row.payload and (following := frame(row.payload["plan"], u.now)[1]) is not None:
        outbox.put_back(u, row.id, row.attempt, following, reason="skipped")
    elif safe and (row.send_by is not None or u.now - row.created_at < SAFE_FOR):  # past its send_by the claim drops it
        pause = min(timedelta(seconds=2 ** min(row.attempt, 10)), SAFE_AT_MOST)
        outbox.put_back(u, row.id, row.attempt, u.now + pause, reason="unconnected")
    elif not safe and row.kind != "send" and row.doubts + 1 < DOUBTS:
        outbox.put_back(u, row.id, row.attempt, u.now + timedelta(seconds=2 ** (row.doubts + 1)), reason="doubt")
    else:
        outbox.finish(u, row.id, row.attempt, "unknown", reason="doubt")
        if row.kind == "send":
            _tell_of_doubt(u, row.chat)


def _mark_repeat(u: Unit, id: int) -> None:
    """Put "this may be a repeat" above a crisis message whose first sending is in doubt; once."""
    columns = table(Outbox)
    row = u.one(select(columns.c.channel, columns.c.chat_id, columns.c.payload, columns.c.ref, columns.c.content).where(columns.c.id == id))
    assert row is not None
    if row.channel != "telegram":
        letters.mark_repeat(u, id)
        return
    key = people.chat(u, row.chat_id).key
    try:
        payload: dict[str, Any] = u.open_json(key, "outbox.payload", id, row.payload)
    except SealBroken:
        return  # it ends when it is claimed
    if payload.get("repeat") or "text" not in payload:
        return
    words = load("en")
    mark = words.text("crisis.repeat_of", ref=row.ref) if row.ref else words.text("crisis.repeat")
    payload |= {"repeat": True, "text": f"{mark}\n\n{payload['text']}"[:4096]}
    item = words.item("crisis.repeat_of" if row.ref else "crisis.repeat")
    u.set(Outbox, id, payload=u.seal(key, "outbox.payload", id, payload), content=f"{row.content} {item.id}@{item.version}")


def _tell_staff(u: Unit, row: Claimed, code: str) -> None:
    if not contact_missed.missed(u, row.id, row.wanted, code):
        notes.add(u, people.chat(u, row.chat).person, "undelivered", code)


def _tell_of_doubt(u: Unit, chat: int | None) -> None:
    """A message that may not have arrived and is not repeated. One line for a person until somebody has seen it."""
    who = people.chat(u, chat).person if chat is not None else None
    if who is not None and not notes.waits(u, who, "undelivered", DOUBT):
        notes.add(u, who, "undelivered", DOUBT)


def _next_channel(u: Unit, row: Claimed) -> None:
    """A page that can't be delivered: the ladder's next step is due at once. Not when it waits for somebody to be on duty, and not when
    everybody has been paged, exhausted or not: no other is left to page, and they have their time to answer."""
    kind, _, rest = (row.wanted or "").partition(":")
    for id in [int(rest.partition(":")[0])] if kind == "escalation" else letters.page_for_all(u, row.id):
        _step_now(u, id)


def _step_now(u: Unit, id: int) -> None:
    escalation = escalations.get(u, id)
    if escalation is None or pager.waits_for_cover(u, escalation) or pager.waits_for_answer(escalation):
        return
    if escalation.state == "OPEN" and escalation.next_at is not None:
        after = escalations.save(u, escalation, next_at=u.now)
        due.cancel(u, "escalation", escalation.id, "moved")
        due.plan(u, "escalation", escalation.id, f"escalation:{escalation.id}:{after.version}", u.now, chat=escalation.chat)


def _tell_the_others(u: Unit, row: Claimed) -> None:
    """A word about a concern that can't be delivered: everyone on call is told now, and not only in four hours. Once for each concern."""
    kind, _, note = (row.wanted or "").partition(":")
    for waits in due.planned(u, "concern_unread", int(note))[:1] if kind == "concern" else ():
        due.plan(u, waits.kind, waits.subject, f"{waits.kind}:{note}:others", u.now, chat=waits.chat, **waits.args)
