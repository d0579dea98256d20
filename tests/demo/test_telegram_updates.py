"""Updates reach the bot in order, until it confirms them; one receiver at a time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from demo.local import LocalTelegram
from demo.phone import Phone, PhoneFault

SAM = 11


async def take(ask: Any, **params: Any) -> list[Any]:
    return [(u["update_id"], next(iter(u.keys() - {"update_id"}))) for u in (await ask("getUpdates", **params))["result"]]


async def words(ask: Any, **params: Any) -> list[str]:
    return [u["message"]["text"] for u in (await ask("getUpdates", **params))["result"]]


async def test_an_update_stays_until_a_higher_one_is_asked_for(ask: Any, sam: Phone) -> None:
    sam.send_text("one")
    assert await take(ask) == [(1, "message"), (2, "message")]
    assert await take(ask, offset=0) == [(1, "message"), (2, "message")]
    assert await take(ask, offset=2) == [(2, "message")]
    assert await take(ask, offset=1) == [(2, "message")]
    assert await take(ask, offset=3) == []


async def test_limit_and_negative_offset(ask: Any, sam: Phone) -> None:
    for text in "abcd":
        sam.send_text(text)
    assert await words(ask, limit=2) == ["/start", "a"]
    assert await words(ask, offset=-2) == ["c", "d"]
    assert await words(ask) == ["c", "d"]


async def test_a_long_poll_answers_when_something_happens(ask: Any, sam: Phone) -> None:
    await ask("getUpdates", offset=2)
    waiting = asyncio.create_task(words(ask, offset=2, timeout=20))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    sam.send_text("now")
    assert await asyncio.wait_for(waiting, 30) == ["now"]


async def test_an_empty_long_poll_ends_after_its_timeout(ask: Any) -> None:
    began = time.monotonic()
    assert await words(ask, offset=2, timeout=1) == []
    assert time.monotonic() - began > 0.9


async def test_a_second_poller_ends_the_first(ask: Any, sam: Phone) -> None:
    first = asyncio.create_task(ask("getUpdates", offset=2, timeout=20))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(ask("getUpdates", offset=2, timeout=20))
    answer = await asyncio.wait_for(first, 30)
    assert (answer["error_code"], answer["description"][:30]) == (409, "Conflict: terminated by other ")
    sam.send_text("only once")
    assert [u["message"]["text"] for u in (await second)["result"]] == ["only once"]


async def test_webhook_and_polling_exclude_each_other(ask: Any) -> None:
    waiting = asyncio.create_task(ask("getUpdates", offset=2, timeout=20))
    await asyncio.sleep(0.05)
    assert (await ask("setWebhook", url="https://example.org/hook", secret_token="abc"))["ok"]
    assert (await asyncio.wait_for(waiting, 30))["error_code"] == 409
    assert "webhook is active" in (await ask("getUpdates"))["description"]
    info = (await ask("getWebhookInfo"))["result"]
    assert (info["url"], info["max_connections"]) == ("https://example.org/hook", 40)
    assert (await ask("deleteWebhook", drop_pending_updates=True))["ok"]
    assert await take(ask) == []


async def test_only_the_kinds_asked_for_arrive(ask: Any, sam: Phone) -> None:
    await ask("getUpdates", offset=2, allowed_updates=["callback_query"])
    sam.send_text("not wanted")
    await ask("sendMessage", chat_id=SAM, text="Hello", reply_markup={"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]})
    sam.press("Yes")
    assert await take(ask, offset=2) == [(2, "callback_query")]
    await ask("getUpdates", allowed_updates=[])
    sam.send_text("wanted again")
    assert [kind for _, kind in await take(ask)] == ["callback_query", "message"]


async def test_what_a_phone_can_do_arrives_as_its_kind(here: LocalTelegram, ask: Any, sam: Phone) -> None:
    first = sam.last
    sam.edit(first.id, "/start again")
    sam.send_photo("look")
    sam.send_voice()
    sam.send_sticker()
    sam.send_contact("+15550100")
    sam.block()
    here.add_group("Family", sam)
    sent = (await ask("getUpdates", offset=2))["result"]
    assert [next(iter(u.keys() - {"update_id"})) for u in sent] == ["edited_message", *["message"] * 4, "my_chat_member", "my_chat_member"]
    assert sent[0]["edited_message"]["edit_date"]
    assert (sent[1]["message"]["caption"], bool(sent[1]["message"]["photo"])) == ("look", True)
    assert sent[2]["message"]["voice"]["duration"] == 4
    assert sent[4]["message"]["contact"]["user_id"] == SAM
    assert sent[5]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert sent[6]["my_chat_member"]["chat"]["type"] == "group"
    with pytest.raises(PhoneFault):
        sam.send_text("hello?")


async def test_a_long_text_is_split_as_phones_split_it(ask: Any, sam: Phone) -> None:
    sam.send_text("😀" * 2048 + "end")
    assert [len(text) for text in await words(ask, offset=2)] == [2048, 3]


async def test_a_forged_tap_carries_data_that_is_on_no_button(ask: Any, sam: Phone) -> None:
    await ask("sendMessage", chat_id=SAM, text="Hello")
    with pytest.raises(PhoneFault):
        sam.tap(sam.last.id, "forged")
    tap = sam.tap(sam.last.id, "forged", anyway=True)
    sam.resend(tap)
    first, second = (await ask("getUpdates", offset=2))["result"]
    assert first["callback_query"] == second["callback_query"]
    assert (first["callback_query"]["data"], first["update_id"] + 1) == ("forged", second["update_id"])


async def test_a_duplicated_update_comes_back_once(here: LocalTelegram, ask: Any, sam: Phone) -> None:
    here.duplicate_next_update()
    sam.send_text("twice")
    assert await words(ask, offset=2) == ["twice"]
    assert await words(ask, offset=3) == ["twice"]
    assert await words(ask, offset=3) == []


async def test_restarted_ids_lose_nothing(here: LocalTelegram, ask: Any, sam: Phone) -> None:
    here.queue.restart_ids(900)
    sam.send_text("high")
    here.queue.restart_ids(5)
    sam.send_text("low")
    assert await take(ask, offset=2) == [(900, "message"), (5, "message")]
    assert await take(ask, offset=901) == [(5, "message")]
    assert await take(ask, offset=6) == []


async def test_a_poison_update_is_handed_out_as_it_is(here: LocalTelegram, ask: Any, sam: Phone) -> None:
    here.insert_update({"message": {"chat": "not a chat", "date": []}})
    sam.send_text("behind it")
    poison, good = (await ask("getUpdates", offset=2))["result"]
    assert poison == {"update_id": 2, "message": {"chat": "not a chat", "date": []}}
    assert good["message"]["text"] == "behind it"


async def test_until_says_what_was_last_called(here: LocalTelegram, ask: Any) -> None:
    await ask("getMe")
    with pytest.raises(TimeoutError, match="getMe 200"):
        await here.until(lambda: False, timeout=0.05)


async def test_the_menu_follows_scope_and_language(here: LocalTelegram, ask: Any) -> None:
    from demo.profile import commands_for

    def command(name: str) -> list[dict[str, str]]:
        return [{"command": name, "description": "Say " + name}]

    await ask("setMyCommands", commands=command("hello"))
    await ask("setMyCommands", commands=command("hola"), language_code="es")
    await ask("setMyCommands", commands=command("oncall"), scope={"type": "chat", "chat_id": SAM})
    assert [commands_for(here, chat, language)[0]["command"] for chat, language in [(1, "en"), (1, "es"), (SAM, "es")]] == [
        "hello",
        "hola",
        "oncall",
    ]
    await ask("deleteMyCommands", scope={"type": "chat", "chat_id": SAM})
    assert (await ask("getMyCommands"))["result"] == command("hello")
    assert commands_for(here, SAM)[0]["command"] == "hello"
