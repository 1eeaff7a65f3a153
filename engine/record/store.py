"""The only door to the database: append-only rows, one log per deal and per index.

Rows are storage alone (a `table=True` model skips validation): bodies are canonical JSON. The database guards
each row (`guards.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, Table, Text, and_, bindparam, func, not_, or_, union_all
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Field, MetaData, SQLModel, UniqueConstraint, select

from engine.basics.errors import HeadroomError, Unavailable, VerificationFailed
from engine.record import database
from engine.record.entry import Entry as Entry
from engine.record.heads import Head, heads, issued, names
from engine.record.key_spans import Span, beginning, ends_of, of_kind
from engine.record.merkle import EMPTY, CompactRange, leaf_hash, peak_ends
from engine.record.stored_row import entry_of, hash_of, hash_or_nothing


class Refused(HeadroomError):
    """The database did not take a row; the transaction is to be rolled back."""


class KeyReused(Refused):
    """A key is already in the log with another body; the recorded event stands."""


class Row(SQLModel):
    """The base of our tables, with metadata of their own."""

    metadata = MetaData()


# No rowids, through which an insert could replace an entry; and a number is a number.
_STRICT = {"sqlite_with_rowid": False, "sqlite_strict": True}


_BYTE_BY_BYTE = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its bytes, as SQLite has it: a span of keys is then looked up in the index of keys."""


class LogEntry(Row, table=True):
    """One entry of one log.

    `root` is the Merkle root over the log up to and including the entry: its link to all before it. `peak` is
    the root of the widest complete subtree that the entry completes, from which the tree is resumed without
    reading the log.
    """

    __tablename__ = "log_entry"
    __table__: ClassVar[Any]
    __table_args__ = (UniqueConstraint("log", "key"), _STRICT)
    log: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(primary_key=True)
    key: str = Field(sa_type=_BYTE_BY_BYTE)
    body: str = Field(sa_type=Text)
    leaf: str = Field(sa_type=Text)
    root: str = Field(sa_type=Text)
    peak: str = Field(sa_type=Text)


class CheckpointNote(Row, table=True):
    """A signed statement of a log's size and root; a size may have several, as a trustee cosigns it later."""

    __tablename__ = "checkpoint"
    __table__: ClassVar[Any]
    __table_args__ = _STRICT
    log: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(primary_key=True)
    size: int
    note: str = Field(sa_type=Text)


_ENTRIES, _NOTES = LogEntry.__table__, CheckpointNote.__table__

# Statements are made once: to make one anew for each question costs more than the answer.
_OF, _AT = _ENTRIES.c.log == bindparam("of"), _ENTRIES.c.seq == bindparam("at")
_BY = _ENTRIES.c.key == bindparam("by")
_FROM = select(_ENTRIES).where(_OF, _ENTRIES.c.seq >= bindparam("start")).order_by(_ENTRIES.c.seq)
_ENTRY, _KEYED = select(_ENTRIES).where(_OF, _AT), select(_ENTRIES.c.body).where(_OF, _BY)
_NUMBER = select(_ENTRIES.c.seq).where(_OF, _BY)
_HEAD = select(_ENTRIES.c.seq, _ENTRIES.c.root).where(_OF).order_by(_ENTRIES.c.seq.desc()).limit(1)
_NEWEST = select(_ENTRIES.c.body).where(_OF).order_by(_ENTRIES.c.seq.desc()).limit(1)
_TIP = _HEAD.add_columns(_ENTRIES.c.body)
_PEAKS = (
    select(_ENTRIES.c.peak)
    .where(_OF, _ENTRIES.c.seq.in_(bindparam("ends", expanding=True)))
    .order_by(_ENTRIES.c.seq)
)
_THERE = select(_ENTRIES.c.key).where(_OF, _ENTRIES.c.key.in_(bindparam("keys", expanding=True)))
_LAST = select(func.max(_ENTRIES.c.seq)).where(_OF, _ENTRIES.c.seq < bindparam("before"))
_AT_ONCE = 5_000
"""The keys that one statement asks for."""
_SPANS_AT_ONCE = 100
"""The spans that one statement asks for: SQLite takes 500 queries in one."""
_KEYS, _COUNT = select(_ENTRIES.c.key).where(_OF), select(func.count()).select_from(_ENTRIES).where(_OF)
_NOTED = _NOTES.c.log == bindparam("of")
_SIGNED = select(_NOTES.c.size, _NOTES.c.note).where(_NOTED).order_by(_NOTES.c.seq)
_LAST_SIGNED = select(_NOTES.c.size).where(_NOTED).order_by(_NOTES.c.seq.desc()).limit(1)


NO_SEQ = 2**31 - 1
"""A number that no entry has, because it is the largest that both databases can hold."""


@lru_cache(maxsize=256)
def _within(query: Any, spans: int, byte_by_byte: bool, out: bool = False) -> Any:
    """Return a query of entries whose keys lie in one of some spans, or `out` of them.

    Keys are compared byte by byte, whatever order of words the database has.
    """
    # A locale sorts `|` and spaces by rules of its own, so a span would lose some of its keys.
    key: Any = _ENTRIES.c.key.collate("C") if byte_by_byte else _ENTRIES.c.key
    within = or_(*(and_(key >= bindparam(f"first{n}"), key < bindparam(f"end{n}")) for n in range(spans)))
    return query.where(not_(within) if out else within)


@lru_cache(maxsize=256)
def _among(spans: int, byte_by_byte: bool) -> Any:
    """Return a query of the entries of a log whose keys lie in one of some spans, in any order.

    Each span is looked up in the index of keys. A condition on numbers, or an `OR`, would read the whole log.
    """
    key: Any = _ENTRIES.c.key.collate("C") if byte_by_byte else _ENTRIES.c.key
    return union_all(
        *(
            select(_ENTRIES).where(_OF, key >= bindparam(f"first{n}"), key < bindparam(f"end{n}"))
            for n in range(spans)
        )
    )


class Reader:
    """One transaction that sees the logs as they stood when it began."""

    def __init__(self, connection: Connection) -> None:
        """Wrap an open transaction."""
        self._connection = connection

    def logs(self) -> list[str]:
        """Return the names of all logs, sorted.

        Each is found from the one before it, whatever the number of entries.
        """
        return names(self._connection, "log_entry")

    def heads(self) -> list[Head]:
        """Return every log as it stands, by name."""
        return heads(self._connection)

    def issued(self) -> dict[str, int]:
        """Return how many notices each log has issued; a log that has issued none is not among them."""
        return issued(self._connection)

    def head_of(self, log: str) -> Head:
        """Return one log as it stands; of one that has no entry, the head of an empty log."""
        size, root = self.head(log)
        return Head(log, size, root.hex(), self._connection.execute(_LAST_SIGNED, {"of": log}).scalar() or 0)

    def noted(self) -> list[str]:
        """Return the names of all logs with a kept checkpoint, sorted; a log that is gone is named too."""
        return names(self._connection, "checkpoint")

    def count(self, log: str, keys: str) -> int:
        """Return how many entries of a log have keys that begin with `keys`."""
        return int(self._in(_COUNT, log, beginning(keys)).scalar_one())

    def entries(self, log: str, start: int = 0, keys: str = "") -> list[Entry]:
        """Return the entries of a log from number `start`, oldest first.

        Only the entries whose keys begin with `keys` come.
        """
        if keys:
            return self.among(log, [beginning(keys)], start)
        return [entry_of(row) for row in self._connection.execute(_FROM, {"of": log, "start": start})]

    def among(self, log: str, spans: Sequence[Span], start: int = 0) -> list[Entry]:
        """Return the entries of a log from number `start` whose keys lie in a span, oldest first.

        No other body is read.
        """
        found: dict[int, Any] = {}
        for first in range(0, len(spans), _SPANS_AT_ONCE):
            some = spans[first : first + _SPANS_AT_ONCE]
            asked = _among(len(some), self._connection.dialect.name == "postgresql")
            found.update(
                (row[1], row) for row in self._connection.execute(asked, {"of": log, **ends_of(*some)})
            )
        return [entry_of(found[seq]) for seq in sorted(found) if seq >= start]

    def outside(self, log: str, span: Span, start: int) -> list[Entry]:
        """Return the entries of a log from number `start`, oldest first, whose keys do not lie in a span."""
        return [entry_of(row) for row in self._in(_FROM, log, span, out=True, start=start)]

    def last_in(self, log: str, span: Span, before: int | None = None) -> int | None:
        """Return the number of the last entry whose key lies in a span.

        If `before` is given, only earlier entries count. The result is None without such an entry.
        """
        # Without an earlier end, every number counts: none is as large as this one.
        found = self._in(_LAST, log, span, before=before if before is not None else NO_SEQ).scalar()
        return None if found is None else int(found)

    def number_of(self, log: str, key: str) -> int | None:
        """Return the number of the entry under a key, or None."""
        found = self._connection.execute(_NUMBER, {"of": log, "by": key}).scalar()
        return None if found is None else int(found)

    def keys_in(self, log: str, span: Span) -> list[str]:
        """Return the keys of a log that lie in a span; no body is read."""
        return list(self._in(_KEYS, log, span).scalars().all())

    def keys_upto(self, log: str, seq: int) -> list[tuple[int, str]]:
        """Return number and key of each entry of a log up to a number, oldest first; no body is read."""
        query = select(_ENTRIES.c.seq, _ENTRIES.c.key).where(_ENTRIES.c.log == log, _ENTRIES.c.seq <= seq)
        return [(int(at), str(key)) for at, key in self._connection.execute(query.order_by(_ENTRIES.c.seq))]

    def keys_there(self, log: str, keys: Iterable[str]) -> frozenset[str]:
        """Return those of some keys under which a log has an entry."""
        asked, found = tuple(keys), set[str]()
        # A database takes some ten thousand values in a statement, and an import may have more rows.
        for start in range(0, len(asked), _AT_ONCE):
            some = {"of": log, "keys": asked[start : start + _AT_ONCE]}
            found.update(str(key) for key in self._connection.execute(_THERE, some).scalars())
        return frozenset(found)

    def _in(self, query: Any, log: str, *spans: Span, out: bool = False, **more: int) -> Any:
        """Return the rows of a log whose keys lie in one of some spans, or `out` of them."""
        asked = _within(query, len(spans), self._connection.dialect.name == "postgresql", out)
        return self._connection.execute(asked, {"of": log, **ends_of(*spans), **more})

    def entry(self, log: str, seq: int) -> Entry | None:
        """Return one entry of a log by its number, or None."""
        row = self._connection.execute(_ENTRY, {"of": log, "at": seq}).first()
        return None if row is None else entry_of(row)

    def size(self, log: str) -> int:
        """Return how many entries a log has."""
        return self.head(log)[0]

    def head(self, log: str) -> tuple[int, bytes]:
        """Return size and root of a log."""
        row = self._connection.execute(_HEAD, {"of": log}).first()
        return (0, EMPTY) if row is None else (row[0] + 1, hash_of(log, row[0], row[1]))

    def newest(self, log: str) -> bytes | None:
        """Return the body of a log's last entry, or None of an empty log."""
        body = self._connection.execute(_NEWEST, {"of": log}).scalar()
        return None if body is None else str(body).encode()

    def body(self, log: str, key: str) -> bytes | None:
        """Return the body recorded under an idempotency key, or None."""
        text = self._connection.execute(_KEYED, {"of": log, "by": key}).scalar()
        return None if text is None else str(text).encode()

    def any_of_kind(self, log: str, kind: str) -> bool:
        """Whether an entry of a log is filed under a kind of event; no body is read."""
        return self._in(_LAST, log, of_kind(kind), before=NO_SEQ).scalar() is not None

    def checkpoints(self, log: str) -> list[tuple[int, str]]:
        """Return size and note of each signed checkpoint of a log, in the order in which they were saved."""
        return [(int(size), str(note)) for size, note in self._connection.execute(_SIGNED, {"of": log})]

    def first_note(self, log: str) -> str | None:
        """Return the first signed checkpoint of a log, or None."""
        return self._connection.execute(
            select(_NOTES.c.note).where(_NOTES.c.log == log).order_by(_NOTES.c.seq).limit(1)
        ).scalar()

    def note_numbers(self, log: str) -> list[int]:
        """Return the numbers of a log's signed checkpoints, in their order.

        They are 0, 1, 2 and so on, unless a checkpoint was taken away.
        """
        return list(
            self._connection.execute(
                select(_NOTES.c.seq).where(_NOTES.c.log == log).order_by(_NOTES.c.seq)
            ).scalars()
        )


class Writer(Reader):
    """One transaction that alone may write, from its first statement on."""

    def __init__(self, connection: Connection) -> None:
        """Wrap an open transaction that holds the lock."""
        super().__init__(connection)
        # One tree for each log, so that many appends in one transaction do not read the peaks each time.
        self._trees: dict[str, CompactRange] = {}
        self._tips: dict[str, Any] = {}

    def head(self, log: str) -> tuple[int, bytes]:
        """Return size and root of a log."""
        tip = self._tip(log)
        return (0, EMPTY) if tip is None else (tip[0] + 1, hash_of(log, tip[0], tip[1]))

    def newest(self, log: str) -> bytes | None:
        """Return the body of a log's last entry, or None of an empty log."""
        tip = self._tip(log)
        return None if tip is None else str(tip[2]).encode()

    def _tip(self, log: str) -> Any:
        """Return number, root and body of a log's last entry, or None of an empty log."""
        # An append asks for all three. Nobody else writes meanwhile, so they are read once between two.
        if log not in self._tips:
            self._tips[log] = self._connection.execute(_TIP, {"of": log}).first()
        return self._tips[log]

    def append(self, log: str, key: str, body: bytes) -> Entry | None:
        """Add an entry; None if its key is there with the same body.

        Raises:
            KeyReused: the key is there with another body.
            VerificationFailed: the log's last entries do not fit together; nothing is built on them.
        """
        # The key is looked up before the insert. An error of the database would end the whole transaction.
        known = self.body(log, key)
        if known is not None:
            if known != body:
                raise KeyReused(f"`{key}` is already recorded in {log} with another body")
            return None
        size = self.extend(log, [(key, body)])
        return Entry(log, size - 1, key, body, leaf_hash(body), self._trees[log].root())

    def extend(self, log: str, items: Iterable[tuple[str, bytes]]) -> int:
        """Add many (key, body) whose keys are new, in one statement; returns the log's new size.

        Raises:
            Refused: a key is not new; let it pass, and nothing of the transaction is kept.
            VerificationFailed: as `append`.
        """
        tree = self._tree(log)
        rows = [_added(tree, log, key, body) for key, body in items]
        if rows:
            self._insert(_ENTRIES, log, rows)
            self._tips.pop(log, None)
        return tree.size

    def save_checkpoint(self, log: str, size: int, note: str) -> None:
        """Keep a signed checkpoint beside the log; saving the same one again changes nothing."""
        # A run that was killed after this write signs the same checkpoint again, so a repetition is harmless.
        if (size, note) not in (known := self.checkpoints(log)):
            self._insert(_NOTES, log, [(log, len(known), size, note)])

    def _insert(self, table: Table, log: str, rows: list[tuple[object, ...]]) -> None:
        try:
            self._connection.exec_driver_sql(database.insertion(self._connection, table), rows)
        except DBAPIError as error:
            # This row broke a rule. Any other error concerns the disk or the file, which a person must mend.
            if isinstance(error, IntegrityError):
                raise Refused(f"the database refused {log}: {error.orig}") from error
            why = "see that its disk has room, and that its file is still there and can be written"
            raise Unavailable(f"the database refused {log}: {error.orig}; {why}") from error

    def _tree(self, log: str) -> CompactRange:
        # The transaction holds the write lock, so nobody else can make the kept tree stale.
        if log not in self._trees:
            self._trees[log] = self._resumed(log)
        return self._trees[log]

    def _resumed(self, log: str) -> CompactRange:
        size, root = self.head(log)
        last = [end - 1 for end in peak_ends(size)]
        found = self._connection.execute(_PEAKS, {"of": log, "ends": last}).scalars() if last else ()
        peaks = [hash_or_nothing(peak) for peak in found]
        # Peaks are stored beside the root. An edited peak would give each later entry a wrong root.
        if len(peaks) != len(last) or CompactRange(size, peaks).root() != root:
            said = f"the last entries of {log} do not lead to its root; verify the log before adding"
            raise VerificationFailed(f"{said}, and put a whole copy back (`headroom db restore`)")
        return CompactRange(size, peaks)


class Store:
    """All logs of a workspace.

    `log.read` asks `in_hand` first. Verification opens a store without it.
    """

    def __init__(self, engine: Engine) -> None:
        """Use `open`; this only holds the connection pool."""
        self._engine, self._reading = engine, engine.execution_options(reads_only=True)
        self.in_hand: Callable[[Store, str], Sequence[Any]] | None = None

    @classmethod
    def open(cls, url: str | Path) -> Store:
        """Open the record: a SQLite file by its path, or a PostgreSQL database by its URL.

        A SQLite file is made if it is not there. A PostgreSQL database must be prepared.

        Raises:
            NotOurs: the file is not a database of ours or its guards were changed; or the PostgreSQL role may
                do more than read and add.
        """
        return cls(database.opened(url, Row.metadata))

    @classmethod
    def inspect(cls, url: str | Path) -> Store:
        """Open the record for reading alone.

        Nothing is made. `doubt` tells of changed guards, which are not refused.

        Raises:
            VerificationFailed: the record is missing.
        """
        return cls(database.inspected(url))

    def doubt(self) -> str | None:
        """Return what is wrong with the database's own guards; None if they stand as they were made."""
        return database.doubt(self._engine, Row.metadata)

    @contextmanager
    def begin(self) -> Iterator[Writer]:
        """Hold a transaction that is locked for writing from its first statement.

        The transaction is rolled back if the block raises.
        """
        with _understood(), self._engine.begin() as connection:
            yield Writer(connection)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Hold one transaction for reading: what it sees fits together, whatever is written meanwhile."""
        with _understood(), self._reading.begin() as connection:
            yield Reader(connection)

    def logs(self) -> list[str]:
        """Return the names of all logs, sorted."""
        with self.read() as reader:
            return reader.logs()

    def noted(self) -> list[str]:
        """Return the names of all logs with a kept checkpoint, sorted; a log that is gone is named too."""
        with self.read() as reader:
            return reader.noted()

    def entries(self, log: str, start: int = 0) -> list[Entry]:
        """Return the entries of a log from number `start`, oldest first."""
        with self.read() as reader:
            return reader.entries(log, start)

    def entry(self, log: str, seq: int) -> Entry | None:
        """Return one entry of a log by its number, or None."""
        with self.read() as reader:
            return reader.entry(log, seq)

    def size(self, log: str) -> int:
        """Return how many entries a log has."""
        with self.read() as reader:
            return reader.size(log)

    def head(self, log: str) -> tuple[int, bytes]:
        """Return size and root of a log."""
        with self.read() as reader:
            return reader.head(log)

    def checkpoints(self, log: str) -> list[tuple[int, str]]:
        """Return size and note of each signed checkpoint of a log, in the order in which they were saved."""
        with self.read() as reader:
            return reader.checkpoints(log)

    def close(self) -> None:
        """Let go of the file or of the connections."""
        self._engine.dispose()


def prepare(url: str, writer: str) -> None:
    """Make the tables and their guards in a PostgreSQL database, as their owner; run once.

    Args:
        url: the database as the owner reaches it.
        writer: the existing role that `Store.open` will use; it is given SELECT and INSERT.
    """
    database.prepared(url, Row.metadata, writer)


@contextmanager
def _understood() -> Iterator[None]:
    """Raise a failure of the database as one of ours, which every command can say in a sentence."""
    try:
        yield
    except DBAPIError as error:
        raise database.trouble(error) from error
    except UnicodeEncodeError as error:
        raise VerificationFailed("a log's name is not text; the record was changed") from error


def _added(tree: CompactRange, log: str, key: str, body: bytes) -> tuple[object, ...]:
    """Return the row of one more entry, which `tree` takes in; in the order of the table's columns."""
    seq, leaf = tree.size, leaf_hash(body)
    peak = tree.append(leaf)
    return log, seq, key, body.decode(), leaf.hex(), tree.root().hex(), peak.hex()
