"""The auditor: proves every minute that each open escalation has its next step in time, and repairs what it can."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from storage import due, escalations, notes
from storage.escalations import EscalationRow
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
    for seen in rows:
        if _sound(u, seen):
            continue
        row = escalations.get(u, seen.id)  # once more, now locked: another process may be in the middle of its step
        if row is None or _sound(u, row):
            continue
        at = row.next_at if row.next_at is not None else u.now
        saved = escalations.save(u, row, next_at=at)
        due.plan(u, "escalation", row.id, f"escalation:{row.id}:{saved.version}", at, chat=row.chat)
        notes.add(u, row.person, "ladder", "repaired")
        repaired += 1
    return Findings(len(rows), repaired)


def _sound(u: Unit, row: EscalationRow) -> bool:
    """Whether nobody waits for it, or its next step is planned."""
    planned = u.one(select(DUE.c.id).where(DUE.c.kind == "escalation", DUE.c.subject == row.id, DUE.c.state == "ready"))
    return row.state not in WAITING or (planned is not None and row.next_at is not None)
