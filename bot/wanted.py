"""What was posted is looked at again as it leaves: who may see it, whether it still holds, and whether it is too late."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from safety import duty
from storage import calm, contacts, escalations, notes, people, series
from storage.outbox import ESCALATION, Claimed, Waiting
from storage.outbox_rows import LEASED, OUTBOX, READY, SAID_ANEW
from storage.store import Unit, table
from storage.tables import Due


def unwanted(u: Unit, row: Waiting, taken: Claimed) -> str | None:
    """Why a row that is about to leave is not sent after all, or None."""
    if taken.send_by is not None and u.now > taken.send_by:
        return "late"
    chat = people.chat(u, row.chat)
    if not chat.reachable and row.lane > ESCALATION:
        return "unreachable"
    if not taken.wanted:
        return None
    kind, _, rest = taken.wanted.partition(":")
    if kind == "consent" and chat.person is not None and (reason := _untimely(u, chat.person)):
        return reason  # it was put there before the danger was heard
    if kind == "escalation":
        id, _, while_ = rest.partition(":")
        if escalations.state(u, int(id)) not in (("ACKED", "CONTACTED") if while_ == "held" else ("OPEN", "EXHAUSTED")):
            return "answered"
        holder = people.person(u, chat.person) if chat.person is not None else None
        if holder is None or not holder.active or holder.role != "staff":
            return "not_entitled"
        return _said_anew(u, row) if while_ != "held" else None
    if kind == "concern":
        return None if notes.about(u, int(rest)) is not None else "seen"
    if kind == "contact":
        return _said_anew(u, row) if contacts.is_on(u, int(rest)) else "no_consent"
    if kind == "uncovered" and duty.cover_starts(u) is None:
        return "overtaken"
    if kind in ("state", "uncovered"):
        id, _, state = rest.partition(":")
        return _said_anew(u, row) if escalations.state(u, int(id)) == state else "overtaken"
    if kind == "open":
        return "over" if escalations.state(u, int(rest)) in (None, "CLOSED") else None
    if kind == "due":
        slot = u.one(select(table(Due).c.state).where(table(Due).c.slot == rest))
        return None if slot is not None and slot.state == "ready" else "over"
    if kind in ("consent", "care"):
        holder = people.person(u, chat.person) if chat.person is not None else None
        return None if holder is not None and holder.active and rest in people.consents(u, holder.id) else "no_consent"
    if kind == "session":
        each = series.occurrence(u, *_session(rest))
        holder = people.person(u, chat.person) if chat.person is not None else None
        if each is None or each.cancelled:
            return "cancelled"
        return None if holder is not None and holder.active and "program" in people.consents(u, holder.id) else "no_consent"
    return "unknown_condition"


def waits(u: Unit, chat: int, condition: str) -> bool:
    """Whether a message to this chat has yet to leave under this condition. With an OR, SQLite would go through all that waits."""
    to_go = (READY & (OUTBOX.c.chat_id == chat), LEASED & OUTBOX.c.lease_until.is_not(None))
    return any(u.one(select(OUTBOX.c.id).where(each, OUTBOX.c.wanted == condition).limit(1)) is not None for each in to_go)


def _said_anew(u: Unit, row: Waiting) -> str | None:
    """Why what waited while nothing could be sent is not: the ladder has said the same again since, with the minutes of then. Else a whole
    outage of "nobody has answered yet" would come at once."""
    return "overtaken" if u.one(SAID_ANEW, row=row.id) is not None else None


def _untimely(u: Unit, person: int) -> str | None:
    """Why nothing cheerful is said to this person now, or None."""
    if escalations.any_open(u, person):
        return "escalation"
    return "calm" if calm.holds(u, person) else None


def _session(key: str) -> tuple[int, date]:
    """"<series>:<local date>", as `storage.sessions.wanted` writes it."""
    about, _, day = key.partition(":")
    return int(about), date.fromisoformat(day)
