"""A rollback journal of another copy beside a record: SQLite would write its pages over the record's, and cut
the record off where the copy ended. One that a killed run left is rolled back all the same.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from engine.record.database import NotOurs
from engine.record.foreign_files import foreign_beside
from engine.record.maintenance import checked
from engine.record.store import Reader, Store
from tests.record.test_foreign_wal import OPENS
from tests.record.test_maintenance import filled, killed_in_a_transaction

UNMADE = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for pragma in ("page_size=32768", "journal_mode=TRUNCATE", "synchronous=EXTRA", "cache_size=2"):
    connection.execute(f"PRAGMA {pragma}")
connection.execute("BEGIN IMMEDIATE")
connection.execute("CREATE TABLE log_entry(a)")
connection.executemany("INSERT INTO log_entry VALUES (?)", [("b" * 900,)] * 400)
os._exit(9)
"""
"""A writer that dies while it makes a record. Its journal says that the record had no pages."""


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A record of 400 entries; a journal of a copy of 40 lies elsewhere."""
    record, other = tmp_path / "record.db", tmp_path / "other" / "record.db"
    filled(record, 40)
    other.parent.mkdir()
    shutil.copy(record, other)
    shutil.copy(killed_in_a_transaction(other), tmp_path / "foreign")
    for count in (100, 400):
        filled(record, count)
    return record


@pytest.fixture
def record(alone: Path) -> Path:
    """The record with that journal beside it."""
    shutil.copy(alone.with_name("foreign"), alone.with_name("record.db-journal"))
    return alone


@pytest.mark.parametrize("opens", OPENS.values(), ids=OPENS)
@pytest.mark.parametrize("link", [False, True])
def test_no_record_is_opened_beside_a_journal_of_another_copy(
    record: Path, tmp_path: Path, opens: Callable[[Path], object], link: bool
) -> None:
    beside, asked = record.with_name("record.db-journal"), record
    if link:
        asked = tmp_path / "elsewhere" / "linked.db"
        asked.parent.mkdir()
        asked.symlink_to(record)
    before = (record.read_bytes(), beside.read_bytes())
    with pytest.raises(NotOurs, match=r"record\.db-journal lies beside the record, and is of another copy"):
        opens(asked)
    assert (record.read_bytes(), beside.read_bytes()) == before
    beside.unlink()
    assert checked(record) == 400


@pytest.mark.parametrize("begins", [Store.read, Store.begin])
def test_a_record_that_is_open_is_not_used_beside_a_journal_of_another_copy(
    alone: Path, begins: Callable[[Store], AbstractContextManager[Reader]]
) -> None:
    store, beside = Store.open(alone), alone.with_name("record.db-journal")
    shutil.copy(alone.with_name("foreign"), beside)
    before = alone.read_bytes()
    with pytest.raises(NotOurs, match=r"record\.db-journal lies beside"), begins(store) as reader:
        reader.heads()
    assert alone.read_bytes() == before
    beside.write_bytes(b"")
    with begins(store) as reader:
        assert sum(head.size for head in reader.heads()) == 400
    store.close()


def test_a_journal_is_foreign_to_a_record_that_is_older_or_was_there_before_it(tmp_path: Path) -> None:
    record, unmade = tmp_path / "record.db", tmp_path / "unmade.db"
    filled(record, 40)
    older = record.read_bytes()
    for count in (100, 400):
        filled(record, count)
    journal = killed_in_a_transaction(record)
    record.write_bytes(older)
    with pytest.raises(NotOurs, match="of another time"):
        Store.open(record)
    subprocess.run([sys.executable, "-c", UNMADE, str(unmade)], check=False)
    shutil.copy(unmade.with_name("unmade.db-journal"), journal)
    with pytest.raises(NotOurs, match="of another time"):
        Store.open(record)
    assert filled(unmade, 3)  # where it is from, it is rolled back, and the record is made anew
    journal.unlink()
    assert checked(record) == 40


@pytest.mark.parametrize("opens", [Store.open, Store.inspect])
def test_what_a_killed_run_left_half_done_is_rolled_back(
    tmp_path: Path, opens: Callable[[Path], Store]
) -> None:
    record = tmp_path / "record.db"
    for count in (40, 400):
        filled(record, count)
        journal = killed_in_a_transaction(record)
        store = opens(record)
        assert len(store.entries("deal/x")) == count
        store.close()
        assert not (journal.exists() and journal.stat().st_size)
    store = Store.open(record)
    killed_in_a_transaction(record)  # beside a server that has the record open
    assert len(store.entries("deal/x")) == 400
    store.close()


def test_a_journal_before_the_first_page_is_in_it_fits_a_record_of_its_size(alone: Path) -> None:
    """A run that is killed so early has changed no page, and SQLite only cuts off what the record gained."""
    beside = alone.with_name("record.db-journal")
    head = bytearray(alone.with_name("foreign").read_bytes()[:512])
    head[8:12] = bytes(4)  # it holds no page yet
    beside.write_bytes(head)
    assert foreign_beside(alone) is not None
    head[16:20] = alone.read_bytes()[28:32]
    beside.write_bytes(head)
    assert foreign_beside(alone) is None
    assert checked(alone) == 400


def test_what_sqlite_takes_for_no_journal_keeps_nobody_out(alone: Path) -> None:
    for held in (b"\0" * 4096, b"a note", alone.with_name("foreign").read_bytes()[:20]):
        alone.with_name("record.db-journal").write_bytes(held)
        assert checked(alone) == 400


@pytest.mark.parametrize("settings", [("synchronous=EXTRA", "cache_size=2"), ("synchronous=OFF",)])
def test_the_journal_of_who_writes_at_this_moment_keeps_nobody_out(
    tmp_path: Path, settings: tuple[str, ...]
) -> None:
    """With a small cache a journal has several parts; without a sync its one part goes to the end."""
    record, done = tmp_path / "record.db", threading.Event()
    filled(record, 40)

    def write() -> None:
        with closing(sqlite3.connect(record, isolation_level=None)) as connection:
            for pragma in ("journal_mode=TRUNCATE", *settings):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("CREATE TABLE other(a)")
            for _ in range(150):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO other VALUES (?)", [("b" * 900,)] * 100)
                connection.execute("COMMIT")
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    looked = 0
    while not done.is_set():
        assert foreign_beside(record) is None
        looked += bool(record.with_name("record.db-journal").stat().st_size)
    writer.join()
    assert looked


OTHER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    print(connection.execute("SELECT count(*) FROM log_entry").fetchone()[0])
except sqlite3.OperationalError as error:
    print(error)
"""
"""Another process that reads: it rolls back what it takes for the journal of a killed run."""


def test_a_look_at_the_journal_leaves_our_own_transaction_its_locks(tmp_path: Path) -> None:
    """A process that closes any descriptor of the record lost SQLite's locks on it, and the record was broken."""
    record = tmp_path / "record.db"
    filled(record, 400)
    with closing(sqlite3.connect(record, isolation_level=None, check_same_thread=False)) as connection:
        for pragma in ("journal_mode=TRUNCATE", "cache_size=2"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE other(a)")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO other VALUES (?)", [("b" * 900,)] * 400)
        assert record.with_name("record.db-journal").stat().st_size
        looks = [threading.Thread(target=foreign_beside, args=(record,)) for _ in range(2)]
        for look in looks:
            look.start()
            look.join()
        said = subprocess.run(
            [sys.executable, "-c", OTHER, str(record)], capture_output=True, text=True, check=True
        )
        assert said.stdout == "database is locked\n"
        connection.execute("COMMIT")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
