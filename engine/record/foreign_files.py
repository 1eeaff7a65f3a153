"""Files beside a SQLite record that are of another copy: SQLite would write their pages over the record's.

A sync program may put such files back. Journals are read as SQLite's file format describes them (section 3).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import IO

from engine.basics.regular_files import open_file

HEAD = struct.Struct(">8sIIIII")
"""The beginning of a part of a journal.

It holds a mark, the number of pages in the part, a random number, and three sizes. These are the pages that
the record had before, the bytes of a sector, and the bytes of a page.
"""
MARK = bytes.fromhex("d9d505f920a163d7")
WORD = struct.Struct(">I")
FIRST_PAGE = struct.Struct(">16s8xII")
"""The beginning of a record's first page: a mark, how often the record was written, its size in pages."""
DATABASE = b"SQLite format 3\0"
STEP = 200
"""Bytes from one byte of a page that SQLite's check sum counts to the next."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What a rollback journal says of the record as it was before a transaction.

    Attributes:
        number: a random number, by which journals are told apart.
        pages: the size of the record in pages.
        changes: how often the record was written; None if the journal does not hold its first page.
    """

    number: int
    pages: int
    changes: int | None


def foreign_beside(record: Path) -> str | None:
    """Return which file beside a record is of another copy, and what it would do; None without one.

    The path of the record has no links: SQLite follows them, and looks beside the file that they lead to.
    """
    # Each transaction asks, so the answer without such files takes two calls of the system.
    log, journal = _beside(record)
    if _size(log):
        # Our settings make none, so it is of another copy, whatever its age.
        return (
            f"{log} lies beside the record, and headroom makes no such file; opened with it, the record "
            "would be overwritten by pages of another copy"
        )
    if _size(journal) and _is_foreign(record, journal):
        return (
            f"{journal} lies beside the record, and is of another copy or of another time; opened with it, "
            "the record would be overwritten by the pages in it"
        )
    return None


@lru_cache(maxsize=8)
def _beside(record: Path) -> tuple[Path, Path]:
    """Return where a write-ahead log and a rollback journal lie; to name them takes longer than to ask."""
    return Path(f"{record}-wal"), Path(f"{record}-journal")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_foreign(record: Path, journal: Path) -> bool:
    """Return whether a journal is of no transaction that this record is in, or was in when a run was killed.

    A transaction counts up how often the record was written, once, and keeps the first page before that.
    """
    earlier, first, found = _journal_in(journal), _first_page(record), _journal_in(journal)
    # While another process writes, its journal is another from one moment to the next.
    if earlier is None or first is None or found is None or earlier.number != found.number:
        return False
    changes, pages = first
    if not found.pages:  # of the transaction that made the record
        return changes > 1
    if found.changes is None:
        return pages != found.pages
    return changes not in (found.changes, found.changes + 1)


def _first_page(record: Path) -> tuple[int, int] | None:
    """Return how often a record was written, and its size in pages; None for another file than SQLite's."""
    try:
        start = os.pread(_descriptor(record), FIRST_PAGE.size, 0)
    except FileNotFoundError:
        return None
    if len(start) < FIRST_PAGE.size or not start.startswith(DATABASE):
        return None
    _, changes, pages = FIRST_PAGE.unpack(start)
    return changes, pages


_KEPT: dict[tuple[int, int], int] = {}
"""Descriptors of records, by device and inode.

A process that closes any descriptor of a file loses all its locks on the file, those of SQLite too. Another
process would then take the journal of our own transaction for that of a killed run.
"""
_KEEPING = Lock()


def _descriptor(record: Path) -> int:
    """Return a descriptor that is not closed as long as another process can open the record."""
    with _KEEPING:
        there = record.stat()
        if (there.st_dev, there.st_ino) not in _KEPT:
            for place in [place for place, kept in _KEPT.items() if not os.fstat(kept).st_nlink]:
                os.close(_KEPT.pop(place))
            made = os.open(record, os.O_RDONLY)
            there = os.fstat(made)
            _KEPT[there.st_dev, there.st_ino] = made
        return _KEPT[there.st_dev, there.st_ino]


def _journal_in(path: Path) -> Journal | None:
    """Return what a rollback journal says; None for a file that SQLite does not take for one."""
    try:
        with open_file(path) as file:
            head = _head(file, 0)
            if head is None:
                return None
            _, number, pages, sector, page = head
            found = Journal(number, pages, _changes(file, sector, page) if sector and page else None)
            # A journal that ends meanwhile is cut off, and seems to lack what it held.
            return found if _head(file, 0) == head else None
    except FileNotFoundError:
        return None


def _head(file: IO[bytes], place: int) -> tuple[int, int, int, int, int] | None:
    """Return what the head of a part says after its mark; None if no part begins at a place."""
    file.seek(place)
    data = file.read(HEAD.size)
    if len(data) < HEAD.size or not data.startswith(MARK):
        return None
    _, count, number, pages, sector, page = HEAD.unpack(data)
    return count, number, pages, sector, page


def _changes(file: IO[bytes], sector: int, page: int) -> int | None:
    """Return how often the record was written by the first page that a journal holds; None without it."""
    end, place, kept = file.seek(0, 2), 0, page + 2 * WORD.size  # a page between its number and its check sum
    while (head := _head(file, place)) is not None:
        count, number = head[:2]
        place += sector
        there = max(end - place, 0) // kept
        for at in range(place, place + kept * min(count, there), kept):
            file.seek(at)
            if file.read(WORD.size) == WORD.pack(1):
                return _counted(file.read(kept - WORD.size), number)
        if count > there:
            return None
        place = -(-(place + kept * count) // sector) * sector  # each part begins with a sector
    return None


def _counted(data: bytes, number: int) -> int | None:
    """Return how often the record was written by its first page with a check sum; None if that is wrong."""
    page, stated = data[: -WORD.size], data[-WORD.size :]
    said = (number + sum(page[len(page) - STEP : 0 : -STEP])) & 0xFFFF_FFFF
    if WORD.pack(said) != stated or not page.startswith(DATABASE):
        return None
    return int(FIRST_PAGE.unpack_from(page)[1])
