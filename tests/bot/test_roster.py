"""What ends something asks once more, and much may have happened until the answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.phones import Phones
from storage import audit, my_data, people
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store
from tests.bot.conftest import NOW, robin
from tests.bots import MASTER
from tests.clinics import PATIENT, STAFF, add_staff, open_clinic

SECOND = STAFF + 1


@pytest.fixture
def phones(database: str) -> Iterator[Phones]:
    """A second administrator is there too, and both are asked whether they are sure."""
    store = Store(open_engine(database), Keyring(MASTER))
    made = Phones(lambda: store, NOW)
    open_clinic(store, NOW, made)
    with store.unit(NOW) as u:
        add_staff(u, SECOND, "Ana Ruiz")
    for address in (STAFF, SECOND):
        made.phone(address)
        made.type(address, "/patients")
    yield made
    store.close()


def asked(phones: Phones, *labels: str) -> None:
    for address in (STAFF, SECOND):
        for label in labels:
            phones.tap(address, label)


def told(phones: Phones, code: str) -> list[str]:
    """What the audit has of this person's end, oldest first."""
    with phones._store().unit(NOW) as u:
        who = people.person_by_code(u, code)
        assert who is not None
        lines = [line.action for line in audit.history(u, who.id)]
        return [action for action in reversed(lines) if action in ("person.forgotten", audit.DISCHARGED, "person.revoked")]


def test_who_was_forgotten_meanwhile_is_not_discharged(phones: Phones) -> None:
    asked(phones, "0001", "Discharge")
    with phones._store().unit(NOW) as u:
        my_data.forget(u, robin(u))
    phones.tap(STAFF, "Yes, discharge")
    assert "0001 has left the program" in phones.phone(STAFF).messages[-1].text
    with phones._store().unit(NOW) as u:
        assert people.forgotten_codes(u) == ["0001"], "their pages are looked for by this"
    assert told(phones, "0001") == ["person.forgotten"]


def test_two_of_staff_discharge_somebody_once(phones: Phones) -> None:
    asked(phones, "0001", "Discharge")
    for address in (STAFF, SECOND):
        phones.tap(address, "Yes, discharge")
    assert [message.text[:17] for message in phones.phone(PATIENT).messages] == ["Your program here"]
    assert told(phones, "0001") == [audit.DISCHARGED]


def test_two_of_staff_end_the_access_of_a_third_once(phones: Phones) -> None:
    with phones._store().unit(NOW) as u:
        add_staff(u, SECOND + 1, "Mai Lund")
    phones.phone(SECOND + 1)
    asked(phones, "Staff", "S003 Mai Lund", "End access")
    for address in (STAFF, SECOND):
        phones.tap(address, phones.phone(address).messages[-1].buttons[0][0])
        assert "S003" in phones.phone(address).messages[-1].text
    assert len(phones.phone(SECOND + 1).messages) == 1
    assert told(phones, "S003") == ["person.revoked"]
