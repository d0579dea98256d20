"""Files a crash may leave half written: the key, and the database itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import NoDatabase, SetupNeeded
from bot.opening import open_store
from storage import migrate, points
from storage.engine import open_engine
from storage.seal import read_or_make_key
from tests.crash.world import START, lay_clinic, settings_in


class Cut(BaseException):
    """The machine goes off here."""


def test_a_key_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(name: str) -> None:
        raise Cut

    path = tmp_path / "master.key"
    monkeypatch.setattr(points, "hook", cut)
    with pytest.raises(Cut):
        read_or_make_key(path, make=True)
    assert not path.exists()
    monkeypatch.setattr(points, "hook", None)
    key = read_or_make_key(path, make=True)
    assert read_or_make_key(path, make=True) == key
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_that_ends_in_the_middle_of_a_page_is_not_opened(tmp_path: Path) -> None:
    """SQLite alone would take the missing end for zeros."""
    lay_clinic(tmp_path / "clinic")
    settings = settings_in(tmp_path / "clinic")
    open_store(settings, START).close()
    file = tmp_path / "clinic" / "between.db"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(NoDatabase, match="restore the last backup"):
        open_store(settings, START)


def test_a_first_set_up_that_was_cut_off_between_two_migrations_is_begun_again(tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    folder.mkdir()
    read_or_make_key(folder / "master.key", make=True)
    engine = open_engine(f"sqlite:///{folder / 'between.db'}")
    migrate.migrate(engine, "0001")
    engine.dispose()
    with pytest.raises(SetupNeeded):
        open_store(settings_in(folder), START)
    open_store(settings_in(folder), START, setup=True).close()
    engine = open_engine(f"sqlite:///{folder / 'between.db'}")
    assert migrate.version(engine) == migrate.newest()
    engine.dispose()
