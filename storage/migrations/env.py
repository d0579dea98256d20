"""Alembic's entry: runs on the connection `storage.migrate` hands over, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

from storage import tables

assert tables.Meta.metadata is SQLModel.metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
