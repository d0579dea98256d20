"""A small bot and a control of our own, so that the page can be tried without the engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from demo.control import Holder, Step, Suggestion
from demo.local import LocalTelegram

PATIENT, STAFF, BACKUP, SUPERVISOR = 11, 21, 22, 23
TURNS = {
    "next": timedelta(minutes=2),
    "+30m": timedelta(minutes=30),
    "tonight": timedelta(hours=3),
    "tomorrow": timedelta(hours=14),
    "monday": timedelta(days=3),
}


class FakeControl:
    """A clock that can be turned, one invitation, four cards."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 19, 21, 32, tzinfo=UTC)
        self.turns: list[Step] = []
        self.played = 0
        self.waits: datetime | None = None

    patient = Holder(PATIENT, "Sam", "Patient")
    staff = Holder(STAFF, "Dana", "On call")
    further = (Holder(BACKUP, "Imani", "Backup"), Holder(SUPERVISOR, "Luis", "Supervisor"))
    zone = "America/New_York"

    def now(self) -> datetime:
        return self.moment

    async def turn(self, step: Step) -> None:
        self.turns.append(step)
        self.moment += TURNS[step]

    async def next_step(self) -> datetime | None:
        return self.waits

    async def play(self) -> None:
        self.played += 1

    async def suggestions(self) -> Sequence[Suggestion]:
        return [
            Suggestion(
                "open", "Arrive", "Follow the clinic’s invitation and say yes or no to each part.", "Open the invitation", "invitation"
            ),
            Suggestion(
                "evening", "Spend an evening", "Turn the clock and check in when craving is high.", "Make it tonight", "turn", "tonight"
            ),
            Suggestion(
                "danger",
                "Write something frightening",
                "See who is reached, and how fast.",
                "Put the words in the box",
                "fill",
                "I want to die",
            ),
            Suggestion("week", "Read the week", "What the clinician gets on Monday, one page a patient.", "Open the page", "weekly"),
        ]

    async def invite_link(self) -> str:
        return "https://t.me/between_demo_bot?start=abc123"

    async def weekly_html(self, code: str | None) -> str:
        return f"<!doctype html><html lang=en><title>Week</title><h1>The week of {code or 'everyone'}</h1></html>"


def scale() -> dict[str, Any]:
    row = [{"text": str(n), "callback_data": f"n{n}"} for n in range(11)]
    return {
        "inline_keyboard": [row[:6], row[6:], [{"text": "Skip", "callback_data": "skip"}, {"text": "Help now", "callback_data": "help"}]]
    }


class EchoBot:
    """Says back what it hears; shows a scale, an edit in place and a page to the staff phone.

    While `awake` is cleared it lets taps wait.
    """

    def __init__(self, url: str, token: str) -> None:
        self.client = httpx.AsyncClient(base_url=f"{url}/bot{token}/", timeout=40)
        self.awake = asyncio.Event()
        self.awake.set()

    async def __call__(self, method: str, **params: Any) -> Any:
        return (await self.client.post(method, json=params)).json().get("result")

    async def run(self) -> None:
        commands = [("checkin", "How is it going?"), ("skills", "Something to do right now"), ("help", "Reach a person")]
        await self("setMyCommands", commands=[{"command": c, "description": d} for c, d in commands])
        await self(
            "setMyDescription", description="I check in between your sessions.\nI am not a person and nobody watches this chat live."
        )
        offset = 0
        while True:
            for update in await self("getUpdates", offset=offset, timeout=20) or []:
                offset = update["update_id"] + 1
                if "message" in update:
                    await self.hear(update["message"])
                if "callback_query" in update:
                    await self.tapped(update["callback_query"])

    async def hear(self, message: dict[str, Any]) -> None:
        chat, text = message["chat"]["id"], message.get("text", "")
        if text == "/start abc123":
            await self(
                "sendMessage",
                chat_id=chat,
                text="Welcome, <b>Sam</b>. I am glad you are here.\n\nType /checkin when you like.",
                parse_mode="HTML",
            )
        elif text == "/checkin":
            await self(
                "sendMessage", chat_id=chat, text="How strong is craving right now?\n0 is none, 10 is the most ever.", reply_markup=scale()
            )
        elif "want to die" in text:
            await self(
                "sendMessage",
                chat_id=chat,
                text="I am reaching a person on your team now.\nIf you are in danger this minute, call your local emergency number.",
            )
            await self(
                "sendMessage",
                chat_id=STAFF,
                text="High · code K7 · 21:32\nA patient may be in danger.",
                reply_markup={"inline_keyboard": [[{"text": "I have this", "callback_data": "ack"}]]},
            )
        elif text:
            await self("sendMessage", chat_id=chat, text=f"You said: {text}")
        else:
            await self("sendMessage", chat_id=chat, text="I cannot read this.")

    async def tapped(self, query: dict[str, Any]) -> None:
        message, data = query["message"], query["data"]
        where = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
        await self.awake.wait()
        await self("answerCallbackQuery", callback_query_id=query["id"], text="Saved." if data != "ack" else "")
        if data == "ack":
            await self("editMessageText", **where, text="High · code K7 · 21:32\nYou have this. Sam was told.")
            await self("sendMessage", chat_id=PATIENT, text="Dana saw this at 21:33.")
        elif data.startswith("n"):
            next_ask = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}, {"text": "Not now", "callback_data": "no"}]]}
            await self(
                "editMessageText",
                **where,
                text=f"Craving: {data[1:]}. Saved.\n\nShall we ride this out together for three minutes?",
                reply_markup=next_ask,
            )


@contextlib.asynccontextmanager
async def echoing(here: LocalTelegram, url: str) -> AsyncIterator[EchoBot]:
    bot = EchoBot(url, here.token)
    task = asyncio.create_task(bot.run())
    try:
        yield bot
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bot.client.aclose()
