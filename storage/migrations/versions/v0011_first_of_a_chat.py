"""An index on what waits for a chat in a lane, so that the drain sees the first row of each chat, however many lie behind it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waits = sa.text("state = 'ready'")
    op.create_index("outbox_in_chat", "outbox", ["chat_id", "lane", "id"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    op.drop_index("outbox_in_chat", "outbox")
