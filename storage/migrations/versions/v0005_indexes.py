"""Indexes for what the loops ask again and again, so that no answer costs more the longer the clinic runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PARTIAL = (
    ("inbox_kept", "inbox", "received_at", "raw is not null"),
    ("outbox_next", "outbox", "not_before", "state = 'ready'"),
    ("outbox_kept", "outbox", "done_at", "length(payload) > 0"),
    ("escalation_opened", "escalation_event", "at", "kind = 'opened'"),
    ("prompt_about", "prompt", "subject", "state = 'live'"),
    ("prompt_talk", "prompt", "talk_id", "talk_id is not null"),
)
OPEN, OPEN_BEFORE = "state = 'waiting' or state = 'parked'", "state in ('waiting', 'parked')"


def upgrade() -> None:
    for name, table, column, where in PARTIAL:
        _create(name, table, column, where)
    op.drop_index("talk_open", "talk")  # SQLite takes "state = 'waiting'" for one side of an "or", not for one of a list
    _create("talk_open", "talk", "chat_id", OPEN)


def downgrade() -> None:
    op.drop_index("talk_open", "talk")
    _create("talk_open", "talk", "chat_id", OPEN_BEFORE)
    for name, table, _, _ in PARTIAL:
        op.drop_index(name, table)


def _create(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
