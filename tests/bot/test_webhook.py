"""Telegram calls the bot: only with the secret, only so much, and 200 only for what is a committed row."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.app import App
from bot.channel import Channel
from bot.emergency import Emergency
from bot.errors import WebhookRefused
from bot.vitals import Vitals
from bot.webhook import HEADER, LARGEST, Hook, webhook
from demo.local import LocalTelegram
from demo.server import running
from storage import notes
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, Unit, table
from storage.tables import Inbox
from tests.bot.test_shell import DANGER, cards, database_gone
from tests.bots import MASTER, PLAIN, Bot, running_bot, visiting
from tests.clinics import PATIENT

SECRET = "a-made-up_secret-7"
INBOX = table(Inbox)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with running_bot(tmp_path, secret=SECRET) as running_one:
        yield running_one


async def rows(bot: Bot) -> list[tuple[str, str]]:
    def read(u: Unit) -> list[tuple[str, str]]:
        return [(row.kind, row.state) for row in u.all(select(INBOX.c.kind, INBOX.c.state).order_by(INBOX.c.id))]

    return await bot.app.writer.run(read)


def update(id: int, text: str) -> dict[str, Any]:
    chat = {"id": PATIENT, "type": "private", "first_name": "Robin"}
    message = {"message_id": id, "date": 1_790_000_000, "chat": chat, "from": chat | {"is_bot": False}, "text": text}
    return {"update_id": id, "message": message}


async def told_by_headers(bot: Bot, length: int) -> bytes:
    """The answer to a request of which only the headers arrived."""
    assert bot.hook is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(bot.hook.url).port)
    writer.write(f"POST /hook HTTP/1.1\r\nHost: here\r\n{HEADER}: {SECRET}\r\nContent-Length: {length}\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.readline(), 60)
    writer.close()
    return answer


async def call(bot: Bot, content: bytes, secret: str | None = SECRET, **headers: str) -> httpx.Response:
    assert bot.hook is not None
    given = {HEADER: secret} if secret is not None else {}
    async with httpx.AsyncClient(verify=PLAIN, trust_env=False) as client:
        return await client.post(bot.hook.url, content=content, headers=given | headers)


async def test_a_conversation_goes_on_as_with_polling(bot: Bot) -> None:
    bot.patient.send_text("/help")
    await bot.here.until(lambda: bot.patient.texts)
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: cards(bot) and bot.staff.texts)
    bot.staff.press("I'll take it")
    await bot.here.until(lambda: any("Dana Reyes saw this at" in text for text in bot.patient.texts), 60)
    assert not [one for one in bot.here.calls if one.method == "getUpdates"]
    assert bot.here.webhook["secret_token"] == SECRET
    assert bot.here.webhook["max_connections"] == 1, "more at a time would mix up their order"
    assert bot.here.token not in bot.here.webhook["url"]


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), "ünicode"])
async def test_without_the_secret_there_is_no_row(bot: Bot, secret: str | None) -> None:
    assert bot.hook is not None
    given = {HEADER: secret.encode()} if secret is not None else {}
    async with httpx.AsyncClient(verify=PLAIN, trust_env=False) as client:
        answer = await client.post(bot.hook.url, content=json.dumps(update(1, DANGER)), headers=given)
    assert (answer.status_code, answer.content) == (403, b"")
    assert await rows(bot) == []
    assert bot.app.vitals.turned_away["secret"] == 1


async def test_only_the_route_itself_answers(bot: Bot) -> None:
    assert bot.hook is not None
    async with httpx.AsyncClient(verify=PLAIN, trust_env=False, headers={HEADER: SECRET}) as client:
        assert (await client.get(bot.hook.url)).status_code == 405
        assert (await client.post(bot.hook.url + "/more", content=b"{}")).status_code == 404
        assert (await client.post(bot.hook.url.removesuffix("/hook") + "/", content=b"{}")).status_code == 404


async def test_a_body_that_is_too_large_is_not_read_to_its_end(bot: Bot) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * (1 << 20)
            await asyncio.sleep(0.01)

    assert bot.hook is not None
    async with httpx.AsyncClient(verify=PLAIN, trust_env=False) as client:
        try:
            answer = await client.post(bot.hook.url, content=endless(), headers={HEADER: SECRET})
            assert answer.status_code == 413
        except httpx.NetworkError:  # the connection was closed while we were still sending
            pass
    assert sent < 100
    assert (await told_by_headers(bot, LARGEST + 1)).startswith(b"HTTP/1.1 413 ")
    assert await rows(bot) == []
    assert bot.app.vitals.turned_away["size"] == 2
    exactly = json.dumps(update(1, "good evening")).encode().ljust(LARGEST)
    assert (await call(bot, exactly)).status_code == 200


async def test_the_same_update_a_hundred_times_has_one_effect(bot: Bot) -> None:
    body = json.dumps(update(900, "good evening")).encode()
    answers = await asyncio.gather(*(call(bot, body) for _ in range(50)))
    answers += [await call(bot, json.dumps(update(900, "good evening"), indent=1).encode()) for _ in range(50)]
    assert {answer.status_code for answer in answers} == {200}
    await bot.app.rested()
    await bot.app.drained()
    assert await rows(bot) == [("text", "done")]
    assert len(bot.patient.texts) == 1


async def test_200_comes_only_after_the_row_is_committed() -> None:
    committing, commit = asyncio.Event(), asyncio.Event()

    async def keep(_raws: list[str]) -> bool:
        committing.set()
        await commit.wait()
        return True

    async with visiting(webhook(Hook("https://bot.clinic.example/hook", SecretStr(SECRET)), keep, Vitals())) as client:
        calling = asyncio.create_task(client.post("/hook", content=b"{}", headers={HEADER: SECRET}))
        await asyncio.wait_for(committing.wait(), 60)
        await asyncio.sleep(0.2)
        assert not calling.done()
        commit.set()
        assert (await calling).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 200_000, b'{"update_id": ' + b"9" * 5000 + b"}", b'{"message": "good'],
    ids=["empty", "cut", "list", "null", "bytes", "deep", "huge", "half"],
)
async def test_nonsense_is_set_aside_and_not_asked_for_again(bot: Bot, body: bytes) -> None:
    assert (await call(bot, body)).status_code == 200
    assert (await call(bot, json.dumps(update(2, "good evening")).encode())).status_code == 200
    await bot.here.until(lambda: bot.patient.texts, 60)
    await bot.app.rested()
    kinds = await rows(bot)
    assert kinds == [("broken", "quarantined"), ("text", "done")]
    seen = await bot.app.writer.run(lambda u: [note.kind for note in notes.unseen(u)])
    assert seen.count("quarantine") == 1


async def test_danger_in_an_update_that_is_broken_still_gets_the_card(bot: Bot) -> None:
    bot.here.insert_update({"message": {"message_id": "x", "date": 1, "chat": {"id": bot.patient.id, "type": "private"}, "text": DANGER}})
    await bot.here.until(lambda: cards(bot) and bot.staff.texts)


async def test_half_a_letter_holds_up_nobody(bot: Bot) -> None:
    broken = json.dumps(update(5, "half a letter: \ud83d")).encode()
    assert (await call(bot, broken)).status_code == 200
    bot.patient.send_text("good evening")
    await bot.here.until(lambda: bot.patient.texts, 60)


async def test_the_database_is_gone_and_the_card_still_comes_once(bot: Bot) -> None:
    with database_gone(bot):
        bot.patient.send_text(DANGER)
        await bot.here.until(lambda: cards(bot), 60)
        answer = await call(bot, json.dumps(update(7, "good evening")).encode())
        assert answer.status_code == 500
        await asyncio.sleep(2)
        assert len(bot.patient.texts) == 1
        assert len(bot.here.queue.entries) == 1, "nothing was confirmed that is not kept"
    await bot.here.until(lambda: bot.staff.texts, 60)
    assert not bot.here.queue.entries


async def test_two_processes_serve_the_route_and_each_update_is_taken_once(bot: Bot, tmp_path: Path) -> None:
    """The second process is another `keep` on the same database; nothing in memory is shared."""
    assert bot.hook is not None
    store = Store(open_engine(f"sqlite:///{tmp_path / 'bot.db'}"), Keyring(MASTER))
    beside = App(store, bot.clock, Channel(bot.here.token, "http://127.0.0.1:9"))
    beside._emergency = Emergency(beside.channel.card)
    bodies = [json.dumps(update(id, f"note number {id}")).encode() for id in range(20)]
    async with visiting(webhook(bot.hook, beside.keep, Vitals())) as second:
        both = [call(bot, body) for body in bodies] + [second.post("/hook", content=body, headers={HEADER: SECRET}) for body in bodies]
        assert {answer.status_code for answer in await asyncio.gather(*both)} == {200}
    beside.writer.close()
    store.close()
    assert await bot.app.writer.run(lambda u: u.run(select(func.count(INBOX.c.id))).scalar_one()) == 20


async def test_polling_takes_an_older_webhook_away_and_loses_nothing(tmp_path: Path) -> None:
    async with running_bot(tmp_path, secret=SECRET) as first:
        first.patient.send_text("good evening")
        await first.here.until(lambda: first.patient.texts)
        assert first.here.webhook
        await first.app.channel.unhook()
        assert not first.here.webhook
    async with running_bot(tmp_path / "second") as second:
        assert not second.here.webhook
        second.patient.send_text("good evening")
        await second.here.until(lambda: second.patient.texts)


async def test_what_telegram_will_not_call_is_one_sentence() -> None:
    here = LocalTelegram()
    async with running(here) as url:
        channel = Channel(here.token, url)
        await channel.open()
        for address in ("http://bot.clinic.example/hook", "https://bot.clinic.example:8080/hook"):
            with pytest.raises(WebhookRefused, match="BETWEEN_WEBHOOK_URL"):
                await channel.hook(address, SECRET)
        here.faults.add("error", "setWebhook", code=502)
        with pytest.raises(ConnectionError):
            await channel.hook("https://bot.clinic.example/hook", SECRET)
        await channel.close()
