"""A talk that is over keeps no words, no name and no medicines, however it ended."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.phones import Phones
from storage import notes, people
from storage.store import Store, table
from storage.tables import Talk
from tests.bot.conftest import NOW, robin
from tests.clinics import PATIENT, STAFF

CANARY = "heron-4711"


def kept(store: Store, phones: Phones, *states: str) -> list[str]:
    """What the talks in these states still say."""
    with store.unit(phones.now) as u:
        chat, rows = people.chat_for(u, PATIENT), table(Talk)
        found = u.all(select(rows.c.id, rows.c.body).where(rows.c.chat_id == chat.id, rows.c.state.in_(states)))
        assert found
        return [u.open(chat.key, "talk.body", row.id, row.body) if row.body else "" for row in found]


def in_the_middle_of_a_thought(store: Store, phones: Phones) -> None:
    with store.unit(NOW) as u:
        people.save_profile(u, robin(u), {"medicines": [CANARY], "call_name": CANARY})
    phones.type(PATIENT, "/skills")
    phones.tap(PATIENT, "Check a thought")
    phones.tap(PATIENT, "6")
    phones.type(PATIENT, f"I saw a {CANARY}")
    phones.type(PATIENT, "/checkin")  # sets it aside
    assert [body for body in kept(store, phones, "parked") if f"I saw a {CANARY}" in body]


def test_one_that_is_done_does_not_say_whose_it_was(store: Store, phones: Phones) -> None:
    in_the_middle_of_a_thought(store, phones)
    phones.type(PATIENT, "/mydata")
    phones.tap(PATIENT, "Done")
    assert not [body for body in kept(store, phones, "done") if CANARY in body]


def test_who_stops_all_of_it_leaves_no_words_in_what_they_were_talking_about(store: Store, phones: Phones) -> None:
    in_the_middle_of_a_thought(store, phones)
    phones.type(PATIENT, "/settings")
    for label in ("What I allow", "Stop all of it", "Yes, stop all of it"):
        phones.tap(PATIENT, label)
    assert not [body for body in kept(store, phones, "partial", "closed", "done") if CANARY in body]
    phones.wait(timedelta(days=3))
    with store.unit(phones.now) as u:
        assert [note.kind for note in notes.unseen(u)] == ["consent"], "nothing stumbles over a talk that has no words any more"


def test_nor_does_somebody_who_is_discharged(store: Store, phones: Phones) -> None:
    in_the_middle_of_a_thought(store, phones)
    phones.type(STAFF, "/patients")
    for label in ("0001", "Discharge"):
        phones.tap(STAFF, label)
    phones.tap(STAFF, phones.phone(STAFF).messages[-1].buttons[0][0])
    assert not [body for body in kept(store, phones, "partial", "closed") if CANARY in body]
