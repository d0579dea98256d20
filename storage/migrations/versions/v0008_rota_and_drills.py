"""Who is on call week by week, exercises, and what waits for a second person

Revision: 0008, after 0006
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0008'
down_revision = '0006'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('rotation',
    sa.Column('id', BIG, autoincrement=False, nullable=False),
    sa.Column('position', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('at', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('people', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('position')
    )
    op.create_table('override',
    sa.Column('id', BIG, autoincrement=False, nullable=False),
    sa.Column('position', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('person_id', BIG, nullable=False),
    sa.Column('begins', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('ends', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('cancelled_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('staff_leave',
    sa.Column('id', BIG, autoincrement=False, nullable=False),
    sa.Column('person_id', BIG, nullable=False),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('last', sa.Date(), nullable=False),
    sa.Column('cancelled_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('drill',
    sa.Column('id', BIG, autoincrement=False, nullable=False),
    sa.Column('at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('answer_by', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('person_id', BIG, nullable=True),
    sa.Column('answered_by', BIG, nullable=True),
    sa.Column('answered_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('failed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.add_column('escalation', sa.Column('handed_to', BIG, nullable=True))
    op.add_column('escalation', sa.Column('doubted_by', BIG, nullable=True))
    op.add_column('clinic', sa.Column('ladders', sqlmodel.sql.sqltypes.AutoString(), server_default='{}', nullable=False))
    op.create_index('person_admin', 'person', ['duty'],
    sqlite_where=sa.text("duty = 'admin'"), postgresql_where=sa.text("duty = 'admin'"))


def downgrade() -> None:
    op.drop_index('person_admin', 'person')
    op.drop_column('clinic', 'ladders')
    op.drop_column('escalation', 'doubted_by')
    op.drop_column('escalation', 'handed_to')
    for name in ('drill', 'staff_leave', 'override', 'rotation'):
        op.drop_table(name)
