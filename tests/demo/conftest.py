"""A local Telegram with one person who has started the bot, and short ways to call it without a network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from demo.local import LocalTelegram
from demo.phone import Phone

SAM = 11
STRANGER = 12
Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def here() -> LocalTelegram:
    here = LocalTelegram(limits=None)
    here.phone(STRANGER, "Kim")
    here.phone(SAM, "Sam").send_text("/start")
    return here


@pytest.fixture
def sam(here: LocalTelegram) -> Phone:
    return here.phone(SAM)


@pytest.fixture
def ask(here: LocalTelegram) -> Ask:
    """Call a method; the whole answer as the bot would read it."""

    async def ask(method: str, **params: Any) -> dict[str, Any]:
        answer = await here.call(method, params)
        assert isinstance(answer.body, dict)
        assert answer.body["ok"] is (answer.status == 200)
        return answer.body

    return ask
