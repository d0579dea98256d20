"""A clinic on a Monday afternoon, its database and its phones, for the tests that need no more than that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.phones import Phones, instant
from storage import people
from storage.engine import open_engine
from storage.people import PersonCard
from storage.seal import Keyring
from storage.store import Store, Unit
from tests.bots import MASTER
from tests.clinics import open_clinic

NOW = instant("2026-11-16T15:00-05:00")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'clinic.db'}"), Keyring(MASTER))
    yield store
    store.close()


@pytest.fixture
def phones(store: Store) -> Phones:
    phones = Phones(lambda: store, NOW)
    open_clinic(store, NOW, phones)
    return phones


def robin(u: Unit) -> PersonCard:
    who = people.person_by_code(u, "0001")
    assert who is not None
    return who
