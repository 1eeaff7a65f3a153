"""The upkeep of a record: migrations, a copy, and the return of a copy (`record.md`, Storage).

Adding to a record is not part of it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.record import database, guards
from engine.record.consistency import audit
from engine.record.store import Store

BESIDE = ("", "-journal", "-wal", "-shm")
"""The endings of the files that SQLite keeps for a record.

They are the file itself, and the files beside it by which a killed run is undone or completed.
"""


def upgraded(url: str | Path) -> str:
    """Bring the tables to this release's form; returns the revision.

    PostgreSQL is upgraded by its owner's URL.
    """
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
    """Copy a SQLite record as it stands, whatever is being written, and return the number of its entries.

    An existing file is never overwritten. The copy has no unused space, and pages of today's size if the
    record was made with smaller ones.

    Raises:
        WrongUsage: the record is missing, or something is where the copy is to go.
        VerificationFailed: the record is damaged, and no copy is left.
        NotOurs: the database refused.
    """
    if into.exists():
        raise WrongUsage(f"{into} is there already; a copy never overwrites")
    if not record.is_file():
        raise WrongUsage(f"the record does not exist yet: no such file: {record}")
    into.parent.mkdir(parents=True, exist_ok=True)
    # `rw` and not `ro`: what a killed run left half done is rolled back first. The record itself is only
    # read.
    place = f"file:{quote(str(record.absolute()))}?mode=rw"
    database.refuse_foreign(record.resolve())
    try:
        with closing(sqlite3.connect(place, uri=True, timeout=30)) as source:
            source.execute(f"PRAGMA {database.PAGES}")
            # A copy of the file's bytes could catch a write halfway. This copies one transaction's view.
            source.execute("VACUUM INTO ?", (str(into),))
        # The copy is read back at once: a copy that fails on the day of need is worse than an error now.
        return checked(into)
    except sqlite3.Error as error:
        into.unlink(missing_ok=True)
        raise database.refusal(str(error)) from error
    except VerificationFailed:
        into.unlink(missing_ok=True)
        raise


def checked(record: Path) -> int:
    """Return the entries of a record that is whole: every leaf, link and key fits.

    Raises VerificationFailed.
    """
    store = Store.inspect(record)
    try:
        doubt = store.doubt()
        if doubt is not None:
            raise VerificationFailed(f"{record}: {doubt}")
        count = 0
        for log in store.logs():
            entries = store.entries(log)
            # No keys: a copy is asked whether it is whole. Who signed the record is for `verify` to say.
            wrong = audit(entries, log, ())
            if wrong:
                raise VerificationFailed(f"{log}: {wrong[0].what}")
            count += len(entries)
        return count
    finally:
        store.close()


def restored(copy: Path, record: Path) -> tuple[int, Path | None]:
    """Put a copy in the record's place, once it is found whole; what was there is kept beside it.

    Only while `alone`.

    What SQLite left beside the record goes with it: an old journal would be rolled back into the copy. A copy
    that is older than what was signed is put back as well, for reading; the next run refuses to sign it.

    Raises:
        WrongUsage: the copy is missing, or an earlier record stands where this one is to be kept.
        VerificationFailed: the copy is not whole, or is not when it is in place.
    """
    if not copy.is_file():
        raise WrongUsage(f"no such file: {copy}")
    # An empty file is a valid SQLite database, so the check below would only name missing tables.
    if not copy.stat().st_size:
        raise VerificationFailed(f"{copy} is empty; it is not a copy of a record")
    checked(copy)
    aside = record.with_name(f"{record.name}.before-restore")
    there = record.exists()
    if there and aside.exists():
        raise WrongUsage(f"{aside} is there already; move it away first")
    with _whole_file(copy, record.with_name(f"{record.name}.restoring")) as ready:
        # All parts go aside before the copy comes in: an old journal would be rolled back into it.
        for ending in BESIDE:
            part = record.with_name(record.name + ending)
            if part.exists():
                part.rename(aside.with_name(aside.name + ending))
        ready.rename(record)
    _on_disk(record.parent)
    # Checked again in place: the disk may have failed between the first look and the rename.
    return checked(record), aside if there else None


@contextmanager
def _whole_file(copy: Path, ready: Path) -> Iterator[Path]:
    """Yield a copy of a file, on the disk before it is given its name; removed where it gets none."""
    try:
        shutil.copyfile(copy, ready)
        _on_disk(ready)
        yield ready
    finally:
        # After a rename nothing is here any more. Otherwise a broken-off copy would lie beside the record.
        ready.unlink(missing_ok=True)


def _on_disk(place: Path) -> None:
    """Have a file or a folder written to the disk."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
