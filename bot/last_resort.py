"""When even the ladder raises: the card, and an alarm to everyone on call and by mail. Nothing is looked up that is not needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot import danger, letters
from bot.apart import attempt
from bot.event import Event
from bot.log import get
from bot.sitting import Sitting
from safety import duty
from storage import inbox, notes, outbox, people
from storage.inbox import Received
from storage.people import PEOPLE
from storage.store import Unit

log = get("bot.last_resort")


def card_and_alarm(u: Unit, row: Received) -> None:
    """What cannot be taken as it should is set aside, and each part of this goes though another fails."""
    inbox.quarantine(u, row.id, "last_resort", "high")
    notes.add(u, row.chat.person, "quarantine", "last_resort")
    code, country = _in_clear(u, row)
    said = _apart(u, lambda: card(u, row, country))
    words = "page.ladder_broken" if said else "page.ladder_broken_no_card"
    at = Sitting(u, row.chat, None, row.id, Event("other", 0), row.received_at)
    for holder in _to_alarm(u):
        _apart(u, partial(_alarm, at, holder, words, code))
    # no ladder says it again, and Telegram may take it for nobody
    _apart(u, lambda: letters.notice(u, "mail.unpaged", f"unpaged:{row.id}", "paging_failed", row.received_at))


def card(u: Unit, row: Received, country: str = "US") -> None:
    """The card that needs nobody's row."""
    s = Sitting(u, row.chat, None, row.id, Event("other", 0), row.received_at)
    s.post(danger.fill(s.draft(), "crisis.memory", danger.Lines.of(country)), lane=outbox.CRISIS, dedupe=f"card:{row.id}")


def _alarm(s: Sitting, holder: int, words: str, code: str) -> None:
    at = s.of(holder)
    if at is None:
        notes.add(s.u, s.chat.person, "ladder", "no_chat")
    else:
        at.say(words, lane=outbox.ESCALATION, dedupe=f"broken:{s.source}:{holder}", code=code, time=f"{at.local:%H:%M}")


def _in_clear(u: Unit, row: Received) -> tuple[str, str]:
    """The code and the country of whoever wrote; nothing is unsealed for them."""
    known = u.one(select(PEOPLE.c.code, PEOPLE.c.country).where(PEOPLE.c.id == row.chat.person))
    return (known.code, known.country) if known is not None else ("?", "US")


def _apart(u: Unit, run: Callable[[], None]) -> bool:
    """One part of the last resort, so that no other part goes with it. Whether it went well."""
    fault = attempt(u, run)
    if fault is not None:
        log.critical("last_resort", fault=type(fault).__name__, exc_info=fault)
    return fault is None


def _to_alarm(u: Unit) -> list[int]:
    """Whoever is on call and can be reached; when even that cannot be found out, all staff who agreed to be paged."""
    try:
        with u.savepoint():
            return list(dict.fromkeys(person for held in duty.to_page(u).values() for person in held))
    except SQLAlchemyError:
        raise
    except Exception as fault:
        log.critical("last_resort.rota", fault=type(fault).__name__, exc_info=fault)
        staff = u.all(select(PEOPLE.c.id).where(PEOPLE.c.role == "staff", PEOPLE.c.status == "active"))
        return [who.id for who in staff if "paged" in people.consents(u, who.id)]
