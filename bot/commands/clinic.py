"""Setting the clinic up and letting people in: setup, invite, migrate."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated
from zoneinfo import available_timezones

import segno
import typer

from bot import opening
from bot.clock import wall
from bot.commands import shared
from bot.commands.shared import out
from bot.errors import NotYet, UnknownPatient, UsageError
from content import hotlines
from storage import clinic, escalations, meta, people
from storage.clinic import ALWAYS, DAYS, ClinicCard
from storage.people import PersonCard
from storage.store import Unit

LATER = {
    "watch": "Until then the ladder runs in `between run` alone.",
    "backup": "Until then copy the data folder while Between is stopped, with the key kept apart.",
    "restore": "Until then put the copied data folder back while Between is stopped.",
    "rotate-keys": "Until then keep the key file safe and do not change it.",
    "forget-patient": "A patient can delete everything by /mydata in the chat.",
}


def setup(
    name: Annotated[str | None, typer.Option(help="The clinic's name, as patients know it.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, such as America/New_York.")] = None,
    line: Annotated[str | None, typer.Option(help="The clinic's telephone line.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters, such as US.")] = None,
    cover: Annotated[str | None, typer.Option(help="When somebody is on call: 'always', or like 'mon-fri 08:00-20:00'.")] = None,
    admin: Annotated[str | None, typer.Option(help="The first administrator's name; gets an invitation.")] = None,
) -> None:
    """Set the clinic up: asks, or takes options. Run again with options to change what is known."""
    read = shared.settings()
    store = opening.open_store(read, wall(), setup=True)
    with store.unit(wall()) as u:
        before = clinic.clinic(u)
        known = (before.name, before.zone, before.line, before.country, _cover_text(before)) if before else (None,) * 5
        new = before is None
        name = _ask("Clinic name", name, known[0], new)
        zone = _zone(_ask("Time zone (such as America/New_York)", zone, known[1], new))
        line = _ask("Telephone line", line, known[2], new)
        country = _country(_ask("Country (two letters)", country, known[3] or "US", new))
        hours = _cover(_ask("On call ('always', or 'mon-fri 08:00-20:00')", cover, known[4] or "always", new))
        clinic.set_up(u, name, line, zone, country, hours)
        code = None
        if admin or new:
            admin = _ask("First administrator's name", admin, None, True)
            who = people.person(u, people.add_person(u, "staff", admin, zone, duty="admin", country=country))
            code = people.add_invite(u, who)
            if new:
                escalations.set_on_call(u, "primary", who)
        bot_name = meta.get(u, "bot_username")
    out(f"{name} is set up. Times are in {zone}; on call: {_cover_text_of(hours)}.")
    if code is not None:
        out("The administrator opens this within 10 minutes (a new one: `between invite staff --code S001`):")
        _print_link(code, bot_name)
    out("Next: put BETWEEN_BOT_TOKEN in .env, run `between check`, then `between run`.")


def invite_patient(
    name: Annotated[str | None, typer.Option(help="What the program calls them; they choose what the bot calls them.")] = None,
    code: Annotated[str | None, typer.Option(help="Your own code for a new patient, or the code of one who gets a new link.")] = None,
    weeks: Annotated[int | None, typer.Option(help="Length of the program in weeks.", min=1, max=52)] = None,
) -> None:
    """Invite a patient, or give one a new link. Valid 72 hours, once."""
    _invite("patient", name, code, "", weeks)


def invite_staff(
    name: Annotated[str | None, typer.Option(help="The name patients see when this person answers.")] = None,
    code: Annotated[str | None, typer.Option(help="The code of someone who needs a new link.")] = None,
    duty: Annotated[str, typer.Option(help="admin or clinician.")] = "clinician",
) -> None:
    """Invite someone of the staff, in person. Valid 10 minutes, once."""
    if duty not in ("admin", "clinician"):
        raise UsageError(why="--duty is admin or clinician.")
    _invite("staff", name, code, duty, None)


def migrate() -> None:
    """Bring an older database to this version. Make a backup first."""
    changed = opening.upgrade(shared.settings(), wall())
    out("The database is now at this version." if changed else "The database is at this version already.")


def not_yet(name: str, instead: str) -> Callable[[], None]:
    """A fixed command this version does not have yet: says so and exits with 2."""

    def command() -> None:
        raise NotYet(what=f"`between {name}`", instead=instead)

    command.__doc__ = "Not part of this version yet."
    return command


def _invite(role: str, name: str | None, code: str | None, duty: str, weeks: int | None) -> None:
    with shared.unit() as u:
        who = people.person_by_code(u, code) if code else None
        if who is not None and who.role != role:
            raise UsageError(why=f"'{code}' is the code of someone who is not {role}.")
        if who is None:
            who = _new(u, role, name, code, duty, weeks)
        elif who.status in ("discharged", "revoked", "forgotten"):
            raise UsageError(why=f"'{code}' has left the program. Invite them under a new code.")
        made, bot_name = people.add_invite(u, who), meta.get(u, "bot_username")
    out(f"Code {who.code}. Valid {'72 hours' if role == 'patient' else '10 minutes'}, once. Earlier links of this code no longer work.")
    _print_link(made, bot_name)


def _new(u: Unit, role: str, name: str | None, code: str | None, duty: str, weeks: int | None) -> PersonCard:
    if not name:
        if code and role == "staff":
            raise UnknownPatient(code=code)
        name = _ask("Name", None, None, True)
    known = clinic.clinic(u)
    assert known is not None
    fields = {"program_start": wall().date(), "program_weeks": weeks} if weeks else {}
    return people.person(u, people.add_person(u, role, name, known.zone, duty=duty, code=code, country=known.country, **fields))


def _print_link(code: str, bot_name: str | None) -> None:
    if bot_name is None:
        out("Telegram has not told the bot's name yet (it does at the first `between run`). Until then they open the bot and send:")
        out(f"/start {code}")
        return
    link = f"https://t.me/{bot_name}?start={code}"
    out(link)
    if sys.stdout.isatty():
        segno.make(link, error="m").terminal(compact=True)


def _ask(what: str, given: str | None, default: str | None, ask: bool) -> str:
    if given is not None:
        value = given
    elif not ask and default is not None:
        value = default
    elif sys.stdin.isatty():
        value = typer.prompt(what, default=default)
    elif default is not None:
        value = default
    else:
        raise UsageError(why=f"{what} is missing. Give it as an option; see `--help`.")
    if not value.strip():
        raise UsageError(why=f"{what} cannot be empty.")
    return value.strip()


def _zone(zone: str) -> str:
    if zone not in available_timezones():
        raise UsageError(why=f"'{zone}' is not a time zone. Write one such as America/New_York or Europe/Madrid.")
    return zone


def _country(country: str) -> str:
    if len(country) != 2 or not country.isalpha():
        raise UsageError(why=f"'{country}' is not a country. Write two letters, such as US.")
    if hotlines.emergency_number(country.upper()) is None:
        out(f"Note: no crisis line is on file for {country.upper()}; patients see findahelpline.com and 'your local emergency number'.")
    return country.upper()


def _cover(text: str) -> dict[str, tuple[str, str]]:
    """ "always", or comma-separated spans such as "mon-fri 08:00-20:00, sat 10:00-14:00"."""
    if text == "always":
        return dict(ALWAYS)
    hours: dict[str, tuple[str, str]] = {}
    try:
        for part in text.lower().split(","):
            days, span = part.split()
            first, _, last = days.partition("-")
            begins, ends = span.split("-")
            if not (_is_wall(begins) and (_is_wall(ends) or ends == "24:00") and begins < ends):
                raise ValueError
            for day in DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]:
                hours[day] = (begins, ends)
    except ValueError:
        raise UsageError(why=f"'{text}' is not a cover time. Write 'always', or like 'mon-fri 08:00-20:00, sat 10:00-14:00'.") from None
    return hours


def _is_wall(text: str) -> bool:
    hour, _, minute = text.partition(":")
    return len(text) == 5 and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60


def _cover_text(card: ClinicCard) -> str:
    return _cover_text_of(card.cover)


def _cover_text_of(cover: dict[str, tuple[str, str]]) -> str:
    if cover == ALWAYS:
        return "always"
    return ", ".join(f"{day} {begins}-{ends}" for day, (begins, ends) in cover.items())
