"""Taking turns: up to 64 ready events in one transaction, humans before due times, a savepoint each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError, StatementError

from bot import acts, dues, turn
from bot.dues import CHORES
from bot.log import get
from storage import due, inbox
from storage.due import DueRow
from storage.inbox import Received
from storage.store import Store, Unit

log = get("bot.worker")
GROUP = 64

__all__ = ["GROUP", "acts", "take_group"]


def take_group(store: Store, now: datetime, limit: int = GROUP) -> int:
    """Take what is ready, at most `limit` events; returns how many. Raises only what the database raises.

    If the engine gave up the whole transaction, the group is taken again one by one, so that one bad event costs itself.
    """
    try:
        with store.unit(now, "worker") as u:
            return _take(u, limit)
    except SQLAlchemyError:
        if limit == 1:
            raise
    with store.unit(now, "worker_one") as u:
        return _take(u, 1)


def _take(u: Unit, limit: int) -> int:
    rows = inbox.ready(u, limit)
    for place, row in enumerate(rows):
        _guarded(u, row if place == 0 else inbox.as_it_stands(u, row))
    due_rows = due.ready(u, limit - len(rows), kinds=CHORES)
    for due_row in due_rows:
        _guarded_due(u, due_row)
    return len(rows) + len(due_rows)


def _guarded(u: Unit, row: Received) -> None:
    fault = _try(u, lambda: turn.take(u, row))
    if fault is None:
        return
    log.error("turn.failed", inbox=row.id, fault=type(fault).__name__, exc_info=fault)
    again = _try(u, lambda: turn.rescue(u, row, type(fault).__name__))
    if again is not None:
        log.critical("turn.rescue_failed", inbox=row.id, fault=type(again).__name__, exc_info=again)
        last = _try(u, lambda: turn.last_resort(u, row))
        if last is not None:
            log.critical("turn.lost", inbox=row.id, fault=type(last).__name__, exc_info=last)
            inbox.quarantine(u, row.id, "lost", "high")


def _guarded_due(u: Unit, row: DueRow) -> None:
    fault = _try(u, lambda: dues.fire(u, row))
    if fault is not None:
        log.error("due.failed", due=row.id, kind=row.kind, fault=type(fault).__name__, exc_info=fault)
        _try(u, lambda: dues.failed(u, row))


def _try(u: Unit, take: Callable[[], None]) -> Exception | None:
    """Run inside a savepoint; what is wrong with the database goes through, any other exception is handed back."""
    try:
        with u.savepoint():
            take()
    except SQLAlchemyError as fault:
        if not _of_the_row(fault):
            raise
        return fault
    except Exception as fault:
        return fault
    return None


def _of_the_row(fault: SQLAlchemyError) -> bool:
    """What the database will never take: trying again would hold up everybody behind it. The savepoint has undone it."""
    if isinstance(fault, DBAPIError):
        return isinstance(fault, IntegrityError | DataError | ProgrammingError)
    return isinstance(fault, StatementError)
