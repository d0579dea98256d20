"""What the oracle knows of one patient, and what it finds wrong: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Violation:
    kind: str
    at: datetime
    address: int
    detail: str


@dataclass
class Cause:
    """A dangerous text that Telegram handed over and that has not been answered with a card yet."""

    healthy: float
    rested: bool = False


@dataclass
class Case:
    """A patient as seen from outside. state: "" (nothing open), OPEN, ACKED or CONTACTED."""

    address: int
    code: str
    state: str = ""
    sign: float = 0.0  # healthy seconds at the last sign of life of the ladder
    rested: bool = True
    causes: list[Cause] = field(default_factory=list)
    outside: bool = False  # they have been told that nothing is on for them any more
    for_good: bool = False  # there is no way back with /start
    kept: int = 0
    dangers: int = 0
    unanswered: int = 0  # how often they were told that nobody has answered
    calm_until: datetime | None = None
    """By the bot's clock: until then nothing cheerful is said."""
    tapped: float = -1e9
    """Healthy seconds at their last tap: what comes at once after it was asked for."""
    opened: float = -1e9
    """The same of a tap on a note, which says nothing itself."""
    discharging: bool = False  # staff have set about it; whether it came to that is seen from what they are told
    unsure: bool = False
    """Leaving or erasing is under way: what the bot should take them for cannot be told from outside."""
