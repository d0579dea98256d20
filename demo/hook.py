"""Delivers updates to a webhook, one at a time and in order: the next goes out when the one before was answered with 2xx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from demo.local import LocalTelegram
    from demo.updates import Entry

PATIENCE = 10.0
"""Real seconds given to the bot for one update."""
PAUSE = 0.5
"""Real seconds before a failed delivery is tried again."""


async def deliver(here: LocalTelegram) -> None:
    """Run until the server closes; idle while no webhook is set."""
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        while not here.closing:
            entry = here.queue.first() if here.webhook else None
            if entry is None:
                await here.wait_change(PAUSE)
            elif await _post(here, client, entry):
                with here.lock:
                    here.queue.confirm(entry)
            else:
                await here.wait_change(PAUSE)


async def _post(here: LocalTelegram, client: httpx.AsyncClient, entry: Entry) -> bool:
    hook = here.webhook
    headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret_token"]} if hook["secret_token"] else {}
    try:
        answer = await client.post(hook["url"], json=entry.body, headers=headers)
        trouble = "" if answer.is_success else f"Wrong response from the webhook: {answer.status_code}"
    except httpx.HTTPError as fault:
        trouble = f"Connection failed: {type(fault).__name__}"
    if trouble:
        hook["failed"] = {"last_error_date": int(here.clock().timestamp()), "last_error_message": trouble}
    return not trouble
