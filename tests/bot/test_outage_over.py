"""After hours without any connection: what waited to be mailed or posted goes once, not once for each quarter of an hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot import letters
from bot.phones import Phones
from storage import letters as rows
from storage import people
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store
from tests.bot.conftest import NOW
from tests.bots import MASTER
from tests.clinics import PATIENT, open_clinic


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    store = Store(open_engine(database), Keyring(MASTER))
    yield store
    store.close()


def test_each_is_written_to_once_for_each_reason(store: Store) -> None:
    phones = Phones(lambda: store, NOW)
    open_clinic(store, NOW, phones)
    with store.unit(phones.now) as u:
        rows.set_ways(u, {rows.MAIL, rows.CLINIC, rows.WEBHOOK})
        people.save_profile(u, people.people(u, "staff")[0], {"email": "dana@clinic.example"})
    phones.away = True
    phones.type(PATIENT, "I want to kill myself")
    for _ in range(100):
        phones.wait(timedelta(minutes=1))
        with store.unit(phones.now) as u:
            letters.look_for_unconfirmed(u)
    went: Counter[tuple[str, bool, str]] = Counter()
    with store.unit(phones.now) as u:
        for id, channel in rows.waiting(u):
            letter = rows.claim(u, id, "courier", phones.now)
            assert letter is not None
            if letters.unwanted(u, letter) is None:
                went[channel, letter.to is not None, letter.payload["body"]["why"]] += 1
    assert ("mail", True, "unconfirmed") in went
    assert ("webhook", False, "exhausted") in went
    assert set(went.values()) == {1}, went
