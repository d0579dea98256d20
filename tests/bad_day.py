"""A long day over HTTP on which everything goes wrong that can, with canaries for names, words, numbers and secrets."""

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy.exc import OperationalError

from bot import log, registry
from bot.phones import instant
from bot.registry import CommandEntry
from bot.sitting import Sitting
from demo.limits import Flood
from demo.phone import Phone
from storage.tables import Person
from tests.bots import Bot, running_bot

START = instant("2026-11-16T20:00-05:00")
PATIENT, STAFF, STRANGER = 6_123_456_701, 6_123_456_702, 6_123_456_703
PHONE = "555-730-1946"
SPOKEN = (
    "Qanaryname", "Qanarycall", "Qanarystaff", "Qanaryaccount", "qanary_user", "Qanarymedicine", "Qanarysession", "Qanaryjournal",
    "Qanaryedited", "Qanaryshared", "Qanaryline", "Qanarycaption", "Qanaryfile", "Qanaryargument", "Qanaryguess", "Qanarystranger",
    "Qanarygroup", "Qanarydanger", "Qanaryadded", "Qanaryofstaff", "Qanaryhandler", "Qanarywarning", "Qanaryrow", "Qanarytask",
    "Qanarypoison", "Qanarykey", "Qanaryé",
)  # fmt: skip
"""Said by somebody, so they are in what Telegram handed over."""
UNSPOKEN = ("Qanaryrefused", "Qanarydatabase")
"""Only in errors: Telegram's own description, and what a database says of a statement."""


class Day:
    """The bot, three accounts, and short ways to act for them."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.dana = bot.staff
        self.patient = self._account(PATIENT, "Qanaryaccount")
        self.staff = self._account(STAFF, "Kim")
        self.stranger = self._account(STRANGER, "Qanarystranger")
        bot.here.flood = Flood(None)
        bot.app.drain._pace.apart = timedelta(milliseconds=10)

    def _account(self, id: int, name: str) -> Phone:
        return self.bot.here.phone(id, name, f"qanary_user_{id}")

    async def settled(self) -> None:
        """Until everything that came in was taken and what it led to was sent."""
        await self.bot.here.until(lambda: not self.bot.here.queue.entries, 60)
        await self.bot.app.rested()
        await self.bot.app.drained()

    async def says(self, phone: Phone, *texts: str) -> int:
        """The id of the last message."""
        id = 0
        for text in texts:
            id = phone.send_text(text).id
            await self.settled()
        return id

    async def taps(self, phone: Phone, *labels: str) -> None:
        for label in labels:
            phone.press(label)
            await self.settled()

    async def reads(self, phone: Phone, words: str) -> None:
        await self.bot.here.until(lambda: any(words in text for text in phone.texts), 60)

    async def opens(self, phone: Phone, inviter: Phone) -> None:
        """Follow the newest link the inviter was shown."""
        (link,) = re.findall(r"https://t\.me/\S+", next(text for text in reversed(inviter.texts) if "t.me" in text))
        phone.open_link(link)
        await self.settled()


@asynccontextmanager
async def bad_day(folder: Path) -> AsyncIterator[Day]:
    """The whole of it, and then the bot as it still runs."""
    log.watch(asyncio.get_running_loop())
    async with running_bot(folder, START) as bot:
        bot.store.engine.echo = "debug"
        day = Day(bot)
        for part in PARTS:
            await part(day)
        for _ in range(4):
            await bot.turn(timedelta(hours=12))
            await asyncio.sleep(1.2)
            await day.settled()
        yield day


async def staff_joins(day: Day) -> None:
    await day.says(day.dana, "/invite")
    await day.taps(day.dana, "A colleague")
    await day.says(day.dana, "Qanarystaff")
    await day.taps(day.dana, "Clinician")
    await day.opens(day.staff, day.dana)
    await day.taps(day.staff, "Next", "Next", "Next", "Yes")
    await day.says(day.dana, "/oncall")
    await day.taps(day.dana, "Hand over first", "Qanarystaff")


async def patient_joins(day: Day) -> None:
    await day.says(day.dana, "/invite")
    await day.taps(day.dana, "A patient")
    await day.says(day.dana, "Qanaryname")
    await day.taps(day.dana, "Skip", "Skip")
    await day.opens(day.patient, day.dana)
    await day.taps(day.patient, "Next", "Next", "Next", "Yes, I agree", "Yes", "Yes", "Yes")
    await day.says(day.patient, "Qanarycall", PHONE)
    await day.taps(day.patient, "United States")
    await day.says(day.patient, "ny")
    await day.taps(day.patient, "Yes", "08:30", "20:00", "That's fine", "No, show it")
    await day.reads(day.patient, "All set, Qanarycall.")
    await day.says(day.patient, "/settings")
    await day.taps(day.patient, "Medicines")
    await day.says(day.patient, "Qanarymedicine, and another")
    await day.taps(day.patient, "Done")


async def session(day: Day) -> None:
    await day.says(day.dana, "/session")
    await day.taps(day.dana, "Add a session", "Group")
    await day.says(day.dana, "Qanarysession", "tomorrow", "18:00", "60")
    await day.taps(day.dana, "Once", "Everyone in the program", "Add it")
    await day.reads(day.dana, "Added as G1")
    await day.says(day.patient, "/sessions")


async def writing(day: Day) -> None:
    """An entry that is edited and stays private, and one that is shared."""
    await day.says(day.patient, "/journal")
    await day.taps(day.patient, "Write")
    id = await day.says(day.patient, "Qanaryjournal was here. Qanaryé too.")
    day.patient.edit(id, "Qanaryedited was here. Qanaryé too.")
    await day.settled()
    await day.taps(day.patient, "That's all")
    await day.says(day.patient, "/journal")
    await day.taps(day.patient, "Write")
    await day.says(day.patient, "Qanaryshared: I took a walk")
    await day.taps(day.patient, "Share with my team", "Yes, share exactly this")
    await day.reads(day.patient, "Shared. Your team can read it")


async def check_in(day: Day) -> None:
    await day.says(day.patient, "/checkin Qanaryargument")
    await day.taps(day.patient, "6", "2", "4", "No", "Yes, all", "Yes", "7")
    await day.says(day.patient, "Qanaryline")
    await day.taps(day.patient, "Keep private")
    await day.reads(day.patient, "Saved")


async def not_text(day: Day) -> None:
    day.patient.send_photo("Qanarycaption")
    day.patient.send_document("Qanaryfile.pdf")
    day.patient.send_contact(PHONE)
    day.patient.send_sticker()
    await day.settled()


async def outsiders(day: Day) -> None:
    await day.says(day.stranger, "/start Qanaryguess", "Qanarystranger is my name")
    group = day.bot.here.add_group("Qanarygroup", day.patient)
    day.patient.send_text("Qanarygroup, hello", chat=group)
    await day.settled()


async def danger(day: Day) -> None:
    """Each kind of fault on the way of the card and the page."""
    for deed in ("flood", "error", "drop_before", "drop_after", "truncate"):
        day.bot.here.faults.add(deed, "sendMessage", chat_id=PATIENT)  # type: ignore[arg-type]
        day.bot.here.faults.add(deed, "sendMessage", chat_id=STAFF)  # type: ignore[arg-type]
    for deed in ("error", "truncate", "drop_after"):
        day.bot.here.faults.add(deed, "getUpdates", code=502)  # type: ignore[arg-type]
    day.patient.send_text("I want to kill myself. Qanarydanger knows.")
    await day.bot.here.until(lambda: any("Please tap to take it" in text for text in day.staff.texts), 60)
    await day.taps(day.staff, "I'll take it")
    await day.reads(day.staff, "Qanarycall")
    await day.reads(day.patient, "Qanarystaff saw this at ")
    await day.says(day.patient, "Qanaryadded: it began this morning")
    await day.says(day.staff, "Qanaryofstaff")


async def refusals(day: Day) -> None:
    words = "Bad Request: Qanaryrefused"
    for code in (400, 500):
        day.bot.here.faults.add("error", "sendMessage", chat_id=PATIENT, code=code, description=words)
        await day.says(day.patient, "/sessions")
        await asyncio.sleep(0.5)


async def poison(day: Day) -> None:
    chat = {"id": PATIENT, "type": "private", "first_name": "Qanarypoison"}
    for update in (
        {"message": {"message_id": "Qanarypoison", "date": 1, "chat": chat, "text": "Qanarypoison", "Qanarykey": {"Qanarykey": 1}}},
        {"Qanarykey": {"Qanarypoison": ["Qanarypoison"], "chat": chat}},
        {"callback_query": {"id": 5, "from": {"id": PATIENT, "first_name": "Qanarypoison"}, "data": ["Qanarypoison"]}},
        {"message": "Qanarypoison"},
    ):
        day.bot.here.insert_update(update)
    await day.settled()


async def handlers(day: Day) -> None:
    """Four that fail on what they were told: with words in the error, in a row, in a warning, in a task nobody waits for."""

    def raises(s: Sitting) -> NoReturn:
        try:
            raise KeyError(s.event.text)
        except KeyError as fault:
            raise ValueError(f"cannot do {s.event.text}") from fault

    def stores(s: Sitting) -> None:
        taken = {"code": "0001", "role": "patient", "status": s.event.text, "name": b"", "profile": b"", "zone": "UTC"}
        s.u.add(Person, key_id=s.chat.key, created_at=s.u.now, **taken)

    def warns(s: Sitting) -> None:
        warnings.warn(f"{s.event.text} is odd", UserWarning, stacklevel=1)
        s.say("bot.later")

    async def forgotten(words: str) -> NoReturn:
        raise RuntimeError(words)

    failing: dict[str, Callable[[Sitting], None]] = {"raise": raises, "store": stores, "warn": warns}
    with pytest.MonkeyPatch.context() as patched:
        for name, run in failing.items():
            patched.setitem(registry.COMMANDS, f"patient:{name}", CommandEntry("patient", run, None))
        await day.says(day.patient, "/raise Qanaryhandler", "/store Qanaryrow", "/warn Qanarywarning", "Qanarytask")
    task = asyncio.create_task(forgotten("Qanarytask"), name="Qanarytask")
    await asyncio.sleep(0.1)
    del task


async def no_database(day: Day) -> None:
    """Every transaction fails for a while, and says why in words."""
    unit = day.bot.store.unit

    def gone(now: datetime, where: str = "") -> NoReturn:
        raise OperationalError("insert into Qanarydatabase", {"words": "Qanarydatabase"}, Exception("Qanarydatabase"))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(day.bot.store, "unit", gone)
        day.patient.send_text("I want to die. Qanarydanger knows.")
        await day.reads(day.patient, "988")
        await asyncio.sleep(2.5)
    assert day.bot.store.unit == unit
    with suppress(TimeoutError):
        await day.settled()


PARTS = (
    staff_joins, patient_joins, session, writing, check_in, not_text, outsiders, danger, refusals, poison, handlers, no_database,
)  # fmt: skip
