"""Taking turns: up to 64 ready events in one transaction, humans before due times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot import acts, dues, last_resort, turn
from bot.apart import attempt, of_the_row
from bot.dues import CHORES
from bot.log import get
from storage import claims, due, floor, inbox
from storage.conflicts import again_on_conflict
from storage.due import DueRow
from storage.engine import shared
from storage.inbox import Received
from storage.store import Store, Unit

log = get("bot.worker")
GROUP = 64
CHATS = 32
"""Chats in one transaction on PostgreSQL, when nobody is in the way."""

Heard = Callable[[Unit, Received], None]
CameDue = Callable[[Unit, DueRow], None]
Take = Callable[[Unit, int, Heard, CameDue], int]
"""Takes at most so many events of a unit, what was heard and what came due each in its way."""

__all__ = ["GROUP", "acts", "take_group"]


def take_group(store: Store, now: datetime, limit: int = GROUP) -> int:
    """Take what is ready, at most `limit` events; returns how many. Raises only what the database raises.

    First all in one go. If anything raises, nothing of it was, and the group is taken again with a savepoint for each event; if the
    engine gives up, one by one: so one bad event costs itself, and good ones pay for no savepoint.
    """
    if shared(store.engine):
        return _take_chats(store, now, limit)
    try:
        return _take_at_once(store, now, limit, _take)
    except Exception as fault:  # it will be heard of when it raises again
        locked = isinstance(fault, SQLAlchemyError) and not of_the_row(fault)
    return _transact(store, now, 1, _take, "worker_one") if locked else _transact(store, now, limit, _take)


def _take_chats(store: Store, now: datetime, limit: int) -> int:
    """Where several workers serve one database: a few chats in a transaction, until `limit` or until none is free.

    Chat by chat from the moment on when somebody else is in the way or anything raised.
    """
    taken, together = 0, True
    while taken < limit:
        count = _take_several(store, now, limit - taken) if together else None
        if count is None:
            together = False
            count = _transact(store, now, limit - taken, _take_held)
        if not count:
            break
        taken += count
    return taken


def _take_at_once(store: Store, now: datetime, limit: int, take: Take) -> int:
    """With no savepoint. Whatever it raises, nothing of it was."""
    with store.unit(now, "worker") as u:
        u.wait_briefly()
        return take(u, limit, turn.take, dues.fire)


def _take_several(store: Store, now: datetime, limit: int) -> int | None:
    """None when this could not be done; what raised it will be heard of when it is taken again."""
    try:
        return _take_at_once(store, now, limit, partial(_take_held, chats=CHATS))
    except Exception:
        return None


def _transact(store: Store, now: datetime, limit: int, take: Take, where: str = "worker") -> int:
    def transact(limit: int, where: str) -> int:
        with store.unit(now, where) as u:
            return take(u, limit, _guarded, _guarded_due)

    try:
        return again_on_conflict(lambda: transact(limit, where))
    except SQLAlchemyError:
        if limit == 1:
            raise
    return transact(1, "worker_one")


def _take_held(u: Unit, limit: int, heard: Heard, came_due: CameDue, chats: int = 1) -> int:
    """The events of that many chats. Zero only when there is nothing for this worker to do."""
    while held := claims.chats(u, min(chats, limit)):
        floor.foresee(u)
        rows = inbox.ready(u, limit, held)
        floor.go_on(u)  # what this chat was told before, by whichever process, has smaller ids than what it is told now
        count = _take_rows(u, rows, due.of_chats(u, held, limit - len(rows)), heard, came_due)
        if count:
            return count
    return _take_rows(u, [], due.ready(u, limit, kinds=CHORES), heard, came_due)


def _take(u: Unit, limit: int, heard: Heard, came_due: CameDue) -> int:
    rows = inbox.ready(u, limit)
    return _take_rows(u, rows, due.ready(u, limit - len(rows), kinds=CHORES), heard, came_due)


def _take_rows(u: Unit, rows: list[Received], due_rows: list[DueRow], heard: Heard, came_due: CameDue) -> int:
    for row in rows:
        heard(u, row)
    for due_row in due_rows:
        came_due(u, due_row)
    return len(rows) + len(due_rows)


def _guarded(u: Unit, row: Received) -> None:
    fault = attempt(u, lambda: turn.take(u, row))
    if isinstance(fault, IntegrityError):  # perhaps another process got there first; by now its rows can be seen
        fault = attempt(u, lambda: turn.take(u, row))
    if fault is None:
        return
    log.error("turn.failed", inbox=row.id, fault=type(fault).__name__, exc_info=fault)
    again = attempt(u, lambda: turn.rescue(u, inbox.as_it_stands(u, row), type(fault).__name__))
    if again is not None:
        log.critical("turn.rescue_failed", inbox=row.id, fault=type(again).__name__, exc_info=again)
        last = attempt(u, lambda: last_resort.card_and_alarm(u, inbox.as_it_stands(u, row)))
        if last is not None:
            log.critical("turn.lost", inbox=row.id, fault=type(last).__name__, exc_info=last)
            inbox.quarantine(u, row.id, "lost", "high")
            attempt(u, lambda: last_resort.card(u, row))


def _guarded_due(u: Unit, row: DueRow) -> None:
    fault = attempt(u, lambda: dues.fire(u, row))
    if fault is not None:
        log.error("due.failed", due=row.id, kind=row.kind, fault=type(fault).__name__, exc_info=fault)
        again = attempt(u, lambda: dues.failed(u, row))
        if again is not None:
            log.critical("due.set_aside", due=row.id, kind=row.kind, fault=type(again).__name__, exc_info=again)
            dues.set_aside(u, row)
