"""Something that may fail alone: done in a savepoint, so that what was done before it stays and what comes after it is done too."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError, StatementError

from storage.store import Unit


def attempt(u: Unit, take: Callable[[], object]) -> Exception | None:
    """Run inside a savepoint; what is wrong with the database goes through, any other exception is handed back."""
    try:
        with u.savepoint():
            take()
    except SQLAlchemyError as fault:
        if not of_the_row(fault):
            raise
        return fault
    except Exception as fault:
        return fault
    return None


def of_the_row(fault: SQLAlchemyError) -> bool:
    """What the database will never take: trying again would hold up everybody behind it. The savepoint has undone it."""
    if isinstance(fault, DBAPIError):
        return isinstance(fault, IntegrityError | DataError | ProgrammingError)
    return isinstance(fault, StatementError)
