"""Letting people in: `between invite patient|staff`, a one-time link and its QR code."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import segno
import typer

from bot.commands import shared
from bot.commands.shared import ask, out
from bot.errors import UsageError
from storage import audit, clinic, invites, meta, people
from storage.clinic import ClinicCard
from storage.people import PersonCard
from storage.store import Unit
from storage.wall import local

VALID = {"patient": "72 hours", "staff": "10 minutes"}


def invite_patient(
    name: Annotated[str | None, typer.Option(help="What the program calls them; they choose what the bot calls them.")] = None,
    code: Annotated[
        str | None, typer.Option(help="Your own code for a new patient (no name in it), or the code of one who gets a new link.")
    ] = None,
    weeks: Annotated[int | None, typer.Option(help="Length of a new patient's program in weeks.", min=1, max=52)] = None,
) -> None:
    """Invite a patient, or give one a new link. Valid 72 hours, once."""
    name = _name(name, code)
    with shared.unit() as u:
        known = _known(u, "patient", code, name=name, weeks=weeks)
        length = {"program_start": local(u.now, _clinic(u).zone).date(), "program_weeks": weeks} if weeks else {}
        who = known or _add(u, "patient", name, code, **length)
        made, bot_name = _issue(u, who)
    _hand_out(who, made, bot_name, new=known is None)


def invite_staff(
    name: Annotated[str | None, typer.Option(help="The name patients see when this person answers.")] = None,
    code: Annotated[str | None, typer.Option(help="The code of someone who needs a new link.")] = None,
    duty: Annotated[str | None, typer.Option(help="admin or clinician, for someone new. Default: clinician.")] = None,
    email: Annotated[str | None, typer.Option(help="Where pages go when Telegram is not enough; 'none' takes it away.")] = None,
) -> None:
    """Invite someone of the staff, in person. Valid 10 minutes, once."""
    if duty not in (None, "admin", "clinician"):
        raise UsageError(why=f"'{duty}' is not a duty. Write admin or clinician.")
    address = read_email(email) if email is not None else None
    name = _name(name, code)
    with shared.unit() as u:
        known = _known(u, "staff", code, name=name, duty=duty)
        who = known or _add(u, "staff", name, code, duty=duty or "clinician")
        if address is not None:
            people.save_profile(u, who, {"email": address})
        made, bot_name = _issue(u, who)
    _hand_out(who, made, bot_name, new=known is None)


def read_email(text: str) -> str:
    """A mail address as it is kept, "" for none. Raises `UsageError`, which does not repeat what it was given."""
    address = text.strip()
    if address.lower() == "none":
        return ""
    if not people.EMAIL.fullmatch(address):
        raise UsageError(why="That is not a mail address. Write one such as name@clinic.example, or none.")
    return address


def print_link(code: str, bot_name: str | None) -> None:
    """The link on a line of its own, and its QR code where somebody is looking."""
    if bot_name is None:
        out("Telegram has not told the bot's name yet (it does at the first `between run`). Until then they open the bot and send:")
        out(f"/start {code}")
        return
    link = f"https://t.me/{bot_name}?start={code}"
    out(link)
    if sys.stdout.isatty():
        segno.make(link, error="m").terminal(compact=True)


def _name(given: str | None, code: str | None) -> str | None:
    """Asked for somebody new only, and before the database is held."""
    return given if given is None and code is not None else ask("Name", "--name", given)


def _known(u: Unit, role: str, code: str | None, **new: object) -> PersonCard | None:
    """Who has this code, if they may have a link. What is only for somebody new would be passed over, so it is refused."""
    who = people.person_by_code(u, code) if code is not None else None
    if who is None:
        return None
    if who.role != role:
        raise UsageError(why=f"'{code}' is the code of a {who.role if who.role == 'patient' else 'staff member'}.")
    if who.outside and who.status != "declined":
        raise UsageError(why=f"'{code}' has left the program. Invite them under a new code.")
    given = [f"--{option}" for option, value in new.items() if value is not None]
    if given:
        raise UsageError(why=f"'{code}' is in use. Leave out {' and '.join(given)} to give that person a new link, or take another code.")
    return who


def _add(u: Unit, role: str, name: str | None, code: str | None, **fields: Any) -> PersonCard:
    if code is not None and not people.CODE.fullmatch(code):
        raise UsageError(why=f"'{code}' cannot be a code. Write 1 to 12 letters, digits or dashes, such as 0042, and no name.")
    if name is None:
        raise UsageError(why=f"Nobody has the code '{code}'. Check it; to invite somebody new under it, add --name.")
    known = _clinic(u)
    return people.person(u, people.add_person(u, role, name, known.zone, code=code, country=known.country, **fields))


def _clinic(u: Unit) -> ClinicCard:
    known = clinic.clinic(u)
    assert known is not None  # a database without one is not opened
    return known


def _issue(u: Unit, who: PersonCard) -> tuple[str, str | None]:
    audit.record(u, who.id, "between", "invite.issued", who.role, "command line")
    return invites.add(u, who), meta.get(u, "bot_username")


def _hand_out(who: PersonCard, code: str, bot_name: str | None, *, new: bool) -> None:
    voided = "" if new else " Earlier links of this code no longer work."
    out(f"Code {who.code}. Valid {VALID[who.role]}, once.{voided}")
    print_link(code, bot_name)
