"""The heart of the local Telegram: who exists, what was said, and one door for every Bot API call.

Everything lives in memory. The lock makes it safe to act on a phone from another thread than the server's loop.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo.chats import Chat, Message, Person, Tap
from demo.faults import Dropped, FaultBook
from demo.fields import Upload, read_fields
from demo.limits import Flood, Limits
from demo.markup import Entity
from demo.methods import METHODS
from demo.phone import Phone
from demo.refusals import Refusal, bad, forbidden, not_found
from demo.updates import UpdateQueue

TOKEN = "1000001:demo-token-for-this-machine-only"  # noqa: S105 - opens nothing but this server
BOT_ID = 1000001


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Call:
    """One Bot API call as it went: files shown by name and size, the token nowhere. `took` is in seconds."""

    id: int
    method: str
    params: Mapping[str, Any]
    status: int
    answer: Any
    at: datetime
    took: float

    @property
    def ok(self) -> bool:
        return self.status == 200


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP: a status and a JSON body, or bare HTML as a proxy would send."""

    status: int
    body: Any
    html: bool = False
    truncated: bool = False


class LocalTelegram:
    """A Telegram for one bot. `clock` dates messages and may be turned; limits and taps run on real time.

    `limits=None` turns the flood limits off.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        clock: Callable[[], datetime] = wall_clock,
        limits: Limits | None = Limits(),  # noqa: B008 - frozen
        bot_name: str = "Between",
        bot_username: str = "between_demo_bot",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = token
        self.clock = clock
        self.monotonic = monotonic
        self.bot = {"id": BOT_ID, "is_bot": True, "first_name": bot_name, "username": bot_username}
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.taps: dict[str, Tap] = {}
        self.files: dict[str, Upload] = {}
        self.queue = UpdateQueue()
        self.faults = FaultBook()
        self.flood = Flood(limits, monotonic)
        self.calls: deque[Call] = deque(maxlen=500)
        self.webhook: dict[str, Any] = {}
        self.profile: dict[str, str] = {}
        self.commands: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.menu_buttons: dict[int, dict[str, Any]] = {}
        self.revision = 0
        self.closing = False
        self.poll_turn = 0
        self.lock = threading.RLock()
        self._message_ids = itertools.count(1)
        self._call_ids = itertools.count(1)
        self._serial = itertools.count(1)
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    # -- what changes, and who waits for it

    def changed(self, thing: Message | Tap | None = None) -> None:
        """Note a change and wake all who wait: long polls, the page, tests."""
        self.revision += 1
        if thing is not None:
            thing.revision = self.revision
        for loop, event in tuple(self._waiting):
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait_change(self, seconds: float) -> None:
        """Return at the next change, or after `seconds`."""
        event = asyncio.Event()
        ticket = (asyncio.get_running_loop(), event)
        self._waiting.add(ticket)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._waiting.discard(ticket)

    async def until(self, holds: Callable[[], object], timeout: float = 30.0) -> None:  # noqa: ASYNC109 - the caller's own limit
        """Wait until `holds()` is true; `TimeoutError` with the last calls when it is not within `timeout` real seconds."""
        deadline = time.monotonic() + timeout
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0:
                recent = ", ".join(f"{call.method} {call.status}" for call in list(self.calls)[-8:])
                raise TimeoutError(f"It did not happen within {timeout} s. Last calls: {recent or 'none'}.")
            await self.wait_change(min(left, 0.1))

    def close(self) -> None:
        """Let go of everyone who waits; long polls answer at once."""
        self.closing = True
        self.changed()

    # -- finding chats

    def private_chat(self, person: Person) -> Chat:
        return self.chats.setdefault(person.id, Chat(person.id, person))

    def open_chat(self, chat_id: int | str) -> Chat:
        """The chat the bot may write to; otherwise Telegram's 400 or 403."""
        if isinstance(chat_id, str):
            named = [p.id for p in self.people.values() if p.username and p.username.lower() == chat_id[1:].lower()]
            chat_id = named[0] if named else 0
        chat = self.chats.get(chat_id)
        person = self.people.get(chat_id)
        if person is not None and not person.started:
            raise forbidden("bot can't initiate conversation with a user")
        if person is not None and person.blocked:
            raise forbidden("bot was blocked by the user")
        if chat is None:
            raise bad("chat not found")
        if not chat.bot_inside:
            raise forbidden("bot is not a member of the group chat")
        return chat

    def add_message(self, chat: Chat, sender: Mapping[str, Any], text: str, entities: list[Entity], **more: Any) -> Message:
        message = Message(next(self._message_ids), chat.id, dict(sender), self.clock(), text=text, entities=entities, **more)
        chat.messages[message.id] = message
        self.changed(message)
        return message

    def phone(self, user_id: int, first_name: str = "Sam", username: str | None = None) -> Phone:
        """The phone of this person, who from now on has a Telegram account (but has not written to the bot yet)."""
        person = self.people.setdefault(user_id, Person(user_id, first_name, username))
        return Phone(self, person)

    def add_group(self, title: str, by: Phone) -> Chat:
        """A group into which someone brought the bot."""
        chat = Chat(-1000 - self.new_serial(), title=title, members={by.person.id})
        self.chats[chat.id] = chat
        by.change_membership(chat, "left", "member")
        return chat

    # -- updates that no phone would send

    def insert_update(self, body: dict[str, Any]) -> int:
        """Queue a raw update, poison and all; its id (the one in `body`, if it has one)."""
        with self.lock:
            id = self.queue.add_raw(body)
        self.changed()
        return id

    def duplicate_next_update(self, copies: int = 2) -> None:
        """Let the next update come back after it was confirmed, until it was confirmed `copies` times."""
        self.queue.copies_of_next = copies

    def new_serial(self) -> int:
        return next(self._serial)

    # -- the one door for calls

    async def call(self, method: str, raw: Mapping[str, Any], uploads: Mapping[str, Upload] | None = None) -> Answer:
        """Do one Bot API call, faults included, and log it. Raises `Dropped` when the connection is to be cut."""
        started, at = self.monotonic(), self.clock()
        files = uploads or {}
        try:
            answer = await self._meet_fault(method, raw, files)
        except Dropped:
            self._log(method, raw, files, Answer(0, "connection dropped"), at, started)
            raise
        self._log(method, raw, files, answer, at, started)
        return answer

    async def _meet_fault(self, method: str, raw: Mapping[str, Any], uploads: Mapping[str, Upload]) -> Answer:
        fault = self.faults.take(method, _chat_of(raw))
        if fault is None:
            return await self._answer(method, raw, uploads)
        if fault.do == "drop_before":
            raise Dropped
        if fault.do in ("error", "flood"):
            refusal = fault.refusal()
            if fault.html:
                return Answer(refusal.code, f"<html><body><h1>{refusal.code} {refusal.description}</h1></body></html>", html=True)
            return Answer(refusal.code, refusal.as_api())
        if fault.do == "delay":
            await asyncio.sleep(fault.seconds)
        answer = await self._answer(method, raw, uploads)
        if fault.do == "drop_after":
            raise Dropped
        return Answer(answer.status, answer.body, truncated=True) if fault.do == "truncate" else answer

    async def _answer(self, method: str, raw: Mapping[str, Any], uploads: Mapping[str, Upload]) -> Answer:
        try:
            spec = METHODS.get(method.lower())
            if spec is None:
                raise not_found()
            args = read_fields(spec.fields, raw, uploads)
            with self.lock:
                result = spec.does(self, args)
            if inspect.isawaitable(result):
                result = await result
            return Answer(200, {"ok": True, "result": result})
        except Refusal as refusal:
            return Answer(refusal.code, refusal.as_api())

    def _log(
        self, method: str, raw: Mapping[str, Any], uploads: Mapping[str, Upload], answer: Answer, at: datetime, started: float
    ) -> None:
        shown = dict(raw) | {name: f"<{file.name}, {len(file.data)} bytes>" for name, file in uploads.items()}
        took = self.monotonic() - started
        self.calls.append(Call(next(self._call_ids), method, shown, answer.status, answer.body, at, took))
        self.changed()


def _chat_of(raw: Mapping[str, Any]) -> int | None:
    try:
        return int(str(raw.get("chat_id")))
    except ValueError:
        return None
