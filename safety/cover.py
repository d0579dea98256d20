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
    found: list[Span] = []
    day, last = local(begins, zone).date() - timedelta(days=1), local(ends, zone).date() + timedelta(days=1)
    while day <= last:
        walls = hours.get(DAYS[day.weekday()])
        opens, closes = (instant(day, wall, zone) for wall in walls) if walls else (ends, ends)
        if found and opens <= found[-1][1]:
            found[-1] = found[-1][0], max(closes, found[-1][1])
        elif opens < closes:
            found.append((opens, closes))
        day += timedelta(days=1)
    return [(opens, closes) for opens, closes in found if opens < ends and closes > begins]


def starts(hours: Hours, zone: str, now: datetime) -> datetime | None:
    """None when somebody is on duty now by these hours; else when the next cover begins, at most 8 days on."""
    opens = next((opens for opens, _ in spans(hours, zone, now, now + AHEAD)), now + AHEAD)
    return None if opens <= now else opens
