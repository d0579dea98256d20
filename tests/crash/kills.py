"""kill -9 from outside at random moments, while two people write and tap and one alert stays open: one long life of many lives."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from demo.phone import PhoneFault
from storage import escalations, people
from storage.store import Unit, table
from storage.tables import Chat, Entry, Inbox
from tests.crash.oracle import judge
from tests.crash.world import Lost, Nursery, World, shown, world

AWAKE = 0.12
"""At most so many real seconds pass between a bot's first sign of life and its end."""
SHOWS_WITHIN = 1.0
"""Real seconds a life is given in which it is to end just after it has sent something."""
LASTS = 2400.0
"""Seconds of the clock that all the kills take, so that the ladder goes on meanwhile."""


ROUNDS, WITHIN = 3, 10.0
"""How often the next rung of the ladder is seen after the kills, and the real seconds a rung that is overdue may take."""


@dataclass(frozen=True)
class Survived:
    """What came through the kills."""

    kills: int
    texts: int
    confirmed: int
    kept: int
    pages: int


async def kill(nursery: Nursery, template: Path, folder: Path, kills: int, seed: int) -> Survived:
    """Raises `Lost`."""
    chance = random.Random(seed)
    sent: list[str] = []
    async with world(nursery, template, folder, [], []) as w:
        w.robin.send_text("I want to kill myself")
        for _ in range(kills):
            await _chatter(w, sent, chance)
            w.turn(seconds=LASTS / kills)
            lives = nursery.lives
            nursery.kill()
            while nursery.lives == lives:
                nursery.changed.clear()
                await asyncio.wait_for(nursery.changed.wait(), 60)
        await w.does(w.sam, "/help", "988")
        await w.settled()
        await w.does(w.sam, "Now it is quiet", "Shall I keep it in your journal")
        await w.does(w.sam, "[Keep it, private]", "Kept in your journal", "And still is")
        for _ in range(ROUNDS):
            pages = len(shown(w.dana, "0001"))
            w.turn(minutes=15, seconds=1)
            await w.until(lambda pages=pages: len(shown(w.dana, "0001")) > pages, "the alert did not go on after the kills", WITHIN)
        await w.shows(w.robin, "Nobody has answered yet, after")
        await w.does(w.sam, "/help", "988")
        await w.settled()
        ends = Counter(nursery.ends)
    if set(ends) - {-9}:
        raise Lost(f"the bot ended by itself: {ends}")
    judge(w)
    store = w.opened()
    try:
        with store.unit(w.clock.now()) as u:
            _nothing_lost(u, sent)
            _goes_on(u)
            kept = u.run(select(func.count()).select_from(table(Entry))).scalar_one()
    finally:
        store.close()
    return Survived(ends[-9], len(sent), w.here.queue.confirmed, kept, len(shown(w.dana, "0001")))


async def _chatter(w: World, sent: list[str], chance: random.Random) -> None:
    """Texts and taps, until the bot asks for updates or has shown something, or not so long: ends fall into its start and its work."""
    if chance.random() < 0.3:
        sent.append(f"walk number {len(sent)}")  # the screen hears nothing in these
        w.sam.send_text(sent[-1])
    with suppress(PhoneFault):  # nothing has been offered yet
        w.sam.press("Keep it, private")
    polls, before, how = w.here.poll_turn, _last_shown(w), chance.random()
    with suppress(TimeoutError):
        if how < 0.25:
            await w.here.until(lambda: _last_shown(w) > before, SHOWS_WITHIN)
        elif how < 0.9:
            await w.here.until(lambda: w.here.poll_turn > polls, 60)
    await asyncio.sleep(chance.uniform(0, AWAKE))


def _last_shown(w: World) -> int:
    return next((call.id for call in reversed(w.here.calls) if call.method == "sendMessage"), 0)


def _nothing_lost(u: Unit, sent: list[str]) -> None:
    columns, chats = table(Inbox), table(Chat)
    rows = u.all(
        select(columns.c.id, columns.c.raw, chats.c.key_id).join(chats, chats.c.id == columns.c.chat_id).where(columns.c.raw.is_not(None))
    )
    texts = Counter(json.loads(u.open(r.key_id, "inbox.raw", r.id, r.raw)).get("message", {}).get("text") for r in rows)
    lost = [text for text in sent if texts[text] != 1]
    if lost:
        raise Lost(f"texts lost or taken twice: {lost[:5]}")


def _goes_on(u: Unit) -> None:
    who = people.person_by_code(u, "0001")
    row = escalations.open_for(u, who.id) if who is not None else None
    if row is None or row.state != "EXHAUSTED" or row.next_at is None:
        raise Lost("the alert that nobody answered does not go on")
