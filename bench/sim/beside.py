"""What there is beside the bot: the clinic's mail server and the second process, which die and refuse at times of their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from bench.sim.guard import Guard
from bench.sim.process import MASTER, Death, Died
from bench.sim.weather import FAIR, Span, Weather

if TYPE_CHECKING:
    from bench.sim.history import History

ALONE, LATER, BESIDE = timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)
"""How often the second process looks in the first ten minutes without the bot, after them, and while it is there: the rest of its looks
would see the same."""
FIRST = timedelta(minutes=10)
PLACES = ("before_request", "after_request")


class Beside:
    """Mail and `between watch` of one history."""

    def __init__(self, history: History) -> None:
        self._history, self._chance = history, Random(f"{history.plan.seed} beside")
        self._death = Death()
        self.guard = Guard(history.file, MASTER, history.post, self._death.passes, lambda: (history.now - history.start).total_seconds())
        self.guard.start()
        self.mailed = 0.0
        """Seconds in which the bot was there and mail was taken."""
        self.watched = 0.0
        """The same of the second process since the bot went away."""
        self.there = 0.0
        """Seconds since the bot is back."""
        self.uneasy_until = history.start
        """Until then something was amiss that the second process may speak of."""
        self._open: set[int] = set()
        self._looks_at = history.start
        self._alone_since: datetime | None = None
        self._with_bot = True

    def bad_weather(self, weather: Weather) -> None:
        self._history.post.weather = weather.mails
        for span in weather.beside:
            self._now_and_then(span.a_week, span)
        self._now_and_then(weather.falls_a_week, None)

    def calm_down(self) -> None:
        self._history.post.weather, self._history.post.refusing, self._death.point = FAIR.mails, False, None
        self.guard.start()

    def _now_and_then(self, a_week: float, span: Span | None) -> None:
        history, week = self._history, timedelta(days=7)
        at = history.start
        while a_week > 0:
            at += week * (self._chance.expovariate(1.0) / a_week)
            if at >= history.start + week * history.plan.weeks:
                return
            history.later(at - history.now, lambda: self._begins(span) if span else self._dies_soon())

    def _begins(self, span: Span) -> None:
        lasts = span.shortest + (span.longest - span.shortest) * self._chance.random()
        self._history.telegram.injected[span.name] += 1
        if span.name == "mail_out":
            self._history.post.refusing = True
            self._history.later(lasts, lambda: setattr(self._history.post, "refusing", False))
        else:
            self._fall()
            self._history.later(lasts, self._rise)

    def _dies_soon(self) -> None:
        self._death.point, self._death.after = self._chance.choice(PLACES), self._chance.randint(1, 3)

    def _fall(self) -> None:
        for id in self.guard.fall():
            self._history.letters.died_sending(id)

    def _rise(self) -> None:
        self._death.point, self._death.dead = None, False
        self.guard.start()

    @property
    def alone(self) -> float:
        """How long the second process could have mailed without the bot, until now."""
        return self.watched if self._history.process is None else 0.0

    def passes(self, span: timedelta) -> None:
        """Time goes on."""
        history = self._history
        if history.process is not None and not history.post.refusing:
            self.mailed += span.total_seconds()
        self.there = self.there + span.total_seconds() if history.process is not None else 0.0
        if history.process is not None:
            self.watched = 0.0
        elif self.guard.watch is not None and not history.post.refusing:
            self.watched += span.total_seconds()

    def next_at(self) -> list[datetime]:
        return [max(self._looks_at, self._history.now)] if self.guard.watch is not None else []

    def strikes(self) -> None:
        """Now and then the bot goes down just when it is needed most."""
        history = self._history
        opened = {case.address for case in history.oracle.cases.values() if case.state == "OPEN" and case.rested}
        for _ in opened - self._open:
            if history.process is not None and self._chance.random() < history.telegram.weather.with_alert:
                history.telegram.injected["down_with_alert"] += 1
                history.later(timedelta(seconds=self._chance.randint(1, 400)), history.fall)
                history.later(timedelta(minutes=self._chance.randint(8, 60)), history.rise)
        self._open = opened

    def look(self) -> None:
        """The second process has its look when it is time: after each minute without the bot, and now and then while it is there."""
        history = self._history
        if history.process is None or history.telegram.away or history.telegram.flooded or history.post.refusing or history.skew:
            self.uneasy_until = history.now + timedelta(minutes=40)
        every, with_bot = BESIDE, history.process is not None
        if self._with_bot and not with_bot:
            self._alone_since = None  # also where it was back for less than a look
        self._with_bot = with_bot
        if not with_bot or self._alarmed():
            self._alone_since = self._alone_since or history.now
            every = ALONE if history.now - self._alone_since < FIRST else LATER
        else:
            self._alone_since = None
        self._looks_at = min(self._looks_at, history.now + every)
        if history.now < self._looks_at:
            return
        self._looks_at = history.now + every
        try:
            self.guard.look(history.now + history.skew)
        except Died:
            history.telegram.injected["watch_crash"] += 1
            self._fall()
            history.later(timedelta(seconds=self._chance.choice((1, 10, 60))), self._rise)

    def _alarmed(self) -> bool:
        watch = self.guard.watch
        return watch is not None and (watch.memory.state.alarm is not None or watch.memory.state.since is not None)
