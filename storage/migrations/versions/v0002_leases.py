"""Several processes: the lease, and indexes for what waits and what is on its way

Revision: 0002, after 0001
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

READY, LEASED = sa.text("state = 'ready'"), sa.text("state = 'leased'")


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("inbox_waiting", "inbox", ["id"], sqlite_where=READY, postgresql_where=READY)
    op.create_index("outbox_leased", "outbox", ["lease_until"], sqlite_where=LEASED, postgresql_where=LEASED)


def downgrade() -> None:
    op.drop_index("outbox_leased", table_name="outbox")
    op.drop_index("inbox_waiting", table_name="inbox")
    op.drop_table("lease")
