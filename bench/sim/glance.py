"""What there is to do, in one look that no loop of the bot has: it saves rounds that would find nothing.

From a connection of its own that only reads, and only when something was committed since it last looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.dues import CHORES
from storage.engine import sqlite

_CHORES = ", ".join(f"'{kind}'" for kind in CHORES)
LOOK = f"""
    select
        exists (select 1 from inbox where state = 'ready'),
        (select due_at from due where state = 'ready' and kind not in ({_CHORES}) order by due_at limit 1),
        (select due_at from due where state = 'ready' and kind in ({_CHORES}) order by due_at limit 1),
        (select not_before from outbox where state = 'ready' order by not_before limit 1),
        exists (select 1 from outbox where state = 'leased')
"""  # noqa: S608 - our own words


@dataclass(frozen=True)
class Seen:
    """came: an update waits. Then when a turn, a chore and a sending are next due. leased: something is on its way."""

    came: bool
    turn_at: datetime | None
    chore_at: datetime | None
    send_at: datetime | None
    leased: bool


class Glance:
    def __init__(self, file: Path) -> None:
        self._connection = sqlite.connect(file)
        self._version: tuple[int] | None = None
        self._seen = Seen(False, None, None, None, False)

    def look(self) -> Seen:
        version = self._connection.execute("pragma data_version").fetchone()
        if version != self._version:
            came, turn_at, chore_at, send_at, leased = self._connection.execute(LOOK).fetchone()
            self._version, self._seen = version, Seen(bool(came), _read(turn_at), _read(chore_at), _read(send_at), bool(leased))
        return self._seen

    def close(self) -> None:
        self._connection.close()


def _read(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at).replace(tzinfo=UTC) if at is not None else None
