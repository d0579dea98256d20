"""Telegram does not answer: after a quarter of an hour the clinic is told once that patients cannot reach the bot, and after
half a day, while there is still time, once more and louder. Telegram keeps unread updates for at most 24 hours.

Source: https://core.telegram.org/bots/api#getting-updates
"""

from __future__ import annotations

from datetime import timedelta

from bot import letters
from bot.vitals import Vitals
from storage import hearing
from storage.store import Unit

SOON, LATE = timedelta(minutes=15), timedelta(hours=12)
LATELY = 60.0
"""Seconds since the last answer within which Telegram is taken to be there: a long poll takes 25."""


def look(u: Unit, vitals: Vitals) -> None:
    """Once a minute, by the process that polls. Updates that come by webhook cannot be missed in this way."""
    age = vitals.poll_age()
    if age is not None and age < LATELY:
        hearing.heard(u)
        return
    since = hearing.last(u)
    if vitals.receiving == "webhook" or since is None:
        return
    key = f"{since:%Y-%m-%dT%H%M%S}"
    if u.now - since > LATE:
        letters.notice(u, "mail.deaf_long", f"deaf-long:{key}", "not_receiving_12_hours", since)
    elif u.now - since > SOON:
        letters.notice(u, "mail.deaf", f"deaf:{key}", "not_receiving", since)
