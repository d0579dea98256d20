"""The second process: looks, judges, and mails by itself when the first one is dead, hung or cut off from its database.

What it has found out and what it still has to say is written into its own small file before anything is sent, so that it says
nothing twice when it is started anew, but for what may have arrived: that goes again marked as a repeat. A full disk is when the first
process is in trouble too: what cannot be written is kept in mind, and said all the same.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bot import letters, mail, page_hook
from bot.log import get
from bot.lookout import Lookout, View
from bot.mail import Mail, Server
from bot.page_hook import PageHook
from bot.sending import Accepted, Doubt, Refused, Result
from content.library import load
from safety.vigil import Judged, Letter, Notice, State, judge
from storage import small_file
from storage.seal import MasterKey

log = get("bot.watching")
KEPT = timedelta(hours=12)
"""How long something that can't be sent is tried."""
PASSED_ON = 2
"""The mail server is asked so often before a letter goes the next way as well."""
AT_ONCE = 4


@dataclass(frozen=True)
class Pending:
    """Something to say, to one address ("" is the webhook). `doubt`: it may have arrived already."""

    id: str
    to: str
    subject: str
    text: str
    body: dict[str, Any]
    at: datetime
    tries: int = 0
    doubt: bool = False


@dataclass(frozen=True)
class Memory:
    """All that is in the file. `addresses` are those of the last look, for when the database can't be read."""

    state: State = field(default_factory=State)
    pending: tuple[Pending, ...] = ()
    addresses: tuple[str, ...] = ()


MEMORY = TypeAdapter(Memory)


class Watch:
    """One watcher over one clinic. `fallback` is the clinic's own address; without it everybody on call is told instead."""

    def __init__(
        self,
        lookout: Lookout,
        file: Path,
        keys: list[MasterKey],
        server: Server | None,
        hook: PageHook | None,
        fallback: str | None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lookout, self._file, self._keys = lookout, file, keys
        self._server, self._hook, self._fallback = server, hook, fallback
        self._ticks = ticks
        self._looked: float | None = None
        kept = small_file.read(file, keys)
        self.memory = self._written = MEMORY.validate_python(kept) if kept is not None else Memory()
        self.forgetful = False
        """Whether what it knows could not be written: begun anew, it would know what the file says, and repeat itself."""

    async def look(self, now: datetime) -> None:
        """Look once, and say what is to be said; what could not be said is tried again at the next look."""
        view = await asyncio.to_thread(self._lookout.look, now)
        judged = judge(self.memory.state, view.seen if view else None, now, self._passed())
        said = [one for notice in judged.notices for one in self._notice(notice, view, now)]
        said += [one for letter in judged.letters if view for one in self._page(letter, view, now)]
        addresses = tuple(sorted(set(view.addresses.values()))) if view else self.memory.addresses
        for notice in judged.notices:
            log.critical("watch.notice", what=notice.what)
        self._remember(Memory(judged.state, (*self._still(judged, said, now), *said), addresses))
        if self.memory.pending:
            await self._say_all(now)

    def _passed(self) -> timedelta | None:
        before, self._looked = self._looked, self._ticks()
        return timedelta(seconds=self._looked - before) if before is not None else None

    def _still(self, judged: Judged, said: Iterable[Pending], now: datetime) -> Iterable[Pending]:
        """What is left from before. Pages end with the alarm, and with the next one of the same alert to the same address; how things stand
        is told even then, but not after how they stand since: an alarm that comes behind "it runs again" would be false, and the other way
        round it would calm without cause."""
        anew = {(one.to, one.body.get("reference")) for one in said}
        for one in self.memory.pending:
            if one.body["event"] == "page":
                wanted = judged.state.alarm is not None and (one.to, one.body["reference"]) not in anew
            else:
                wanted = not judged.notices
            if wanted and now - one.at < KEPT:
                yield one

    def _remember(self, memory: Memory) -> None:
        """Keep it in mind, and on disk. A disk that takes nothing is asked again each time, and holds up nothing that is to be said."""
        self.memory = memory
        if _worth_writing(memory) == _worth_writing(self._written):
            self.forgetful = False
            return
        try:
            small_file.write(self._file, self._keys[0], MEMORY.dump_python(memory, mode="json"))
        except OSError as fault:
            if not self.forgetful:
                log.critical("watch.unwritten", fault=type(fault).__name__, number=fault.errno)
            self.forgetful = True
        else:
            self._written, self.forgetful = memory, False

    async def _say_all(self, now: datetime) -> None:
        """Each once. That it is being tried is on disk before, if that takes anything: if this process ends in the middle, it may have
        arrived."""
        tried = tuple(replace(one, tries=one.tries + 1, doubt=True) for one in self.memory.pending)
        before = {one.id: one.doubt for one in self.memory.pending}
        self._remember(replace(self.memory, pending=tried))
        room = asyncio.Semaphore(AT_ONCE)

        async def say(one: Pending) -> list[Pending]:
            async with room:
                return self._after(one, await self._send(one, now, repeat=before[one.id]), doubted=before[one.id])

        left = await asyncio.gather(*(say(one) for one in tried))
        self._remember(replace(self.memory, pending=tuple(one for each in left for one in each)))

    async def _send(self, one: Pending, now: datetime, *, repeat: bool) -> Result:
        if not one.to:
            assert self._hook is not None
            return await page_hook.post(self._hook, {"id": one.id, "repeat": repeat, **one.body}, now)
        assert self._server is not None
        text = f"{load('en').text('mail.repeat')}\n\n{one.text}" if repeat else one.text
        return await mail.send(self._server, Mail(one.to, one.subject, text, one.id, now))

    def _after(self, one: Pending, result: Result, *, doubted: bool) -> list[Pending]:
        """What is left of it. A page the mail server does not take goes the next way as well."""
        log.info("watch.said", way="mail" if one.to else "webhook", result=type(result).__name__)
        if isinstance(result, Accepted):
            return []
        final = isinstance(result, Refused)
        left = [] if final else [replace(one, doubt=doubted or (isinstance(result, Doubt) and not result.safe))]
        page = one.body["event"] == "page"
        if page and (final or one.tries == PASSED_ON) and (way := self._next_way(one.to)) is not None:
            left.append(replace(one, id=_id(), to=way, tries=0, doubt=False))
        return left

    def _next_way(self, to: str) -> str | None:
        """The webhook ("") after an address, or where there is none the clinic's own address; None when that was the last."""
        if to and self._hook is not None:
            return ""
        return self._fallback if to and to != self._fallback else None

    def _page(self, letter: Letter, view: View, now: datetime) -> list[Pending]:
        words, known = load("en"), view.pages[letter.alert]
        level, why = words.text(f"page.level.{known['level']}"), words.text("mail.why.alone")
        text = words.text("mail.page", code=known["code"], level=level, time=known["time"], ref=known["ref"], why=why)
        one = Pending(
            id="",
            to="",
            subject=words.text("mail.subject", level=level, ref=known["ref"]),
            text=f"{text}\n\n{letters.how(view.line)}",
            body={"event": "page", "why": "alone", "code": known["code"], "level": known["level"], "opened": known["opened"],
                  "reference": known["ref"]},
            at=now,
        )  # fmt: skip
        if letter.to is not None:
            return self._each(one, [view.addresses[letter.to]])
        return self._each(one, [self._fallback] if self._fallback else [], webhook=True)

    def _notice(self, notice: Notice, view: View | None, now: datetime) -> list[Pending]:
        words = load("en")
        since = f"{notice.since:%Y-%m-%d %H:%M}"
        text = words.text(f"mail.watch.{notice.what}", time=since)
        if view is not None and view.pages and notice.what != "back":
            text += "\n\n" + words.text("mail.watch.open", pages="; ".join(_one(known) for known in view.pages.values()))
        subject = words.text(f"mail.watch.{notice.what}_subject")
        body = {"event": f"between_{notice.what}", "since": notice.since.isoformat()}
        one = Pending("", "", subject, text, body, now)
        everybody = sorted(set(view.addresses.values())) if view else list(self.memory.addresses)
        return self._each(one, [self._fallback] if self._fallback else everybody, webhook=True)

    def _each(self, one: Pending, addresses: Iterable[str], *, webhook: bool = False) -> list[Pending]:
        """The same to each address, and to the webhook, as far as there is such a way."""
        mailed = [replace(one, id=_id(), to=address) for address in addresses] if self._server else []
        return mailed + ([replace(one, id=_id())] if self._hook and (webhook or not mailed) else [])


def _worth_writing(memory: Memory) -> Memory:
    """A look at which all is well changes nothing on disk."""
    state = memory.state
    return memory if state.ahead or state.alarm else replace(memory, state=replace(state, alive=None, looked=None))


def _one(known: dict[str, str]) -> str:
    words = load("en")
    level = words.text(f"page.level.{known['level']}")
    return words.text("mail.watch.open_one", code=known["code"], level=level, time=known["time"], ref=known["ref"])


def _id() -> str:
    return f"between-watch-{secrets.token_hex(8)}"
