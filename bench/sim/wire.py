"""The same simulated Telegram behind the real `bot.channel`: HTTP answers in process, and the strict local server's rules.

So python-telegram-bot's client, our mapping of its errors, and what Telegram would refuse are part of the history too.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import httpx

from bench.sim.oracle import Oracle
from bench.sim.telegram import Telegram
from bot.channel import Channel
from bot.errors import PollerTaken, TokenRefused
from demo.local import LocalTelegram

HOWS = {"sendMessage": "send", "editMessageText": "edit", "editMessageReplyMarkup": "strip"}
BENIGN = ("message is not modified",)
WORDS = {
    "400": "Bad Request: message to edit not found", "401": "Unauthorized", "403": "Forbidden: bot was blocked by the user",
    "409": "Conflict: terminated by other getUpdates request",
}  # fmt: skip


class Wire:
    """Outlives the processes: it is Telegram's side. `oracle` hears of whatever the strict server refuses by its rules."""

    def __init__(self, telegram: Telegram, oracle: Oracle, chance: Random) -> None:
        self.telegram, self.oracle, self.chance = telegram, oracle, chance
        self.rules = LocalTelegram(clock=telegram.now, limits=None)
        self._local: dict[int, int] = {}
        """Our message id -> the strict server's."""

    def channel(self) -> Channel:
        """A fresh client, as a new process has it, whose requests end here."""
        channel = Channel(self.rules.token, "http://telegram.sim")
        for request in (channel._polls, channel.bot.request):
            request._client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))  # type: ignore[attr-defined]
        return channel

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        method, fields = request.url.path.rsplit("/", 1)[1], dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        if method == "getUpdates":
            return self._updates(request, fields)
        if method in HOWS:
            return await self._message(request, method, fields)
        if method == "getMe":
            return _json((await self.rules.call(method, fields)).body["result"])
        return _json(True)

    def _updates(self, request: httpx.Request, fields: dict[str, str]) -> httpx.Response:
        try:
            raws = self.telegram.updates(int(fields["offset"]) if "offset" in fields else None)
        except ConnectionError as fault:
            if str(fault) == "garbage":
                return httpx.Response(200, content=b'{"ok": true, "result": [{"upda')
            if str(fault) == "5xx":
                return httpx.Response(502, content=b"<html>Bad Gateway</html>")
            raise httpx.ConnectError("away", request=request) from None
        except (PollerTaken, TokenRefused) as fault:
            return _refused("409" if isinstance(fault, PollerTaken) else "401")
        return _json([json.loads(raw) for raw in raws])

    async def _message(self, request: httpx.Request, method: str, fields: dict[str, str]) -> httpx.Response:
        address, text = int(fields["chat_id"]), fields.get("text", "")
        markup = json.loads(fields["reply_markup"]) if "reply_markup" in fields else {}
        keyboard = [[(each["text"], each["callback_data"]) for each in row] for row in markup.get("inline_keyboard", [])]
        id = int(fields["message_id"]) if "message_id" in fields else None
        fault, new = self.telegram.request(address, HOWS[method], text, keyboard, id)
        if fault is None or (fault.endswith("_after") and new is not None):
            await self._judge(method, fields, address, id, new)
        match fault:
            case None:
                chat = {"id": address, "type": "private", "first_name": "P"}
                return _json({"message_id": new, "date": int(self.telegram.now().timestamp()), "chat": chat, "text": text})
            case "429":
                return _refused("429", self.chance.choice(self.telegram.weather.retry_after or (1,)))
            case "not_connected":
                raise httpx.ConnectError("refused", request=request)
            case "5xx_before" | "5xx_after":
                return httpx.Response(self.chance.choice((500, 502, 504)), content=b"<html>Bad Gateway</html>")
            case "reset_before" | "reset_after":
                raise httpx.RemoteProtocolError("closed without an answer", request=request)
            case "timeout_before" | "timeout_after":
                raise httpx.ReadTimeout("no answer", request=request)
        return _refused(fault)

    async def _judge(self, method: str, fields: dict[str, str], address: int, id: int | None, new: int | None) -> None:
        """What our simulated Telegram took must also be something Telegram takes."""
        asked = dict(fields)
        person = self.rules.phone(address).person
        person.started, person.blocked = True, False
        self.rules.private_chat(person)
        if id is not None:
            if id not in self._local:
                return
            asked["message_id"] = str(self._local[id])
        answer = await self.rules.call(method, asked)
        if answer.status == 200 and method == "sendMessage" and new is not None:
            self._local[new] = answer.body["result"]["message_id"]
        elif answer.status != 200 and not any(words in answer.body["description"] for words in BENIGN):
            self.oracle.wrong("refused_by_rules", address, f"{method}: {answer.body['description']}")


def _json(result: Any) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "result": result})


def _refused(code: str, retry_after: int | None = None) -> httpx.Response:
    words = WORDS.get(code, f"Too Many Requests: retry after {retry_after}")
    more = {"parameters": {"retry_after": retry_after}} if retry_after is not None else {}
    return httpx.Response(int(code), json={"ok": False, "error_code": int(code), "description": words, **more})
