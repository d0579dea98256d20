"""What is known by name: flows, the acts that perform commands, lookups, taps and due kinds. Filled by the rooms that own them.

A row in the database names these, so a name is never changed without a migration; an unknown name is an error staff see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.flow.commands import Command
from bot.sitting import Sitting
from storage.due import DueRow
from storage.store import Unit
from storage.talks import PromptRow

Act = Callable[[Sitting, Any], Any]
Look = Callable[..., Any]
Tap = Callable[[Sitting, PromptRow, str], None]
Fire = Callable[[Sitting, DueRow], None]
Follow = Callable[[Unit, DueRow], None]

ACTS: dict[type[Command], Act] = {}
LOOKS: dict[str, Look] = {}
TAPS: dict[str, Tap] = {}
DUES: dict[str, Fire] = {}
CLINIC_DUES: dict[str, Follow] = {}
RECURRING: dict[str, Follow] = {}
COMMANDS: dict[str, CommandEntry] = {}
TAPPED_BY: dict[str, str] = {}
"""For whom a tap is: "patient", "staff" or "any"."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class CommandEntry:
    """A slash command: for which role, and what it does. `menu` is the content id of its line in Telegram's menu."""

    role: str
    run: Callable[[Sitting], None]
    menu: str | None


def act(command: type[Command]) -> Callable[[F], F]:
    """`@act(SaveCheckIn)`: the function that performs a command, given (sitting, command); returns JSON data."""
    return _into(ACTS, command)


def look(name: str) -> Callable[[F], F]:
    """`@look("skills.offer")`: answers a flow's `Read`, given (sitting, **args); returns JSON data."""
    return _into(LOOKS, name)


def tap(name: str, *, role: str = "patient") -> Callable[[F], F]:
    """`@tap("page", role="staff")`: a one-step button. Given (sitting, prompt, option), decides on current rows.

    role: who may tap it at all, whoever's chat it was shown in; "any" for both.
    """
    TAPPED_BY[name] = role
    return _into(TAPS, name)


def due(kind: str) -> Callable[[F], F]:
    """`@due("check_in")`: what happens when a row of this kind is due. The row is marked done unless the function does."""
    return _into(DUES, kind)


def clinic_due(kind: str) -> Callable[[F], F]:
    """`@clinic_due("rota")`: the same for what happens in no chat, given (unit, row): the clinic's own times."""
    return _into(CLINIC_DUES, kind)


def recurring(kind: str) -> Callable[[F], F]:
    """`@recurring("check_in")`: plans the firing after this one, given (unit, row). Runs in the same commit as the firing,
    also when that is dropped as late or fails, so that a chain of firings never breaks."""
    return _into(RECURRING, kind)


def command(name: str, *, role: str = "patient", menu: str | None = None) -> Callable[[F], F]:
    """`@command("skills", menu="menu.skills")`: a slash command, for patients or for "staff" ("staff:name" in the table)."""

    def keep(function: F) -> F:
        COMMANDS[f"{role}:{name}"] = CommandEntry(role, function, menu)
        return function

    return keep


def _into(names: dict[Any, Any], name: Any) -> Callable[[F], F]:
    def keep(function: F) -> F:
        if name in names:
            raise ValueError(f"{name} is registered twice")
        names[name] = function
        return function

    return keep
