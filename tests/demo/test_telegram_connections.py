"""Callers of the local Telegram that go away."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

import pytest

from demo.local import LocalTelegram
from demo.server import running


async def test_a_caller_who_goes_away_in_the_middle_of_a_call_is_no_fault(here: LocalTelegram, caplog: pytest.LogCaptureFixture) -> None:
    async with running(here) as url:
        where = urlsplit(url)
        _, writer = await asyncio.open_connection(where.hostname, where.port)
        head = f"POST /bot{here.token}/sendMessage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode() + b'{"chat_id"')
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.1)
    assert [record.name for record in caplog.records if record.levelno >= logging.ERROR] == []
