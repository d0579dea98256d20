"""Where ids go on from, on PostgreSQL, where several processes make them: each by its own clock, and no two clocks agree.

What one chat said and was told is ordered by id: turns, the screen's window of the last texts, what the drain sends, which keyboard came
later. So whoever writes to a chat after somebody else first reads how far ids have come, and goes on from there. On SQLite one process
makes them all.
"""

from __future__ import annotations

from sqlalchemy import func, select

from storage.engine import shared
from storage.ids import start_after
from storage.prepared import Prepared
from storage.store import Unit, table
from storage.tables import Inbox, Outbox, Prompt, Talk

_LAST = (select(func.max(table(each).c.id)).scalar_subquery() for each in (Inbox, Outbox, Prompt, Talk))
_HIGHEST = Prepared(select(func.coalesce(func.greatest(*_LAST), 0).label("id")))
"""Four looks at the end of an index."""


def foresee(u: Unit) -> None:
    """`go_on` will be asked for: it then costs no way to the server of its own."""
    if shared(u.connection.engine):
        u.foresee(_HIGHEST)


def go_on(u: Unit) -> None:
    """From here on this process makes ids above all that is committed. Whoever takes a chat's turns asks once it holds the chat."""
    if shared(u.connection.engine):
        row = u.one(_HIGHEST)
        assert row is not None
        start_after(row.id)
