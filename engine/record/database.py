"""How the record's database is reached: settings, locks, and what is checked before it is used.

SQLite runs with `journal_mode=TRUNCATE` and `synchronous=EXTRA`: no acknowledged commit was lost in
power-loss trials, where its faster settings lost some. PostgreSQL is reached by URL; the role that writes
must not own the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from engine.basics.errors import HeadroomError, VerificationFailed, WrongUsage
from engine.record import guards
from engine.record.foreign_files import foreign_beside

PAGES = "page_size=32768"
"""The page size of a new record.

With smaller pages, more than half of a file of entries of some kilobytes was unused space.
"""
SQLITE_SETTINGS = (
    "busy_timeout=30000",
    PAGES,
    "journal_mode=TRUNCATE",
    "synchronous=EXTRA",
    "foreign_keys=ON",
)
"""The settings of every connection.

With these settings, a power failure loses no acknowledged commit (`tests/record/test_power_loss.py`).
"""
LOCK = 0x68656164726F6F6D
"""PostgreSQL's advisory lock that all writers take: the bytes of `headroom`."""

DAMAGE = (
    "malformed",
    "not a database",
    "Could not decode",
    "database corruption",
    "invalid byte sequence",
    "file is encrypted",
)
"""Words of a database that finds its own file damaged."""


CHANGED = (
    "the record's tables or append-only triggers are missing or changed; nothing is added to it until it is "
    "verified"
)
"""Said of a schema that does not stand as this release makes it."""
PATIENCE = 30
"""Seconds that a transaction waits for another program to let go of the database."""
HELD = ("database is locked", "database table is locked", "lock timeout", "deadlock detected")
"""Words of a database that another program holds."""


class NotOurs(HeadroomError):
    """A database that cannot be used as the record."""


def opened(url: str | Path, tables: MetaData) -> Engine:
    """Return the checked database at a path (SQLite) or a URL (PostgreSQL).

    A SQLite file is made if it is not there. The owner prepares a PostgreSQL database beforehand. A
    transaction takes the write lock as it begins, unless the option `reads_only` is set on the engine.

    Raises:
        NotOurs: it is not a database of ours, its guards were changed, or our role may do more than read and
            add.
    """
    engine = connected(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                _check_postgresql(connection)
            else:
                _check_sqlite(connection, tables)
    except DBAPIError as error:
        engine.dispose()
        raise NotOurs(f"{engine.url!r} cannot be used as the record: {error.orig}") from error
    # A refused database must not stay open: a copy may be put in the file's place next.
    except NotOurs:
        engine.dispose()
        raise
    return engine


def inspected(url: str | Path) -> Engine:
    """Return the database for reading alone.

    Nothing is made in it, and guards that were changed do not close it (see `doubt`).

    Raises:
        VerificationFailed: it is missing, or it does not hold the record's tables.
    """
    # Without this look, SQLite says only that it cannot open the file, and not that the record is missing.
    if "://" not in str(url) and not Path(url).is_file():
        raise VerificationFailed(
            f"the record is missing: nothing is at {url}; put a copy back (`headroom db restore`)"
        )
    engine = connected(url, inspect_only=True)
    try:
        with engine.execution_options(reads_only=True).begin() as connection:
            schema = guards.SCHEMA if engine.dialect.name == "postgresql" else None
            missing = {"log_entry", "checkpoint"} - set(inspect(connection).get_table_names(schema=schema))
    except DBAPIError as error:
        engine.dispose()
        raise VerificationFailed(f"{engine.url!r} cannot be read as the record: {error.orig}") from error
    if missing:
        engine.dispose()
        raise VerificationFailed(
            f"{engine.url!r} does not hold the record: it has no {' and no '.join(sorted(missing))}"
        )
    return engine


def doubt(engine: Engine, tables: MetaData) -> str | None:
    """Return what is wrong with the guards of a database, None if they are as this release makes them."""
    try:
        with engine.execution_options(reads_only=True).begin() as connection:
            _check_postgresql(connection) if engine.dialect.name == "postgresql" else _check_schema(
                connection, tables
            )
    except NotOurs as error:
        return str(error)
    return None


def trouble(error: DBAPIError) -> HeadroomError:
    """Return a failure of the database as an error of ours.

    Damage is a failed verification. A full disk or a read-only disk is not.
    """
    return refusal(str(error.orig))


def refusal(said: str) -> HeadroomError:
    """Return the same from the database's own words."""
    if any(word in said for word in DAMAGE):
        return VerificationFailed(f"the record is damaged: {said}; put a copy back (`headroom db restore`)")
    if any(word in said for word in HELD):
        return NotOurs(
            f"another program has held the record's database for {PATIENCE} seconds; nothing was recorded: "
            "close it, or wait, and enter this again"
        )
    return NotOurs(f"the record's database refused: {said}; see that its disk has room and can be written")


def prepared(url: str, tables: MetaData, writer: str) -> None:
    """Make the tables and their guards in PostgreSQL, as their owner, and let the role `writer` read and add.

    Raises:
        WrongUsage: it is not a URL of a PostgreSQL database, or `writer` is not the name of a role.
        NotOurs: the database refused; it is as it was.
    """
    try:
        # The role's name is checked before the database is reached: it goes into the statements unquoted.
        statements = guards.postgresql(writer)
        if not make_url(url).drivername.startswith("postgresql"):
            raise ArgumentError
    except ValueError as error:
        raise WrongUsage(str(error)) from error
    except ArgumentError as error:
        raise WrongUsage(
            f"{url} is not a PostgreSQL database; write it as postgresql://OWNER@HOST/DATABASE"
        ) from error
    engine = connected(url)
    try:
        with engine.begin() as connection:
            # Not `IF NOT EXISTS`: a schema that is there already may hold tables that somebody else made.
            connection.exec_driver_sql(f"CREATE SCHEMA {guards.SCHEMA}")
            tables.create_all(connection)
            for statement in statements:
                connection.exec_driver_sql(statement)
    except DBAPIError as error:
        said = str(error.orig).splitlines()[0]
        raise NotOurs(
            f"{engine.url!r} cannot be prepared: {said}; it is done once, by the owner, for a role that "
            "exists"
        ) from error
    finally:
        engine.dispose()


def insertion(connection: Connection, table: Table) -> str:
    """Return the driver's own statement that adds a row of all columns of `table`.

    Rows go to the driver as they are: for a million of them, the way through SQLAlchemy's compiler costs as
    much as their hashes. On SQLite it fails rather than aborts, as the triggers do (`guards.SQLITE`).
    """
    columns = ", ".join(column.name for column in table.columns)
    if connection.dialect.name == "postgresql":
        return (
            f"INSERT INTO {guards.SCHEMA}.{table.name} ({columns}) VALUES "
            f"({', '.join('%s' for _ in table.columns)})"
        )
    return f"INSERT OR FAIL INTO {table.name} ({columns}) VALUES ({', '.join('?' for _ in table.columns)})"


def connected(url: str | Path, *, inspect_only: bool = False) -> Engine:
    """Return an engine for a path (SQLite) or a URL (PostgreSQL).

    The engine has our settings and locks. Nothing is made. Raises NotOurs as `refuse_foreign`, now and
    whenever the file is read.
    """
    if "://" not in str(url):
        record = Path(url).absolute()
        followed = record.resolve()
        refuse_foreign(followed)
        if inspect_only:
            # `rw` and not `ro`: what a killed run left half done is rolled back first; `query_only` keeps the
            # rest out.
            engine = create_engine(f"sqlite:///file:{quote(str(record))}?mode=rw&uri=true")
        else:
            engine = create_engine(f"sqlite:///{url}")
        # A server keeps the engine for months. SQLite looks for such files whenever it reads the file
        # anew: for the first setting of a connection, and as a transaction begins.
        for moment in ("connect", "begin"):
            event.listen(engine, moment, lambda *_: refuse_foreign(followed))
        event.listen(engine, "connect", _set_up_to_inspect if inspect_only else _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    named = make_url(str(url))
    if named.drivername == "postgresql":
        named = named.set(drivername="postgresql+psycopg")
    # The schema is named in each statement: a search path is the session's to change.
    engine = create_engine(named, execution_options={"schema_translate_map": {None: guards.SCHEMA}})
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def refuse_foreign(record: Path) -> None:
    """Refuse a SQLite file, given without links, beside which a file of another copy lies. Raises NotOurs."""
    beside = foreign_beside(record)
    if beside is not None:
        raise NotOurs(
            f"{beside}: nothing was read or recorded; move that file away and keep it, then `headroom verify`"
        )


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun by us
    connection.text_factory = _text
    cursor = connection.cursor()
    for pragma in SQLITE_SETTINGS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _set_up_to_inspect(connection: Any, _: object) -> None:
    connection.isolation_level = None
    connection.text_factory = _text
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=30000")
    # A verification must leave the file as it found it, or its hash would no longer be that of the evidence.
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


# A function of the library alone, since it is called for each text that is read. Bytes that are not text stop
# nobody from reading the other rows, and the row's hash finds them.
_text = partial(str, encoding="utf-8", errors="surrogateescape")


def _reads_only(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("reads_only"))


def _begin_sqlite(connection: Connection) -> None:
    # With a plain BEGIN two writers could both have read, and neither could then get the lock to write.
    connection.exec_driver_sql("BEGIN" if _reads_only(connection) else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if _reads_only(connection):
        # By default each statement sees a newer state, so entries and checkpoints might not fit together.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        # Before anything is read: each later statement then sees what the writer before us committed.
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def _check_sqlite(connection: Connection, tables: MetaData) -> None:
    # Only an empty file gets tables. A file with other tables belongs to another program, and is refused.
    if not inspect(connection).get_table_names():
        _make_sqlite(connection, tables)
    _check_schema(connection, tables)


def _make_sqlite(connection: Connection, tables: MetaData) -> None:
    tables.create_all(connection)
    for name in guards.SQLITE:
        connection.exec_driver_sql(guards.sqlite_trigger(name))


def _check_schema(connection: Connection, tables: MetaData) -> None:
    """Refuse a file whose schema is not the one that an empty file is given (`rulings.md` 70).

    The schemas are compared object by object.
    """
    standing = dict(_schema(connection))
    # A list of what must be there could forget something. An empty database, made by the same code, cannot.
    blank = create_engine("sqlite://")
    with blank.begin() as other:
        _make_sqlite(other, tables)
        made = dict(_schema(other))
    blank.dispose()
    differing = sorted(name for name in {*standing, *made} if standing.get(name) != made.get(name))
    if differing:
        kind, name = differing[0]
        what = (
            "is missing"
            if differing[0] not in standing
            else "is not one of ours"
            if differing[0] not in made
            else "was changed"
        )
        raise NotOurs(f"{CHANGED} (the {kind} {name} {what})")


def _schema(connection: Connection) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield every table, index, view and trigger by its kind and name, as it was declared.

    The table of the migrations is left out.
    """
    rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master")
    for kind, name, table, sql in rows:
        if table != "alembic_version":
            # Quotes and spacing guard nothing, and may differ between two ways of making the same table.
            yield (kind, name), " ".join((sql or "").replace('"', "").split())


def _check_postgresql(connection: Connection) -> None:
    for name in ("log_entry", "checkpoint"):
        table = {"table": f"{guards.SCHEMA}.{name}"}
        if connection.execute(text("SELECT to_regclass(:table)"), table).scalar() is None:
            raise NotOurs(
                "the database is not prepared: let its owner run `headroom db prepare` with the name of the "
                "writer's role"
            )
        # Guards that a session may drop guard nothing: the role that writes must not own what it writes to.
        if connection.execute(
            text("SELECT has_table_privilege(:table, 'UPDATE, DELETE, TRUNCATE, TRIGGER')"), table
        ).scalar():
            raise NotOurs(
                "this role may change the log; open it as the writer, whom `prepare` gave SELECT and INSERT"
            )
    if connection.exec_driver_sql(guards.EARLIER).first() is not None:
        raise NotOurs(
            "the database has the form of an earlier release: let its owner run `headroom db upgrade --url`, "
            "which changes no entry"
        )
    for query, expected in guards.WHOLE:
        if {tuple(row) for row in connection.exec_driver_sql(query)} != expected:
            raise NotOurs(
                f"{CHANGED} (its tables, types, keys, indices or grants are not those that were made)"
            )
    standing = {
        (table, name): tuple(guard) for table, name, *guard in connection.exec_driver_sql(guards.STANDING)
    }
    if standing != guards.POSTGRESQL or connection.exec_driver_sql(guards.AROUND).first() is not None:
        raise NotOurs(CHANGED)
