"""One made-up clinic with its phones and a clock, for the tests of check-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.acts.check_in import plan_check_ins
from bot.event import Event
from bot.phones import Phones, instant
from bot.sitting import Sitting
from storage import check_ins, people
from storage.due import DUE
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import PATIENT, open_clinic

EVENING = instant("2026-11-16T20:00-05:00")


class World:
    """One clinic on a database of its own, everybody's phone, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(open_engine(f"sqlite:///{folder / 'check_in.db'}"), Keyring(MasterKey(b"check-in test key of 32 bytes!!!")))
        self.phones = Phones(lambda: self.store, EVENING)

    def open(self, at: datetime, **profile: Any) -> None:
        self.phones.now = at
        open_clinic(self.store, at, self.phones)
        self.profile(**profile)

    def profile(self, **values: Any) -> None:
        with self.store.unit(self.phones.now) as u:
            chat = people.chat_for(u, PATIENT)
            assert chat.person is not None
            plan_check_ins(u, people.save_profile(u, people.person(u, chat.person), values), chat)

    def tap(self, *labels: str) -> None:
        for label in labels:
            self.phones.tap(PATIENT, label)

    def wait(self, **span: float) -> None:
        self.phones.wait(timedelta(**span))

    def jump(self, **span: float) -> None:
        """The clock stands at a later time all at once, as after an outage."""
        self.phones.now += timedelta(**span)
        self.phones.settle()

    @property
    def texts(self) -> list[str]:
        return [shown.text for shown in self.phones.phone(PATIENT).messages]

    def prompts(self) -> list[str]:
        """The prompts on the phone, as the slot they ask for."""
        return [slot for text in self.texts for slot in ("morning", "evening") if f"Time for your {slot}" in text]

    def rows(self) -> list[tuple[str, str, str]]:
        """(slot, local date, status) of every check-in."""
        with self.store.unit(self.phones.now) as u:
            columns = check_ins.CHECK_INS
            return [(row.slot, str(row.local_date), row.status) for row in u.all(select(columns).order_by(columns.c.local_date))]

    def fired(self) -> dict[str, str]:
        """local date -> "done", "ready" or why it was dropped, of the prompts planned so far. A slot is unique, so a date is there once."""
        with self.store.unit(self.phones.now) as u:
            rows = u.all(select(DUE).where(DUE.c.kind == "check_in").order_by(DUE.c.slot))
            return {row.slot.split(":", 2)[2]: row.reason or row.state for row in rows}

    @contextmanager
    def sitting(self) -> Iterator[Sitting]:
        with self.store.unit(self.phones.now) as u:
            chat = people.chat_for(u, PATIENT)
            assert chat.person is not None
            yield Sitting(u, chat, people.person(u, chat.person), 1, Event("text", PATIENT), self.phones.now)
