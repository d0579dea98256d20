"""A clinic's database, for the tests of storage that need no more than that."""

from __future__ import annotations

from tests.bot.conftest import store

__all__ = ["store"]
