"""Stopping while there is much to do: what has begun is finished, the rest waits, and nothing is lost or said twice."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import select

from bot.clock import wall
from bot.sending import Accepted
from demo.local import LocalTelegram
from demo.phone import Phone
from demo.server import running
from storage import heartbeat
from storage.engine import open_engine
from storage.outbox import Claimed, Waiting
from storage.seal import Keyring
from storage.store import Store, table
from storage.tables import Inbox, Outbox
from tests.bots import MASTER, running_bot
from tests.clinics import STAFF, add_patient, open_clinic
from tests.commands.between import SCRIPT, _environment

PATIENTS = range(6001, 6009)
TEXTS = 6


@asynccontextmanager
async def clinic(folder: Path) -> AsyncIterator[tuple[LocalTelegram, str, Store, list[Phone]]]:
    """A local Telegram and the data folder of a clinic with a few patients."""
    data = folder / "data"
    data.mkdir()
    store = Store(open_engine(f"sqlite:///{data / 'between.db'}"), Keyring(MASTER))
    open_clinic(store, wall())
    with store.unit(wall()) as u:
        for address in PATIENTS:
            add_patient(u, address, f"Patient {address}")
    here = LocalTelegram(limits=None)
    phones = [here.phone(address, "Somebody") for address in (*PATIENTS, STAFF)]
    for phone in phones:
        phone.person.started = True
        here.private_chat(phone.person)
    async with running(here) as url:
        yield here, url, store, phones[:-1]
    store.close()


def settings(folder: Path, url: str, token: str, more: Mapping[str, str]) -> dict[str, str]:
    known = {"BETWEEN_BOT_API_URL": url, "BETWEEN_BOT_TOKEN": token, "BETWEEN_MASTER_KEY": base64.b64encode(MASTER.secret).decode()}
    return _environment(folder / "data") | known | dict(more)


@asynccontextmanager
async def process(folder: Path, url: str, token: str, more: Mapping[str, str]) -> AsyncIterator[Process]:
    """`between run`, once it says that it runs."""
    env = settings(folder, url, token, more)
    started = await asyncio.create_subprocess_exec(SCRIPT, "run", cwd=folder, env=env, stdout=PIPE, stderr=PIPE)
    try:
        assert started.stdout is not None
        line = await asyncio.wait_for(started.stdout.readline(), 60)
        if not line.startswith(b"Between is running"):
            assert started.stderr is not None
            raise AssertionError((line, await started.stderr.read()))
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


def free_port() -> int:
    with socket.socket() as here:
        here.bind(("127.0.0.1", 0))
        return int(here.getsockname()[1])


def webhook(port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{port}/hook"
    return {"BETWEEN_WEBHOOK_URL": url, "BETWEEN_WEBHOOK_SECRET": "made-up", "BETWEEN_WEBHOOK_PORT": str(port)}


def replies(here: LocalTelegram, phones: list[Phone]) -> Callable[[], int]:
    return lambda: sum(len(phone.texts) for phone in phones)


@pytest.mark.parametrize("way", ["polling", "webhook"])
async def test_stopped_under_load_nothing_is_lost_and_nothing_sent_twice(tmp_path: Path, way: str) -> None:
    more = webhook(free_port()) if way == "webhook" else {}
    async with clinic(tmp_path) as (here, url, store, phones):
        here.faults.add("delay", "sendMessage", times=10_000, seconds=0.15)
        said = 0
        for round_ in range(2):
            shown = replies(here, phones)
            async with process(tmp_path, url, here.token, more) as bot:
                before = shown()
                for _ in range(TEXTS // 2):
                    for phone in phones:
                        phone.send_text("/help")
                        said += 1
                await here.until(lambda before=before, shown=shown: shown() > before + 3, 60)
                bot.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(bot.wait(), 60) == 0, round_
            with store.unit(wall()) as u:
                beat = heartbeat.last(u)
                leased = u.all(select(table(Outbox).c.id).where(table(Outbox).c.state == "leased"))
            assert beat is not None
            assert (beat.state, leased) == ("planned", [])
        here.faults.clear()
        async with process(tmp_path, url, here.token, more) as bot:
            await here.until(lambda: not here.queue.entries and replies(here, phones)() >= said, 60)
            await asyncio.sleep(1.5)
            bot.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(bot.wait(), 60) == 0
        assert {phone.person.id: len(phone.texts) for phone in phones} == dict.fromkeys(PATIENTS, TEXTS)
        with store.unit(wall()) as u:
            states = Counter(row.state for row in u.all(select(table(Inbox).c.state)))
            ended = Counter(row.state for row in u.all(select(table(Outbox).c.state).where(table(Outbox).c.kind == "send")))
        assert (states, ended) == (Counter(done=said), Counter(sent=said))


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with clinic(tmp_path) as (here, url, _store, phones):
        here.faults.add("delay", "sendMessage", times=1000, seconds=20)
        async with process(tmp_path, url, here.token, {}) as bot:
            phones[0].send_text("/help")
            await here.until(lambda: not here.queue.entries, 60)
            await asyncio.sleep(1)  # the answer is on its way
            bot.send_signal(signal.SIGTERM)
            assert bot.stdout is not None
            assert (await asyncio.wait_for(bot.stdout.readline(), 60)).startswith(b"Stopping")
            bot.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(bot.wait(), 60) == -signal.SIGTERM, "it did not go through with the graceful stop"


async def test_the_pages_of_a_process_and_a_port_that_is_taken(tmp_path: Path) -> None:
    port = free_port()
    more = {"BETWEEN_WATCH_PORT": str(port)}
    async with clinic(tmp_path) as (here, url, _store, _phones), process(tmp_path, url, here.token, more) as bot:
        assert (await fetched(port, "/livez")).startswith(b"HTTP/1.1 200")
        again = settings(tmp_path, url, here.token, more | {"BETWEEN_DATA_DIR": str(tmp_path / "other")})
        again["BETWEEN_DATABASE_URL"] = f"sqlite:///{tmp_path / 'data' / 'between.db'}"
        second = await asyncio.create_subprocess_exec(SCRIPT, "run", cwd=tmp_path, env=again, stdout=PIPE, stderr=PIPE)
        _, err = await asyncio.wait_for(second.communicate(), 60)
        assert second.returncode == 2
        why = f"Port {port} is in use by another program. Stop what uses it, or set BETWEEN_WATCH_PORT to another."
        assert err.decode() == f"between: {why}\n"
        os.kill(bot.pid, signal.SIGINT)
        assert await asyncio.wait_for(bot.wait(), 60) == 0


async def fetched(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer


async def test_stopped_between_claiming_and_sending_nothing_stays_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment in which a row is claimed and not yet on its way: it is sent, not left to a lease that runs out."""
    sent: list[int] = []
    async with running_bot(tmp_path) as bot:

        async def send(row: Claimed) -> Accepted:
            if row.kind == "send":
                sent.append(row.id)
            return Accepted(7)

        bot.app.drain._send = send
        claim, claimed = bot.app.drain._claim, asyncio.Event()
        loop = asyncio.get_running_loop()

        def slow(u: object, chosen: list[Waiting]) -> list[tuple[Waiting, Claimed]]:
            taken = claim(u, chosen)  # type: ignore[arg-type]
            if any(row.kind == "send" for _, row in taken):
                loop.call_soon_threadsafe(claimed.set)
            return taken

        monkeypatch.setattr(bot.app.drain, "_claim", slow)
        bot.patient.send_text("good evening")
        await asyncio.wait_for(claimed.wait(), 60)
        await bot.app.stop()
        with bot.store.unit(bot.clock.now()) as u:
            rows = u.all(select(table(Outbox).c.id, table(Outbox).c.state).where(table(Outbox).c.kind == "send"))
        assert [(row.id, row.state) for row in rows] == [(id, "sent") for id in sent]
        assert len(sent) == 1
        monkeypatch.setattr(bot.app, "stop", AsyncMock())  # it has stopped
