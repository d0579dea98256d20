"""Every conversation in this folder, with a restart between any two lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transcripts.script import Play

HERE = Path(__file__).parent


ALL = sorted(HERE.glob("**/*.txt"))
ON_BOTH = ("engine", "staff", "ladder")
"""The folders that are played on PostgreSQL too: those that reach into every table and into several chats at once."""
PLAYED = [("sqlite", path) for path in ALL] + [("postgresql", path) for path in ALL if path.parent.name in ON_BOTH]


@pytest.mark.parametrize(("database", "path"), PLAYED, ids=lambda value: getattr(value, "stem", value), indirect=["database"])
def test_conversation(path: Path, database: str) -> None:
    Play(path, database).run()
