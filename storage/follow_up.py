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
    alert before it is not asked as well."""
    slot, at = f"{KIND}:{row.id}", row.opened_at
    if due.plan(u, KIND, row.person, slot, at + AFTER, chat=row.chat, send_by=at + AT_THE_LATEST, about=row.track):
        for before in due.planned(u, KIND, row.person):
            if before.slot != slot and before.args.get("about") == row.track:
                due.cancel(u, KIND, row.person, "moved", slot=before.slot)
