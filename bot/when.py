"""Instants in a few words, on somebody's wall."""

from __future__ import annotations

from datetime import date, datetime

from bot.message import Draft
from storage.wall import DAYS, local


def moment(draft: Draft, at: datetime, zone: str, now: datetime) -> str:
    """ "17:00" today, "Fri 20 November, 17:00" on any other day."""
    here = local(at, zone)
    if here.date() == local(now, zone).date():
        return f"{here:%H:%M}"
    return f"{day_name(draft, here.date())}, {here:%H:%M}"


def day_name(draft: Draft, day: date) -> str:
    """ "Fri 20 November"."""
    month = draft.phrase("session.months").split()[day.month - 1]
    return f"{draft.phrase(f'day.{DAYS[day.weekday()]}')} {day.day} {month}"
