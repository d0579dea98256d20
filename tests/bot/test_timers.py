"""The message of a timer, where a transcript can't show it: a picture that went missing, and buttons that were taken away unsent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import sending
from bot.phones import Phones, Shown, instant
from bot.sending import Doubt
from storage import outbox, people
from storage.engine import open_engine
from storage.outbox import BULK, REPLY
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit, table
from storage.tables import Outbox
from tests.clinics import PATIENT, open_clinic

START = instant("2026-11-16T20:00-05:00")


@pytest.fixture
def phones(database: str) -> Iterator[Phones]:
    store = Store(open_engine(database), Keyring(MasterKey(b"timers test key of 32 bytes long")))
    phones = Phones(lambda: store, START)
    open_clinic(store, START, phones)
    yield phones
    store.close()


def breathe(phones: Phones) -> Shown:
    """Start the pacer; the message it runs in."""
    phones.type(PATIENT, "/skills")
    for label in ("Slow breathing", "6", "2 minutes", "Start"):
        phones.tap(PATIENT, label)
    return phones.phone(PATIENT).messages[-1]


def frames(u: Unit) -> list[str]:
    columns = table(Outbox)
    return [row.state for row in u.all(select(columns.c.state).where(columns.c.kind == "frame").order_by(columns.c.id))]


def test_a_picture_in_doubt_does_not_stop_the_timer(phones: Phones) -> None:
    """However often Telegram does not answer, the next picture is still drawn."""
    breathe(phones)
    store = phones._store()
    for _ in range(8):
        phones.now += timedelta(seconds=11)
        with store.unit(phones.now) as u:
            (row,) = (row for row in outbox.waiting(u) if row.lane == BULK)
            claimed = sending.claim(u, row, "test")
            assert claimed is not None and claimed.kind == "edit"
            sending.record(u, claimed, Doubt())
    with store.unit(phones.now) as u:
        assert frames(u) == ["ready"]
    phones.wait(timedelta(seconds=5))
    assert "0:30 left" in phones.phone(PATIENT).messages[-1].text


def test_a_timer_draws_in_one_message_and_ends_in_another(phones: Phones) -> None:
    running = breathe(phones)
    count = len(phones.phone(PATIENT).messages)
    phones.wait(timedelta(seconds=119))
    assert len(phones.phone(PATIENT).messages) == count
    assert running.edits > 20
    phones.wait(timedelta(seconds=1))
    after = phones.phone(PATIENT).messages[-1]
    assert after is not running
    assert not running.keyboard
    assert [label for label, _ in after.buttons][:3] == ["0", "1", "2"]


def test_words_that_are_not_sent_yet_keep_their_words_when_their_buttons_go(phones: Phones) -> None:
    phones.type(PATIENT, "/skills")
    store, shown = phones._store(), phones.phone(PATIENT).messages[-1]
    with store.unit(phones.now) as u:
        chat = people.chat_for(u, PATIENT)
        panel = outbox.panel_of_message(u, chat.id, shown.id)
        assert panel is not None
        payload = {"text": "What is true now.", "keyboard": [[["Go", "x.0"]]]}
        outbox.post(u, chat, REPLY, "edit", payload, "bot.later@1", target=panel)
        outbox.post(u, chat, REPLY, "strip", {}, "", target=panel)
    phones.settle()
    assert (shown.text, shown.keyboard) == ("What is true now.", [])
