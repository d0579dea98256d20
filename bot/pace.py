"""Which rows go next: a pure function of the rows, the time and what Telegram allows.

Telegram allows about 30 messages a second in all and one a second to a chat (python-telegram-bot's `FloodLimit`). Eight a
second stay reserved for lanes 0 and 1, and lanes 3 and 4 never take more than 20. A 429 pauses its own scope, but never
lanes 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.outbox import CRISIS, ESCALATION, PROMPT, Waiting

SECOND = timedelta(seconds=1)
IN_ALL = 30
RESERVED = 8
PROMPTS = 20
AGED = timedelta(seconds=30)
"""A reminder that has waited this long goes before replies, so that it cannot starve."""


@dataclass
class Pace:
    """What went out in the last second, and who must wait. The one piece of state of sending; lost at a restart, harmlessly but for `held`,
    which the rows tell whoever begins to send (`storage/held_back.py`)."""

    sent: list[tuple[datetime, int]] = field(default_factory=list)
    chats: dict[int, datetime] = field(default_factory=dict)
    paused: dict[int, datetime] = field(default_factory=dict)
    held: dict[int, datetime] = field(default_factory=dict)
    """Chats whose crisis card has yet to arrive: until it is tried again, nothing else goes there, however urgent."""
    all_paused: datetime | None = None
    apart: timedelta = SECOND
    """Between two new messages to one chat; a Bot API server without limits may be sent more."""
    busy: set[int] = field(default_factory=set)
    """Chats with a request on its way: the next one waits for it, so that order holds."""

    def choose(self, rows: Iterable[Waiting], now: datetime) -> list[Waiting]:
        """The rows to send now, in order. Lanes 0 and 1 may overtake in their chat; the others keep their order."""
        self.sent = [(at, lane) for at, lane in self.sent if now - at < SECOND and at <= now]
        self.chats = {chat: at for chat, at in self.chats.items() if now - at < self.apart and at <= now}
        self.held = {chat: until for chat, until in self.held.items() if now < until}
        room = IN_ALL - len(self.sent)
        ordinary = IN_ALL - RESERVED - sum(1 for _, lane in self.sent if lane > ESCALATION)
        prompts = PROMPTS - sum(1 for _, lane in self.sent if lane >= PROMPT)
        chosen: list[Waiting] = []
        taken: set[int] = set(self.busy)
        for row in sorted(rows, key=lambda row: (_urgency(row, now), row.id)):
            urgent = row.lane <= ESCALATION
            if room <= 0:
                break
            if row.chat in taken:
                continue
            if self._too_soon(row) or (not urgent and self._paused(row, now)) or self._behind_card(row, now):
                taken.add(row.chat)  # what comes behind it in this chat waits with it
                continue
            if (not urgent and ordinary <= 0) or (row.lane >= PROMPT and prompts <= 0):
                continue
            chosen.append(row)
            taken.add(row.chat)
            room -= 1
            ordinary -= 0 if urgent else 1
            prompts -= 1 if row.lane >= PROMPT else 0
        return chosen

    def waiting(self, now: datetime) -> int:
        """How many chats may have to wait whatever they have next, at most."""
        self.paused = {chat: until for chat, until in self.paused.items() if now < until}
        return len(self.busy) + len(self.chats) + len(self.paused) + len(self.held)

    def went(self, row: Waiting, now: datetime) -> None:
        self.sent.append((now, row.lane))
        if row.kind == "send":
            self.chats[row.chat] = now

    def pause(self, row_chat: int, until: datetime, *, everywhere: bool) -> None:
        if everywhere:
            self.all_paused = until
        else:
            self.paused[row_chat] = until

    def hold_behind_card(self, chat: int, until: datetime) -> None:
        self.held[chat] = until

    def _behind_card(self, row: Waiting, now: datetime) -> bool:
        return row.lane > CRISIS and now < self.held.get(row.chat, now)

    def _paused(self, row: Waiting, now: datetime) -> bool:
        if self.all_paused is not None and now < self.all_paused:
            return True
        return now < self.paused.get(row.chat, now)

    def _too_soon(self, row: Waiting) -> bool:
        """A second new message to a chat within a second, but for the crisis card, which is tried at once."""
        return row.kind == "send" and row.lane > CRISIS and row.chat in self.chats


def _urgency(row: Waiting, now: datetime) -> int:
    aged = row.lane == PROMPT and now - row.not_before > AGED
    return 2 if aged else row.lane
