"""The tick with few patients and with very many: `python -m bench.tick [--few 10000] [--many 1000000] [--due 500]`.

Measured: the tick with every chore due (audit, leases, retention, weekly planning), then every due time taken as a turn and a
look of the drain. The same number is due at both sizes, so the cost should be the same. Medians of five, taken in turns.
Beside it: APScheduler 3's SQLAlchemyJobStore with one job a patient and the same number due, its defaults, no-op jobs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from bench.patients import clinic_of, make_due
from bot import chores, log, sending
from bot.pace import Pace
from bot.phones import instant
from bot.worker import take_group
from storage import outbox
from storage.store import Store

START = instant("2026-11-16T15:00-05:00")
ROUNDS = 5
LIMIT = 1.3


def one_tick(store: Store, now: datetime, due: int, round_: int) -> tuple[float, float]:
    """(wall, processor) seconds of a tick with `due` times due."""
    make_due(store, now, due, round_)
    wall, cpu = time.perf_counter(), time.process_time()
    with store.unit(now) as u:
        sending.rescue_leases(u)
        chores.tick(u)
    taken = 0
    while group := take_group(store, now):
        taken += group
    with store.unit(now) as u:
        Pace().choose(outbox.waiting(u), now)
        outbox.next_at(u)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    assert taken >= due, "what was due was taken"
    return spent


def plan(store: Store, now: datetime) -> list[str]:
    """How SQLite finds what is due, for the tick's look, the worker's and the drain's."""
    asked = (
        "select * from due where state = 'ready' and due_at <= ? order by due_at, id limit 64",
        "select * from inbox where state = 'ready' order by id limit 64",
        "select * from outbox where state = 'ready' and lane = 3 and not_before <= ? order by id limit 200",
    )
    with store.unit(now) as u:
        found = [u.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each}", (str(now),) * each.count("?")).all() for each in asked]
    return [row[3] for rows in found for row in rows]


def work() -> None:
    """What a job of the other scheduler does: nothing."""


def job_store(folder: Path, jobs: int, due: int) -> tuple[float, float]:
    """(seconds to add the jobs, seconds until the due ones were handed out and written back) with one cron job a patient."""
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_jobstore(SQLAlchemyJobStore(url=f"sqlite:///{folder / f'jobs{jobs}.db'}"))
    scheduler.start(paused=True)
    began = time.perf_counter()
    for number in range(jobs):
        job = scheduler.add_job(work, "cron", hour=number % 24, minute=number % 60, misfire_grace_time=None)
    added = time.perf_counter() - began
    for job in scheduler.get_jobs()[:due]:
        job.modify(next_run_time=datetime.now(scheduler.timezone) - timedelta(seconds=1))
    scheduler.state = 1  # running, so that the next line processes what is due, once, here
    began = time.perf_counter()
    scheduler._process_jobs()
    spent = time.perf_counter() - began
    scheduler.shutdown(wait=True)
    return added, spent


def main(arguments: list[str] | None = None) -> list[tuple[str, str, str]]:
    asked = argparse.ArgumentParser()
    asked.add_argument("--few", type=int, default=10_000)
    asked.add_argument("--many", type=int, default=1_000_000)
    asked.add_argument("--due", type=int, default=500)
    asked.add_argument("--jobs", type=int, default=10_000, help="jobs in APScheduler's store; adding them takes its time")
    options = asked.parse_args(arguments)
    log.configure("critical")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stores = []
        for patients in (options.few, options.many):
            began = time.perf_counter()
            stores.append(clinic_of(folder / f"{patients}.db", patients, START))
            with stores[-1].unit(START) as u:
                chores.plan(u)
            print(f"{patients:>9,} patients written in {time.perf_counter() - began:.1f} s")
        spans: list[list[tuple[float, float]]] = [[], []]
        for round_ in range(ROUNDS + 1):  # the first one warms up
            now = START + timedelta(days=1, minutes=round_)
            for each, store in zip(spans, stores, strict=True):
                each.append(one_tick(store, now, options.due, round_))
        few, many = ([statistics.median(span[at] for span in spans_[1:]) * 1000 for at in (0, 1)] for spans_ in spans)
        for line in plan(stores[1], START):
            print(f"  {line}")
        for patients, (wall, cpu) in ((options.few, few), (options.many, many)):
            print(f"{patients:>9,} patients, {options.due} due: {wall:.0f} ms ({cpu:.0f} ms of processor)")
        added, spent = job_store(folder, options.jobs, min(options.due, options.jobs))
        print(f"APScheduler's job store, {options.jobs:,} jobs: {spent * 1000:.0f} ms for as many due, after {added:.0f} s to add them")
    wall_ratio, cpu_ratio = many[0] / few[0], many[1] / few[1]
    print(f"ratio {wall_ratio:.2f} (processor {cpu_ratio:.2f}; at most {LIMIT})")
    return [
        (f"tick, {options.many:,} patients / {options.few:,}", f"{wall_ratio:.2f} (processor {cpu_ratio:.2f})", f"at most {LIMIT}"),
        (f"the same {options.due} due: ours / APScheduler's job store", f"{few[0]:.0f} ms / {spent * 1000:.0f} ms", "quicker"),
    ]


if __name__ == "__main__":
    main()
