"""A write-ahead log that a sync tool puts back beside the record: SQLite would write it over the record."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.record.database import NotOurs
from engine.record.maintenance import checked, copied, restored, upgraded
from engine.record.store import Store
from tests.record.test_maintenance import filled

OPENS: dict[str, Callable[[Path], object]] = {
    "open": Store.open,
    "inspect": Store.inspect,
    "backup": lambda record: copied(record, record.with_name("copied.db")),
    "upgrade": upgraded,
}


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record of 400 entries, beside which the log of a copy with 40 lies."""
    record, other = tmp_path / "record.db", tmp_path / "other.db"
    filled(record, 40)
    shutil.copy(record, other)
    filled(record, 400)
    connection = sqlite3.connect(other)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE more(a)")
    connection.execute("DROP TABLE more")
    connection.commit()
    shutil.copy(tmp_path / "other.db-wal", tmp_path / "record.db-wal")
    connection.close()
    return record


@pytest.mark.parametrize("opens", OPENS.values(), ids=OPENS)
def test_no_record_is_opened_beside_a_write_ahead_log(record: Path, opens: Callable[[Path], object]) -> None:
    beside = record.with_name("record.db-wal")
    before = (record.read_bytes(), beside.read_bytes())
    with pytest.raises(NotOurs, match=r"record\.db-wal lies beside the record"):
        opens(record)
    assert (record.read_bytes(), beside.read_bytes()) == before
    beside.unlink()
    assert checked(record) == 400


def test_a_copy_comes_back_beside_a_write_ahead_log(record: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(record, copy)
    assert restored(copy, record) == (400, tmp_path / "record.db.before-restore")


def test_an_empty_write_ahead_log_holds_nothing(record: Path) -> None:
    record.with_name("record.db-wal").write_bytes(b"")
    assert checked(record) == 400
