"""Cover hours as instants: when a clinic has said that somebody is on call. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from storage.wall import DAYS, instant, local

Hours = Mapping[str, tuple[str, str]]
"""Day -> (from, to) wall times of the clinic's zone, at most one span a day; a missing day has nobody on call."""
Span = tuple[datetime, datetime]
AHEAD = timedelta(days=8)
"""Longer than from any cover to the next. Where there is none it stands for "not within that", and then is asked again."""


def spans(hours: Hours, zone: str, begins: datetime, ends: datetime) -> list[Span]:
    """The stretches of cover that touch begins..ends, in order; those that follow on each other without a break are one."""
    first, last = local(begins, zone).date() - timedelta(days=1), local(ends, zone).date() + timedelta(days=1)
    days = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
    walls = ((day, hours[DAYS[day.weekday()]]) for day in days if DAYS[day.weekday()] in hours)
    found: list[Span] = []
    # sorted: where a zone leaves out a whole day, its hours come after those of the next one
    for opens, closes in sorted((instant(day, opens, zone), instant(day, closes, zone)) for day, (opens, closes) in walls):
        if found and opens <= found[-1][1]:
            found[-1] = found[-1][0], max(closes, found[-1][1])
        elif opens < closes:
            found.append((opens, closes))
    return [(opens, closes) for opens, closes in found if opens < ends and closes > begins]


def starts(hours: Hours, zone: str, now: datetime) -> datetime | None:
    """None when somebody is on duty now by these hours; else when the next cover begins, at most 8 days on."""
    opens = next((opens for opens, _ in spans(hours, zone, now, now + AHEAD)), now + AHEAD)
    return None if opens <= now else opens
