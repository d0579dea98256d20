"""Where ids go on from: after a start, as the clock may have been set back, and where several processes make them by clocks of their own.

What one chat said and was told is ordered by id: turns, the screen's window of the last texts, what the drain sends, which keyboard came
later, which danger is the newest. So a process that starts, and on PostgreSQL whoever writes to a chat after somebody else, first reads
how far ids have come, and goes on from there. On SQLite one process makes them all.
"""

from __future__ import annotations

from sqlalchemy import func, literal_column, select, union_all

from storage.engine import shared
from storage.ids import start_after
from storage.prepared import Prepared
from storage.store import Unit, table
from storage.tables import EscalationEvent, Inbox, Outbox, Prompt, Talk

_LAST = union_all(*(select(func.max(table(each).c.id).label("id")) for each in (Inbox, Outbox, Prompt, Talk, EscalationEvent))).subquery()
_HIGHEST = Prepared(select(func.coalesce(func.max(_LAST.c.id), 0).label("id")))
"""Five looks at the end of an index."""


_ALONE = Prepared(select(func.pg_advisory_xact_lock(literal_column("71620253")).label("alone")))


def alone(u: Unit) -> None:
    """Until this transaction ends no other process stores what came (PostgreSQL). It goes to the server with the next statement, before it.

    Else two that have the same batch in hand (a leader that was frozen is let go when the next one leads) both read how far ids have
    come, and a text that the second one finds stored already can lie behind its own later ones. A process that is frozen in the middle is
    cut off by the server (`storage.engine.HELD_AT_MOST`), sooner than anybody stops waiting.
    """
    if shared(u.connection.engine):
        u.foresee(_ALONE)


def foresee(u: Unit) -> None:
    """`go_on` will be asked for: it then costs no way to the server of its own."""
    if shared(u.connection.engine):
        u.foresee(_HIGHEST)


def go_on(u: Unit) -> None:
    """From here on this process makes ids above all that is committed. Whoever takes a chat's turns asks once it holds the chat."""
    if shared(u.connection.engine):
        start(u)


def start(u: Unit) -> None:
    """The same for a process that has just started, on either engine."""
    row = u.one(_HIGHEST)
    assert row is not None
    start_after(row.id)
