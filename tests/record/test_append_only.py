"""Statements that would change the past, each against the database as the record leaves it: all are refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.record.merkle import EMPTY
from engine.record.store import Store

LOG = "deal/meridian-2026-1"
HASH = EMPTY.hex()
ROW = f"'{{}}', '{HASH}', '{HASH}', '{HASH}'"

SQLITE = {
    "edit a body": f"UPDATE log_entry SET body = '{{}}' WHERE log = '{LOG}' AND seq = 1",
    "edit, letting conflicts replace": "UPDATE OR REPLACE log_entry SET seq = 0 WHERE seq = 1",
    "move an entry into another log": f"UPDATE log_entry SET log = 'deal/other' WHERE log = '{LOG}'",
    "delete the last": f"DELETE FROM log_entry WHERE log = '{LOG}' AND seq = 2",
    "delete everything": "DELETE FROM log_entry",
    "replace by number": f"INSERT OR REPLACE INTO log_entry VALUES ('{LOG}', 1, 'k9', {ROW})",
    "replace by key, with the next number": f"REPLACE INTO log_entry VALUES ('{LOG}', 3, 'k1', {ROW})",
    "replace by rowid, with the next number": (
        f"INSERT OR REPLACE INTO log_entry (rowid, log, seq, key, body, leaf, root, peak) VALUES (1, '{LOG}', 3, 'k3', {ROW})"
    ),
    "insert or else update": (f"INSERT INTO log_entry VALUES ('{LOG}', 1, 'k1', {ROW}) ON CONFLICT (log, seq) DO UPDATE SET body = '{{}}'"),
    "leave a gap": f"INSERT INTO log_entry VALUES ('{LOG}', 4, 'k4', {ROW})",
    "insert before the first": f"INSERT INTO log_entry VALUES ('{LOG}', -1, 'k-1', {ROW})",
    "insert between two": f"INSERT INTO log_entry VALUES ('{LOG}', 1.5, 'k1.5', {ROW})",
    "insert without a number": f"INSERT INTO log_entry VALUES ('{LOG}', NULL, 'k3', {ROW})",
    "replace with what is there": "REPLACE INTO log_entry SELECT log, seq, key, '{}', leaf, root, peak FROM log_entry",
    "change a checkpoint": "UPDATE checkpoint SET note = 'forged'",
    "delete a checkpoint": "DELETE FROM checkpoint",
    "replace a checkpoint": f"INSERT OR REPLACE INTO checkpoint VALUES ('{LOG}', 0, 3, 'forged')",
}

POSTGRESQL = {
    "edit a body": f"UPDATE headroom.log_entry SET body = '{{}}' WHERE log = '{LOG}' AND seq = 1",
    "edit nothing at all": "UPDATE headroom.log_entry SET body = '{}' WHERE false",
    "delete the last": f"DELETE FROM headroom.log_entry WHERE log = '{LOG}' AND seq = 2",
    "delete everything": "DELETE FROM headroom.log_entry",
    "truncate": "TRUNCATE headroom.log_entry",
    "truncate with all that hangs on it": "TRUNCATE headroom.log_entry CASCADE",
    "insert or else update": (
        f"INSERT INTO headroom.log_entry VALUES ('{LOG}', 1, 'k1', {ROW}) ON CONFLICT (log, seq) DO UPDATE SET body = '{{}}'"
    ),
    "merge": "MERGE INTO headroom.log_entry l USING (SELECT 1 AS seq) s ON l.seq = s.seq WHEN MATCHED THEN DELETE",
    "change through a query": "WITH gone AS (DELETE FROM headroom.log_entry RETURNING seq) SELECT count(*) FROM gone",
    "leave a gap": f"INSERT INTO headroom.log_entry VALUES ('{LOG}', 4, 'k4', {ROW})",
    "insert before the first": f"INSERT INTO headroom.log_entry VALUES ('{LOG}', -1, 'k-1', {ROW})",
    "use a key twice": f"INSERT INTO headroom.log_entry VALUES ('{LOG}', 3, 'k1', {ROW})",
    "shadow the table, then leave a gap": (
        f"CREATE TEMP TABLE log_entry (log text, seq integer); INSERT INTO pg_temp.log_entry VALUES ('{LOG}', 8); "
        f"SET search_path = pg_temp; INSERT INTO headroom.log_entry VALUES ('{LOG}', 9, 'k9', {ROW})"
    ),
    "drop the trigger": "DROP TRIGGER append_only ON headroom.log_entry",
    "disable the triggers": "ALTER TABLE headroom.log_entry DISABLE TRIGGER ALL",
    "replace the trigger's function": (
        "CREATE OR REPLACE FUNCTION headroom.append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
    ),
    "act as a replica": f"SET session_replication_role = replica; DELETE FROM headroom.log_entry WHERE log = '{LOG}'",
    "become the owner": f"SET ROLE headroom_owner; DELETE FROM headroom.log_entry WHERE log = '{LOG}'",
    "drop the table": "DROP TABLE headroom.log_entry",
    "rewrite on the way in": "CREATE RULE quiet AS ON INSERT TO headroom.log_entry DO INSTEAD NOTHING",
    "change a checkpoint": "UPDATE headroom.checkpoint SET note = 'forged'",
    "truncate the checkpoints": "TRUNCATE headroom.checkpoint",
}

BY_ANYONE = ("edit a body", "delete everything", "truncate", "merge", "insert or else update", "leave a gap")
"""Of those, the ones that the triggers refuse even to the owner and the superuser, who have every right."""


def _three_entries(store: Store, body: Callable[..., bytes]) -> list[object]:
    with store.begin() as writer:
        for number in range(3):
            writer.append(LOG, f"k{number}", body(number))
        writer.save_checkpoint(LOG, 3, "note")
    return [*store.entries(LOG), *store.checkpoints(LOG)]


@pytest.mark.parametrize("attack", SQLITE)
def test_sqlite_refuses(attack: str, sqlite: Store, tmp_path: Path, body: Callable[..., bytes]) -> None:
    before = _three_entries(sqlite, body)
    # A connection of its own, without any of our settings.
    connection = sqlite3.connect(tmp_path / "record.db")
    with pytest.raises(sqlite3.Error), connection:
        connection.execute(SQLITE[attack])
    connection.close()
    assert [*sqlite.entries(LOG), *sqlite.checkpoints(LOG)] == before


@pytest.mark.parametrize("attack", POSTGRESQL)
def test_postgresql_refuses_the_writer(attack: str, postgresql_urls: dict[str, str], body: Callable[..., bytes]) -> None:
    _refused(POSTGRESQL[attack], "writer", postgresql_urls, body)


@pytest.mark.parametrize("role", ["owner", "superuser"])
@pytest.mark.parametrize("attack", BY_ANYONE)
def test_postgresql_refuses_even(role: str, attack: str, postgresql_urls: dict[str, str], body: Callable[..., bytes]) -> None:
    _refused(POSTGRESQL[attack], role, postgresql_urls, body)


def test_postgresql_refuses_a_superuser_in_the_role_of_a_replica(postgresql_urls: dict[str, str], body: Callable[..., bytes]) -> None:
    _refused(POSTGRESQL["act as a replica"], "superuser", postgresql_urls, body)


def _refused(attack: str, role: str, urls: dict[str, str], body: Callable[..., bytes]) -> None:
    psycopg = pytest.importorskip("psycopg")
    store = Store.open(urls["writer"])
    before = _three_entries(store, body)
    with psycopg.connect(urls[role].replace("postgresql+psycopg://", "postgresql://")) as connection:
        with pytest.raises(psycopg.Error):
            connection.execute(attack)
        connection.rollback()
    assert [*store.entries(LOG), *store.checkpoints(LOG)] == before
    store.close()


def test_enough_statements_are_tried() -> None:
    assert len(SQLITE) >= 12
    assert len(POSTGRESQL) >= 15
