"""The Bot API server of others, started anew for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside.server import Outside, running


@pytest.fixture
def outside(node_path: str, telegram_test_api: Path) -> Iterator[Outside]:
    with running(node_path) as server:
        yield server
