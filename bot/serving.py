"""Serving a few HTTP routes from the loop the bot runs in: one listener each, no signals, no access log."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from bot.errors import ListenerTaken

GOODBYE = 2
"""Seconds a request that has begun may take to end once we stop."""


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Take the port before anything else is begun. Raises `ListenerTaken`, which names the `setting` to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as fault:
        listener.close()
        why = "is in use by another program" if fault.errno == errno.EADDRINUSE else f"cannot be listened on ({type(fault).__name__})"
        raise ListenerTaken(port=port, why=why, setting=setting) from None
    return listener


@contextlib.asynccontextmanager
async def served(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve until the block ends; then take nothing new, and let what has begun end."""
    config = uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=GOODBYE, timeout_keep_alive=75,
    )  # fmt: skip
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("The server stopped before it started.")
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task
        listener.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs us."""
        yield
