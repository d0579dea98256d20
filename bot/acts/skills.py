"""Skill cards: opening them, the medical answers they depend on, and what is kept of a use."""

from __future__ import annotations

from typing import Any

from bot import danger, talk
from bot.acts.help import help_screen
from bot.flow.commands import SaveGate, SaveSkill, ShowHelp
from bot.registry import act, command, look
from bot.sitting import Sitting
from storage import skills


@command("skills", menu="menu.skills")
def open_skills(s: Sitting) -> None:
    talk.start(s, "skill")


@act(SaveSkill)
def save_skill(s: Sitting, command: SaveSkill) -> int:
    return skills.save_use(
        s.u, s.person, command.card, command.scale, command.before, command.after, command.status, s.said_at
    )


@act(SaveGate)
def save_gate(s: Sitting, command: SaveGate) -> None:
    skills.save_gate(s.u, s.person, command.gate, command.answer)


@act(ShowHelp)
def show_help(s: Sitting, command: ShowHelp) -> None:
    help_screen(s)


@look("skills.gates")
def gates(s: Sitting) -> dict[str, str]:
    """The medical answers that still count, by gate."""
    return skills.gates(s.u, s.person)


@look("skills.lines")
def lines(s: Sitting) -> dict[str, Any]:
    """{"known": whether there is a crisis line for this country, "line", "emergency"}."""
    found = danger.Lines.of(s.person.country)
    return {"known": found.known, "line": found.line, "emergency": found.emergency}
