"""Personal contacts where a transcript can't look: what is asked again before a message goes, what is open to them, and how long."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.acts.contacts import asked_by_patient
from bot.event import Event
from bot.phones import Phones
from bot.sitting import Sitting
from storage import contacts, notes, people, retention
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, table
from storage.tables import Outbox
from tests.bot.conftest import NOW, robin
from tests.bots import MASTER
from tests.clinics import OTHER, PATIENT, STRANGER, open_clinic

MESSAGE = "Robin asked that we reach you. Please call Robin now."


@pytest.fixture
def phones(phones: Phones, store: Store) -> Phones:
    """Ana has agreed to be asked."""
    with store.unit(NOW) as u:
        code = contacts.add(u, robin(u), "Ana", "both")
    phones.type(STRANGER, f"/start {code}")
    phones.tap(STRANGER, "Yes, I agree")
    return phones


def seen(phones: Phones, address: int) -> list[str]:
    return [shown.text for how, shown in phones.phone(address).look() if how == "new"]


def test_whoever_stops_in_the_last_moment_gets_no_message(store: Store, phones: Phones) -> None:
    seen(phones, STRANGER)
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        row = contacts.to_ask(u, robin(u), "mine")[0]
        asked_by_patient(Sitting(u, chat, robin(u), 1, Event("button", PATIENT), NOW), row.id)
        contacts.end(u, row)
    phones.settle()
    assert seen(phones, STRANGER) == []
    with store.unit(NOW) as u:
        columns = table(Outbox)
        rows = u.all(select(columns.c.state, columns.c.reason).where(columns.c.content.like("contact.message%")))
        assert [(row.state, row.reason) for row in rows] == [("dropped", "no_consent")]


def test_the_patient_is_told_when_a_contact_has_blocked_the_bot_meanwhile(store: Store, phones: Phones) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        row = contacts.to_ask(u, robin(u), "mine")[0]
        asked_by_patient(Sitting(u, chat, robin(u), 1, Event("button", PATIENT), NOW), row.id)
    phones.block(STRANGER)
    phones.settle()
    asked, missed = seen(phones, PATIENT)[-2:]
    assert asked.startswith("At ") and missed.startswith("As far as I can see, the message to Ana did not get through.")
    with store.unit(NOW) as u:
        assert notes.waits(u, robin(u).id, "undelivered", "contact_blocked")


@pytest.mark.parametrize("command", ["/checkin", "/journal", "/plan", "/contacts", "/patients", "/start", "/mydata"])
def test_nothing_else_is_open_to_a_contact(phones: Phones, command: str) -> None:
    seen(phones, STRANGER)
    phones.type(STRANGER, command)
    (said,) = seen(phones, STRANGER)
    assert said.startswith("Nobody reads what is written here.")


@pytest.mark.parametrize("command", ["/help", "/sos"])
def test_a_contact_who_needs_help_gets_the_numbers(phones: Phones, command: str) -> None:
    seen(phones, STRANGER)
    phones.type(STRANGER, command)
    card, alone = seen(phones, STRANGER)
    assert "call 911 now" in card
    assert alone.startswith("Nobody is told about this message.")


def test_a_contact_can_be_asked_a_year_on_and_other_strangers_are_forgotten(store: Store, phones: Phones) -> None:
    late = NOW + timedelta(days=365)
    with store.unit(late) as u:
        retention.apply(u)
    with store.unit(late) as u:
        assert [row.name for row in contacts.to_ask(u, robin(u), "staff")] == ["Ana"]
        contacts.end(u, contacts.mine(u, robin(u))[0])
    with store.unit(late) as u:
        assert retention.apply(u)["strangers"] == 1


def test_who_is_in_the_program_is_nobodys_contact_from_there(store: Store, phones: Phones) -> None:
    with store.unit(NOW) as u:
        code = contacts.add(u, robin(u), "Sam", "both")
    seen(phones, OTHER)
    phones.type(OTHER, f"/start {code}")
    assert MESSAGE not in "".join(seen(phones, OTHER))
    with store.unit(NOW) as u:
        assert [row.state for row in contacts.mine(u, robin(u))] == ["agreed", "invited"]


def test_of_two_chats_that_open_a_link_at_once_one_has_it(database: str) -> None:
    store, got = Store(open_engine(database), Keyring(MASTER)), []
    open_clinic(store, NOW)
    with store.unit(NOW) as u:
        code = contacts.add(u, robin(u), "Ana", "both")
        chats = [people.chat_for(u, STRANGER + n).id for n in range(2)]

    def open_too() -> None:
        with store.unit(NOW) as u:
            got.append(contacts.open_link(u, code, chats[1]))

    other = threading.Thread(target=open_too)
    with store.unit(NOW) as u:
        got.append(contacts.open_link(u, code, chats[0]))
        other.start()
        other.join(0.2)
    other.join()
    with store.unit(NOW) as u:
        assert [row.chat for row in contacts.mine(u, robin(u))] == [chats[0]]
    assert [row is not None for row in got] == [True, False]
    store.close()


def test_two_people_may_choose_the_same_one_and_each_ends_alone(store: Store, phones: Phones) -> None:
    with store.unit(NOW) as u:
        sam = people.person_by_code(u, "0002")
        assert sam is not None
        code = contacts.add(u, sam, "Ana", "mine")
    phones.type(STRANGER, f"/start {code}")
    phones.tap(STRANGER, "Yes, I agree")
    with store.unit(NOW) as u:
        assert contacts.end(u, contacts.mine(u, robin(u))[0]) is None, "the chat is still somebody's"
        assert [row.name for row in contacts.to_ask(u, sam, "mine")] == ["Ana"]
        assert contacts.to_ask(u, sam, "staff") == []
