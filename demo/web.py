"""The demo page and the endpoints it talks to: `/`, `/demo/...`. Mounted beside the Bot API by `page_routes`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from demo.control import SIDES, STEPS, Control, Holder
from demo.local import LocalTelegram
from demo.phone import Phone, PhoneFault
from demo.snapshot import snapshot

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "page"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
WEEKLY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
GATHER = 0.03
"""Seconds a change waits for others, so that a burst is one event."""
KEEP_ALIVE = 10.0
APPEARS = 3.0
"""Seconds in which a button that is to be pressed may still come."""


class Page:
    """The endpoints, bound to one server and one control."""

    def __init__(self, here: LocalTelegram, control: Control) -> None:
        self.here = here
        self.control = control

    async def index(self, request: Request) -> Response:
        return HTMLResponse((FOLDER / "index.html").read_text("utf-8"), headers={**HEADERS, "Content-Security-Policy": POLICY})

    async def asset(self, request: Request) -> Response:
        path = FOLDER / request.path_params["name"]
        if path.parent != FOLDER or path.suffix not in TYPES or not path.is_file():
            return Response(status_code=404)
        return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=HEADERS)

    async def setup(self, request: Request) -> Response:
        """Whose phones these are, and the things to try; `?patient=ID` puts another person's phone on the left."""
        left = self.control.patient
        wanted = request.query_params.get("patient", str(left.user_id))
        if wanted != str(left.user_id):
            person = self.here.people.get(int(wanted)) if wanted.isdecimal() else None
            if person is None:
                return self._refuse("There is no such phone.", 404)
            left = Holder(person.id, person.first_name, left.role)
        holders = (left, self.control.staff, *self.control.further)
        phones = [asdict(holder) | {"side": side} for side, holder in zip(SIDES, holders, strict=False)]
        cards = [asdict(card) for card in await self.control.suggestions()]
        names = {str(person.id): person.first_name for person in self.here.people.values()}
        following = await self.control.next_step()
        clock = {"zone": self.control.zone, "now": self._now(), "next": _ms(following) if following else None}
        return self._json({"phones": phones, "names": names, "suggestions": cards, **clock})

    async def stream(self, request: Request) -> Response:
        """Server-sent events: first everything, then what changes. `chat` names the phones to show, once or more."""
        chats = [int(id) for id in request.query_params.getlist("chat") if id.lstrip("-").isdecimal()]
        return StreamingResponse(self._events(chats), media_type="text/event-stream", headers=HEADERS)

    async def _events(self, chats: Sequence[int]) -> AsyncIterator[str]:
        since, calls_since = -1, 0
        while not self.here.closing:
            if self.here.revision > since:
                state = snapshot(self.here, chats, since, calls_since)
                state |= {"now": self._now(), "first": since < 0}
                since = state["revision"]
                calls_since = max([calls_since, *(call["id"] for call in state["calls"])])
                yield f"data: {json.dumps(state)}\n\n"
            else:
                yield f"event: time\ndata: {json.dumps({'now': self._now()})}\n\n"
            if self.here.revision == since:
                await self.here.wait_change(KEEP_ALIVE)
            await asyncio.sleep(GATHER)

    async def act(self, request: Request) -> Response:
        """Do one thing on a phone: `{"phone": id, "do": ..., ...}`."""
        asked = await _asked(request)
        if asked is None:
            return self._refuse("The request must be a JSON object.")
        person = self.here.people.get(asked.get("phone", 0))
        if person is None:
            return self._refuse("There is no such phone.", 404)
        try:
            await self._do(Phone(self.here, person), asked)
        except (PhoneFault, KeyError, TypeError, ValueError, AttributeError) as fault:
            return self._refuse(str(fault) if isinstance(fault, PhoneFault) else "The request does not say what to do.")
        except Exception:
            log.exception("Acting on a demo phone failed.")
            return self._refuse("That did not work.", 500)
        return self._json({"ok": True})

    async def _do(self, phone: Phone, asked: dict[str, Any]) -> None:
        match asked["do"]:
            case "text":
                phone.send_text(asked["text"])
            case "edit":
                phone.edit(asked["message"], asked["text"])
            case "tap":
                phone.tap(asked["message"], asked["data"], anyway=True)  # it may have crossed with an edit
            case "press":
                await self._appears(phone, asked["text"])
                phone.press(asked["text"])
            case "invitation":
                phone.open_link(await self.control.invite_link())
            case "play":
                await self.control.play()
            case "photo":
                phone.send_photo(asked.get("text", ""))
            case "voice":
                phone.send_voice()
            case "sticker":
                phone.send_sticker()
            case "contact":
                phone.send_contact(asked["text"])
            case "block":
                phone.block()
            case "unblock":
                phone.unblock()
            case _:
                raise PhoneFault("The phone cannot do that.")

    async def _appears(self, phone: Phone, label: str) -> None:
        """Wait for a button that is on its way; whether it came is seen when it is pressed."""
        with contextlib.suppress(TimeoutError):
            await self.here.until(lambda: any(label in row for message in phone.messages for row in message.labels), APPEARS)

    async def turn(self, request: Request) -> Response:
        asked = await _asked(request)
        step = (asked or {}).get("step")
        if step not in STEPS:
            return self._refuse(f"The clock can be turned by {', '.join(STEPS)}.")
        try:
            await self.control.turn(step)
        except Exception:
            log.exception("Turning the demo's clock failed.")
            return self._refuse("That did not work.", 500)
        self.here.changed()
        return self._json({"now": self._now()})

    async def weekly(self, request: Request) -> Response:
        """The weekly page; `?patient=CODE` for one patient."""
        try:
            page = await self.control.weekly_html(request.query_params.get("patient"))
        except Exception:
            log.exception("The weekly page could not be made.")
            return self._refuse("The weekly page could not be made.", 500)
        return HTMLResponse(page, headers={**HEADERS, "Content-Security-Policy": WEEKLY_POLICY})

    async def file(self, request: Request) -> Response:
        """What the bot sent, for the page to show."""
        file = self.here.files.get(request.path_params["file_id"])
        if file is None:
            return Response(status_code=404)
        kind = file.media_type if file.media_type in ("image/png", "image/jpeg", "application/pdf", "text/plain") else ""
        return Response(file.data, media_type=kind or "application/octet-stream", headers=HEADERS)

    def _now(self) -> int:
        return _ms(self.control.now())

    def _json(self, body: Any) -> Response:
        return JSONResponse(body, headers=HEADERS)

    def _refuse(self, reason: str, status: int = 400) -> Response:
        return JSONResponse({"error": reason}, status, headers=HEADERS)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


async def _asked(request: Request) -> dict[str, Any] | None:
    """The JSON object sent; a form or plain text is not taken, so that no other site's page can act here."""
    if request.headers.get("content-type") != "application/json":
        return None
    try:
        asked = await request.json()
    except ValueError:
        return None
    return asked if isinstance(asked, dict) else None


def page_routes(here: LocalTelegram, control: Control) -> list[BaseRoute]:
    """Routes for `running(here, extra=...)`. Every holder gets a phone; none has written to the bot yet."""
    for holder in (control.patient, control.staff, *control.further):
        here.phone(holder.user_id, holder.name)
    page = Page(here, control)
    return [
        Route("/", page.index),
        Route("/demo/page/{name}", page.asset),
        Route("/demo/setup", page.setup),
        Route("/demo/stream", page.stream),
        Route("/demo/act", page.act, methods=["POST"]),
        Route("/demo/turn", page.turn, methods=["POST"]),
        Route("/demo/weekly", page.weekly),
        Route("/demo/file/{file_id}", page.file),
    ]
