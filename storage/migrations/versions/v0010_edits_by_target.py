"""The index on what a message changes holds only what waits: PostgreSQL took the one on all that waits instead, which grows with a backlog."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("outbox_target", "outbox")
    waits = sa.text("state = 'ready'")
    op.create_index("outbox_target", "outbox", ["target"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    op.drop_index("outbox_target", "outbox")
    op.create_index("outbox_target", "outbox", ["target"])
