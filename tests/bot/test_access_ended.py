"""What waits for a chat is looked at again before it leaves: whose access has ended meanwhile learns nothing of patients any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import letters, sending
from bot.phones import Phones
from bot.sending import Result
from storage import letters as rows
from storage import people
from storage.outbox import Claimed
from storage.store import Store
from tests.bot.conftest import robin
from tests.clinics import PATIENT, STAFF, add_staff

BOSS = STAFF + 1
ABOUT_ROBIN = ("555-0111", "555-0199", "heron-4711", "0001")


@pytest.fixture
def held(store: Store, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> dict[int, bool]:
    """Robin is in danger. Telegram holds back the chats that are named here."""
    with store.unit(phones.now) as u:
        people.give_consent(u, robin(u).id, "crisis_words", 1)
        add_staff(u, BOSS, "Mai Lund")
    phones.phone(BOSS)
    phones.type(PATIENT, "I want to kill myself heron-4711")
    chats: dict[int, bool] = {}
    shown = phones._show

    def show(row: Claimed) -> Result:
        return sending.Wait(30) if chats.get(row.address) else shown(row)

    monkeypatch.setattr(phones, "_show", show)
    return chats


def end_access(phones: Phones) -> None:
    phones.type(BOSS, "/patients")
    for label in ("Staff", "S001 Dana Reyes", "End access"):
        phones.tap(BOSS, label)
    phones.tap(BOSS, phones.phone(BOSS).messages[-1].buttons[0][0])


def said(phones: Phones, since: int) -> str:
    return " ".join(message.text for message in phones.phone(STAFF).messages[since:])


def test_the_details_of_an_alert_reach_whoever_has_it(phones: Phones, held: dict[int, bool]) -> None:
    held[STAFF] = True
    phones.tap(STAFF, "I'll take it")
    held.clear()
    phones.wait(timedelta(minutes=2))
    assert "heron-4711" in said(phones, 0) and "555-0111" in said(phones, 0)


def test_whose_access_ends_is_not_given_what_waited_for_them(store: Store, phones: Phones, held: dict[int, bool]) -> None:
    since = len(phones.phone(STAFF).messages)
    phones.phone(STAFF).messages[-1].text = ""  # the page, which the details would replace
    held[STAFF] = True
    phones.tap(STAFF, "I'll take it")
    phones.type(STAFF, "/inbox")
    phones.type(STAFF, "/patients")
    end_access(phones)
    held.clear()
    phones.wait(timedelta(minutes=2))
    there = said(phones, since - 1)
    assert "Your access" in there, "they are told that it has ended"
    assert not [word for word in ABOUT_ROBIN if word in there]


def test_details_are_asked_for_again_as_they_leave(store: Store, phones: Phones, held: dict[int, bool]) -> None:
    """However somebody's access ended, and also a new number of the patient."""
    phones.phone(STAFF).messages[-1].text = ""
    held[STAFF] = True
    phones.tap(STAFF, "I'll take it")
    phones.type(PATIENT, "/settings")
    phones.tap(PATIENT, "Number")
    phones.type(PATIENT, "555-0199")
    with store.unit(phones.now) as u:
        dana = people.person_by_code(u, "S001")
        assert dana is not None
        people.set_status(u, dana.id, "revoked")
    held.clear()
    phones.wait(timedelta(minutes=2))
    assert not [word for word in ABOUT_ROBIN if word in said(phones, 0)]


def test_whoever_may_not_be_paged_any_more_is_not_mailed_what_waited_for_the_mail_server(store: Store, phones: Phones) -> None:
    with store.unit(phones.now) as u:
        rows.set_ways(u, {rows.MAIL})
        dana = people.save_profile(u, people.people(u, "staff")[0], {"email": "dana@clinic.example"})
    phones.type(PATIENT, "I want to kill myself")
    phones.wait(timedelta(minutes=6))
    with store.unit(phones.now) as u:
        waits = [letter for id, _ in rows.waiting(u) if (letter := rows.claim(u, id, "courier", phones.now)) is not None]
        assert [letters.unwanted(u, letter) for letter in waits] == [None]
        people.revoke_consent(u, dana.id, "paged")
        assert [letters.unwanted(u, letter) for letter in waits] == ["not_entitled"]
