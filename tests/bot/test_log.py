"""Canaries: nothing a patient wrote, and no secret, gets into a log line, whoever logs it and at whatever level."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.config
import subprocess
import sys
import threading
import warnings
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import structlog
import telegram
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import create_engine, text
from telegram.request import BaseRequest, HTTPXRequest

from bot import log
from tests.conftest import Lines

WORDS = "canary-7 my sister Maria found the pills\nand I said nothing"
MARK = "canary-7"
TOKEN = "123456789:AAcanary7_abcdefghijklmnopqrstuvwxyz"
KEY = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2E="

ours = log.get("test.ours")


def nothing_of_them(shown: str) -> bool:
    return not any(secret in shown for secret in (MARK, "Maria", "pills", TOKEN, TOKEN.split(":")[1], KEY))


def fail(words: str) -> None:
    try:
        raise ValueError(words)
    except ValueError as fault:
        raise RuntimeError(f"while storing {words}") from fault


def test_a_line_carries_codes_numbers_and_times(logs: Lines) -> None:
    ours.info("intake.stored", count=3, late=False, share=0.5, kind="check_in", due=datetime(2026, 11, 21, 9, tzinfo=UTC), level="high")
    (line,) = logs()
    assert line["event"] == "intake.stored"
    assert (line["logger"], line["severity"], line["level"]) == ("test.ours", "info", "high")
    assert (line["count"], line["late"], line["share"], line["kind"]) == (3, False, 0.5, "check_in")
    assert line["due"] == "2026-11-21T09:00:00+00:00"


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_our_own_code_cannot_log_words(logs: Lines, level: str) -> None:
    say = getattr(ours, level)
    say(WORDS)
    say("turn.taken", said=WORDS, many=[WORDS], inside={"deep": WORDS}, blob=WORDS.encode(), name="Maria", long="a" * 65)
    say("turn.taken for %s", WORDS)
    say("turn.taken", **{WORDS: 1})
    ours.bind(who=WORDS).log(logging.INFO, "turn.taken", at=object())
    assert nothing_of_them(logs.text)
    said = logs()[1]
    assert {said[key] for key in ("said", "many", "inside", "blob", "name", "long")} == {log.DROPPED}


def test_registered_secrets_and_anything_like_a_token_are_blotted_out(logs: Lines) -> None:
    log.configure("debug", [KEY, "", "ab"], logs.stream)
    ours.info("a", key=KEY[:64], bot=TOKEN, url=f"/bot{TOKEN}/getMe", short="ab")
    assert nothing_of_them(logs.text)
    assert logs()[0]["short"] == "ab"
    assert nothing_of_them(log.redact(f"https://host/bot{TOKEN}/getMe {TOKEN.replace(':', '%3A')} {KEY}"))


def test_an_exception_is_its_type_and_its_frames(logs: Lines) -> None:
    try:
        fail(WORDS)
    except RuntimeError:
        ours.exception("turn.failed", turn=7)
    (line,) = logs()
    assert (line["error"], line["causes"], line["turn"]) == ("RuntimeError", ["ValueError"], 7)
    assert line["frames"][-1].startswith("bot/test_log.py:")
    assert line["frames"][-1].endswith(":fail")
    assert nothing_of_them(logs.text)


@pytest.mark.parametrize("name", ["httpx", "httpcore", "telegram.Bot", "telegram.ext", "sqlalchemy.engine", "apscheduler", "any.other"])
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL, 33])
def test_a_library_is_reduced_to_who_where_and_which_error(logs: Lines, name: str, level: int) -> None:
    library = logging.getLogger(name)
    library.setLevel(logging.DEBUG)
    try:
        fail(WORDS)
    except RuntimeError:
        library.log(level, "said %s with %s", WORDS, TOKEN, exc_info=True, stack_info=True, extra={"patient": WORDS})
    library.log(level, f"{WORDS} %d", "not a number")
    library.setLevel(logging.NOTSET)
    told, spoilt = logs()
    assert (told["event"], told["logger"], told["error"]) == ("library", name, "RuntimeError")
    assert told["where"].startswith("test_log:test_a_library")
    assert "error" not in spoilt
    assert nothing_of_them(logs.text)


def test_a_handler_a_library_brings_itself_has_nothing_to_print(logs: Lines, capfd: pytest.CaptureFixture[str]) -> None:
    own = logging.StreamHandler(sys.stderr)
    own.setFormatter(logging.Formatter("%(message)s %(args)s %(exc_text)s"))
    access = logging.getLogger("uvicorn.access")
    access.addHandler(own)
    access.warning('127.0.0.1 - "POST /bot%s/sendMessage?text=%s"', TOKEN, WORDS)
    access.removeHandler(own)
    shown = capfd.readouterr()
    assert "(not kept)" in shown.err
    assert nothing_of_them(shown.out + shown.err + logs.text)


def test_handlers_that_were_there_before_are_gone(logs: Lines, capfd: pytest.CaptureFixture[str]) -> None:
    handlers = {"all": {"class": "logging.StreamHandler"}}
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "handlers": handlers, "root": {"handlers": ["all"]}})
    log.configure("info", [], logs.stream)
    logging.getLogger("anything").error(WORDS)
    logging.getLogger("anything").info(WORDS)
    assert len(logs()) == 1
    assert capfd.readouterr().err == ""


async def test_httpx_and_python_telegram_bot_at_debug_level(logs: Lines) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("getUpdates"):
            good = {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": WORDS}}
            return httpx.Response(200, json={"ok": True, "result": [good, {"update_id": 2, "message": {"text": WORDS}}]})
        return httpx.Response(400, json={"ok": False, "error_code": 400, "description": f"Bad Request: {WORDS}"})

    request = HTTPXRequest(httpx_kwargs={"transport": httpx.MockTransport(answer)})
    waiting: BaseRequest = HTTPXRequest(httpx_kwargs={"transport": httpx.MockTransport(answer)})
    bot = telegram.Bot(TOKEN, request=request, get_updates_request=waiting)
    with pytest.raises(KeyError):
        await bot.get_updates()
    try:
        await bot.send_message(1, WORDS)
    except telegram.error.BadRequest:
        ours.exception("send.refused")
    await request.shutdown()
    await waiting.shutdown()
    assert {"httpx", "telegram.Bot", "test.ours"} <= {line["logger"] for line in logs()}
    assert any(line["severity"] == "critical" for line in logs() if line["logger"] == "telegram.Bot"), "the poison update was not logged"
    assert nothing_of_them(logs.text)


def test_sqlalchemy_that_echoes_and_fails(logs: Lines, capfd: pytest.CaptureFixture[str]) -> None:
    engine = create_engine("sqlite://", echo="debug")
    with engine.begin() as connection:
        connection.execute(text("create table note (words text not null unique)"))
        connection.execute(text("insert into note values (:words)"), {"words": WORDS})
        connection.execute(text("select * from note")).all()
    try:
        with engine.begin() as connection:
            connection.execute(text("insert into note values (:words)"), {"words": WORDS})
    except Exception:
        ours.exception("store.failed")
    engine.dispose()
    shown = capfd.readouterr()
    assert any(line["logger"].startswith("sqlalchemy") for line in logs())
    assert logs.named("store.failed")[0]["error"] == "sqlalchemy.exc.IntegrityError"
    assert nothing_of_them(shown.out + shown.err + logs.text)


def test_a_scheduled_job_that_raises(logs: Lines) -> None:
    done = threading.Event()
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_listener(lambda _event: done.set())
    scheduler.add_job(fail, args=[WORDS], name=WORDS)
    scheduler.start()
    assert done.wait(5)
    scheduler.shutdown()
    assert any(line.get("error") == "RuntimeError" for line in logs() if line["logger"].startswith("apscheduler"))
    assert nothing_of_them(logs.text)


def test_a_warning_is_its_kind_and_place(logs: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = log._on_warning
        warnings.warn(WORDS, UserWarning, stacklevel=1)
    (line,) = logs()
    assert line["kind"] == "UserWarning"
    assert line["where"].startswith("bot/test_log.py:")
    assert nothing_of_them(logs.text)


async def test_a_task_nobody_awaits(logs: Lines) -> None:
    async def forgotten() -> None:
        fail(WORDS)

    loop = asyncio.get_running_loop()
    log.watch(loop)
    task = asyncio.create_task(forgotten(), name=WORDS)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    loop.set_exception_handler(None)
    log.watch(loop)
    loop.call_exception_handler({"message": WORDS, "exception": RuntimeError(WORDS)})
    assert {line["error"] for line in logs.named("loop.fault")} == {"RuntimeError"}
    assert nothing_of_them(logs.text)


CRASHES = {
    "main": "raise RuntimeError(WORDS)",
    "thread": "import threading; t = threading.Thread(target=lambda: fail(WORDS), name=WORDS); t.start(); t.join()",
    "unraisable": "class A:\n    def __del__(self): raise RuntimeError(WORDS)\nA()",
    "asyncio": "import asyncio\nasync def f(): fail(WORDS)\nasync def g():\n    t = asyncio.create_task(f())\n"
    "    await asyncio.sleep(0.01)\nasyncio.run(g(), debug=True)",
    "warning": "import warnings; warnings.warn(WORDS)",
    "logging": "import logging; logging.getLogger('x').error('%d', WORDS); logging.error(WORDS)",
    "before configure": "raise SystemExit(log.get('x').error('crash', said=WORDS))",
}


@pytest.mark.parametrize("where", CRASHES)
def test_a_whole_process_that_crashes_shows_nothing_of_it(where: str) -> None:
    program = f"""
from bot import log
WORDS = {WORDS!r} + {TOKEN!r}
def fail(words): raise RuntimeError(words)
if {where != "before configure"}: log.configure("debug", [])
{CRASHES[where]}
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert ran.stdout == ""
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert lines
    assert nothing_of_them(ran.stderr)
    assert ran.returncode == (1 if where == "main" else 0)
    if where in ("main", "thread", "unraisable", "asyncio"):
        assert "RuntimeError" in {line.get("error") for line in lines}


def test_a_broken_stream_stops_nobody(logs: Lines) -> None:
    logs.stream.close()
    ours.error("disk.full")
    logging.getLogger("any").error("more")


def test_lines_below_the_level_are_not_made(logs: Lines) -> None:
    log.configure("warning", [], logs.stream)
    ours.info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in logs()] == ["loud"]
