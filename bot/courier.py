"""The courier: takes pages by mail and webhook to whoever carries them, each way at its own pace, so that neither holds up Telegram.

As with the drain: claimed under a lease, looked at again, sent, and how it ended put down. "sent" means that a mail server or
the other side took it, never that somebody read it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot import letters, mail, page_hook
from bot.log import get
from bot.mail import Mail, Server
from bot.page_hook import PageHook
from bot.sending import Accepted, Doubt, Gone, Refused, Result, Wait
from bot.settings import Settings
from bot.writer import Writer
from content.library import load
from storage import escalations, notes, outbox, people
from storage import letters as rows
from storage.letters import CLINIC, MAIL, WEBHOOK, Letter
from storage.seal import SealBroken, WrongMaster
from storage.store import Unit

log = get("bot.courier")
LOOK = 1.0
"""Seconds between two looks."""
LEASE = timedelta(seconds=45)
"""Longer than a letter may take in all."""
AT_ONCE = {MAIL: 2, WEBHOOK: 4}
"""Letters on their way at the same time: a mail server is not flooded, and a slow one holds up few."""
AGAIN, AGAIN_AT_MOST = timedelta(seconds=10), timedelta(minutes=2)
"""How long after a doubt it is tried again: longer each time."""

Ways = Mapping[str, Callable[[Letter, str], Awaitable[Result]]]
"""By channel: sends one letter to an address, which is "" for the webhook."""


class Courier:
    """Sends letters in the background of everything else, if there is any way to. `fallback` is the clinic's own address."""

    def __init__(self, writer: Writer, ways: Ways, fallback: str | None = None, beat: Callable[[], None] = lambda: None) -> None:
        self._writer, self._ways, self._fallback, self._beat = writer, ways, fallback, beat
        self._owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._going: dict[asyncio.Task[None], str] = {}
        self._woken = asyncio.Event()

    @property
    def ways(self) -> frozenset[str]:
        """What there is, as `storage.letters` keeps it."""
        return frozenset(self._ways) | ({CLINIC} if MAIL in self._ways and self._fallback else frozenset())

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self._going

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. A database that is gone is tried again every second.

        Which ways there are is put down by whoever carries them, as it begins: of several processes one that does not may lack the
        settings, and would drop what another has still to send.
        """
        await self._tell_ways()
        if not self._ways:
            await asyncio.Event().wait()
        while True:
            self._woken.clear()
            self._beat()
            try:
                await asyncio.shield(asyncio.ensure_future(self.round()))
            except SQLAlchemyError as fault:
                log.error("courier.database", fault=type(fault).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._woken.wait()

    async def _tell_ways(self) -> None:
        while True:
            try:
                await self._writer.run(lambda u: rows.set_ways(u, self.ways), "ways")
            except SQLAlchemyError as fault:
                log.error("courier.database", fault=type(fault).__name__)
                await asyncio.sleep(LOOK)
            else:
                return

    async def round(self) -> None:
        """Take what may go now on its way."""
        going = Counter(self._going.values())
        room = {channel: AT_ONCE[channel] - going[channel] for channel in self._ways}
        for letter, address in await self._writer.run(lambda u: self._claim(u, room), "letters"):
            task = asyncio.create_task(self._carry(letter, address))
            self._going[task] = letter.channel
            task.add_done_callback(self._going.pop)

    async def finish(self, seconds: float) -> None:
        """After `run` was cancelled: let what is on its way arrive, at most this long."""
        if self._going:
            await asyncio.wait(set(self._going), timeout=seconds)
        for task in self._going:
            task.cancel()

    def _claim(self, u: Unit, room: dict[str, int]) -> list[tuple[Letter, str]]:
        letters.look_for_unconfirmed(u)
        taken: list[tuple[Letter, str]] = []
        for id, channel in rows.waiting(u):
            if room.get(channel, 0) > 0 and (found := self._opened(u, id)) is not None:
                room[channel] -= 1
                taken.append(found)
        return taken

    def _opened(self, u: Unit, id: int) -> tuple[Letter, str] | None:
        """A letter under lease and where it goes; None when it is not to go, or can't be opened, which ends it: others wait behind it."""
        try:
            with u.savepoint():
                return self._addressed(u, id)
        except WrongMaster:
            raise
        except SealBroken:
            if outbox.end_unreadable(u, id):
                log.critical("courier.sealed", row=id)
                with suppress(SealBroken), u.savepoint():
                    letters.refused(u, id, "refused")
            return None

    def _addressed(self, u: Unit, id: int) -> tuple[Letter, str] | None:
        letter = rows.claim(u, id, self._owner, u.now + LEASE)
        if letter is None:
            return None
        if letter.to is not None:
            people.whole(people.person(u, letter.to))  # where it is to go cannot be known: it ends, and the page goes on the next way
        reason = letters.unwanted(u, letter)
        address = self._address(u, letter) if reason is None else None
        if address is None:
            outbox.finish(u, id, letter.attempt, "dropped", reason=reason or "no_address")
            return None
        return letter, address

    def _address(self, u: Unit, letter: Letter) -> str | None:
        if letter.channel != MAIL:
            return ""
        return people.person(u, letter.to).email if letter.to is not None else self._fallback

    async def _carry(self, letter: Letter, address: str) -> None:
        result = await self._ways[letter.channel](letter, address)
        log.info("letter.done", channel=letter.channel, result=type(result).__name__, row=letter.id)
        while True:
            try:
                await self._writer.run(lambda u: record(u, letter, result), "letter")
            except SQLAlchemyError as fault:
                log.error("courier.record", fault=type(fault).__name__, row=letter.id)
                await asyncio.sleep(LOOK)
            else:
                break
        self.wake()


def record(u: Unit, letter: Letter, result: Result) -> None:
    """Put down how it ended, and what follows from that."""
    match result:
        case Accepted():
            done = outbox.finish(u, letter.id, letter.attempt, "sent")
            if done and letter.escalation is not None:
                escalations.receipt(u, letter.escalation, letter.to, letter.channel)
        case Wait(seconds):
            outbox.put_back(u, letter.id, letter.attempt, u.now + timedelta(seconds=seconds), reason="429")
        case Refused() | Gone():
            reason = result.reason if isinstance(result, Refused) else "gone"
            if outbox.finish(u, letter.id, letter.attempt, "dead", reason=reason[:60]):
                notes.add(u, letter.to, "undelivered", f"{letter.channel}_refused")
                letters.refused(u, letter.id, "refused")
        case Doubt(safe):
            later = min(AGAIN * letter.attempt, AGAIN_AT_MOST)
            if outbox.put_back(u, letter.id, letter.attempt, u.now + later, reason="doubt") and not safe:
                letters.mark_repeat(u, letter.id)


def ways_of(read: Settings, writer: Writer) -> Ways:
    """The ways the settings name."""
    return carried(Server.of(read), PageHook.of(read), writer)


def carried(server: Server | None, hook: PageHook | None, writer: Writer) -> Ways:
    return {**({MAIL: by_mail(server, writer)} if server else {}), **({WEBHOOK: by_webhook(hook, writer)} if hook else {})}


def by_mail(server: Server, writer: Writer) -> Callable[[Letter, str], Awaitable[Result]]:
    async def send(letter: Letter, address: str) -> Result:
        subject, text = letter.payload["subject"], letter.payload["text"]
        if letter.payload.get("repeat"):
            text = f"{load('en').text('mail.repeat')}\n\n{text}"
        return await mail.send(server, Mail(address, subject, text, f"between-{letter.id}", writer.clock.now()))

    return send


def by_webhook(hook: PageHook, writer: Writer) -> Callable[[Letter, str], Awaitable[Result]]:
    async def send(letter: Letter, _: str) -> Result:
        body = {"id": str(letter.id), "repeat": bool(letter.payload.get("repeat")), **letter.payload["body"]}
        return await page_hook.post(hook, body, writer.clock.now())

    return send
