"""The clinic that is shot at: people of every kind, the real intake and worker, and a Telegram that only judges what is sent."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot import intake, sending, turn, worker
from bot.phones import instant
from storage import clinic, escalations, invites, outbox, people
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit, table
from storage.tables import Chat, Inbox, Outbox
from tests.clinics import add_patient, add_staff, lay_schema

START = instant("2026-11-16T15:00-05:00")
ZONE = "America/New_York"
PEOPLE = {"patient": 5001, "other": 5002, "discharged": 5003, "declined": 5004, "moved": 5005, "new": 5006,
          "admin": 9001, "clinician": 9002, "revoked": 9003, "stranger": 7001, "second stranger": 7002}  # fmt: skip
"""Made-up Telegram ids. "moved" is bound to nobody any more, "new" has not agreed to the program yet."""
LARGEST_TEXT, LARGEST_DATA = 4096, 64
MOVING = ("inbox", "outbox", "alembic_version", "meta", "data_key")
"""Tables an update may move whatever comes of it: what came in, what goes out, keys of new chats."""


@dataclass
class Seen:
    """What one batch led to: (chat, kind, content) of each row to be sent, and the CPU seconds of each update by its place."""

    sent: list[tuple[int, str, str]] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class World:
    """A clinic of a few made-up people, on a file, with a clock that only moves when told to."""

    def __init__(self, folder: Path) -> None:
        self.path, self.now = folder / "fuzz.db", START
        self.master = MasterKey(b"a key of the fuzzer, 32 bytes ok")
        self.open()
        lay_schema(self.store.engine)
        with self.store.unit(self.now) as u:
            _settle_in(u)
        self.store.engine.dispose()
        shutil.copy(self.path, self.path.with_suffix(".first"))
        self.update, self.message = 1000, 100

    def open(self) -> None:
        self.store = Store(open_engine(f"sqlite:///{self.path}"), Keyring(self.master))

    def restart(self) -> None:
        """Nothing is left in memory."""
        self.store.close()
        self.open()

    def begin_again(self) -> None:
        """Everything as it was at first."""
        self.store.engine.dispose()
        shutil.copy(self.path.with_suffix(".first"), self.path)
        self.now = START

    def numbered(self, update: dict[str, Any]) -> str:
        self.update += 1
        return json.dumps({"update_id": self.update, **update}, ensure_ascii=False)

    def text(self, address: int, text: str) -> dict[str, Any]:
        self.message += 1
        return {"message": {"message_id": self.message, "date": int(self.now.timestamp()), "chat": _chat(address), "from": _user(address),
                            "text": text}}  # fmt: skip

    def tap(self, address: int, data: str, message_id: int | None = None, **more: Any) -> dict[str, Any]:
        self.message += 1
        shown = {"message_id": message_id or self.message, "date": int(self.now.timestamp()), "chat": _chat(address)}
        query = {"id": str(self.update), "from": _user(address), "message": shown, "chat_instance": "1", "data": data}
        return {"callback_query": {**query, **more}}

    def take(self, raws: list[str]) -> Seen:
        """Through intake and worker as the loops do it, each update's CPU time measured; then all that waits is sent."""
        seen = Seen(cpu=[_reading(raw) for raw in raws])
        cpu: dict[int, float] = defaultdict(float)
        take, rescue = turn.take, turn.rescue
        under_way: list[int] = []

        def timed(step: Callable[..., None]) -> Callable[..., None]:
            def taken(u: Unit, row: Any, *rest: Any) -> None:
                if under_way:  # a take that rescues: counted once
                    step(u, row, *rest)
                    return
                began = time.process_time()
                under_way.append(row.id)
                try:
                    step(u, row, *rest)
                finally:
                    under_way.clear()
                    cpu[row.id] += time.process_time() - began

            return taken

        turn.take, turn.rescue = timed(take), timed(rescue)
        try:
            with self.store.unit(self.now) as u:
                stored = intake.keep_all(u, raws)
            intake.last_id(raws)
            while worker.take_group(self.store, self.now):
                pass
        finally:
            turn.take, turn.rescue = take, rescue
        for place, one in enumerate(stored):
            seen.cpu[place] += cpu.get(one.id, 0.0) if one.id is not None else 0.0
        self._states(seen, [one.id for one in stored if one.id is not None])
        self._send(seen)
        return seen

    def _states(self, seen: Seen, ids: list[int]) -> None:
        rows = table(Inbox).c
        with self.store.unit(self.now) as u:
            seen.states.update(row.state for row in u.all(select(rows.state).where(rows.id.in_(ids))))

    def _send(self, seen: Seen) -> None:
        """Judge every row that could go as Telegram would, and accept it."""
        with self.store.unit(self.now) as u:
            while rows := outbox.waiting(u, 1000):
                for row in rows:
                    claimed = sending.claim(u, row, "fuzz")
                    if claimed is None:
                        continue
                    content = u.run(select(table(Outbox).c.content).where(table(Outbox).c.id == row.id)).scalar_one()
                    seen.sent.append((claimed.chat, claimed.kind, content))
                    seen.faults += wrong_with(claimed.kind, claimed.payload)
                    self.message += 1
                    sending.record(u, claimed, sending.Accepted(self.message if claimed.kind == "send" else None))

    def digest(self) -> dict[str, str]:
        """One mark per table of all that must not move; of chats only those of people, of keyboards only those there are."""
        with self.store.unit(self.now) as u:
            return {each.name: _mark(u, each) for each in Chat.metadata.sorted_tables if each.name not in MOVING}

    def forward(self, span: timedelta) -> None:
        self.now += span


def _reading(raw: str) -> float:
    """CPU seconds of what intake makes of one update before it is stored with the others of its batch."""
    began = time.process_time()
    with suppress(Exception):  # what comes of it is the batch's business
        intake._look(intake.clean(raw))
        intake.number(raw)
    return time.process_time() - began


def wrong_with(kind: str, payload: dict[str, Any]) -> list[str]:
    """What Telegram would refuse of it."""
    faults = []
    if kind in ("send", "edit"):
        text = payload.get("text", "")
        if not text.strip():
            faults.append("empty text")
        if len(text.encode("utf-16-le", "surrogatepass")) // 2 > LARGEST_TEXT:
            faults.append("text too long")
    for row in payload.get("keyboard", []):
        for label, data in row:
            if not label.strip():
                faults.append("empty label")
            if not 1 <= len(data.encode()) <= LARGEST_DATA:
                faults.append("button data")
    try:
        json.dumps(payload, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        faults.append("not Unicode")
    return faults


def _mark(u: Unit, each: Any) -> str:
    query = select(each).order_by(each.c.id) if "id" in each.c else select(each)
    if each.name == "chat":
        query = query.where(each.c.person_id.is_not(None))
    mark = hashlib.sha256()
    for row in u.all(query):
        mark.update(repr(tuple(row)).encode())
    return mark.hexdigest()


def _chat(address: int) -> dict[str, Any]:
    return {"id": address, "type": "private", "first_name": "P"}


def _user(address: int) -> dict[str, Any]:
    return {"id": address, "is_bot": False, "first_name": "P"}


def _settle_in(u: Unit) -> None:
    clinic.set_up(u, "Harbor Program", "555-0100", ZONE, "US", clinic.ALWAYS)
    for number, (who, name) in enumerate((("patient", "Robin"), ("other", "Sam"), ("discharged", "Kim"), ("declined", "Ali"))):
        id = add_patient(u, PEOPLE[who], name, code=f"000{number + 1}")
        if who in people.OUTSIDE:
            people.set_status(u, id, who)
    moved = add_patient(u, PEOPLE["moved"], "Noa", code="0005")
    u.run(table(Chat).update().where(table(Chat).c.person_id == moved).values(person_id=None))
    invites.redeem(u, invites.add(u, people.person(u, moved)), people.chat_for(u, 5105).id)
    new = people.add_person(u, "patient", "Jo", ZONE, code="0006")
    invites.redeem(u, invites.add(u, people.person(u, new)), people.chat_for(u, PEOPLE["new"]).id)
    for who, name, duty in (("admin", "Dana Reyes", "admin"), ("clinician", "Ana Ruiz", "clinician"), ("revoked", "Pat Lane", "admin")):
        id = add_staff(u, PEOPLE[who], name, duty=duty)
        people.give_consent(u, id, "paged", 1)
        if who == "revoked":
            people.set_status(u, id, "revoked")
        elif who == "admin":
            escalations.set_on_call(u, "primary", people.person(u, id))


def person_at(u: Unit, who: str) -> people.PersonCard | None:
    """The person of a chat by their name in `PEOPLE`."""
    chat = people.chat_for(u, PEOPLE[who])
    return people.person(u, chat.person) if chat.person is not None else None



