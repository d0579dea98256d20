"""Two patients on one phone, one after the other: what is about the first stays about the first, and nothing of theirs stays on it."""

from __future__ import annotations

from datetime import timedelta

from bot.phones import Phones
from storage import invites, people
from storage.store import Store
from tests.clinics import PATIENT, STAFF, ZONE


def leave(phones: Phones) -> None:
    """Robin stops all of it, from wherever they are."""
    phones.type(PATIENT, "/settings")
    for label in ("What I allow", "Stop all of it", "Yes, stop all of it"):
        phones.tap(PATIENT, label)


def invited(store: Store, phones: Phones) -> str:
    """A link for Kim, a second patient."""
    with store.unit(phones.now) as u:
        id = people.add_person(u, "patient", "Kim", ZONE, code="0003")
        return f"/start {invites.add(u, people.person(u, id))}"


def texts(phones: Phones, address: int, since: int = 0) -> list[str]:
    return [message.text for message in phones.phone(address).messages[since:]]


def test_a_concern_nobody_has_looked_at_is_still_about_whom_it_was_about(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "I don't want to be here anymore")
    for label in ("Yes", "No", "Yes, over 3 months ago"):
        phones.tap(PATIENT, label)
    leave(phones)
    before = len(texts(phones, STAFF))
    phones.type(PATIENT, invited(store, phones))
    phones.wait(timedelta(hours=6))
    assert ["0001: a concern waits" in text for text in texts(phones, STAFF, before)] == [True]
