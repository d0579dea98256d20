"""Telegram's answers that are not what they should be: nothing dies of them, and nothing is said twice or held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import channel, drain, sending
from bot.channel import Channel
from demo.local import Answer, LocalTelegram
from demo.server import running
from tests.bots import Bot, running_bot

DANGER = "I want to kill myself"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with running_bot(tmp_path) as running:
        yield running


async def test_updates_cut_off_on_the_way_come_again(bot: Bot) -> None:
    bot.here.faults.add("truncate", "getUpdates", times=2)
    bot.patient.send_text("good evening")
    await bot.here.until(lambda: bot.patient.texts, 60)


@asynccontextmanager
async def alone(method: str, answer: Any) -> AsyncIterator[Channel]:
    """A channel to a server that answers one method like this, and no bot behind it."""
    here = LocalTelegram()
    _answer(here, method, answer)
    async with running(here) as url:
        channel = Channel(here.token, url)
        yield channel
        await channel.close()


@pytest.mark.parametrize("answer", [{"ok": True}, {"ok": True, "result": None}, {"ok": True, "result": 7}, [], "no"])
async def test_updates_that_are_none(answer: Any) -> None:
    async with alone("getUpdates", answer) as channel:
        await channel.open()
        with pytest.raises(ConnectionError):
            await channel.receive(0)


async def test_a_bot_that_cannot_say_who_it_is_has_not_been_reached() -> None:
    async with alone("getMe", {"ok": True, "result": {"odd": True}}) as channel:
        with pytest.raises(ConnectionError):
            await channel.open()


async def test_a_request_that_takes_too_long_in_all_ends_as_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each phase may be quick enough: the lease of the row ends all the same."""
    assert drain.SOUND + sending.REQUEST < sending.LEASE
    monkeypatch.setattr(channel, "REQUEST", timedelta(seconds=0.2))
    async with alone("none", {}) as here:

        async def slow(row: object) -> sending.Result:
            await asyncio.sleep(60)
            return sending.Accepted(1)

        monkeypatch.setattr(here, "_do", slow)
        async with asyncio.timeout(20):
            assert await here.send(None) == sending.Doubt()  # type: ignore[arg-type]


@pytest.mark.parametrize("result", [{"odd": True}, {"message_id": "x", "date": "never", "chat": 5}, 7, None])
async def test_a_message_taken_with_an_answer_nobody_can_read_is_sent_once_and_holds_up_nothing(bot: Bot, result: Any) -> None:
    _answer(bot.here, "sendMessage", {"ok": True, "result": result})
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: bot.staff.texts, 60)
    bot.staff.press("I'll take it")
    await bot.here.until(lambda: any("Dana Reyes saw this at" in text for text in bot.patient.texts), 60)
    await bot.here.until(lambda: any("555-0111" in text for text in bot.staff.texts), 60)
    assert len([text for text in bot.patient.texts if "988" in text]) == 1


def _answer(here: LocalTelegram, method: str, body: Any) -> None:
    """The server does what it is asked, and where it would have said yes it answers this."""
    call = here.call

    async def odd(asked: str, *rest: Any) -> Answer:
        done = await call(asked, *rest)
        return Answer(200, body) if asked == method and done.status == 200 else done

    here.call = odd  # type: ignore[method-assign]
