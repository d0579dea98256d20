"""Statements of the hot path: compiled once for an engine, then handed to its driver as they are.

SQLAlchemy looks up, fills and wraps a statement anew each time, which costs several times what SQLite takes to run it.
Here its compiler, its column types and its errors still serve; only that is done once instead of every time.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, literal_column
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.sql.compiler import SQLCompiler

Process = Callable[[Any], Any] | None


def fixed(word: str) -> ColumnElement[str]:
    """A word of ours in the SQL itself: a planner uses a partial index only for a condition whose value it sees."""
    if not word.isalpha():
        raise ValueError("only a plain word is written into SQL")
    return literal_column(f"'{word}'")


class Done:
    """What a statement brought: its rows, with attributes named like the columns, and how many rows it touched."""

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self.rows, self.rowcount = rows, rowcount

    def first(self) -> Any:
        return self.rows[0] if self.rows else None

    def all(self) -> list[Any]:
        return self.rows


class Form:
    """A statement as one driver takes it, for one set of given values."""

    def __init__(self, compiled: SQLCompiler, columns: Mapping[str, Any]) -> None:
        dialect = compiled.dialect
        made: list[Any] = [*compiled.insert_prefetch, *compiled.update_prefetch]
        if compiled.post_compile_params or not all(column.default.is_scalar for column in made):
            raise TypeError("this statement is not the same each time: do not prepare it")
        self.sql = str(compiled)
        self.fixed = {**compiled.params, **{column.key: column.default.arg for column in made}}
        self.order = list(compiled.positiontup) if compiled.positiontup is not None else None
        self.bind = {name: process for bound, name in compiled.bind_names.items() if (process := _in(bound.type, dialect)) is not None}
        """By name: a value that stands in several places is given once and made fit once."""
        self.row: Any = namedtuple("Row", tuple(columns)) if columns else None
        """What a row becomes; None for a statement that brings none, which is one that writes."""
        self.read = [(at, process) for at, c in enumerate(columns.values()) if (process := _out(c.type, dialect)) is not None]

    def fill(self, values: Mapping[str, Any]) -> Any:
        filled = {**self.fixed, **values}
        for name, process in self.bind.items():
            filled[name] = process(filled[name])
        return [filled[name] for name in self.order] if self.order is not None else filled

    def make(self, row: tuple[Any, ...]) -> Any:
        values = list(row)
        for at, process in self.read:
            values[at] = process(values[at])
        return self.row._make(values)


class Prepared:
    """A statement that is always the same but for its bind parameters: no lists in it and no values made at run time."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._forms: dict[tuple[str, tuple[str, ...]], Form] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Run it in the connection's transaction. Raises what SQLAlchemy would, with no values in it."""
        if heard(connection):
            return connection.execute(self.statement, values or None)
        form, filled = self.fill(connection, values)
        return drive(connection, Step(form.sql, filled, form))

    def fill(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Form, Any]:
        """How the connection's driver takes it, and the values as that takes them. Raises `StatementError` when they don't fit."""
        form = self._form(connection.dialect, values)
        try:
            return form, form.fill(values)
        except Exception as fault:
            raise StatementError(type(fault).__name__, form.sql, None, fault, hide_parameters=True) from fault

    def _form(self, dialect: Dialect, values: Mapping[str, Any]) -> Form:
        key = (dialect.name, tuple(values))
        if key not in self._forms:
            compiled = self.statement.compile(dialect=dialect, column_keys=list(values) or None)
            self._forms[key] = Form(compiled, {c.key: c for c in getattr(self.statement, "exported_columns", ())})
        return self._forms[key]


def heard(connection: Connection) -> bool:
    """Whether somebody listens to the statements of this engine: then SQLAlchemy runs the prepared ones too."""
    return bool(connection.dispatch.before_cursor_execute)


class Step:
    """A statement on its way to the driver, and what it brought once it has been there."""

    def __init__(self, sql: str, values: Any = None, form: Form | None = None) -> None:
        self.sql, self.values, self.form = sql, values, form
        self.done: Done | None = None

    def keep(self, rows: list[Any], rowcount: int) -> None:
        self.done = Done([self.form.make(row) for row in rows] if self.form is not None and self.form.row is not None else [], rowcount)


def drive(connection: Connection, step: Step, before: Sequence[Step] = ()) -> Done:
    """Run SQL at the driver, inside the connection's transaction. `before` goes first, on the same way to the server (PostgreSQL only)."""
    driver: Any = connection.connection.dbapi_connection
    try:
        if connection.dialect.name == "postgresql":
            _drive_together(driver, [*before, step])
        else:
            cursor = driver.execute(step.sql, step.values or ())
            step.keep(cursor.fetchall(), cursor.rowcount)
    except Exception as fault:
        errors = connection.dialect.loaded_dbapi.Error
        if not isinstance(fault, errors):
            raise
        raise DBAPIError.instance(step.sql, None, fault, errors, hide_parameters=True, dialect=connection.dialect) from fault
    assert step.done is not None
    return step.done


def _drive_together(driver: Any, steps: Sequence[Step]) -> None:
    from storage import pipeline  # psycopg is loaded only where there is PostgreSQL

    for each, (rows, rowcount) in zip(steps, pipeline.send(driver, [(step.sql, step.values or {}) for step in steps]), strict=True):
        each.keep(rows, rowcount)


def _in(type_: Any, dialect: Dialect) -> Process:
    found: Process = type_.dialect_impl(dialect).bind_processor(dialect)
    return found


def _out(type_: Any, dialect: Dialect) -> Process:
    found: Process = type_.dialect_impl(dialect).result_processor(dialect, None)
    return found
