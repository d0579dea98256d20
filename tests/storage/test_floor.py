"""Ids after a start with the clock set back: what is posted next still comes after all that waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage import floor, ids, outbox, people
from storage.engine import open_engine
from storage.outbox import REPLY
from storage.seal import Keyring
from storage.store import Store
from tests.bot.conftest import NOW
from tests.bots import MASTER
from tests.clinics import PATIENT, open_clinic


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(open_engine(f"sqlite:///{tmp_path / 'clinic.db'}"), Keyring(MASTER))
    open_clinic(made, NOW)
    yield made
    made.close()


def test_a_newer_edit_takes_the_place_of_one_from_before_the_restart(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        shown = outbox.post(u, chat, REPLY, "send", {"text": "question"}, "bot.later@1")
        taken = outbox.claim(u, shown or 0, "test", NOW)
        assert taken is not None
        outbox.finish(u, taken.id, taken.attempt, "sent", message_id=7)
    with store.unit(NOW + timedelta(seconds=50)) as u:  # by a timer: nothing came in since
        outbox.post(u, chat, REPLY, "edit", {"text": "old"}, "bot.later@1", target=shown)
    monkeypatch.setattr(ids, "_last", 0)
    with store.unit(NOW - timedelta(hours=1)) as u:
        floor.start(u)
        new = outbox.post(u, chat, REPLY, "edit", {"text": "new"}, "bot.later@1", target=shown)
    with store.unit(NOW + timedelta(minutes=2)) as u:
        assert [row.id for row in outbox.waiting(u) if row.kind == "edit"] == [new]
