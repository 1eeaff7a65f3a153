"""What is done to a record apart from adding to it: migrations, a copy, and putting a copy back (`record.md`, Storage)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from engine.errors import VerificationFailed, WrongUsage
from engine.market.archive import write_whole
from engine.record import database, guards
from engine.record.audit import audit
from engine.record.store import Store

BESIDE = ("-journal", "-wal", "-shm", "")
"""What SQLite keeps beside a database while it writes, and the database itself, which goes last."""


def upgraded(url: str | Path) -> str:
    """Bring the tables to this release's form; returns the revision. PostgreSQL is upgraded by its owner's URL."""
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    engine = database.connected(url)
    schema = guards.SCHEMA if engine.dialect.name == "postgresql" else None
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with engine.begin() as connection:
            config.attributes.update(connection=connection, schema=schema)
            command.upgrade(config, "head")
            options: dict[str, Any] = {"version_table_schema": schema}
            return str(MigrationContext.configure(connection, opts=options).get_current_revision())
    finally:
        engine.dispose()


def copied(record: Path, into: Path) -> int:
    """A copy of a SQLite record as it stands, whatever is being written; returns its entries. Never overwrites."""
    if into.exists():
        raise WrongUsage(f"{into} is there already; a copy never overwrites")
    if not record.is_file():
        raise WrongUsage(f"there is no record yet: no such file: {record}")
    into.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(f"file:{record}?mode=ro", uri=True)) as source, closing(sqlite3.connect(into)) as target:
        source.backup(target)
    return checked(into)


def checked(record: Path) -> int:
    """The entries of a record that is whole: every leaf, link and key fits. Raises VerificationFailed."""
    store = Store.inspect(record)
    try:
        doubt = store.doubt()
        if doubt is not None:
            raise VerificationFailed(f"{record}: {doubt}")
        count = 0
        for log in store.logs():
            entries = store.entries(log)
            wrong = audit(entries, log, ())
            if wrong:
                raise VerificationFailed(f"{log}: {wrong[0].what}")
            count += len(entries)
        return count
    finally:
        store.close()


def restored(copy: Path, record: Path) -> tuple[int, Path | None]:
    """Put a copy in the record's place, once it is found whole; what was there is kept beside it.

    A copy that is older than what was signed is put back as well, for reading; the next run refuses to sign it.
    """
    if not copy.is_file():
        raise WrongUsage(f"no such file: {copy}")
    if not copy.stat().st_size:
        raise VerificationFailed(f"{copy} is empty; it is no copy of a record")
    checked(copy)
    aside = record.with_name(f"{record.name}.before-restore")
    left = [ending for ending in BESIDE if record.with_name(record.name + ending).exists()]
    if left and any(aside.with_name(aside.name + ending).exists() for ending in BESIDE):
        raise WrongUsage(f"{aside} is there already; move it away first")
    # What a killed run left half done goes with its own file: SQLite would play it into whatever stands under the old name.
    for ending in left:
        record.with_name(record.name + ending).rename(aside.with_name(aside.name + ending))
    write_whole(record, copy.read_bytes())
    return checked(record), aside if left else None
