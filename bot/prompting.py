"""Speaking first: when a prompt may be put before a patient, and how it looks to whoever else sees the lock screen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.registry import DUES, tap
from bot.sitting import Sitting
from bot.typed import waits_for_safety
from storage import calm, due, escalations, people, talks
from storage.due import DueRow
from storage.outbox import PROMPT
from storage.store import Unit, table
from storage.tables import Outbox
from storage.talks import PromptRow
from storage.wall import next_instant, span_end

IDLE = timedelta(minutes=10)
"""A prompt waits until a conversation has been left alone this long."""
NOTE = "note:"
"""Before the slot in the dedupe key of a note, so that what it stands for has the slot itself."""


def may_prompt(s: Sitting, row: DueRow, *, quiet: bool = True, cheerful: bool = True) -> bool:
    """Whether to speak now. If not, the row has been moved to when it may, or recorded as dropped with its reason.

    quiet: hold it in the patient's quiet hours (check-ins, nudges, caring contacts). cheerful: not while an escalation is open
    nor in the two days after danger, nor below a question about their safety that has no answer; what is not (a session reminder,
    asking how they are the day after) is said all the same.
    Nothing at all is said to someone who paused, left or has not agreed to the program.
    """
    who = s.who
    if who is None or not who.active:
        return _drop(s, row, "left")
    if who.role == "patient" and "program" not in people.consents(s.u, who.id):
        return _drop(s, row, "no_consent")
    if s.event.kind != "due":
        return True  # they tapped for it
    if who.paused_until is not None and s.local.date() <= who.paused_until:
        return _drop(s, row, "paused")
    if cheerful and escalations.any_open(s.u, who.id):
        return _drop(s, row, "escalation")
    if cheerful and calm.holds(s.u, who.id):
        return _drop(s, row, "calm")
    ends = span_end(s.u.now, who.quiet_from, who.quiet_to, who.zone) if quiet else None
    if ends is not None:
        if row.send_by is None or ends <= row.send_by:
            due.move(s.u, row.id, ends)
            return False
        return _drop(s, row, "quiet")
    waiting = talks.waiting(s.u, s.chat)
    direct = cheerful and waiting is not None and waits_for_safety(waiting)
    later = s.u.now + IDLE if direct else waiting.touched_at + IDLE if waiting is not None else s.u.now
    if later > s.u.now:
        if row.send_by is None or later <= row.send_by:
            due.move(s.u, row.id, later)
            return False
        return _drop(s, row, "busy")
    return True


def terms(s: Sitting, row: DueRow, latest: datetime | None) -> dict[str, Any]:
    """How what is said unasked is posted: it leaves before the local day ends, as "today" would be wrong, and before the quiet hours
    begin. Where it could not, its due row decides anew (`say_anew`). What was tapped for leaves until `latest`.
    """
    if s.event.kind != "due":
        return {"send_by": latest}
    ends = [next_instant(s.u.now, wall, s.person.zone)[1] for wall in ("00:00", s.person.quiet_from)]
    return {"send_by": min(ends if latest is None else [*ends, latest]), "dedupe": row.slot}


def say_anew(u: Unit, posted: int) -> None:
    """A message posted under `terms` did not leave: whether and when it is said, and in which words, is decided as things stand now.
    One whose own time is over stays dropped."""
    columns = table(Outbox)
    key = u.one(select(columns.c.dedupe_key).where(columns.c.id == posted))
    row = due.by_slot(u, key.dedupe_key.removeprefix(NOTE)) if key is not None and key.dedupe_key is not None else None
    if row is None or (row.send_by is not None and u.now > row.send_by):
        return
    u.set(Outbox, posted, dedupe_key=None)
    due.move(u, row.id, u.now)


def veiled(s: Sitting, row: DueRow, *, always: bool = False, wanted: str | None = None, urgent: bool = False) -> bool:
    """For someone who chose discreet wording, or `always`: a note that says nothing, opened by a tap. True when that was sent.

    wanted: as of an outbox row, checked again when it leaves; what the tap shows is asked for, and held back by nothing.
    urgent: it may come at any hour.
    """
    if not (s.person.discreet or always) or s.event.kind != "due":
        return False
    draft = s.draft().add("bot.note")
    draft.row(draft.button("open", "button.open"))
    how = {"send_by": row.send_by} if urgent else terms(s, row, row.send_by) | {"dedupe": NOTE + row.slot}
    s.offer(draft, "act", "note", subject=row.id, lane=PROMPT, wanted=wanted, **how)
    return True


@tap("note")
def _open(s: Sitting, prompt: PromptRow, option: str) -> None:
    """The tap on a discreet note: what the due row stands for is shown now, unless its time is over."""
    row = due.get(s.u, prompt.subject) if prompt.subject is not None else None
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if row is None or (row.send_by is not None and s.u.now > row.send_by):
        s.say("bot.note_over")
        return
    DUES[row.kind](s, row)


def _drop(s: Sitting, row: DueRow, reason: str) -> bool:
    due.dropped(s.u, row.id, reason)
    return False
