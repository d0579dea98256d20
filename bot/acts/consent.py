"""Consent: what was agreed to, in which version of the words, and what ends when it is taken back."""

from __future__ import annotations

from typing import Any

from bot import danger
from bot.acts import concern
from bot.acts.contacts import finish
from bot.acts.profile import replan
from bot.flow.commands import GiveConsent, LeaveProgram, RevokeConsent
from bot.registry import act, look
from bot.sitting import Sitting
from safety import duty
from storage import audit, contacts, my_data, notes, outbox, people, talks
from storage.clinic import ALWAYS, ClinicCard, clinic
from storage.outbox import PROMPT
from storage.wall import DAYS


@act(GiveConsent)
def give_consent(s: Sitting, command: GiveConsent) -> None:
    people.give_consent(s.u, s.person.id, command.scope, command.version)
    audit.record(s.u, s.person.id, s.person.code, "consent.given", command.scope, f"v{command.version}")
    if command.scope == "program":
        replan(s)


@act(RevokeConsent)
def revoke_consent(s: Sitting, command: RevokeConsent) -> None:
    """A no to something that was never given changes nothing, but for staff who may not be paged: they hold no position."""
    held = duty.let_go(s.u, s.person) if command.scope == "paged" else []
    if command.scope in people.consents(s.u, s.person.id):
        people.revoke_consent(s.u, s.person.id, command.scope)
        audit.record(s.u, s.person.id, s.person.code, "consent.revoked", command.scope)
    if command.scope == "paged":
        for position in duty.settle_vacant(s.u, held):
            notes.add(s.u, None, "on_call", position)


@act(LeaveProgram)
def leave_program(s: Sitting, command: LeaveProgram) -> None:
    """Everything is off. An alert that is open goes on until a human closes it. What was answered so far is kept, and to questions after
    worrying words told, as when a patient is discharged: it was said while they were here."""
    who, given = s.person, people.consents(s.u, s.person.id)
    for scope in given:
        people.revoke_consent(s.u, who.id, scope)
        audit.record(s.u, who.id, who.code, "consent.revoked", scope)
    if not given:
        audit.record(s.u, who.id, who.code, "consent.declined", "program")
    notes.add(s.u, who.id, "consent", "withdrawn" if given else "declined")
    concern.leave(s)
    quiet(s)
    people.set_status(s.u, who.id, "declined")
    s.who = people.person(s.u, who.id)


def quiet(s: Sitting) -> None:
    """Nothing is said by itself any more in this chat, nor to whom they chose: nothing due, no prompt on its way, no live button. What they
    had passed on to staff goes."""
    my_data.leave_nothing_due(s.u, s.person.id, s.chat)
    outbox.drop_prompts(s.u, s.chat.id, PROMPT, "left")
    talks.close_for_good(s.u, s.chat)
    notes.empty(s.u, s.person.id)
    for row in contacts.mine(s.u, s.person):
        finish(s, row, "ended")


@look("consent.given")
def given(s: Sitting) -> list[str]:
    return sorted(people.consents(s.u, s.person.id))


@look("consent.version")
def version(s: Sitting, words: str) -> int:
    """The version of the words that are about to be shown."""
    return s.words.item(words).version


@look("crisis.open")
def alert_open(s: Sitting) -> bool:
    """Whether there is an alert about them that no person has closed: it goes on also when they leave."""
    return danger.is_open(s)


@look("welcome.facts")
def facts(s: Sitting) -> dict[str, Any]:
    """What the first screens must say truly: the numbers of the place, the clinic's name, and when somebody is on call."""
    lines, known = danger.Lines.of(s.person.country), clinic(s.u)
    cover = "none" if known is None or not known.cover else "always" if known.cover == ALWAYS else "some"
    return {
        "clinic": known.name if known else "",
        "known": lines.known,
        "emergency": lines.emergency,
        "line": lines.line,
        "cover": cover,
        "hours": hours(s, known) if known is not None and cover == "some" else "",
    }


def hours(s: Sitting, known: ClinicCard) -> str:
    """The cover hours in a few words, "Mon-Fri 09:00-17:00, Sat 10:00-14:00"; in the clinic's zone."""
    spans: list[tuple[list[str], tuple[str, str]]] = []
    for name in (each for each in DAYS if each in known.cover):
        follows = bool(spans) and DAYS.index(spans[-1][0][-1]) + 1 == DAYS.index(name)
        if follows and spans[-1][1] == known.cover[name]:
            spans[-1][0].append(name)
        else:
            spans.append(([name], known.cover[name]))
    parts = []
    for names, (begins, ends) in spans:
        first, last = s.words.text(f"day.{names[0]}"), s.words.text(f"day.{names[-1]}")
        parts.append(f"{first if first == last else f'{first}-{last}'} {begins}-{ends}")
    return ", ".join(parts)
