"""Power cuts: a database with its log cut or garbled at any byte opens again as it was after an exact number of commits.

SQLite's two ways to keep a commit are cut as a disk can leave them (https://sqlite.org/atomiccommit.html):

- WAL: the log ends at any byte, or is garbage from any byte on, or has one byte wrong; or a checkpoint was half written while
  the log is whole. What counts is the prefix of whole commits.
- Rollback journal: pages that were written early are new, old or torn while the journal is whole; or the journal is cut
  anywhere while the file is still the old one. Either way the open transaction never was.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import Connection

from bot.errors import BetweenError
from bot.opening import open_store
from bot.phones import Phones
from storage import engine, points
from storage.engine import sqlite
from storage.store import Store
from tests.clinics import OTHER, PATIENT, STAFF
from tests.crash.world import START, Lost, lay_clinic, settings_in

NAME = "between.db"
PAGE = 4096
STARTS_EVERY = 25
"""After each so many cuts a bot is started on what is left and spoken to."""


@dataclass(frozen=True)
class Commit:
    """One acknowledged commit: how long the log was when it returned, and what the database then held."""

    log: int
    holds: str


@dataclass(frozen=True)
class Taken:
    """A day in commits: the file before it, the log after it, and the file with the log written into it."""

    file: bytes
    log: bytes
    settled: bytes
    commits: list[Commit]


@dataclass(frozen=True)
class Middle:
    """A transaction in the rollback journal's mode, seen just before its commit."""

    old: bytes
    new: bytes
    journal: bytes
    holds: str


def holds(connection: sqlite.Connection) -> str:
    """A fingerprint of every row of every table."""
    digest = hashlib.sha256()
    names = connection.execute("select name from sqlite_master where type = 'table' order by name").fetchall()
    for (name,) in names:
        for row in connection.execute(f'select * from "{name}" order by 1').fetchall():  # noqa: S608 - our own tables
            digest.update(repr((name, tuple(row))).encode())
    return digest.hexdigest()


def _talk(phones: Phones) -> None:
    """Some of a day: a check-in, an alert that is taken, a journal entry."""
    for address in (PATIENT, OTHER, STAFF):
        phones.phone(address)
    phones.type(PATIENT, "/checkin")
    for label in ("6", "2", "4", "Done", "Skip", "No"):
        phones.tap(PATIENT, label)
    phones.type(OTHER, "I had a long day")
    phones.tap(OTHER, "Keep it, private")
    phones.type(PATIENT, "I want to kill myself")
    phones.wait(timedelta(minutes=2))
    phones.tap(STAFF, "I'll take it")


@contextmanager
def _clinic(folder: Path, mode: str) -> Iterator[Store]:
    lay_clinic(folder)
    with patch.object(engine, "journal_mode", lambda version: mode):
        store = open_store(settings_in(folder), START)
        try:
            yield store
        finally:
            points.hook = None
            store.close()


def take_wal(folder: Path) -> Taken:
    """Play the day in WAL mode, with no checkpoint on the way."""
    with _clinic(folder, "WAL") as store, closing(sqlite.connect(folder / NAME)) as outside:
        outside.execute("pragma wal_checkpoint(TRUNCATE)").fetchall()
        with store.engine.connect() as connection:
            _pragma(connection, "wal_autocheckpoint=0")
        file, log = folder / NAME, folder / f"{NAME}-wal"
        before, commits = file.read_bytes(), [Commit(0, holds(outside))]

        def noted(point: str) -> None:
            if point.endswith(".after") and log.stat().st_size > commits[-1].log:
                commits.append(Commit(log.stat().st_size, holds(outside)))

        points.hook = noted
        _talk(Phones(lambda: store, START))
        points.hook = None
        if file.read_bytes() != before:
            raise Lost("the log was written into the file on the way, so these cuts would show nothing")
        whole = log.read_bytes()
        outside.execute("pragma wal_checkpoint(TRUNCATE)").fetchall()
        return Taken(before, whole, file.read_bytes(), commits)


def take_journal(folder: Path) -> list[Middle]:
    """Play the day with the rollback journal and a cache so small that pages are written before the commit."""
    found: list[Middle] = []
    with _clinic(folder, "TRUNCATE") as store:
        with store.engine.connect() as connection:
            _pragma(connection, "cache_size=4")
        file, journal = folder / NAME, folder / f"{NAME}-journal"
        last = file.read_bytes()
        held = _read(file)

        def noted(point: str) -> None:
            nonlocal last, held
            if point.endswith(".before") and journal.stat().st_size:
                found.append(Middle(last, file.read_bytes(), journal.read_bytes(), held))
            if point.endswith(".after"):
                last = file.read_bytes()
                held = _read(file)

        points.hook = noted
        _talk(Phones(lambda: store, START))
    return found


def _pragma(connection: Connection, words: str) -> None:
    connection.exec_driver_sql(f"PRAGMA {words}")


def _read(file: Path) -> str:
    with closing(sqlite.connect(file)) as connection:
        return holds(connection)


class Bench:
    """The folder cuts are laid out in and opened, with the right key beside them."""

    def __init__(self, folder: Path, key: Path) -> None:
        folder.mkdir(parents=True)
        shutil.copy2(key, folder / "master.key")
        self.settings = settings_in(folder)
        self.file = folder / NAME
        self.opened = self.started = 0

    def lay(self, file: bytes, log: bytes = b"", suffix: str = "-wal") -> None:
        for left in self.file.parent.glob(f"{NAME}*"):
            left.unlink()
        self.file.write_bytes(file)
        if log:
            self.file.with_name(NAME + suffix).write_bytes(log)

    def expect(self, wanted: str, what: str) -> None:
        """It opens whole and holds exactly that; now and then a bot is started on it. Raises `Lost`."""
        with closing(sqlite.connect(self.file)) as connection:
            if connection.execute("pragma integrity_check").fetchall() != [("ok",)]:
                raise Lost(f"{what}: the file is damaged")
            if holds(connection) != wanted:
                raise Lost(f"{what}: it does not hold the commits up to there, and those alone")
        self.opened += 1
        if self.opened % STARTS_EVERY == 0:
            self._speak(what)

    def _speak(self, what: str) -> None:
        store = open_store(self.settings, START)
        try:
            phones = Phones(lambda: store, START + timedelta(days=1))
            phones._message = 10_000  # these phones are new, the ids of what was sent before are not
            phones.type(PATIENT, "/help")
            if not any("988" in shown.text for shown in phones.phone(PATIENT).messages):
                raise Lost(f"{what}: the bot does not answer")
        finally:
            store.close()
        self.started += 1


def cut_wal(bench: Bench, taken: Taken, cuts: int, chance: random.Random) -> None:
    for _ in range(cuts):
        at = chance.randrange(len(taken.log) + 1)
        until = [commit for commit in taken.commits if commit.log <= at][-1].holds
        match chance.randrange(4):
            case 0:
                bench.lay(taken.file, taken.log[:at])
            case 1:
                bench.lay(taken.file, taken.log[:at] + chance.randbytes(len(taken.log) - at))
            case 2 if at < len(taken.log):
                bench.lay(taken.file, taken.log[:at] + bytes([taken.log[at] ^ chance.randrange(1, 256)]) + taken.log[at + 1 :])
            case _:
                bench.lay(torn(taken.file, taken.settled, chance), taken.log)
                until = taken.commits[-1].holds
        bench.expect(until, f"the log cut at byte {at} of {len(taken.log)}")


def cut_journal(bench: Bench, middles: list[Middle], cuts: int, chance: random.Random) -> None:
    for _ in range(cuts):
        middle = chance.choice(middles)
        at = chance.randrange(len(middle.journal) + 1)
        if chance.random() < 0.5:
            bench.lay(torn(middle.old, middle.new, chance), middle.journal, "-journal")
        else:
            rest = chance.randbytes(len(middle.journal) - at) if chance.random() < 0.5 else b""
            bench.lay(middle.old, middle.journal[:at] + rest, "-journal")
        bench.expect(middle.holds, f"the journal cut at byte {at} of {len(middle.journal)}")


def torn(old: bytes, new: bytes, chance: random.Random) -> bytes:
    """Each page old, new, or new up to some byte."""
    made = bytearray()
    for at in range(0, max(len(old), len(new)), PAGE):
        before, after = old[at : at + PAGE], new[at : at + PAGE]
        if not after or not before:
            made += before or after
            continue
        upto = chance.choice((0, PAGE, chance.randrange(PAGE)))
        made += after[:upto] + before[upto:]
    return bytes(made)


def cut_file(bench: Bench, whole: bytes, cuts: int, chance: random.Random) -> None:
    """The database file itself cut short: one clear sentence, never a bot on half of the rows."""
    for _ in range(cuts):
        at = chance.randrange(1, len(whole))
        at -= at % PAGE if chance.random() < 0.5 and at > PAGE else 0
        bench.lay(whole[:at])
        try:
            open_store(bench.settings, START).close()
        except BetweenError:
            bench.opened += 1
        else:
            raise Lost(f"a database cut at byte {at} of {len(whole)} was opened as if it were whole")
