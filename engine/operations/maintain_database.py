"""Prepare, upgrade, copy and put back the record's database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.basics.regular_files import bytes_in
from engine.record.maintenance import copied as copied
from engine.record.maintenance import restored as restored
from engine.record.maintenance import upgraded as upgraded
from engine.record.store import prepare as prepare
from engine.workspace.web_settings import DATABASE
from engine.workspace.workspace import Workspace


def database_file(workspace: Workspace) -> Path:
    """Return the workspace's SQLite file. Raises WrongUsage for a workspace on PostgreSQL."""
    if "://" in workspace.settings.database:
        raise WrongUsage(
            "this workspace is on PostgreSQL: upgrade it with --url, and copy it with PostgreSQL's own tools"
        )
    return workspace.root / workspace.settings.database


def desk_copied(workspace: Workspace, beside: Path) -> Path | None:
    """Copy the desk's own database beside a copy of the record.

    The copy is whole, whatever is being written. The result is None if the workspace has no desk.

    The copy holds accounts, grants, what waits and the log of reads. It holds no session and no invitation:
    whoever gets at an old copy does not get in with it.

    Raises:
        WrongUsage: something is where the copy is to go.
        VerificationFailed: the database is damaged, and no copy is left.
    """
    there, into = workspace.root / DATABASE, desk_beside(beside)
    if not there.is_file():
        return None
    if into.exists():
        raise WrongUsage(f"{into} is there already; a copy never overwrites")
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(there.absolute()))}?mode=rw", uri=True, timeout=30)
        ) as source:
            source.execute("VACUUM INTO ?", (str(into),))
        # The copy holds hashes of passwords, and is made with the rights of the user's default.
        into.chmod(0o600)
        with closing(sqlite3.connect(into, isolation_level=None)) as copy:
            copy.executescript("DELETE FROM session; DELETE FROM invitation; VACUUM;")
            # A page that was damaged before is copied as it is, so the copy is checked and not believed.
            whole = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    except sqlite3.Error as error:
        into.unlink(missing_ok=True)
        raise VerificationFailed(
            f"{there}: {error}; the record was copied, and the desk's accounts were not"
        ) from error
    if not whole:
        into.unlink()
        raise VerificationFailed(
            f"{there} is damaged; the record was copied, and the desk's accounts were not"
        )
    return into


def desk_restored(workspace: Workspace, copy: Path) -> Path | None:
    """Put a copy of the desk's database in its place; return where the one that was there is kept.

    The desk must not run meanwhile.

    Raises WrongUsage for a copy that is missing or is not whole, and where an earlier one stands in the way.
    """
    there = workspace.root / DATABASE
    aside = there.with_name(f"{DATABASE}.before-restore")
    if not copy.is_file():
        raise WrongUsage(
            f"no such file: {copy}; `headroom db backup` writes it beside the record's copy where there is "
            "a desk"
        )
    if aside.exists():
        raise WrongUsage(f"{aside} is there already; move it away first")
    with closing(sqlite3.connect(f"file:{quote(str(copy.absolute()))}?mode=ro", uri=True)) as found:
        try:
            whole = (
                found.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
                and found.execute("SELECT count(*) FROM person").fetchone()
            )
        except sqlite3.Error:
            whole = False
    if not whole:
        raise WrongUsage(f"{copy} is not a whole copy of a desk's database")
    # Written beside its place first, so that a full disk leaves the database in use as it was.
    ready = there.with_name(f"{DATABASE}.restoring")
    ready.write_bytes(bytes_in(copy))
    ready.chmod(0o600)
    kept = there.exists()
    # A journal left behind would be replayed into the restored file, which it does not belong to.
    for ending in ("", "-wal", "-shm"):
        part = there.with_name(DATABASE + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    ready.replace(there)
    return aside if kept else None


def desk_beside(copy: Path) -> Path:
    """Return where the copy of the desk's database stands beside a copy of the record."""
    return copy.with_name(f"{copy.stem}.web{copy.suffix or '.sqlite'}")
