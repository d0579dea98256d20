"""Who did or read what, and why: append-only and hash-chained per subject, so that an edited or missing row shows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from storage.store import Unit, table
from storage.tables import Audit, AuditAnchor
from storage.upsert import insert_once

AUDIT, ANCHORS = table(Audit), table(AuditAnchor)
DISCHARGED = "person.discharged"
"""The action by which staff end a patient's time in the program."""
OVERLAP = 3_600_000 << 20
"""Row ids of one hour: processes whose clocks differ by less leave no line out of an anchor."""


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


def subjects(u: Unit) -> list[int]:
    return [row.subject for row in u.all(select(AUDIT.c.subject).distinct().order_by(AUDIT.c.subject))]


def anchor(u: Unit) -> str:
    """Put down where every chain that grew since the last anchor ends, and return the digest (hex) to be kept elsewhere too.

    A chain alone cannot show that its last lines were taken off; an anchor does, and the newest digest in a log or on paper shows
    that anchors were.
    """
    last = u.one(select(ANCHORS).order_by(ANCHORS.c.id.desc()).limit(1))
    since = last.upto - OVERLAP if last else 0
    rows = u.all(select(AUDIT.c.id, AUDIT.c.subject, AUDIT.c.position).where(AUDIT.c.id > since))  # a day's; grouped, SQLite reads all
    grown: dict[int, int] = {}
    for row in rows:
        grown[row.subject] = max(row.position, grown.get(row.subject, 0))
    heads = [[subject, position] for subject, position in sorted(grown.items())]
    upto = max([row.id for row in rows], default=last.upto if last else 0)
    digest = _anchored(u, last.digest if last else b"", heads)
    assert digest is not None  # every head was just read
    u.add(AuditAnchor, at=u.now, upto=upto, heads=json.dumps(heads), digest=digest)
    return digest.hex()


def broken_anchor(u: Unit) -> datetime | None:
    """When the first anchor was made that no longer holds: lines that were there then have been changed or taken off since."""
    before = b""
    for row in u.all(select(ANCHORS).order_by(ANCHORS.c.id)):
        if _anchored(u, before, json.loads(row.heads)) != row.digest:
            at: datetime = row.at
            return at
        before = row.digest
    return None


def _anchored(u: Unit, before: bytes, heads: list[list[int]]) -> bytes | None:
    found = hashlib.sha256(before)
    for subject, position in heads:
        row = u.one(select(AUDIT.c.hash).where(AUDIT.c.subject == subject, AUDIT.c.position == position))
        if row is None:
            return None
        found.update(f"{subject}:{position}:".encode() + row.hash)
    return found.digest()


def _digest(before: bytes, subject: int, position: int, at: datetime, *words: str) -> bytes:
    line = "\x1f".join((str(subject), str(position), at.astimezone(UTC).isoformat(), *words))
    return hashlib.sha256(before + line.encode()).digest()
