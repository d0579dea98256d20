"""Intake: an update is a committed row before it is confirmed. Nothing here waits for a network before that commit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.event import Event, Unreadable, parse
from bot.log import get
from bot.raw import LARGEST, clean, number, raw_of, read
from bot.sitting import said_at
from storage import floor, inbox, people
from storage.inbox import Update
from storage.store import Unit

log = get("bot.intake")
NOBODY = 0
"""The address rows are kept under when an update names no chat at all."""
KEPT_OF_NONSENSE = 1 << 16
"""Characters kept of a body that is no update at all."""


@dataclass(frozen=True)
class Kept:
    """What the shell does after the commit: answer the button's spinner. `id` is None for an update we had already."""

    id: int | None
    event: Event | None


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
            return keep(u, raws)
    except SQLAlchemyError:
        raise
    except Exception as fault:
        log.error("intake.batch", fault=type(fault).__name__)
    kept = []
    for raw in map(clean, raws):
        try:
            with u.savepoint():
                kept += keep(u, [raw])
        except SQLAlchemyError:
            raise
        except Exception as fault:
            log.error("intake.bare", fault=type(fault).__name__)
            chat = people.chat_for(u, NOBODY)
            kept += [Kept(id, None) for id in inbox.store(u, [Update(chat, 0, raw, "broken", u.now)])]
    return kept


def last_id(raws: list[str]) -> int | None:
    """The highest update id of a batch, or None when it holds none that can be one."""
    return max((id for id in map(number, raws) if id is not None), default=None)


def keep(u: Unit, raws: list[str]) -> list[Kept]:
    """Store raw updates. Whatever one is, it becomes a row; a broken one is set aside when its turn comes."""
    raws = [clean(raw) for raw in raws]
    read_ones = [_look(raw) for raw in raws]
    floor.alone(u)  # first of all: who waits for it holds nothing yet
    floor.foresee(u)
    people.foresee_chats(u, [address for _, address in read_ones])
    updates = [
        Update(people.chat_for(u, address), number(raw) or 0, raw, event.kind, said_at(event, u.now))
        if event
        else Update(people.chat_for(u, address), number(raw) or 0, raw, "broken", u.now)
        for raw, (event, address) in zip(raws, read_ones, strict=True)
    ]
    return [Kept(id, event) for id, (event, _) in zip(inbox.store(u, updates), read_ones, strict=True)]


def _look(raw: str) -> tuple[Event | None, int]:
    """What an update says, None for a broken one, and the Telegram id of its chat."""
    update, event = None, None
    try:
        update = read(raw)
        event = parse(update)
    except Unreadable:
        pass
    address = event.address if event else _address_in(update)
    return event, address if abs(address) <= LARGEST else NOBODY


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
