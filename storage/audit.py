"""Who did or read what, and why: append-only and hash-chained per subject, so that an edited or missing row shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from storage.store import Unit, table
from storage.tables import Audit
from storage.upsert import insert_once

AUDIT = table(Audit)


@dataclass(frozen=True)
class AuditRow:
    at: datetime
    actor: str
    action: str
    object: str
    reason: str


def record(u: Unit, subject: int, actor: str, action: str, object: str = "", reason: str = "") -> None:
    """Add one line about `subject` (a person's id). `actor` is a person's code or "between"; never any content."""
    while not _record(u, subject, at=u.now, actor=actor, action=action, object=object, reason=reason):
        pass  # another process took this position; its line is committed by now, and this one comes after it


def _record(u: Unit, subject: int, *, at: datetime, **words: str) -> bool:
    last = u.one(select(AUDIT.c.position, AUDIT.c.hash).where(AUDIT.c.subject == subject).order_by(AUDIT.c.position.desc()).limit(1))
    position, before = (last.position + 1, last.hash) if last else (1, b"")
    digest = _digest(before, subject, position, at, *words.values())
    return insert_once(u, Audit, id=u.new_id(), subject=subject, position=position, at=at, hash=digest, **words)


def history(u: Unit, subject: int, limit: int = 50) -> list[AuditRow]:
    """The newest lines about a person, newest first."""
    rows = u.all(select(AUDIT).where(AUDIT.c.subject == subject).order_by(AUDIT.c.position.desc()).limit(limit))
    return [AuditRow(row.at, row.actor, row.action, row.object, row.reason) for row in rows]


def first_break(u: Unit, subject: int) -> int | None:
    """The position at which the chain of a subject no longer holds, or None when it holds throughout."""
    before, expected = b"", 1
    for row in u.all(select(AUDIT).where(AUDIT.c.subject == subject).order_by(AUDIT.c.position)):
        if row.position != expected or row.hash != _digest(
            before, subject, row.position, row.at, row.actor, row.action, row.object, row.reason
        ):
            return expected
        before, expected = row.hash, expected + 1
    return None


def _digest(before: bytes, subject: int, position: int, at: datetime, *words: str) -> bytes:
    line = "\x1f".join((str(subject), str(position), at.astimezone(UTC).isoformat(), *words))
    return hashlib.sha256(before + line.encode()).digest()
