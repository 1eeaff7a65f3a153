"""Tables as people send them: CSV with a head, read in the same way everywhere.

What cannot be read as a table is a problem at its line, never an exception: an open quote, a cell that is far
too long, a column that stands twice.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from engine.basics.errors import Place, Problem
from engine.basics.files import strange, without_mark


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its first line, its cells by column, and the cells beyond the last column.

    A missing cell is empty.
    """

    line: int
    cells: Mapping[str, str]
    beyond: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns, as its first line names them, and its rows; empty lines are left out."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(text: str, file: str) -> tuple[Table | None, list[Problem]]:
    """Return the table in `text`, or None and the problems that prevent its reading.

    The codes are Y104, Y105, Y120 and Y121.

    Args:
        text: CSV; a byte order mark before its head is passed over.
        file: the name of the file, for the errors.
    """
    unreadable = strange(text, file)
    if unreadable:
        return None, unreadable
    reader = csv.reader(io.StringIO(without_mark(text), newline=""), strict=True)
    columns: tuple[str, ...] | None = None
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if columns is None and cells:
                columns = tuple(cells)
            elif columns is not None and cells:
                within = [*cells[: len(columns)], *("" for _ in columns[len(cells) :])]
                rows.append(Row(line, dict(zip(columns, within, strict=True)), tuple(cells[len(columns) :])))
            line = reader.line_num + 1
    except csv.Error as error:
        fix = "save it as CSV: cells apart by commas, text with commas or quotes in quotes"
        return None, [
            Problem("Y120", "the table cannot be read from here on", str(error), fix, Place(file, line))
        ]
    named = [name for name in columns or () if name]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        why = "nobody can tell which of them is meant"
        return None, [
            Problem("Y121", f"the column `{twice}` stands twice", why, "remove one of them", Place(file))
        ]
    return Table(columns or (), tuple(rows)), []
