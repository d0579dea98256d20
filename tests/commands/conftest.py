"""A clinic that the real `between setup` made, once, and a copy of it for each test that starts from one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commands.between import Between, run_process


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder right after `between setup`."""
    folder = tmp_path_factory.mktemp("prepared")
    data = folder / "data"
    options = ("--name", "Harbor Program", "--zone", "America/New_York", "--line", "555-0100", "--admin", "Dana Reyes")
    made = run_process(("setup", *options), data, folder)
    assert made.code == 0, made.err
    return data


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Between:
    """`between` on a machine where nothing has been set up."""
    return Between(tmp_path, tmp_path / "data", monkeypatch, capsys)


@pytest.fixture
def between(empty: Between, prepared: Path) -> Between:
    """`between` on a clinic that has been set up; its administrator has not opened the invitation."""
    shutil.copytree(prepared, empty.data)
    return empty
