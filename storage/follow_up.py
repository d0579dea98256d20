"""Asking how someone is the day after danger: planned when an alert opens, once for each alert.

A contact in the days after is what the trials of structured follow-up have in common (Stanley et al. 2018, JAMA Psychiatry
75:894).
"""

from __future__ import annotations

from datetime import timedelta

from storage import due
from storage.escalations import EscalationRow
from storage.store import Unit

KIND = "follow_up"
AFTER, AT_THE_LATEST = timedelta(hours=24), timedelta(hours=72)


def plan(u: Unit, row: EscalationRow) -> None:
    """A day after this alert opened, unless that has been planned, or has happened, already. The same question that still waits from an
    alert before it is not asked as well: it is put off to this day, or stands for both when it comes in half a day or more. So it is
    not put off for ever where one alert follows the other."""
    slot, at = f"{KIND}:{row.id}", row.opened_at
    waits = [each for each in due.planned(u, KIND, row.person) if each.slot != slot and each.args.get("about") == row.track]
    if at + AFTER <= u.now or any(each.due_at >= at + AFTER / 2 for each in waits):
        return
    if due.plan(u, KIND, row.person, slot, at + AFTER, chat=row.chat, send_by=at + AT_THE_LATEST, about=row.track):
        for each in waits:
            due.cancel(u, KIND, row.person, "moved", slot=each.slot)
