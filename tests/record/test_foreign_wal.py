"""A write-ahead log that a sync tool puts back beside the record: SQLite would write it over the record."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from engine.record.database import NotOurs
from engine.record.maintenance import checked, copied, restored, upgraded
from engine.record.store import Reader, Store
from tests.record.test_maintenance import filled

OPENS: dict[str, Callable[[Path], object]] = {
    "open": Store.open,
    "inspect": Store.inspect,
    "backup": lambda record: copied(record, record.with_name("copied.db")),
    "upgrade": upgraded,
}


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A record of 400 entries; the log of a copy with 40 lies beside it under a name that SQLite passes over."""
    record, other = tmp_path / "record.db", tmp_path / "other.db"
    filled(record, 40)
    shutil.copy(record, other)
    filled(record, 400)
    connection = sqlite3.connect(other)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE more(a)")
    connection.execute("DROP TABLE more")
    connection.commit()
    shutil.copy(tmp_path / "other.db-wal", tmp_path / "foreign")
    connection.close()
    return record


@pytest.fixture
def record(alone: Path) -> Path:
    """The record with that log beside it."""
    shutil.copy(alone.with_name("foreign"), alone.with_name("record.db-wal"))
    return alone


@pytest.mark.parametrize("opens", OPENS.values(), ids=OPENS)
def test_no_record_is_opened_beside_a_write_ahead_log(record: Path, opens: Callable[[Path], object]) -> None:
    beside = record.with_name("record.db-wal")
    before = (record.read_bytes(), beside.read_bytes())
    with pytest.raises(NotOurs, match=r"record\.db-wal lies beside the record"):
        opens(record)
    assert (record.read_bytes(), beside.read_bytes()) == before
    beside.unlink()
    assert checked(record) == 400


@pytest.mark.parametrize("connections", [1, 2], ids=["the connection at hand", "a connection more"])
@pytest.mark.parametrize("begins", [Store.read, Store.begin])
def test_a_record_that_is_open_is_not_used_beside_a_write_ahead_log(
    alone: Path, begins: Callable[[Store], AbstractContextManager[Reader]], connections: int
) -> None:
    """A server keeps its record open for months, and SQLite looks for the log at each transaction."""
    beside, store = alone.with_name("record.db-wal"), Store.open(alone)
    with ExitStack() as others:
        for _ in range(connections - 1):
            others.enter_context(store.read())
        shutil.copy(alone.with_name("foreign"), beside)
        before = (alone.read_bytes(), beside.read_bytes())
        with pytest.raises(NotOurs, match=r"record\.db-wal lies beside the record"), begins(store) as reader:
            reader.heads()
        assert (alone.read_bytes(), beside.read_bytes()) == before
        beside.unlink()
    with begins(store) as reader:
        assert sum(head.size for head in reader.heads()) == 400
    store.close()
    assert checked(alone) == 400


@pytest.mark.parametrize("opens", OPENS.values(), ids=OPENS)
def test_a_link_to_a_record_is_not_opened_beside_a_write_ahead_log_of_the_record(
    record: Path, tmp_path: Path, opens: Callable[[Path], object]
) -> None:
    """SQLite follows the link, and uses the log beside the file that it leads to."""
    link = tmp_path / "elsewhere" / "linked.db"
    link.parent.mkdir()
    link.symlink_to(record)
    beside = record.with_name("record.db-wal")
    before = (record.read_bytes(), beside.read_bytes())
    with pytest.raises(NotOurs, match=r"record\.db-wal lies beside the record"):
        opens(link)
    assert (record.read_bytes(), beside.read_bytes()) == before


def test_a_copy_comes_back_beside_a_write_ahead_log(record: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(record, copy)
    assert restored(copy, record) == (400, tmp_path / "record.db.before-restore")


def test_an_empty_write_ahead_log_holds_nothing(record: Path) -> None:
    record.with_name("record.db-wal").write_bytes(b"")
    assert checked(record) == 400
