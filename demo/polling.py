"""How the bot gets its updates: one long poll at a time, or a webhook, never both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from telegram.constants import SUPPORTED_WEBHOOK_PORTS, PollingLimit, WebhookLimit

from demo.refusals import bad, conflict
from demo.updates import read_allowed

if TYPE_CHECKING:
    from demo.local import LocalTelegram

Args = dict[str, Any]
LONGEST_POLL = 50
"""Seconds; longer ones are cut to this, as Telegram does."""
SECRET = re.compile(rf"[A-Za-z0-9_-]{{1,{int(WebhookLimit.MAX_SECRET_TOKEN_LENGTH)}}}")


async def get_updates(here: LocalTelegram, args: Args) -> list[dict[str, Any]]:
    """Confirm what is below `offset`, then wait up to `timeout` seconds for something to hand out.

    A newer poll ends this one with 409; so does a webhook.
    """
    limit = args.get("limit", int(PollingLimit.MAX_LIMIT))
    limit = limit if PollingLimit.MIN_LIMIT <= limit <= PollingLimit.MAX_LIMIT else int(PollingLimit.MAX_LIMIT)
    timeout = min(max(args.get("timeout", 0), 0), LONGEST_POLL)
    _refuse_beside_webhook(here)
    if "allowed_updates" in args:
        here.queue.allowed = read_allowed(args["allowed_updates"])
    here.poll_turn += 1
    mine, ends = here.poll_turn, here.monotonic() + timeout
    here.changed()
    offset = args.get("offset", 0)
    while True:
        with here.lock:
            batch = here.queue.pending(offset, limit)
        left = ends - here.monotonic()
        if batch or left <= 0 or here.closing:
            return batch
        offset = max(offset, 0)
        await here.wait_change(left)
        if here.poll_turn != mine:
            raise conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
        _refuse_beside_webhook(here)


def set_webhook(here: LocalTelegram, args: Args) -> bool:
    """An https address, or http on this machine; an empty one takes the webhook away."""
    url = args.get("url", "")
    if not url:
        return delete_webhook(here, args)
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if not local and (parts.port or 443) not in SUPPORTED_WEBHOOK_PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = args.get("secret_token", "")
    if secret and not SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    most = args.get("max_connections", 40)
    if not WebhookLimit.MIN_CONNECTIONS_LIMIT <= most <= WebhookLimit.MAX_CONNECTIONS_LIMIT:
        raise bad("max_connections must be between 1 and 100")
    if "allowed_updates" in args:
        here.queue.allowed = read_allowed(args["allowed_updates"])
    if args.get("drop_pending_updates"):
        here.queue.clear()
    here.webhook = {"url": url, "secret_token": secret, "max_connections": most}
    here.changed()
    return True


def delete_webhook(here: LocalTelegram, args: Args) -> bool:
    if args.get("drop_pending_updates"):
        here.queue.clear()
    here.webhook = {}
    here.changed()
    return True


def get_webhook_info(here: LocalTelegram, args: Args) -> dict[str, Any]:
    info: dict[str, Any] = {
        "url": here.webhook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": len(here.queue.entries),
    }
    if here.webhook:
        info["max_connections"] = here.webhook["max_connections"]
    if here.queue.allowed:
        info["allowed_updates"] = sorted(here.queue.allowed)
    if here.webhook.get("failed"):
        info |= here.webhook["failed"]
    return info


def _refuse_beside_webhook(here: LocalTelegram) -> None:
    if here.webhook:
        raise conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
