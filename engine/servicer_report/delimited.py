"""CSV as people save it: any encoding that a spreadsheet writes, and a title above the table.

The known head of the table decides which separator it has.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.basics.errors import Place, Problem
from engine.basics.files import strange
from engine.servicer_report.figure_cells import Questions
from engine.servicer_report.report_table import head_of, sheet_of_rows, tree_of_table
from engine.terms.source import Tree

SEPARATORS = (",", ";", "\t", "|")
"""The possible separators of cells; a semicolon is usual if the comma is the decimal mark."""
DELIMITED = (".csv", ".tsv", ".txt")
"""The endings of tables in text, in lower or upper case."""


def is_delimited(file: str) -> bool:
    """Return whether a file's name says that it is a table in text."""
    return file.lower().endswith(DELIMITED)


def text_of(data: bytes, file: str) -> tuple[str | None, list[Problem]]:
    """Return the text of a file, or None and why it cannot be read (R159, Y104).

    A file in a code page of Windows is refused at its first byte that is not UTF-8.
    """
    place = Place(file)
    # A mark is the file's own word for its encoding; without it, only UTF-8 is taken and nothing guessed.
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return _clean(data.decode(encoding), file)
            except UnicodeDecodeError as error:
                what = f"the file says that it is {encoding} and is not"
                return None, [Problem("R159", what, str(error), "save it as CSV UTF-8", place)]
    if b"\x00" in data:
        what = "the file is not text"
        return None, [Problem("R159", what, "it has zero bytes", "save it as CSV UTF-8", place)]
    unread = not_utf_8(data, file, "save it as `CSV UTF-8 (comma delimited)`")
    return (None, [unread]) if unread is not None else _clean(data.decode("utf-8"), file)


def _clean(text: str, file: str) -> tuple[str | None, list[Problem]]:
    problems = strange(text, file)
    return (None, problems) if problems else (text, [])


def not_utf_8(data: bytes, file: str, fix: str) -> Problem | None:
    """Return a problem at the first byte of a file that is not UTF-8; None if all bytes are."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The place is counted in characters and by any line end, as an editor shows it.
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode("utf-8").split("\n")
        why = (
            f"the byte {data[error.start]:#04x} stands here, and a guess of its code page could change a name"
        )
        return Problem(
            "R159",
            "the file is not UTF-8 from here on",
            why,
            fix,
            Place(file, len(before), len(before[-1]) + 1),
        )
    return None


def rows_of(text: str, known: Callable[[Sequence[str]], bool]) -> Delimited | None:
    """Return the rows of a table, split by the separator that makes a line near the top a known head.

    The result is None if no separator does.

    Args:
        text: the file.
        known: whether cells are the head that is looked for.
    """
    for separator in SEPARATORS:
        delimited = _split(text, separator)
        if any(known([cell.strip().lower() for cell in cells]) for _, cells in delimited.rows[:60]):
            return delimited
    return None


@dataclass(frozen=True, slots=True)
class Delimited:
    """The rows of a table by their line, and its separator.

    `broken` is the line from which it cannot be read, and why.
    """

    rows: list[tuple[int, list[str]]]
    separator: str
    broken: tuple[int, str] | None = None


def _split(text: str, separator: str) -> Delimited:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            # A quoted cell may hold line ends, so a row's place is the line on which it begins.
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        return Delimited(rows, separator, (line, str(error)))
    return Delimited(rows, separator)


def tree_of_delimited(data: bytes, file: str) -> tuple[Tree | None, list[Problem]]:
    """Return the report in a table of text, or None and what has to be asked about it."""
    text, problems = text_of(data, file)
    if text is None:
        return None, problems
    split = rows_of(text, lambda cells: {"figure", "value"} <= set(cells))
    if split is None:
        what = "no line has the columns `figure` and `value`, by a comma, a semicolon or a tab"
        why, fix = "each row is one figure", "begin with the line `figure,value,as_of,source`"
        return None, [*problems, Problem("R102", what, why, fix, Place(file))]
    if split.broken is not None:
        line, why = split.broken
        fix = "save it as CSV: cells apart by commas, text with commas or quotes in quotes"
        return None, [
            *problems,
            Problem("Y120", "the table cannot be read from here on", why, fix, Place(file, line)),
        ]
    asked = Questions(file)
    sheet = sheet_of_rows(split.rows)
    head = head_of(sheet.cells)
    if head is None:
        return None, problems
    widest = max(head.columns.values())
    # `USD 16,000,000` without quotes falls into three cells, of which the first reads like an amount.
    beyond = {
        line: cell for (line, column), cell in sheet.cells.items() if line > head.row and column > widest
    }
    for cell in beyond.values():
        why, fix = (
            "an amount with commas would be cut at the first",
            'write the amount in quotes: `"USD 16,000,000"`',
        )
        asked.ask("R105", "the row has more cells than columns", why, fix, cell)
    tree = tree_of_table(sheet, head, asked, decimal_comma=split.separator == ";")
    return tree, [*problems, *asked.problems]
