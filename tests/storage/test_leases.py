"""A lease is one holder's until it stops renewing, by the database's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from storage import leases
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import lay_schema

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
SPAN = timedelta(seconds=6)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    made = Store(open_engine(database), Keyring(MasterKey.fresh()))
    lay_schema(made.engine)
    yield made
    made.close()


def take(store: Store, owner: str, span: timedelta = SPAN, at: datetime = NOW) -> bool:
    with store.unit(at) as u:
        return leases.take(u, "lead", owner, span)


def test_the_first_who_asks_has_it_and_keeps_it_by_renewing(store: Store) -> None:
    assert take(store, "one")
    assert not take(store, "two")
    assert take(store, "one")
    with store.unit(NOW) as u:
        assert leases.holder(u, "lead") == "one"


def test_one_that_ran_out_is_anybodys_and_the_old_holder_is_told(store: Store) -> None:
    assert take(store, "one", timedelta(seconds=-1))
    with store.unit(NOW) as u:
        assert leases.holder(u, "lead") is None
    assert take(store, "two")
    assert not take(store, "one")


def test_who_releases_it_makes_nobody_wait(store: Store) -> None:
    take(store, "one")
    with store.unit(NOW) as u:
        leases.release(u, "lead", "two")
        assert leases.holder(u, "lead") == "one", "only the holder can release it"
        leases.release(u, "lead", "one")
    assert take(store, "two")


def test_two_leases_know_nothing_of_each_other(store: Store) -> None:
    assert take(store, "one")
    with store.unit(NOW) as u:
        assert leases.take(u, "another", "two", SPAN)
