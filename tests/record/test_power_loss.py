"""Power loss at any moment: what the disk could then hold, opened again, has every acknowledged entry and no
half transaction.

A file system in between notes every write, truncation, sync and unlink. An image is what was synced by a
moment, with any subset of the sectors that were not, in any order; unlinking without a sync may not have
happened. Our own tables, triggers and settings are written through it; that the settings matter is shown by
others under which the same test must fail.
"""

# ruff: noqa: N802 (SQLite names the methods of its file systems)

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from engine.record import guards
from engine.record.consistency import audit
from engine.record.database import SQLITE_SETTINGS
from engine.record.merkle import CompactRange, leaf_hash
from engine.record.store import LogEntry, Row, Store

apsw: Any = pytest.importorskip("apsw", reason="apsw, which lets a test stand under SQLite, is not installed")

IMAGES = 5_000 if os.environ.get("HEADROOM_SOAK") else 250
EACH = 3
"""Entries of one transaction."""
SECTOR = 512


@dataclass
class Disk:
    """What was done to the files, in order."""

    done: list[tuple[Any, ...]] = field(default_factory=list)


def journalled(disk: Disk) -> Any:
    """A file system that notes what SQLite does."""

    class File(apsw.VFSFile):  # type: ignore[misc]
        def __init__(self, name: Any, flags: Any) -> None:
            self.name = Path(
                name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary"
            ).name
            super().__init__("", name, flags)

        def xWrite(self, data: bytes, offset: int) -> None:
            disk.done.append(("write", self.name, offset, bytes(data)))
            super().xWrite(data, offset)

        def xTruncate(self, size: int) -> None:
            disk.done.append(("truncate", self.name, size))
            super().xTruncate(size)

        def xSync(self, flags: int) -> None:
            disk.done.append(("sync", self.name))
            super().xSync(flags)

    class System(apsw.VFS):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(f"noted-{id(disk)}", "")

        def xOpen(self, name: Any, flags: Any) -> File:
            return File(name, flags)

        def xDelete(self, name: str, synced: bool) -> None:
            disk.done.append(("delete", Path(name).name, synced))
            super().xDelete(name, synced)

    return System()


def written(folder: Path, settings: Sequence[str], transactions: int) -> tuple[Disk, list[tuple[int, int]]]:
    """Our tables with entries in transactions of three; (operations so far, entries acknowledged) after each."""
    disk = Disk()
    system = journalled(disk)
    connection = apsw.Connection(str(folder / "record.db"), vfs=f"noted-{id(disk)}")
    for setting in settings:
        connection.execute(f"PRAGMA {setting}")
    for table in Row.metadata.sorted_tables:
        connection.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
    for name in guards.SQLITE:
        connection.execute(guards.sqlite_trigger(name))
    acknowledged = [(len(disk.done), 0)]
    chance, tree, seq = random.Random(1), CompactRange(), 0
    columns = [column.name for column in LogEntry.__table__.columns]
    insert = (
        f"INSERT OR FAIL INTO log_entry ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"
    )
    for _ in range(transactions):
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(EACH):
            body = f'{{"effective_on":"2026-01-08","kind":"tested","print":{seq},"subject":"{"x" * chance.randrange(1, 5000)}"}}'
            subject = body.split('"subject":"')[1].removesuffix('"}')
            leaf = leaf_hash(body.encode())
            peak = tree.append(leaf)
            connection.execute(
                insert,
                (
                    "deal/x",
                    seq,
                    f"tested|{subject}|2026-01-08|{seq}",
                    body,
                    leaf.hex(),
                    tree.root().hex(),
                    peak.hex(),
                ),
            )
            seq += 1
        connection.execute("COMMIT")
        acknowledged.append((len(disk.done), seq))
    connection.close()
    assert system is not None
    return disk, acknowledged


def _apply(content: bytearray, done: tuple[Any, ...]) -> None:
    if done[0] == "write":
        end = done[2] + len(done[3])
        content.extend(b"\0" * (end - len(content)))
        content[done[2] : end] = done[3]
    elif len(content) > done[2]:
        del content[done[2] :]
    else:
        content.extend(b"\0" * (done[2] - len(content)))


def image(disk: Disk, until: int, chance: random.Random, how: str) -> dict[str, bytes]:
    """What the disk could hold after so many operations: nothing, all, or a random part of what was not
    synced.
    """
    synced: dict[str, bytearray] = {}
    open_: dict[str, list[tuple[Any, ...]]] = {}
    unlinked: dict[str, bytearray] = {}
    for done in disk.done[:until]:
        name = done[1]
        if done[0] in ("write", "truncate"):
            open_.setdefault(name, []).append(done)
            synced.setdefault(name, bytearray())
        elif done[0] == "sync":
            unlinked.clear()  # a journalling file system has earlier unlinks behind it
            for one in open_.pop(name, []):
                _apply(synced.setdefault(name, bytearray()), one)
        else:
            before = synced.pop(name, None)
            open_.pop(name, None)
            if not done[2] and before is not None:
                unlinked[name] = before
    for name, content in unlinked.items():
        if how != "all" and name not in synced and (how == "none" or chance.random() < 0.5):
            synced[name] = content
    return {
        name: bytes(_torn(bytearray(content), open_.get(name, []), chance, how))
        for name, content in synced.items()
    }


def _torn(
    content: bytearray, pending: Sequence[tuple[Any, ...]], chance: random.Random, how: str
) -> bytearray:
    for done in pending:
        if how == "all" or (done[0] == "truncate" and chance.random() < 0.5):
            _apply(content, done)
        elif how == "some" and done[0] == "write":
            for start in range(0, len(done[3]), SECTOR):
                if chance.random() < 0.5:
                    _apply(content, ("write", done[1], done[2] + start, done[3][start : start + SECTOR]))
    return content


def verdicts(folder: Path, settings: Sequence[str], images: int) -> Iterator[str]:
    """What each image turned out to be: whole, or lost, corrupt, partial, broken."""
    (folder / "written").mkdir(parents=True)
    disk, acknowledged = written(folder / "written", settings, 30)
    chance = random.Random(9)
    for n in range(images):
        until = chance.randrange(1, len(disk.done) + 1)
        due = max((entries for after, entries in acknowledged if after <= until), default=-1)
        place = folder / f"{n % 3}"
        place.mkdir(exist_ok=True)
        for old in place.iterdir():
            old.unlink()
        for name, content in image(disk, until, chance, ("some", "none", "all")[n % 3]).items():
            if not name.endswith("-shm"):
                (place / name).write_bytes(content)
        yield _verdict(place / "record.db", due)


def _verdict(path: Path, due: int) -> str:
    if due < 0:
        return "whole"  # the tables themselves were not acknowledged yet
    try:
        store = Store.open(path)
        entries = store.entries("deal/x")
        store.close()
    except Exception as error:  # whatever keeps the record from being opened
        return f"corrupt: {type(error).__name__}"
    if len(entries) < due:
        return "lost"
    if len(entries) % EACH:
        return "partial"
    return "broken" if audit(entries, "origin", ()) else "whole"


def test_no_acknowledged_entry_is_lost_and_none_is_half_there(tmp_path: Path) -> None:
    assert Counter(verdicts(tmp_path, SQLITE_SETTINGS, IMAGES)) == {"whole": IMAGES}


@pytest.mark.parametrize(
    "settings", [("journal_mode=WAL", "synchronous=NORMAL"), ("journal_mode=DELETE", "synchronous=OFF")]
)
def test_the_test_bites(tmp_path: Path, settings: tuple[str, ...]) -> None:
    found = Counter(verdicts(tmp_path, settings, 120))
    assert found["whole"] < 120
    assert set(found) - {"whole"}


def test_python_s_own_library_reads_what_was_written(tmp_path: Path) -> None:
    written(tmp_path, SQLITE_SETTINGS, 5)
    with sqlite3.connect(tmp_path / "record.db") as connection:
        assert connection.execute("SELECT count(*) FROM log_entry").fetchone() == (15,)
    connection.close()
