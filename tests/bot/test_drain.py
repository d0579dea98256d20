"""What the drain takes next, and what becomes of a change that is no longer wanted as it leaves."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from bot import sending
from bot.drain import Drain
from bot.pace import Pace
from bot.sending import Accepted, Result
from bot.writer import Writer
from storage import outbox, people
from storage.outbox import ESCALATION, REPLY, Claimed
from storage.store import Store, Unit
from tests.bot.conftest import NOW
from tests.bot.desk import Desk
from tests.clinics import PATIENT, open_clinic


@pytest.fixture(autouse=True)
def clinic(store: Store) -> None:
    open_clinic(store, NOW)


def test_chats_whose_requests_hang_hide_nobody_elses_reply(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "WINDOW", 3)
    hanging = range(9001, 9004)
    with store.unit(NOW) as u:
        for address in (*hanging, *hanging, 9999):
            outbox.post(u, people.chat_for(u, address), REPLY, "send", {"text": "words"}, "bot.later@1")

    async def drain_on() -> list[int]:
        went, stuck = list[int](), asyncio.Event()

        async def send(row: Claimed) -> Result:
            went.append(row.address)
            await (stuck.wait() if row.address in hanging else asyncio.sleep(0))
            return Accepted(len(went))

        drain = Drain(cast(Writer, Desk(store, NOW)), send, Pace())
        for _ in range(3):
            await drain._round()
            await asyncio.sleep(0)
        stuck.set()
        await drain.finish(5)
        return went

    assert sorted(asyncio.run(drain_on())) == [*hanging, 9999]


def test_an_edit_that_is_not_wanted_any_more_still_takes_the_keyboard_off(store: Store) -> None:
    """The strip that was owed to this message gave way to the edit."""
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        shown = _sent(u, chat)
        outbox.post(u, chat, REPLY, "strip", {}, "", target=shown)
        words = {"text": "You have it", "keyboard": [["x"]]}
        edit = outbox.post(u, chat, ESCALATION, "edit", words, "a@1", target=shown, wanted="contact:999")
        (row,) = outbox.waiting(u)
        taken = sending.claim(u, row, "drain")
        assert taken is not None
        assert (taken.id, taken.kind, taken.message_id, taken.payload) == (edit, "strip", 7, {"keyboard": []})


def test_an_edit_that_is_not_wanted_any_more_is_no_message_of_its_own(store: Store) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        shown = outbox.post(u, chat, REPLY, "send", {"text": "question"}, "bot.later@1", send_by=NOW)
        edit = outbox.post(u, chat, ESCALATION, "edit", {"text": "You have it"}, "a@1", target=shown, wanted="contact:999")
        assert [taken for row in outbox.waiting(u) if row.id == edit and (taken := sending.claim(u, row, "drain"))] == []
        assert outbox.state_of(u, edit or 0) == ("dropped", None)


def _sent(u: Unit, chat: people.ChatCard) -> int:
    shown = outbox.post(u, chat, REPLY, "send", {"text": "question"}, "bot.later@1")
    assert shown is not None
    taken = outbox.claim(u, shown, "test", NOW)
    assert taken is not None
    outbox.finish(u, shown, taken.attempt, "sent", message_id=7)
    return shown
