"""The heartbeat comes after the proof and only then; its address gets no data, and no one learns it from the log."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import update

from bot import app
from bot.heartbeat import Heartbeat
from bot.vitals import Vitals
from demo.limits import Flood
from safety import auditor
from storage import due, escalations, heartbeat, people
from storage.heartbeat import Beat
from storage.store import Unit, table
from storage.tables import Due
from tests.bot.test_shell import DANGER
from tests.bots import Bot, running_bot
from tests.clinics import PATIENT
from tests.conftest import Lines

PATH = "/beat/canary-5f1c"


@dataclass
class Sink:
    """Where heartbeats arrive, as bytes."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    url: str = ""
    heard: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def sink(tls: ssl.SSLContext | None = None) -> AsyncIterator[Sink]:
    here = Sink()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here.heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(here.answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0, ssl=tls)
    here.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"
    async with server:
        yield here


async def touched(url: str) -> Vitals:
    """One touch, seen through."""
    vitals = Vitals()
    beating = Heartbeat(url, vitals)
    beating.touch()
    beating.touch()  # while one is on its way
    async with asyncio.timeout(10):
        while not vitals.touches.total():  # noqa: ASYNC110 - counted by another task
            await asyncio.sleep(0.01)
    await beating.close()
    return vitals


async def in_danger(bot: Bot) -> None:
    """An escalation is open, and all it says was sent. A turned clock and the local flood limits do not go together."""
    bot.here.flood = Flood(None)
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: bot.staff.texts)
    await bot.app.drained()


async def last(bot: Bot) -> Beat | None:
    return await bot.app.writer.run(heartbeat.last)


async def test_each_minute_after_the_proof_and_with_nothing_in_it(tmp_path: Path) -> None:
    async with sink() as there, running_bot(tmp_path, heartbeat_url=there.url) as bot:
        assert (await last(bot), there.heard) == (None, [])
        await in_danger(bot)
        for beats in (1, 2):
            await bot.turn(timedelta(minutes=1))
            await bot.here.until(lambda wanted=beats: len(there.heard) == wanted, 60)
            await bot.app.drained()
        beat = await last(bot)
        assert beat is not None
        assert (beat.state, bot.clock.now() - beat.at < timedelta(seconds=30)) == ("proved", True)
        for heard in there.heard:
            first, *headers = heard.decode().split("\r\n")
            assert first == f"GET {PATH} HTTP/1.1"
            names = {header.partition(":")[0].lower() for header in headers if header}
            assert names == {"host", "accept", "accept-encoding", "connection", "user-agent"}


async def test_a_step_that_is_late_stops_it_until_the_step_is_taken(tmp_path: Path, logs: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sink() as there, running_bot(tmp_path, heartbeat_url=there.url) as bot:
        await in_danger(bot)
        monkeypatch.setattr(app, "take_group", lambda *_: 0)
        await bot.turn(timedelta(minutes=6))  # the step at two minutes is not taken, for the worker takes nothing
        await bot.here.until(lambda: logs.named("audit.not_proved"), 60)
        assert (await last(bot), there.heard) == (None, [])
        monkeypatch.undo()
        bot.app.wake()
        await bot.app.rested()
        await bot.app.drained()
        await bot.turn(timedelta(minutes=1))
        await bot.here.until(lambda: there.heard, 60)


async def test_what_the_auditor_proves(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:

        def opened(u: Unit) -> auditor.Findings:
            who = people.person_by_code(u, "0001")
            assert who is not None
            row = escalations.add(u, who.id, people.chat_for(u, PATIENT).id, "high", "self", ((0, "primary", "page.first"),))
            saved = escalations.save(u, row, next_at=u.now - timedelta(seconds=31))
            due.plan(u, "escalation", row.id, f"escalation:{row.id}:{saved.version}", u.now - timedelta(seconds=31))
            late = auditor.audit(u)
            u.run(update(table(Due)).where(table(Due).c.subject == row.id).values(due_at=u.now + timedelta(seconds=29)))
            assert auditor.audit(u).late == 1, "a step that is put off again and again is late all the same"
            escalations.save(u, saved, next_at=u.now - timedelta(seconds=29))
            in_time = auditor.audit(u)
            assert (in_time.late, in_time.repaired, in_time.proved) == (0, 0, True)
            u.run(update(table(Due)).where(table(Due).c.subject == row.id).values(state="done"))
            assert auditor.audit(u).repaired == 1
            return late

        found = await bot.app.writer.run(opened)
        assert (found.open, found.late, found.proved) == (1, 1, False)


async def test_a_page_that_does_not_get_out_is_not_proved(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        bot.here.faults.add("error", "sendMessage", times=1000, code=502)
        bot.patient.send_text(DANGER)
        await bot.here.until(lambda: [one for one in bot.here.calls if one.method == "sendMessage"])
        assert (await bot.app.writer.run(auditor.audit)).proved
        bot.clock.turn(bot.clock.now() + outbox_patience())
        found = await bot.app.writer.run(auditor.audit)
        assert found.unsent >= 1
        assert not found.proved
        bot.here.faults.clear()


def outbox_patience() -> timedelta:
    return auditor.UNSENT + timedelta(seconds=1)


async def test_a_planned_stop_is_said_and_a_fault_is_not(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        await bot.app.writer.run(lambda u: heartbeat.beat(u, "proved"))
    with bot.store.unit(bot.clock.now()) as u:
        beat = heartbeat.last(u)
    assert beat is not None
    assert beat.state == "planned"


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b"HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", 302), (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 500)],
)
async def test_a_redirect_is_not_followed_and_a_failure_is_told_without_the_address(answer: bytes, status: int, logs: Lines) -> None:
    async with sink() as there, sink() as elsewhere:
        there.answer = answer.replace(b"{}", elsewhere.url.encode())
        vitals = await touched(there.url)
        assert (len(there.heard), elsewhere.heard, vitals.touches["failed"]) == (1, [], 1)
    (line,) = logs.named("heartbeat.failed")
    assert line["status"] == status
    assert "canary" not in logs.text


async def test_nobody_listens(logs: Lines) -> None:
    async with sink() as gone:
        url = gone.url
    vitals = await touched(url)
    assert (vitals.touches["failed"], logs.named("heartbeat.failed")[0]["fault"]) == (1, "ConnectError")
    assert "canary" not in logs.text


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path, logs: Lines) -> None:
    async with sink(_own_certificate(tmp_path)) as there:
        vitals = await touched(there.url)
        assert (there.heard, vitals.touches["failed"]) == ([], 1)
    assert "canary" not in logs.text


def _own_certificate(folder: Path) -> ssl.SSLContext:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).add_extension(names, critical=False)
    file = folder / "own.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
