"""What people type about sessions: read, or refused with an error that says how it is written."""

from __future__ import annotations

import re
from datetime import date, timedelta
from inspect import cleandoc

from storage.wall import WEEKDAYS, YEARS

MINUTES = range(10, 601)
WEEKS = range(1, 105)
TITLE = 80


class SessionError(ValueError):
    """This can't be done with the schedule."""

    def __init__(self, **facts: object) -> None:
        super().__init__(" ".join(cleandoc(type(self).__doc__ or "").format(**facts).split()))


class NoClinic(SessionError):
    """There is no clinic yet. Run `between setup` first."""


class BadKind(SessionError):
    """'{text}' is not a kind of session. Write group, individual, family or workshop."""


class BadTitle(SessionError):
    """A title has 1 to {limit} characters on one line, such as Evening group."""


class BadDate(SessionError):
    """'{text}' is not a date. Write year, month and day, such as 2026-11-17."""


class BadYear(BadDate):
    """{text} is not in the years {low} to {high}. Look at the year and write a date such as 2026-11-17."""


class BadTime(SessionError):
    """'{text}' is not a time of day. Write hours and minutes from 00:00 to 23:59, such as 18:00."""


class BadMinutes(SessionError):
    """'{text}' is not a length. Write whole minutes from {low} to {high}, such as 90."""


class BadWeeks(SessionError):
    """'{text}' is not a number of weeks. Write a whole number from {low} to {high}, such as 8."""


class BadEnd(SessionError):
    """The last date, {last}, is before the first, {first}. Write a last date that is later, such as {example}."""


class TwoEnds(SessionError):
    """Say either how many weeks it goes on or its last date, not both."""


class AlreadyOver(SessionError):
    """A session on {last} at {starts} would be over already. Look at the year and write a date that is still to come."""


class AlreadyThere(SessionError):
    """{code} is there already, the same in everything. Nothing was added."""


class UnknownZone(SessionError):
    """'{text}' is not a time zone. Write one such as America/New_York."""


class NoSuchPatient(SessionError):
    """There is no patient in the program with code '{text}'. Codes look like 0001."""


class NobodyNamed(SessionError):
    """This kind of session ({kind}) is for certain patients only. Name them by code, such as 0001."""


class NoSuchSeries(SessionError):
    """There is no session with code '{text}'. Codes look like G1; the list of sessions shows them."""


class NoSuchDay(SessionError):
    """{code} does not take place on {day}. It is on {weekday}s; the next is on {example}."""


def read_date(text: str, today: date | None = None) -> date:
    """A date as typed: 2026-11-17; with `today` also "today", "tomorrow" and a weekday, which is the next one."""
    word = text.strip().lower()
    if today is not None and word:
        ahead = {"today": 0, "tomorrow": 1}.get(word)
        named = [day for day in range(7) if len(word) > 2 and WEEKDAYS[day].startswith(word)]
        if ahead is None and named:
            ahead = (named[0] - today.weekday() - 1) % 7 + 1
        if ahead is not None:
            return today + timedelta(days=ahead)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
        raise BadDate(text=text)
    try:
        found = date.fromisoformat(word)
    except ValueError:
        raise BadDate(text=text) from None
    return check_year(found)


def check_year(day: date) -> date:
    """The day, unless nobody can have meant it. Raises `BadYear`."""
    if day.year not in YEARS:
        raise BadYear(text=day, low=YEARS[0], high=YEARS[-1])
    return day


def read_time(text: str) -> str:
    """A time of day as typed, as "HH:MM"."""
    found = re.fullmatch(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*", text)
    if found is None:
        raise BadTime(text=text)
    return f"{int(found[1]):02d}:{found[2]}"
