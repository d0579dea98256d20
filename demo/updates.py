"""The queue of updates: each is kept until the bot asks for a higher one, and handed out in order, again and again until then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds Telegram sends only to bots that name them in `allowed_updates`."""


@dataclass
class Entry:
    """One update waiting to be confirmed. `copies` above 1 make it come back after it was confirmed."""

    id: int
    era: int
    body: dict[str, Any]
    copies: int = 1
    delivered: bool = False


class UpdateQueue:
    """Ids rise by one until `restart_ids`, after which they may be lower: Telegram does so after a quiet week."""

    def __init__(self, first_id: int = 1) -> None:
        self.entries: list[Entry] = []
        self.allowed: frozenset[str] = frozenset()
        self.confirmed = 0
        self.copies_of_next = 1
        self._next_id = first_id
        self._era = 0

    def add(self, kind: str, payload: dict[str, Any]) -> int | None:
        """Queue an update; its id, or None when the bot did not ask for this kind."""
        if self.allowed and kind not in self.allowed:
            return None
        if not self.allowed and kind in UNASKED:
            return None
        return self.add_raw({kind: payload})

    def add_raw(self, body: dict[str, Any]) -> int:
        """Queue a body as it is, whatever it holds; an `update_id` in it is kept, else the next one is given."""
        copy: dict[str, Any] = json.loads(json.dumps(body))
        id = copy.pop("update_id", self._next_id)
        self._next_id = max(self._next_id, id + 1) if id >= self._next_id else self._next_id
        self.entries.append(Entry(id, self._era, {"update_id": id, **copy}, self.copies_of_next))
        self.copies_of_next = 1
        return int(id)

    def restart_ids(self, at: int) -> None:
        """Start a new era whose first update has id `at`, lower or higher than those before."""
        self._next_id = at
        self._era += 1

    def pending(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Confirm what lies below `offset`, then the next updates, at most `limit`. A negative offset keeps only the last ones."""
        if offset < 0:
            self._confirm(self.entries[:offset])
        elif offset > 0:
            self._confirm(self._below(offset))
        batch = self.entries[:limit]
        for entry in batch:
            entry.delivered = True
        return [entry.body for entry in batch]

    def first(self) -> Entry | None:
        """The oldest update, for a webhook to deliver."""
        return self.entries[0] if self.entries else None

    def confirm(self, entry: Entry) -> None:
        """Done with this one: the webhook took it."""
        self._confirm([entry])

    def clear(self) -> None:
        self.entries.clear()

    def _below(self, offset: int) -> Sequence[Entry]:
        """What `offset` confirms. Across eras ids do not compare: then only what was handed out before id `offset - 1` counts."""
        for index, entry in enumerate(self.entries):
            if entry.delivered and entry.id == offset - 1:
                return self.entries[: index + 1]
        beyond = self._era > 0 and offset > self._next_id
        return [entry for entry in self.entries if entry.id < offset and not (beyond and entry.era == self._era)]

    def _confirm(self, done: Sequence[Entry]) -> None:
        gone = set()
        for entry in done:
            entry.copies -= 1
            entry.delivered = False
            if entry.copies < 1:
                gone.add(id(entry))
                self.confirmed += 1
        self.entries = [entry for entry in self.entries if id(entry) not in gone]


def read_allowed(names: Sequence[Any]) -> frozenset[str]:
    """The kinds a bot asked for; an empty list means Telegram's default."""
    return frozenset(str(name) for name in names)
