"""`between run`: what stops it before it begins, each with a sentence; and one whole life of it as a process."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from demo.local import LocalTelegram
from demo.server import running
from storage import migrate
from tests.commands.between import SCRIPT, TOKEN, WITHIN, Between

FULL = {"BETWEEN_BOT_TOKEN": TOKEN}
OTHER_KEY = base64.b64encode(b"another key, made up, of 32 byte").decode()
READERS = (
    ("run",), ("check",), ("export", "--out", "pages"), ("session", "list"), ("invite", "patient", "--name", "Robin"),
    ("setup", "--line", "555-0199"),
)  # fmt: skip


def test_an_empty_machine_is_told_to_set_up(empty: Between) -> None:
    empty.process("run", env=FULL).refuses(
        f"There is no clinic in {empty.data} (there is no such folder). Run `between setup` first.", "set BETWEEN_DATA_DIR to where it is."
    )
    assert not empty.data.exists()


def test_a_database_without_a_clinic_is_told_so_too(empty: Between) -> None:
    empty.data.mkdir()
    (empty.data / "between.db").touch()
    empty("run", env=FULL).refuses(f"There is no clinic in {empty.data}. Run `between setup` first.")
    elsewhere = {"BETWEEN_DATABASE_URL": f"sqlite:///{empty.folder}/other.db"}
    empty("run", env=FULL | elsewhere).refuses(f"There is no clinic in {empty.folder}.", "set BETWEEN_DATABASE_URL to")


def test_without_a_token_it_says_where_one_comes_from(between: Between) -> None:
    between("run").refuses("There is no bot token.", "@BotFather", "BETWEEN_BOT_TOKEN", "`between demo`")


def test_the_key_is_lost_and_nothing_is_changed(between: Between) -> None:
    key = between.data / "master.key"
    kept = key.read_bytes()
    key.unlink()
    before = between.left()
    for args in READERS:
        ran = between.process(*args, env=FULL) if args == ("run",) else between(*args, env=FULL)
        ran.refuses("sealed with a key that is not here", str(key), "Put the key back from your backup")
        assert between.left() == before
    key.write_bytes(kept)
    key.chmod(0o600)
    assert between("session", "list").code == 0


@pytest.mark.parametrize(
    ("written", "says"),
    [(OTHER_KEY, "is another one"), ("not a key", "holds no key"), ("", "holds no key")],
)
def test_a_key_file_that_does_not_fit(between: Between, written: str, says: str) -> None:
    (between.data / "master.key").write_text(written)
    before = between.left()
    for args in READERS:
        between(*args, env=FULL).refuses("sealed with a key that is not here", says)
    assert between.left() == before


def test_a_key_in_the_settings_that_does_not_fit(between: Between) -> None:
    ran = between("run", env=FULL | {"BETWEEN_MASTER_KEY": OTHER_KEY})
    ran.refuses("BETWEEN_MASTER_KEY is another one")
    assert OTHER_KEY not in ran.err


def test_a_key_others_can_read_is_not_used(between: Between) -> None:
    key = between.data / "master.key"
    key.chmod(0o640)
    between("run", env=FULL).refuses(f"Run `chmod 600 {key}`.")


@pytest.mark.parametrize("args", [*READERS, ("migrate",)])
def test_a_database_of_a_newer_version_is_left_alone(between: Between, args: tuple[str, ...]) -> None:
    with sqlite3.connect(between.data / "between.db") as connection:
        connection.execute("update alembic_version set version_num = '2040_flying_cars'")
    connection.close()
    before = between.left()
    between(*args, env=FULL).refuses("written by a newer Between (schema 2040_flying_cars;", "Install that version or newer")
    assert between.left()["between.db"] == before["between.db"]


def test_a_database_of_an_older_version_is_left_to_migrate(between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    here = migrate.newest()
    monkeypatch.setattr(migrate, "newest", lambda: "2027_next")
    monkeypatch.setattr(migrate, "known", lambda: {here, "2027_next"})
    before = between.left()
    for args in READERS:
        between(*args, env=FULL).refuses(f"older than this Between (schema {here}, needed 2027_next)", "backup", "`between migrate`")
    assert between.left() == before


def test_a_file_that_is_no_database(between: Between) -> None:
    (between.data / "between.db").write_text("a shopping list\n" * 500)
    ran = between("run", env=FULL)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert ran.err.startswith("between: The database cannot be used (DatabaseError). Check BETWEEN_DATA_DIR")


def test_a_folder_that_cannot_be_one(between: Between) -> None:
    inside_a_file = {"BETWEEN_DATA_DIR": str(between.data / "master.key" / "x")}
    ran = between("setup", "--name", "x", "--zone", "UTC", "--line", "555-0199", "--admin", "y", env=inside_a_file)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "The database cannot be used" in ran.err


def test_a_server_that_is_not_there(between: Between) -> None:
    ran = between("run", env=FULL | {"BETWEEN_DATABASE_URL": "postgresql://between:secretpass@127.0.0.1:9/between"})
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "The database cannot be used (OperationalError)" in ran.err
    assert "secretpass" not in ran.err


def test_a_second_one_on_the_same_folder_is_refused(between: Between) -> None:
    handle = os.open(between.data / "between.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        between("run", env=FULL).refuses("Between is already running on this data folder.")
    finally:
        os.close(handle)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@asynccontextmanager
async def started(between: Between, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """`between run` against a server on this machine; killed if the test did not end it."""
    env = between.environment | FULL | {"BETWEEN_BOT_API_URL": f"http://127.0.0.1:{port}"}
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(SCRIPT, "run", cwd=between.folder, env=env, **pipes)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), WITHIN)).decode().strip()


async def test_one_life_from_before_the_network_is_up_until_it_is_told_to_stop(between: Between) -> None:
    here = LocalTelegram(token=TOKEN)
    stranger = here.phone(7001, "Kim")
    port = _free_port()
    async with started(between, port) as process:
        assert await line_of(process) == f"http://127.0.0.1:{port} cannot be reached. Trying again every 5 seconds; stop with Ctrl-C."
        async with running(here, port=port):
            assert await line_of(process) == "Between is running as @between_demo_bot. Stop with Ctrl-C."
            stranger.send_text("hello?")
            await here.until(lambda: stranger.texts, WITHIN)
            ran = await asyncio.to_thread(between.process, "run", env=FULL)
            ran.refuses("Between is already running on this data folder.")
            ran = await asyncio.to_thread(between.process, "invite", "patient", "--name", "Robin")
            assert ran.lines[1].startswith("https://t.me/between_demo_bot?start=")
            stranger.open_link(ran.lines[1])
            await here.until(lambda: len(stranger.texts) > 1, WITHIN)
            process.send_signal(signal.SIGTERM)
            out, err = await asyncio.wait_for(process.communicate(), WITHIN)
    assert process.returncode == 0
    assert out.decode().splitlines() == ["Stopping: what has begun is finished. Once more ends it at once."]
    assert TOKEN.encode() not in err
    assert b"Traceback" not in err


async def test_it_can_be_stopped_while_it_waits_for_the_network(between: Between) -> None:
    async with started(between, _free_port()) as process:
        assert "cannot be reached" in await line_of(process)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), WITHIN) == 0


async def test_a_token_telegram_does_not_know(between: Between) -> None:
    here = LocalTelegram(token="123456789:AAanother_abcdefghijklmnopqrstuvwx")
    port = _free_port()
    async with running(here, port=port), started(between, port) as process:
        out, err = await asyncio.wait_for(process.communicate(), WITHIN)
    assert (process.returncode, out) == (2, b"")
    assert err.decode() == "between: Telegram does not know this bot token. Copy it again from @BotFather into BETWEEN_BOT_TOKEN.\n"
