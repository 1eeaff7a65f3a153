"""Migrations, copies and putting a copy back: nothing that was recorded is changed by any of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.record import database
from engine.record.database import NotOurs
from engine.record.maintenance import checked, copied, restored, upgraded
from engine.record.store import Row, Store
from tests.record.test_append_only import as_superuser

BODY = '{{"effective_on":"2026-01-08","kind":"tested","print":{},"subject":"ltv"}}'


def filled(path: Path, count: int) -> list[bytes]:
    store = Store.open(path)
    with store.begin() as writer:
        writer.extend(
            "deal/x",
            [
                (f"tested|ltv|2026-01-08|{n}", BODY.format(n).encode())
                for n in range(writer.size("deal/x"), count)
            ],
        )
    found = [entry.body for entry in store.entries("deal/x")]
    store.close()
    return found


def test_an_existing_record_is_stamped_and_a_new_one_is_made(tmp_path: Path) -> None:
    bodies = filled(tmp_path / "old.db", 5)
    assert upgraded(tmp_path / "old.db") == upgraded(tmp_path / "old.db") == "0002"
    assert filled(tmp_path / "old.db", 5) == bodies
    assert upgraded(tmp_path / "new.db") == "0002"
    assert len(filled(tmp_path / "new.db", 3)) == 3


def test_the_migrations_lead_to_the_models(tmp_path: Path) -> None:
    """What `alembic check` says: nothing is left to be generated."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    upgraded(tmp_path / "record.db")
    engine = database.connected(tmp_path / "record.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []
    engine.dispose()


def test_postgresql_is_upgraded_by_its_owner(postgresql_urls: dict[str, str]) -> None:
    assert upgraded(postgresql_urls["owner"]) == "0002"
    store = Store.open(postgresql_urls["writer"])
    with store.begin() as writer:
        assert writer.append("deal/x", "tested|ltv|2026-01-08|0", BODY.format(0).encode()) is not None
    store.close()


def test_a_postgresql_of_an_earlier_form_is_upgraded_before_it_is_used(
    postgresql_urls: dict[str, str],
) -> None:
    """Its keys had the order of the database's language; the entries stay as they are."""
    store = Store.open(postgresql_urls["writer"])
    with store.begin() as writer:
        writer.append("deal/x", "tested|ltv|2026-01-08|0", BODY.format(0).encode())
    before = store.entries("deal/x")
    store.close()
    as_superuser(
        postgresql_urls, 'ALTER TABLE headroom.log_entry ALTER COLUMN key TYPE text COLLATE "default"'
    )
    with pytest.raises(NotOurs, match="headroom db upgrade"):
        Store.open(postgresql_urls["writer"])
    assert upgraded(postgresql_urls["owner"]) == "0002"
    store = Store.open(postgresql_urls["writer"])
    assert store.entries("deal/x") == before
    store.close()


def test_a_copy_is_whole_and_comes_back(tmp_path: Path) -> None:
    record, copy = tmp_path / "record.db", tmp_path / "copies" / "one.db"
    bodies = filled(record, 40)
    assert copied(record, copy) == 40
    with pytest.raises(WrongUsage, match="never overwrites"):
        copied(record, copy)
    filled(record, 50)
    assert restored(copy, record) == (40, tmp_path / "record.db.before-restore")
    assert filled(record, 40) == bodies
    assert checked(tmp_path / "record.db.before-restore") == 50
    with pytest.raises(WrongUsage, match="move it away"):
        restored(copy, record)


def test_a_damaged_copy_does_not_come_back(tmp_path: Path) -> None:
    import sqlite3

    record, copy = tmp_path / "record.db", tmp_path / "copy.db"
    bodies = filled(record, 10)
    copied(record, copy)
    from engine.record import guards

    connection = sqlite3.connect(copy)
    connection.execute("DROP TRIGGER log_entry_no_update")
    connection.execute("UPDATE log_entry SET body = replace(body, 'ltv', 'lvt') WHERE seq = 4")
    connection.execute(guards.sqlite_trigger("log_entry_no_update"))
    connection.commit()
    connection.close()
    with pytest.raises(VerificationFailed):
        restored(copy, record)
    assert filled(record, 10) == bodies


def test_a_copy_of_a_record_with_small_pages_has_today_s_and_no_unused_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from engine.record import database

    with monkeypatch.context() as patched:
        patched.setattr(
            database,
            "SQLITE_SETTINGS",
            tuple(one for one in database.SQLITE_SETTINGS if one != database.PAGES),
        )
        bodies = filled(tmp_path / "old.db", 60)
    assert copied(tmp_path / "old.db", tmp_path / "copy.db") == 60
    assert filled(tmp_path / "new.db", 60) == bodies
    sizes = {}
    for name in ("old", "copy", "new"):
        connection = sqlite3.connect(tmp_path / f"{name}.db")
        sizes[name] = connection.execute("PRAGMA page_size").fetchone()[0]
        assert connection.execute("PRAGMA freelist_count").fetchone()[0] == 0
        connection.close()
    assert sizes == {"old": 4096, "copy": 32768, "new": 32768}


def test_an_empty_file_is_no_copy(tmp_path: Path) -> None:
    filled(tmp_path / "record.db", 3)
    (tmp_path / "empty").touch()
    with pytest.raises(VerificationFailed, match="is empty"):
        restored(tmp_path / "empty", tmp_path / "record.db")
    assert checked(tmp_path / "record.db") == 3


KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for pragma in ("journal_mode=TRUNCATE", "synchronous=EXTRA", "cache_size=2"):
    connection.execute(f"PRAGMA {pragma}")
connection.execute("BEGIN IMMEDIATE")
size = connection.execute("SELECT max(seq) + 1 FROM log_entry WHERE log = 'deal/x'").fetchone()[0]
for seq in range(size, size + 200):
    row = ("deal/x", seq, f"k{seq}", "b" * 900, "a" * 64, "b" * 64, "c" * 64)
    connection.execute("INSERT INTO log_entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
os._exit(9)
"""
"""A writer that dies in a transaction of which pages are in the file already: its journal is hot."""


def killed_in_a_transaction(record: Path) -> Path:
    subprocess.run([sys.executable, "-c", KILLED, str(record)], check=False)
    journal = record.with_name(f"{record.name}-journal")
    assert journal.stat().st_size > 0
    return journal


def test_a_copy_comes_back_beside_a_killed_writer_s_journal(tmp_path: Path) -> None:
    """The journal belongs to the record that is moved away: rolled back into the copy it would destroy it."""
    record, copy = tmp_path / "record.db", tmp_path / "copy.db"
    bodies = filled(record, 40)
    copied(record, copy)
    filled(record, 400)
    journal = killed_in_a_transaction(record)
    assert restored(copy, record) == (40, tmp_path / "record.db.before-restore")
    assert not journal.exists()
    assert checked(record) == 40
    assert filled(record, 40) == bodies
    assert checked(tmp_path / "record.db.before-restore") == 400  # its own journal lies beside it
    assert not list(tmp_path.glob("*.restoring"))


def test_a_restore_that_was_killed_half_way_is_done_again(tmp_path: Path) -> None:
    record, copy = tmp_path / "record.db", tmp_path / "copy.db"
    filled(record, 40)
    copied(record, copy)
    filled(record, 400)
    killed_in_a_transaction(record)
    record.rename(tmp_path / "record.db.before-restore")  # and killed before the journal followed
    assert restored(copy, record) == (40, None)
    assert checked(tmp_path / "record.db.before-restore") == 400


def test_a_record_is_copied_beside_a_killed_writer_s_journal(tmp_path: Path) -> None:
    record = tmp_path / "a record.db"
    bodies = filled(record, 40)
    killed_in_a_transaction(record)
    assert copied(record, tmp_path / "copy.db") == 40
    assert filled(tmp_path / "copy.db", 40) == bodies


def test_a_record_that_cannot_be_read_leaves_no_copy(tmp_path: Path) -> None:
    (tmp_path / "record.db").write_bytes(b"no database at all, but as long as a page\n" * 200)
    with pytest.raises(VerificationFailed, match="the record is damaged"):
        copied(tmp_path / "record.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
