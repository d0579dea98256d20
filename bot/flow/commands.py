"""What a flow can have done: plain frozen values. `bot/acts` performs each in the turn's transaction, once.

A command carries values, never rows; who it is about is the talk's own person, unless a field names another by code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Command:
    """Base of all commands. The act's result is JSON data and is what `yield Do(...)` evaluates to."""


@dataclass(frozen=True)
class SaveProfile(Command):
    """Set profile fields (see `storage.people.PROFILE_FIELDS`) and recompute what is due from them."""

    values: dict[str, Any]


@dataclass(frozen=True)
class GiveConsent(Command):
    """Record consent to a scope ("program", "words_in_pages", ...) in the version of the words that were shown."""

    scope: str
    version: int


@dataclass(frozen=True)
class RevokeConsent(Command):
    scope: str


@dataclass(frozen=True)
class SaveCheckIn(Command):
    """Store a check-in. values: item -> int, code or list of codes; an item not asked is absent, a declined one is None.

    status: "complete", "partial" or "late". line: the private line, shared with the team only if `share`.
    """

    slot: str
    local_date: str
    values: dict[str, Any]
    status: str = "complete"
    line: str | None = None
    share: bool = False


@dataclass(frozen=True)
class SaveSkill(Command):
    """A skill that was done: the same 0-10 before and after (None when not given). status: "done" or "stopped"."""

    card: str
    scale: str
    before: int | None
    after: int | None
    status: str = "done"


@dataclass(frozen=True)
class NoteStaff(Command):
    """A line in the staff inbox, seen the next business day. `text` is only what the patient chose to pass on."""

    kind: str
    code: str = ""
    text: str | None = None


@dataclass(frozen=True)
class StartFlow(Command):
    """Open another conversation when this one ends (a skill offered at the end of a check-in)."""

    flow: str
    start: dict[str, Any] = field(default_factory=dict)
