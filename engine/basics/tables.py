"""Tables as people send them: CSV with a head, read in the same way everywhere.

What cannot be read as a table is a problem at its line, never an exception: an open quote, a cell that is far
too long, a column that stands twice.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.basics.errors import Place, Problem
from engine.basics.files import strange, without_mark

OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}
"""What programs put between cells if it is not a comma, and its name."""
HINT = re.compile("sep=(.?)")
"""The line that Excel puts above a table to say what separates its cells."""
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[Ee][+-]?0*\d{1,2})?", re.ASCII)
"""A number in a cell of text. Python also takes `1_0`, the digits of other scripts and any power of ten."""
IN_QUOTES = re.compile('"[^"]*"')


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

    The codes are Y104, Y105, Y120, Y121 and Y122.

    Args:
        text: CSV; a byte order mark and Excel's hint `sep=,` before its head are passed over.
        file: the name of the file, for the errors.
    """
    unreadable = strange(text, file) or _otherwise_apart(text, file)
    if unreadable:
        return None, unreadable
    reader = csv.reader(io.StringIO(without_mark(text), newline=""), strict=True)
    columns: tuple[str, ...] | None = None
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if columns is None and cells:
                hint = line == 1 and ",".join(cells) == "sep=,"
                columns = None if hint else tuple(cells)
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


def _otherwise_apart(text: str, file: str) -> list[Problem]:
    """Return a problem if something else than commas parts the cells of a table's head.

    Spreadsheets save so in countries with a decimal comma, or if a table is saved as text.
    """
    lines = enumerate(without_mark(text).splitlines(), start=1)
    number, head = next(
        ((n, line) for n, line in lines if line.strip() and not (n == 1 and HINT.fullmatch(line))), (1, "")
    )
    # Blanked and not cut out, so that a column of the line stays where it was.
    names = IN_QUOTES.sub(lambda match: " " * len(match[0]), head)
    other = next((sign for sign in OTHER_SEPARATORS if names.count(sign) > names.count(",")), None)
    if other is None:
        return []
    return [
        Problem(
            "Y122",
            f"{OTHER_SEPARATORS[other]} separate the cells, not commas",
            "a comma in an amount could be its decimal mark, or stand between thousands",
            "save it as `CSV UTF-8 (comma delimited)`, with decimal points",
            Place(file, number, names.index(other) + 1),
        )
    ]
