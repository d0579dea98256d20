"""What came in, in our own terms: every update becomes one `Event`, whatever it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MESSAGES = ("message", "edited_message")
UNREADABLE = (
    "photo", "voice", "video", "video_note", "audio", "document", "sticker", "animation", "location", "venue", "contact", "poll", "dice",
    "story",
)  # fmt: skip


class Unreadable(Exception):
    """An update this code cannot make sense of; its row is set aside for staff, and its text is still screened."""


@dataclass(frozen=True)
class Event:
    """kind: text, command, edit, button, media, blocked, unblocked, group or other.

    `text` is all a person wrote (also a caption or a whole command line) and is what the screen reads.
    """

    kind: str
    address: int
    text: str = ""
    command: str = ""
    argument: str = ""
    data: str = ""
    message_id: int | None = None
    said_at: datetime | None = None
    media: str = ""
    callback_id: str = ""


def parse(update: Any) -> Event:
    """Raises `Unreadable` for anything that does not have the shape Telegram documents."""
    if not isinstance(update, dict):
        raise Unreadable("no object")
    try:
        for name in MESSAGES:
            if name in update:
                return _message(update[name], edited=name == "edited_message")
        if "callback_query" in update:
            return _button(update["callback_query"])
        if "my_chat_member" in update:
            return _membership(update["my_chat_member"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as fault:  # OSError: a date beyond any clock
        raise Unreadable(type(fault).__name__) from None
    return Event("other", _any_address(update))


def written(update: Any, depth: int = 0) -> Iterator[str]:
    """Every text or caption in a raw update, however broken it is."""
    if depth > 8:
        return
    if isinstance(update, dict):
        for key, value in update.items():
            if key in ("text", "caption") and isinstance(value, str):
                yield value
            else:
                yield from written(value, depth + 1)
    elif isinstance(update, list):
        for value in update:
            yield from written(value, depth + 1)


def _message(message: dict[str, Any], *, edited: bool) -> Event:
    address = _address(message["chat"])
    said_at = datetime.fromtimestamp(message.get("edit_date") or message["date"], UTC)
    message_id = _id(message["message_id"])
    if message["chat"].get("type", "private") != "private":
        return Event("group", address, said_at=said_at)
    media = next((name for name in UNREADABLE if name in message), "")
    text = message.get("text") or message.get("caption") or ""
    if not isinstance(text, str):
        raise TypeError("text")
    kind = "edit" if edited else "media" if media else "text" if text else "other"
    command, argument = "", ""
    found = re.match(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?:\s+(.*))?\s*$", text, re.DOTALL) if kind == "text" else None
    if found:
        kind, command, argument = "command", found[1].lower(), (found[2] or "").strip()
    return Event(kind, address, text, command, argument, message_id=message_id, said_at=said_at, media=media)


def _button(query: dict[str, Any]) -> Event:
    address = _id(query["from"]["id"])
    message = query.get("message") or {}
    if message.get("chat", {}).get("type", "private") != "private":
        return Event("group", _address(message["chat"]), callback_id=str(query["id"]))
    data = query.get("data", "")
    if not isinstance(data, str):
        raise TypeError("data")
    message_id = _id(message["message_id"]) if "message_id" in message else None
    return Event("button", address, data=data, message_id=message_id, callback_id=str(query["id"]))


def _membership(change: dict[str, Any]) -> Event:
    address = _address(change["chat"])
    if change["chat"].get("type", "private") != "private":
        return Event("group", address)
    status = change["new_chat_member"]["status"]
    return Event("blocked" if status in ("kicked", "left") else "unblocked", address)


def _address(chat: dict[str, Any]) -> int:
    return _id(chat["id"])


def _id(value: Any) -> int:
    """Telegram's ids fit 64 bits."""
    id = int(value)
    if abs(id) >= 2**63:
        raise ValueError("id")
    return id


def _any_address(update: dict[str, Any]) -> int:
    """The chat an unknown kind of update belongs to, or 0."""
    for value in update.values():
        if isinstance(value, dict):
            for part in (value.get("chat"), value.get("from"), value.get("user")):
                if isinstance(part, dict) and isinstance(part.get("id"), int):
                    return int(part["id"])
    return 0
