"""What there is to do, in one look that no loop of the bot has: it saves rounds that would find nothing.

Only when something was written since it last looked, by the bot or by others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from bot.dues import CHORES

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
    """Looks through the engine's own connection, whose pages are in memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._state: tuple[int, int] | None = None
        self._seen = Seen(False, None, None, None, False)

    def look(self) -> Seen:
        raw = self._engine.raw_connection()
        try:
            connection: Any = raw.dbapi_connection
            state = (connection.total_changes, connection.execute("pragma data_version").fetchone()[0])
            if state != self._state:
                came, turn_at, chore_at, send_at, leased = connection.execute(LOOK).fetchone()
                self._state, self._seen = state, Seen(bool(came), _read(turn_at), _read(chore_at), _read(send_at), bool(leased))
        finally:
            raw.close()
        return self._seen


def _read(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at).replace(tzinfo=UTC) if at is not None else None
