"""What every test may use: tools that may be missing from this machine, and the log as a test can read it."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from bot import log
from tests.databases import database, on_postgresql, postgresql

__all__ = ["database", "on_postgresql", "postgresql"]

# A busy machine makes examples slowly; that says nothing about the code.
hypothesis_settings.register_profile("between", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("between")

OUTSIDE = Path(__file__).parent / "outside"
NEEDS = "needs a missing tool: "
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(autouse=True)
def settings_of_no_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may run on the settings, or write into the data folder, of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("BETWEEN_") and not name.startswith("BETWEEN_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BETWEEN_DATA_DIR", str(tmp_path / "between-data"))


def need(found: str | None, what: str, how: str) -> str:
    """The tool, or the one skip this project allows. With `CI` set nothing may be missing, so there the test fails."""
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"CI is set and {what} cannot run: {how}", pytrace=False)
    pytest.skip(f"{NEEDS}{what} ({how})")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """A browser of this machine for playwright's `executable_path`; start it with `--no-sandbox`."""
    return need(next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None), "browser tests", "install chromium")


@pytest.fixture(scope="session")
def node_path() -> str:
    return need(shutil.which("node"), "tests against the Bot API server of others", "install Node.js with npm")


@pytest.fixture(scope="session")
def telegram_test_api(node_path: str) -> Path:
    """The folder of the npm package telegram-test-api, which `make test` installs where npm is there."""
    package = OUTSIDE / "node_modules" / "telegram-test-api"
    found = str(package) if (package / "package.json").is_file() else None
    return Path(need(found, "tests against the Bot API server of others", "run npm ci in tests/outside"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """End by naming what this machine could not show, so that a green run never hides it."""
    reasons = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    needs = [reason.split(NEEDS, 1)[1] for reason in reasons if NEEDS in reason]
    for each in sorted(set(needs)):
        terminalreporter.write_line(f"Not run here: {needs.count(each)} {each}", yellow=True)


class Lines:
    """What has been logged so far, as text and line by line."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def __call__(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def named(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self() if line["event"] == event]


@pytest.fixture
def logs() -> Iterator[Lines]:
    """Log everything at debug level into the test, under the real set-up; all of it is put back afterwards."""
    with logging_put_back():
        stream = io.StringIO()
        log.configure("debug", [], stream)
        yield Lines(stream)


@contextmanager
def logging_put_back() -> Iterator[None]:
    """`log.configure` takes over the whole process; a test that calls it runs inside this."""
    root, factory = logging.root, logging.getLogRecordFactory()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning)
    structlog_before = structlog.get_config()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.setLogRecordFactory(factory)
        logging.raiseExceptions = True
        sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = hooks
        structlog.configure(**structlog_before)
        log.output.stream, log.output.secrets = None, ()
