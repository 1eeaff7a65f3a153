"""Run by Alembic: on the connection that `engine.record.upkeep` hands over, never on one of its own."""

from __future__ import annotations

from alembic import context

from engine.record.store import Row

connection = context.config.attributes["connection"]
schema = context.config.attributes["schema"]
context.configure(
    connection=connection, target_metadata=Row.metadata, version_table_schema=schema, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
