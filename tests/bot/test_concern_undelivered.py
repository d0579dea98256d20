"""A word about a concern that Telegram does not take for the person on call: the others on call are told at once, and once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.phones import Phones, instant
from bot.sending import Gone, Refused, Result
from storage import escalations, people
from storage.engine import open_engine
from storage.outbox import Claimed
from storage.seal import Keyring
from storage.store import Store
from tests.bots import MASTER
from tests.clinics import PATIENT, STAFF, add_staff, open_clinic

NOW = instant("2026-11-16T10:00-05:00")
SECOND = STAFF + 1


class Refusing(Phones):
    """Phones of which some take nothing, which only the sending finds out."""

    refuses: tuple[int, ...] = ()
    result: Result = Gone()
    tried = 0

    def _show(self, row: Claimed) -> Result:
        if row.address in self.refuses:
            self.tried += 1
            return self.result
        return super()._show(row)


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Refusing]:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'bot.db'}"), Keyring(MASTER))
    phones = Refusing(lambda: store, NOW)
    open_clinic(store, NOW, phones)
    with store.unit(NOW) as u:
        second = people.person(u, add_staff(u, SECOND, "Ana Ruiz"))
        escalations.set_on_call(u, "backup", second)
    phones.phone(SECOND)
    yield phones
    store.close()


def _told(phones: Phones, address: int) -> int:
    return sum("a concern waits in /inbox" in message.text for message in phones.phone(address).messages)


@pytest.mark.parametrize("result", [Gone(), Refused("chat not found")], ids=["gone", "refused"])
def test_the_others_on_call_are_told_at_once(refusing: Refusing, result: Result) -> None:
    refusing.refuses, refusing.result = (STAFF,), result
    refusing.type(PATIENT, "I don't want to be here anymore")
    refusing.wait(timedelta(minutes=15))
    assert _told(refusing, SECOND) == 1
    refusing.wait(timedelta(hours=4))
    assert _told(refusing, SECOND) == 2, "nobody has looked for four hours: everyone on call is told, as ever"


@pytest.mark.parametrize("result", [Gone(), Refused("chat not found")], ids=["gone", "refused"])
def test_where_nobody_can_be_told_it_does_not_go_round(refusing: Refusing, result: Result) -> None:
    refusing.refuses, refusing.result = (STAFF, SECOND), result
    refusing.type(PATIENT, "I don't want to be here anymore")
    refusing.wait(timedelta(hours=24))
    assert 2 <= refusing.tried <= 6
