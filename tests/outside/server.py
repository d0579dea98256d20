"""A Bot API server this project did not write, npm's telegram-test-api, and a phone to talk to a bot through it.

`running(node)` starts it behind `proxy.Proxy` (which lists what it gets wrong) on two free loopback ports; point a bot at
`Outside.api_url`, and speak as a patient with `Outside.phone(...)`.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from tests.outside.proxy import LOOK_EVERY, Proxy

SCRIPT = Path(__file__).parent / "serve.js"
START_WITHIN = 20.0  # seconds
TRIES = 5  # a free port may be taken by another before node has it


@dataclass(frozen=True)
class Shown:
    """A message of the bot as it stands on the phone now; buttons as rows of (label, callback data)."""

    id: int
    text: str
    rows: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def buttons(self) -> dict[str, str]:
        return {label: data for row in self.rows for label, data in row}


@dataclass(frozen=True)
class Phone:
    """One person in one private chat with the bot that has `token`. Every verb returns once the server has it."""

    inner: str
    token: str
    user: int
    first_name: str

    async def says(self, text: str, **more: Any) -> int:
        """Send a text or command; more fields (`caption`, `photo`, `voice`, ...) as Telegram names them. The message's id."""
        entities = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}] if text.startswith("/") else None
        body = {"text": text} | ({"entities": entities} if entities else {}) | more
        await self.post("sendMessage", self.signed({key: value for key, value in body.items() if value is not None}))
        mine = [entry for entry in await self.history() if entry.get("message", {}).get("chat", {}).get("id") == self.user]
        return int(max(mine, key=lambda entry: entry["updateId"])["messageId"])

    async def edits(self, message: int, text: str) -> None:
        """Change a text sent before."""
        await self.post("sendMessage", self.signed({"text": text, "edit_of": message}))

    async def taps(self, message: Shown, label: str) -> None:
        """Press a button by what is written on it. Raises `KeyError` if it is not there."""
        under = {"message_id": message.id, "date": int(time.time()), "chat": self.chat(), "text": message.text}
        await self.post("sendCallback", self.signed({"data": message.buttons[label], "message": under}))

    async def messages(self) -> list[Shown]:
        """Everything the bot has in this chat, oldest first, edits and deletions applied."""
        sent = [entry for entry in await self.history() if str(entry.get("message", {}).get("chat_id")) == str(self.user)]
        return [_shown(entry) for entry in sorted(sent, key=lambda entry: entry["messageId"])]

    async def sees(self, what: Callable[[Shown], bool], within: float = 10.0) -> Shown:
        """The newest message of the bot for which `what` holds, as soon as there is one. Fails after `within` seconds."""
        until = time.monotonic() + within
        while True:
            fitting = [message for message in await self.messages() if what(message)]
            if fitting:
                return fitting[-1]
            if time.monotonic() > until:
                raise AssertionError(f"not seen within {within} s; there is: {await self.messages()}")
            await asyncio.sleep(LOOK_EVERY)

    def chat(self) -> dict[str, Any]:
        return {"id": self.user, "type": "private", "first_name": self.first_name}

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        sender = {"id": self.user, "is_bot": False, "first_name": self.first_name, "language_code": "en"}
        return {"botToken": self.token, "from": sender, "chat": self.chat(), "date": int(time.time()), **body}

    async def history(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.post("getUpdatesHistory", {"token": self.token}))["result"]
        return entries

    async def post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.inner, timeout=30, trust_env=False) as client:
            answer: dict[str, Any] = (await client.post(f"/{what}", json=body)).raise_for_status().json()
            return answer


@dataclass(frozen=True)
class Outside:
    """The running server. `calls` are the bot's calls but getUpdates, as (method, HTTP status), in order."""

    api_url: str
    inner: str
    calls: list[tuple[str, int]]

    def phone(self, token: str, user: int = 1001, first_name: str = "Robin") -> Phone:
        return Phone(self.inner, token, user, first_name)


@contextmanager
def running(node: str) -> Iterator[Outside]:
    """Start everything, and stop it when the block ends."""
    with _node(node) as inner:
        proxy = Proxy(inner)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(proxy.app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            _wait(lambda: server.started)
            yield Outside(f"http://127.0.0.1:{listening.getsockname()[1]}", inner, proxy.calls)
        finally:
            server.should_exit = server.force_exit = True
            thread.join(START_WITHIN)
            listening.close()


@contextmanager
def _node(node: str) -> Iterator[str]:
    for _ in range(TRIES):
        port = _free_port()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen([node, str(SCRIPT), str(port)], cwd=SCRIPT.parent, text=True, **pipes) as process:  # type: ignore[call-overload]
            try:
                if process.stdout.readline().strip() == "ready":
                    yield f"http://127.0.0.1:{port}"
                    return
                fault = process.stderr.read().strip()
            finally:
                process.terminate()
        if fault != "EADDRINUSE":
            raise RuntimeError(f"telegram-test-api did not start: {fault}")
    raise RuntimeError("no free port for telegram-test-api")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + START_WITHIN
    while not done():
        if time.monotonic() > until:
            raise RuntimeError("the proxy did not start")
        time.sleep(LOOK_EVERY)


def _shown(entry: dict[str, Any]) -> Shown:
    message = entry["message"]
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
    buttons = tuple(tuple((button["text"], button.get("callback_data", "")) for button in row) for row in rows)
    return Shown(int(entry["messageId"]), message.get("text", ""), buttons)
