"""The running bot against a Telegram that misbehaves: what is promised holds over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from demo.faults import Deed
from storage import escalations, notes, people
from storage.store import Unit, table
from storage.tables import Outbox
from tests.bots import Bot, running_bot

DANGER = "I want to kill myself"
CARD = "988"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with running_bot(tmp_path) as running:
        yield running


def cards(bot: Bot) -> list[str]:
    return [text for text in bot.patient.texts if CARD in text]


async def test_danger_over_the_wire_card_first_then_page_then_the_truth(bot: Bot) -> None:
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: bot.staff.texts)
    assert CARD in bot.patient.texts[0]
    page = bot.staff.texts[0]
    assert "0001" in page
    assert "Robin" not in page
    assert "kill" not in page
    bot.staff.press("I'll take it")
    await bot.here.until(lambda: any("Dana Reyes saw this at" in text for text in bot.patient.texts), 60)


async def test_a_poison_update_does_not_hold_up_the_good_ones_behind_it(bot: Bot) -> None:
    bot.here.insert_update({"message": {"message_id": "x", "chat": {"id": "no"}, "text": 5}})
    bot.here.insert_update({"something_new": {"a": 1}})
    bot.here.insert_update({"message": {"message_id": 2**80, "date": 2**70, "chat": {"id": 2**90, "type": "private"}, "text": "x"}})
    bot.patient.send_text("good evening")
    await bot.here.until(lambda: bot.patient.texts)
    assert not bot.here.queue.entries


async def test_danger_inside_a_broken_update_still_gets_the_card(bot: Bot) -> None:
    bot.here.insert_update({"message": {"message_id": "x", "date": 1, "chat": {"id": bot.patient.id, "type": "private"}, "text": DANGER}})
    await bot.here.until(lambda: cards(bot) and bot.staff.texts)


async def test_a_repeated_update_is_taken_once(bot: Bot) -> None:
    bot.here.duplicate_next_update()
    bot.patient.send_text("hello")
    await bot.here.until(lambda: bot.patient.texts)
    await asyncio.sleep(1.5)
    assert len(bot.patient.texts) == 1


async def test_a_restart_of_update_ids_loses_nothing(bot: Bot) -> None:
    bot.patient.send_text("one")
    await bot.here.until(lambda: len(bot.patient.texts) == 1)
    bot.here.queue.restart_ids(1)
    bot.patient.send_text("two")
    await bot.here.until(lambda: len(bot.patient.texts) == 2)


async def test_a_flood_of_the_card_is_waited_out(bot: Bot) -> None:
    bot.here.faults.add("flood", "sendMessage", chat_id=bot.patient.id, retry_after=1)
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: cards(bot), 60)


@pytest.mark.parametrize("deed", ["drop_after", "drop_before", "error"])
async def test_a_card_in_doubt_goes_again_marked_as_a_repeat(bot: Bot, deed: Deed) -> None:
    bot.here.faults.add(deed, "sendMessage", chat_id=bot.patient.id, **({"code": 502} if deed == "error" else {}))
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: any("may be a repeat" in text for text in cards(bot)), 60)
    assert len([text for text in cards(bot) if "may be a repeat" in text]) == 1


async def test_a_reply_in_doubt_is_not_repeated(bot: Bot) -> None:
    bot.here.faults.add("drop_after", "sendMessage", chat_id=bot.patient.id)
    bot.patient.send_text("hello")
    await bot.here.until(lambda: bot.patient.texts)
    await asyncio.sleep(3)
    assert len(bot.patient.texts) == 1


async def test_staff_see_that_replies_are_in_doubt_once_until_they_looked(bot: Bot) -> None:
    bot.here.faults.add("drop_after", "sendMessage", chat_id=bot.patient.id, times=2)
    for count, words in enumerate(("hello", "/help"), 1):
        bot.patient.send_text(words)
        await bot.here.until(lambda count=count: len(bot.patient.texts) == count)
    await bot.app.drained()
    bot.staff.send_text("/inbox")
    await bot.here.until(lambda: bot.staff.texts)
    assert bot.staff.texts[-1].count("nobody knows if it arrived") == 1


async def test_the_on_call_person_blocked_the_bot_so_the_ladder_goes_on_at_once(bot: Bot) -> None:
    bot.staff.block()
    await asyncio.sleep(1)
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: any("could not reach anybody" in text for text in bot.patient.texts), 60)
    kinds = await bot.app.writer.run(lambda u: {(note.kind, note.code) for note in notes.unseen(u)})
    assert ("ladder", "nobody_at_step") in kinds


async def test_after_an_outage_everything_is_answered(bot: Bot) -> None:
    bot.here.faults.add("error", "getUpdates", times=2, code=502)
    bot.here.faults.add("error", "sendMessage", times=1, code=500)
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: cards(bot) and bot.staff.texts, 60)


@contextmanager
def database_gone(bot: Bot) -> Iterator[None]:
    """Every transaction fails, as when the disk is full or the server is away."""
    unit = bot.store.unit

    def gone(now: datetime, where: str = "") -> object:
        raise OperationalError("gone", {}, Exception("gone"))

    bot.store.unit = gone  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        bot.store.unit = unit  # type: ignore[method-assign]


async def test_the_database_is_gone_and_the_card_still_comes_once(bot: Bot) -> None:
    with database_gone(bot):
        bot.patient.send_text(DANGER)
        bot.other.send_text("good evening")
        await bot.here.until(lambda: cards(bot), 60)
        bot.patient.send_text("please, I want to die")
        await asyncio.sleep(4)
        assert len(bot.patient.texts) == 1
        assert bot.other.texts == []
        assert len(bot.here.queue.entries) == 3, "nothing was confirmed that is not kept"
    await bot.here.until(lambda: bot.staff.texts and bot.other.texts, 60)


async def test_sos_needs_no_database_either(bot: Bot) -> None:
    with database_gone(bot):
        bot.patient.send_text("/sos")
        await bot.here.until(lambda: cards(bot), 60)


async def test_a_stranger_gets_the_card_and_no_ladder_and_is_forgotten(bot: Bot) -> None:
    stranger = bot.here.phone(777, "Nobody")
    stranger.send_text(DANGER)
    await bot.here.until(lambda: len(stranger.texts) == 2)
    assert CARD in stranger.texts[0]
    assert bot.staff.texts == []

    def kept(u: Unit) -> tuple[int, int]:
        chat = people.chat_for(u, 777)
        from storage.tables import Inbox

        columns = table(Inbox)
        raws = u.all(select(columns.c.id).where(columns.c.chat_id == chat.id, columns.c.raw.is_not(None)))
        return len(raws), len(escalations.all_open(u))

    assert await bot.app.writer.run(kept) == (0, 0)


async def test_every_message_is_tied_to_its_content_items(bot: Bot) -> None:
    bot.patient.send_text("hello")
    bot.patient.send_text("/help")
    await bot.here.until(lambda: len(bot.patient.texts) == 2)
    rows = await bot.app.writer.run(lambda u: u.all(select(table(Outbox).c.content).where(table(Outbox).c.kind == "send")))
    assert all("@" in row.content for row in rows)


async def test_a_group_is_left_without_a_word(bot: Bot) -> None:
    group = bot.here.add_group("Friends", bot.patient)
    bot.patient.send_text("hello bot", chat=group)
    await bot.here.until(lambda: any(call.method == "leaveChat" and call.ok for call in bot.here.calls))
    assert not [message for message in group.visible if message.from_bot]
