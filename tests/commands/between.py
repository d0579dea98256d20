"""Running `between`: as a real process, or in this one where a process of its own would show nothing more."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from bot import cli
from bot.clock import wall
from storage import invites, people
from storage.engine import open_engine
from storage.seal import Keyring, read_or_make_key
from storage.store import Store, Unit
from tests.conftest import logging_put_back

TOKEN = "123456789:AAmadeup7_abcdefghijklmnopqrstuvwxyz"
SCRIPT = Path(sys.executable).with_name("between")
WITHIN = 120.0
"""Seconds a command may take on a machine that does something else as well."""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what a person saw of it."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def refuses(self, *words: str) -> None:
        """It ended with 2 and one sentence that holds all of these; nothing else was said."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.out == ""
        assert self.err.startswith("between: ")
        assert self.err.count("\n") == 1, self.err
        assert [word for word in words if word not in self.err] == [], self.err


@dataclass
class Between:
    """The command on one data folder, run from a folder without a `.env`."""

    folder: Path
    data: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def environment(self) -> dict[str, str]:
        return _environment(self.data)

    def process(self, *args: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ran:
        """As `between ...` in a shell, with `stdin` piped in."""
        return run_process(args, self.data, self.folder, stdin, env or {})

    def __call__(self, *args: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ran:
        """The same in this process."""
        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.setattr(sys, "argv", ["between", *args])
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self.capsys.readouterr()
        with self.monkeypatch.context() as inside, logging_put_back():
            for name, value in {"BETWEEN_DATA_DIR": str(self.data), **(env or {})}.items():
                inside.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        shown = self.capsys.readouterr()
        return Ran(int(ended.value.code or 0), shown.out, shown.err)

    @contextmanager
    def unit(self, now: datetime | None = None) -> Iterator[Unit]:
        """One transaction on this data folder, for what no command does."""
        store = Store(open_engine(f"sqlite:///{self.data / 'between.db'}"), Keyring(read_or_make_key(self.data / "master.key", make=False)))
        try:
            with store.unit(now or wall()) as u:
                yield u
        finally:
            store.close()

    def open_invitation(self, code: str, address: int) -> None:
        """What happens when the link is opened in Telegram."""
        with self.unit() as u:
            assert invites.redeem(u, code, people.chat_for(u, address).id) is not None

    def left(self) -> dict[str, bytes]:
        """Every file of the data folder and what is in it."""
        return {str(path.relative_to(self.data)): path.read_bytes() for path in sorted(self.data.rglob("*")) if path.is_file()}


def run_process(args: Sequence[str], data: Path, folder: Path, stdin: str = "", env: Mapping[str, str] | None = None) -> Ran:
    ran = subprocess.run(
        [SCRIPT, *args], input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=WITHIN, cwd=folder,
        env=_environment(data) | dict(env or {}),
    )  # fmt: skip
    assert "Traceback" not in ran.stderr + ran.stdout, ran.stderr
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def _environment(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BETWEEN_")}
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):  # then each process would compile all it imports, and take several times as long
        kept["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "between-tests-bytecode")
    return kept | {"BETWEEN_DATA_DIR": str(data), "COLUMNS": "200"}
