"""What a flow may do besides asking. Each effect is performed once, in the transaction of the turn that reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.flow.commands import Command


@dataclass(frozen=True)
class Say:
    """Words to the patient by content id. Shown above the next question, or as a message of their own if `alone`."""

    words: str
    slots: dict[str, Any] = field(default_factory=dict)
    alone: bool = False

    barrier = False

    @property
    def stem(self) -> str:
        return f"say:{self.words}"


@dataclass(frozen=True)
class Read:
    """Something to look up (a query of `bot/reads.py` by name). Its answer is JSON data and is recorded like an answer."""

    query: str
    args: dict[str, Any] = field(default_factory=dict)

    barrier = False

    @property
    def stem(self) -> str:
        return f"read:{self.query}"


@dataclass(frozen=True)
class Do:
    """A change that outlives the talk: a fact saved, a note to staff. "Back" never goes behind it.

    again: unless the next answer simply makes the change over, as with a field of the profile.
    """

    command: Command
    again: bool = False

    @property
    def barrier(self) -> bool:
        return not self.again

    @property
    def stem(self) -> str:
        return f"do:{type(self.command).__name__}"


@dataclass(frozen=True)
class Danger:
    """A button answer that means danger. Goes the same way as the screen's verdict: card first, then the ladder.

    level: "concern", "high" or "imminent". reason: a short code for staff, never the patient's words.
    """

    level: str
    reason: str
    track: str = "suicide"

    barrier = True

    @property
    def stem(self) -> str:
        return f"danger:{self.reason}"


Effect = Say | Read | Do | Danger
