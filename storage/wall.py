"""Wall times and zones: what an agreed hour is in a given zone on a given day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = tuple(day[:3] for day in WEEKDAYS)
YEARS = range(2000, 3000)
"""Years a date that a person types can be in: far enough from both ends of the calendar that weeks and zones never lead out of it."""


def instant(day: date, wall: str, zone: str, *, fold: int = 0) -> datetime:
    """The instant of "HH:MM" on a day in a zone, as aware UTC. "24:00" is the day's end.

    A time that the clocks skip moves forward by the gap; one that happens twice is the first of the two. With `fold=1` it
    is the second of the two, and a skipped time moves back by the gap.
    """
    if wall == "24:00":
        return instant(day + timedelta(days=1), "00:00", zone, fold=fold)
    shown = datetime.combine(day, time.fromisoformat(wall), ZoneInfo(zone))  # fold=0: in a gap, the offset before it
    return shown.replace(fold=fold).astimezone(UTC)


def local(now: datetime, zone: str) -> datetime:
    """An instant on the wall of a zone."""
    return now.astimezone(ZoneInfo(zone))


def next_instant(now: datetime, wall: str, zone: str) -> tuple[date, datetime]:
    """The next time it is "HH:MM" in a zone, strictly after `now`: (the local date it belongs to, the instant)."""
    day = local(now, zone).date()
    for ahead in range(-1, 3):  # yesterday's, where a gap has pushed it over midnight
        at = instant(day + timedelta(days=ahead), wall, zone)
        if at > now:
            return day + timedelta(days=ahead), at
    raise AssertionError("a wall time comes round within two days")


def in_span(wall: str, begins: str, ends: str) -> bool:
    """Whether "HH:MM" lies in a span that may cross midnight; begin included, end not. An empty span holds nothing."""
    if begins <= ends:
        return begins <= wall < ends
    return wall >= begins or wall < ends


def span_end(now: datetime, begins: str, ends: str, zone: str) -> datetime | None:
    """When the span that holds `now` ends, or None when `now` lies outside it. For quiet hours."""
    if not _holds(now, begins, ends, zone):
        return None
    return min(at for at in _readings(now, ends, zone) if at > now and not _holds(at, begins, ends, zone))


def span_start(now: datetime, begins: str, ends: str, zone: str) -> datetime | None:
    """When the span that holds `now` began, or None when `now` lies outside it. A begin that the clocks skip counts as before the gap."""
    if not _holds(now, begins, ends, zone):
        return None
    return max(at for at in _readings(now, begins, zone) if at <= now and not _holds(at - timedelta(minutes=1), begins, ends, zone))


def _holds(at: datetime, begins: str, ends: str, zone: str) -> bool:
    return in_span(f"{local(at, zone):%H:%M}", begins, ends)


def _readings(now: datetime, wall: str, zone: str) -> list[datetime]:
    """Every instant of two days around `now` at which clocks in a zone show "HH:MM", both of an overlap."""
    day = local(now, zone).date()
    near = [day + timedelta(days=ahead) for ahead in range(-2, 3)]
    return [at for each in near for at in (instant(each, wall, zone), instant(each, wall, zone, fold=1))]
