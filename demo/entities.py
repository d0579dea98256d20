"""Turns what a bot or a person sends into the text Telegram would store, and counts it the way Telegram counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from telegram.constants import MessageEntityType, MessageLimit

from demo.markup import PARSERS, Entity, Rich, units
from demo.refusals import bad

KINDS = frozenset(kind.value for kind in MessageEntityType)
FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/])/[a-zA-Z0-9_]{1,64}(?:@\w+)?\b)"
    r"|(?P<url>https?://[^\s<>\"]+)"
    r"|(?P<mention>(?<!\w)@\w{4,32}\b)"
)
CONTROL = {code: " " for code in range(32) if code not in (9, 10)} | {13: None}


def clean(text: str) -> str:
    """Text as Telegram keeps it: no control characters but tab and newline; refuses what is not UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise bad("strings must be encoded in UTF-8") from None
    return text.translate(CONTROL)


def format_text(source: str, parse_mode: str | None, entities: list[Any] | None) -> tuple[str, list[Entity]]:
    """The bare text and its entities. Raises the refusal Telegram would give for markup or entities it cannot read.

    No more than 100 entities are kept (`MessageLimit.MESSAGE_ENTITIES`); Telegram ignores the rest silently.
    """
    source = clean(source)
    if parse_mode:
        parser = PARSERS.get(parse_mode.lower())
        if parser is None:
            raise bad("unsupported parse_mode")
        rich = parser(source)
    else:
        rich = Rich()
        rich.add(source)
        rich.entities = [_checked(entity, rich.length) for entity in entities or []]
    return _trim(rich)


def checked_text(source: str, parse_mode: str | None, entities: list[Any] | None) -> tuple[str, list[Entity]]:
    """As `format_text`, for a message: 1 to 4096 UTF-16 units after the markup is taken out."""
    if not source:
        raise bad("message text is empty")
    text, found = format_text(source, parse_mode, entities)
    if not text:
        raise bad("text must be non-empty")
    if units(text) > MessageLimit.MAX_TEXT_LENGTH:
        raise bad("message is too long")
    return text, found


def checked_caption(source: str, parse_mode: str | None, entities: list[Any] | None) -> tuple[str, list[Entity]]:
    """As `format_text`, for a caption: up to 1024 UTF-16 units after the markup is taken out."""
    text, found = format_text(source, parse_mode, entities)
    if units(text) > MessageLimit.CAPTION_LENGTH:
        raise bad("message caption is too long")
    return text, found


def find_entities(text: str) -> list[Entity]:
    """What Telegram marks by itself: commands, links and mentions."""
    found = []
    for hit in FOUND.finditer(text):
        found.append({"type": hit.lastgroup or "url", "offset": units(text[: hit.start()]), "length": units(hit[0])})
    return found


def _checked(entity: Any, length: int) -> Entity:
    if not isinstance(entity, Mapping):
        raise bad("can't parse entities: expected an Object")
    kind, offset, size = entity.get("type"), entity.get("offset"), entity.get("length")
    if kind not in KINDS:
        raise bad("can't parse entities: unsupported entity type")
    if not isinstance(offset, int) or not isinstance(size, int) or offset < 0 or size < 0 or offset + size > length:
        raise bad(f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {length}")
    if kind == "text_link" and not isinstance(entity.get("url"), str):
        raise bad('can\'t parse entities: field "url" must be of type String')
    return dict(entity)


def _trim(rich: Rich) -> tuple[str, list[Entity]]:
    bare = rich.text.rstrip()
    cut = len(bare) - len(bare.lstrip())
    lead, text = units(bare[:cut]), bare[cut:]
    size = units(text)
    kept: list[Entity] = []
    for entity in [*rich.entities, *(e | {"offset": e["offset"] + lead} for e in find_entities(text))]:
        start = max(0, entity["offset"] - lead)
        end = min(size, entity["offset"] + entity["length"] - lead)
        spot = {"offset": start, "length": end - start}
        if end > start and not any((k["type"], k["offset"]) == (entity["type"], start) for k in kept):
            kept.append(entity | spot)
    kept.sort(key=lambda e: (e["offset"], -e["length"]))
    return text, kept[: MessageLimit.MESSAGE_ENTITIES]
