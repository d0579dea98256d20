"""Pages that go another way, many at a time: what waits for long hides nothing that has just come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage import letters, outbox, people
from storage.engine import open_engine
from storage.letters import MAIL, WEBHOOK
from storage.outbox import ESCALATION
from storage.seal import Keyring
from storage.store import Store
from tests.bot.conftest import NOW
from tests.bots import MASTER
from tests.clinics import STAFF, open_clinic


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(open_engine(f"sqlite:///{tmp_path / 'clinic.db'}"), Keyring(MASTER))
    open_clinic(made, NOW)
    yield made
    made.close()


def test_mails_that_hang_hide_no_webhook(store: Store) -> None:
    with store.unit(NOW) as u:
        for n in range(60):
            letters.post(u, MAIL, {"subject": "", "text": "", "body": {}}, "", f"mail:page:{n}")
        letters.post(u, WEBHOOK, {"subject": "", "text": "", "body": {}}, "", "webhook:page:60")
        assert WEBHOOK in [channel for _, channel in letters.waiting(u)]


def test_hundreds_of_pages_that_wait_hide_no_new_one(store: Store) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, STAFF)
        for n in range(300):
            newest = outbox.post(u, chat, ESCALATION, "send", {"text": "page"}, "page.new@1", dedupe=f"page:{n}:1:0:1")
        found = [page.id for page in letters.unconfirmed(u, NOW + timedelta(minutes=1))]
        assert newest in found and found == sorted(found)
