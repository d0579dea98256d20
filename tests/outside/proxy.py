"""What stands between the bot and telegram-test-api 4.2.1, and puts right only what Telegram would never do.

Read from that server's code, and seen:

1. getUpdates hands each update out once, whatever `offset` says: here an update stays until an offset confirms it.
2. getUpdates answers at once, whatever `timeout` says: here it waits, as Telegram does.
3. getUpdates ignores `limit` and `allowed_updates`: `limit` is kept here, the bot wants every kind it is sent.
4. getMe names no `is_bot`, which python-telegram-bot requires, and an id that is not the token's.
5. A sent message is dated in milliseconds; Telegram dates in seconds.
6. An edit answers `null`: Telegram answers with the message as it now stands.
7. An edit that changes nothing, or of a message that is not there, is accepted: Telegram refuses both.
8. An edit without a keyboard leaves the old one: Telegram takes it away.
9. deleteMessage, answerCallbackQuery and setWebhook answer `null` where Telegram answers `true`.
10. A refusal comes as `{"ok": false}` with status 200: the status belongs to it.
11. A callback query has no `chat_instance`, which python-telegram-bot requires.
12. The bot token stands inside each update a phone sent.
13. A phone cannot edit: `Phone.edits` marks a message with `edit_of`, which becomes an `edited_message` here.
14. A sent message answers with `link_preview_options` as the text that was sent: Telegram answers with an object.

Left as it is, because a bot must live with it: methods it does not have (sendPhoto, sendDocument, getFile, setMyCommands,
sendChatAction and most others) fail with status 500 and no `ok`; no lengths, markup or keyboards are checked.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LOOK_EVERY = 0.02  # seconds between two looks while a getUpdates waits
EDITS = ("editMessageText", "editMessageReplyMarkup")
FORM = "application/x-www-form-urlencoded"
TRUTHS = ("deleteMessage", "answerCallbackQuery", "setWebhook", "deleteWebhook")

Json = dict[str, Any]


class Proxy:
    """One per server. Keeps the updates that no offset has confirmed yet, by token."""

    def __init__(self, inner: str) -> None:
        self.inner = httpx.AsyncClient(base_url=inner, timeout=30, trust_env=False)
        self.waiting: dict[str, list[Json]] = {}
        self.calls: list[tuple[str, int]] = []
        self.app = Starlette(routes=[Route("/bot{token}/{method}", self.answer, methods=["GET", "POST"])], lifespan=self.open)

    @asynccontextmanager
    async def open(self, _app: Starlette) -> AsyncIterator[None]:
        async with self.inner:
            yield

    async def answer(self, request: Request) -> Response:
        token, method = request.path_params["token"], request.path_params["method"]
        body = await request.body()
        form = dict(request.query_params)
        if request.headers.get("content-type", "").startswith(FORM):
            form |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        if method == "getUpdates":
            return JSONResponse({"ok": True, "result": await self.updates(token, form)})
        before = await self.message(token, form) if method in EDITS else None
        if method in EDITS:
            if refusal := _refuse_edit(before, form):
                return self.noted(method, 400, {"ok": False, "error_code": 400, "description": refusal})
            body = urlencode({"reply_markup": '{"inline_keyboard": []}', **form}).encode()  # 8
        headers = {"content-type": request.headers.get("content-type", FORM)}
        came = await self.inner.post(f"/bot{token}/{method}", content=body, headers=headers)
        answer, status = came.json(), came.status_code
        if answer.get("ok") is False and status == 200:
            status = int(answer.get("error_code", 400))  # 10
        elif answer.get("ok"):
            answer["result"] = await self.put_right(token, method, form, answer.get("result"))
        return self.noted(method, status, answer)

    def noted(self, method: str, status: int, answer: Json) -> Response:
        self.calls.append((method, status))
        return JSONResponse(answer, status)

    async def put_right(self, token: str, method: str, form: dict[str, str], result: Any) -> Any:
        if method == "getMe":
            return {**result, "is_bot": True, "id": int(token.split(":")[0])}  # 4
        if method == "sendMessage":
            preview = json.loads(result.pop("link_preview_options", "null"))
            return {**result, "date": int(result["date"] / 1000)} | ({"link_preview_options": preview} if preview else {})  # 5, 14
        if method in EDITS:
            return await self.message(token, form)  # 6
        return True if method in TRUTHS else result  # 9

    async def message(self, token: str, form: dict[str, str]) -> Json | None:
        """A message of the bot as it now stands, as Telegram would show it."""
        for entry in await self.history(token):
            message = entry.get("message", {})
            if str(entry["messageId"]) == form.get("message_id") and str(message.get("chat_id")) == form.get("chat_id"):
                shown = {"message_id": entry["messageId"], "date": int(entry["time"] / 1000), "text": message.get("text")}
                shown["chat"] = {"id": int(message["chat_id"]), "type": "private", "first_name": "Phone"}
                markup = message.get("reply_markup") or {}
                return shown | ({"reply_markup": markup} if markup.get("inline_keyboard") else {})
        return None

    async def history(self, token: str) -> list[Json]:
        came = await self.inner.post("/getUpdatesHistory", json={"token": token})
        entries: list[Json] = came.json()["result"]
        return entries

    async def updates(self, token: str, form: dict[str, str]) -> list[Json]:
        offset, limit, until = int(form.get("offset", 0)), int(form.get("limit", 100)), time.monotonic() + float(form.get("timeout", 0))
        kept = self.waiting.setdefault(token, [])
        kept[:] = [update for update in kept if update["update_id"] >= offset]  # 1
        while True:
            came = await self.inner.post(f"/bot{token}/getUpdates")
            kept += map(_as_telegram_would, came.json()["result"])
            if kept or time.monotonic() >= until:  # 2
                return kept[:limit]  # 3
            await asyncio.sleep(LOOK_EVERY)


def _as_telegram_would(update: Json) -> Json:
    if query := update.get("callback_query"):
        return update | {"callback_query": {**query, "chat_instance": str(query["from"]["id"])}}  # 11
    message = {key: value for key, value in update["message"].items() if key not in ("botToken", "edit_of")}  # 12
    if edited := update["message"].get("edit_of"):
        return {"update_id": update["update_id"], "edited_message": {**message, "message_id": edited, "edit_date": message["date"]}}  # 13
    return {"update_id": update["update_id"], "message": message}


def _refuse_edit(before: Json | None, form: dict[str, str]) -> str | None:
    if before is None:
        return "Bad Request: message to edit not found"  # 7
    rows = json.loads(form.get("reply_markup", "{}")).get("inline_keyboard") or []
    if form.get("text", before["text"]) == before["text"] and rows == before.get("reply_markup", {}).get("inline_keyboard", []):
        return "Bad Request: message is not modified"
    return None

