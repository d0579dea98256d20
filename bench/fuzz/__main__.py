"""Bad input at scale: `python -m bench.fuzz [--taps 100000] [--updates 200000] [--typed 20000] [--seed 1]`; exit 1 on any fault.

Through the real intake and worker on SQLite. Times are CPU time, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from pathlib import Path

from bench.fuzz.growth import measure
from bench.fuzz.run import Flood, flood
from bench.fuzz.taps import shoot
from bench.fuzz.typed import answer
from bench.fuzz.world import World
from bot import log
from bot.warm import warm

HANG = 0.05
"""Seconds of CPU an update of a size Telegram sends may take."""
LINEAR = 10.0
"""More than this from n to 4n is not linear (4), also on a machine whose clock jumps."""


class _Nowhere(io.StringIO):
    """Where the log of a hundred thousand set aside updates goes."""

    def write(self, line: str) -> int:
        return len(line)


def main() -> int:
    asked = argparse.ArgumentParser()
    for name, default in (("taps", 100_000), ("updates", 200_000), ("typed", 20_000), ("seed", 1)):
        asked.add_argument(f"--{name}", type=int, default=default)
    options = asked.parse_args()
    log.configure("critical", [], _Nowhere())
    faults: list[str] = []
    warm()
    with tempfile.TemporaryDirectory() as folder:
        if options.taps:
            faults += _taps(World(_made(folder, "taps")), options.taps, options.seed)
        if options.updates:
            faults += _updates(Path(folder), options.updates, options.seed)
        if options.typed:
            faults += _typed(World(_made(folder, "typed")), options.typed, options.seed)
    faults += _growth()
    for fault in faults[:40]:
        print(f"FAULT {fault}")
    print(f"{len(faults)} faults, seed {options.seed}")
    return 1 if faults else 0


def _made(folder: str, name: str) -> Path:
    path = Path(folder) / name
    path.mkdir()
    return path


def _taps(world: World, count: int, seed: int) -> list[str]:
    tally = shoot(world, count, seed)
    print(f"taps: {tally.count} over {len(tally.buttons)} kinds of button")
    print(f"      {len(tally.changes)} state changes, {len(tally.impolite)} answers amiss")
    print("      " + ", ".join(f"{way} {n}" for way, n in tally.ways.most_common()))
    print(f"      {_spread(tally.cpu)}")
    return tally.changes + tally.impolite


def _updates(folder: Path, count: int, seed: int) -> list[str]:
    told: Flood = flood(folder, count, seed)
    print(f"updates: {told.count}, {len(told.deaths)} loop deaths, {told.quarantined} set aside")
    print(f"      {told.good} good ones between them, {told.unanswered} not answered in their group")
    print(f"      {_spread([cpu for cpu, *_ in told.cpu])}")
    print(f"      of sizes Telegram sends: {_spread([cpu for cpu, _, size in told.cpu if size <= told.usual])}")
    hangs = [(cpu, way, size) for cpu, way, size in told.cpu if cpu > HANG]
    usual = [each for each in hangs if each[2] <= told.usual]
    print(f"      over {1000 * HANG:.0f} ms: {len(usual)} of those sizes, {len(hangs) - len(usual)} of larger ones; slowest:")
    for cpu, way, size in [*sorted(usual, reverse=True)[:5], *sorted(told.cpu, reverse=True)[:5]]:
        print(f"        {1000 * cpu:7.1f} ms  {way}, {size} characters")
    return told.deaths + told.faults + [f"{1000 * cpu:.0f} ms for {way}, {size} characters" for cpu, way, size in usual]


def _typed(world: World, count: int, seed: int) -> list[str]:
    told = answer(world, count, seed)
    print(f"typed answers: {told.count} at {len(told.asked)} questions, {len(told.faults)} faults; {_spread(told.cpu)}")
    return told.faults


def _growth() -> list[str]:
    faults = []
    for name, pump, took, ratio in measure():
        print(f"growth: {name:32} {took:8.1f} ms at 64 KiB ({pump!a}), at most {ratio:4.1f} times from 16 KiB")
        if ratio > LINEAR:
            faults.append(f"{name} grows {ratio:.1f} times when its text grows 4 times")
    return faults


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds) or [0.0]
    p50, p99, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1]
    return f"p50 {1000 * p50:.1f}, p99 {1000 * p99:.1f}, max {1000 * most:.1f} ms CPU"


if __name__ == "__main__":
    sys.exit(main())
