"""Made-up staff: how they answer pages, and how they find their way through some buttons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from bench.sim import words
from bench.sim.people import Later
from bench.sim.telegram import Shown, Telegram


@dataclass(frozen=True)
class Habit:
    """How a staff member answers pages: chances, and the longest it takes them (minutes)."""

    takes: float
    slowest: int
    reaches: float = 0.8
    closes: float = 0.9
    declines: float = 0.05


HABITS = {
    "prompt": Habit(0.9, 3),
    "slow": Habit(0.6, 25),
    "forgetful": Habit(0.8, 6, reaches=0.3),
    "absent": Habit(0.05, 60),
    "busy": Habit(0.4, 10, declines=0.4),
}


@dataclass
class Staff:
    address: int
    code: str
    name: str
    habit: Habit
    chance: Random
    telegram: Telegram
    later: Later
    gone: bool = False

    def sees(self, shown: Shown, how: str) -> None:
        """A page, or what follows from it."""
        items = words.read(shown.text)
        if how == "strip" or self.gone or not shown.keyboard:
            return
        if any(page in items for page in words.PAGES):
            draw = self.chance.random()
            if draw < self.habit.declines:
                self._soon(shown, "page.button.cant", 5)
            elif draw < self.habit.declines + self.habit.takes:
                self._soon(shown, "page.button.ack", self.habit.slowest)
        elif "drill.page" in items and self.chance.random() < self.habit.takes:
            self._soon(shown, "drill.button.here", 2 * self.habit.slowest)
        elif "page.second" in items and self.chance.random() < self.habit.takes:
            self._soon(shown, self.chance.choice(("page.button.confirm", "page.button.confirm", "page.button.disagree")), 40)
        elif "page.details" in items and self.chance.random() < self.habit.reaches:
            self._soon(shown, self.chance.choice(("page.button.contacted", "page.button.contacted", "page.button.close")), 25)
        elif "page.outcome_question" in items and self.chance.random() < self.habit.closes:
            outcome = self.chance.choice(("safe", "emergency", "handed_over", "false_alarm"))
            self._soon(shown, f"page.outcome.{outcome}", 90)
            self._soon(shown, f"page.outcome.{outcome}", 400)

    def is_mailed(self) -> None:
        """A page by mail: the way to take it is the one in Telegram."""
        if not self.gone and self.chance.random() < self.habit.takes:
            after = timedelta(seconds=self.chance.randint(20, self.habit.slowest * 60))
            self.later(after, lambda: self.tap(words.label("page.button.ack")))

    def _soon(self, shown: Shown, id: str, slowest: int) -> None:
        self.later(timedelta(seconds=self.chance.randint(10, slowest * 60)), lambda: self._taps(shown, words.label(id)))

    def _taps(self, shown: Shown, label: str) -> None:
        for there, data in shown.buttons:
            if there == label:
                self.telegram.tap(self.address, shown.id, data)

    def says(self, text: str) -> None:
        self.telegram.say(self.address, text)

    def tap(self, label: str) -> None:
        """The newest button with this label, or that holds it."""
        for shown in reversed(self.telegram.phone(self.address).stock):
            for there, data in shown.buttons:
                if there == label or there.endswith(f" {label}"):
                    self.telegram.tap(self.address, shown.id, data)
                    return

    def goes(self, command: str, *labels: str) -> None:
        """A way through some buttons."""
        self.says(command)
        for place, label in enumerate(labels, 1):
            self.later(timedelta(seconds=40 * place), lambda label=label: self.tap(label))  # type: ignore[misc]
