"""Updates as texts, before anything about them is believed: cut out of an answer, read, and searched when they can't be read."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.event import Unreadable, written

LARGEST = 2**63 - 1
"""What a column of 64 bits holds."""
SEARCHED, UNREAD = 64 * 1024, 4 * 4096
"""Of an update that can't be read, the characters searched for texts, and those kept of the texts."""
LONE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""Half of a pair, as an escape or bare: it may stand alone, and then no text that is stored or sent can hold it."""
PIECES = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
NUMBER = re.compile(r'\{\s*"update_id"\s*:\s*(-?\d{1,19})\b')


def clean(raw: str) -> str:
    """The same update with every half of a pair replaced by "?"."""
    if LONE.search(raw) is None:
        return raw
    try:
        raw = json.dumps(json.loads(raw), ensure_ascii=False)
    except (ValueError, RecursionError):
        raw = LONE.sub("?", raw)
    return raw.encode("utf-8", "replace").decode()


def raw_of(update: object) -> str:
    """An update as it is kept: the same text however it came in, so that one that comes again is known."""
    return clean(json.dumps(update, ensure_ascii=False))


def read(raw: str) -> dict[str, Any]:
    """Raises `Unreadable` for what is no JSON object, is nested too deep, or has numbers too long to be read."""
    try:
        update = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unreadable("json") from None
    if not isinstance(update, dict):
        raise Unreadable("no object")
    return update


def texts(raw: str) -> list[str]:
    """Every text or caption in an update; of one that can't be read, all there is between quotation marks.

    Of the latter each once, and no more than four messages could hold: Telegram sends nothing longer.
    """
    try:
        return list(written(read(raw)))
    except Unreadable:
        found, left = [], UNREAD
        for piece in dict.fromkeys(match[0][1:-1] for match in PIECES.finditer(raw[:SEARCHED]) if len(match[0]) > 2) or [raw[:SEARCHED]]:
            found.append(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
        return found


def number(raw: str) -> int | None:
    """The update's id, also of one that can't be read; None when it has none that fits a column."""
    try:
        id = read(raw).get("update_id")
    except Unreadable:
        found = NUMBER.match(raw.lstrip())
        id = int(found[1]) if found else None
    return id if type(id) is int and abs(id) <= LARGEST else None


def split(body: str) -> list[str]:
    """The updates of an answer that can't be read as a whole, each by itself. Raises `ValueError` when it was cut off.

    One update that is no proper JSON would else hold up all others for ever.
    """
    found: list[str] = []
    depth, start = 0, -1
    listed = re.search(r'"result"\s*:\s*(?=\[)', body)
    for piece in PIECES.finditer(body, listed.end()) if listed else ():
        if piece[0] in "[{":
            depth += 1
            start = piece.start() if depth == 2 else start
        elif piece[0] in "]}":
            depth -= 1
            if depth == 1:
                found.append(body[start : piece.end()])
            elif depth == 0:
                return found
    raise ValueError("cut off")
