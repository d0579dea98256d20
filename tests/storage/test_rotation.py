"""A new master key: killed at any row everything still opens with both, and at the end with the new one alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.commands.keys import rotate
from storage import backup, journal, keyfile, meta, people, restore, rotation
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey, SealBroken
from storage.store import Store, table
from storage.tables import DataKey
from tests.clinics import PATIENT
from tests.storage.made_up import AT, NEW, OLD, WORDS, lived_store, who


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    path = tmp_path / "between.db"
    lived_store(path)[0].close()
    return path


def reads_all(store: Store) -> None:
    with store.unit(AT) as u:
        for code, words in WORDS.items():
            assert [entry.words for entry in journal.entries(u, who(u, code))] == [f"I saw a {words}"]
        chat = people.chat_for(u, PATIENT)
        assert chat.person == who(u, "0001").id, "found by the same hash as before"
        assert restore.sample(u) > 6


@contextmanager
def opened(path: Path, master: MasterKey, *older: MasterKey) -> Iterator[Store]:
    """As `bot.opening` does: with the index key the database keeps, once it keeps one."""
    store = Store(open_engine(f"sqlite:///{path}"), Keyring(master, older, OLD.derive(b"between address index")))
    yield store
    store.close()


def keys_of(path: Path) -> list[str]:
    with opened(path, NEW, OLD) as store, store.unit(AT) as u:
        return [row.master for row in u.all(select(table(DataKey).c.master).order_by(table(DataKey).c.id))]


def test_killed_at_each_row_everything_opens_with_both_keys(lived: Path) -> None:
    """A process of its own wraps one key more than the one before it and is killed, until all are done."""
    count = len(keys_of(lived))
    assert count >= 6
    for row in range(count):
        pid = os.fork()
        if pid == 0:
            store = Store(open_engine(f"sqlite:///{lived}"), Keyring(NEW, (OLD,), OLD.derive(b"between address index")))
            with store.unit(AT) as u:
                rotation.begin(u)
            with store.unit(AT) as u:
                rotation.step(u, 1)
            with store.unit(AT) as u:  # half-way into the next row
                rotation.step(u, 1)
                os.kill(os.getpid(), signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
        assert keys_of(lived).count(NEW.id) == row + 1
        with opened(lived, NEW, OLD) as store:
            reads_all(store)
    with opened(lived, NEW, OLD) as store:
        assert rotate(store, NEW) == (0, [])
    with opened(lived, NEW) as store:
        reads_all(store)
    with opened(lived, OLD) as store, pytest.raises(SealBroken):
        reads_all(store)


def test_a_process_that_still_holds_the_old_key_makes_no_new_keys(lived: Path) -> None:
    """Else what it seals would be lost with the old key."""
    with opened(lived, OLD) as before, before.unit(AT) as u:
        assert u.new_key()
    with opened(lived, NEW, OLD) as store:
        rotate(store, NEW)
    with opened(lived, OLD) as before, before.unit(AT) as u, pytest.raises(SealBroken, match="rotated"):
        u.new_key()


def test_it_is_not_finished_while_a_key_needs_the_old_one(lived: Path) -> None:
    with opened(lived, NEW, OLD) as store, store.unit(AT) as u:
        meta.put(u, meta.KEY_CHECK, OLD.mark)
        rotation.begin(u)
        assert rotation.finish(u) is False
        assert rotation.finished(u) is False
        while rotation.step(u, 3):
            pass
        assert rotation.finish(u) is True
        assert rotation.finished(u) is True


def test_a_backup_of_before_comes_back_under_the_new_key(lived: Path, tmp_path: Path) -> None:
    with opened(lived, OLD) as store:
        made = backup.make(store, tmp_path / "b", tmp_path / "b", tmp_path, AT)
    with opened(lived, NEW, OLD) as store:
        rotate(store, NEW)
        with store.unit(AT) as u:
            assert keyfile.renew_all(u) == []
    engine = open_engine(f"sqlite:///{tmp_path / 'back.db'}")
    held = keyfile.read(made.keys, [NEW])
    restore.restore(engine, made.path, (NEW, OLD), held, AT + timedelta(hours=1))
    engine.dispose()
    with opened(tmp_path / "back.db", NEW) as store:
        reads_all(store)
        with store.unit(AT) as u:
            assert {row.master for row in u.all(select(table(DataKey).c.master))} == {NEW.id}
