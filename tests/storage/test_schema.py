"""The schema is the same on both engines, however a database came to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

from storage import migrate, people
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.databases import Server

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        store = Store(open_engine(f"sqlite:///{tmp_path / 'empty.db'}"), Keyring(MasterKey.fresh()))
        yield store
        store.close()
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.empty() as url:
        store = Store(open_engine(url), Keyring(MasterKey.fresh()))
        yield store
        store.close()


def test_the_migrations_make_what_the_tables_say(empty: Store) -> None:
    assert migrate.version(empty.engine) is None
    assert migrate.migrate(empty.engine)
    assert not migrate.migrate(empty.engine), "the second time there is nothing to do"
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_a_database_of_the_first_release_is_brought_up_with_what_it_holds(empty: Store) -> None:
    made = migrate.config()
    with empty.engine.begin() as connection:
        made.attributes["connection"] = connection
        command.upgrade(made, "0001")
    with empty.unit(NOW) as u:
        id = people.add_person(u, "patient", "Robin", "America/New_York")
    assert migrate.migrate(empty.engine)
    assert migrate.version(empty.engine) == migrate.newest()
    with empty.unit(NOW) as u:
        assert people.person(u, id).name == "Robin"


def test_a_migration_that_fails_half_way_leaves_nothing_behind(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = migrate.config()

    def half_way() -> None:
        with empty.engine.begin() as connection:
            made.attributes["connection"] = connection
            command.upgrade(made, "0001")
            connection.execute(text("create table half_way (id integer)"))
            raise RuntimeError("stopped on purpose")

    with pytest.raises(RuntimeError):
        half_way()
    assert migrate.version(empty.engine) is None
    assert migrate.migrate(empty.engine)
