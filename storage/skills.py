"""Skills that were done, and the medical answers that decide which cards may be offered."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from storage.people import PersonCard
from storage.store import Unit, table
from storage.tables import SkillGate, SkillUse

GATES = table(SkillGate)

ASK_AGAIN = timedelta(days=90)
"""How long an answer to a medical question counts; people's health changes."""


def save_use(u: Unit, who: PersonCard, card: str, scale: str, before: int | None, after: int | None, status: str, at: datetime) -> int:
    """A use of a card, at the instant it was said to be over. `scale` is "craving" or "distress", both 0-10."""
    return u.add(
        SkillUse,
        person_id=who.id,
        card=card,
        scale=scale,
        before=before,
        after=after,
        status=status,
        at=at,
        local_date=at.astimezone(ZoneInfo(who.zone)).date(),
    )


def save_gate(u: Unit, who: PersonCard, gate: str, answer: str) -> int:
    """Earlier answers stay as history."""
    return u.add(SkillGate, person_id=who.id, gate=gate, answer=answer, at=u.now)


def gates(u: Unit, who: PersonCard) -> dict[str, str]:
    """The newest answer to each medical question that still counts. "unsure" never counts for long: it is asked again."""
    rows = u.all(select(GATES).where(GATES.c.person_id == who.id, GATES.c.at > u.now - ASK_AGAIN).order_by(GATES.c.at, GATES.c.id))
    newest = {row.gate: row.answer for row in rows}
    return {gate: answer for gate, answer in newest.items() if answer != "unsure"}
