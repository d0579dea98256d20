"""A page by mail: one connection a letter, and how the mail server's answer is read.

A server that has taken the words says so; before that nothing was sent, and after that silence is a doubt. A reply of 5xx to
the address or the words is final, one to the login or the sender is not: whoever runs the server can mend it.
Source: RFC 5321, sections 4.2.1 and 4.5.3.2.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientRefused, SMTPResponseException

from bot.log import get
from bot.sending import Accepted, Doubt, Refused, Result
from bot.settings import Settings
from storage import points

log = get("bot.mail")
STEP = 10.0
"""Seconds the server may take to answer one command."""
FINAL = (SMTPRecipientRefused, SMTPDataError)
WHOLE = 30.0
"""Seconds a letter may take in all; a lease is longer."""


@dataclass(frozen=True)
class Server:
    """Where mail is handed over. `tls` is what its certificate is checked against; None is the machine's own list."""

    host: str
    port: int
    security: str
    user: str | None
    password: str | None
    sender: str
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, read: Settings) -> Server | None:
        """As the settings have it, or None without one."""
        if read.smtp_host is None or read.smtp_from is None:
            return None
        password = read.smtp_password.get_secret_value() if read.smtp_password else None
        return cls(read.smtp_host, read.smtp_port, read.smtp_security, read.smtp_user, password, read.smtp_from)

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def client(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            timeout=STEP,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=self.tls,
            local_hostname=self.domain,
        )


@dataclass(frozen=True)
class Mail:
    """One letter. `id` is the same each time it is sent, so that mail programs know a repeat."""

    to: str
    subject: str
    text: str
    id: str
    at: datetime

    def message(self, server: Server) -> EmailMessage:
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = server.sender, self.to, self.subject
        made["Date"], made["Message-ID"] = format_datetime(self.at), f"<{self.id}@{server.domain}>"
        made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office reply is sent to it
        made.set_content(self.text, cte="quoted-printable")
        return made


async def send(server: Server, mail: Mail) -> Result:
    """Hand one letter over. Never raises for anything the server or the network does; logs no address."""
    client, handing = server.client(), False
    try:
        async with asyncio.timeout(WHOLE):
            await _enter(client, server)
            await client.mail(server.sender)
            await client.rcpt(mail.to)
            message = mail.message(server).as_bytes()
            handing = True
            with points.around("smtp"):
                await client.data(message)
        return Accepted()
    except SMTPResponseException as answer:
        log.error("mail.refused", code=answer.code)
        return Refused(f"smtp {answer.code}") if answer.code >= 500 and isinstance(answer, FINAL) else Doubt(safe=True)
    except (SMTPException, OSError, TimeoutError) as fault:
        log.error("mail.failed", fault=type(fault).__name__)
        return Doubt(safe=not handing)
    finally:
        client.close()


async def knock(server: Server) -> str | None:
    """Connect and log in, send nothing. None when all is well, else what is not, as a code."""
    client = server.client()
    try:
        async with asyncio.timeout(WHOLE):
            await _enter(client, server)
            await client.quit()
    except SMTPResponseException as answer:
        return f"the server answered {answer.code}"
    except (SMTPException, OSError, TimeoutError) as fault:
        return type(fault).__name__
    finally:
        client.close()
    return None


async def _enter(client: SMTP, server: Server) -> None:
    await client.connect()
    if server.user is not None and server.password is not None:
        await client.login(server.user, server.password)
