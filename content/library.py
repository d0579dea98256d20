"""Every word a person reads, by id: loads `content/<language>/*.toml` and hands out rendered text.

A file holds one area. `[meta]` gives the source and the review state of all its items; any table with a `text` is an
item, and its dotted path is its id:

    [meta]
    source = "Own wording."
    review = "pending"

    [checkin.mood]
    v = 1
    text = "How is your mood right now?"

An item may override `source` and `review`. Slots are written `{name}`; patient words only ever enter through a slot.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
REVIEW_STATES = ("pending", "approved")


class ContentError(Exception):
    """The content files cannot be used as they are; the message names the file or id and what to change."""


@dataclass(frozen=True)
class Item:
    """One reviewed string. `version` rises whenever `text` changes meaning; `slots` are the names it must be given."""

    id: str
    version: int
    text: str
    source: str
    review: str
    slots: frozenset[str]


@dataclass(frozen=True)
class Words:
    """All items of one language, looked up by id."""

    language: str
    items: Mapping[str, Item]

    def item(self, id: str) -> Item:
        try:
            return self.items[id]
        except KeyError:
            raise ContentError(f"No content item '{id}' in content/{self.language}/. Add it there with a source.") from None

    def text(self, id: str, **slots: object) -> str:
        """The item's words with its slots filled. Raises `ContentError` when a slot is missing or unknown."""
        item = self.item(id)
        if item.slots != slots.keys():
            raise ContentError(f"'{id}' takes {sorted(item.slots)}, was given {sorted(slots)}.")
        return item.text.format(**slots) if slots else item.text.replace("{{", "{").replace("}}", "}")

    def has(self, id: str) -> bool:
        return id in self.items

    def under(self, prefix: str) -> Iterator[Item]:
        """All items whose id starts with `prefix` and a dot, in file order."""
        return (item for id, item in self.items.items() if id.startswith(prefix + "."))


@cache
def load(language: str = "en") -> Words:
    """Read and check every file of a language once; a fault in any of them raises `ContentError` at start."""
    folder = ROOT / language
    if not folder.is_dir():
        raise ContentError(f"There is no content for language '{language}' (looked for the folder content/{language}/).")
    items: dict[str, Item] = {}
    for path in sorted(folder.glob("*.toml")):
        data = read_toml(path)
        meta = data.pop("meta", {})
        for item in _items(path.name, data, meta, ()):
            if item.id in items:
                raise ContentError(f"{path.name}: '{item.id}' is defined twice.")
            items[item.id] = item
    return Words(language, items)


def read_toml(path: Path) -> dict[str, Any]:
    """One content file as plain data; raises `ContentError` naming the file and line when it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ContentError(f"{path.name} cannot be read: {fault}.") from fault


def _items(file: str, table: Mapping[str, Any], meta: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Item]:
    if isinstance(table.get("text"), str):
        yield _item(file, ".".join(path), table, meta)
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _items(file, value, meta, (*path, key))


def _item(file: str, id: str, table: Mapping[str, Any], meta: Mapping[str, Any]) -> Item:
    source, review = table.get("source", meta.get("source")), table.get("review", meta.get("review"))
    if not source or review not in REVIEW_STATES:
        raise ContentError(f"{file}: '{id}' needs a source, and a review of {' or '.join(REVIEW_STATES)}.")
    text = table["text"].strip("\n")
    try:
        slots = frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    except ValueError as fault:
        raise ContentError(f"{file}: '{id}' has a broken slot: {fault}.") from fault
    return Item(id, int(table.get("v", 1)), text, source, review, slots)
