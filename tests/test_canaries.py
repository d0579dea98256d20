"""After a bad day with everything logged at debug level: no name, word, number or secret is in a log line, an error or a warning,
nor readable in any file of the database; and an export puts shared words into its pages and nowhere else."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import logging
import os
import shutil
import sqlite3
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot import log
from bot.phones import instant
from clinic import export
from demo.local import TOKEN
from storage import journal, people, series
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring
from storage.store import Store, Unit, table
from storage.tables import Chat, Inbox, Person
from tests.bad_day import PATIENT, PHONE, SPOKEN, STAFF, STRANGER, UNSPOKEN, bad_day
from tests.bots import MASTER
from tests.conftest import logging_put_back
from tests.leaks import forms, forms_of_number, found, found_in

IDS = (PATIENT, STAFF, STRANGER)
SECRETS = (TOKEN, TOKEN.split(":")[1], base64.b64encode(MASTER.secret).decode(), MASTER.secret)
LOGGERS = ("bot.app", "bot.worker", "bot.emergency", "httpx", "httpcore", "telegram", "sqlalchemy.engine", "apscheduler", "uvicorn")
SIGNS = ("turn.failed", "intake.database", "intake.connection", "loop.fault", "UserWarning", "IntegrityError", "ValueError", "KeyError")
ON_PAGES = ("Qanaryshared", "Qanaryname", "Qanarycall", "Qanarystaff", "Qanarydanger")
"""What the weekly page may say: a shared entry, who it is about, who answered, and the words behind an alert if that was allowed."""
ERASED = {"Qanarystranger", "Qanaryguess", "Qanarygroup"}
EVERYDAY = ("Robin", "Dana Reyes", "Harbor Program", "555-0100", "555-0111", PHONE, PHONE.replace("-", ""))
CANARIES = (*SPOKEN, *UNSPOKEN, *EVERYDAY, *IDS, *SECRETS, "qanary")
NEXT_MONDAY = instant("2026-11-23T12:00-05:00")


@dataclass(frozen=True)
class Aftermath:
    """What is left of the day: log lines, all else that was printed, what was wrong while the bot ran, and the folder."""

    logs: str
    printed: str
    running: dict[str, list[tuple[str | int | bytes, str]]]
    files: list[str]
    texts: list[str]
    folder: Path


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("bad_day")
    lines, printed = io.StringIO(), io.StringIO()
    with (
        logging_put_back(), warnings.catch_warnings(), contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed)
    ):  # fmt: skip
        warnings.simplefilter("always")
        log.configure("debug", [], lines)
        own = logging.StreamHandler(printed)
        own.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s %(exc_text)s"))
        logging.root.addHandler(own)
        running, files, texts = asyncio.run(_live(folder))
    return Aftermath(lines.getvalue(), printed.getvalue(), running, files, texts, folder)


async def _live(folder: Path) -> tuple[dict[str, list[tuple[str | int | bytes, str]]], list[str], list[str]]:
    async with bad_day(folder) as day:
        return found_in(folder, CANARIES), sorted(os.listdir(folder)), [*day.patient.texts, *day.staff.texts]


def _store(folder: Path) -> Store:
    return Store(open_engine(f"sqlite:///{folder / 'bot.db'}"), Keyring(MASTER))


def test_the_day_was_as_bad_as_it_was_meant_to_be(aftermath: Aftermath) -> None:
    """Else the rest would show nothing: all were heard, every library spoke, every fault struck."""
    lines = aftermath.logs
    for logger in LOGGERS:
        assert f'"logger": "{logger}' in lines, logger
        assert logger.startswith("bot.") or logger in aftermath.printed, logger
    for sign in SIGNS:
        assert sign in lines, sign
    for said in ("tap to take it", "Qanarystaff saw this at", "may be a repeat", "Something went wrong", "Qanarysession: tomorrow"):
        assert any(said in text for text in aftermath.texts), said


def test_all_of_it_is_there_for_whoever_has_the_key(aftermath: Aftermath) -> None:
    store = _store(aftermath.folder)
    with store.unit(NEXT_MONDAY) as u:
        kept = _everything(u)
    store.close()
    missing = {word for word in (*SPOKEN, PHONE) if word not in kept}
    assert missing == ERASED, "and what strangers wrote was erased at once"


def _everything(u: Unit) -> str:
    inbox, chat = table(Inbox).c, table(Chat).c
    raws = select(inbox.id, inbox.raw, chat.key_id).join(table(Chat), chat.id == inbox.chat_id).where(inbox.raw.is_not(None))
    told = [u.open(row.key_id, "inbox.raw", row.id, row.raw) for row in u.all(raws)]
    everybody = people.people(u, "patient") + people.people(u, "staff")
    entries = [entry.words for who in everybody for entry in journal.entries(u, who, 50, 0)]
    return "\n".join([*told, *entries, *(repr(who) for who in everybody), *(row.title for row in series.all_series(u))])


def test_no_log_line_holds_any_of_it(aftermath: Aftermath) -> None:
    assert found(aftermath.logs.encode(), CANARIES) == []


def test_nothing_else_that_was_printed_does(aftermath: Aftermath) -> None:
    assert found(aftermath.printed.encode(), CANARIES) == []


def test_no_file_of_the_database_does_while_the_bot_runs(aftermath: Aftermath) -> None:
    assert aftermath.running == {}
    assert "bot.db" in aftermath.files
    with sqlite3.connect(aftermath.folder / "bot.db") as connection:
        (mode,) = connection.execute("pragma journal_mode").fetchone()
    connection.close()
    assert mode != "wal" or {"bot.db-wal", "bot.db-shm"} <= set(aftermath.files)


def test_nor_after_it_was_stopped(aftermath: Aftermath) -> None:
    assert found_in(aftermath.folder, CANARIES) == {}


def test_shared_words_are_in_the_pages_of_an_export_and_nowhere_else(aftermath: Aftermath, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(aftermath.folder, data)
    store = _store(data)
    with store.unit(NEXT_MONDAY) as u:
        written = export.export(u, tmp_path / "pages", None, None, ("html", "csv"), NEXT_MONDAY)
    store.close()
    private = [word for word in SPOKEN if word not in ON_PAGES]
    pages = b"".join(path.read_bytes() for path in written.paths)
    assert found(pages, private) == []
    assert found(pages, ("Qanaryshared",)) != []
    assert found(pages, (*SECRETS, *IDS, PHONE)) == []
    assert found_in(data, CANARIES) == {}
    assert {path: oct(path.stat().st_mode & 0o777) for path in written.paths} == dict.fromkeys(written.paths, "0o600")
    assert {oct(path.parent.stat().st_mode & 0o777) for path in written.paths} == {"0o700"}


def test_the_database_is_its_owners_alone(aftermath: Aftermath) -> None:
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in aftermath.folder.iterdir()}
    assert set(modes.values()) == {"0o600"}, modes


def test_what_a_database_says_of_a_row_holds_none_of_its_values(tmp_path: Path) -> None:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'one.db'}"), Keyring(MASTER))
    migrate(store.engine)
    word = "yranaQ"[::-1]  # not as it stands in this file, which a traceback quotes
    with store.unit(NEXT_MONDAY) as u, pytest.raises(IntegrityError) as caught:
        _add_twice(u, word)
    store.close()
    told = "".join(traceback.format_exception(caught.value)) + str(caught.value) + repr(caught.value)
    assert "UNIQUE" in told
    assert found(told.encode(), (word,)) == []


def _add_twice(u: Unit, word: str) -> None:
    for _ in range(2):
        u.add(Person, key_id=u.new_key(), code=word, role=word, status=word, zone=word, name=word.encode(), profile=b"", created_at=u.now)


@pytest.mark.parametrize("word", ["Qanaryé", "555-730-1946", TOKEN])
@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_the_net_would_catch_it_in_every_form(word: str, before: bytes) -> None:
    ways = dict(forms(word))
    assert len(ways) == 12
    for name, shape in ways.items():
        assert found(before + shape + os.urandom(8), (word,)), name
    for whole in (base64.b64encode(before + word.encode() + b"yz"), base64.urlsafe_b64encode(before + word.encode())):
        assert found(whole, (word,))
    assert found(word.upper().encode("utf-16-le") if word.isascii() else word.encode(), (word,))
    assert found(os.urandom(100_000), (word,)) == []


def test_the_net_would_catch_a_number_and_a_value_left_in_clear(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "clear.db") as connection:
        connection.execute("create table chat (address integer, words text)")
        connection.execute("insert into chat values (?, ?)", (PATIENT, "Qanaryname"))
    connection.close()
    assert {way for word, way in found_in(tmp_path, (PATIENT, "Qanaryname"))["clear.db"]} >= {"integer", "utf-8"}
    assert [name for name, _ in forms_of_number(PATIENT)] == ["digits", "integer"]
    (tmp_path / "clear.db").unlink()
    (tmp_path / "Qanaryname.html").touch()
    assert list(found_in(tmp_path, ("Qanaryname",))) == ["Qanaryname.html"]
