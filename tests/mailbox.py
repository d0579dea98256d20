"""A real mail server on this machine, and a place pages are posted to: what arrives is kept, and both can refuse or go silent."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.mail import Server
from bot.page_hook import PageHook
from bot.serving import listen, served

SENDER, CLINIC_MAIL, STAFF_MAIL = "between@clinic.example", "on-call@clinic.example", "dana@clinic.example"
USER, PASSWORD = "between", "canary-smtp-password"
SECRET = "canary-page-secret-1234"


@dataclass
class Mailbox:
    """What the mail server took. `rcpt` and `data` answer instead of taking, `unknown` is an address that is none; `silent` takes the
    words and says nothing."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    rcpt: str = ""
    unknown: str = ""
    data: str = ""
    silent: bool = False
    tries: int = 0

    @property
    def server(self) -> Server:
        return Server("127.0.0.1", self.port, "none", USER, PASSWORD, SENDER)

    def to(self, address: str) -> list[EmailMessage]:
        return [letter for letter in self.letters if letter["To"] == address]

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        self.tries += 1
        if self.rcpt or address == self.unknown:
            return self.rcpt or "550 no such address"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.data:
            return self.data
        self.letters.append(cast(EmailMessage, email.message_from_bytes(cast(bytes, envelope.content), policy=email.policy.default)))
        if self.silent:
            assert server.transport is not None
            server.transport.close()
        return "250 OK"


def words_of(letter: EmailMessage) -> str:
    return str(letter.get_content())


def _logs_in(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
    known = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@asynccontextmanager
async def mailbox(port: int = 0) -> AsyncIterator[Mailbox]:
    made = Mailbox()

    def session() -> SMTP:
        return SMTP(made, hostname="mail.clinic.example", authenticator=_logs_in, auth_require_tls=False)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", port)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


@dataclass
class Pager:
    """What was posted: (signature header, raw body). `status` is what it answers."""

    url: str = ""
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    status: int = 204

    @property
    def hook(self) -> PageHook:
        return PageHook(self.url, SECRET)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posts]


@asynccontextmanager
async def pager() -> AsyncIterator[Pager]:
    made = Pager()

    async def take(request: Request) -> Response:
        made.posts.append((request.headers["between-signature"], await request.body()))
        return Response(status_code=made.status, headers={"location": made.url} if 300 <= made.status < 400 else {})

    listener = listen("127.0.0.1", 0, "a setting")
    made.url = f"http://127.0.0.1:{listener.getsockname()[1]}/pages"
    async with served(Starlette(routes=[Route("/pages", take, methods=["POST"])]), listener):
        yield made


