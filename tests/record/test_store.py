"""The store in SQLite and in PostgreSQL: the same tests for both."""

from __future__ import annotations

import multiprocessing
import re
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.event import listen

from engine.basics.errors import VerificationFailed, WrongUsage
from engine.record import guards
from engine.record.database import NotOurs
from engine.record.heads import Head
from engine.record.key_spans import beginning, of_kind
from engine.record.merkle import EMPTY, leaf_hash, root
from engine.record.store import Entry, KeyReused, Refused, Store, prepare

Body = Callable[..., bytes]
DEAL = "deal/meridian-2026-1"


def add(store: Store, log: str, bodies: list[bytes], start: int = 0) -> list[Entry]:
    with store.begin() as writer:
        added = [writer.append(log, f"k{start + number}", body) for number, body in enumerate(bodies)]
    return [entry for entry in added if entry is not None]


def test_entries_are_numbered_hashed_and_linked(store: Store, body: Body) -> None:
    bodies = [body(number) for number in range(7)]
    added = add(store, DEAL, bodies)
    leaves = [leaf_hash(each) for each in bodies]
    expected = [
        Entry(DEAL, number, f"k{number}", each, leaves[number], root(leaves[: number + 1]))
        for number, each in enumerate(bodies)
    ]
    assert added == store.entries(DEAL) == expected
    assert store.entries(DEAL, 5) == expected[5:]
    assert [store.entry(DEAL, number) for number in range(8)] == [*expected, None]
    assert (store.size(DEAL), store.head(DEAL)) == (7, (7, root(leaves)))


def test_a_log_is_resumed_where_it_was_left(store: Store, body: Body) -> None:
    bodies = [body(number) for number in range(20)]
    for number, each in enumerate(bodies):
        add(store, DEAL, [each], number)
    assert store.head(DEAL) == (20, root([leaf_hash(each) for each in bodies]))


def test_logs_do_not_touch_each_other(store: Store, body: Body) -> None:
    add(store, DEAL, [body(0), body(1)])
    add(store, "deal/other", [body(0)])
    assert store.logs() == [DEAL, "deal/other"]
    assert (store.size(DEAL), store.size("deal/other")) == (2, 1)
    assert (store.head("none"), store.entries("none")) == ((0, EMPTY), [])


def test_the_beginning_of_a_key_is_read_letter_by_letter(store: Store, body: Body) -> None:
    """Neither a capital letter, nor a sign that stands for others, nor a key that only resembles it is taken."""
    keys = ["a_b|1", "A_B|2", "axb|3", "a_b|", "a_b}4", "a_b", "a_b|é"]
    with store.begin() as writer:
        for number, key in enumerate(keys):
            writer.append(DEAL, key, body(number))
    with store.read() as reader:
        found = [entry.key for entry in reader.entries(DEAL, keys="a_b|")]
        assert found == ["a_b|1", "a_b|", "a_b|é"]
        assert [entry.key for entry in reader.entries(DEAL, 4, keys="a_b|")] == ["a_b|é"]
        assert reader.count(DEAL, "a_b|") == 3
        assert (reader.any_of_kind(DEAL, "a_b"), reader.any_of_kind(DEAL, "a_")) == (True, False)


def test_the_head_of_one_log_is_the_one_among_all(store: Store, body: Body) -> None:
    add(store, DEAL, [body(0), body(1)])
    add(store, "deal/other", [body(0)])
    with store.begin() as writer:
        writer.save_checkpoint(DEAL, 1, "note")
    with store.read() as reader:
        assert [reader.head_of(head.log) for head in reader.heads()] == reader.heads()
        assert [head.signed for head in reader.heads()] == [1, 0]
        assert reader.head_of("none") == Head("none", 0, EMPTY.hex(), 0)


def test_a_key_is_recorded_once(store: Store, body: Body) -> None:
    add(store, DEAL, [body(0)])
    with store.begin() as writer:
        assert writer.append(DEAL, "k0", body(0)) is None
        assert (writer.body(DEAL, "k0"), writer.body(DEAL, "k1")) == (body(0), None)
        assert writer.append("deal/other", "k0", body(1)) is not None
    with pytest.raises(KeyReused, match="`k0` is already recorded"), store.begin() as writer:
        writer.append(DEAL, "k0", body(1))
    with pytest.raises(Refused, match="the database refused deal/meridian"), store.begin() as writer:
        writer.extend(DEAL, [("k9", body(8)), ("k0", body(9))])
    assert [entry.key for entry in store.entries(DEAL)] == ["k0"]


def test_a_transaction_that_fails_leaves_nothing(store: Store, body: Body) -> None:
    add(store, DEAL, [body(0)])

    def fail_after_writing() -> None:
        with store.begin() as writer:
            writer.append(DEAL, "k1", body(1))
            writer.save_checkpoint(DEAL, 2, "note")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert (store.size(DEAL), store.checkpoints(DEAL)) == (1, [])
    assert [entry.seq for entry in add(store, DEAL, [body(1)], 1)] == [1]


def test_many_entries_at_once_are_the_same_as_one_by_one(store: Store, body: Body) -> None:
    items = [(f"k{number}", body(number)) for number in range(9)]
    with store.begin() as writer:
        sizes = [writer.extend("a", part) for part in ([], items[:4], items[4:])]
        singly = [writer.append("b", *item) for item in items]
    assert sizes == [0, 4, 9]
    assert [replace(entry, log="b") for entry in store.entries("a")] == store.entries("b") == singly


def test_text_of_every_kind_comes_back_as_it_went(store: Store) -> None:
    bodies = ['{"a":"é € 😀 \\u0000 \\"% :x"}'.encode(), b"{}"]
    add(store, "index/H100 % :x '", bodies)
    assert [entry.body for entry in store.entries("index/H100 % :x '")] == bodies


def test_checkpoints_are_kept_in_order_and_once(store: Store, body: Body) -> None:
    add(store, DEAL, [body(0), body(1)])
    with store.begin() as writer:
        for size, note in ((1, "signed"), (2, "signed"), (1, "signed and cosigned"), (2, "signed")):
            writer.save_checkpoint(DEAL, size, note)
    assert store.checkpoints(DEAL) == [(1, "signed"), (2, "signed"), (1, "signed and cosigned")]


def test_a_reader_sees_one_state(store: Store, body: Body) -> None:
    add(store, DEAL, [body(0)])
    with store.read() as reader:
        assert (reader.logs(), reader.size(DEAL), reader.checkpoints(DEAL)) == ([DEAL], 1, [])
        assert len(reader.entries(DEAL)) == reader.head(DEAL)[0]


def _writer(url: str, name: str, count: int) -> None:
    store = Store.open(url)
    for number in range(count):
        with store.begin() as writer:
            writer.append("shared", f"{name}{number}", f'{{"at":{writer.size("shared")}}}'.encode())
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_take_turns(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """What one reads before it writes is still so when it writes."""
    url = (
        str(tmp_path / "both.db")
        if kind == "sqlite"
        else request.getfixturevalue("postgresql_urls")["writer"]
    )
    Store.open(url).close()
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_writer, args=(url, name, 10)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    store = Store.open(url)
    entries = store.entries("shared")
    store.close()
    assert [entry.body for entry in entries] == [f'{{"at":{number}}}'.encode() for number in range(20)]
    assert entries[-1].root == root([entry.leaf for entry in entries])


def test_nothing_is_built_on_a_log_whose_end_was_changed(sqlite: Store, tmp_path: Path, body: Body) -> None:
    add(sqlite, DEAL, [body(number) for number in range(6)])
    for column in ("root", "peak"):
        with sqlite3.connect(tmp_path / "record.db") as connection:
            connection.execute("DROP TRIGGER log_entry_no_update")
            kept = connection.execute(f"SELECT {column} FROM log_entry WHERE seq = 5").fetchone()
            connection.execute(f"UPDATE log_entry SET {column} = ? WHERE seq = 5", [EMPTY.hex()])
        with pytest.raises(VerificationFailed, match="verify the log before adding"):
            add(sqlite, DEAL, [body(6)], 6)
        with sqlite3.connect(tmp_path / "record.db") as connection:
            connection.execute(f"UPDATE log_entry SET {column} = ? WHERE seq = 5", kept)
            connection.execute(guards.sqlite_trigger("log_entry_no_update"))
    assert len(add(sqlite, DEAL, [body(6)], 6)) == 1


def test_sqlite_is_set_to_lose_nothing(sqlite: Store, tmp_path: Path) -> None:
    with sqlite.begin() as writer:
        pragmas = {
            name: writer._connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "truncate", "synchronous": 3, "foreign_keys": 1}
    assert not stat.S_IMODE((tmp_path / "record.db").stat().st_mode) & 0o111


@pytest.mark.parametrize("name", sorted(guards.SQLITE))
def test_a_file_without_its_guards_is_not_opened(name: str, sqlite: Store, tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    sqlite.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"DROP TRIGGER {name}")
    with pytest.raises(NotOurs, match="triggers are missing or changed"):
        Store.open(path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON log_entry BEGIN SELECT 1; END")
    with pytest.raises(NotOurs, match="triggers are missing or changed"):
        Store.open(path)


def test_what_is_no_database_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("hello " * 400)
    with pytest.raises(NotOurs, match="not a database"):
        Store.open(tmp_path / "text.db")
    with pytest.raises(NotOurs, match="unable to open"):
        Store.open(tmp_path / "none" / "record.db")
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE something (else_ TEXT)")
    with pytest.raises(NotOurs):
        Store.open(tmp_path / "other.db")


def test_only_a_role_that_can_do_no_more_than_add_writes(postgresql_urls: dict[str, str]) -> None:
    Store.open(postgresql_urls["writer"].replace("postgresql+psycopg://", "postgresql://")).close()
    for role in ("owner", "superuser"):
        with pytest.raises(NotOurs, match="open it as the writer"):
            Store.open(postgresql_urls[role])


def test_a_database_that_its_owner_has_not_prepared_is_not_opened(postgresql_server: str) -> None:
    with pytest.raises(NotOurs, match="not prepared"):
        Store.open(postgresql_server)


def test_a_writer_s_name_is_no_statement() -> None:
    with pytest.raises(WrongUsage, match="is not a role name"):
        prepare("postgresql+psycopg://nowhere/none", "x; DROP TABLE log_entry")


SAID = ("rate|A100|2026-01-01|1", "rate|A100|2026-01-08|1", "rate|A100 PCIe|2026-01-01|1")
KEYS = (*SAID, "rated|A100|2026-01-01|1", "notice issued|x|2026-01-01|1", "rate|B200|2026-01-08|1")
"""Keys whose order by a locale, which passes over `|` and spaces, is not the order of their bytes."""


def test_a_log_is_asked_for_kinds_of_entries_by_their_keys_alone(store: Store, body: Body) -> None:
    with store.begin() as writer:
        for number, key in enumerate(KEYS):
            writer.append(DEAL, key, body(number))
        writer.append("deal/other", KEYS[0], body(0))
    rates, issued = of_kind("rate"), of_kind("notice issued")
    of_one = ("rate|A100|2026-01-01", "rate|A100|2026-01-08}")

    def numbers(entries: list[Entry]) -> list[int]:
        return [entry.seq for entry in entries]

    with store.read() as reader:
        assert numbers(reader.among(DEAL, [rates])) == [0, 1, 2, 5]
        assert numbers(reader.among(DEAL, [rates, issued], 2)) == [2, 4, 5]
        assert numbers(reader.among(DEAL, [of_one])) == [0, 1]
        assert numbers(reader.among(DEAL, [])) == []
        assert numbers(reader.outside(DEAL, rates, 1)) == [3, 4]
        assert [reader.last_in(DEAL, span) for span in (rates, issued, of_kind("act"))] == [5, 4, None]
        assert [reader.last_in(DEAL, rates, before) for before in (5, 2, 0)] == [2, 1, None]
        assert sorted(reader.keys_in(DEAL, rates)) == sorted((*SAID, KEYS[5]))
        assert reader.keys_upto(DEAL, 2) == list(enumerate(SAID))
        assert reader.keys_there(DEAL, [KEYS[3], "nothing|x|2026-01-01|1"]) == {KEYS[3]}
        assert reader.keys_there(DEAL, []) == frozenset()
        assert [reader.number_of(DEAL, key) for key in (KEYS[4], "nothing")] == [4, None]
        assert [reader.any_of_kind(DEAL, kind) for kind in ("rated", "rat")] == [True, False]
        assert [reader.newest(log) for log in (DEAL, "none")] == [body(5), None]
        assert [reader.count(DEAL, keys) for keys in ("rate|", "rate|A100|", "%")] == [4, 2, 0]


def test_kinds_of_entries_are_looked_up_in_the_index_of_keys(store: Store, body: Body) -> None:
    """Neither database goes through the log for them."""
    with store.begin() as writer:
        for log in ("deal/a", "deal/b", "deal/c"):
            writer.extend(log, [(f"{kind}|x|{n}|1", body(n)) for n in range(300) for kind in ("a", "b", "c")])
    asked: list[tuple[str, Any]] = []
    with store.read() as reader:
        connection = reader._connection
        listen(
            connection,
            "before_cursor_execute",
            lambda _, __, text, values, *___: asked.append((text, values)),
        )
        assert len(reader.among("deal/b", [of_kind("b"), beginning("c|x|29")])) == 311
        assert len(reader.keys_in("deal/b", beginning("a|x|1"))) == 111
        explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plans = [
            " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {text}", values))
            for text, values in tuple(asked)
        ]
    for plan in plans:
        assert re.search("log_entry_log_key_key|sqlite_autoindex_log_entry_2", plan), plan
        assert not re.search("pkey|PRIMARY KEY|SCAN", plan), plan
