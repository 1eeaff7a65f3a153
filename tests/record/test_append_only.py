"""Statements that would change the past, each against the database as the record leaves it: all are refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.record.database import NotOurs
from engine.record.merkle import EMPTY
from engine.record.store import Store, prepare

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
        "INSERT OR REPLACE INTO log_entry (rowid, log, seq, key, body, leaf, root, peak) VALUES (1, "
        f"'{LOG}', 3, 'k3', {ROW})"
    ),
    "insert or else update": (
        f"INSERT INTO log_entry VALUES ('{LOG}', 1, 'k1', {ROW}) ON CONFLICT (log, seq) DO UPDATE SET body "
        f"= '{{}}'"
    ),
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
        f"INSERT INTO headroom.log_entry VALUES ('{LOG}', 1, 'k1', {ROW}) ON CONFLICT (log, seq) DO UPDATE "
        f"SET body = '{{}}'"
    ),
    "merge": "MERGE INTO headroom.log_entry l USING (SELECT 1 AS seq) s ON l.seq = s.seq WHEN MATCHED THEN DELETE",
    "change through a query": "WITH gone AS (DELETE FROM headroom.log_entry RETURNING seq) SELECT count(*) FROM gone",
    "leave a gap": f"INSERT INTO headroom.log_entry VALUES ('{LOG}', 4, 'k4', {ROW})",
    "insert before the first": f"INSERT INTO headroom.log_entry VALUES ('{LOG}', -1, 'k-1', {ROW})",
    "use a key twice": f"INSERT INTO headroom.log_entry VALUES ('{LOG}', 3, 'k1', {ROW})",
    "shadow the table, then leave a gap": (
        "CREATE TEMP TABLE log_entry (log text, seq integer); INSERT INTO pg_temp.log_entry VALUES "
        f"('{LOG}', 8); SET search_path = pg_temp; INSERT INTO headroom.log_entry VALUES ('{LOG}', 9, 'k9', "
        f"{ROW})"
    ),
    "drop the trigger": "DROP TRIGGER append_only ON headroom.log_entry",
    "disable the triggers": "ALTER TABLE headroom.log_entry DISABLE TRIGGER ALL",
    "replace the trigger's function": (
        "CREATE OR REPLACE FUNCTION headroom.append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RETURN NULL; END $$"
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
def test_postgresql_refuses_the_writer(
    attack: str, postgresql_urls: dict[str, str], body: Callable[..., bytes]
) -> None:
    _refused(POSTGRESQL[attack], "writer", postgresql_urls, body)


@pytest.mark.parametrize("role", ["owner", "superuser"])
@pytest.mark.parametrize("attack", BY_ANYONE)
def test_postgresql_refuses_even(
    role: str, attack: str, postgresql_urls: dict[str, str], body: Callable[..., bytes]
) -> None:
    _refused(POSTGRESQL[attack], role, postgresql_urls, body)


def test_postgresql_refuses_a_superuser_in_the_role_of_a_replica(
    postgresql_urls: dict[str, str], body: Callable[..., bytes]
) -> None:
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


def as_superuser(urls: dict[str, str], statement: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(
        urls["superuser"].replace("postgresql+psycopg://", "postgresql://"), autocommit=True
    ) as connection:
        connection.execute(statement)


CHANGED = {
    "a trigger that was dropped": "DROP TRIGGER append_only ON headroom.checkpoint",
    "triggers that are off": "ALTER TABLE headroom.log_entry DISABLE TRIGGER USER",
    "a trigger that a replica skips": "ALTER TABLE headroom.log_entry ENABLE TRIGGER next",
    "a trigger for fewer statements": (
        "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE ON headroom.log_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION headroom.append_only(); "
        "ALTER TABLE headroom.log_entry ENABLE ALWAYS TRIGGER append_only"
    ),
    "a trigger with a condition": (
        "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON headroom.log_entry "
        "FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION headroom.append_only(); "
        "ALTER TABLE headroom.log_entry ENABLE ALWAYS TRIGGER append_only"
    ),
    "a trigger that does nothing": POSTGRESQL["replace the trigger's function"],
    "a rule": POSTGRESQL["rewrite on the way in"],
    "row security": "ALTER TABLE headroom.log_entry ENABLE ROW LEVEL SECURITY",
}


@pytest.mark.parametrize("what", CHANGED)
def test_postgresql_guards_that_its_owner_changed_are_found(
    what: str, postgresql_urls: dict[str, str]
) -> None:
    """The owner can change them; the record is then read to be verified, and nothing is added to it."""
    Store.open(postgresql_urls["writer"]).close()
    as_superuser(postgresql_urls, CHANGED[what])
    with pytest.raises(NotOurs, match="triggers are missing or changed"):
        Store.open(postgresql_urls["writer"])
    store = Store.inspect(postgresql_urls["writer"])
    assert "triggers are missing or changed" in (store.doubt() or "")
    store.close()


@pytest.mark.parametrize("table", ["log_entry", "checkpoint"])
def test_a_role_that_may_change_either_table_is_refused(table: str, postgresql_urls: dict[str, str]) -> None:
    as_superuser(postgresql_urls, f"GRANT DELETE ON headroom.{table} TO headroom_writer")
    with pytest.raises(NotOurs, match="may change the log"):
        Store.open(postgresql_urls["writer"])


@pytest.mark.parametrize(
    ("url", "writer", "said"),
    [
        ("owner", "headroom_writer", "already exists"),
        ("owner", "nobody_of_this_name", "already exists"),
        ("nowhere", "headroom_writer", "not a PostgreSQL database"),
        ("sqlite:///x", "headroom_writer", "not a PostgreSQL database"),
    ],
)
def test_a_database_that_cannot_be_prepared_is_a_sentence(
    url: str, writer: str, said: str, postgresql_urls: dict[str, str]
) -> None:
    with pytest.raises((NotOurs, WrongUsage), match=said):
        prepare(postgresql_urls.get(url, url), writer)


def test_enough_statements_are_tried() -> None:
    assert len(SQLITE) >= 12
    assert len(POSTGRESQL) >= 15
