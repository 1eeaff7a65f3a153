"""The only door to the database: append-only rows, one log per deal and per index.

Rows are storage and nothing else (a `table=True` model skips validation): bodies are canonical JSON bytes, numbers in them
are text. Append-only is enforced by the database itself: triggers refuse UPDATE and DELETE, and a third one demands
the next `seq`, which closes `INSERT OR REPLACE` (`record.md`, Event log).

SQLite runs with `journal_mode=TRUNCATE` and `synchronous=EXTRA`: no acknowledged commit was lost in power-loss trials.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, event, text
from sqlmodel import Field, MetaData, SQLModel, create_engine, insert, select

from engine.errors import HeadroomError
from engine.record.merkle import EMPTY, Growing, leaf_hash


class KeyReused(HeadroomError):
    """A key is already in the log with another body; the recorded event stands."""


class NotOurs(HeadroomError):
    """A database that this version cannot use."""


class Row(SQLModel):
    """The base of our tables, with metadata of their own."""

    metadata = MetaData()


class LogEntry(Row, table=True):
    """One entry of one log; `root` is the Merkle root over the log up to and including it: the link to all before it."""

    __tablename__ = "log_entry"
    __table__: ClassVar[Any]
    log: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    key: str
    body: str
    leaf: str
    root: str


class Checkpoint(Row, table=True):
    """A signed statement of a log's size and root."""

    __tablename__ = "checkpoint"
    log: str = Field(primary_key=True)
    size: int = Field(primary_key=True)
    note: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in a log."""

    log: str
    seq: int
    key: str
    body: bytes
    leaf: bytes
    root: bytes


GUARDS = (
    "CREATE UNIQUE INDEX IF NOT EXISTS log_entry_key ON log_entry (log, key)",
    """CREATE TRIGGER IF NOT EXISTS log_entry_no_update BEFORE UPDATE ON log_entry
       BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS log_entry_no_delete BEFORE DELETE ON log_entry
       BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS log_entry_next BEFORE INSERT ON log_entry
       WHEN NEW.seq IS NOT (SELECT COUNT(*) FROM log_entry WHERE log = NEW.log)
       BEGIN SELECT RAISE(ABORT, 'an entry takes the next number of its log'); END""",
    """CREATE TRIGGER IF NOT EXISTS checkpoint_no_update BEFORE UPDATE ON checkpoint
       BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END""",
    """CREATE TRIGGER IF NOT EXISTS checkpoint_no_delete BEFORE DELETE ON checkpoint
       BEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END""",
    """CREATE TRIGGER IF NOT EXISTS checkpoint_once BEFORE INSERT ON checkpoint
       WHEN EXISTS (SELECT 1 FROM checkpoint WHERE log = NEW.log AND size = NEW.size)
       BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END""",
)
"""Append-only by the database: what no caller, ours or another, can get around without dropping the triggers."""


def _sqlite_settings(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun by us, as IMMEDIATE ones
    cursor = connection.cursor()
    for pragma in ("journal_mode=TRUNCATE", "synchronous=EXTRA", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Store:
    """All logs of one workspace."""

    def __init__(self, engine: Engine) -> None:
        """Use `open`; this only holds the connection pool."""
        self._engine = engine

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the SQLite file at `path`, creating tables and guards where it is new."""
        engine = create_engine(f"sqlite:///{path}")
        event.listen(engine, "connect", _sqlite_settings)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            Row.metadata.create_all(engine)
            with engine.begin() as connection:
                for guard in GUARDS:
                    connection.execute(text(guard))
        except Exception as error:
            raise NotOurs(f"{path} cannot be used as the record: {error}") from error
        return cls(engine)

    @contextmanager
    def begin(self) -> Iterator[Writer]:
        """One transaction, locked for writing from its first statement; rolled back when the block raises."""
        with self._engine.begin() as connection:
            yield Writer(connection)

    def entries(self, log: str, start: int = 0) -> list[Entry]:
        """The entries of a log from number `start`, oldest first."""
        with self._engine.begin() as connection:
            return Writer(connection).entries(log, start)

    def logs(self) -> list[str]:
        """The names of all logs."""
        with self._engine.begin() as connection:
            return list(connection.execute(select(LogEntry.log).distinct().order_by(LogEntry.log)).scalars())

    def head(self, log: str) -> tuple[int, bytes]:
        """Size and root of a log."""
        with self._engine.begin() as connection:
            return Writer(connection).head(log)

    def checkpoints(self, log: str) -> list[tuple[int, str]]:
        """The signed checkpoints of a log, by size."""
        with self._engine.begin() as connection:
            rows = connection.execute(
                select(Checkpoint.size, Checkpoint.note).where(Checkpoint.log == log).order_by(text("size"))
            )
            return [(int(size), str(note)) for size, note in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


class Writer:
    """One transaction on the logs."""

    def __init__(self, connection: Connection) -> None:
        """Wrap an open transaction."""
        self._connection = connection
        self._grown: dict[str, Growing] = {}

    def entries(self, log: str, start: int = 0) -> list[Entry]:
        """The entries of a log from number `start`, oldest first."""
        query = select(LogEntry.__table__).where(LogEntry.log == log, LogEntry.seq >= start).order_by(text("seq"))
        return [
            Entry(log, row.seq, row.key, row.body.encode(), bytes.fromhex(row.leaf), bytes.fromhex(row.root))
            for row in self._connection.execute(query)
        ]

    def head(self, log: str) -> tuple[int, bytes]:
        """Size and root of a log."""
        query = select(LogEntry.seq, LogEntry.root).where(LogEntry.log == log).order_by(text("seq DESC")).limit(1)
        row = self._connection.execute(query).first()
        return (0, EMPTY) if row is None else (row[0] + 1, bytes.fromhex(row[1]))

    def append(self, log: str, key: str, body: bytes) -> Entry | None:
        """Add an entry. None where the key is there with the same body; KeyReused where it has another."""
        query = select(LogEntry.body).where(LogEntry.log == log, LogEntry.key == key)
        known = self._connection.execute(query).first()
        if known is not None:
            if known[0].encode() != body:
                raise KeyReused(f"`{key}` is already recorded in {log} with another body")
            return None
        return self.extend(log, [(key, body)])[0]

    def extend(self, log: str, items: list[tuple[str, bytes]]) -> list[Entry]:
        """Add many entries whose keys are new, in one statement. A key that is not new makes the database refuse all."""
        tree = self._tree(log)
        found: list[Entry] = []
        for key, body in items:
            leaf = leaf_hash(body)
            seq = tree.size
            found.append(Entry(log, seq, key, body, leaf, tree.append(leaf)))
        rows = [
            {"log": e.log, "seq": e.seq, "key": e.key, "body": e.body.decode(), "leaf": e.leaf.hex(), "root": e.root.hex()}
            for e in found
        ]
        if rows:
            self._connection.execute(insert(LogEntry), rows)
        return found

    def save_checkpoint(self, log: str, size: int, note: str) -> None:
        """Keep a signed checkpoint beside the log; one per size, never changed."""
        self._connection.execute(insert(Checkpoint), [{"log": log, "size": size, "note": note}])

    def _tree(self, log: str) -> Growing:
        if log not in self._grown:
            query = select(LogEntry.leaf).where(LogEntry.log == log).order_by(text("seq"))
            self._grown[log] = Growing([bytes.fromhex(leaf) for leaf in self._connection.execute(query).scalars()])
        return self._grown[log]
