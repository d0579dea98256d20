"""Several processes on one database, of which one has no mail set up: what another carries is neither forgotten nor dropped."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from bot.app import App
from bot.channel import Channel
from bot.clock import TurnedClock
from bot.courier import Courier
from bot.writer import Writer
from storage import letters
from storage.engine import open_engine
from storage.letters import CLINIC, MAIL, Letter
from storage.seal import Keyring
from storage.store import Store
from tests.bot.conftest import NOW
from tests.bots import MASTER
from tests.clinics import open_clinic
from tests.databases import Server


async def never(letter: Letter, address: str) -> None:  # type: ignore[return]
    raise AssertionError("nothing is sent here")


async def begun(courier: Courier) -> None:
    """Its loop has begun, as when the process takes the lead."""
    running = asyncio.ensure_future(courier.run())
    await asyncio.sleep(0.5)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_a_process_without_mail_takes_it_from_nobody_until_it_leads(postgresql: Server) -> None:
    with postgresql.database() as url:
        store, clock = Store(open_engine(url), Keyring(MASTER)), TurnedClock(NOW)
        open_clinic(store, NOW)
        writer = Writer(store, clock)
        await begun(Courier(writer, {MAIL: never}, "clinic@clinic.example"))  # type: ignore[dict-item]
        with store.unit(NOW) as u:
            assert letters.ways(u) == {MAIL, CLINIC}
            letters.post(u, MAIL, {"subject": "", "text": "", "body": {}}, "", "mail:page:1:1:0:1", send_by=None)
        with store.unit(clock.now()) as u:
            waits = letters.waiting(u)
            assert len(waits) == 1
        other = App(store, clock, Channel("1:a", "http://127.0.0.1:1"))
        await other.writer.run(lambda u: other._prepare(u, "between_bot"))
        with store.unit(clock.now()) as u:
            assert letters.ways(u) == {MAIL, CLINIC}
            assert letters.waiting(u) == waits, "the mails of the process that carries them were dropped"
        await begun(other.courier)
        with store.unit(clock.now()) as u:
            assert letters.ways(u) == frozenset(), "now nobody can send one, and nobody is promised it"
            assert letters.waiting(u) == []
        other.writer.close()
        writer.close()
        store.close()
