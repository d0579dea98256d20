"""Pages that go another way, many at a time: what waits for long hides nothing that has just come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import letters, outbox, people
from storage.letters import MAIL, WEBHOOK
from storage.outbox import ESCALATION
from storage.store import Store
from tests.bot.conftest import NOW
from tests.clinics import STAFF, open_clinic


@pytest.fixture(autouse=True)
def clinic(store: Store) -> None:
    open_clinic(store, NOW)


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
