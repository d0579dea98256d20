"""The two days after danger in which nothing cheerful is said by itself.

They are a due row that waits for their end, so that asking for them costs one look and a new danger begins them anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from storage import due, escalations
from storage.store import Unit

KIND = "calm"
LASTS = timedelta(hours=48)


def begin(u: Unit, person: int, chat: int) -> None:
    """From now on, and again from the start when it is so already."""
    escalations.open_for(u, person)  # locked before its due rows, in the order of whoever closes it
    due.cancel(u, KIND, person, "moved")
    due.plan(u, KIND, person, f"{KIND}:{person}:{u.new_id()}", u.now + LASTS, chat=chat)


def holds(u: Unit, person: int) -> bool:
    return ends(u, person) is not None


def ends(u: Unit, person: int) -> datetime | None:
    """When they are over; None when there are none now."""
    return max((row.due_at for row in due.planned(u, KIND, person)), default=None)
