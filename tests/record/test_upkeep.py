"""Migrations, copies and putting a copy back: nothing that was recorded is changed by any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import VerificationFailed, WrongUsage
from engine.record import database
from engine.record.store import Row, Store
from engine.record.upkeep import checked, copied, restored, upgraded

BODY = '{{"effective_on":"2026-01-08","kind":"tested","print":{},"subject":"ltv"}}'


def filled(path: Path, count: int) -> list[bytes]:
    store = Store.open(path)
    with store.begin() as writer:
        writer.extend("deal/x", [(f"tested|ltv|2026-01-08|{n}", BODY.format(n).encode()) for n in range(writer.size("deal/x"), count)])
    found = [entry.body for entry in store.entries("deal/x")]
    store.close()
    return found


def test_an_existing_record_is_stamped_and_a_new_one_is_made(tmp_path: Path) -> None:
    bodies = filled(tmp_path / "old.db", 5)
    assert upgraded(tmp_path / "old.db") == upgraded(tmp_path / "old.db") == "0001"
    assert filled(tmp_path / "old.db", 5) == bodies
    assert upgraded(tmp_path / "new.db") == "0001"
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
    assert upgraded(postgresql_urls["owner"]) == "0001"
    store = Store.open(postgresql_urls["writer"])
    with store.begin() as writer:
        assert writer.append("deal/x", "tested|ltv|2026-01-08|0", BODY.format(0).encode()) is not None
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


def test_an_empty_file_is_no_copy(tmp_path: Path) -> None:
    filled(tmp_path / "record.db", 3)
    (tmp_path / "empty").touch()
    with pytest.raises(VerificationFailed, match="is empty"):
        restored(tmp_path / "empty", tmp_path / "record.db")
    assert checked(tmp_path / "record.db") == 3


def test_a_copy_is_put_back_over_a_record_whose_writer_was_killed(tmp_path: Path) -> None:
    """What the killed run left half done belongs to the old file: it is kept with it, and never played into the copy."""
    import shutil
    import sqlite3

    record, copy, killed = tmp_path / "record.db", tmp_path / "copy.db", tmp_path / "killed" / "record.db"
    bodies = filled(record, 40)
    copied(record, copy)
    filled(record, 400)
    killed.parent.mkdir()
    connection = sqlite3.connect(record, isolation_level=None)
    connection.execute("PRAGMA cache_size=1")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO log_entry VALUES ('deal/y', ?, ?, ?, '', '', '')", [(number, str(number), "x" * 3000) for number in range(200)]
    )
    for ending in ("", "-journal"):  # as a kill leaves them
        shutil.copy(f"{record}{ending}", f"{killed}{ending}")
    connection.rollback()
    connection.close()
    assert Path(f"{killed}-journal").stat().st_size > 0
    count, aside = restored(copy, killed)
    assert (count, checked(killed)) == (40, 40)
    assert filled(killed, 40) == bodies
    assert aside is not None
    assert checked(aside) == 400
