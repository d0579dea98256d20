"""What was on its way when danger was heard: a prompt is not sent any more, and the card is the first thing to arrive."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from bot import sending
from bot.acts.plan_prompts import QUARTER, SUGGESTED
from bot.drain import Drain
from bot.event import Event
from bot.pace import Pace
from bot.phones import instant
from bot.registry import DUES
from bot.sending import Accepted, Doubt, Result, Wait
from bot.sitting import Sitting
from bot.writer import Writer
from safety import pager
from storage import calm, due, escalations, outbox, outbox_rows, people, plans, reminders, sessions
from storage.engine import open_engine
from storage.outbox import CRISIS, ESCALATION, PROMPT, Claimed
from storage.seal import Keyring
from storage.store import Store, Unit
from tests.bot.desk import Desk
from tests.bots import MASTER
from tests.clinics import PATIENT, open_clinic

NOW = instant("2026-11-16T20:00-05:00")


@pytest.mark.parametrize("wanted", ["consent:program", "consent:caring"])
def test_a_prompt_that_waits_is_dropped_when_an_alert_opens_and_for_two_days(tmp_path: Path, wanted: str) -> None:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'bot.db'}"), Keyring(MASTER))
    open_clinic(store, NOW)
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        who = people.person(u, chat.person or 0)
        people.give_consent(u, who.id, "caring", 1)
        row = pager.raise_danger(u, who, chat, "high", "suicide", "text", None).row
        assert _ended(u, chat, wanted) == "escalation"
        escalations.save(u, row, state="CLOSED")
        calm.begin(u, who.id, chat.id)
        assert _ended(u, chat, wanted) == "calm"
        due.cancel(u, calm.KIND, who.id, "over")
        assert _ended(u, chat, wanted) is None
    store.close()


@pytest.mark.parametrize("wanted", ["care:program", "session"])
def test_what_is_not_cheerful_goes_also_while_an_alert_is_open(tmp_path: Path, wanted: str) -> None:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'bot.db'}"), Keyring(MASTER))
    open_clinic(store, NOW)
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        series = sessions.add_series(u, "group", "Evening group", "2026-11-17", "18:00", 90)
        pager.raise_danger(u, people.person(u, chat.person or 0), chat, "high", "suicide", "text", None)
        assert _ended(u, chat, f"session:{series.id}:2026-11-17" if wanted == "session" else wanted) is None
    store.close()


def test_a_discreet_note_that_waits_is_held_back_by_what_it_stands_for(tmp_path: Path) -> None:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'bot.db'}"), Keyring(MASTER))
    open_clinic(store, NOW)
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        who = people.save_profile(u, people.person(u, chat.person or 0), {"discreet": True})
        staff = people.people(u, "staff", "active")[0]
        due.plan(u, SUGGESTED, who.id, "one", NOW, by=staff.id)
        assert _condition_of_the_note(u, chat, SUGGESTED) == "consent:program"
        plans.add(u, who, 2, "walk the dog")
        due.plan(u, QUARTER, who.id, "two", NOW)
        assert _condition_of_the_note(u, chat, QUARTER) == "consent:program"
        series = sessions.add_series(u, "group", "Evening group", "2026-11-18", "18:00", 90)
        assert _condition_of_the_note(u, chat, reminders.EVE) == f"session:{series.id}:2026-11-18"
    store.close()


def _condition_of_the_note(u: Unit, chat: people.ChatCard, kind: str) -> str | None:
    """The condition of the note that says nothing, put there when this comes due."""
    row = due.planned(u, kind, chat.person or 0)[0]
    DUES[kind](Sitting(u, chat, people.person(u, row.subject), row.id, Event("due", PATIENT), NOW), row)
    note = u.all(outbox_rows.OUTBOX.select().order_by(outbox_rows.OUTBOX.c.id.desc()))[0]
    assert note.content.startswith("bot.note@")
    wanted: str | None = note.wanted
    return wanted


def _ended(u: Unit, chat: people.ChatCard, wanted: str) -> str | None:
    """Why a prompt that waits is not sent, or None when it goes."""
    id = outbox.post(u, chat, PROMPT, "send", {"text": "Time for your check-in?"}, "checkin.prompt_evening@1", wanted=wanted)
    row = next(row for row in outbox.waiting(u) if row.id == id)
    if sending.claim(u, row, "drain") is not None:
        return None
    reason: str = u.run(outbox_rows.OUTBOX.select().where(outbox_rows.OUTBOX.c.id == id)).one().reason
    return reason


@pytest.mark.parametrize("first", [Doubt(), Doubt(safe=True), Wait(20)], ids=["doubt", "not connected", "429"])
def test_the_card_arrives_before_what_is_said_about_the_ladder(tmp_path: Path, first: Result) -> None:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'bot.db'}"), Keyring(MASTER))
    open_clinic(store, NOW)
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        outbox.post(u, chat, CRISIS, "send", {"text": "card"}, "crisis.card@1")
        outbox.post(u, chat, ESCALATION, "send", {"text": "paging"}, "crisis.ladder_opened@1")
    desk, arrived, answers = Desk(store, NOW), [], [first]

    async def send(row: Claimed) -> Result:
        if answers:
            return answers.pop()
        arrived.append(row.lane)
        return Accepted(len(arrived))

    async def drain_on() -> None:
        drain = Drain(cast(Writer, desk), send, Pace())
        for _ in range(40):
            await drain._round()
            await drain.finish(5)
            desk.at += timedelta(seconds=1)

    asyncio.run(drain_on())
    store.close()
    assert arrived == [CRISIS, ESCALATION]
