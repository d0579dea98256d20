"""What a history is made of, and what is told of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from bench.sim.case import Violation
from bench.sim.people import WAYS, Ways
from bench.sim.weather import STORM, Weather

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Plan:
    """What a history is made of."""

    seed: int
    patients: int = 20
    weeks: int = 2
    weather: Weather = STORM
    ways: tuple[Ways, ...] = WAYS
    channel: bool = False
    """Send through the real `bot.channel` and the strict local server's rules, instead of below it."""


@dataclass
class Outcome:
    seed: int
    patient_weeks: int
    violations: list[Violation]
    stories: list[list[str]]
    seen: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)
    reminders: Counter[str] = field(default_factory=Counter)
    processor: float = 0.0
    """Seconds of processor time it took."""
