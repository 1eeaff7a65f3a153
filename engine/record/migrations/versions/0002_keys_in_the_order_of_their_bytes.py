"""The keys of PostgreSQL's log are in the order of their bytes, so that their index serves for spans of keys.

SQLite has them in that order from the beginning.
"""

from __future__ import annotations

from alembic import context, op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the index of keys anew; no entry is changed."""
    schema = context.config.attributes["schema"]
    if schema is not None:
        op.execute(f'ALTER TABLE {schema}.log_entry ALTER COLUMN key TYPE text COLLATE "C"')
