"""A person whose row is damaged: danger reaches a human all the same, whoever of them it is, and staff hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot import last_resort, turn
from bot.phones import Phones, instant
from safety import pager
from storage import escalations, journal, letters, notes, people
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey, SealBroken
from storage.store import Store, table
from storage.tables import DataKey, Inbox, Note, Person
from tests.clinics import PATIENT, STAFF, add_staff, open_clinic

NOW = instant("2026-11-16T15:00-05:00")
SECOND = STAFF + 1
DANGER = "I am going to kill myself tonight"
BAD = b"\x01damaged, as it might be by a bad disk"


@pytest.fixture
def phones(database: str) -> Iterator[Phones]:
    store = Store(open_engine(database), Keyring(MasterKey.fresh()))
    made = Phones(lambda: store, NOW)
    open_clinic(store, NOW, made)
    with store.unit(NOW) as u:
        add_staff(u, SECOND, "Ana Ruiz")
    yield made
    store.close()


def broken(*_: object, **__: object) -> Any:
    raise RuntimeError("broken on purpose")


def damage(phones: Phones, code: str, **columns: bytes) -> None:
    with phones._store().unit(phones.now) as u:
        u.run(update(table(Person)).where(table(Person).c.code == code).values(**columns))


def lose_key(phones: Phones, code: str, wrapped: bytes | None, *, chat: bool = False) -> None:
    """Damage, or destroy, the data key of a person or of their chat. The ring forgets it, as after a start."""
    store = phones._store()
    with store.unit(phones.now) as u:
        who = people.person_by_code(u, code)
        seat = people.chat_of(u, who.id) if who is not None else None
        assert who is not None
        assert seat is not None
        key = seat.key if chat else who.key
        u.run(update(table(DataKey)).where(table(DataKey).c.id == key).values(wrapped=wrapped))
    store.keys.forget(key)


def texts(phones: Phones, address: int) -> list[str]:
    return [shown.text for shown in phones.phone(address).messages]


def lines(phones: Phones) -> list[tuple[str, str]]:
    with phones._store().unit(phones.now) as u:
        return [(note.kind, note.code) for note in notes.unseen(u)]


@pytest.mark.parametrize("code", ["0001", "S001", "S002"], ids=["the patient", "on call", "an administrator"])
@pytest.mark.parametrize("column", ["name", "profile"])
def test_danger_of_a_patient_goes_all_its_way(phones: Phones, code: str, column: str) -> None:
    damage(phones, code, **{column: BAD})
    phones.type(PATIENT, DANGER)
    assert "988" in texts(phones, PATIENT)[0]
    assert "I am paging the person on call" in texts(phones, PATIENT)[1]
    assert texts(phones, STAFF)[0].startswith("0001: imminent")
    phones.wait(timedelta(minutes=5))
    assert any("0001: imminent" in text for text in texts(phones, SECOND)), "all are paged when nobody has answered"
    phones.tap(STAFF, "I'll take it")
    taken_by = "S001" if (code, column) == ("S001", "name") else "Dana Reyes"
    assert f"{taken_by} saw this" in texts(phones, PATIENT)[-1]
    assert "0001" in texts(phones, STAFF)[-1]
    assert lines(phones).count(("damaged", "")) == 1, "staff hear of it once"
    phones.type(STAFF, "/inbox")
    assert "no longer opens" in texts(phones, STAFF)[-1]


@pytest.mark.parametrize("wrapped", [None, BAD], ids=["destroyed", "damaged"])
@pytest.mark.parametrize("code", ["0001", "S001", "S002"])
def test_nor_does_it_need_anybody_s_key(phones: Phones, code: str, wrapped: bytes | None) -> None:
    lose_key(phones, code, wrapped)
    phones.type(PATIENT, DANGER)
    assert "988" in texts(phones, PATIENT)[0]
    assert texts(phones, STAFF)[0].startswith("0001: imminent")
    phones.tap(STAFF, "I'll take it")
    assert "saw this" in texts(phones, PATIENT)[-1]


def test_who_is_on_call_and_cannot_be_written_to_is_passed_over(phones: Phones) -> None:
    lose_key(phones, "S001", BAD, chat=True)
    phones.type(PATIENT, DANGER)
    assert "988" in texts(phones, PATIENT)[0]
    assert ("ladder", "nobody_at_step") in lines(phones)
    assert any("0001: imminent" in text for text in texts(phones, SECOND)), "at once: nobody waits for them"


def test_nobody_is_said_to_be_told_who_cannot_be_written_to(phones: Phones) -> None:
    lose_key(phones, "S001", BAD, chat=True)
    phones.type(PATIENT, "I don't want to be here anymore")
    phones.wait(timedelta(minutes=16))
    assert not any("I have told the person on call" in text for text in texts(phones, PATIENT))


def test_a_number_that_cannot_be_read_is_not_called_missing(phones: Phones) -> None:
    damage(phones, "0001", profile=BAD)
    phones.type(PATIENT, DANGER)
    phones.tap(STAFF, "I'll take it")
    assert "no number on file" not in texts(phones, STAFF)[-1]
    assert "can't be read" in texts(phones, STAFF)[-1]


def test_a_damaged_message_stands_in_the_way_of_no_edit_of_another(phones: Phones) -> None:
    phones.type(PATIENT, "/journal")
    phones.tap(PATIENT, "Write")
    said = phones.type(PATIENT, "a quiet day")
    phones.type(PATIENT, "another line")
    with phones._store().unit(phones.now) as u:
        newest = select(func.max(table(Inbox).c.id)).scalar_subquery()
        u.run(update(table(Inbox)).where(table(Inbox).c.id == newest).values(raw=BAD))
    phones.edit(PATIENT, said, "a quiet day at sea")
    with phones._store().unit(phones.now) as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None
        assert "a quiet day at sea" in [entry.words for entry in journal.entries(u, robin)]


def test_a_damaged_line_hides_no_other_from_staff(phones: Phones) -> None:
    with phones._store().unit(phones.now) as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None
        u.set(Note, notes.add(u, robin.id, "session", "cant", "marigold"), words=BAD)
    phones.type(PATIENT, DANGER)
    phones.type(STAFF, "/inbox")
    shown = texts(phones, STAFF)[-1]
    assert "Open alert" in shown
    assert "0001" in shown and "They passed something on that no longer opens" in shown
    phones.tap(STAFF, "✓ 1")
    assert lines(phones) == []


def test_what_does_not_open_is_not_written_over(phones: Phones) -> None:
    damage(phones, "0001", profile=BAD)
    with phones._store().unit(phones.now) as u:
        who = people.person_by_code(u, "0001")
        assert who is not None
        assert people.save_profile(u, who, {"discreet": True}).discreet
        with pytest.raises(SealBroken):
            people.save_profile(u, who, {"phone": "555-0199"})


def test_the_last_card_stays_though_the_alarm_fails(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pager, "raise_danger", broken)
    monkeypatch.setattr(last_resort, "_alarm", broken)
    phones.type(PATIENT, DANGER)
    assert "988" in texts(phones, PATIENT)[0]


def test_the_alarm_goes_to_all_it_can_be_written_to(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pager, "raise_danger", broken)
    lose_key(phones, "S001", None, chat=True)
    damage(phones, "S002", profile=BAD)
    phones.type(PATIENT, DANGER)
    assert "988" in texts(phones, PATIENT)[0]
    assert "0001 wrote something" in texts(phones, SECOND)[-1]
    assert "has the crisis card" in texts(phones, SECOND)[-1]


def test_an_alarm_says_so_when_the_card_could_not_be_given(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pager, "raise_danger", broken)
    monkeypatch.setattr(last_resort, "card", broken)
    phones.type(PATIENT, DANGER)
    assert texts(phones, PATIENT) == []
    assert "both paging and the crisis card failed" in texts(phones, STAFF)[-1]


def test_an_alarm_that_telegram_takes_for_nobody_is_mailed(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    with phones._store().unit(phones.now) as u:
        letters.set_ways(u, {letters.MAIL, letters.CLINIC})
    monkeypatch.setattr(pager, "raise_danger", broken)
    phones.phone(STAFF).blocked = phones.phone(SECOND).blocked = True
    phones.type(PATIENT, DANGER)
    with phones._store().unit(phones.now) as u:
        claimed = [letters.claim(u, id, "courier", phones.now) for id, _ in letters.waiting(u)]
        assert [(letter.to, letter.payload["subject"]) for letter in claimed if letter] == [
            (None, "Between: URGENT, paging failed for a patient")
        ]


def test_a_turn_that_is_lost_tries_the_card_once_more(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "rescue", broken)
    monkeypatch.setattr(pager, "raise_danger", broken)
    monkeypatch.setattr(last_resort, "_to_alarm", broken)
    phones.type(PATIENT, DANGER)
    assert "988" in texts(phones, PATIENT)[0]
    with phones._store().unit(phones.now) as u:
        assert escalations.all_open(u) == []
