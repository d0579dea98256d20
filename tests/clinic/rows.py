"""A made-up clinic's rows for the tests that read them back: what a patient told, put in through the storage at its own instant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from clinic.gather import NotShared, gather
from clinic.model import Week
from storage import check_ins, outbox, people
from storage.engine import open_engine
from storage.escalations import EscalationRow
from storage.people import PersonCard
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit
from storage.wall import instant
from tests.clinics import ZONE, open_clinic

MONDAY = date(2026, 11, 9)
SUNDAY = MONDAY + timedelta(days=6)
BEGAN = datetime(2026, 10, 5, 14, 0, tzinfo=UTC)
"""When the clinic was set up and its two patients (0001 Robin, 0002 Sam) joined."""
NOW = datetime(2026, 11, 16, 11, 0, tzinfo=UTC)
"""Monday after the week, 06:00 in the clinic's zone."""


def at(day: date, wall: str) -> datetime:
    return instant(day, wall, ZONE)


def open_store(folder: Path) -> Store:
    """A clinic in which both patients share their weekly page."""
    store = Store(open_engine(f"sqlite:///{folder / 'clinic.db'}"), Keyring(MasterKey(b"a-key-for-tests-with-32-bytes-ok")))
    open_clinic(store, BEGAN)
    for code in ("0001", "0002"):
        with patient(store, BEGAN, code) as (u, who):
            people.give_consent(u, who.id, "weekly", 1)
    return store


@contextmanager
def patient(store: Store, when: datetime, code: str = "0001") -> Iterator[tuple[Unit, PersonCard]]:
    """One transaction at an instant, with the patient of a code (or a member of staff)."""
    with store.unit(when) as u:
        who = people.person_by_code(u, code)
        assert who is not None
        yield u, who


def tell(
    store: Store,
    day: date,
    values: dict[str, Any],
    slot: str = "evening",
    status: str = "complete",
    code: str = "0001",
    **more: Any,
) -> None:
    """A check-in, answered at 08:05 or 20:35 of the day."""
    when = at(day, "08:05" if slot == "morning" else "20:35")
    with patient(store, when, code) as (u, who):
        check_ins.save(u, who.id, slot, day, values, status, when, **more)


def week_of(store: Store, monday: date = MONDAY, now: datetime = NOW, code: str = "0001") -> Week:
    """The week as a page is made from it; fails when it is not shared."""
    found = asked(store, monday, now, code)
    assert isinstance(found, Week)
    return found


def asked(store: Store, monday: date = MONDAY, now: datetime = NOW, code: str = "0001") -> Week | NotShared:
    with patient(store, now, code) as (u, who):
        return gather(u, who, monday, now)


def send_page(u: Unit, row: EscalationRow, staff: PersonCard, accepted: datetime | None) -> None:
    """A page to a member of staff as the ladder puts it in the outbox; `accepted` is when Telegram took it."""
    desk = people.chat_of(u, staff.id)
    assert desk is not None
    id = outbox.post(u, desk, outbox.ESCALATION, "send", {"text": "page"}, "page.new@1", dedupe=f"page:{row.id}:{row.cycle}:0:{staff.id}")
    assert id is not None
    if accepted is not None:
        outbox.claim(u, id, "test", accepted)
        outbox.finish(Unit(u.connection, u.keys, accepted), id, 1, "sent", message_id=7)
