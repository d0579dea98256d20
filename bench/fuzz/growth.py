"""Does the work grow with the length and no faster? CPU time at n and at 4n, on inputs made to be slow."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from bot import log, raw
from bot.event import Unreadable, parse
from bot.flow.questions import Number, Scale, Text, TimeOfDay
from clinic.table import guard
from content import places
from handlers.phone import is_phone
from safety.screen import screen

SHORT, FACTOR = 16 * 1024, 4
PUMPS = ("a", " ", "7", "7 ", "a ", "/a", "@a", "[", "{", '{"', "\\", "((", "bot1:", "bot123456789:a", "\u200d", "e\u0301",
"i w a n t ", ". ", "kill ",
         "'", "<", "=", "\n", "\u0661", "5-", "\U0001f468\u200d", "k-i-l-l ", "noooo ", "@@@ ", "i want to not ")  # fmt: skip


def _event(text: str) -> None:
    try:
        parse({"message": {"message_id": 1, "date": 1, "chat": {"id": 1}, "text": "/a" + text}})
    except Unreadable:
        return


def _split(text: str) -> None:
    try:
        raw.split('{"result":[' + text + "]}")
    except ValueError:
        return


READERS: dict[str, Callable[[str], object]] = {
    "screen and normaliser": screen,
    "screen, with earlier messages": lambda text: screen(text, [text[:1000]] * 3),
    "event": _event,
    "update that can't be read": lambda text: raw.texts('{"message": ' + text),
    "update, cleaned": lambda text: raw.clean('{"text": "\\ud800' + text.replace('"', "")),
    "answer, cut into updates": _split,
    "time": lambda text: TimeOfDay().read("7" + text + "x"),
    "number": lambda text: Number().read("7" + text + "x"),
    "scale": lambda text: Scale().read("7" + text + "/x"),
    "text": lambda text: Text().read(text),
    "phone number": lambda text: is_phone("5" + text),
    "place": lambda text: places.zone(text),
    "export cell": guard,
    "log redaction": log.redact,
    "json for the log": lambda text: json.dumps({"event": text}),
}


def measure() -> Iterator[tuple[str, str, float, float]]:
    """(reader, slowest pump, milliseconds at 64 KiB, ratio from 16 to 64 KiB) for each reader; 4 is linear."""
    for name, read in READERS.items():
        read("warm")
        times = {pump: (_cpu(read, pump, SHORT), _cpu(read, pump, FACTOR * SHORT)) for pump in PUMPS}
        slowest = max(times, key=lambda pump: times[pump][1])
        ratio = max(long / max(short, 0.5) for short, long in times.values())
        yield name, slowest, times[slowest][1], ratio


def _cpu(read: Callable[[str], object], pump: str, length: int) -> float:
    """Milliseconds, the better of two."""
    text, best = (pump * (length // len(pump) + 1))[:length], float("inf")
    for _ in range(2):
        began = time.process_time()
        read(text)
        best = min(best, 1000 * (time.process_time() - began))
    return best
