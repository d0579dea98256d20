"""Restart: `python -m bench.restart [--patients 1000000] [--starts 3]`.

A real `between run` process, its imports included, on a database of that many patients, against the local Telegram over HTTP. A first
start that is not counted compiles what it imports: what starts again has that on disk. Two ladders are overdue and 500 reminders are
past their time. Seconds from starting the process to its first getUpdates, and to both overdue pages; whatever else goes out in that
time is counted as a storm.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.patients import clinic_of, opened
from bot import log
from bot.clock import wall
from bot.phones import Phones
from demo.local import LocalTelegram
from demo.server import running
from storage import due, meta
from storage.people import chat_for
from storage.seal import MasterKey
from storage.store import Store
from tests.clinics import OTHER, PATIENT, STAFF

RECEIVING, FIRING = 5.0, 10.0
STALE = 500


def overdue(store: Store) -> None:
    """Two ladders opened twenty minutes ago whose next step was due since, and reminders whose time is over."""
    now = wall()
    phones = Phones(lambda: store, now - timedelta(minutes=20))
    for address in (PATIENT, OTHER):
        phones.type(address, "I am going to kill myself tonight")
    with store.unit(now) as u:
        chat = chat_for(u, PATIENT).id
        for number in range(STALE):
            at = now - timedelta(hours=2)
            due.plan(u, "session_soon", number, f"stale:{number}:{at.timestamp()}", at, chat=chat, send_by=at + timedelta(hours=1))


def processor(pid: int) -> float:
    """Seconds of processor a process has used (Linux; elsewhere 0): what a busy machine does not change."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def start(folder: Path, key: MasterKey) -> tuple[float, float, int, float]:
    """(seconds to receiving, seconds to both pages, how many messages went out, processor seconds to receiving)."""
    here = LocalTelegram()
    for address, name in ((PATIENT, "Robin"), (OTHER, "Sam"), (STAFF, "Dana")):
        phone = here.phone(address, name)
        phone.person.started = True
        here.private_chat(phone.person)
    async with running(here) as url:
        settings = {
            "BETWEEN_DATA_DIR": str(folder),
            "BETWEEN_DATABASE_URL": f"sqlite:///{folder / 'between.db'}",
            "BETWEEN_MASTER_KEY": base64.b64encode(key.secret).decode(),
            "BETWEEN_BOT_TOKEN": here.token,
            "BETWEEN_BOT_API_URL": url,
            "BETWEEN_LOG_LEVEL": "error",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("between"), "run", cwd=folder, env={**os.environ, **settings}, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await here.until(lambda: here.poll_turn, 120)
            receiving, used = time.monotonic() - began, processor(process.pid)
            staff = here.phone(STAFF)
            await here.until(lambda: len(staff.texts) >= 2, 120)
            paged = time.monotonic() - began
            await asyncio.sleep(max(0.0, FIRING - paged))
            sent = sum(call.method == "sendMessage" for call in here.calls)
            return receiving, paged, sent, used
        finally:
            process.kill()
            await process.wait()


def main(arguments: list[str] | None = None) -> list[tuple[str, str, str]]:
    asked = argparse.ArgumentParser()
    asked.add_argument("--patients", type=int, default=1_000_000)
    asked.add_argument("--starts", type=int, default=3)
    options = asked.parse_args(arguments)
    log.configure("critical")
    key, found = MasterKey.fresh(), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = clinic_of(folder / "between.db", options.patients, wall() - timedelta(hours=3), key)
        overdue(store)
        with store.unit(wall()) as u:
            meta.put(u, meta.CLOCK, wall().isoformat())
        store.close()
        for number in range(options.starts + 1):
            if number:  # the ladder goes on; from the second start on only receiving is new
                again = opened(folder / "between.db", key)
                overdue(again)
                again.close()
            receiving, paged, sent, used = one = asyncio.run(start(folder, key))
            found += [one] if number else []
            print("" if number else "first, not counted: ", end="")
            print(f"receiving after {receiving:.2f} s ({used:.2f} of processor), overdue pages after {paged:.2f} s, {sent} messages in all")
    receiving, paged, used = (statistics.median(run[at] for run in found) for at in (0, 1, 3))
    most = max(run[2] for run in found)
    print(f"{options.patients:,} patients: receiving {receiving:.2f} s, pages {paged:.2f} s (at most {RECEIVING:.0f} and {FIRING:.0f})")
    return [
        (f"restart to receiving, {options.patients:,} patients", f"{receiving:.2f} s ({used:.2f} of processor)", f"{RECEIVING:.0f} s"),
        ("restart to overdue pages", f"{paged:.2f} s", f"{FIRING:.0f} s"),
        (f"messages sent after a restart with {STALE} stale reminders", str(most), "only pages and what patients are told of them"),
    ]


if __name__ == "__main__":
    main()
