"""What no log line, no error output and no metric may hold in any test: the made-up names, words, numbers and secrets of the tests."""

from __future__ import annotations

import base64
import re
import sys

from bot import log
from demo.local import TOKEN

MASTER = base64.b64encode(b"a master key for tests, 32 bytes").decode()
WORDS = (
    r"robin", r"dana", r"reyes", r"ana ruiz", r"harbor program", r"555-?01\d\d", r"qanary\w*", r"kill (?:myself|me)", r"end (?:my|it all)",
    r"want to die", r"made up words", re.escape(TOKEN), re.escape(TOKEN.split(":")[1]), re.escape(MASTER),
)  # fmt: skip
"""Of the made-up clinics in tests/clinics.py and tests/bad_day.py; as whole words, in any case."""
CANARY = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(WORDS)})(?![A-Za-z0-9])", re.IGNORECASE)


def sung(text: str) -> list[str]:
    """The canaries in a text, each once."""
    return sorted({found.lower() for found in CANARY.findall(text)})


class Net:
    """Every line the bot's log wrote in one test, whichever stream it went to."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, output: log.Output, line: str) -> None:
        self.lines.append(log.redact(line))
        REAL_WRITE(output, line)

    def caught(self) -> list[str]:
        return sung("\n".join(self.lines))


REAL_WRITE = log.Output.write


def metrics() -> str:
    """What /metrics would say now, if anything in this process counts."""
    client = sys.modules.get("prometheus_client")
    return client.generate_latest().decode() if client is not None else ""
