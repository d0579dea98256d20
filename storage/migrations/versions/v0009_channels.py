"""Other ways to a human: an outbox row names its channel and whom it goes to, and need not be about a chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("channel", sa.String(), nullable=False, server_default="telegram"))
        table.add_column(sa.Column("to_id", BIG, nullable=True))
        table.create_foreign_key("outbox_to_id_fkey", "person", ["to_id"], ["id"])
        table.alter_column("chat_id", existing_type=BIG, nullable=True)


def downgrade() -> None:
    op.execute("delete from outbox where chat_id is null")
    with op.batch_alter_table("outbox") as table:
        table.alter_column("chat_id", existing_type=BIG, nullable=False)
        table.drop_constraint("outbox_to_id_fkey", type_="foreignkey")
        table.drop_column("to_id")
        table.drop_column("channel")
