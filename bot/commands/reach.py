"""What `check` says of the other ways to a human: set up at all, and there when knocked at. Nothing is sent."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from bot import mail
from bot.commands.found import Found
from bot.mail import Server
from bot.settings import Settings
from safety import duty
from storage import people
from storage.store import Unit

WITHIN = 10.0
"""Seconds a webhook may take to answer the door."""
NONE_SET = "none; when nobody answers a page, only Telegram is tried again. Set BETWEEN_SMTP_HOST or BETWEEN_PAGE_WEBHOOK_URL"


def reach_checks(read: Settings, *, network: bool) -> list[Found]:
    """The ways the settings name. Without `network` nothing leaves this machine."""
    server, url = Server.of(read), read.page_webhook_url
    if server is None and url is None:
        return [Found("another way than Telegram", "warning", NONE_SET)]
    found = []
    if server is not None:
        why = asyncio.run(mail.knock(server)) if network else None
        failed = f"{why}; check BETWEEN_SMTP_HOST, _PORT, _SECURITY, _USER and _PASSWORD"
        found.append(Found("mail server", "problem", failed) if why else Found("mail server", "ok", _looked(network)))
    if url is not None:
        why = asyncio.run(_door(url)) if network else None
        failed = f"cannot be reached ({why}); check BETWEEN_PAGE_WEBHOOK_URL"
        found.append(Found("page webhook", "problem", failed) if why else Found("page webhook", "ok", _looked(network)))
    return found


def address_checks(read: Settings, u: Unit) -> list[Found]:
    """Whether a mail would reach anybody."""
    what = "mail addresses"
    if Server.of(read) is None:
        missing = "BETWEEN_PAGE_MAIL is set, and BETWEEN_SMTP_HOST is not: nothing can be mailed"
        return [Found(what, "problem", missing)] if read.page_mail else []
    on_call = {person for held in duty.holders(u).values() for person in held}
    without = sum(not people.person(u, person).email for person in on_call)
    if read.page_mail is None:
        nobody = "nobody on call has one and BETWEEN_PAGE_MAIL is empty, so no page goes by mail"
        locked = "BETWEEN_PAGE_MAIL is empty, so nobody can be mailed while the database is locked"
        return [Found(what, "problem", nobody) if without == len(on_call) else Found(what, "warning", locked)]
    if without:
        return [Found(what, "warning", f"{without} on call without one; they set it with /email in the chat")]
    return [Found(what, "ok")]


def _looked(network: bool) -> str:
    return "" if network else "not looked at (--no-network)"


async def _door(url: str) -> str | None:
    """Open a connection and close it again; None when that went well, else the kind of fault."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        async with asyncio.timeout(WITHIN):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=ssl.create_default_context() if secure else None)
            writer.close()
    except (OSError, TimeoutError) as fault:
        return type(fault).__name__
    return None
