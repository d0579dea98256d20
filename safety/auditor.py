"""The auditor: proves every minute that each open escalation has its next step in time, and repairs what it can."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from storage import due, escalations, notes
from storage.store import Unit, table
from storage.tables import Due

DUE = table(Due)
WAITING = ("OPEN", "ACKED", "EXHAUSTED")


@dataclass(frozen=True)
class Findings:
    """How many escalations are open, and how many had lost their next step and were given it back."""

    open: int
    repaired: int


def audit(u: Unit) -> Findings:
    """Each escalation that waits for a human has a next step that is planned; one that has none is due at once."""
    rows = escalations.all_open(u)
    repaired = 0
    for row in rows:
        if row.state not in WAITING:
            continue
        planned = u.one(select(DUE.c.id).where(DUE.c.kind == "escalation", DUE.c.subject == row.id, due.READY))
        if planned is not None and row.next_at is not None:
            continue
        at = row.next_at if row.next_at is not None else u.now
        saved = escalations.save(u, row, next_at=at)
        due.plan(u, "escalation", row.id, f"escalation:{row.id}:{saved.version}", at, chat=row.chat)
        notes.add(u, row.person, "ladder", "repaired")
        repaired += 1
    return Findings(len(rows), repaired)
