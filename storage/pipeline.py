"""Statements to PostgreSQL in one go, on libpq's pipeline. For `storage.prepared`; nothing else sends this way.

psycopg's cursors look after each statement by itself, in its own pipeline too, which costs more than the statement
(`docs/adr/021-straight-to-libpq.md`). How values are written, rows are read and errors are named is psycopg's here as well.
"""

from __future__ import annotations

import re
import select
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from psycopg import Connection, errors, pq
from psycopg.adapt import PyFormat, Transformer

Key = tuple[str, tuple[int, ...]]
Brought = tuple[list[tuple[Any, ...]], int]
"""The rows of one statement as psycopg reads them, and how many rows it touched (-1 where that means nothing)."""

GIVEN = re.compile(r"%\((\w+)\)s|%%")
READ, WRITE = select.POLLIN, select.POLLOUT
FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
_prepared: WeakKeyDictionary[Connection[Any], dict[Key, bytes]] = WeakKeyDictionary()
"""What each connection has prepared: the name, by SQL and the types of its values. Psycopg itself prepares nothing (`storage.engine`)."""
_number = count()


class _Call(NamedTuple):
    """One statement as libpq takes it; `key` is its SQL and the types of its values."""

    key: Key
    text: bytes
    given: Sequence[Any]
    formats: Sequence[pq.Format] | None


def send(connection: Connection[Any], statements: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Brought]:
    """Run SQL with named values in this order, in the connection's transaction; one is begun where there is none.

    Raises the `psycopg.Error` of the first that fails; what stands behind it is not run.
    """
    pg = connection.pgconn
    begun = pg.transaction_status != pq.TransactionStatus.IDLE
    writer, reader = Transformer(connection), Transformer(connection)
    calls = [_call(writer, sql, values) for sql, values in (statements if begun else [("BEGIN", {}), *statements])]
    known = _prepared.setdefault(connection, {})
    fresh = {call.key: b"between_%d" % next(_number) for call in calls if call.key not in known}
    results = _exchange(pg, calls, known, fresh)
    brought = []
    for call in calls:
        if call.key in fresh:
            _check(connection, next(results))
            known[call.key] = fresh.pop(call.key)
        result = next(results)
        _check(connection, result)
        reader.set_pgresult(result)
        rows = reader.load_rows(0, result.ntuples, tuple) if result.nfields else []
        brought.append((rows, -1 if result.command_tuples is None else result.command_tuples))
    return brought if begun else brought[1:]


def _call(writer: Any, sql: str, values: Mapping[str, Any]) -> _Call:
    text, names = _positional(sql)
    given = writer.dump_sequence([values[name] for name in names], [PyFormat.AUTO] * len(names))
    return _Call((sql, writer.types or ()), text, given, writer.formats)


@lru_cache(maxsize=1_024)
def _positional(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The SQL with $1, $2 in place of its named values, and their names in that order."""
    places: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        return f"${places.setdefault(found[1], len(places) + 1)}" if found[1] else "%"

    return GIVEN.sub(place, sql).encode(), tuple(places)


def _exchange(pg: Any, calls: Sequence[_Call], known: Mapping[Key, bytes], fresh: Mapping[Key, bytes]) -> Iterator[Any]:
    """The results in order; a call that is fresh has one more before its own, for being prepared."""
    waiting = dict(fresh)
    try:
        pg.enter_pipeline_mode()
        for call in calls:
            if name := waiting.pop(call.key, None):
                pg.send_prepare(name, call.text, call.key[1])
            pg.send_query_prepared(fresh.get(call.key) or known[call.key], call.given, call.formats)
        pg.pipeline_sync()
        results = list(_results(pg))
        pg.exit_pipeline_mode()
    except BaseException:
        pg.finish()  # nobody knows what is still on its way
        raise
    return iter(results)


def _results(pg: Any) -> Iterator[Any]:
    """All results up to the sync. Waits without holding the interpreter; reads while it sends, so neither side waits for the other."""
    wait, unsent = select.poll(), True
    while True:
        unsent = unsent and bool(pg.flush())
        wait.register(pg.socket, READ | WRITE if unsent else READ)
        wait.poll()
        pg.consume_input()
        while not pg.is_busy():
            result = pg.get_result()
            if result is None:  # between two statements, or nothing more for ever
                if pg.status != pq.ConnStatus.OK:
                    raise errors.OperationalError("the connection is lost")
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return
            yield result


def _check(connection: Connection[Any], result: Any) -> None:
    if result.status in FAILED:
        raise errors.error_from_result(result, connection.info.encoding)
