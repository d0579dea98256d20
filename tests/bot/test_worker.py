"""One bad event costs itself: what the database will never take is set aside; what it can't take now is tried again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot import registry
from bot.intake import keep
from bot.phones import Phones
from bot.registry import CommandEntry
from bot.sitting import Sitting
from bot.worker import take_group
from storage import escalations, invites, notes, people
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, table
from storage.tables import Inbox, Person
from tests.bot.conftest import NOW
from tests.bots import MASTER
from tests.clinics import OTHER, PATIENT, STRANGER

INBOX = table(Inbox).c


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    store = Store(open_engine(database), Keyring(MASTER))
    yield store
    store.close()


def on_odd(monkeypatch: pytest.MonkeyPatch, run: Callable[[Sitting], None]) -> None:
    """What `/odd` does for a patient."""
    monkeypatch.setitem(registry.COMMANDS, "patient:odd", CommandEntry("patient", run, None))


def states(store: Store) -> list[tuple[str, str | None]]:
    with store.unit(NOW) as u:
        return [(row.state, row.reason) for row in u.all(select(INBOX.state, INBOX.reason).order_by(INBOX.id))]


def takes_a_code_in_use(s: Sitting) -> None:
    s.u.set(Person, s.person.id, code="0002")


def leaves_out_a_name(s: Sitting) -> None:
    s.u.set(Person, s.person.id, name=None)


def gives_a_date_that_is_none(s: Sitting) -> None:
    s.u.set(Person, s.person.id, paused_until="on no day")


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (takes_a_code_in_use, "IntegrityError"),
        (leaves_out_a_name, "IntegrityError"),
        (gives_a_date_that_is_none, "StatementError DataError"),
    ],
)
def test_a_row_the_database_refuses_is_set_aside(
    store: Store, phones: Phones, monkeypatch: pytest.MonkeyPatch, run: Callable[[Sitting], None], reason: str
) -> None:
    on_odd(monkeypatch, run)
    phones.type(PATIENT, "/odd")
    phones.type(OTHER, "/help")
    assert phones.phone(PATIENT).messages[-1].text.startswith("Something went wrong on our side")
    assert "988" in phones.phone(OTHER).messages[-1].text
    (state, why), after = states(store)
    assert (state, after) == ("quarantined", ("done", None))
    assert str(why) in reason.split(), "SQLite and PostgreSQL name it differently"


def test_a_database_that_is_away_for_a_moment_costs_nothing(store: Store, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(s: Sitting) -> None:
        raise OperationalError("away", {}, Exception("away"))

    on_odd(monkeypatch, away)
    with pytest.raises(OperationalError):
        phones.type(PATIENT, "/odd")
    assert states(store) == [("ready", None)]
    on_odd(monkeypatch, lambda s: s.u.run(text("select 1")) and s.say("bot.later"))
    phones.settle()
    assert [message.text for message in phones.phone(PATIENT).messages] == ["All right, later. What you answered so far is kept."]


def together(store: Store, phones: Phones, *updates: dict[str, Any]) -> None:
    """Several updates that came in before the first was taken."""
    with store.unit(phones.now) as u:
        for number, update in enumerate(updates):
            keep(u, [json.dumps({"update_id": 90_000 + number, **update})])


def said(address: int, message: int, text: str) -> dict[str, Any]:
    someone = {"id": address, "is_bot": False, "first_name": "P"}
    chat = {"id": address, "type": "private"}
    return {"message": {"message_id": message, "date": int(NOW.timestamp()), "chat": chat, "from": someone, "text": text}}


def tapped(phones: Phones, address: int, label: str) -> dict[str, Any]:
    message, data = phones.phone(address).find(label)
    under = {"message_id": message.id, "date": 1, "chat": {"id": address, "type": "private"}}
    return {"callback_query": {"id": "1", "from": {"id": address, "first_name": "P"}, "message": under, "chat_instance": "1", "data": data}}


@pytest.mark.parametrize("limit", [64, 1])
def test_who_erases_everything_and_then_writes_of_danger_is_heard(store: Store, phones: Phones, limit: int) -> None:
    phones.type(PATIENT, "/mydata")
    phones.tap(PATIENT, "Erase everything")
    phones.tap(PATIENT, "Go on")
    phones.phone(PATIENT).look()
    together(store, phones, tapped(phones, PATIENT, "Yes, erase everything"), said(PATIENT, 900, "I want to kill myself"))
    while take_group(store, NOW, limit):
        pass
    phones.settle()
    new = [shown.text for how, shown in phones.phone(PATIENT).look() if how == "new"]
    assert any("988" in text for text in new)
    assert {state for state, _ in states(store)} == {"done"}
    with store.unit(NOW) as u:
        assert u.all(select(INBOX.id).where(INBOX.raw.is_not(None), INBOX.chat_id == people.chat_for(u, PATIENT).id)) == []


def test_who_opens_the_invitation_and_writes_at_once_is_a_patient_already(store: Store, phones: Phones) -> None:
    with store.unit(NOW) as u:
        id = people.add_person(u, "patient", "Kim", "America/New_York")
        code = invites.add(u, people.person(u, id))
    together(store, phones, said(STRANGER, 1, f"/start {code}"), said(STRANGER, 2, "I want to kill myself"))
    phones.settle()
    with store.unit(NOW) as u:
        assert escalations.open_for(u, id) is not None


def test_a_row_that_does_not_open_gets_the_card_from_memory_and_holds_up_nobody(store: Store, phones: Phones) -> None:
    together(store, phones, said(PATIENT, 1, "hello"), said(PATIENT, 2, "hello again"), said(OTHER, 3, "/help"))
    with store.unit(NOW) as u:
        first, second = (row.id for row in u.all(select(INBOX.id).order_by(INBOX.id).limit(2)))
        u.set(Inbox, first, raw=b"\x01" + bytes(40))
        u.set(Inbox, second, raw=None)
    phones.settle()
    assert "988" in phones.phone(PATIENT).messages[0].text
    assert "988" in phones.phone(OTHER).messages[-1].text
    assert states(store) == [("quarantined", "last_resort")] * 2 + [("done", None)]
    with store.unit(NOW) as u:
        assert [(note.kind, note.code) for note in notes.unseen(u)] == [("quarantine", "last_resort")] * 2
