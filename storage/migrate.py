"""Bringing a database to this version's schema, and refusing one that is newer than the code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, select

from storage import points
from storage.engine import shared

SCRIPTS = Path(__file__).parent / "migrations"
UPGRADING = 0x6265747765656E
"""The number of the lock that is held while the schema changes; "between" in letters."""


class NewerDatabase(Exception):
    """The database was written by a newer version of Between. Update this machine; nothing was changed."""


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(SCRIPTS))
    made.set_main_option("path_separator", "os")
    return made


def version(engine: Engine) -> str | None:
    """The schema version a database is at, or None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head


def known() -> set[str]:
    """Every schema version this code can upgrade from."""
    return {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}


def migrate(engine: Engine) -> bool:
    """Upgrade to the newest schema; True when there was something to do. Raises `NewerDatabase` for a schema not known here."""
    now = version(engine)
    if now is not None and now not in known():
        raise NewerDatabase(NewerDatabase.__doc__)
    if now == newest():
        return False
    made = config()
    with engine.begin() as connection:
        if shared(engine):  # two processes that upgrade at once: the second waits, and then finds nothing to do
            connection.execute(select(func.pg_advisory_xact_lock(UPGRADING)))
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
        points.at("migrate.before")
    points.at("migrate.after")
    return True
