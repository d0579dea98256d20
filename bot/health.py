"""For whoever watches: `/livez` (the loops come round), `/readyz` (it can take a message now) and `/metrics`.

Nothing here names anybody: no ids, no words, no token, neither as a label nor in an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.clock import Clock, SteadyClock
from bot.metrics import Scrape
from bot.vitals import Vitals
from bot.webhook import same
from bot.writer import Writer
from storage import meta
from storage.figures import Figures, figures
from storage.store import Unit

WITHIN = 5.0
"""Seconds the database may take to answer."""
POLLED = 60.0
"""Seconds since the last answered poll after which messages may be waiting at Telegram."""
NO_STORE = {"Cache-Control": "no-store"}


def health(vitals: Vitals, writer: Writer, token: SecretStr | None = None) -> Starlette:
    """The three pages. With a `token` they want `Authorization: Bearer <token>`."""

    def guarded(page: Callable[[], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            if token is not None and not same(_bearer(request), token):
                return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
            answered: Response = await page()
            return answered

        return answer

    async def livez() -> Response:
        stuck = vitals.stuck()
        ages = {loop: round(age, 1) for loop, age in sorted(vitals.ages().items())}
        return JSONResponse({"live": not stuck, "stuck": stuck, "seconds_since": ages}, 503 if stuck else 200, NO_STORE)

    async def readyz() -> Response:
        writes = await _writes(writer)
        receiving, age = vitals.receiving, vitals.poll_age()
        fresh = age is not None and age < POLLED
        takes = receiving in ("webhook", "standby") or (receiving in ("polling", "unreachable") and fresh)
        ready = writes and takes
        said: dict[str, bool | str | float] = {"ready": ready, "database": "ok" if writes else "unusable", "receiving": receiving}
        if age is not None:
            said["seconds_since_poll"] = round(age, 1)
        return JSONResponse(said, 200 if ready else 503, NO_STORE)

    async def metrics() -> Response:
        found = await _figures(writer)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Scrape(vitals, found, _behind(writer.clock)))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST, headers=NO_STORE)

    return Starlette(routes=[Route(f"/{page.__name__}", guarded(page), methods=["GET"]) for page in (livez, readyz, metrics)])


def _bearer(request: Request) -> str | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given if scheme.lower() == "bearer" else None


async def _writes(writer: Writer) -> bool:
    def probe(u: Unit) -> None:
        meta.put(u, meta.PROBE, u.now.isoformat())

    try:
        async with asyncio.timeout(WITHIN):
            await writer.run(probe, "probe")
    except (SQLAlchemyError, OSError, RuntimeError, TimeoutError):
        return False
    return True


async def _figures(writer: Writer) -> Figures | None:
    try:
        async with asyncio.timeout(WITHIN):
            return await writer.run(figures, "figures")
    except (SQLAlchemyError, OSError, RuntimeError, TimeoutError):
        return None


def _behind(clock: Clock) -> float:
    return clock.behind().total_seconds() if isinstance(clock, SteadyClock) else 0.0
