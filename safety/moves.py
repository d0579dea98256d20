"""Where a ladder stands, and what is to be done when it moves: plain values (`safety/ladder.py` decides)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Rung = tuple[int, str, str]
"""(minutes after the cycle began, position or "all", content id of the page)."""

DEFAULT: tuple[Rung, ...] = (
    (0, "primary", "page.new"),
    (2, "primary", "page.repeat"),
    (5, "backup", "page.backup"),
    (10, "supervisor", "page.supervisor"),
    (15, "all", "page.all"),
)
AGAIN = timedelta(minutes=15)
"""How often an exhausted ladder pages everyone until a human closes it."""
ANSWER_WITHIN = timedelta(minutes=5)
"""How long all who are paged at once, as somebody gave it back, have for an answer before it is said that nobody answers."""
CONTACT_WITHIN = timedelta(minutes=30)
"""How long an acknowledgement stands without "I reached them"."""

LEVELS = ("concern", "high", "imminent")
TWO_MUST_AGREE = ("imminent",)
"""Levels at which one person alone cannot close an alert as a false alarm."""
HANDED, SECOND, NEWER, RISEN = "page.handed", "page.second", "page.newer", "page.risen"
ONCE_MORE = (HANDED, SECOND)
"""Pages outside the climb, for an alert that somebody holds: each belongs to the version it was asked in."""


@dataclass(frozen=True)
class Ladder:
    """Where an escalation stands. `began` is when this cycle started; `next_at` is None when nothing is due by itself.

    OPEN after the last rung: everybody was paged at once, and it is exhausted when nobody has answered until `next_at`.
    """

    rungs: tuple[Rung, ...]
    level: str
    state: str = "OPEN"
    cycle: int = 1
    step: int = 0
    began: datetime | None = None
    next_at: datetime | None = None
    acked_by: int | None = None
    acked_at: datetime | None = None
    handed_to: int | None = None
    """Who was asked to take it over; until they do it stays with `acked_by`."""
    doubted_by: int | None = None
    """Who called it a false alarm, until a second person agrees or it opens again."""


@dataclass(frozen=True)
class Page:
    """Page one person with one item. (cycle, step, person) makes it unique, but for `ONCE_MORE`."""

    person: int
    words: str
    cycle: int
    step: int


@dataclass(frozen=True)
class Tell:
    """Tell the patient the truth.

    "opened", "acked", "exhausted", "reopened", "second_look", "contacted", "closed", "joined", "anew" (joined what somebody
    had, which nobody has now) or "no_cover".
    """

    what: str


@dataclass(frozen=True)
class Inform:
    """Tell staff who were paged how things stand: "acked", "reopened", "second_look" (reopened though the patient was reached),
    "unconfirmed", "disagreed" or "closed". `but` already knows.

    to: only this person, whether or not a page lies open before them ("not_taken", "taken_over", "newer").
    """

    what: str
    but: int | None = None
    to: int | None = None


@dataclass(frozen=True)
class Alarm:
    """Something the clinic must look at: "nobody_at_step", "no_cover", "no_second", "exhausted"."""

    what: str


Action = Page | Tell | Inform | Alarm
Holders = Mapping[str, Sequence[int]]
"""Who can be reached now, by position, most suitable first. "all" is everyone in it, administrators among them."""


@dataclass(frozen=True)
class Move:
    """Where the ladder stands after an event, and what is to be done about it, in order."""

    ladder: Ladder
    actions: tuple[Action, ...] = ()
