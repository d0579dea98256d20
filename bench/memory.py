"""Memory over a simulated month: `python -m bench.memory [--patients 36] [--days 30]`.

Intake, screen, turns, due times, chores and outbox on a file database, as `between run` has them, with phones in memory; each
patient answers a check-in and writes a line a day, somebody is in danger every third day. The resident size after three days
(everything loaded, caches warm) beside that at the end; with `--trace`, what Python objects grew most.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import tempfile
import tracemalloc
from datetime import timedelta
from pathlib import Path

from bench.patients import opened
from bot import chores, log
from bot.phones import Phones, instant
from storage.seal import MasterKey
from tests.clinics import STAFF, add_patient, open_clinic

START = instant("2026-11-02T09:00-05:00")
WARM, FIRST, GROWTH = 3, 60_000, 1.10
LINES = ("slept badly", "a long day at work", "went for a walk", "group was good today", "better than yesterday")


def resident() -> float:
    """MiB held by this process (Linux)."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def day(phones: Phones, patients: int, number: int, chance: random.Random) -> None:
    for at in range(patients):
        address = FIRST + at
        phones.type(address, "/checkin")
        for _ in range(chance.randint(2, 5)):
            data = [data for message in reversed(phones.phone(address).messages) for _, data in message.buttons]
            if data:
                phones.tap_data(address, phones.phone(address).messages[-1].id, data[min(4, len(data) - 1)])
        phones.type(address, chance.choice(LINES))
    if number % 3 == 0:
        phones.type(FIRST + number % patients, "I want to kill myself tonight")
        phones.tap(STAFF, "I'll take it")
        phones.tap(STAFF, "I reached them")
    with phones._store().unit(phones.now) as u:
        chores.tick(u)
    phones.wait(timedelta(days=1))
    for phone in phones.phones.values():  # what a real phone keeps is not ours to hold
        del phone.messages[:-20]
        phone.news.clear()


def main(arguments: list[str] | None = None) -> list[tuple[str, str, str]]:
    asked = argparse.ArgumentParser()
    asked.add_argument("--patients", type=int, default=36)
    asked.add_argument("--days", type=int, default=30)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--trace", action="store_true")
    options = asked.parse_args(arguments)
    log.configure("critical")
    sizes = []
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder) / "month.db", MasterKey.fresh())
        phones, chance = Phones(lambda: store, START), random.Random(options.seed)
        open_clinic(store, START, phones)
        with store.unit(START) as u:
            chores.plan(u)
            for at in range(options.patients):
                add_patient(u, FIRST + at, "Kim", code=f"m{at:04d}")
        for number in range(options.days):
            day(phones, options.patients, number, chance)
            sizes.append(resident())
            if number + 1 == WARM and options.trace:
                tracemalloc.start()
                before = tracemalloc.take_snapshot()
        if options.trace:
            for line in tracemalloc.take_snapshot().compare_to(before, "lineno")[:10]:
                print(f"  {line}")
        store.close()
    warm, end = sizes[min(WARM, len(sizes)) - 1], sizes[-1]
    about = f"memory over {options.days} days, {options.patients} patients"
    print(f"{options.patients} patients, {options.days} days: {warm:.1f} MiB after day {WARM}, {end:.1f} MiB at the end")
    return [(about, f"{warm:.1f} to {end:.1f} MiB", f"at most {GROWTH:.2f} times")]


if __name__ == "__main__":
    main()
