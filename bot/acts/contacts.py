"""Personal contacts, from the patient's side and from staff's: naming, ending, and asking one to call. What they get discloses nothing.

A message goes only when the patient taps for it, or a member of staff does while an alert is open; never by itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot import talk
from bot.contact_missed import KEPT
from bot.flow.commands import AddContact, EndContact
from bot.message import Draft
from bot.registry import act, command, look
from bot.sitting import Sitting
from content.library import load
from storage import audit, contacts, escalations, meta, my_data, outbox, people
from storage.contacts import ContactRow
from storage.escalations import EscalationRow
from storage.outbox import ESCALATION
from storage.people import PersonCard

AGAIN = timedelta(minutes=10)
"""A second tap within this is not sent again."""


@command("contacts", menu="menu.contacts")
def open_contacts(s: Sitting) -> None:
    talk.start(s, "contacts")


@act(AddContact)
def add(s: Sitting, command: AddContact) -> str:
    """The link, as they open it."""
    if len(contacts.mine(s.u, s.person)) >= contacts.MOST:
        return ""
    code = contacts.add(s.u, s.person, command.name, command.use)
    audit.record(s.u, s.person.id, s.person.code, "contact.named", command.use)
    name = meta.get(s.u, "bot_username")
    return f"https://t.me/{name}?start={code}" if name else f"/start {code}"


@act(EndContact)
def end(s: Sitting, command: EndContact) -> bool:
    row = next((each for each in contacts.mine(s.u, s.person) if each.id == command.contact), None)
    if row is None:
        return False
    finish(s, row, "ended")
    audit.record(s.u, s.person.id, s.person.code, "contact.ended", "patient")
    return True


@look("contacts.mine")
def mine(s: Sitting) -> list[dict[str, Any]]:
    uses = {use: s.words.text(f"contacts.use.{use}") for use in ("both", "mine", "staff")}
    return [
        {"id": row.id, "name": row.name, "state": "agreed" if row.state == "agreed" else "invited", "use": uses[row.use]}
        for row in contacts.mine(s.u, s.person)
    ]


def finish(s: Sitting, row: ContactRow, state: str) -> None:
    """End one, and let their chat be erased when nobody else chose them."""
    chat = contacts.end(s.u, row, state)
    if chat is not None and people.chat(s.u, chat).person is None:
        my_data.plan_erasing(s.u, chat)


def asked_by_patient(s: Sitting, id: int) -> None:
    """ "Ask <name> to call me" on the card or the help screen."""
    row = next((each for each in contacts.to_ask(s.u, s.person, "mine") if each.id == id), None)
    if row is None:
        s.say("contacts.not_now", lane=ESCALATION)
        return
    if not _ask(s, s.person, row):
        s.say("contacts.already", name=row.name, lane=ESCALATION, dedupe=f"already:{row.id}:{_round(s)}")
        return
    s.say("contacts.asked", name=row.name, time=f"{s.local:%H:%M}", lane=ESCALATION)
    audit.record(s.u, s.person.id, s.person.code, "contact.asked")
    alert = escalations.open_for(s.u, s.person.id)
    if alert is not None:
        escalations.note(s.u, alert.id, "contact_asked")


def asked_by_staff(s: Sitting, row: EscalationRow) -> int:
    """By whoever has an open alert: all whom staff may ask, and who were not asked just now. The patient is told who; returns how many."""
    patient = people.person(s.u, row.person)
    found = [each for each in contacts.to_ask(s.u, patient, "staff") if _ask(s, patient, each)]
    if found:
        escalations.note(s.u, row.id, "contact_asked", by=s.person.id)
        audit.record(s.u, patient.id, s.person.code, "contact.asked", row.ref)
        at = s.of(patient.id)
        if at is not None:
            names = ", ".join(each.name for each in found)
            at.say("contacts.staff_asked", staff=s.person.name, name=names, lane=ESCALATION)
    return len(found)


def _ask(s: Sitting, patient: PersonCard, row: ContactRow) -> bool:
    """The one message. It says whose call is wanted, and nothing else. False when one went less than `AGAIN` ago, by whoever's tap."""
    assert row.chat is not None
    key, now = f"contact:{row.id}", _round(s)
    if contacts.asked_after(s.u, f"{key}:{now - 1}", s.u.now - AGAIN):
        return False
    draft = Draft(load("en")).add("contact.message", name=patient.call_name or patient.name)
    chat, dedupe, latest = people.chat(s.u, row.chat), f"{key}:{now}", s.u.now + KEPT
    sent = outbox.post(s.u, chat, ESCALATION, "send", draft.payload(), draft.content, wanted=key, dedupe=dedupe, send_by=latest)
    return sent is not None


def _round(s: Sitting) -> int:
    """Two messages in one of these would be less than `AGAIN` apart; so may one in each of two that follow each other."""
    return int(s.u.now.timestamp() // AGAIN.total_seconds())
