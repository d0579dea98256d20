"""Two patients on one phone, one after the other: what is about the first stays about the first, and nothing of theirs stays on it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import sending
from bot.commands.forget import erase
from bot.intake import keep
from bot.phones import Phones
from bot.sending import Result
from storage import escalations, invites, my_data, people
from storage.outbox import Claimed
from storage.store import Store, Unit, table
from storage.tables import DataKey, Inbox, Outbox, Talk
from tests.bot.conftest import robin
from tests.clinics import PATIENT, STAFF, STRANGER, ZONE

CANARY = "heron-4711"


def leave(phones: Phones) -> None:
    """Robin stops all of it, from wherever they are."""
    phones.type(PATIENT, "/settings")
    for label in ("What I allow", "Stop all of it", "Yes, stop all of it"):
        phones.tap(PATIENT, label)


def invited(store: Store, phones: Phones) -> str:
    """A link for Kim, a second patient."""
    with store.unit(phones.now) as u:
        id = people.add_person(u, "patient", "Kim", ZONE, code="0003")
        return f"/start {invites.add(u, people.person(u, id))}"


def kim(u: Unit) -> people.PersonCard:
    who = people.person_by_code(u, "0003")
    assert who is not None
    return who


def left_on_the_phone(u: Unit, address: int = PATIENT) -> list[str]:
    """Where the canary can still be read in what this chat keeps."""
    chat, found = people.chat_for(u, address), []
    for model, column in ((Inbox, "raw"), (Talk, "body"), (Outbox, "payload")):
        rows = table(model)
        for row in u.all(select(rows.c.id, rows.c.state, rows.c[column].label("sealed")).where(rows.c.chat_id == chat.id)):
            if row.sealed and CANARY in u.open(chat.key, f"{rows.name}.{column}", row.id, row.sealed):
                found.append(f"{rows.name} {row.state}")
    return found


def used(phones: Phones, store: Store) -> None:
    """Robin has written and was in the middle of a talk when they stopped all of it."""
    phones.type(PATIENT, f"I saw a {CANARY}")
    phones.tap(PATIENT, "Keep it, private")
    phones.type(PATIENT, f"And another {CANARY}")
    leave(phones)
    with store.unit(phones.now) as u:
        assert left_on_the_phone(u)


def texts(phones: Phones, address: int, since: int = 0) -> list[str]:
    return [message.text for message in phones.phone(address).messages[since:]]


def test_a_concern_nobody_has_looked_at_is_still_about_whom_it_was_about(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "I don't want to be here anymore")
    for label in ("Yes", "No", "Yes, over 3 months ago"):
        phones.tap(PATIENT, label)
    leave(phones)
    before = len(texts(phones, STAFF))
    phones.type(PATIENT, invited(store, phones))
    phones.wait(timedelta(hours=6))
    assert ["0001: a concern waits" in text for text in texts(phones, STAFF, before)] == [True]


def test_nothing_of_the_first_stays_on_the_phone(store: Store, phones: Phones) -> None:
    used(phones, store)
    with store.unit(phones.now) as u:
        key = people.chat_for(u, PATIENT).key
    phones.type(PATIENT, invited(store, phones))
    with store.unit(phones.now) as u:
        assert left_on_the_phone(u) == []
        assert u.one(select(table(DataKey).c.wrapped).where(table(DataKey).c.id == key)) == (None,)
        assert people.chat_for(u, PATIENT).person == kim(u).id
        assert my_data.kept(u, kim(u)).messages == 1, "the link they opened, and nothing of the first"
        assert my_data.kept(u, robin(u)).entries == 1, "what they kept is still theirs"
        assert erase(u, robin(u))["journal entries and lines erased"] == 1
    phones.wait(timedelta(minutes=30))
    assert "I am Between, a bot from" in " ".join(texts(phones, PATIENT, -1)), "the second is in their welcome, as if nobody had been there"


def test_who_moved_to_a_new_phone_leaves_nothing_on_the_old_one_for_whoever_comes_next(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, f"I saw a {CANARY}")
    phones.tap(PATIENT, "Keep it, private")
    with store.unit(phones.now) as u:
        again = invites.add(u, robin(u))
    phones.type(STRANGER, f"/start {again}")
    phones.wait(timedelta(minutes=3))
    phones.type(PATIENT, invited(store, phones))
    phones.wait(timedelta(minutes=30))
    with store.unit(phones.now) as u:
        assert left_on_the_phone(u) == []
        assert people.chat_for(u, PATIENT).person == kim(u).id
        assert people.chat_for(u, STRANGER).person == robin(u).id


def test_what_was_written_meanwhile_is_still_heard(store: Store, phones: Phones) -> None:
    """Words that wait behind the link are under the fresh key by then."""
    used(phones, store)
    link = invited(store, phones)
    person = {"id": PATIENT, "is_bot": False, "first_name": "P"}
    chat = {"id": PATIENT, "type": "private", "first_name": "P"}
    frame = {"date": int(phones.now.timestamp()), "chat": chat, "from": person}
    said = [
        {"update_id": 90_000 + n, "message": {"message_id": 9_000 + n, "text": text, **frame}}
        for n, text in enumerate((link, "I want to kill myself"))
    ]
    with store.unit(phones.now) as u:
        keep(u, [json.dumps(update) for update in said])
    phones.settle()
    assert any("0003: high" in text for text in texts(phones, STAFF))
    with store.unit(phones.now) as u:
        assert escalations.open_for(u, kim(u).id) is not None
        assert escalations.open_for(u, robin(u).id) is None


def test_a_crisis_card_that_waits_reaches_whoever_holds_the_phone(store: Store, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    used(phones, store)
    with monkeypatch.context() as held_back:
        held_back.setattr(phones, "_show", lambda row: busy(row))
        phones.type(PATIENT, "I want to kill myself")
        phones.type(PATIENT, invited(store, phones))
    before = len(texts(phones, PATIENT))
    phones.wait(timedelta(minutes=2))
    assert ["call 911 now" in text for text in texts(phones, PATIENT, before)].count(True) == 1


def busy(row: Claimed) -> Result:
    return sending.Wait(30)


def test_the_open_alert_of_the_first_goes_on_and_the_second_hears_nothing_of_it(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "I want to kill myself")
    leave(phones)
    paged = len(texts(phones, STAFF))
    phones.type(PATIENT, invited(store, phones))
    with store.unit(phones.now) as u:
        for scope in ("program", "caring"):
            people.give_consent(u, kim(u).id, scope, 1)
    before = len(texts(phones, PATIENT))
    phones.wait(timedelta(hours=1))
    assert [text for text in texts(phones, STAFF, paged) if "0001" in text], "nobody has taken it, so it is paged on"
    for label in ("I'll take it", "I reached them", "Spoke with them, safe for now"):
        phones.tap(STAFF, label)
    phones.wait(timedelta(days=9))
    told = " ".join(texts(phones, PATIENT, before))
    assert not [word for word in ("Dana", "closed", "alert", "A hard time", "a good moment") if word in told]
    with store.unit(phones.now) as u:
        (row,) = escalations.of_person(u, robin(u).id)
        assert row.state == "CLOSED"
        assert escalations.of_person(u, kim(u).id) == []


def test_the_second_can_be_forgotten_while_somebody_still_looks_after_the_first(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "I want to kill myself")
    leave(phones)
    phones.type(PATIENT, invited(store, phones))
    with store.unit(phones.now) as u:
        erase(u, kim(u))
    paged = len(texts(phones, STAFF))
    phones.wait(timedelta(hours=1))
    assert [text for text in texts(phones, STAFF, paged) if "0001" in text]
