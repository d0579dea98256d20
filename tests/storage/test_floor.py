"""Ids after a start with the clock set back: what is posted next still comes after all that waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import floor, ids, outbox, people
from storage.outbox import REPLY
from storage.store import Store
from tests.bot.conftest import NOW
from tests.clinics import PATIENT, open_clinic
from tests.on_phones import shown


@pytest.fixture(autouse=True)
def clinic(store: Store) -> None:
    open_clinic(store, NOW)


def test_a_newer_edit_takes_the_place_of_one_from_before_the_restart(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        panel = shown(u, chat)
    with store.unit(NOW + timedelta(seconds=50)) as u:  # by a timer: nothing came in since
        outbox.post(u, chat, REPLY, "edit", {"text": "old"}, "bot.later@1", target=panel)
    monkeypatch.setattr(ids, "_last", 0)
    with store.unit(NOW - timedelta(hours=1)) as u:
        floor.start(u)
        new = outbox.post(u, chat, REPLY, "edit", {"text": "new"}, "bot.later@1", target=panel)
    with store.unit(NOW + timedelta(minutes=2)) as u:
        assert [row.id for row in outbox.waiting(u) if row.kind == "edit"] == [new]
