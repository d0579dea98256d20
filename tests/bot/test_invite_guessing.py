"""Invitations can't be guessed, used twice or read out of the database, and guessing keeps nobody from help."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from bot import entry
from bot.entry import TRIES
from bot.phones import Phones
from safety.heard import Level
from safety.screen import screen
from storage import invites, notes, people, talks
from storage.invites import PATIENT_INVITE, STAFF_INVITE
from tests.bot.conftest import NOW
from tests.clinics import STAFF, STRANGER, ZONE
from tests.leaks import found_in

BAD = "That invitation doesn't work any more."
SECOND = timedelta(seconds=1)


def invited(phones: Phones, role: str = "patient") -> str:
    with phones._store().unit(phones.now) as u:
        return invites.add(u, people.person(u, people.add_person(u, role, "Kim", ZONE)))


def let_in(phones: Phones, code: str, address: int = STRANGER) -> bool:
    phones.type(address, f"/start {code}")
    return BAD not in phones.phone(address).messages[-1].text


def test_after_five_wrong_links_in_an_hour_a_right_one_has_to_wait(phones: Phones) -> None:
    code = invited(phones)
    for n in range(TRIES):
        assert not let_in(phones, f"guess-{n}")
    assert not let_in(phones, code)
    assert let_in(phones, code, STRANGER + 1), "somebody else's guesses cost nobody else anything"


@pytest.mark.parametrize("letters", ["want-to-die-kill-myself", "i-want-to-die-000000000"])
def test_a_link_whose_letters_read_like_danger_lets_in_all_the_same(phones: Phones, monkeypatch: pytest.MonkeyPatch, letters: str) -> None:
    monkeypatch.setattr(invites.secrets, "token_urlsafe", lambda _: letters)
    code = invited(phones)
    monkeypatch.undo()
    assert screen(f"/start {code}").level >= Level.HIGH, "else this shows nothing"
    phones.type(STRANGER, f"/start {code}")
    with phones._store().unit(phones.now) as u:
        assert people.chat_for(u, STRANGER).person is not None


def test_the_hour_passes(phones: Phones) -> None:
    code = invited(phones)
    for n in range(TRIES):
        let_in(phones, f"guess-{n}")
    phones.wait(timedelta(hours=1, seconds=1))
    assert let_in(phones, code)


def test_asking_for_help_is_no_guess(phones: Phones) -> None:
    code = invited(phones)
    for _ in range(2 * TRIES):
        phones.type(STRANGER, "/help")
        phones.type(STRANGER, "/start")
    assert let_in(phones, code)


def test_guessing_by_many_stops_all_links_and_is_told_to_staff_once(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "ALL_TRIES", 20)
    code = invited(phones)
    for n in range(25):
        phones.type(STRANGER + 10 + n // TRIES, f"/start guess-{n}")
    assert not let_in(phones, code)
    with phones._store().unit(phones.now) as u:
        assert [note.code for note in notes.unseen(u) if note.kind == "invites"] == ["guessing"]
    phones.type(STAFF, "/inbox")
    assert "someone may be guessing" in phones.phone(STAFF).messages[-1].text
    phones.type(STRANGER + 10, "I want to kill myself")
    assert any("988" in shown.text for shown in phones.phone(STRANGER + 10).messages)
    phones.wait(timedelta(hours=1, seconds=1))
    assert let_in(phones, code)


@pytest.mark.parametrize(("role", "lasts"), [("patient", PATIENT_INVITE), ("staff", STAFF_INVITE)])
def test_a_link_works_to_its_last_second_and_no_longer(phones: Phones, role: str, lasts: timedelta) -> None:
    late, timely = invited(phones, role), invited(phones, role)
    phones.now = NOW + lasts - SECOND
    assert let_in(phones, timely)
    phones.now = NOW + lasts
    assert not let_in(phones, late, STRANGER + 1)
    phones.now = NOW + lasts + SECOND
    assert not let_in(phones, late, STRANGER + 1)


def test_of_fifty_who_open_a_link_at_once_one_gets_in(phones: Phones, tmp_path: Path) -> None:
    code = invited(phones)
    store, got, gate = phones._store(), [], threading.Barrier(10)
    with store.unit(NOW) as u:
        chats = [people.chat_for(u, 8000 + n).id for n in range(50)]

    def redeem(mine: list[int]) -> None:
        gate.wait()
        for chat in mine:
            with store.unit(NOW) as u:
                got.append(invites.redeem(u, code, chat))

    threads = [threading.Thread(target=redeem, args=(chats[n::10],)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 50
    assert sum(who is not None for who in got) == 1


def test_the_database_holds_no_link_that_could_be_used(phones: Phones, tmp_path: Path) -> None:
    codes = [invited(phones), invited(phones, "staff")]
    phones.type(STAFF, "/invite")
    for label in ("A patient", "Skip", "Skip", "Skip"):
        phones.tap(STAFF, label)
    shown = next(text.text for text in reversed(phones.phone(STAFF).messages) if "/start " in text.text)
    codes.append(shown.split("/start ")[1].split()[0])
    assert found_in(tmp_path, codes) == {}
    assert let_in(phones, codes[-1])
    assert found_in(tmp_path, codes) == {}


def test_what_was_open_in_a_chat_is_over_when_somebody_else_is_let_in_there(phones: Phones) -> None:
    """A former member of staff who becomes a patient finds none of the staff's buttons working."""
    phones.type(STAFF, "/session")
    phones.type(STAFF, "/patients")
    with phones._store().unit(NOW) as u:
        dana = people.person_by_code(u, "S001")
        assert dana is not None
        people.set_status(u, dana.id, "revoked")
    assert let_in(phones, invited(phones), STAFF)
    phones.tap(STAFF, "0001")
    assert "Discharge" not in str(phones.phone(STAFF).messages[-1].keyboard)
    with phones._store().unit(NOW) as u:
        chat = people.chat_for(u, STAFF)
        assert not talks.open_talks(u, chat, "session_staff")
        now = talks.waiting(u, chat)
        assert now is not None and now.flow == "welcome"
