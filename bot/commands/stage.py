"""`between demo`: the real bot over HTTP to a local Telegram, two phones in a browser, and a clock one can turn.

The only module outside the demo's room that knows it; imported when the command runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import webbrowser
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot import errors, log
from bot.app import App
from bot.channel import Channel
from bot.clock import TurnedClock, wall
from bot.commands.shared import out
from clinic import export
from content.library import load
from demo import cohort
from demo.control import Holder, Step, Suggestion
from demo.limits import Limits
from demo.local import LocalTelegram
from demo.server import PortTaken, running
from demo.web import page_routes
from storage import clinic, due, escalations, meta, people
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit
from storage.wall import instant, local

ZONE = "America/New_York"
PATIENT = Holder(5001, "Robin", "Patient")
STAFF = Holder(9001, "Dana Reyes", "On call")
BEGINS_AT = "18:50"
SETTLE = 3.0
"""Real seconds a turn of the clock may take to come to rest."""
WALLS = {"tonight": "20:30", "tomorrow": "08:30", "monday": "09:00"}


@dataclass
class Stage:
    """What the page asks of the engine (`demo.control.Control`)."""

    clock: TurnedClock
    here: LocalTelegram
    app: App = field(init=False)
    """Set once the server's address is known, before the page can ask for anything."""
    patient: Holder = PATIENT
    staff: Holder = STAFF
    zone: str = ZONE

    def now(self) -> datetime:
        return self.clock.now()

    async def turn(self, step: Step) -> None:
        """Move the clock on, stopping wherever something is due, so that nothing is late that would not have been."""
        target = _target(self.clock.now(), step)
        while True:
            upcoming = await self.app.writer.run(due.next_at)
            if upcoming is None or upcoming > target:
                break
            self.clock.turn(upcoming)
            await self._rest()
        self.clock.turn(target)
        await self._rest()

    async def invite_link(self) -> str:
        def make(u: Unit) -> str:
            who = people.person_by_code(u, "0001")
            assert who is not None
            return people.add_invite(u, who)

        return f"https://t.me/{self.here.bot['username']}?start={await self.app.writer.run(make)}"

    async def weekly_html(self, code: str | None) -> str:
        return await self.app.writer.run(lambda u: export.preview(u, code))

    async def suggestions(self) -> Sequence[Suggestion]:
        words = load("en")

        def card(id: str, do: str, value: str = "", phone: str = "patient") -> Suggestion:
            title, detail, button = (words.text(f"demo.{id}.{part}") for part in ("title", "detail", "button"))
            return Suggestion(id, title, detail, button, do, value, phone)  # type: ignore[arg-type]

        joined = bool(self.here.phone(PATIENT.user_id).texts)
        first = card("evening", "send", "/checkin") if joined else card("invitation", "invitation")
        return (first, card("danger", "fill", words.text("demo.danger.value")), card("silence", "turn", "+30m"), card("week", "weekly"))

    async def _rest(self) -> None:
        self.app.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE):
                await self.app.rested()
                await self.app.drained()


@asynccontextmanager
async def staged(folder: Path, port: int, seed: int, start: datetime | None = None) -> AsyncIterator[tuple[str, Stage]]:
    """A clinic with its history, the bot, the server and the page; gives the page's address. Raises `PortTaken`."""
    clock = TurnedClock(start or _opening(wall()))
    store = Store(open_engine(f"sqlite:///{folder / 'demo.db'}"), Keyring(MasterKey.fresh()))
    migrate(store.engine)
    here = LocalTelegram(clock=clock.now, limits=Limits(per_chat_second=5))
    stage = Stage(clock, here)
    async with running(here, port=port, extra=page_routes(here, stage)) as url:
        _furnish(store, clock.now(), seed, here)
        stage.app = App(store, clock, Channel(here.token, url))
        await stage.app.start()
        try:
            yield url, stage
        finally:
            await stage.app.stop()
            store.close()


async def show(folder: Path, port: int, *, open_browser: bool, seed: int) -> None:
    """Run the demo until it is stopped."""
    log.configure("error")
    log.watch(asyncio.get_running_loop())
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    out("Preparing a made-up clinic …")
    try:
        async with staged(folder, port, seed) as (url, _):
            out(f"Between's demo is at {url}")
            out("Everything runs on this machine and is gone when you stop it (Ctrl-C).")
            if open_browser:
                webbrowser.open(url)
            await stopped.wait()
    except PortTaken as taken:
        raise errors.PortTaken(port=taken.port) from None


def _furnish(store: Store, now: datetime, seed: int, here: LocalTelegram) -> None:
    """The clinic, its history, the patient to come and the person on call with her phone."""
    with store.unit(now) as u:
        clinic.set_up(u, "Harbor IOP (made up)", "555-0100", ZONE, "US", clinic.ALWAYS)
        meta.put(u, "bot_username", str(here.bot["username"]))
    cohort.build(store, now, seed)
    with store.unit(now) as u:
        dana = people.person(u, people.add_person(u, "staff", STAFF.name, ZONE, duty="admin"))
        people.redeem(u, people.add_invite(u, dana), people.chat_for(u, STAFF.user_id).id)
        escalations.set_on_call(u, "primary", dana)
        started = local(now, ZONE).date() - timedelta(days=16)
        people.add_person(u, "patient", PATIENT.name, ZONE, code="0001", program_start=started, program_weeks=10)
    here.phone(PATIENT.user_id, PATIENT.name)
    here.phone(STAFF.user_id, STAFF.name).send_text("/start")


def _opening(now: datetime) -> datetime:
    """The demo begins early in the evening, clinic time: a session is over, the night is ahead."""
    return instant(local(now, ZONE).date(), BEGINS_AT, ZONE)


def _target(now: datetime, step: Step) -> datetime:
    if step == "+30m":
        return now + timedelta(minutes=30)
    today = local(now, ZONE).date()
    ahead = {"tonight": 0, "tomorrow": 1, "monday": 7 - today.weekday()}[step]
    at = instant(today + timedelta(days=ahead), WALLS[step], ZONE)
    return at if at > now else instant(today + timedelta(days=ahead + 1), WALLS[step], ZONE)
