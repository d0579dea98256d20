"""When two processes get in each other's way, PostgreSQL undoes one of them, and that one simply tries again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
TRIES = 5
CONFLICTS = ("40001", "40P01", "55P03")
"""Serialisation failure, deadlock, a lock that was not to be had (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def is_conflict(fault: BaseException) -> bool:
    return isinstance(fault, DBAPIError) and getattr(fault.orig, "sqlstate", None) in CONFLICTS


def again_on_conflict(work: Callable[[], T]) -> T:
    """Do `work`, a whole transaction, at most `TRIES` times. Raises what it raises but for conflicts, and the last of those."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except DBAPIError as fault:
            if not is_conflict(fault):
                raise
    return work()
