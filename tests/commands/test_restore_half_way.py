"""A restore that stops half-way leaves nothing that is taken for a clinic, and is run again."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bot.clock import wall
from storage import keyfile, people, restore
from storage.engine import open_engine
from storage.seal import read_or_make_key
from storage.tables import Clinic
from tests.commands.between import Between


@pytest.fixture
def made(between: Between) -> Path:
    """A backup of a clinic with one patient."""
    with between.unit() as u:
        people.set_status(u, people.add_person(u, "patient", "Robin", "America/New_York", code="0001"), "active")
    return Path(between("backup").lines[0])


@pytest.fixture
def other(between: Between, made: Path) -> Between:
    """A machine with nothing but the master key."""
    there = replace(between, data=between.folder / "other")
    there.data.mkdir()
    shutil.copy(between.data / "master.key", there.data)
    return there


def test_killed_before_its_keys_are_in_it_says_so_and_is_run_again(other: Between, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = os.fork()
    if pid == 0:
        monkeypatch.setattr(restore, "_settle", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        other("restore", str(made))
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    assert not (other.data / "between.db").exists()
    for command in (("audit", "0001"), ("backup",), ("check", "--no-network"), ("setup", "--name", "Harbor", "--line", "555-0100")):
        other(*command).refuses("A restore stopped half-way", "Run `between restore` again")
    back = other("restore", str(made))
    assert (back.code, back.err) == (0, "")
    assert other("audit", "0001").code == 0
    left = {path.name for path in other.data.iterdir()}
    assert left == {"between.db", "between.lock", "master.key"}


def test_one_that_fails_leaves_nothing(other: Between, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def older(*_: object) -> None:
        raise keyfile.Older

    with monkeypatch.context() as broken:
        broken.setattr(restore, "_settle", older)
        other("restore", str(made)).refuses("The key file is older", "Nothing has been changed")
    assert {path.name for path in other.data.iterdir()} == {"between.lock", "master.key"}
    assert other("restore", str(made)).code == 0


def test_a_log_of_another_database_is_not_taken_into_the_restored_one(other: Between, made: Path) -> None:
    (other.data / "between.db-wal").write_bytes(b"of a database that is gone")
    other("restore", str(made)).refuses("between.db-wal", "move that away")


def test_a_server_s_database_that_was_left_half_way_is_never_opened(
    other: Between, between: Between, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    key = read_or_make_key(between.data / "master.key", make=False)
    engine = open_engine(f"sqlite:///{other.data / 'between.db'}")
    with monkeypatch.context() as broken:
        broken.setattr(restore, "_settle", stop)
        with pytest.raises(KeyboardInterrupt):
            restore.restore(engine, made, [key], keyfile.read(made.parent / keyfile.NAME, [key]), wall())
    engine.dispose()
    other("audit", "0001").refuses("A restore stopped half-way", "Make a new one", "BETWEEN_DATABASE_URL")
    other("check", "--no-network").refuses("A restore stopped half-way")


def test_a_value_that_does_not_open_is_one_sentence(between: Between, made: Path) -> None:
    with between.unit() as u:
        u.set(Clinic, 1, line=b"\x01" + bytes(40))
    ran = between("invite", "patient", "--name", "Kim")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("between: Something stored does not open with the keys at hand")
    assert "restore the last backup" in ran.err and ran.err.count("\n") == 1
