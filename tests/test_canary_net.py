"""The net that lies under every test: it would catch what it is there for, and lets codes through."""

from __future__ import annotations

import io

import pytest

from bot import log
from demo.local import TOKEN
from tests.canaries import Net, sung

ours = log.get("test.net")


@pytest.mark.parametrize("word", ["Robin", "DANA", "555-0111", "5550100", "Qanaryjournal", TOKEN, "I want to kill myself tonight"])
def test_what_it_catches(word: str) -> None:
    assert sung(f'{{"said": "{word}"}}')


@pytest.mark.parametrize("code", ["robins", "bot/doors.py:55:stop", "turn.failed", "15550111222", "bandana"])
def test_what_it_lets_through(code: str) -> None:
    assert not sung(f'{{"event": "{code}"}}')


def test_a_name_that_looks_like_a_code_is_caught(canary_net: Net) -> None:
    ours.debug("turn.taken", who="Robin")
    assert canary_net.caught() == ["robin"]
    canary_net.lines.clear()


def test_it_lies_under_tests_that_set_up_the_log_themselves(canary_net: Net) -> None:
    log.configure("debug", [], io.StringIO())
    ours.info("turn.taken", who="Robin")
    assert canary_net.caught() == ["robin"]
    canary_net.lines.clear()
