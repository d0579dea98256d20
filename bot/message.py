"""Putting a message together from content ids: its words, its buttons, and the note of which items it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from content.library import Words

MAX_TEXT = 4096


@dataclass(frozen=True)
class Button:
    """`option` is what a tap stands for in the prompt's row; `label` is what the patient sees."""

    option: str
    label: str


class Draft:
    """A message in the making. What it renders is fixed here; the channel only maps it to Telegram."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._parts: list[str] = []
        self._items: list[str] = []
        self.rows: list[list[Button]] = []

    def add(self, id: str, **slots: Any) -> Draft:
        """One paragraph of reviewed words."""
        self._parts.append(self.phrase(id, **slots))
        return self

    def phrase(self, id: str, **slots: Any) -> str:
        """Reviewed words to be used inside another item's slot, or on a button; noted like any other."""
        item = self.words.item(id)
        tag = f"{id}@{item.version}"
        if tag not in self._items:
            self._items.append(tag)
        return self.words.text(id, **slots)

    def button(self, option: str, label: str, **slots: Any) -> Button:
        return Button(option, self.phrase(label, **slots))

    def row(self, *buttons: Button) -> Draft:
        self.rows.append(list(buttons))
        return self

    def grid(self, buttons: Sequence[Button], columns: int) -> Draft:
        for start in range(0, len(buttons), columns):
            self.row(*buttons[start : start + columns])
        return self

    @property
    def text(self) -> str:
        """At most 4,096 UTF-16 units, which is how Telegram counts; the patient's own words are what gets shortened."""
        whole = "\n\n".join(part for part in self._parts if part)
        if len(whole.encode("utf-16-le")) // 2 <= MAX_TEXT:
            return whole
        return whole.encode("utf-16-le")[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "ignore") + "…"

    @property
    def content(self) -> str:
        return " ".join(self._items)

    @property
    def options(self) -> list[str]:
        return [button.option for row in self.rows for button in row]

    def payload(self, nonce: str | None = None) -> dict[str, Any]:
        """What the outbox keeps. Each button carries `nonce.place`: 25 bytes, whatever its label."""
        place = iter(range(len(self.options)))
        keyboard = [[[button.label, f"{nonce}.{next(place)}"] for button in row] for row in self.rows] if nonce else []
        return {"text": self.text, "keyboard": keyboard}
