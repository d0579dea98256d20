"""Telegram itself: the only module that imports `telegram`. Raw updates in, mapped results out.

Of python-telegram-bot this uses the `Bot` client, the request and the errors. Its Application and Updater stay unused:
they confirm updates while those sit in memory, and one update they can't parse blocks all others.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

os.environ.setdefault("PTB_TIMEDELTA", "true")  # retry_after as a timedelta, which the library warns about otherwise

import httpx
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.errors import PollerTaken, TokenRefused, WebhookRefused
from bot.log import get
from bot.raw import raw_of, split
from bot.sending import REQUEST, Accepted, Doubt, Gone, Refused, Result, Wait
from storage import points
from storage.outbox import Claimed

log = get("bot.channel")

POLL = 25
"""Seconds a getUpdates may wait at Telegram's end."""
BATCH = 100
KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
SEND_TIMEOUT = 10.0
AT_ONCE = 300
"""Connections: as many as may be on their way in the longest a request lasts, so that a crisis card never waits for one."""
POOL_TIMEOUT = 3.0
UNREAD = (KeyError, TypeError, ValueError, AttributeError)
"""What python-telegram-bot raises at an answer that says "ok" and has not the shape it knows."""
REASONS = (
    "message to edit not found", "message can't be edited", "message to be replied not found", "message text is empty",
    "message is too long", "button_data_invalid", "can't parse", "not enough rights", "peer_id_invalid",
    "https url must be provided", "webhook can be set up only on ports", "failed to resolve host", "ip address", "unallowed characters",
)  # fmt: skip
GONE = ("chat not found", "user is deactivated", "bot can't initiate", "peer_id_invalid")


class Channel:
    """One bot at one Bot API server."""

    def __init__(self, token: str, root: str) -> None:
        sends = HTTPXRequest(
            connection_pool_size=AT_ONCE,
            read_timeout=SEND_TIMEOUT,
            write_timeout=SEND_TIMEOUT,
            connect_timeout=5.0,
            pool_timeout=POOL_TIMEOUT,
            httpx_kwargs={"trust_env": False},
        )
        self._polls = HTTPXRequest(
            connection_pool_size=1, read_timeout=POLL + 5, connect_timeout=5.0, httpx_kwargs={"trust_env": False}
        )
        self._updates_url = f"{root}/bot{token}/getUpdates"
        self.bot = Bot(token, base_url=f"{root}/bot", base_file_url=f"{root}/file/bot", request=sends, get_updates_request=self._polls)

    async def open(self) -> str:
        """Say hello to Telegram; returns the bot's user name. May be called again after a `ConnectionError`.

        Raises `TokenRefused` for a token it does not know, and `ConnectionError` when there is no answer that says so.
        """
        try:
            with points.around("getMe"):
                await self.bot.initialize()
            await self._polls.initialize()
        except InvalidToken:
            raise TokenRefused from None
        except (TelegramError, *UNREAD):
            raise ConnectionError("no answer") from None
        return str(self.bot.username)

    async def close(self) -> None:
        await self.bot.shutdown()
        await self._polls.shutdown()

    async def receive(self, offset: int | None) -> list[str]:
        """The next updates as raw JSON texts, in Telegram's order. Asking with `offset` confirms all below it, and doesn't wait.

        Only a call without `offset` waits for news: update ids restart at a random number after a quiet week, and a call
        that waited with an old, higher offset would never see them.

        Raises `PollerTaken` when another instance polls this bot, `TokenRefused`, and `ConnectionError` for what passes.
        """
        wanted: dict[str, Any] = {"timeout": POLL if offset is None else 0, "limit": BATCH, "allowed_updates": list(KINDS)}
        if offset is not None:
            wanted["offset"] = offset
        try:
            with points.around("getUpdates" if offset is None else "confirm"):
                code, body = await self._polls.do_request(self._updates_url, "POST", _Form(wanted))  # type: ignore[arg-type]
        except NetworkError:
            raise ConnectionError("no answer") from None
        if code == httpx.codes.CONFLICT:
            raise PollerTaken
        if code in (httpx.codes.UNAUTHORIZED, httpx.codes.NOT_FOUND):
            raise TokenRefused
        if code != httpx.codes.OK:
            raise ConnectionError(f"status {code}")
        return _updates(body)

    async def hook(self, url: str, secret: str) -> None:
        """Have Telegram call this address, one update at a time, so that they stay in order. The same again changes nothing.

        Raises `WebhookRefused`, and `ConnectionError` for what passes.
        """
        try:
            with points.around("setWebhook"):
                await self.bot.set_webhook(url, secret_token=secret, allowed_updates=KINDS, max_connections=1)
        except BadRequest as fault:
            raise WebhookRefused(why=_code(str(fault).lower())) from None
        except TelegramError:
            raise ConnectionError("no answer") from None

    async def unhook(self) -> None:
        """Take a webhook away that was set before: Telegram answers no poll beside one. What waits there stays.

        A Bot API server without webhooks harms nobody. Raises `ConnectionError` for what passes.
        """
        try:
            with points.around("deleteWebhook"):
                await self.bot.delete_webhook()
        except (BadRequest, InvalidToken):
            return
        except TelegramError:
            raise ConnectionError("no answer") from None

    async def blank(self, callback_id: str) -> None:
        """Stop a button's spinner. A tap that is too old to be answered harms nobody."""
        try:
            with points.around("answerCallbackQuery"):
                await self.bot.answer_callback_query(callback_id)
        except TelegramError:
            return

    async def card(self, address: int, text: str) -> bool:
        """Send a text past the outbox, for when there is no database. Whether Telegram took it."""
        try:
            with points.around("card"):
                await self.bot.send_message(address, text)
        except TelegramError:
            return False
        except UNREAD:
            return True
        return True

    async def menu(self, commands: Sequence[tuple[str, str]], address: int | None = None) -> None:
        """Set Telegram's command menu, for everybody or for one chat. A server without menus harms nobody."""
        scope = {"type": "chat", "chat_id": address} if address is not None else {"type": "all_private_chats"}
        try:
            listed = [BotCommand(name, words) for name, words in commands]
            with points.around("setMyCommands"):
                await self.bot.set_my_commands(listed, api_kwargs={"scope": json.dumps(scope)})
        except TelegramError:
            return

    async def send(self, row: Claimed) -> Result:
        """Do what an outbox row says and map how it ended. Never raises for anything Telegram or the network does.

        Each phase of a request has a limit of its own; all together end, as a doubt, before the row's lease does.
        """
        try:
            async with asyncio.timeout(REQUEST / timedelta(seconds=1)):
                return await self._do(row)
        except TimeoutError:
            return Doubt()
        except RetryAfter as wait:
            after = wait.retry_after
            return Wait(after.total_seconds() if isinstance(after, timedelta) else float(after))
        except BadRequest as fault:  # a NetworkError too, in python-telegram-bot: so it comes before
            words = str(fault).lower()
            if "message is not modified" in words:
                return Accepted()
            return Gone() if any(sign in words for sign in GONE) else Refused(_code(words))
        except Forbidden:
            return Gone()
        except (InvalidToken, Conflict):
            return Doubt(safe=True)
        except NetworkError as fault:
            return Doubt(safe=isinstance(fault.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout))
        except TelegramError:
            return Doubt()
        except UNREAD as fault:  # so Telegram took it; only its message id stays unknown
            log.error("send.answer", fault=type(fault).__name__, kind=row.kind)
            return Accepted()

    async def _do(self, row: Claimed) -> Result:
        keyboard = _keyboard(row.payload.get("keyboard"))
        message_id = row.payload.get("message_id", row.message_id)
        match row.kind:
            case "send":
                with points.around("sendMessage"):
                    sent = await self.bot.send_message(
                        row.address,
                        row.payload["text"],
                        reply_markup=keyboard,
                        link_preview_options=LinkPreviewOptions(is_disabled=True),
                        disable_notification=bool(row.payload.get("quiet")),
                    )
                return Accepted(sent.message_id)
            case "edit":
                with points.around("editMessageText"):
                    await self.bot.edit_message_text(
                        row.payload["text"],
                        chat_id=row.address,
                        message_id=message_id,
                        reply_markup=keyboard,
                        link_preview_options=LinkPreviewOptions(is_disabled=True),
                    )
            case "strip":
                with points.around("editMessageReplyMarkup"):
                    await self.bot.edit_message_reply_markup(chat_id=row.address, message_id=message_id, reply_markup=None)
            case "menu":
                await self.menu(row.payload["commands"], row.address)
            case "leave":
                with points.around("leaveChat"):
                    await self.bot.leave_chat(row.address)
            case kind:
                return Refused(f"unknown kind {kind}")
        return Accepted()


class _Form:
    """What HTTPXRequest.do_request reads of a request: JSON parameters and no files."""

    multipart_data = None
    contains_files = False

    def __init__(self, values: dict[str, Any]) -> None:
        self.json_parameters = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _updates(body: bytes) -> list[str]:
    """The updates of an answer, each as JSON; one by one where they can't be read together."""
    try:
        return [raw_of(update) for update in json.loads(body)["result"]]
    except (ValueError, RecursionError):
        pass
    except (KeyError, TypeError):
        raise ConnectionError("not an answer") from None
    try:
        return split(body.decode("utf-8", "replace"))
    except ValueError:  # cut off on the way, or not Telegram's at all: nothing of it is confirmed
        raise ConnectionError("not an answer") from None


def _keyboard(rows: Any) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in rows])


def _code(words: str) -> str:
    """Telegram's reason as one of those known here: its own words may quote what was sent."""
    return next((reason for reason in REASONS if reason in words), "bad request")
