"""The named points, listed by hand: a new commit or call is not covered until somebody has written it down here."""

from __future__ import annotations

COMMITS = (
    "migrate", "opening", "setup", "floor", "prepare", "intake", "worker", "worker_one", "choose", "claim", "record", "tick", "audit",
    "retention", "weekly", "forgotten", "planned", "letters", "letter", "ways",
)  # fmt: skip
CALLS = (
    "getMe", "setWebhook", "deleteWebhook", "heartbeat", "setMyCommands",
    "getUpdates", "confirm", "answerCallbackQuery", "sendMessage", "editMessageText", "editMessageReplyMarkup",
    "leaveChat", "card", "smtp", "pageWebhook",
)  # fmt: skip
FILES = ("key", "page")
ELSEWHERE = ("lead", "release", "probe", "figures", "look")
"""Not come to here: the lease of several processes on PostgreSQL (`test_workers`), what the health pages only read, and the second
process (`tests/commands/test_watch.py`)."""
POINTS = frozenset(f"{name}.{side}" for name in (*COMMITS, *CALLS, *FILES) for side in ("before", "after"))
HITS = 3
"""At each of its first three hits a point is crashed at."""
