"""Somebody is erased on PostgreSQL while another process takes their turn, or stores what they say: nothing said then is lost, and no
alert stays open about somebody nobody can reach any more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import select, text

from bot import turn
from bot.intake import keep
from bot.worker import take_group
from storage import claims, escalations, inbox, invites, my_data, outbox, people, retention
from storage.engine import open_engine
from storage.my_data import StillOpen
from storage.outbox import REPLY
from storage.people import ChatCard, PersonCard
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit, table
from storage.tables import Inbox
from tests.clinics import PATIENT, open_clinic
from tests.on_phones import shown

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
DANGER = "I want to kill myself tonight"
MASTER = MasterKey(b"workers-test-key-of-32-bytes-ok!")
T = TypeVar("T")


@pytest.fixture
def store(on_postgresql: str) -> Iterator[Store]:
    made = Store(open_engine(on_postgresql), Keyring(MASTER))
    open_clinic(made, NOW)
    yield made
    made.close()


@pytest.fixture
def other(store: Store, on_postgresql: str) -> Iterator[Store]:
    """The same database, as another process has it open: it still holds the keys in memory that were destroyed since."""
    made = Store(open_engine(on_postgresql), Keyring(MASTER))
    yield made
    made.close()


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def robin(u: Unit) -> PersonCard:
    who = people.person_by_code(u, "0001")
    assert who is not None
    return who


def said(words: str) -> Callable[[Unit], None]:
    message = {"message_id": 7, "date": int(NOW.timestamp()), "chat": {"id": PATIENT, "type": "private"}, "text": words}
    return lambda u: (keep(u, [json.dumps({"update_id": 7, "message": message})]), None)[1]


def forget(u: Unit) -> None:
    my_data.forget(u, robin(u), "S001")


def does(store: Store, work: Callable[[Unit], T]) -> T:
    with store.unit(NOW) as u:
        return work(u)


def waits(store: Store, doing: Future[T]) -> Future[T]:
    """Until PostgreSQL says that it waits for a lock (or it has gone by, and did not)."""
    blocked = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
    for _ in range(400):
        with store.engine.connect() as connection:
            if connection.execute(blocked).scalar_one() or doing.done():
                return doing
        time.sleep(0.01)
    raise TimeoutError


def heard(store: Store) -> list[tuple[str, str | None]]:
    """What became of all that came, once it was taken."""
    while take_group(store, NOW):
        pass
    with store.unit(NOW) as u:
        return [(row.state, row.level) for row in u.all(select(table(Inbox).c.state, table(Inbox).c.level))]


def test_nobody_is_erased_whose_turn_is_just_opening_an_alert(store: Store, other: Store, thread: ThreadPoolExecutor) -> None:
    does(store, said(DANGER))
    with store.unit(NOW, "worker") as u:
        for row in inbox.ready(u, 9, claims.chats(u)):
            turn.take(u, row)
        u.send()
        forgetting = waits(store, thread.submit(does, other, forget))
    with pytest.raises(StillOpen):
        forgetting.result()
    with other.unit(NOW) as u:
        assert robin(u).status == "active"
        assert escalations.any_open(u, robin(u).id)
        chat = people.chat_for(u, PATIENT).id
        sent = [outbox.claim(u, row.id, "test", NOW) for row in outbox.waiting(u) if row.chat == chat and row.lane == outbox.CRISIS]
        assert ["988" in one.payload["text"] for one in sent if one is not None] == [True], "the card can be read, and goes out"


def test_what_comes_while_they_are_erased_is_heard(store: Store, other: Store, thread: ThreadPoolExecutor) -> None:
    does(other, lambda u: people.address(u, people.chat_for(u, PATIENT).id))  # so that it has the old key in memory
    with store.unit(NOW) as u:
        forget(u)
        u.send()
        storing = waits(store, thread.submit(does, other, said(DANGER)))
    storing.result()
    assert heard(store) == [("done", "imminent")]


def test_what_was_being_stored_when_they_are_erased_is_heard(store: Store, other: Store, thread: ThreadPoolExecutor) -> None:
    with other.unit(NOW) as u:
        said(DANGER)(u)
        u.send()
        forgetting = waits(store, thread.submit(does, store, forget))
    forgetting.result()
    assert heard(store) == [("done", "imminent")]


def test_what_comes_while_a_chat_goes_for_good_is_heard_as_a_strangers(store: Store, other: Store, thread: ThreadPoolExecutor) -> None:
    with store.unit(NOW) as u:
        chat = my_data.forget(u, robin(u))
        assert chat is not None
    with store.unit(NOW) as u:
        assert my_data.erase_chat(u, chat)
        u.send()
        storing = waits(store, thread.submit(does, other, said(DANGER)))
    storing.result()
    assert heard(store) == [("done", "imminent")]
    with store.unit(NOW) as u:
        assert people.chat_for(u, PATIENT).id != chat.id


def test_what_comes_while_a_phone_goes_to_somebody_else_is_heard(store: Store, other: Store, thread: ThreadPoolExecutor) -> None:
    does(other, lambda u: people.address(u, people.chat_for(u, PATIENT).id))  # so that it has the old key in memory
    does(store, lambda u: people.set_status(u, robin(u).id, "discharged"))
    with store.unit(NOW) as u:
        my_data.make_room(u, people.chat_for(u, PATIENT).id, robin(u).id + 1)
        u.send()
        storing = waits(store, thread.submit(does, other, said(DANGER)))
    storing.result()
    assert heard(store)[-1] == ("done", "imminent")


def test_a_stranger_who_comes_in_while_strangers_are_erased_stays(store: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.unit(NOW) as u:
        chat, later = people.chat_for(u, 7777).id, NOW + timedelta(days=100)
    with store.unit(later) as u:
        who = people.add_person(u, "patient", "Kim", "UTC", code="0009")
        code = invites.add(u, people.person(u, who))
    look = people.chat

    def slowly(u: Unit, id: int) -> ChatCard:
        seen = look(u, id)
        if id == chat and seen.person is None:
            with other.unit(later) as v:
                assert invites.redeem(v, code, chat)
        return seen

    monkeypatch.setattr(retention.people, "chat", slowly)
    with store.unit(later) as u:
        retention.apply(u)
    monkeypatch.undo()
    with store.unit(later) as u:
        assert people.chat_of(u, who) is not None


def test_a_keyboard_that_is_to_go_while_an_edit_is_being_claimed_goes(store: Store, other: Store, thread: ThreadPoolExecutor) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        panel = shown(u, chat)
    with store.unit(NOW) as u:
        edit = outbox.post(u, chat, REPLY, "edit", {"text": "next", "keyboard": [["x"]]}, "bot.later@1", target=panel)

    def strip() -> int | None:
        with other.unit(NOW) as v:
            return outbox.post(v, people.chat(v, chat.id), REPLY, "strip", {}, "", target=panel)

    with store.unit(NOW) as u:
        assert outbox.claim(u, edit or 0, "drain", NOW) is not None
        asked = thread.submit(strip)
        time.sleep(0.3)  # it waits for the claim; were it not to, it would be done by now
    assert asked.result(30) is not None
