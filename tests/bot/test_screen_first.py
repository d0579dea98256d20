"""The screen cannot be bypassed: at every question of every conversation, danger gets the crisis card before anything else."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import talk as talking
from bot.event import Event
from bot.phones import Phones, instant
from bot.sitting import Sitting
from content.library import load
from handlers import FLOWS
from storage import escalations, people, plans, sessions, talks
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, table
from storage.tables import Outbox
from tests.bots import MASTER
from tests.clinics import PATIENT, STAFF, open_clinic

DANGER = "I am going to kill myself tonight"
START = instant("2026-11-16T19:00-05:00")
STARTS: dict[str, list[dict[str, object]]] = {
    "check_in": [{"slot": "evening"}, {"slot": "morning"}],
    "follow_up": [{"about": "suicide", "answer": "unwell"}, {"about": "use", "answer": "unwell"}],
    "plan": [{}, {"open": "write"}],
    "plan_review": [{"why": "rehearsal"}],
    "skill": [{}, *({"card": card} for card in ("urge_surfing", "thought_record", "tipp_temperature", "play_the_tape"))],
}
TYPED = ("Robin", "08:30", "5", "555-0100", "New York", "yes", "2026-12-01")
DEEPEST = 40
PATIENT_FLOWS = sorted(name for name in FLOWS if "staff" not in name)
WAYS = ("text", "caption", "edit", "command")


class World:
    """One database and the phones around it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.store = Store(open_engine(f"sqlite:///{file}"), Keyring(MASTER))
        self.phones = Phones(lambda: self.store, START)

    def begin(self, flow: str, start: dict[str, object]) -> None:
        open_clinic(self.store, START, self.phones)
        with self.store.unit(START) as u:
            chat = people.chat_for(u, PATIENT)
            assert chat.person is not None
            if flow in ("barrier", "late"):
                series = sessions.add_series(u, "group", "Evening group", "2026-11-17", "18:00", 90)
                start = {"series": series.id, "day": "2026-11-17", "title": "Evening group", "when": "tomorrow at 18:00"}
            if flow == "short_notes":
                start = {"clinic": "Harbor Program"}
            if flow in ("plan", "plan_review", "plan_use") and not start.get("open"):
                for step in (1, 2, 4):
                    plans.add(u, people.person(u, chat.person), step, "walk the dog", "555-0142" if step == 4 else "")
            talking.start(Sitting(u, chat, people.person(u, chat.person), 1, Event("command", PATIENT), START), flow, dict(start))
        self.phones.settle()

    def question(self) -> tuple[str, tuple[str, ...]] | None:
        """The key and buttons of the question that waits."""
        with self.store.unit(self.phones.now) as u:
            row = talks.waiting(u, people.chat_for(u, PATIENT))
            prompt = talks.prompt(u, row.prompt) if row and row.prompt else None
            return (prompt.key, prompt.options) if prompt else None

    def answer(self) -> bool:
        """Go one question further by the first button that does so, or by typing; False when the talk is over."""
        before = self.question()
        if before is None:
            return False
        for option in before[1]:
            if option in ("~back", "~later", "~help") or option[:1] == "-":
                continue
            self._tap(option)
            if self.question() != before and (self.question() is None or self.question()[0] != before[0]):  # type: ignore[index]
                return True
        for typed in TYPED:
            self.phones.type(PATIENT, typed)
            after = self.question()
            if after is None or after[0] != before[0]:
                return True
        return False

    def _tap(self, option: str) -> None:
        with self.store.unit(self.phones.now) as u:
            row = talks.waiting(u, people.chat_for(u, PATIENT))
            prompt = talks.prompt(u, row.prompt) if row and row.prompt else None
        if prompt is None or option not in prompt.options:
            return
        message = self.phones.phone(PATIENT).messages[-1]
        self.phones.tap_data(PATIENT, message.id, f"{prompt.nonce}.{prompt.options.index(option)}")

    def say(self, way: str) -> None:
        if way == "text":
            self.phones.type(PATIENT, DANGER)
        elif way == "caption":
            photo = [{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}]
            self.phones.send(PATIENT, photo=photo, caption=DANGER)
        elif way == "command":
            self.phones.type(PATIENT, f"/checkin {DANGER}")
        else:
            self.phones.edit(PATIENT, 7, DANGER)

    def close(self) -> None:
        self.store.close()


def heard_first(world: World) -> None:
    """The first thing sent after the danger is the card, and a human is being paged."""
    news = world.phones.phone(PATIENT).look()
    new = [shown.text for how, shown in news if how != "strip"]
    card = load("en").item("crisis.card").text.split("{")[0].split("\n")[0]
    assert new, "nothing was said"
    assert new[0].startswith(card), new
    assert world.phones.phone(STAFF).messages, "nobody was paged"
    with world.store.unit(world.phones.now) as u:
        who = people.person_by_code(u, "0001")
        assert who is not None
        assert escalations.open_for(u, who.id) is not None
        columns = table(Outbox)
        first = u.one(select(columns.c.content).where(columns.c.lane == 0).order_by(columns.c.id))
        assert first is not None and first.content.startswith("crisis.card")


@pytest.mark.parametrize("flow", PATIENT_FLOWS)
def test_every_question_hears_danger_first(flow: str, tmp_path: Path) -> None:
    asked = 0
    for number, start in enumerate(STARTS.get(flow, [{}])):
        main = World(tmp_path / f"{number}.db")
        main.begin(flow, start)
        for depth in range(DEEPEST):
            if main.question() is None:
                break
            asked += 1
            for way in WAYS if depth == 0 else ("text",):
                _branch(main, tmp_path / "branch.db", way)
            if not main.answer():
                break
        main.close()
    assert asked > 0, f"{flow} asked nothing"


def _branch(main: World, file: Path, way: str) -> None:
    """Say the dangerous thing in a copy of the world, so that the conversation itself can go on."""
    main.store.close()
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    shutil.copy(main.file, file)
    branch = World(file)
    branch.phones._message, branch.phones._update = main.phones._message, main.phones._update
    branch.phones.now = main.phones.now + timedelta(seconds=1)
    branch.say(way)
    heard_first(branch)
    branch.close()
