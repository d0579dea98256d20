"""What goes wrong, as data: how often each fault strikes, how long outages last, how far the machine's clock jumps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

SAFE = ("429", "401", "409", "not_connected", "403", "400")
"""Answers that say for certain that a message was not taken."""
DOUBTFUL = ("5xx_before", "5xx_after", "reset_before", "reset_after", "timeout_before", "timeout_after")
"""Nobody can tell whether it was: "before" means that Telegram never had it, "after" that it did."""


@dataclass(frozen=True)
class Span:
    """Something that comes about so many times a week and lasts between two lengths."""

    name: str
    a_week: float
    shortest: timedelta
    longest: timedelta


@dataclass(frozen=True)
class Weather:
    """Chances for each request or update (0 to 1), and what comes by the week."""

    sends: Mapping[str, float] = field(default_factory=dict)
    receives: Mapping[str, float] = field(default_factory=dict)
    updates: Mapping[str, float] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    """Outages of Telegram ("outage"), floods in which everything is refused ("flood"), and times the bot is not running ("down")."""
    crashes_a_week: float = 0.0
    jumps: tuple[tuple[float, timedelta], ...] = ()
    """(times a week, how far at most; negative is backwards) the machine's clock is set wrong, for a while."""
    retry_after: tuple[int, ...] = (1, 1, 2, 3, 5, 10, 35)
    """Seconds Telegram asks to wait."""
    mails: Mapping[str, float] = field(default_factory=dict)
    """Chances for each letter."""
    beside: tuple[Span, ...] = ()
    """Times the mail server refuses everything ("mail_out") and times the second process is not running ("watch_down")."""
    falls_a_week: float = 0.0
    """How often the second process is killed and started again."""
    with_alert: float = 0.0
    """The chance that the bot goes down for a while just when an alert has been opened: else the two would hardly meet."""


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FAIR = Weather()
STORM = Weather(
    sends={
        "429": 0.02, "401": 0.001, "409": 0.001, "not_connected": 0.005, "5xx_before": 0.006, "5xx_after": 0.004,
        "reset_before": 0.006, "reset_after": 0.006, "timeout_before": 0.004, "timeout_after": 0.006,
    },
    receives={"401": 0.002, "409": 0.004, "5xx": 0.01, "reset": 0.01, "lost_answer": 0.01, "garbage": 0.002},
    updates={"duplicate": 0.02, "reorder": 0.03, "gap": 0.02, "restart": 0.002, "poison": 0.004},
    spans=(
        Span("outage", 3.0, timedelta(seconds=20), timedelta(minutes=40)),
        Span("outage", 0.12, timedelta(hours=20), timedelta(hours=30)),
        Span("flood", 2.0, timedelta(seconds=5), timedelta(seconds=90)),
        Span("down", 0.7, timedelta(minutes=1), timedelta(hours=9)),
    ),
    crashes_a_week=25.0,
    jumps=((0.5, 5 * HOUR), (0.7, -5 * HOUR), (0.1, -3 * 365 * DAY), (0.05, 400 * DAY)),
    mails={
        "no_answer": 0.02, "closed": 0.01, "later": 0.02, "never": 0.01, "busy": 0.01, "timeout_before": 0.01, "timeout_after": 0.02,
        "reset_before": 0.01, "reset_after": 0.02,
    },
    beside=(
        Span("mail_out", 1.5, timedelta(minutes=1), timedelta(hours=3)),
        Span("mail_out", 0.15, timedelta(hours=12), timedelta(hours=30)),
        Span("watch_down", 0.7, timedelta(minutes=5), timedelta(hours=6)),
    ),
    falls_a_week=4.0,
    with_alert=0.1,
)  # fmt: skip


def strikes(chances: Mapping[str, float], chance: Random) -> str | None:
    """Which fault strikes this time, if any."""
    drawn = chance.random()
    for name, share in chances.items():
        drawn -= share
        if drawn < 0:
            return name
    return None
