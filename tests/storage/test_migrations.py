"""From the released schema, full of rows, to the newest: nothing lost, whatever statement it is stopped at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, inspect, select

from storage import dump, migrate
from storage.engine import open_engine

AT = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
RELEASED = ("0001",)
"""Every schema that was ever given to a clinic. Add a line with each release."""
ENGINES = ("sqlite",)
ROWS = 3


class Stopped(Exception):
    """The process would have died here."""


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Engine]:
    """Opens an empty database by name; the engine is a parameter."""
    return lambda name: open_engine(f"sqlite:///{tmp_path / name}")


@pytest.fixture(params=RELEASED)
def released(request: pytest.FixtureRequest, place: Callable[[str], Engine]) -> Engine:
    """A database of that release with rows in every table."""
    engine = place("old.db")
    migrate.migrate(engine, str(request.param))
    with engine.begin() as connection:
        for each in dump.tables(connection):
            keys = {key["constrained_columns"][0]: key for key in inspect(connection).get_foreign_keys(each.name)}
            rows = 1 if each.name == "clinic" else ROWS
            nullable = {found["name"]: found["nullable"] for found in inspect(connection).get_columns(each.name)}
            for number in range(1, rows + 1):
                values = {column.name: made_up(column, number) for column in each.columns}
                for name, key in keys.items():
                    values[name] = None if key["referred_table"] == each.name and nullable[name] else number
                connection.execute(each.insert(), values)
    return engine


def made_up(column: Any, number: int) -> object:
    kind = column.type.python_type
    if kind is bytes:
        return f"{column.name}-{number}".encode()
    if kind is str:
        return f"{column.name}-{number}"
    if kind is bool:
        return number % 2 == 0
    if kind is int:
        return number
    return date(2026, 11, number) if kind is date else AT.replace(minute=number)


def everything(engine: Engine, tables: list[Any]) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return {each.name: [tuple(row) for row in connection.execute(select(each).order_by(*each.primary_key.columns))] for each in tables}


def test_every_row_of_every_table_comes_through(released: Engine) -> None:
    with released.connect() as connection:
        before_tables = dump.tables(connection)
        assert all(connection.execute(select(func.count()).select_from(each)).scalar_one() for each in before_tables)
    before = everything(released, before_tables)
    assert migrate.migrate(released) is True
    assert migrate.version(released) == migrate.newest()
    assert everything(released, before_tables) == before
    assert migrate.migrate(released) is False
    released.dispose()


def test_stopped_at_each_statement_it_goes_on_from_there(released: Engine, tmp_path: Path) -> None:
    with released.connect() as connection:
        tables = dump.tables(connection)
    before = everything(released, tables)
    released.dispose()
    stopped = 0
    while True:
        copy = tmp_path / f"copy{stopped}.db"
        shutil.copy(tmp_path / "old.db", copy)
        engine = open_engine(f"sqlite:///{copy}")
        if not stop_after(engine, stopped):
            break
        engine.dispose()
        again = open_engine(f"sqlite:///{copy}")
        assert everything(again, tables) == before
        migrate.migrate(again)
        assert migrate.version(again) == migrate.newest()
        assert everything(again, tables) == before
        again.dispose()
        stopped += 1
    engine.dispose()
    assert stopped >= 2, "there were statements to be stopped at"


def stop_after(engine: Engine, count: int) -> bool:
    """Migrate, and die at the statement after `count` that change something. False when it came through."""
    done = 0

    def counted(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal done
        if statement.lstrip().upper().startswith(("CREATE", "ALTER", "UPDATE", "INSERT", "DROP", "DELETE")):
            if done == count:
                raise Stopped
            done += 1

    event.listen(engine, "before_cursor_execute", counted)
    try:
        migrate.migrate(engine)
    except Stopped:
        return True
    finally:
        event.remove(engine, "before_cursor_execute", counted)
    return False


def test_the_models_and_the_migrations_say_the_same(place: Callable[[str], Engine]) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlmodel import SQLModel

    engine = place("new.db")
    migrate.migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    engine.dispose()
