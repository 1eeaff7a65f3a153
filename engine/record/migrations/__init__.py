"""Changes of the record's tables between releases, by Alembic; entries are never changed by one."""
