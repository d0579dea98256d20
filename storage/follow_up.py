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
    """A day after this alert opened, unless that has been planned, or has happened, already."""
    about = {"about": row.track}
    at = row.opened_at
    due.plan(u, KIND, row.person, f"{KIND}:{row.id}", at + AFTER, chat=row.chat, send_by=at + AT_THE_LATEST, **about)
