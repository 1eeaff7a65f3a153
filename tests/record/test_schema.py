"""The guards of the database are its whole schema: whatever of it differs from what is made is found, on both
databases.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.basics.errors import VerificationFailed
from engine.record import database
from engine.record.database import NotOurs
from engine.record.maintenance import upgraded
from engine.record.store import Store
from tests.record.test_append_only import as_superuser

COLUMNS = ("log", "seq", "key", "body", "leaf", "root", "peak")
ENTRY = ", ".join(f"{name} {'INTEGER' if name == 'seq' else 'TEXT'} NOT NULL" for name in COLUMNS)
REBUILT = f"DROP TABLE log_entry; CREATE TABLE log_entry ({ENTRY}"
SQLITE = {
    "a table rebuilt without its keys": f"{REBUILT}) STRICT",
    "a table rebuilt without its unique key": f"{REBUILT}, PRIMARY KEY (log, seq)) WITHOUT ROWID, STRICT",
    "a table that takes any type": f"{REBUILT}, PRIMARY KEY (log, seq), UNIQUE (log, key)) WITHOUT ROWID",
    "a column more": "ALTER TABLE log_entry ADD COLUMN note TEXT",
    "a column of another name": "ALTER TABLE checkpoint RENAME COLUMN note TO remark",
    "an index more": "CREATE UNIQUE INDEX once ON log_entry (body)",
    "a table more": "CREATE TABLE note (text TEXT)",
    "a view more": "CREATE VIEW newest AS SELECT * FROM log_entry",
    "a trigger more": "CREATE TRIGGER quiet BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(IGNORE); END",
    "a trigger less": "DROP TRIGGER checkpoint_next",
    "a trigger of a view": "CREATE VIEW v AS SELECT 1; CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
}


@pytest.mark.parametrize("change", SQLITE.values(), ids=SQLITE)
def test_a_changed_schema_of_sqlite_is_found(tmp_path: Path, change: str) -> None:
    """Nothing is added to it; it is still read to be verified."""
    path = tmp_path / "record.sqlite"
    Store.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.executescript(change)
    connection.close()
    with pytest.raises(NotOurs, match="missing or changed"):
        Store.open(path)
    store = Store.inspect(path)
    assert "missing or changed" in (store.doubt() or "")
    store.close()


def test_a_schema_that_was_migrated_is_the_one_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    upgraded(path)
    store = Store.open(path)
    assert store.doubt() is None
    store.close()
    upgraded(path)
    Store.open(path).close()


POSTGRESQL = {
    "a key that was dropped": "ALTER TABLE headroom.log_entry DROP CONSTRAINT log_entry_log_key_key",
    "a changed type": "ALTER TABLE headroom.log_entry ALTER COLUMN leaf TYPE varchar(64)",
    "a column more": "ALTER TABLE headroom.checkpoint ADD COLUMN remark text",
    "a column that may be empty": "ALTER TABLE headroom.log_entry ALTER COLUMN peak DROP NOT NULL",
    "another order of texts": 'ALTER TABLE headroom.log_entry ALTER COLUMN log TYPE text COLLATE "C"',
    "a default": "ALTER TABLE headroom.log_entry ALTER COLUMN body SET DEFAULT '{}'",
    "a check more": "ALTER TABLE headroom.log_entry ADD CHECK (seq < 9)",
    "an index more": "CREATE UNIQUE INDEX once ON headroom.log_entry (body)",
    "a table more": "CREATE TABLE headroom.note (text text)",
    "a view more": "CREATE VIEW headroom.newest AS SELECT * FROM headroom.log_entry",
    "a table that a crash empties": "ALTER TABLE headroom.checkpoint SET UNLOGGED",
    "a right for everybody": "GRANT UPDATE ON headroom.log_entry TO PUBLIC",
    "a right for somebody": "CREATE ROLE somebody; GRANT TRUNCATE ON headroom.checkpoint TO somebody",
}


@pytest.mark.parametrize("change", POSTGRESQL.values(), ids=POSTGRESQL)
def test_a_changed_schema_of_postgresql_is_found(change: str, postgresql_urls: dict[str, str]) -> None:
    Store.open(postgresql_urls["writer"]).close()
    try:
        as_superuser(postgresql_urls, change)
        with pytest.raises(NotOurs, match=r"missing or changed|may change the log"):
            Store.open(postgresql_urls["writer"])
        store = Store.inspect(postgresql_urls["writer"])
        assert store.doubt() is not None
        store.close()
    finally:
        as_superuser(
            postgresql_urls, "DROP OWNED BY somebody; DROP ROLE somebody"
        ) if "somebody" in change else None


def test_a_database_that_another_program_holds_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SQLITE_SETTINGS", ("busy_timeout=50", *database.SQLITE_SETTINGS[1:]))
    store = Store.open(tmp_path / "record.sqlite")
    holding = sqlite3.connect(tmp_path / "record.sqlite", isolation_level=None)
    holding.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(NotOurs, match="another program has held the record's database"), store.begin():
        pass
    assert time.monotonic() - began < 20
    holding.close()
    store.close()


@pytest.mark.parametrize("column", ["body", "key", "log"])
def test_a_garbage_row_does_not_stop_reading_what_is_sound(
    tmp_path: Path, column: str, body: Callable[..., bytes]
) -> None:
    """Bytes that are not text, put in behind the guards: the other logs are read, and the row is found."""
    path = tmp_path / "record.sqlite"
    store = Store.open(path)
    with store.begin() as writer:
        for log in ("deal/a", "deal/b"):
            writer.extend(log, [(f"k{n}", body(n)) for n in range(3)])
    store.close()
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TRIGGER log_entry_no_update; DROP TRIGGER log_entry_next")
        connection.execute(
            f"UPDATE log_entry SET {column} = CAST(X'FF00FE' AS TEXT) WHERE log = 'deal/b' AND seq = 1"
        )
    connection.close()
    seen = Store.inspect(path)
    assert "deal/a" in seen.logs()
    assert [entry.body for entry in seen.entries("deal/a")] == [body(n) for n in range(3)]
    sound = [log for log in seen.logs() if log in ("deal/a", "deal/b")]
    assert sound == ["deal/a", "deal/b"]
    strange = [log for log in seen.logs() if log not in sound]
    assert len(strange) == (column == "log")
    for log in strange:
        with pytest.raises(VerificationFailed, match="not text"):
            seen.entries(log)
    assert seen.doubt() is not None
    seen.close()


def test_a_file_that_is_no_database_of_ours_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    connection.close()
    with pytest.raises(NotOurs):
        Store.open(tmp_path / "other.sqlite")
    with pytest.raises(VerificationFailed):
        Store.inspect(tmp_path / "other.sqlite")
