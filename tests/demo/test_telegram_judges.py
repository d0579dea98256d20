"""Two libraries that are not ours judge the server: aiogram's models its fields, python-telegram-bot its answers over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiogram.methods
import aiogram.types
import httpx
import pytest
import telegram
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from demo.fields import Upload
from demo.local import LocalTelegram
from demo.methods import METHODS, Method
from demo.phone import Phone
from demo.server import PortTaken, running

SAM = 11
OURS_STRICTER = {
    "editMessageText": {"chat_id", "message_id", "text"},  # aiogram: or an inline or a rich message, which no bot here sends
    "editMessageCaption": {"chat_id", "message_id"},
    "editMessageReplyMarkup": {"chat_id", "message_id"},
}
THEIRS_STRICTER = {"setWebhook": {"url"}}  # Telegram takes a call without an address as "remove the webhook"
VALID: dict[str, dict[str, Any]] = {
    "getMe": {},
    "getUpdates": {"offset": 2, "limit": 10, "timeout": 0, "allowed_updates": ["message"]},
    "getWebhookInfo": {},
    "sendMessage": {"chat_id": SAM, "text": "Hello", "disable_notification": True, "protect_content": True, "message_effect_id": "5"},
    "sendPhoto": {"chat_id": SAM, "photo": "https://example.org/a.png", "caption": "A"},
    "sendDocument": {"chat_id": SAM, "document": "https://example.org/a.pdf", "caption": "A"},
    "sendChatAction": {"chat_id": SAM, "action": "typing"},
    "editMessageText": {"chat_id": SAM, "message_id": 2, "text": "New"},
    "editMessageReplyMarkup": {"chat_id": SAM, "message_id": 2},
    "editMessageCaption": {"chat_id": SAM, "message_id": 3, "caption": "New"},
    "deleteMessage": {"chat_id": SAM, "message_id": 2},
    "answerCallbackQuery": {"callback_query_id": "TAP", "text": "Saved", "show_alert": False},
    "pinChatMessage": {"chat_id": SAM, "message_id": 2},
    "unpinChatMessage": {"chat_id": SAM, "message_id": 4},
    "unpinAllChatMessages": {"chat_id": SAM},
    "getChat": {"chat_id": SAM},
    "leaveChat": {"chat_id": "GROUP"},
    "getFile": {"file_id": "FILE"},
    "setMyCommands": {"commands": [{"command": "start", "description": "Begin"}], "scope": {"type": "all_private_chats"}},
    "getMyCommands": {},
    "deleteMyCommands": {},
    "setMyName": {"name": "Between"},
    "getMyName": {},
    "setMyDescription": {"description": "For the hours between."},
    "getMyDescription": {},
    "setMyShortDescription": {"short_description": "Hours between."},
    "getMyShortDescription": {},
    "setChatMenuButton": {"chat_id": SAM, "menu_button": {"type": "commands"}},
    "getChatMenuButton": {"chat_id": SAM},
    "setWebhook": {"url": "https://example.org/hook", "allowed_updates": ["message"]},
    "deleteWebhook": {"drop_pending_updates": False},
}


def aiogram_model(method: Method) -> Any:
    return getattr(aiogram.methods, method.name[0].upper() + method.name[1:])


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_fields_and_what_is_required_agree_with_aiogram(method: Method) -> None:
    model = aiogram_model(method)
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    ours = {name for name, field in method.fields.items() if field.missing is not None}
    assert ours - OURS_STRICTER.get(method.name, set()) == required - THEIRS_STRICTER.get(method.name, set())
    assert method.fields.keys() <= model.model_fields.keys()


@pytest.fixture
async def busy(here: LocalTelegram) -> dict[str, Any]:
    """A chat with a text (2) with a button, a photo (3) and a pinned text (4); what stands for TAP, GROUP and FILE."""
    button = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    await here.call("sendMessage", {"chat_id": SAM, "text": "Text", "reply_markup": button})
    photo = await here.call("sendPhoto", {"chat_id": SAM, "photo": "https://example.org/b.png"})
    await here.call("sendMessage", {"chat_id": SAM, "text": "Pinned"})
    await here.call("pinChatMessage", {"chat_id": SAM, "message_id": 4})
    assert photo.status == 200
    await here.call("sendDocument", {"chat_id": SAM}, {"document": Upload("a.txt", "text/plain", b"a")})
    sam = here.phone(SAM)
    return {"TAP": sam.press("Yes").id, "GROUP": here.add_group("Family", sam).id, "FILE": next(iter(here.files))}


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
async def test_a_call_aiogram_finds_valid_is_taken(here: LocalTelegram, busy: dict[str, Any], method: Method) -> None:
    params = {name: busy.get(value, value) if isinstance(value, str) else value for name, value in VALID[method.name].items()}
    aiogram_model(method).model_validate(params)
    answer = await here.call(method.name, params)
    assert answer.body["ok"], answer.body
    result_type = aiogram_model(method).__returning__
    if isinstance(result_type, type) and issubclass(result_type, aiogram.types.TelegramObject):
        result_type.model_validate(answer.body["result"])


@pytest.fixture
async def url(here: LocalTelegram) -> AsyncIterator[str]:
    async with running(here) as url:
        yield url


@pytest.fixture
async def bot(here: LocalTelegram, url: str) -> AsyncIterator[telegram.Bot]:
    bot = telegram.Bot(here.token, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot", request=HTTPXRequest(read_timeout=30))
    async with bot:
        yield bot


async def test_python_telegram_bot_talks_to_it(bot: telegram.Bot, sam: Phone) -> None:
    assert bot.username == "between_demo_bot"
    waiting = asyncio.create_task(bot.get_updates(offset=2, timeout=10))
    await asyncio.sleep(0.05)
    sam.send_text("/help me")
    (update,) = await waiting
    assert update.message is not None
    assert update.message.parse_entities(["bot_command"]).popitem()[1] == "/help"
    rows = telegram.InlineKeyboardMarkup.from_row([telegram.InlineKeyboardButton("0", callback_data="0")])
    sent = await update.message.reply_text("How is your mood?", reply_markup=rows)
    sam.press("0")
    (tapped,) = await bot.get_updates(offset=update.update_id + 1)
    assert tapped.callback_query is not None
    assert await tapped.callback_query.answer()
    await sent.edit_text("Saved.")
    assert (sam.last.text, sam.last.edits, sam.last.labels) == ("Saved.", 1, [])
    with pytest.raises(BadRequest, match="not modified"):
        await sent.edit_text("Saved.")


async def test_files_arrive_byte_for_byte(bot: telegram.Bot, sam: Phone, here: LocalTelegram) -> None:
    data = b"\x89PNG\r\n\r\n--\r\n" + bytes(range(256))
    photo = await bot.send_photo(SAM, data, caption="Look", filename="näme.png")
    assert bytes(await (await bot.get_file(photo.photo[-1].file_id)).download_as_bytearray()) == data
    await bot.send_document(SAM, b"a,b\r\n", filename="week.csv")
    assert sam.last.media["document"]["file_name"] == "week.csv"
    assert "<week.csv, 5 bytes>" in str(here.calls[-1].params)


async def test_errors_come_as_the_library_knows_them(
    bot: telegram.Bot, sam: Phone, here: LocalTelegram, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    with pytest.raises(Forbidden, match="can't initiate"):
        await bot.send_message(12, "x")
    here.faults.add("flood", "sendMessage", retry_after=3)
    with pytest.raises(RetryAfter) as flood:
        await bot.send_message(SAM, "x")
    assert flood.value.retry_after == timedelta(seconds=3)
    async with telegram.Bot(here.token, base_url=f"{url}/bot") as other:
        waiting = asyncio.create_task(bot.get_updates(offset=2, timeout=10))
        await asyncio.sleep(0.05)
        await other.get_updates(offset=2)
        with pytest.raises(Conflict):
            await waiting
    with pytest.raises(InvalidToken):
        async with telegram.Bot("1:wrong", base_url=f"{url}/bot"):
            raise AssertionError("an unknown token was let in")
    here.faults.add("error", "getMe", code=502, html=True)
    with pytest.raises(NetworkError, match="502"):
        await bot.get_me()
    here.faults.add("truncate", "sendMessage")
    with pytest.raises(telegram.error.TelegramError, match="Invalid server response"):
        await bot.send_message(SAM, "x")


@pytest.mark.parametrize(("deed", "arrived"), [("drop_before", []), ("drop_after", ["x"]), ("delay", ["x"])])
async def test_a_lost_answer_does_not_say_whether_it_was_done(
    bot: telegram.Bot, sam: Phone, here: LocalTelegram, deed: Any, arrived: list[str]
) -> None:
    here.faults.add(deed, "sendMessage", seconds=3)
    with pytest.raises(TimedOut if deed == "delay" else NetworkError):
        await bot.send_message(SAM, "x", read_timeout=0.5)
    if arrived:
        await here.until(lambda: sam.texts)
    assert sam.texts == arrived
    assert (await bot.send_message(SAM, "y")).text == "y"


async def test_calls_may_come_by_query_form_or_json(here: LocalTelegram, url: str, sam: Phone) -> None:
    async with httpx.AsyncClient(base_url=f"{url}/bot{here.token}") as client:
        assert (await client.get("/sendMessage", params={"chat_id": SAM, "text": "query"})).json()["ok"]
        assert (await client.post("/SENDMESSAGE", data={"chat_id": str(SAM), "text": "form", "reply_markup": "{}"})).json()["ok"]
        assert (await client.post("/sendMessage", json={"chat_id": SAM, "text": "json", "entities": None})).json()["ok"]
        refused = await client.post("/sendMessage", content=b"{", headers={"content-type": "application/json"})
        refused_form = await client.post("/sendMessage", content=b"text=%ff", headers={"content-type": "application/x-www-form-urlencoded"})
        stranger = await client.get(f"{url}/botnot-the-token/getMe")
    assert sam.texts == ["query", "form", "json"]
    assert (refused.status_code, refused_form.status_code, stranger.status_code) == (400, 400, 401)
    assert stranger.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_faults_can_be_ordered_over_http(here: LocalTelegram, url: str, bot: telegram.Bot, sam: Phone) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        ordered = await client.post("/control/faults", json={"do": "error", "method": "sendMessage", "code": 403, "chat_id": SAM})
        assert ordered.json()[0]["code"] == 403
        with pytest.raises(Forbidden):
            await bot.send_message(SAM, "x")
        assert (await client.get("/control/faults")).json() == []
        await client.post("/control/faults", json={"do": "flood", "times": 5})
        assert (await client.delete("/control/faults")).json() == []
        wrong = await client.post("/control/faults", json={"do": "flod"})
        unknown = await client.post("/control/faults", json={"do": "flood", "when": "now"})
        assert (wrong.status_code, unknown.status_code) == (400, 400)
        assert "flood, error, delay" in wrong.json()["description"]
        await client.post("/control/updates", json={"do": "insert", "update": {"message": "poison"}})
        await client.post("/control/updates", json={"do": "restart_ids", "at": 700})
        await client.post("/control/updates", json={"do": "duplicate"})
        assert (await client.post("/control/updates", json={"do": "explode"})).status_code == 400
        sam.send_text("after")
        updates = (await client.get(f"/bot{here.token}/getUpdates", params={"offset": 2})).json()["result"]
    assert [(u["update_id"], u["message"] == "poison") for u in updates] == [(2, True), (700, False)]


async def test_a_taken_port_is_named_with_a_way_out(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with pytest.raises(PortTaken, match=f"Port {port} is already in use.*--port {port + 1}"):
        async with running(LocalTelegram(), port=port):
            raise AssertionError("two servers on one port")


async def test_the_log_of_calls_holds_no_token(here: LocalTelegram, bot: telegram.Bot) -> None:
    await bot.send_message(SAM, "x")
    assert [call.method for call in here.calls] == ["getMe", "sendMessage"]
    assert here.token not in repr(list(here.calls))


async def test_stopping_lets_a_long_poll_go(here: LocalTelegram) -> None:
    async with running(here) as url, httpx.AsyncClient() as client:
        waiting = asyncio.create_task(client.get(f"{url}/bot{here.token}/getUpdates", params={"offset": 2, "timeout": 30}, timeout=40))
        await asyncio.sleep(0.1)
        here.close()
        assert (await asyncio.wait_for(waiting, 30)).json()["result"] == []


async def test_a_webhook_gets_updates_in_order_until_it_takes_them(here: LocalTelegram, url: str, sam: Phone) -> None:
    got: list[tuple[str, str]] = []
    refusing = [True]

    async def hook(request: Request) -> Response:
        got.append((request.headers["x-telegram-bot-api-secret-token"], (await request.json())["message"]["text"]))
        return Response(status_code=500 if refusing[0] else 200)

    async with running(LocalTelegram(), extra=[Route("/hook", hook, methods=["POST"])]) as bot_url:
        await here.call("setWebhook", {"url": f"{bot_url}/hook", "secret_token": "s3cret"})
        sam.send_text("second")
        await here.until(lambda: got)
        await here.until(lambda: "500" in here.webhook.get("failed", {}).get("last_error_message", ""))
        refusing[0] = False
        await here.until(lambda: not here.queue.entries)
        assert (await here.call("getWebhookInfo", {})).body["result"]["pending_update_count"] == 0
    assert {secret for secret, _ in got} == {"s3cret"}
    assert [text for _, text in got][-2:] == ["/start", "second"]
    assert {text for _, text in got[:-2]} == {"/start"}


async def test_after_an_outage_everything_is_still_there(here: LocalTelegram, sam: Phone) -> None:
    async with running(here) as first:
        port = int(first.rpartition(":")[2])
    sam.send_text("written while it was down")
    async with running(here, port=port) as again, httpx.AsyncClient() as client:
        updates = (await client.get(f"{again}/bot{here.token}/getUpdates", params={"offset": 2})).json()["result"]
    assert (first, [u["message"]["text"] for u in updates]) == (again, ["written while it was down"])
