"""`between demo`: the real bot over HTTP to a local Telegram, four phones in a browser, and a clock one can turn.

The only module outside the demo's room that knows it; imported when the command runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import webbrowser
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot import errors, log
from bot.app import App
from bot.channel import Channel
from bot.clock import TurnedClock, wall
from bot.commands import moments, tour
from bot.commands.shared import out
from bot.dues import CHORES
from bot.pace import Pace
from clinic import export
from clinic.tone import tone
from content.library import load
from demo import cohort
from demo.control import Holder, Side, Step, Suggestion
from demo.limits import Limits
from demo.local import LocalTelegram
from demo.phone import Phone
from demo.server import PortTaken, running
from demo.web import page_routes
from storage import clinic, due, escalations, invites, meta, people
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit
from storage.wall import instant, local

ZONE = "America/New_York"
PATIENT = Holder(5001, "Robin", "Patient")
CODE = "0001"
STAFF = Holder(9001, "Dana Reyes", "On call")
FURTHER = (Holder(9002, "Imani Brooks", "Backup"), Holder(9003, "Luis Ortega", "Supervisor"))
"""Who is paged when nobody answers; their names are in the cohort."""
SHOWN: dict[str, Side] = {STAFF.name: "staff", FURTHER[0].name: "backup", FURTHER[1].name: "supervisor"}
"""On whose phone of the page somebody on call answers."""
BEGINS_AT = "18:50"
SETTLE = 3.0
"""Real seconds in which what fell due at one instant is taken and sent."""
TURN_WITHIN = 12.0
"""Real seconds a turn of the clock may take; what is then still due on the way falls due at its end."""
APART = timedelta(milliseconds=250)
"""Between two messages to one phone. The local server is told to allow that; Telegram itself asks for a second."""
WALLS = {"tonight": "20:30", "tomorrow": "08:30", "monday": "09:00"}


@dataclass
class Stage:
    """What the page asks of the engine (`demo.control.Control`). Everything waits until `ready` is set, which is when `app` is there."""

    clock: TurnedClock
    here: LocalTelegram
    app: App = field(init=False)
    patient: Holder = PATIENT
    staff: Holder = STAFF
    further: Sequence[Holder] = FURTHER
    zone: str = ZONE
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _turning: asyncio.Lock = field(default_factory=asyncio.Lock)
    _playing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _going: set[asyncio.Task[None]] = field(default_factory=set)

    def now(self) -> datetime:
        return self.clock.now()

    async def turn(self, step: Step) -> None:
        """Move the clock on, stopping wherever something is due, so that nothing is late that would not have been."""
        await self.ready.wait()
        async with self._turning:
            target = await self.next_step() if step == "next" else _target(self.clock.now(), step)
            if target is not None:
                await self._see_through(self._turn(target))

    async def next_step(self) -> datetime | None:
        await self.ready.wait()
        return await self.app.writer.run(lambda u: moments.next_step(u, CODE))

    async def play(self) -> None:
        """Answer for the patient until something is worth reading. A second call while that goes on does nothing."""
        await self.ready.wait()
        if not self._playing.locked():
            async with self._playing:
                phone = Phone(self.here, self.here.people[PATIENT.user_id])
                await self._see_through(tour.answer_for(phone, lambda: self.app.writer.run(lambda u: tour.waiting(u, CODE))))

    async def invite_link(self) -> str:
        def make(u: Unit) -> str:
            who = people.person_by_code(u, CODE)
            assert who is not None
            return invites.add(u, who)

        await self.ready.wait()
        return f"https://t.me/{self.here.bot['username']}?start={await self.app.writer.run(make)}"

    async def weekly_html(self, code: str | None) -> str:
        """Of someone who shares no page, or nobody has heard of: everyone's instead."""

        def page(u: Unit) -> str:
            try:
                return export.preview(u, code)
            except export.UnknownPatient:
                return export.preview(u, None)

        await self.ready.wait()
        return await self.app.writer.run(page)

    async def suggestions(self) -> Sequence[Suggestion]:
        await self.ready.wait()
        return moments.suggestions(await self.app.writer.run(lambda u: moments.moment(u, CODE, ZONE, SHOWN)), load("en"))

    async def close(self) -> None:
        """Let go of what a visitor has set going, so that the demo can end at any time."""
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)

    async def _see_through(self, work: Coroutine[Any, Any, None]) -> None:
        """Until it is done or the demo ends; what it raises is raised here."""
        task = asyncio.create_task(work)
        self._going.add(task)
        await asyncio.wait({task})
        self._going.discard(task)
        if not task.cancelled():
            task.result()

    async def _turn(self, target: datetime) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TURN_WITHIN):
                while True:
                    upcoming = await self.app.writer.run(lambda u: due.next_at(u, but=CHORES))
                    if upcoming is None or upcoming > target:
                        break
                    self.clock.turn(upcoming)
                    await self._rest()
        self.clock.turn(target)
        await self._rest()

    async def _rest(self) -> None:
        self.app.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE):
                await self.app.rested()
                await self.app.drained()


@asynccontextmanager
async def staged(
    folder: Path, port: int, seed: int, start: datetime | None = None, begun: Callable[[], None] = lambda: None
) -> AsyncIterator[tuple[str, Stage]]:
    """A clinic with its history, the bot, the server and the page; gives the page's address.

    Raises `PortTaken`. `begun` is called once the port is ours, before what takes some seconds.
    """
    clock = TurnedClock(start or _opening(wall()))
    store = Store(open_engine(f"sqlite:///{folder / 'demo.db'}"), Keyring(MasterKey.fresh()))
    here = LocalTelegram(clock=clock.now, limits=Limits(per_chat_second=5))
    stage = Stage(clock, here)
    async with running(here, port=port, extra=page_routes(here, stage)) as url:
        begun()
        await asyncio.to_thread(_furnish, store, clock.now(), seed, here)
        stage.app = App(store, clock, Channel(here.token, url), pace=Pace(apart=APART))
        await stage.app.start()
        stage.ready.set()
        warm = asyncio.create_task(asyncio.to_thread(tone, ("A good evening.",)))  # its first line takes a second: not on a visitor's time
        try:
            yield url, stage
        finally:
            await stage.close()
            await stage.app.stop()
            await warm
            store.close()


async def show(folder: Path, port: int, *, open_browser: bool, seed: int) -> None:
    """Run the demo until it is stopped."""
    log.configure("error")
    log.watch(asyncio.get_running_loop())
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    try:
        async with staged(folder, port, seed, begun=lambda: out("Preparing a made-up clinic …")) as (url, stage):
            if not stopped.is_set():
                out(f"Between's demo is at {url}")
                out("Everything runs on this machine and is gone when you stop it (Ctrl-C).")
                if open_browser:
                    asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)
            await _until(stopped, stage.app)
    except PortTaken as taken:
        raise errors.PortTaken(port=taken.port) from None


async def _until(stopped: asyncio.Event, app: App) -> None:
    """Until someone stops it, or a loop of the bot ends by itself; raises what ended that."""
    ends = [asyncio.create_task(stopped.wait(), name="stopped"), asyncio.create_task(app.wait(), name="bot")]
    done, waiting = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    for task in done:
        task.result()


def _furnish(store: Store, now: datetime, seed: int, here: LocalTelegram) -> None:
    """The clinic, its history, the patient to come and the people on call with their phones."""
    migrate(store.engine)
    with store.unit(now) as u:
        clinic.set_up(u, "Harbor IOP (made up)", "555-0100", ZONE, "US", clinic.ALWAYS)
        meta.put(u, "bot_username", str(here.bot["username"]))
    cohort.build(store, now, seed)
    with store.unit(now) as u:
        dana = people.person(u, people.add_person(u, "staff", STAFF.name, ZONE, duty="admin"))
        _on_call(u, here, "primary", dana, STAFF.user_id)
        known = {who.name: who for who in people.people(u, "staff")}
        for holder in FURTHER:
            _on_call(u, here, holder.role.lower(), known[holder.name], holder.user_id)
        tomorrow = local(now, ZONE).date() + timedelta(days=1)
        people.add_person(u, "patient", PATIENT.name, ZONE, code=CODE, program_start=tomorrow, program_weeks=10)
    here.phone(PATIENT.user_id, PATIENT.name)


def _on_call(u: Unit, here: LocalTelegram, position: str, who: people.PersonCard, address: int) -> None:
    invites.redeem(u, invites.add(u, who), people.chat_for(u, address).id)
    people.give_consent(u, who.id, "paged", 1)
    escalations.set_on_call(u, position, who)
    here.phone(address, who.name).send_text("/start")


def _opening(now: datetime) -> datetime:
    """The demo begins early in the evening, clinic time: a session is over, the night is ahead."""
    return instant(local(now, ZONE).date(), BEGINS_AT, ZONE)


def _target(now: datetime, step: Step) -> datetime:
    """Where a step of the clock ends that does not depend on what waits."""
    if step == "+30m":
        return now + timedelta(minutes=30)
    today = local(now, ZONE).date()
    ahead = {"tonight": 0, "tomorrow": 1, "monday": 7 - today.weekday()}[step]
    at = instant(today + timedelta(days=ahead), WALLS[step], ZONE)
    return at if at > now else instant(today + timedelta(days=ahead + 1), WALLS[step], ZONE)
