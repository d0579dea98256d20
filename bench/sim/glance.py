"""What there is to do, in one look that no loop of the bot has: it saves rounds that would find nothing.

Only when something was written since it last looked, by the bot or by others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from bot.dues import CHORES
from storage.outbox import ESCALATION

_CHORES = ", ".join(f"'{kind}'" for kind in CHORES)
LOOK = f"""
    select
        exists (select 1 from inbox where state = 'ready'),
        (select due_at from due where state = 'ready' and kind not in ({_CHORES}) order by due_at limit 1),
        (select due_at from due where state = 'ready' and kind in ({_CHORES}) order by due_at limit 1),
        (select min(not_before) from outbox where state = 'ready' and channel = 'telegram'),
        exists (select 1 from outbox where state = 'leased'),
        (select min(not_before) from outbox where state = 'ready' and channel <> 'telegram'),
        (select group_concat(created_at) from (
            select created_at from outbox where state = 'ready' and lane = {ESCALATION}
            union all select created_at from outbox where state = 'leased' and lane = {ESCALATION}
        ))
"""  # noqa: S608 - our own words


@dataclass(frozen=True)
class Seen:
    """came: an update waits. Then when a turn, a chore and a sending are next due. leased: something is on its way. letter_at: when
    a letter may go. pages: since when each page waits that no channel has taken."""

    came: bool
    turn_at: datetime | None
    chore_at: datetime | None
    send_at: datetime | None
    leased: bool
    letter_at: datetime | None = None
    pages: tuple[datetime, ...] = ()


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
                came, turn_at, chore_at, send_at, leased, letter_at, pages = connection.execute(LOOK).fetchone()
                waiting = tuple(at for one in (pages or "").split(",") if (at := _read(one or None)) is not None)
                self._state = state
                self._seen = Seen(bool(came), _read(turn_at), _read(chore_at), _read(send_at), bool(leased), _read(letter_at), waiting)
        finally:
            raw.close()
        return self._seen


def _read(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at).replace(tzinfo=UTC) if at is not None else None
