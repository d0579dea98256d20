"""The clinic's mail server as `bot.mail` meets it: the same steps and the same errors, and a time-out costs no time.

It knows which letters arrived, and which of them whoever sent them cannot know of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from random import Random
from typing import Any

from aiosmtplib import SMTPConnectError, SMTPDataError, SMTPRecipientRefused, SMTPServerDisconnected, SMTPTimeoutError

from bench.sim.weather import strikes
from bot.mail import Server

DOUBTFUL = ("timeout_before", "timeout_after", "reset_before", "reset_after")
"""Nobody can tell whether the letter was taken: "before" means the server never had it, "after" that it did."""


@dataclass(frozen=True)
class Sent:
    """One letter that was handed over, or tried to: `taken` when it is in the mailbox, `doubtful` when the sender can't know."""

    to: str
    subject: str
    text: str
    id: str
    taken: bool
    doubtful: bool


class Post:
    """A mail server with one domain. `refusing`: it takes nothing from anybody."""

    def __init__(self, chance: Random, injected: Counter[str]) -> None:
        self.chance, self.injected = chance, injected
        self.weather: Mapping[str, float] = {}
        self.refusing = False
        self.watch: Callable[[Sent], None] = lambda sent: None

    def server(self, passes: Callable[[str], None]) -> Server:
        """What `bot.mail.send` takes; `passes` is told of the places where the process that sends can die."""
        return _Here("mail.sim", 25, "none", None, None, "between@clinic.sim", post=self, passes=passes)

    def strikes(self) -> str | None:
        fault = "refusing" if self.refusing else strikes(self.weather, self.chance)
        if fault is not None:
            self.injected[f"mail_{fault}"] += 1
        return fault


@dataclass(frozen=True, kw_only=True)
class _Here(Server):
    post: Post
    passes: Callable[[str], None]

    def client(self) -> Any:
        return _Client(self.post, self.passes)


class _Client:
    """As much of `aiosmtplib.SMTP` as `bot.mail` uses."""

    def __init__(self, post: Post, passes: Callable[[str], None]) -> None:
        self._post, self._passes, self._fault, self._to = post, passes, post.strikes(), ""

    async def connect(self) -> None:
        self._passes("before_request")
        if self._fault in ("refusing", "no_answer"):
            raise SMTPConnectError("Connection refused")

    async def mail(self, sender: str) -> None:
        if self._fault == "closed":
            raise SMTPServerDisconnected("Connection lost")

    async def rcpt(self, to: str) -> None:
        self._to = to
        if self._fault in ("later", "never"):
            raise SMTPRecipientRefused(451 if self._fault == "later" else 550, "not now", to)

    async def data(self, message: bytes) -> None:
        taken = self._fault in (None, "timeout_after", "reset_after")
        read = message_from_bytes(message, policy=policy.default)
        text = str(read.get_content()) if read.is_multipart() is False else ""
        id = str(read["Message-ID"]).strip("<>").partition("@")[0]
        self._post.watch(Sent(self._to, str(read["Subject"]), text, id, taken, self._fault in DOUBTFUL))
        self._passes("after_request")
        if self._fault == "busy":
            raise SMTPDataError(452, "try again")
        if self._fault in ("timeout_before", "timeout_after"):
            raise SMTPTimeoutError("Timed out")
        if self._fault in ("reset_before", "reset_after"):
            raise SMTPServerDisconnected("Connection lost")

    def close(self) -> None:
        pass
