"""Telegram calls us: the other way in. 200 only once the update is a committed row; nothing is kept in memory between requests.

Telegram repeats what was not answered with 2xx, so a row that is not there yet is answered with 500, and an update that makes
no sense is kept all the same. Any number of processes may serve the route: what decides is the row's unique key.
Source: https://core.telegram.org/bots/api#setwebhook
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.intake import read_raw
from bot.vitals import Vitals

HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST = 1 << 20
"""Bytes of a body; Telegram's updates are a few thousand at most."""


@dataclass(frozen=True)
class Hook:
    """Where Telegram calls, and the secret it calls with. The path is taken from the address and says nothing of the bot."""

    url: str
    secret: SecretStr

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"


def webhook(hook: Hook, keep: Callable[[list[str]], Awaitable[bool]], vitals: Vitals) -> Starlette:
    """The route. `keep` commits raw updates and says whether it could."""

    async def receive(request: Request) -> Response:
        if not same(request.headers.get(HEADER), hook.secret):
            vitals.turned_away["secret"] += 1
            return _over(403)
        body = await _body(request)
        if body is None:
            vitals.turned_away["size"] += 1
            return _over(413)
        if not await keep([read_raw(body)]):
            vitals.turned_away["database"] += 1
            return Response(status_code=500)
        return Response(status_code=200)

    return Starlette(routes=[Route(hook.path, receive, methods=["POST"])])


def same(given: str | None, wanted: SecretStr) -> bool:
    """Compared in a time that does not depend on how much of it is right."""
    return hmac.compare_digest((given or "").encode(), wanted.get_secret_value().encode())


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is known to be too large; the rest is not read. Half a body raises, and is no row."""
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > LARGEST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _over(status: int) -> Response:
    """An answer to a request whose body was not read: the connection is of no further use."""
    return Response(status_code=status, headers={"Connection": "close"})
