"""A local Telegram with one person who has started the bot, called without a network; and the whole demo with a browser to visit it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from bot.commands.stage import staged
from bot.phones import instant
from demo.local import LocalTelegram
from demo.phone import Phone
from tests.demo.browser import Visitor, browsing, open_page

SAM = 11
STRANGER = 12
FRIDAY = instant("2026-11-20T18:50-05:00")
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


@dataclass
class Demo:
    """The demo, running, and a browser to visit it with."""

    url: str
    browser: Browser
    faults: list[str]

    async def visit(self, size: dict[str, Any]) -> Visitor:
        return Visitor(await open_page(self.browser, size, self.url, self.faults), self.faults)


@pytest.fixture
async def demo(tmp_path: Path, chromium_path: str) -> AsyncIterator[Demo]:
    async with staged(tmp_path, 0, 7, FRIDAY) as (url, _), browsing(chromium_path) as browser:
        demo = Demo(url, browser, [])
        yield demo
    assert demo.faults == []
