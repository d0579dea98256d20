"""The screen over many texts, one a line: what `between screen [--jsonl]` prints. It is how others measure the screen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from safety.heard import Heard
from safety.screen import screen


@dataclass(frozen=True)
class Line:
    """One line to print. `ok` is false when the input line could not be used; the command then exits with 1 at the end."""

    out: str
    ok: bool = True


class BadLine(ValueError):
    """An input line cannot be used; the message says what to write instead and never repeats what was written, but for its id."""

    def __init__(self, says: str, id: str | int | None = None) -> None:
        super().__init__(says)
        self.id = id


def screen_lines(lines: Iterable[str], jsonl: bool) -> Iterator[Line]:
    """One `Line` for each input line, in the same order, as soon as it is read.

    Plain: the line is the text, and its number (from 1) the id. JSON lines: objects with "text"
    and, if wanted, "id" (else the line's number) and "recent".
    """
    for number, line in enumerate(lines, start=1):
        if not jsonl:
            yield Line(_verdict(number, screen(line.rstrip("\r\n"))))
            continue
        try:
            id, text, recent = _parse(line, number)
        except BadLine as fault:
            known = {} if fault.id is None else {"id": fault.id}
            yield Line(json.dumps({**known, "error": f"Line {number}: {fault}"}), ok=False)
        else:
            yield Line(_verdict(id, screen(text, recent)))


def _parse(line: str, number: int) -> tuple[str | int, str, tuple[str, ...]]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine('not JSON. Write one object a line: {"id": "1", "text": "..."}.') from None
    if not isinstance(row, dict):
        raise BadLine('not an object. Write {"id": "1", "text": "..."}.')
    id, text, recent = row.get("id", number), row.get("text"), row.get("recent", [])
    if not isinstance(id, str | int) or isinstance(id, bool):
        raise BadLine('"id" must be a string or a whole number.')
    if not isinstance(text, str):
        raise BadLine('"text" is missing or not a string. Put the message there.', row.get("id"))
    if not isinstance(recent, list) or not all(isinstance(part, str) for part in recent):
        raise BadLine('"recent" must be a list of strings, oldest first.', row.get("id"))
    return id, text, tuple(recent)


def _verdict(id: str | int, heard: Heard) -> str:
    findings = [{"rule": finding.rule, "span": list(finding.span), "why": finding.why} for finding in heard.findings]
    return json.dumps({"id": id, "level": heard.level.word, "findings": findings})
