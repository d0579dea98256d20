"""Serves the local Telegram over HTTP: `/bot<token>/<method>`, the files, and `/control/faults`; the page joins through `demo.web`.

here = LocalTelegram()
async with running(here) as url:      # url for BETWEEN_BOT_API_URL
    phone = here.phone(1, "Sam")
    phone.send_text("/start abc")
    await here.until(lambda: phone.texts)
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from demo.bodies import read_call
from demo.faults import Dropped, read_fault
from demo.fields import Upload
from demo.hook import deliver
from demo.local import Answer, LocalTelegram
from demo.refusals import Refusal, bad, unauthorized


class PortTaken(Exception):
    """Something else listens on the wanted port; the message says which and what to do."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is already in use. Stop what runs there, or choose another with --port {port + 1}.")
        self.port = port


class CutOff:
    """Answers by closing the connection, which the client cannot tell from a network that failed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cut = scope["app"].state.cut
        if cut is None:
            raise ConnectionResetError("The connection was dropped on purpose.")
        cut(scope["client"])
        while (await receive())["type"] != "http.disconnect":
            pass


def create_app(here: LocalTelegram, extra: Sequence[BaseRoute] = ()) -> Starlette:
    """The ASGI app; `extra` routes (the demo page) come after the Bot API's."""
    routes = [
        Route("/bot{token}/{method}", _bot_api, methods=["GET", "POST"]),
        Route("/file/bot{token}/files/{file_id}", _file),
        Route("/control/faults", _faults, methods=["GET", "POST", "DELETE"]),
        Route("/control/updates", _updates, methods=["POST"]),
        *extra,
    ]
    app = Starlette(routes=routes)
    app.state.here = here
    app.state.cut = None
    return app


async def _bot_api(request: Request) -> Any:
    here: LocalTelegram = request.app.state.here
    method = request.path_params["method"]
    if request.path_params["token"] != here.token:
        return _respond(Answer(401, unauthorized().as_api()))
    files: dict[str, Upload] = {}
    try:
        fields, files = await read_call(request)
        return _respond(await here.call(method, fields, files))
    except Refusal as refusal:
        return _respond(Answer(refusal.code, refusal.as_api()))
    except (Dropped, ClientDisconnect):  # who called may have gone away in the middle of a call, as a bot that stops does
        return CutOff()


def _respond(answer: Answer) -> Response:
    if answer.html:
        return HTMLResponse(answer.body, answer.status)
    if answer.truncated:
        whole = json.dumps(answer.body)
        return Response(whole[: len(whole) // 2], answer.status, media_type="application/json")
    return JSONResponse(answer.body, answer.status)


async def _file(request: Request) -> Response:
    here: LocalTelegram = request.app.state.here
    file = here.files.get(request.path_params["file_id"])
    if request.path_params["token"] != here.token:
        return JSONResponse(unauthorized().as_api(), 401)
    return Response(file.data, media_type=file.media_type) if file else Response(status_code=404)


async def _faults(request: Request) -> Response:
    """POST adds a fault (see `demo.faults.Fault`), GET lists those still to come, DELETE takes them all back."""
    here: LocalTelegram = request.app.state.here
    if request.method == "DELETE":
        here.faults.clear()
    if request.method == "POST":
        try:
            here.faults.coming.append(read_fault(await _asked(request)))
        except Refusal as refusal:
            return JSONResponse(refusal.as_api(), refusal.code)
    return JSONResponse([vars(fault) for fault in here.faults.coming])


async def _updates(request: Request) -> Response:
    """`{"do": "insert", "update": {...}}`, `{"do": "duplicate"}` (the next one) or `{"do": "restart_ids", "at": N}`."""
    here: LocalTelegram = request.app.state.here
    try:
        asked = await _asked(request)
        match asked:
            case {"do": "insert", "update": dict(update)}:
                here.insert_update(update)
            case {"do": "duplicate"}:
                here.duplicate_next_update()
            case {"do": "restart_ids", "at": int(at)}:
                here.queue.restart_ids(at)
            case _:
                raise bad('"do" must be insert (with an update), duplicate, or restart_ids (with a number "at")')
    except Refusal as refusal:
        return JSONResponse(refusal.as_api(), refusal.code)
    return JSONResponse({"ok": True})


async def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = await request.json()
    except ValueError:
        raise bad("the body must be a JSON object") from None
    if not isinstance(asked, dict):
        raise bad("the body must be a JSON object")
    return asked


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl-C to whoever runs us."""
        yield


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as fault:
        listener.close()
        if fault.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(port) from fault
        raise
    return listener


@contextlib.asynccontextmanager
async def running(here: LocalTelegram, *, port: int = 0, host: str = "127.0.0.1", extra: Sequence[BaseRoute] = ()) -> AsyncIterator[str]:
    """Serve until the block ends and give the root address; port 0 takes a free one. Raises `PortTaken`.

    The same Telegram may be served again afterwards: what it holds stays, as after an outage.
    """
    listener = _listen(host, port)
    here.closing = False
    app = create_app(here, extra)
    config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2)
    server = _Server(config)
    app.state.cut = lambda client: _cut(server, client)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    hook = asyncio.create_task(deliver(here))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("The local server stopped before it started.")
            await asyncio.sleep(0.005)
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        here.close()
        server.should_exit = True
        await asyncio.gather(task, hook)
        listener.close()


def _cut(server: uvicorn.Server, client: Any) -> None:
    for connection in tuple(server.server_state.connections):
        if getattr(connection, "client", None) == tuple(client) and connection.transport is not None:
            connection.transport.abort()
