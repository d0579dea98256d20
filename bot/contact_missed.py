"""A message to a personal contact that did not get through: the patient, who may be waiting for that call, is told, and staff see whose
contact it was."""

from __future__ import annotations

from datetime import timedelta

from bot.registry import due
from bot.sitting import Sitting
from storage import contacts, notes, people
from storage import due as dues
from storage.due import DueRow
from storage.outbox import ESCALATION
from storage.store import Unit

KIND = "contact_missed"
KEPT = timedelta(minutes=30)
"""How long a message to a contact may wait until it leaves: "please call now" is not said hours later."""


def missed(u: Unit, posted: int, wanted: str | None, why: str) -> bool:
    """Plan that it is told, if the message with this outbox id was one to a contact who is still one; False for any other message."""
    kind, _, id = (wanted or "").partition(":")
    row = contacts.of(u, int(id)) if kind == "contact" else None
    if row is None:
        return False
    notes.add(u, row.person, "undelivered", f"contact_{why}")
    chat = people.chat_of(u, row.person)
    if chat is not None:
        dues.plan(u, KIND, row.id, f"{KIND}:{posted}", u.now, chat=chat.id)
    return True


@due(KIND)
def _tell(s: Sitting, row: DueRow) -> None:
    about = next((each for each in contacts.mine(s.u, s.person) if each.id == row.subject), None)
    if about is not None and s.person.active:
        s.say("contacts.missed", name=about.name, lane=ESCALATION)
