"""`between audit`: who saw or did what about a patient, for the clinic's own accounting, and whether the trail is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands import shared
from bot.commands.shared import count, out
from bot.errors import UsageError
from storage import audit as trail
from storage import clinic, people
from storage.my_data import LOOKS
from storage.store import Unit
from storage.wall import local

ALL = 1_000_000


def audit(
    code: Annotated[str | None, typer.Argument(help="A patient's or staff member's code.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Only whether the trail is whole, of one person or of all.")] = False,
    looks: Annotated[bool, typer.Option("--looks", help="Only what somebody saw (the disclosure log).")] = False,
) -> None:
    """Who saw or did what about a patient, oldest first: time, who, what, which one, why. Never any content."""
    if code is None and not verify:
        raise UsageError(why="Whose? Give a code, such as `between audit 0001`, or --verify for everybody's.")
    with shared.unit() as u:
        subject = _subject(u, code) if code is not None else None
        if subject is not None and not verify:
            _show(u, subject, looks=looks)
        whole = _verify(u, [subject] if subject is not None else trail.subjects(u))
    if not whole:
        raise typer.Exit(1)


def _show(u: Unit, subject: int, *, looks: bool) -> None:
    known = clinic.clinic(u)
    zone = known.zone if known else "UTC"
    for row in reversed(trail.history(u, subject, ALL)):
        if looks and row.action not in LOOKS:
            continue
        parts = (f"{local(row.at, zone):%Y-%m-%d %H:%M}", row.actor, row.action, row.object, row.reason)
        out("  ".join(part.replace("\n", " ") for part in parts if part))


def _verify(u: Unit, subjects: list[int]) -> bool:
    """Say whether the chains hold. Lines are named by their place in a person's trail."""
    whole = True
    for subject in subjects:
        broken = trail.first_break(u, subject)
        if broken is not None:
            whole = False
            out(f"BROKEN: the trail of {_code(u, subject)} was changed at line {broken}, or that line was taken out.")
    anchor = trail.broken_anchor(u)
    if anchor is not None:
        whole = False
        out(f"BROKEN: lines that were there on {anchor:%Y-%m-%d %H:%M} UTC have been changed or taken out since.")
    if whole:
        out(f"Whole: {count(len(subjects), 'trail')}.")
    return whole


def _subject(u: Unit, code: str) -> int:
    who = people.person_by_code(u, code)
    if who is None:
        raise UsageError(why=f"Nobody has the code '{code}'. Check it on the caseload page or with /patients in the chat.")
    return who.id


def _code(u: Unit, subject: int) -> str:
    try:
        return people.person(u, subject).code if subject else "the clinic"
    except LookupError:
        return "somebody who is not here any more"
