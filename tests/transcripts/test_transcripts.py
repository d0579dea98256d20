"""Every conversation in this folder, with a restart between any two lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transcripts.script import Play

HERE = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(HERE.glob("**/*.txt")), ids=lambda path: path.stem)
def test_conversation(path: Path, tmp_path: Path) -> None:
    Play(path, tmp_path).run()
