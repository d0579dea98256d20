"""What the drain takes next, and what becomes of a change that is no longer wanted as it leaves."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import cast

import pytest

from bot import sending
from bot.drain import Drain
from bot.intake import keep
from bot.pace import Pace
from bot.phones import Phones
from bot.sending import Accepted, Doubt, Gone, Result, Wait
from bot.writer import Writer
from storage import escalations, outbox, people
from storage.outbox import CRISIS, ESCALATION, REPLY, Claimed
from storage.store import Store
from tests.bot.conftest import NOW
from tests.bot.desk import Desk
from tests.clinics import PATIENT, STAFF, open_clinic
from tests.on_phones import shown


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


def test_after_a_restart_nothing_overtakes_a_card_that_is_to_be_tried_again(store: Store) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        card = outbox.post(u, chat, CRISIS, "send", {"text": "words"}, "crisis.card@1")
        outbox.post(u, chat, ESCALATION, "send", {"text": "words"}, "crisis.paging@1")
        taken = sending.claim(u, outbox.waiting(u)[0], "one that dies")
        assert taken is not None
        sending.record(u, taken, Wait(35))

    async def sent(at: datetime) -> list[int]:
        went = list[int]()

        async def send(row: Claimed) -> Result:
            went.append(row.id)
            return Accepted(len(went))

        drain = Drain(cast(Writer, Desk(store, at)), send, Pace())
        await drain._round()
        await drain.finish(5)
        return went

    assert asyncio.run(sent(NOW + timedelta(seconds=5))) == []
    assert asyncio.run(sent(NOW + timedelta(seconds=40))) == [card]


def test_who_leads_again_knows_of_a_card_that_another_put_off_meanwhile(store: Store) -> None:
    went = list[int]()

    async def send(row: Claimed) -> Result:
        went.append(row.id)
        return Accepted(len(went))

    async def lead_twice() -> None:
        drain = Drain(cast(Writer, Desk(store, NOW + timedelta(seconds=5))), send, Pace())
        await drain._round()
        with store.unit(NOW) as u:
            chat = people.chat_for(u, PATIENT)
            outbox.post(u, chat, CRISIS, "send", {"text": "words"}, "crisis.card@1")
            outbox.post(u, chat, ESCALATION, "send", {"text": "words"}, "crisis.paging@1")
            taken = sending.claim(u, outbox.waiting(u)[0], "another")
            assert taken is not None
            sending.record(u, taken, Wait(35))
        again = asyncio.create_task(drain.run())
        await asyncio.sleep(0.3)
        again.cancel()
        await drain.finish(5)

    asyncio.run(lead_twice())
    assert went == []


def test_an_edit_that_is_not_wanted_any_more_still_takes_the_keyboard_off(store: Store) -> None:
    """The strip that was owed to this message gave way to the edit."""
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        panel = shown(u, chat)
        outbox.post(u, chat, REPLY, "strip", {}, "", target=panel)
        words = {"text": "You have it", "keyboard": [["x"]]}
        edit = outbox.post(u, chat, ESCALATION, "edit", words, "a@1", target=panel, wanted="contact:999")
        (row,) = outbox.waiting(u)
        taken = sending.claim(u, row, "drain")
        assert taken is not None
        assert (taken.id, taken.kind, taken.message_id, taken.payload) == (edit, "strip", 7, {"keyboard": []})


def test_an_edit_that_is_not_wanted_any_more_is_no_message_of_its_own(store: Store) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        late = outbox.post(u, chat, REPLY, "send", {"text": "question"}, "bot.later@1", send_by=NOW)
        edit = outbox.post(u, chat, ESCALATION, "edit", {"text": "You have it"}, "a@1", target=late, wanted="contact:999")
        assert [taken for row in outbox.waiting(u) if row.id == edit and (taken := sending.claim(u, row, "drain"))] == []
        assert outbox.state_of(u, edit or 0) == ("dropped", None)


def test_a_refusal_told_late_does_not_undo_that_they_came_back(store: Store) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        outbox.post(u, chat, REPLY, "send", {"text": "words"}, "bot.later@1")
        taken = sending.claim(u, outbox.waiting(u)[0], "drain")
    back = {"update_id": 5, "my_chat_member": {"chat": {"id": PATIENT, "type": "private"}, "new_chat_member": {"status": "member"}}}
    with store.unit(NOW + timedelta(seconds=1)) as u:
        keep(u, [json.dumps(back)])
    with store.unit(NOW + timedelta(seconds=2)) as u:
        assert taken is not None
        sending.record(u, taken, Gone())
        assert people.chat(u, chat.id).reachable


def test_a_refusal_makes_whoever_has_not_come_back_unreachable(store: Store) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        outbox.post(u, chat, REPLY, "send", {"text": "words"}, "bot.later@1")
        taken = sending.claim(u, outbox.waiting(u)[0], "drain")
        assert taken is not None
        sending.record(u, taken, Gone())
        assert not people.chat(u, chat.id).reachable


class Away(Phones):
    """Phones with a Telegram that can be away."""

    away = False

    def _show(self, row: Claimed) -> Result:
        return Doubt(safe=True) if self.away else super()._show(row)


def test_after_an_outage_nobody_reads_who_had_it_once_nobody_has(store: Store) -> None:
    phones = Away(lambda: store, NOW)
    phones.type(PATIENT, "I want to kill myself tonight")
    phones.wait(timedelta(seconds=20))
    phones.away = True
    phones.tap(STAFF, "I'll take it")
    for _ in range(12):
        phones.wait(timedelta(minutes=5))
    phones.away = False
    phones.phone(PATIENT).look()
    phones.wait(timedelta(seconds=5))
    told = [message.text for _, message in phones.phone(PATIENT).look()]
    assert any("Nobody has answered yet" in text for text in told)
    assert not any("saw this" in text for text in told)


def test_what_stays_open_is_not_said_once_it_is_closed(store: Store) -> None:
    phones = Phones(lambda: store, NOW)
    phones.type(PATIENT, "I want to kill myself tonight")
    with store.unit(phones.now) as u:
        alert = escalations.all_open(u)[0]
        escalations.save(u, alert, state="CLOSED")
        chat = people.chat_for(u, PATIENT)
        outbox.post(u, chat, REPLY, "send", {"text": "This stays open"}, "crisis.still_open@1", wanted=f"open:{alert.id}")
        assert [taken for row in outbox.waiting(u) if row.lane == REPLY and (taken := sending.claim(u, row, "drain"))] == []
