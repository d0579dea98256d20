"""Weeks as the clinic counts them: Monday to Sunday on the calendar of the clinic's zone, named as in ISO 8601 ("2026-W46")."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NAME = re.compile(r"(2\d{3})-[Ww](\d{2})", re.ASCII)


class WeekError(ValueError):
    """The text is not a week; the message tells the format, an example, and what was wrong."""


def parse_week(text: str) -> date:
    """The Monday of an ISO week. Raises `WeekError`, also for a week that year does not have (2026 has 53, 2025 has 52)."""
    found = _NAME.fullmatch(text.strip())
    if not found:
        raise WeekError(f"{text!r} is not a week. Write the year, a dash, W and the two-digit week, for example 2026-W46.")
    year, week = int(found[1]), int(found[2])
    try:
        return date.fromisocalendar(year, week, 1)
    except ValueError:
        last = date(year, 12, 28).isocalendar().week
        raise WeekError(f"{text!r} is not a week: {year} has weeks 01 to {last}. An example is 2026-W46.") from None


def name_of(day: date) -> str:
    """The ISO week a day lies in, as "2026-W46". The year is the week's own: 1 January 2027 lies in 2026-W53."""
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def last_complete_week(now: datetime, zone: ZoneInfo) -> date:
    """The Monday of the newest week whose Sunday has ended in `zone` at `now` (aware)."""
    today = now.astimezone(zone).date()
    return today - timedelta(days=today.weekday() + 7)


def bounds(first: date, zone: ZoneInfo, days: int = 7) -> tuple[datetime, datetime]:
    """The instants (UTC) at which `first` begins and at which the `days` days from it have ended; the end is not included.

    A day begins at its first existing instant: a midnight skipped by daylight saving moves to the end of the gap, one that
    happens twice is the first. A week with a clock change is 167 or 169 hours long.
    """
    return _begin(first, zone), _begin(first + timedelta(days=days), zone)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    # fold=0 reads a wall time in a gap with the offset before it, which is exactly the instant at which the gap ends.
    return datetime.combine(day, time(0), zone).astimezone(UTC)
