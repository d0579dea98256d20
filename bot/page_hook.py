"""A page to an address of the clinic's own choosing, such as a service that sends SMS or rings telephones.

The body is JSON and signed: `Between-Signature: t=<seconds>,v1=<hex>`, where v1 is HMAC-SHA256 with the secret over
`<seconds>.<body>`. Whoever takes it checks that, and refuses what is older than five minutes. The same `id` is the same page.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from bot.log import get
from bot.sending import Accepted, Doubt, Refused, Result, Wait
from bot.settings import Settings
from storage import points

log = get("bot.page_hook")
TIMEOUT = 10.0
"""Seconds for the whole call."""
SIGNATURE = "Between-Signature"
REST = 30.0
"""Seconds of rest after a 429 that names none."""


@dataclass(frozen=True)
class PageHook:
    """Where pages are posted, and what they are signed with."""

    url: str
    secret: str

    @classmethod
    def of(cls, read: Settings) -> PageHook | None:
        """As the settings have it, or None without one."""
        if read.page_webhook_url is None or read.page_webhook_secret is None:
            return None
        return cls(read.page_webhook_url, read.page_webhook_secret.get_secret_value())


def signature(secret: str, at: datetime, body: bytes) -> str:
    seconds = int(at.timestamp())
    return f"t={seconds},v1={hmac.digest(secret.encode(), b'%d.%s' % (seconds, body), hashlib.sha256).hex()}"


async def post(hook: PageHook, body: dict[str, Any], at: datetime) -> Result:
    """Call it. A redirect is refused; never raises for anything the other side or the network does."""
    raw = json.dumps(body, separators=(",", ":")).encode()
    headers = {SIGNATURE: signature(hook.secret, at, raw), "Content-Type": "application/json", "User-Agent": "between"}
    try:
        async with httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=TIMEOUT) as client, asyncio.timeout(TIMEOUT):
            with points.around("pageWebhook"):
                answer = await client.post(hook.url, content=raw, headers=headers)
    except (httpx.HTTPError, TimeoutError, OSError) as fault:
        log.error("page_hook.failed", fault=type(fault).__name__)
        return Doubt(safe=isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout))
    if answer.is_success:
        return Accepted()
    log.error("page_hook.refused", status=answer.status_code)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        after = answer.headers.get("retry-after", "")
        return Wait(min(float(after), TIMEOUT * 6) if after.isascii() and after.isdigit() else REST)
    return Doubt() if answer.is_server_error else Refused(f"status {answer.status_code}")
