"""Inviting people, and what staff flows look up. Every act asks for the right again and leaves a line in the audit."""

from __future__ import annotations

from typing import Any

from bot import danger, talk
from bot.flow.commands import Invite
from bot.registry import act, command, look
from bot.rights import allowed, may
from bot.sitting import Sitting
from storage import audit, invites, meta, people
from storage.clinic import clinic
from storage.outbox import CRISIS
from storage.people import PersonCard


@command("help", role="staff", menu="menu.staff_help")
def help_screen(s: Sitting) -> None:
    """What staff can do here, and the numbers: staff are people too."""
    s.post(danger.fill(s.draft(), "staff.help", danger.Lines.of(s.person.country)), lane=CRISIS)


@command("invite", role="staff", menu="menu.invite")
def invite_command(s: Sitting) -> None:
    if allowed(s, "invite"):
        talk.start(s, "staff_invite")


@command("email", role="staff", menu="menu.email")
def email_command(s: Sitting) -> None:
    if allowed(s, "on_call"):
        talk.start(s, "staff_email")


@look("staff.is_email")
def is_email(_: Sitting, text: str) -> bool:
    return people.EMAIL.fullmatch(text) is not None


@look("staff.may")
def staff_may(s: Sitting, action: str) -> bool:
    return may(people.person(s.u, s.person.id), action)


@look("staff.mine")
def mine(s: Sitting) -> dict[str, Any]:
    known = clinic(s.u)
    return {"duty": "admin" if s.person.duty == "admin" else "clinician", "clinic": known.name if known else "", "email": s.person.email}


@act(Invite)
def invite(s: Sitting, command: Invite) -> dict[str, str]:
    if not staff_may(s, "invite"):
        return {"result": "denied"}
    if command.code and not people.CODE.fullmatch(command.code):
        return {"result": "unfit"}
    if command.code and people.person_by_code(s.u, command.code) is not None:
        return {"result": "taken"}
    known = clinic(s.u)
    weeks = {"program_start": s.local.date(), "program_weeks": command.weeks} if command.weeks else {}
    id = people.add_person(
        s.u,
        command.role,
        command.name or command.code,
        known.zone if known else s.person.zone,
        duty=command.duty,
        code=command.code or None,
        country=known.country if known else s.person.country,
        **weeks,
    )
    who = people.person(s.u, id)
    return {"result": "ok", "code": who.code, "link": link(s, who)}


def link(s: Sitting, who: PersonCard) -> str:
    """A fresh one-time link for someone, as they open it; the command to type where the bot's name is not known yet."""
    code = invites.add(s.u, who, s.person.id)
    audit.record(s.u, who.id, s.person.code, "invite.issued", who.role)
    name = meta.get(s.u, "bot_username")
    return f"https://t.me/{name}?start={code}" if name else f"/start {code}"
