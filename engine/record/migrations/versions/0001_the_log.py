"""The first release: the log's entries and its checkpoints, with their guards.

A record that has them already is only stamped.
"""

from __future__ import annotations

from alembic import context, op
from sqlalchemy import inspect

from engine.record import guards
from engine.record.store import Row

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables if they are not there. PostgreSQL's are made by their owner (`headroom db prepare`)."""
    connection = op.get_bind()
    schema = context.config.attributes["schema"]
    if "log_entry" in inspect(connection).get_table_names(schema=schema):
        return
    if schema is not None:
        raise RuntimeError("the database is not prepared: let its owner run `headroom db prepare`")
    Row.metadata.create_all(connection)
    for name in guards.SQLITE:
        connection.exec_driver_sql(guards.sqlite_trigger(name))
