"""Statements that are compiled once behave as SQLAlchemy's own do: types, errors without values, and savepoints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError, StatementError

from storage import meta, people
from storage.engine import open_engine
from storage.people import PEOPLE
from storage.prepared import Prepared, fixed
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit
from storage.tables import Person
from tests.clinics import lay_schema

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(open_engine("sqlite://"), Keyring(MasterKey.fresh()))
    lay_schema(store.engine)
    yield store
    store.close()


@pytest.fixture
def u(store: Store) -> Iterator[Unit]:
    with store.unit(NOW) as unit:
        yield unit


def test_values_come_back_as_they_were_given_and_defaults_are_filled_in(u: Unit) -> None:
    id = people.add_person(u, "patient", "Robin", "UTC", code="0001")
    row = u.one(people.BY_ID, person=id)
    assert row is not None
    assert (row.created_at, row.created_at.tzinfo, row.discreet, row.country) == (NOW, UTC, False, "US")


def test_what_the_database_refuses_is_raised_without_the_values(u: Unit) -> None:
    people.add_person(u, "patient", "Robin", "UTC", code="0001")
    with pytest.raises(IntegrityError) as refused, u.savepoint():
        people.add_person(u, "patient", "Canary", "Zone/Canary", code="0001")
    assert "Canary" not in str(refused.value)


def test_what_does_not_fit_a_column_is_raised_without_the_values(u: Unit) -> None:
    id = people.add_person(u, "patient", "Robin", "UTC")
    with pytest.raises(StatementError) as refused:
        u.set(Person, id, paused_until="canary")
    assert "canary" not in str(refused.value)


def test_only_what_was_inside_is_undone(u: Unit) -> None:
    meta.put(u, "before", "1")

    def inside() -> None:
        with u.savepoint():
            meta.put(u, "outer", "1")
            with u.savepoint():
                meta.put(u, "inner", "1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        inside()
    with u.savepoint():
        meta.put(u, "after", "1")
    assert [meta.get(u, key) for key in ("before", "outer", "inner", "after")] == ["1", None, None, "1"]


def test_whoever_listens_to_the_engine_hears_the_prepared_ones_too(store: Store) -> None:
    heard: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        with store.unit(NOW) as u:
            people.consents(u, 1)
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)
    with store.unit(NOW) as u:
        people.consents(u, 1)
    assert [statement for statement in heard if "consent" in statement] == heard[-1:]


def test_a_statement_with_a_list_is_not_prepared(u: Unit) -> None:
    with pytest.raises(TypeError, match="do not prepare it"):
        u.one(Prepared(select(PEOPLE.c.id).where(PEOPLE.c.status.in_(("active", "invited")))))


def test_only_a_plain_word_is_written_into_sql() -> None:
    with pytest.raises(ValueError, match="plain word"):
        fixed("x' or 'y")
