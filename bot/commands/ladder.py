"""How fast the ladder climbs: `between ladder` shows it by level, and sets what a clinic may choose."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands import shared
from bot.commands.shared import out
from bot.errors import UsageError
from safety import policy
from safety.moves import LEVELS
from storage import audit, clinic
from storage.store import Unit

RESET = "reviewed"


def ladder(
    high: Annotated[
        str | None, typer.Option(help="Minutes for high danger, such as 0/3/8/15/20; 'reviewed' goes back to the reviewed ones.")
    ] = None,
) -> None:
    """When who is paged, by level: first, first again, backup, supervisor, everyone. Alerts that are open keep theirs."""
    with shared.unit() as u:
        if high is not None:
            choose(u, "high", high)
        lines = shown(u)
    for line in lines:
        out(line)


def choose(u: Unit, level: str, text: str) -> None:
    """Set the minutes of one level for alerts that open from now on."""
    minutes = None if text.strip() == RESET else _read(text)
    fault = policy.fault(level, minutes) if minutes is not None else None
    if fault is not None:
        raise UsageError(why=fault)
    clinic.set_ladder(u, level, minutes)
    audit.record(u, 0, "between", "ladder.chosen", level, text.strip())


def shown(u: Unit) -> list[str]:
    chosen, lines = clinic.ladders(u), []
    for level in LEVELS[1:]:
        minutes = [minute for minute, _, _ in policy.rungs(chosen, level)]
        own = "" if tuple(minutes) == policy.REVIEWED else f" (chosen by the clinic; reviewed is {policy.written(policy.REVIEWED)})"
        lines.append(f"{level:9}{policy.written(minutes)} minutes: first, first again, backup, supervisor, everyone{own}")
    return lines


def _read(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split("/")]
    except ValueError:
        raise UsageError(why=f"'{text}' is not a ladder. Write minutes such as {policy.written(policy.REVIEWED)}.") from None
