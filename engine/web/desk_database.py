"""The second database: accounts, sessions, the log of reads.

Nothing of the record stands in it (`rulings.md` 70).

It is a file of its own, written on nearly every request, so that the record keeps its one writer for itself.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage

VERSION = 1
"""The version of the tables, kept in the file."""
TABLES = """
CREATE TABLE person (
  number INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, password TEXT, made_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE grant_ (person INTEGER NOT NULL REFERENCES person, deal TEXT NOT NULL, party TEXT NOT NULL, by TEXT NOT NULL,
  at TEXT NOT NULL, PRIMARY KEY (person, deal, party)) STRICT, WITHOUT ROWID;
CREATE TABLE invitation (token TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES person, ends TEXT NOT NULL, used_at TEXT)
  STRICT, WITHOUT ROWID;
CREATE TABLE session (token TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES person, csrf TEXT NOT NULL, begun TEXT NOT NULL,
  seen TEXT NOT NULL, ends TEXT NOT NULL, address TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE access_token (token TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES person, label TEXT NOT NULL, scope TEXT NOT NULL,
  deal TEXT NOT NULL, made_at TEXT NOT NULL, ends TEXT NOT NULL, ended_at TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE read_ (number INTEGER PRIMARY KEY, at TEXT NOT NULL, person TEXT NOT NULL, deal TEXT, what TEXT NOT NULL,
  address TEXT NOT NULL) STRICT;
CREATE INDEX read_of_deal ON read_ (deal, number);
CREATE TABLE waiting (number INTEGER PRIMARY KEY, deal TEXT NOT NULL, kind TEXT NOT NULL, prepared_by INTEGER NOT NULL REFERENCES person,
  at TEXT NOT NULL, on_entry INTEGER NOT NULL, body TEXT NOT NULL, file BLOB, state TEXT NOT NULL, decided_by INTEGER REFERENCES person,
  decided_at TEXT, words TEXT) STRICT;
CREATE INDEX waiting_state ON waiting (state, deal);
CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""  # noqa: E501 (a table is read by its rows)
PATIENCE = 5.0
"""Seconds that a write waits for another."""


class DeskDatabase:
    """The file, with a connection for each thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, and make its tables where it is new.

        Raises WrongUsage for a file of another version.
        """
        self._path = path
        self._local = threading.local()
        self._writing = threading.Lock()
        with self.writing() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                # Tables and version come in one transaction: a crash leaves an empty file, never half of the
                # tables.
                connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
            elif version != VERSION:
                raise WrongUsage(
                    f"{path.name} has tables of version {version}, and this engine knows {VERSION}; use the "
                    "engine that made it"
                )
        # Hashes of passwords and the key of signed links stand in the file.
        path.chmod(0o600)

    @property
    def _connection(self) -> sqlite3.Connection:
        known = getattr(self._local, "connection", None)
        if known is None:
            # Transactions are begun by hand in `together`; the module would begin its own at the first write
            # only.
            known = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
            known.row_factory = sqlite3.Row
            known.execute("PRAGMA journal_mode = WAL")
            # A power cut may lose the last writes and never breaks the file; nothing of the record stands
            # here.
            known.execute("PRAGMA synchronous = NORMAL")
            # SQLite checks references only on a connection that asks for the check.
            known.execute("PRAGMA foreign_keys = ON")
            self._local.connection = known
        return known

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query, all fetched: no read stays open while a page is rendered."""
        return self._connection.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Return the first row of a query, or None."""
        rows = self.rows(query, values)
        return rows[0] if rows else None

    def write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Do one statement; returns how many rows it changed."""
        with self._writing:
            return self._connection.execute(statement, values).rowcount

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that no other thread of this process writes beside."""
        with self._writing:
            yield self._connection

    @contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """Hold one transaction: all of it is written, or nothing."""
        with self.writing() as connection:
            # The lock is taken before the first read: what a block has read cannot change before the block
            # writes.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            # A thread uses its connection again, so an interruption too must not leave a transaction open.
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
