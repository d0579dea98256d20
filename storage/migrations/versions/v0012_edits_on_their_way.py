"""The index on what a message changes holds what is on its way too: a newer change has to find it, so that it does not come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _again("state = 'ready' or state = 'leased'")


def downgrade() -> None:
    _again("state = 'ready'")


def _again(where: str) -> None:
    op.drop_index("outbox_target", "outbox")
    op.create_index("outbox_target", "outbox", ["target"], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
