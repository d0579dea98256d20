"""Intake: an update is a committed row before it is confirmed. Nothing here waits for a network before that commit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.event import Event, Unreadable, parse
from bot.log import get
from bot.sitting import said_at
from storage import inbox, people
from storage.store import Unit

log = get("bot.intake")
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
LARGEST = 2**63 - 1
"""What a column of 64 bits holds."""
NOBODY = 0
"""The address rows are kept under when an update names no chat at all."""
KEPT_OF_NONSENSE = 1 << 16
"""Characters kept of a body that is no update at all."""


@dataclass(frozen=True)
class Kept:
    """What the shell does after the commit: answer the button's spinner. `id` is None for an update we had already."""

    id: int | None
    event: Event | None


def raw_of(update: object) -> str:
    """An update as it is kept: the same text however it came in, so that one that comes again is known. Never unencodable."""
    raw = json.dumps(update, ensure_ascii=False)
    return json.dumps(update) if LONE_SURROGATE.search(raw) else raw


def read_raw(body: bytes) -> str:
    """A webhook's body as it is kept. What is no update becomes a broken one that holds it as text: set aside, and screened."""
    try:
        update = json.loads(body)
        if isinstance(update, dict):
            return raw_of(update)
    except (ValueError, RecursionError):
        pass
    return raw_of({"message": {"text": body.decode("utf-8", "replace")[:KEPT_OF_NONSENSE]}})


def keep_all(u: Unit, raws: list[str]) -> list[Kept]:
    """Store a batch. One update that cannot even be stored as it should is kept bare, and holds up none of the others."""
    try:
        with u.savepoint():
            return [keep(u, raw) for raw in raws]
    except SQLAlchemyError:
        raise
    except Exception as fault:
        log.error("intake.batch", fault=type(fault).__name__)
    kept = []
    for raw in raws:
        try:
            with u.savepoint():
                kept.append(keep(u, raw))
        except SQLAlchemyError:
            raise
        except Exception as fault:
            log.error("intake.bare", fault=type(fault).__name__)
            chat = people.chat_for(u, NOBODY)
            kept.append(Kept(inbox.store(u, chat, 0, raw, "broken", u.now), None))
    return kept


def last_id(raws: list[str]) -> int | None:
    """The highest update id of a batch, or None when it holds none that can be one."""
    ids = [update.get("update_id") for update in map(json.loads, raws) if isinstance(update, dict)]
    return max((id for id in ids if type(id) is int and abs(id) <= LARGEST), default=None)


def keep(u: Unit, raw: str) -> Kept:
    """Store one raw update. Whatever it is, it becomes a row; a broken one is set aside when its turn comes."""
    try:
        update: dict[str, Any] = json.loads(raw)
    except ValueError:
        return Kept(None, None)
    event: Event | None
    try:
        event = parse(update)
    except Unreadable:
        event = None
    chat = people.chat_for(u, event.address if event else _address_in(update))
    at = said_at(event, u.now) if event else u.now
    update_id = update.get("update_id")
    number = update_id if isinstance(update_id, int) and abs(update_id) <= LARGEST else 0
    return Kept(inbox.store(u, chat, number, raw, event.kind if event else "broken", at), event)


def _address_in(value: Any, depth: int = 0) -> int:
    """Whose chat a broken update most likely belongs to, so that a crisis text in it still finds its patient."""
    if isinstance(value, dict) and depth < 6:
        for name in ("chat", "from"):
            inner = value.get(name)
            if isinstance(inner, dict) and isinstance(inner.get("id"), int) and not isinstance(inner.get("id"), bool):
                return int(inner["id"])
        for inner in value.values():
            found = _address_in(inner, depth + 1)
            if found:
                return found
    return NOBODY
