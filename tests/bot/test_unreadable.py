"""Words nobody can open any more, because their person was forgotten or a row is damaged, end there: what waits behind them goes out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot import sending
from bot.phones import instant
from bot.sending import Doubt, Result, Wait
from storage import erasing, outbox, people
from storage.engine import open_engine
from storage.outbox import CRISIS, Claimed
from storage.people import ChatCard
from storage.seal import Keyring, MasterKey, WrongMaster
from storage.store import Store, Unit, table
from storage.tables import Note, Outbox, Person
from tests.clinics import OTHER, PATIENT, open_clinic

NOW = instant("2026-11-16T15:00-05:00")
OUTBOX = table(Outbox)


@pytest.fixture
def u(database: str) -> Iterator[Unit]:
    store = Store(open_engine(database), Keyring(MasterKey.fresh()))
    open_clinic(store, NOW)
    with store.unit(NOW) as unit:
        yield unit
    store.close()


def post(u: Unit, address: int, lane: int = CRISIS) -> int:
    return outbox.post(u, people.chat_for(u, address), lane, "send", {"text": "Something", "keyboard": []}, "bot.later@1")


def claim(u: Unit) -> list[Claimed]:
    """What the drain would send now."""
    return [taken for row in outbox.waiting(u) if (taken := sending.claim(u, row, "drain")) is not None]


def damage(u: Unit, id: int) -> None:
    u.run(update(OUTBOX).where(OUTBOX.c.id == id).values(payload=b"\x01damaged, as it might be by a bad disk"))


def state(u: Unit, id: int) -> tuple[str, str | None]:
    row = u.one(select(OUTBOX.c.state, OUTBOX.c.reason).where(OUTBOX.c.id == id))
    assert row is not None
    return row.state, row.reason


def chat(u: Unit, address: int) -> ChatCard:
    return people.chat_for(u, address)


@pytest.mark.parametrize("ended", [Wait(5), Doubt(), Doubt(safe=True)])
def test_what_was_on_its_way_when_its_person_was_forgotten_does_not_come_back(u: Unit, ended: Result) -> None:
    going = post(u, PATIENT)
    [taken] = claim(u)
    erasing.wipe_chat(u, chat(u, PATIENT).id)
    sending.record(u, taken, ended)
    after = post(u, OTHER)
    u.now += timedelta(minutes=1)
    assert [each.id for each in claim(u)] == [after]
    assert state(u, going) == ("dropped", "forgotten")


def test_nor_after_a_crash_in_the_middle(u: Unit) -> None:
    going = post(u, PATIENT)
    claim(u)
    erasing.wipe_chat(u, chat(u, PATIENT).id)
    after = post(u, OTHER)
    assert sending.rescue_leases(u, alone=True) == 0
    assert [each.id for each in claim(u)] == [after]
    assert state(u, going) == ("dropped", "forgotten")


def test_a_damaged_row_ends_where_staff_see_it_and_holds_up_nobody(u: Unit) -> None:
    damaged, after = post(u, PATIENT), post(u, OTHER)
    damage(u, damaged)
    assert [each.id for each in claim(u)] == [after]
    assert state(u, damaged) == ("dead", "sealed")
    assert [(note.kind, note.code) for note in u.all(select(table(Note)))] == [("undelivered", "sealed")]


def test_one_that_was_damaged_on_its_way_holds_up_neither_a_start_nor_what_waits(u: Unit) -> None:
    damaged, other = post(u, PATIENT), post(u, OTHER)
    claim(u)
    damage(u, damaged)
    assert sending.rescue_leases(u, alone=True) == 2
    assert [each.id for each in claim(u)] == [other]
    assert state(u, damaged) == ("dead", "sealed")


def test_a_person_whose_row_is_damaged_holds_up_nobody_and_still_gets_what_is_theirs(u: Unit) -> None:
    who = chat(u, PATIENT).person
    assert who is not None
    words = {"text": "Something", "keyboard": []}
    theirs = outbox.post(u, chat(u, PATIENT), CRISIS, "send", words, "bot.later@1", wanted="consent:program")
    after = post(u, OTHER)
    u.run(update(table(Person)).where(table(Person).c.id == who).values(name=b"\x01damaged, as it might be by a bad disk"))
    assert [each.id for each in claim(u)] == [theirs, after]


def test_a_process_with_an_old_master_key_ends_nothing(u: Unit) -> None:
    """After `rotate-keys` on another machine: it has to be started again, and then it sends what waits."""
    waits = post(u, PATIENT)
    u.keys = Keyring(MasterKey.fresh(), index=u.keys.index_key)
    with pytest.raises(WrongMaster):
        claim(u)
    assert state(u, waits)[0] == "ready"
