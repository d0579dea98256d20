"""A clinic in which a day has happened, for backups and keys: a check-in, an entry, a page, a message not yet sent. Nobody here is real."""

from __future__ import annotations

from pathlib import Path

from bot.phones import Phones, instant
from storage import escalations, people
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit
from tests.clinics import OTHER, PATIENT, STAFF, open_clinic

AT = instant("2026-11-16T15:00-05:00")
OLD, NEW = MasterKey(b"the first master key, 32 bytes.."), MasterKey(b"the second master key, 32 bytes.")
WORDS = {"0001": "heron-4711", "0002": "kestrel-0815"}


def open_store(path: Path, master: MasterKey = OLD) -> Store:
    return Store(open_engine(f"sqlite:///{path}"), Keyring(master))


def live_a_day(store: Store) -> Phones:
    """Robin wrote, was in danger and was looked after; Sam wrote; both are asked every evening."""
    phones = Phones(lambda: store, AT)
    open_clinic(store, AT, phones)
    for address, code in ((PATIENT, "0001"), (OTHER, "0002")):
        phones.type(address, f"I saw a {WORDS[code]}")
        phones.tap(address, "Keep it, private")
    phones.type(PATIENT, f"I want to kill myself {WORDS['0001']}")
    phones.tap(STAFF, "I'll take it")
    phones.tap(STAFF, "Close")
    phones.tap(STAFF, "False alarm")
    phones.type(OTHER, "/checkin")
    return phones


_day: list[bytes] = []


def lived_store(path: Path) -> tuple[Store, Phones]:
    """A database after that day: lived once in a test run, then copied."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not _day:
        store = open_store(path)
        live_a_day(store)
        store.close()
        _day.append(path.read_bytes())
    path.write_bytes(_day[0])
    store = open_store(path)
    phones = Phones(lambda: store, AT)
    phones._update = phones._message = 5000
    for address in (PATIENT, OTHER, STAFF):
        phones.phone(address)
    return store, phones


def who(u: Unit, code: str) -> people.PersonCard:
    found = people.person_by_code(u, code)
    assert found is not None
    return found


def close_alerts(u: Unit) -> None:
    for row in escalations.all_open(u):
        escalations.save(u, row, state="CLOSED", closed_at=u.now, outcome="safe", next_at=None)


