"""Due times that become turns: a timer that ends, a talk that expires, the next rung of a ladder. Other rooms add theirs."""

from __future__ import annotations

from datetime import timedelta

from bot import danger, talk, wanted
from bot.event import Event
from bot.flow import Given
from bot.log import get
from bot.registry import CLINIC_DUES, DUES, RECURRING, due
from bot.sitting import Sitting
from safety import pager
from safety.moves import Tell
from safety.pager import Paged
from storage import due as dues
from storage import escalations, notes, people, talks
from storage.due import DueRow
from storage.store import Unit

log = get("bot.dues")

CHORES = ("audit", "retention", "weekly", "backup", "forgotten")
"""Kinds that are not turns: they run outside one, under a lease (`bot.clock`)."""


def fire(u: Unit, row: DueRow) -> None:
    """Take one due row as a turn. A row past its `send_by` is recorded as dropped, whatever it was."""
    _follow(u, row)
    if row.send_by is not None and u.now > row.send_by:
        dues.dropped(u, row.id, "late")
        return
    if row.kind in CLINIC_DUES:
        dues.done(u, row.id)
        CLINIC_DUES[row.kind](u, row)
        return
    if row.kind not in DUES:
        dues.dropped(u, row.id, "unknown")
        log.error("due.unknown", kind=row.kind)
        return
    if row.kind in ("escalation", pager.OUTCOME):
        escalations.get(u, row.subject)  # locked before its due row is written, in the order of whoever answers the page
    dues.done(u, row.id)
    if row.chat is None:
        return
    chat = people.chat(u, row.chat)
    who = people.person(u, chat.person) if chat.person is not None else None
    DUES[row.kind](Sitting(u, chat, who, row.id, Event("due", 0), u.now), row)


def _follow(u: Unit, row: DueRow) -> None:
    if row.kind in RECURRING:
        RECURRING[row.kind](u, row)


@due("escalation")
def _escalation(s: Sitting, row: DueRow) -> None:
    untold = wanted.waits(s.u, s.chat.id, f"uncovered:{row.subject}:OPEN")
    paged = pager.step(s.u, row.subject)
    if paged is None:
        return
    danger.perform(s, paged)
    if untold and paged.row.state == "OPEN" and not pager.waits_for_cover(s.u, paged.row):  # that nobody is on call is not said any more
        danger.perform(s, Paged(paged.row, (Tell("opened"),)))


@due("timer")
def _timer(s: Sitting, row: DueRow) -> None:
    waiting = talks.waiting(s.u, s.chat)
    if waiting is not None and waiting.id == row.subject:
        talk.take(s, waiting, Given("time", key=str(row.args["key"])))


@due("talk_expiry")
def _talk_expiry(s: Sitting, row: DueRow) -> None:
    old = talks.talk(s.u, s.chat, row.subject)
    if old is not None and old.state in ("waiting", "parked"):
        talk.close(s, old, "expired")


def failed(u: Unit, row: DueRow) -> None:
    """A due turn that raised: an escalation step is tried again in a minute, anything else is recorded as dropped."""
    notes.add(u, _whose(u, row), "quarantine", row.kind)
    if row.kind == "escalation":
        dues.move(u, row.id, u.now + timedelta(minutes=1))
    else:
        dues.dropped(u, row.id, "failed")
        _follow(u, row)


def _whose(u: Unit, row: DueRow) -> int | None:
    """Whom it was planned for, so that staff can look after them. A chat that is gone is nobody's; nothing is unsealed to tell."""
    try:
        return people.chat(u, row.chat).person if row.chat is not None else None
    except LookupError:
        return None


def set_aside(u: Unit, row: DueRow) -> None:
    """What comes after it cannot be planned either: staff are told that it has ended, and nobody is held up by it any more."""
    notes.add(u, None, "ended", row.kind)
    if row.kind == "escalation":
        dues.move(u, row.id, u.now + timedelta(minutes=1))
    else:
        dues.dropped(u, row.id, "failed")
