"""Wall times and zones: what an agreed hour is in a given zone on a given day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, wall: str, zone: str) -> datetime:
    """The instant of "HH:MM" on a day in a zone, as aware UTC. "24:00" is the day's end.

    A time that the clocks skip moves forward by the gap; one that happens twice is the first of the two.
    """
    if wall == "24:00":
        return instant(day + timedelta(days=1), "00:00", zone)
    local = datetime.combine(day, time.fromisoformat(wall), ZoneInfo(zone))  # fold=0: the first; in a gap, the old offset
    return local.astimezone(UTC)


def local(now: datetime, zone: str) -> datetime:
    """An instant on the wall of a zone."""
    return now.astimezone(ZoneInfo(zone))


def next_instant(now: datetime, wall: str, zone: str) -> tuple[date, datetime]:
    """The next time it is "HH:MM" in a zone, strictly after `now`: (the local date it belongs to, the instant)."""
    day = local(now, zone).date()
    for ahead in range(3):
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
    if not in_span(f"{local(now, zone):%H:%M}", begins, ends):
        return None
    return next_instant(now, ends, zone)[1]
