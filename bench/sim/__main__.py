"""Simulated patient-weeks in bad weather: `python -m bench.sim --weeks 2000 --seed 1`.

Prints what happened and, for each violation, the seed and a small story of the person it happened to. Exit code 1 on any.
"""

from __future__ import annotations

import argparse
import functools
import gc
import io
import os
import ssl
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from bench.sim.history import live
from bench.sim.plan import Outcome, Plan
from bot import log
from safety.screen import screen

STORIES = 4


class Nowhere(io.StringIO):
    def write(self, line: str) -> int:
        return len(line)


def main() -> int:
    read = argparse.ArgumentParser(prog="python -m bench.sim", description=__doc__)
    read.add_argument("--weeks", type=int, default=300, help="patient-weeks in all (default 300)")
    read.add_argument("--seed", type=int, default=1, help="the first seed (default 1)")
    read.add_argument("--patients", type=int, default=20, help="in each history (default 20)")
    read.add_argument("--long", type=int, default=2, help="weeks of each history (default 2)")
    read.add_argument("--channel-every", type=int, default=5, help="send each so-many-th history through the real channel; 0: none")
    read.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    told = read.parse_args()
    histories = -(-told.weeks // (told.patients * told.long))
    plan = Plan(told.seed, told.patients, told.long)
    plans = [
        replace(plan, seed=told.seed + n, channel=bool(told.channel_every) and n % told.channel_every == told.channel_every - 1)
        for n in range(histories)
    ]
    began, outcomes = time.perf_counter(), []
    with ProcessPoolExecutor(min(told.jobs, histories), initializer=prepare) as pool:
        for outcome in pool.map(live, plans):
            outcomes.append(outcome)
            tell(outcome)
    report(outcomes, time.perf_counter() - began)
    return 1 if any(outcome.violations for outcome in outcomes) else 0


def prepare() -> None:
    """In each process: no log (outages are critical, and planned), what every start of a bot would load anew is loaded once, and
    less garbage collecting, as little of what is made here goes in circles."""
    log.configure("critical", [], Nowhere())
    ssl.create_default_context = functools.cache(ssl.create_default_context)
    screen("hello")
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def tell(outcome: Outcome) -> None:
    """One line for a history, and a story for each of the first things that went wrong in it."""
    cost = f"{outcome.patient_weeks} patient-weeks, {outcome.processor:.0f} s of processor"
    print(f"seed {outcome.seed}: {cost}, violations {len(outcome.violations)}", flush=True)
    for violation, story in list(zip(outcome.violations, outcome.stories, strict=True))[:STORIES]:
        print(f"\n  {violation.kind} at {violation.at:%Y-%m-%d %H:%M:%S}, chat {violation.address}: {violation.detail}")
        print("\n".join(f"    {line}" for line in story), flush=True)


def report(outcomes: Sequence[Outcome], seconds: float) -> None:
    """The figures of all histories."""
    weeks = sum(outcome.patient_weeks for outcome in outcomes)
    wrong = Counter(violation.kind for outcome in outcomes for violation in outcome.violations)
    each = sum(outcome.processor for outcome in outcomes) / weeks
    print(f"\npatient-weeks {weeks} in {seconds:.0f} s, {each:.2f} s of processor each, histories {len(outcomes)}")
    for title, counted in (("seen", "seen"), ("faults injected", "injected"), ("reminders", "reminders")):
        total: Counter[str] = sum((getattr(outcome, counted) for outcome in outcomes), Counter())
        print(f"{title}: " + ", ".join(f"{name} {count}" for name, count in sorted(total.items())))
    print("violations: " + (", ".join(f"{kind} {count}" for kind, count in sorted(wrong.items())) or "0"))


if __name__ == "__main__":
    sys.exit(main())
