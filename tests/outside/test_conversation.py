"""The same bot on a Bot API server that this project did not write: invited, welcomed, checked in, edited, in danger, answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.channel import Channel
from bot.clock import TurnedClock, wall
from bot.pace import Pace
from storage import check_ins, clinic, escalations, invites, journal, people
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring
from storage.store import Store, Unit
from storage.wall import instant, local
from tests.bots import MASTER
from tests.clinics import ZONE, add_staff
from tests.conftest import Lines
from tests.outside.server import Outside, Phone, Shown

TOKEN = "123456789:AAoutside_abcdefghijklmnopqrstuvwxyz"
ROBIN, DANA = 1001, 9001
DANGER = "I want to kill myself"
EVENING = "20:00"
EVENING_TAPS = (
    ("6", "2/7 · How strong"), ("2", "2/7 · And at its strongest"), ("2", "3/7"), ("3", "4/7"), ("No", "5/7"), ("Yes", "6/7"), ("8", "7/7"),
)  # fmt: skip


@dataclass
class Here:
    """The bot, two people's phones, and the server's own list of what the bot asked of it."""

    app: App
    patient: Phone
    staff: Phone
    calls: list[tuple[str, int]]
    invitation: str

    async def tap(self, label: str, then: str, phone: Phone | None = None) -> Shown:
        """Press the newest button of this name; the newest message with the words that are to follow."""
        phone = phone or self.patient
        await phone.taps(await phone.sees(lambda message: label in message.buttons), label)
        return await phone.sees(lambda message: then in message.text)

    async def say(self, text: str, then: str) -> Shown:
        await self.patient.says(text)
        return await self.patient.sees(lambda message: then in message.text)

    def failed(self) -> set[str]:
        """The methods this server refused."""
        return {method for method, status in self.calls if status != 200}


@pytest.fixture
async def here(outside: Outside, tmp_path: Path) -> AsyncIterator[Here]:
    clock = TurnedClock(instant(local(wall(), ZONE).date(), EVENING, ZONE) + timedelta(minutes=1))
    store = Store(open_engine(f"sqlite:///{tmp_path / 'outside.db'}"), Keyring(MASTER))
    migrate(store.engine)
    with store.unit(clock.now()) as u:
        clinic.set_up(u, "Harbor Program", "555-0100", ZONE, "US", clinic.ALWAYS)
        escalations.set_on_call(u, "primary", people.person(u, add_staff(u, DANA, "Dana Reyes")))
        invitation = invites.add(u, people.person(u, people.add_person(u, "patient", "Robin", ZONE, code="0001")))
    app = App(store, clock, Channel(TOKEN, outside.api_url), pace=Pace(apart=timedelta(milliseconds=20)))
    await app.start()
    try:
        yield Here(app, outside.phone(TOKEN, ROBIN, "Robin"), outside.phone(TOKEN, DANA, "Dana"), outside.calls, invitation)
    finally:
        await app.stop()
        store.close()


async def welcomed(here: Here) -> None:
    """By buttons and by text, up to the last screen of the welcome."""
    await here.say(f"/start {here.invitation}", "I am not a person")
    await here.tap("Next", "Who reads what")
    await here.tap("Next", "What can go wrong")
    await here.tap("Next", "Do you agree?")
    await here.tap("Yes, I agree", "one page a week")
    await here.tap("Yes", "read the message that caused it?")
    await here.tap("Yes", "If you go silent")
    await here.tap("No", "What should I call you?")
    await here.say("Robbie", "What number can the person on call ring you on")
    await here.say("555-0199", "Which country")
    await here.tap("United States", "Which state?")
    await here.say("ny", "Is that what your clock shows?")
    await here.tap("Yes", "When shall I ask how you slept?")
    await here.tap("08:30", "And when in the evening")
    await here.tap(EVENING, "I am quiet from")
    await here.tap("That's fine", "Someone may see your phone")
    await here.tap("No, show it", "All set, Robbie.")


async def test_from_the_invitation_to_a_human(here: Here, logs: Lines) -> None:
    await welcomed(here)

    panel = await here.tap("Check in now", "1/7 · How is your mood")
    before = len(await here.patient.messages())
    for label, then in EVENING_TAPS:
        shown = await here.tap(label, then)
        assert shown.id == panel.id, "the check-in is one message, edited in place"
    assert len(await here.patient.messages()) == before

    line = await here.patient.says("My sister called")
    await here.tap("Keep private", "Saved")
    await here.patient.edits(line, "My sister called and it went well")
    changed = await here.patient.sees(lambda message: "I saw that you changed that message" in message.text)

    def kept(u: Unit) -> tuple[str, list[str]]:
        who = people.person_by_code(u, "0001")
        assert who is not None
        row = check_ins.find(u, who.id, "evening", local(u.now, who.zone).date())
        assert row is not None
        return row.status, [entry.words for entry in journal.entries(u, who, 10, 0)]

    assert await here.app.writer.run(kept) == ("complete", ["My sister called and it went well"])

    await here.patient.says(DANGER)
    page = await here.staff.sees(lambda message: "I'll take it" in message.buttons)
    assert "0001: high" in page.text
    assert not {"Robin", "Robbie", "kill"} & set(page.text.replace(",", " ").split())
    told = await here.patient.sees(lambda message: "Nobody has answered yet" in message.text)
    card, after = [message for message in await here.patient.messages() if message.id > changed.id][:2]
    assert "988" in card.text
    assert after == told
    taken = await here.tap("I'll take it", "555-0199", here.staff)
    assert taken.id == page.id
    assert "Robbie" in taken.text
    await here.patient.sees(lambda message: "Dana Reyes saw this at " in message.text)

    assert [line for line in logs() if line["severity"] in ("error", "critical")] == []


async def test_what_this_server_cannot_do_harms_nothing(here: Here) -> None:
    """It has no menus, no groups and no photos: the bot's calls fail with 500 there, and the conversation goes on."""
    group = {"id": -4001, "type": "group", "title": "Friends"}
    await here.patient.post("sendMessage", here.patient.signed({"text": "hello bot", "chat": group}))
    await here.say(f"/start {here.invitation}", "I am not a person")
    await here.patient.says("", photo=[{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}])
    await here.patient.sees(lambda message: "I can't read photos" in message.text)
    await here.say(DANGER, "988")
    await here.staff.sees(lambda message: "I'll take it" in message.buttons)
    assert here.failed() == {"setMyCommands", "leaveChat"}
