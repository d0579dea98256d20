"""Setting the clinic up, and bringing its database to this version."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

import typer

from bot import opening
from bot.clock import wall
from bot.commands import data, shared
from bot.commands.cover import read_cover, write_cover
from bot.commands.invite import print_link, read_email
from bot.commands.shared import ask, ask_for, out, read_country
from bot.errors import AlreadySetUp, SetupNeeded, UsageError
from bot.settings import Settings
from content import hotlines
from storage import audit, clinic, escalations, invites, meta, people
from storage.clinic import ClinicCard
from storage.people import PersonCard
from storage.store import Unit


def setup(
    name: Annotated[str | None, typer.Option(help="The clinic's name, as patients know it.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, such as America/New_York.")] = None,
    line: Annotated[str | None, typer.Option(help="The clinic's telephone line.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters, such as US.")] = None,
    cover: Annotated[str | None, typer.Option(help="When somebody is on call: 'always', or like 'mon-fri 08:00-20:00'.")] = None,
    admin: Annotated[str | None, typer.Option(help="An administrator's name; gets an invitation. The first is put on call.")] = None,
    email: Annotated[str | None, typer.Option(help="That administrator's mail address, for pages when Telegram is not enough.")] = None,
) -> None:
    """Set the clinic up: asks, or takes options. Run again with options to change what is known."""
    read = shared.settings()
    address = read_email(email) if email is not None else ""
    before = _before(read)
    if before is not None and not any(option is not None for option in (name, zone, line, country, cover, admin, email)):
        raise AlreadySetUp
    after = _changed(before, name, line, zone, country, cover) if before else _asked(name, line, zone, country, cover)
    if before is not None and admin is None and email is not None:
        raise UsageError(why="--email goes with --admin. Others set theirs with /email in the chat, or `between invite staff --code`.")
    if before is None or admin is not None:
        admin = ask("First administrator's name", "--admin", admin)
    if hotlines.emergency_number(after.country) is None:
        out(f"Note: no crisis line is on file for {after.country}; patients see findahelpline.com and 'your local emergency number'.")
    store = opening.open_store(read, wall(), setup=True)
    try:
        with store.unit(wall(), "setup") as u:
            clinic.set_up(u, after.name, after.line, after.zone, after.country, after.cover)
            there = _administrator(u, admin) if admin is not None else None
            if there is not None and address:
                people.save_profile(u, there, {"email": address})
            who = _add_admin(u, admin, after, address, first=before is None) if admin is not None and there is None else None
            code = invites.add(u, who) if who is not None else None
            bot_name = meta.get(u, "bot_username")
    finally:
        store.close()
    out(f"{after.name} is set up. Times are in {after.zone}; country {after.country}; on call: {write_cover(after.cover)}.")
    if there is not None:
        new, another = f"`between invite staff --code {there.code}`", "`between invite staff --duty admin`"
        out(f"{there.name} is an administrator already, as {there.code}. A new link: {new}. Somebody else of that name: {another}.")
    if who is not None and code is not None:
        out(f"{who.name} opens this within 10 minutes, while Between runs (a new one: `between invite staff --code {who.code}`):")
        print_link(code, bot_name)
    if before is None:
        out("Next: put BETWEEN_BOT_TOKEN in .env and start `between run`. When the link is opened, `between check` shows what is left.")


def migrate() -> None:
    """Bring an older database to this version. An SQLite database is backed up first."""
    read = shared.settings()
    changed = data.backed_up_upgrade(read)
    out("The database is now at this version." if changed else "The database is at this version already.")


def _before(read: Settings) -> ClinicCard | None:
    """The clinic as it stands. Nothing is made yet, so that a bad answer leaves nothing behind."""
    try:
        with shared.unit(read) as u:
            return clinic.clinic(u)
    except SetupNeeded:
        return None


def _asked(name: str | None, line: str | None, zone: str | None, country: str | None, cover: str | None) -> ClinicCard:
    return ClinicCard(
        key=0,
        name=ask("Clinic name", "--name", name),
        zone=ask_for("Time zone (such as America/New_York)", "--zone", zone, None, _zone),
        line=ask_for("Telephone line", "--line", line, None, _line),
        country=ask_for("Country (two letters)", "--country", country, "US", read_country),
        cover=ask_for("On call ('always', or 'mon-fri 08:00-20:00')", "--cover", cover, "always", read_cover),
    )


def _changed(
    before: ClinicCard, name: str | None, line: str | None, zone: str | None, country: str | None, cover: str | None
) -> ClinicCard:
    return ClinicCard(
        key=before.key,
        name=before.name if name is None else ask("Clinic name", "--name", name),
        zone=before.zone if zone is None else _zone(zone),
        line=before.line if line is None else _line(line),
        country=before.country if country is None else read_country(country),
        cover=before.cover if cover is None else read_cover(cover),
    )


def _administrator(u: Unit, name: str) -> PersonCard | None:
    """The administrator of this name there is: a second would be paged and asked beside them, and be nobody."""
    admins = [who for who in people.people(u, "staff") if who.duty == "admin" and not who.outside]
    return next((who for who in admins if who.name.casefold() == name.casefold()), None)


def _add_admin(u: Unit, name: str, known: ClinicCard, email: str, *, first: bool) -> PersonCard:
    who = people.person(u, people.add_person(u, "staff", name, known.zone, duty="admin", country=known.country))
    if email:
        who = people.save_profile(u, who, {"email": email})
    audit.record(u, who.id, "between", "invite.issued", "staff", "command line")
    if first:
        escalations.set_on_call(u, "primary", who)
    return who


def _zone(zone: str) -> str:
    if zone not in available_timezones():
        raise UsageError(why=f"'{zone}' is not a time zone. Write one such as America/New_York or Europe/Madrid.")
    return zone


def _line(line: str) -> str:
    """Patients are told to call it, so it must be something one can dial."""
    if sum(sign.isascii() and sign.isdigit() for sign in line) < 3:
        raise UsageError(why=f"'{line}' is not a telephone line. Write the number that patients call, of at least three digits.")
    return line.strip()
