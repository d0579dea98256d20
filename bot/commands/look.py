"""Looking before going live: `check` finds all that would fail later, `screen` shows what the screen hears."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer

from bot.clock import wall
from bot.commands import shared
from bot.commands.shared import count, out
from content import hotlines, library
from content.library import ContentError
from safety.lines import screen_lines
from safety.pager import cover_starts, reachable
from safety.rules import load_rules
from storage import backup, clinic, people
from storage.store import Unit


@dataclass(frozen=True)
class Found:
    """One thing `check` looked at. A problem makes the command fail; a warning must be known before going live."""

    what: str
    state: str
    note: str = ""


def check(content: Annotated[bool, typer.Option("--content", help="Only the content: needs no database.")] = False) -> None:
    """Settings, content, ladder, hotlines: all that would fail later fails here. Exit 1 when something would."""
    found = content_checks(wall().date())
    if not content:
        read = shared.settings()
        token = Found("bot token", "ok") if read.bot_token else Found("bot token", "problem", "set BETWEEN_BOT_TOKEN in .env")
        found.append(token)
        with shared.unit(read) as u:
            found += clinic_checks(u)
    for one in found:
        out(f"{one.state.upper():8}{one.what}{': ' + one.note if one.note else ''}")
    problems = sum(one.state == "problem" for one in found)
    warnings = sum(one.state == "warning" for one in found)
    out(f"{count(problems, 'problem')}, {count(warnings, 'warning')}.")
    if problems:
        raise typer.Exit(1)


def content_checks(today: date) -> list[Found]:
    """The words, the screen's rules and the lines: everything loads, nothing is stale, and what awaits review is said."""
    try:
        words, rules = library.load("en"), load_rules()
        stale = hotlines.stale(today)
    except ContentError as fault:
        return [Found("content", "problem", str(fault))]
    pending = sum(item.review == "pending" for item in words.items.values())
    found = [Found(f"{len(words.items)} content items", "ok"), Found(f"{len(rules.frames)} screen rules", "ok")]
    if pending:
        found.append(Found("content review", "warning", f"{pending} items await a licensed clinician's review"))
    for line in stale:
        found.append(Found(f"hotline {line.country} {line.name}", "problem", "not checked for 180 days; check it and set checked_on"))
    return found


def clinic_checks(u: Unit) -> list[Found]:
    """The ladder as it would run now: somebody holds each position and can be reached."""
    known = clinic.clinic(u)
    assert known is not None
    found = [Found(f"clinic in {known.zone}", "ok")]
    holders = reachable(u)
    for position in ("primary", "backup", "supervisor"):
        if holders.get(position):
            found.append(Found(f"on call: {position}", "ok"))
        else:
            state = "problem" if position == "primary" else "warning"
            found.append(Found(f"on call: {position}", state, f"nobody who can be reached; {_who_could(u)}"))
    if cover_starts(u) is not None:
        found.append(Found("cover hours", "warning", "nobody is on call right now; patients are told so and no ladder is promised"))
    if hotlines.emergency_number(known.country) is None:
        found.append(Found(f"hotlines for {known.country}", "problem", "no emergency number on file for the clinic's country"))
    made = backup.last(u)
    if made is not None and u.now - made > backup.LATE:
        found.append(Found("backup", "warning", f"the last verified one is of {made:%Y-%m-%d %H:%M} UTC; run `between backup` every day"))
    for line in hotlines.lines(known.country):
        if line.confidence != "high":
            found.append(Found(f"hotline {line.country} {line.name}", "warning", f"confidence {line.confidence}; have a person check it"))
    return found


def _who_could(u: Unit) -> str:
    """What to do about a position of the ladder that reaches nobody."""
    waiting = [who.code for who in people.people(u, "staff", "invited")]
    if not waiting:
        return "staff set it with /oncall in the chat"
    return f"{waiting[0]} has not opened the invitation yet; `between invite staff --code {waiting[0]}` makes a new one"


def screen(jsonl: Annotated[bool, typer.Option("--jsonl", help='Lines are {"id", "text"} and come back as JSON.')] = False) -> None:
    """Read lines from standard input and say what the screen hears in each; one line out per line in, same order."""
    sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")  # type: ignore[union-attr]
    fine = True
    for line in screen_lines(sys.stdin, jsonl):
        out(line.out)
        fine = fine and line.ok
    if not fine:
        raise typer.Exit(1)
