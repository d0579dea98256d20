"""What went wrong stays in the inbox, and in the figures, until a person has said what they did about it; that is audited."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import worker
from bot.phones import Phones
from content.library import load
from storage import audit, my_data, notes, people, series, sessions
from storage.figures import Figures, figures
from storage.store import Store
from tests.bot.conftest import NOW, robin
from tests.clinics import OTHER, PATIENT, STAFF


def shown(store: Store) -> Figures:
    with store.unit(NOW) as u:
        return figures(u)


def settled(store: Store, code: str) -> list[tuple[str, str, str]]:
    """(who, what, what became of it) in the audit of this person."""
    with store.unit(NOW) as u:
        who = people.person_by_code(u, code)
        assert who is not None
        return [(line.actor, line.object, line.reason) for line in audit.history(u, who.id) if line.action == "note.settled"]


def test_a_dead_letter_counts_until_somebody_says_what_became_of_it(store: Store, phones: Phones) -> None:
    for address in (PATIENT, OTHER):
        phones.phone(address).blocked = True
        phones.type(address, "hello?")
    assert shown(store).dead == 2
    phones.type(STAFF, "/inbox")
    phones.tap(STAFF, "✓ 1")
    assert shown(store).dead == 2, "a tick alone settles nothing that went wrong"
    phones.tap(STAFF, "I reached them another way")
    assert shown(store).dead == 1, "the other patient's still waits"
    assert settled(store, "0001") == [("S001", "undelivered blocked", "reached")]
    assert settled(store, "0002") == []


def test_a_message_set_aside_counts_until_somebody_has_looked(store: Store, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(worker.turn, "take", boom)
        phones.type(PATIENT, "hello?")
    assert shown(store).quarantined == 1
    phones.type(STAFF, "/inbox")
    phones.tap(STAFF, "✓ 1")
    phones.tap(STAFF, "Passed on to whoever runs the system")
    assert shown(store).quarantined == 0
    assert [reason for _, _, reason in settled(store, "0001")] == ["passed_on"]
    with store.unit(NOW) as u:
        assert not [note for note in notes.unseen(u) if note.kind == "quarantine"]


def test_two_of_staff_settle_one_line_and_the_first_word_stands(store: Store, phones: Phones) -> None:
    phones.phone(PATIENT).blocked = True
    phones.type(PATIENT, "hello?")
    phones.type(STAFF, "/inbox")
    phones.tap(STAFF, "✓ 1")
    phones.type(STAFF, "/inbox")
    phones.tap(STAFF, "✓ 1")
    first = phones.phone(STAFF).find("It is over, or came right by itself")
    phones.tap(STAFF, "I reached them another way")
    phones.tap_data(STAFF, first[0].id, first[1])
    assert [reason for _, _, reason in settled(store, "0001")] == ["reached"]


def passed_on(store: Store) -> None:
    """Robin can't come tomorrow, and let the team know why."""
    with store.unit(NOW) as u:
        row = sessions.add_series(u, "group", "Evening group", (NOW + timedelta(days=1)).date(), "18:00", 60)
        (each,) = series.of_series(u, row, NOW, NOW + timedelta(days=3))
        sessions.record_answer(u, robin(u), each, "cant", barrier="used", words="marigold")


def inbox(phones: Phones) -> str:
    phones.type(STAFF, "/inbox")
    return phones.phone(STAFF).messages[-1].text


def test_what_somebody_passed_on_is_not_read_once_they_are_discharged(store: Store, phones: Phones) -> None:
    passed_on(store)
    assert "tomorrow at 18:00: used" in inbox(phones)
    with store.unit(NOW) as u:
        people.set_status(u, robin(u).id, "discharged")
    shown = inbox(phones)
    assert "can't come to Evening group, tomorrow at 18:00" in shown
    assert "used" not in shown and "marigold" not in shown


def test_what_somebody_passed_on_is_not_read_without_their_consent_to_the_program(store: Store, phones: Phones) -> None:
    passed_on(store)
    with store.unit(NOW) as u:
        people.revoke_consent(u, robin(u).id, "program")
    assert "marigold" not in inbox(phones)


def looks(store: Store) -> list[tuple[str, str]]:
    with store.unit(NOW) as u:
        return [(look.who, look.action) for look in my_data.looks(u, robin(u))]


def test_a_reason_that_was_tapped_and_read_is_in_the_list_of_who_saw_what(store: Store, phones: Phones) -> None:
    with store.unit(NOW) as u:
        row = sessions.add_series(u, "group", "Evening group", (NOW + timedelta(days=1)).date(), "18:00", 60)
        (each,) = series.of_series(u, row, NOW, NOW + timedelta(days=3))
        sessions.record_answer(u, robin(u), each, "cant")
    inbox(phones)
    assert looks(store) == [], "that they can't come is an answer for staff, and says nothing about them"
    with store.unit(NOW) as u:
        sessions.record_answer(u, robin(u), each, "cant", barrier="used")
    inbox(phones)
    assert looks(store) == [("Dana Reyes", "note.read")]


def test_an_answer_that_worries_is_in_it_too_once_it_was_read(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "I don't want to be here anymore")
    assert looks(store) == []
    inbox(phones)
    assert looks(store) == [("Dana Reyes", "note.read")]
    phones.type(PATIENT, "/mydata")
    phones.tap(PATIENT, "Who saw it")
    assert "Dana Reyes read a note about something you said or tapped" in phones.phone(PATIENT).messages[-1].text


def test_an_alert_that_opened_is_no_look_at_anybodys_record(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "I want to kill myself")
    assert looks(store) == []
    phones.tap(STAFF, "I'll take it")
    assert looks(store) == [("Dana Reyes", "escalation.read")]


def test_every_look_has_words_for_whose_record_it_is(store: Store) -> None:
    said = {id.removeprefix("my_data.saw.") for id in (item.id for item in load("en").under("my_data.saw"))}
    assert said - {"line", "other"} == {action.replace(".", "_") for action in my_data.LOOKS}


def boom(*_: object) -> None:
    raise RuntimeError("on purpose")
