"""Telegram's flood limits: about 30 messages a second in all, 1 a second to a chat, 20 a minute to a group.

The figures are python-telegram-bot's `FloodLimit`, taken from core.telegram.org/bots/faq. Time here is real (monotonic
seconds), never the demo's clock: turning that clock must not let a bot send more.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from telegram.constants import FloodLimit

from demo.refusals import too_many

JITTER = 0.05
"""Seconds by which a second may seem shorter here than at the sender."""


@dataclass(frozen=True)
class Limits:
    """How many messages pass. Edits count towards `per_second` only, as the limits speak of messages to a chat."""

    per_second: int = int(FloodLimit.MESSAGES_PER_SECOND)
    per_chat_second: int = int(FloodLimit.MESSAGES_PER_SECOND_PER_CHAT)
    per_group_minute: int = int(FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP)


class Flood:
    """Counts what was let through and refuses what is too much. `limits=None` lets everything through."""

    def __init__(self, limits: Limits | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._monotonic = monotonic
        self._passed: dict[str, deque[float]] = defaultdict(deque)

    def count(self, chat_id: int, *, edit: bool = False) -> None:
        """Let one message through, or raise 429 with the whole seconds to wait."""
        if self.limits is None:
            return
        rules = [("all", 1.0, self.limits.per_second)]
        if not edit:
            rules.append((f"chat {chat_id}", 1.0, self.limits.per_chat_second))
            if chat_id < 0:
                rules.append((f"group {chat_id}", 60.0, self.limits.per_group_minute))
        now = self._monotonic()
        wait = max(self._wait(name, span, most, now) for name, span, most in rules)
        if wait > 0:
            raise too_many(math.ceil(wait))
        for name, _, _ in rules:
            self._passed[name].append(now)

    def _wait(self, name: str, span: float, most: int, now: float) -> float:
        passed = self._passed[name]
        while passed and passed[0] <= now - span + JITTER:
            passed.popleft()
        return passed[-most] + span - now if len(passed) >= most else 0.0
