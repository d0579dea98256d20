"""kill -9 at random moments: nothing confirmed is lost, nothing shown was untrue, and an open escalation goes on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from demo.local import LocalTelegram
from demo.phone import Phone, PhoneFault
from demo.server import running
from storage import escalations, people
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit, table
from storage.tables import Chat, Entry, Inbox
from tests.bots import MASTER
from tests.clinics import OTHER, PATIENT, STAFF, open_clinic

KILLS = 50
SEED = 20261121


@asynccontextmanager
async def nursery(url: str, token: str, database: str) -> AsyncIterator[Process]:
    arguments = (sys.executable, "-m", "tests.crash.nursery", url, token, database, MASTER.secret.hex())
    process = await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def start(process: Process, minutes: float) -> int:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"start {minutes}\n".encode())
    await process.stdin.drain()
    return int(await asyncio.wait_for(process.stdout.readline(), 20))


async def test_fifty_kills(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'kill.db'}"
    store = Store(open_engine(database), Keyring(MasterKey(MASTER.secret)))
    open_clinic(store, datetime.now(UTC))
    store.close()
    here = LocalTelegram(limits=None)
    robin, sam, dana = here.phone(PATIENT, "Robin"), here.phone(OTHER, "Sam"), here.phone(STAFF, "Dana")
    for phone in (robin, sam, dana):
        phone.person.started = True
        here.private_chat(phone.person)
    chance = random.Random(SEED)
    sent: list[str] = []
    async with running(here) as url, nursery(url, here.token, database) as process:
        robin.send_text("I want to kill myself")
        for run in range(KILLS):
            before = _acts(here)
            pid = await start(process, minutes=run)
            at_work = (lambda: True) if run % 5 == 0 else (lambda: _acts(here) > before)  # noqa: B023 - used within the round
            await _chatter(sam, sent, chance, at_work, seconds=chance.uniform(0.0, 0.5))
            os.kill(pid, signal.SIGKILL)
        pid = await start(process, minutes=KILLS)
        await here.until(lambda: _answered(sam, sent), 60)
        await here.until(lambda: any("answered" in text for text in robin.texts), 30)
        await _quiet(sam)
        os.kill(pid, signal.SIGKILL)
    with store.unit(datetime.now(UTC)) as u:
        _nothing_lost(u, sent)
        _shown_is_saved(u, sam)
        _escalation_goes_on(u, robin, dana)
    store.close()


def _acts(here: LocalTelegram) -> int:
    """The number of the bot's last visible act; the log of calls is a ring, so it is counted by its own numbers."""
    return max((call.id for call in here.calls if call.method in ("sendMessage", "answerCallbackQuery")), default=0)


async def _chatter(phone: Phone, sent: list[str], chance: random.Random, at_work: Callable[[], bool], seconds: float) -> None:
    """Texts, and taps on "Keep it", until the bot has been at work for so long (or 5 s in all)."""
    loop = asyncio.get_running_loop()
    latest, end = loop.time() + 5, None
    while loop.time() < (end or latest):
        if end is None and at_work():
            end = loop.time() + seconds
        if chance.random() < 0.5:
            sent.append(f"note number {len(sent)}")
            phone.send_text(sent[-1])
        else:
            with suppress(PhoneFault):  # nothing has been offered yet
                phone.press("Keep it, private")
        await asyncio.sleep(chance.uniform(0.02, 0.2))


async def _quiet(phone: Phone) -> None:
    """Until nothing new has been shown for two seconds."""
    shown = -1
    while shown != len(phone.texts):
        shown = len(phone.texts)
        await asyncio.sleep(2)


def _answered(phone: Phone, sent: list[str]) -> bool:
    """Every update has been confirmed by the bot and nothing waits at Telegram."""
    return not phone.here.queue.entries


def _nothing_lost(u: Unit, sent: list[str]) -> None:
    columns, chats = table(Inbox), table(Chat)
    rows = u.all(select(columns.c.id, columns.c.raw, columns.c.state, chats.c.key_id).join(chats, chats.c.id == columns.c.chat_id))
    texts = Counter(json.loads(u.open(r.key_id, "inbox.raw", r.id, r.raw)).get("message", {}).get("text") for r in rows)
    assert [text for text in sent if texts[text] != 1] == []
    assert {row.state for row in rows} == {"done"}


def _shown_is_saved(u: Unit, phone: Phone) -> None:
    who = people.person_by_code(u, "0002")
    assert who is not None
    shown = sum("Kept in your journal" in text for text in phone.texts)
    kept = u.run(select(func.count()).select_from(table(Entry)).where(table(Entry).c.person_id == who.id)).scalar_one()
    assert shown > 0, phone.texts[-12:]
    assert kept >= shown, "a confirmation was shown for an entry that is not there"


def _escalation_goes_on(u: Unit, robin: Phone, dana: Phone) -> None:
    who = people.person_by_code(u, "0001")
    assert who is not None
    row = escalations.open_for(u, who.id)
    assert row is not None
    assert row.state == "EXHAUSTED"
    assert row.next_at is not None
    assert len(dana.texts) >= 4, "the on-call person was not paged again after the kills"
    assert any("answered" in text for text in robin.texts), "the patient was not told that nobody has answered"
