"""One seed's history: a clinic is made, lives some weeks in bad weather, comes to rest, and is looked at."""

from __future__ import annotations

import heapq
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from bench.sim import clinic, reckoning
from bench.sim.beside import Beside
from bench.sim.clinic import Series
from bench.sim.letters import Letters
from bench.sim.oracle import Oracle
from bench.sim.people import Patient
from bench.sim.plan import WEEK, Outcome, Plan
from bench.sim.post import Post
from bench.sim.process import MASTER, POINTS, Died, Process, letters_on_their_way, marks_on_their_way
from bench.sim.staff import HABITS, Staff
from bench.sim.telegram import Phone, Shown, Telegram
from bench.sim.weather import FAIR, Span, Weather
from bench.sim.wire import Wire
from bot.clock import SteadyClock
from storage import meta, retention
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, Unit

SHORTEST = timedelta(milliseconds=250)
CALM = timedelta(hours=8)
"""Fair weather at the end, for everything to come to rest."""


class History:
    """The world of one seed. `now` is true time; the bot's clock is a steady clock over a wall that may be wrong by `skew`."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.chance = plan, Random(plan.seed)
        self.file = folder / "sim.db"
        self.start = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=self.chance.randrange(0, 300))
        self.now, self.skew, self.healthy = self.start, timedelta(), 0.0
        self.agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self.telegram = Telegram(Random(self.chance.random()), lambda: self.now)
        self.oracle = Oracle(lambda: self.healthy, lambda: self.now, lambda: self.clock.now())
        self.telegram.watch, self.telegram.shows, self.telegram.hands_over = self.oracle.watch, self._shows, self.oracle.handed
        self.patients: dict[int, Patient] = {}
        self.staff: dict[int, Staff] = {}
        self.process: Process | None = None
        self.clock = SteadyClock(None, self._wall, self._ticks)
        self.post = Post(Random(f"{plan.seed} post"), self.telegram.injected)
        self.letters = Letters(self.oracle, lambda: self.now)
        self.post.watch = self.letters.watch
        self.letters.shows = self._mailed
        self.beside = Beside(self)
        self.wire = Wire(self.telegram, self.oracle, Random(self.chance.random())) if plan.channel else None
        self.series: list[Series] = []
        self.away_since: datetime | None = None
        self.called_off: set[tuple[str, date]] = set()
        self.reckoned = reckoning.Reckoned()

    # ---- time -------------------------------------------------------------------------------------------------------------------

    def _wall(self) -> datetime:
        return self.now + self.skew

    def _ticks(self) -> float:
        return (self.now - self.start).total_seconds()

    def later(self, span: timedelta, act: Callable[[], None]) -> None:
        self._at(self.now + span, act)

    def _at(self, at: datetime, act: Callable[[], object]) -> None:
        heapq.heappush(self.agenda, (at, next(self._order), act))

    def _advance(self, to: datetime) -> None:
        if self.process is not None and not self.telegram.away and not self.telegram.flooded:
            self.healthy += (to - self.now).total_seconds()
        self.beside.passes(to - self.now)
        self.now = to

    # ---- the bot ----------------------------------------------------------------------------------------------------------------

    def rise(self) -> None:
        """Start the process, as a supervisor would after it died."""
        if self.process is not None:
            return
        with self.aside() as u:
            floor = meta.latest(u)
        self.clock = SteadyClock(floor, self._wall, self._ticks)
        self.process = Process(
            self.file, self.telegram, self.post, self.clock, Random(self.chance.random()), self.wire.channel() if self.wire else None
        )
        try:
            self.process.start()
        except Died:
            self.fall()

    def _plain_store(self) -> Store:
        return Store(open_engine(f"sqlite:///{self.file}"), Keyring(MASTER))

    @contextmanager
    def aside(self) -> Iterator[Unit]:
        """A transaction of somebody else's, as the office's command line has them: no place for the bot to die."""
        store = self._plain_store()
        try:
            with store.unit(self.clock.now()) as u:
                yield u
        finally:
            store.close()

    def fall(self) -> None:
        """The process is gone with all it had in memory."""
        if self.process is not None:
            self.process.stop()
            self.process = None

    def _crash(self) -> None:
        """Let it die at one of the places, a few passes on; it is started again after a while."""
        if self.process is not None:
            self.process.death.point = self.chance.choice(POINTS)
            self.process.death.after = self.chance.randint(1, 6)

    def _died(self) -> None:
        self.telegram.injected["crash"] += 1
        self.fall()
        with self.aside() as u:  # whoever finds these leases can't know whether they were sent
            for mark in marks_on_their_way(u):
                self.oracle.died_sending(mark)
            for id in letters_on_their_way(u):
                self.letters.died_sending(id)
        self.later(timedelta(seconds=self.chance.choice((0, 1, 5, 12, 30, 90))), self.rise)

    def _step(self) -> None:
        if self.process is None:
            return
        try:
            self.process.step(self.now)
            self.oracle.rested()
        except Died:
            self._died()

    def _wake(self) -> datetime:
        """The next instant at which anything happens."""
        found = [self.agenda[0][0]] if self.agenda else [self.now + timedelta(hours=1)]
        if self.process is not None:
            try:
                at = self.process.next_at(watchful=self.oracle.anything_open)
            except Died:
                self._died()
                return self.now
            span = at - self.clock.now()
            least = SHORTEST
            if self.away_since is not None:  # a client that tries again and again costs time and shows nothing new
                least = max(timedelta(seconds=20), (self.now - self.away_since) / 20)
            found.append(self.now + max(span, least))
            if self.process.poll_at is not None:
                found.append(max(self.process.poll_at, self.now + least))
        found += self.beside.next_at()
        return max(min(found), self.now)

    # ---- what is seen -----------------------------------------------------------------------------------------------------------

    def _shows(self, phone: Phone, shown: Shown, how: str) -> None:
        who: Patient | Staff | None = self.patients.get(phone.address) or self.staff.get(phone.address)
        if who is not None:
            who.sees(shown, how)

    def _mailed(self, address: int) -> None:
        if address in self.staff:
            self.staff[address].is_mailed()

    # ---- the plan ---------------------------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        store = self._plain_store()
        clinic.make(self, store)
        store.close()
        self.rise()
        for patient in self.patients.values():
            for kind, a_week in patient.ways.week.items():
                self._now_and_then(a_week, lambda p=patient, kind=kind: p.acts(kind))  # type: ignore[misc]
        self._now_and_then(0.5, lambda: clinic.hand_over(self))
        self._now_and_then(0.1, lambda: clinic.dismiss(self))
        self._now_and_then(0.2, lambda: clinic.discharge(self))
        self._now_and_then(0.3, lambda: clinic.call_off(self))
        self._bad_weather(self.plan.weather)
        self.beside.bad_weather(self.plan.weather)

    def _bad_weather(self, weather: Weather) -> None:
        self.telegram.weather = weather
        self._now_and_then(weather.crashes_a_week, self._crash)
        for span in weather.spans:
            self._now_and_then(span.a_week, lambda span=span: self._begins(span))  # type: ignore[misc]
        for a_week, farthest in weather.jumps:
            self._now_and_then(a_week, lambda far=farthest: self._jump(far * self.chance.random()))  # type: ignore[misc]

    def _now_and_then(self, a_week: float, act: Callable[[], object]) -> None:
        """At random times in the weeks of the plan, so many a week on average."""
        at = self.start
        while a_week > 0:
            at += WEEK * (self.chance.expovariate(1.0) / a_week)
            if at >= self.start + WEEK * self.plan.weeks:
                return
            self._at(at, act)

    def _begins(self, span: Span) -> None:
        lasts = span.shortest + (span.longest - span.shortest) * self.chance.random()
        self.telegram.injected[span.name if lasts < timedelta(hours=12) else f"{span.name}_of_a_day"] += 1
        if span.name == "down":
            self.fall()
            self.later(lasts, self.rise)
        elif span.name == "outage":
            self.away_since = self.away_since or self.now
            self.telegram.away = True
            self.later(lasts, self._back)
        else:
            self.telegram.flooded = True
            self.later(lasts, lambda: setattr(self.telegram, "flooded", False))

    def _back(self) -> None:
        self.away_since, self.telegram.away = None, False

    def _jump(self, by: timedelta) -> None:
        self.telegram.injected["clock_forward" if by > timedelta() else "clock_back"] += 1
        if by > retention.TRAFFIC:
            reckoning.before_all_is_old(self)
        self.skew += by
        self.later(timedelta(hours=self.chance.choice((1, 6, 40))), lambda: setattr(self, "skew", self.skew - by))

    # ---- living it --------------------------------------------------------------------------------------------------------------

    def run(self, until: datetime) -> None:
        while self.now < until:
            while self.agenda and self.agenda[0][0] <= self.now:
                heapq.heappop(self.agenda)[2]()
            for address, patient in self.patients.items():
                self.oracle.cases[address].unsure = patient.leaving
            self._step()
            self.beside.strikes()
            self.beside.look()
            self.oracle.look()
            self.letters.look(self.beside)
            self._advance(min(self._wake(), until))

    def calm_down(self) -> None:
        """Fair weather, everybody at rest but the staff, until nothing is open."""
        self.telegram.weather, self.telegram.away, self.telegram.flooded = FAIR, False, False
        self.beside.calm_down()
        self.away_since, self.agenda = None, []
        for phone in self.telegram.phones.values():
            if phone.blocked:
                self.telegram.block(phone.address, blocked=False)
        for patient in self.patients.values():
            patient.quiet = True
        for member in self.staff.values():
            member.habit = HABITS["prompt"]
        if self.process is not None:
            self.process.death.point = None
        self.rise()
        self.run(self.now + CALM)


def live(plan: Plan) -> Outcome:
    """The whole of one seed, in a folder of its own that is removed afterwards."""
    began = time.process_time()
    shared = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one: a power cut is not what is simulated
    folder = Path(tempfile.mkdtemp(prefix="between-sim-", dir=shared if shared.is_dir() else None))
    history = History(plan, folder)
    try:
        history.set_up()
        history.run(history.start + WEEK * plan.weeks)
        history.calm_down()
        reckoning.reckon(history)
    except Exception as fault:  # one history that can't be lived to its end is told of beside the others
        history.oracle.broke(fault)
    finally:
        history.fall()
        shutil.rmtree(folder, ignore_errors=True)
    found = history.oracle.violations
    stories = [history.oracle.story(violation) for violation in found]
    return Outcome(
        plan.seed, plan.patients * plan.weeks, found, stories, history.oracle.seen, history.telegram.injected, history.reckoned.counted,
        time.process_time() - began,
    )  # fmt: skip
