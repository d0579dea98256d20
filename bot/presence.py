"""One line on whether anybody is on call, and until or from when: only what the rota, the hours and the last exercise prove."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from bot.log import get
from bot.message import Draft
from bot.sitting import Sitting
from bot.when import moment
from safety import duty
from safety.duty import Presence
from storage import drills

log = get("bot.presence")


def add_to(draft: Draft, s: Sitting, *, paging: bool = False) -> None:
    """Put the line to a message for a patient. If it cannot be worked out it is left out: nothing in a crisis waits for it.

    paging: somebody is being paged for them and has not answered, so that somebody can be is no news and sounds like more.
    """
    try:
        with s.u.savepoint():
            seen, failed = duty.presence(s.u), _failed(s)
    except SQLAlchemyError:
        raise
    except Exception as fault:
        log.critical("presence.failed", fault=type(fault).__name__, exc_info=fault)
        return
    which = _which(seen, failed)
    if paging and which == "on":
        return
    zone = s.person.zone
    until = {"time": moment(draft, seen.changes, zone, s.u.now)} if seen.changes is not None else {}
    draft.add(f"presence.{which}{'_until' if until and seen.on else '_from' if until else ''}", **until)


def _which(seen: Presence, failed: bool) -> str:
    if not seen.on:
        return "off" if seen.ever else "never"
    return "unsure" if failed else "on"


def _failed(s: Sitting) -> bool:
    """Whether the last exercise was not answered in time: then more is not promised until one is."""
    last = drills.last(s.u)
    return last is not None and not last.passed
