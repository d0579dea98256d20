"""Statements that go to PostgreSQL together: values as they were given, the first error raised, the connection fit for use afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from storage import pipeline
from storage.engine import open_engine
from tests.databases import Server

NOW = datetime(2026, 11, 16, 17, 0, 0, 123456, tzinfo=UTC)
KEEP = "INSERT INTO kept VALUES (%(id)s::BIGINT, %(word)s::VARCHAR)"
COUNT = "SELECT count(*) FROM kept"


@pytest.fixture
def raw(postgresql: Server) -> Iterator[psycopg.Connection[Any]]:
    with postgresql.empty() as url, closing(open_engine(url).connect()) as opened:
        connection: psycopg.Connection[Any] = opened.connection.dbapi_connection  # type: ignore[assignment]
        connection.execute("CREATE TABLE kept (id bigint PRIMARY KEY, word varchar NOT NULL)")
        connection.commit()
        yield connection


def test_values_come_back_as_they_were_given(raw: psycopg.Connection[Any]) -> None:
    given = {"a": 7, "b": 2**40, "c": "¿100 %s?", "d": b"\x00\xff", "e": NOW, "f": True, "g": None, "h": 0.25}
    kinds = {"a": "INT", "b": "BIGINT", "c": "VARCHAR", "d": "BYTEA", "e": "TIMESTAMPTZ", "f": "BOOL", "g": "VARCHAR", "h": "FLOAT8"}
    asked = "SELECT " + ", ".join(f"%({name})s::{kind}" for name, kind in kinds.items()) + ", 7 %% 4"
    [(rows, touched)] = pipeline.send(raw, [(asked, given)])
    assert rows == [(*given.values(), 3)]
    assert touched == 1


def test_a_value_that_stands_twice_is_given_once(raw: psycopg.Connection[Any]) -> None:
    [(rows, _)] = pipeline.send(raw, [("SELECT %(one)s::INT, %(two)s::INT, %(one)s::INT", {"two": 2, "one": 1})])
    assert rows == [(1, 2, 1)]


def test_what_was_sent_is_undone_and_kept_as_a_transaction(raw: psycopg.Connection[Any]) -> None:
    pipeline.send(raw, [(KEEP, {"id": 1, "word": "a"}), (KEEP, {"id": 2, "word": "b"})])
    raw.rollback()
    pipeline.send(raw, [(KEEP, {"id": 3, "word": "c"})])
    raw.commit()
    raw.rollback()
    assert pipeline.send(raw, [("SELECT id FROM kept", {})]) == [([(3,)], 1)]


def test_the_first_that_fails_is_raised_and_what_stands_behind_it_is_not_run(raw: psycopg.Connection[Any]) -> None:
    pipeline.send(raw, [(KEEP, {"id": 1, "word": "a"}), ("SAVEPOINT here", {})])
    for _ in range(2):  # the second time the statements are known already
        with pytest.raises(psycopg.errors.UniqueViolation):
            pipeline.send(raw, [(KEEP, {"id": 1, "word": "b"}), ("SELECT no_such_column", {}), (KEEP, {"id": 9, "word": "c"})])
        pipeline.send(raw, [("ROLLBACK TO SAVEPOINT here", {})])
    assert pipeline.send(raw, [(KEEP, {"id": 2, "word": "d"}), (COUNT, {})]) == [([], 1), ([(2,)], 1)]


def test_cursors_on_the_same_connection_and_a_rollback_take_nothing_back(raw: psycopg.Connection[Any]) -> None:
    pipeline.send(raw, [(COUNT, {})])
    for _ in range(20):  # often enough for psycopg to prepare a statement, unless it is told not to
        raw.execute("SELECT 1")
    raw.rollback()
    assert pipeline.send(raw, [(COUNT, {})]) == [([(0,)], 1)]


def test_a_statement_the_server_does_not_understand_leaves_nothing_behind(raw: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        pipeline.send(raw, [("SELECT * FROM later", {})])
    raw.rollback()
    pipeline.send(raw, [("CREATE TABLE later (id int)", {})])
    assert pipeline.send(raw, [("SELECT * FROM later", {})]) == [([], 0)]


def test_a_value_that_does_not_fit_is_refused_before_anything_is_sent(raw: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.ProgrammingError):
        pipeline.send(raw, [(KEEP, {"id": 1, "word": "a"}), (KEEP, {"id": 2, "word": object()})])
    assert pipeline.send(raw, [(COUNT, {})]) == [([(0,)], 1)]


def test_more_than_either_side_can_hold_on_the_way(raw: psycopg.Connection[Any]) -> None:
    """Both sides' buffers full at once would be a standstill for one that does not read while it sends."""
    word = "x" * 1_000_000
    brought = pipeline.send(raw, [("SELECT %(word)s::VARCHAR", {"word": word}) for _ in range(40)])
    assert [rows[0][0] == word for rows, _ in brought] == [True] * 40


def test_a_connection_that_is_gone_is_an_error_and_stays_closed(raw: psycopg.Connection[Any], postgresql: Server) -> None:
    [([(process,)], _)] = pipeline.send(raw, [("SELECT pg_backend_pid()", {})])
    postgresql.run(f"SELECT pg_terminate_backend({process})")
    with pytest.raises(psycopg.OperationalError):
        pipeline.send(raw, [(COUNT, {})])
    assert raw.closed
