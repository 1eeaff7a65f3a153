"""The child process that opens an open document, so that a harmful file can end only this process.

It is started by its path and prints one JSON object: what the cells hold, or why it was refused. Of the
engine it imports only `stored_values`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from engine.servicer_report.column_letters import column_at, letters
from engine.servicer_report.stored_values import (
    MOST_CELLS,
    NUMBER,
    TooLarge,
    Unreadable,
    digits,
    kind_and_text,
    print_cells,
)

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
DATA = "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"
STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
MOST_REPEATED = 1_000
"""How often a cell with a value may say that it is repeated. An empty cell may be repeated without limit."""
CELL = re.compile(r"\.\$?([A-Z]{1,3})\$?([0-9]{1,7})(?=:|$)")
"""A cell in the address of an area."""
ERROR = re.compile(r"#[A-Z0-9/]+[!?]?|Err:\d+")
BLANKS = re.compile("[ \t\r\n]+")
NOTHING = re.compile(r"0*\.?0*[a-z%]*")
"""A width or a height of nothing, like `0cm`."""
BESIDE = ("ruby-text", "note")
"""Elements that stand beside the text of a cell and do not belong to the text."""
SECTIONS = {
    (">=0",): (">=0",),
    (">0", "<0"): (">0", "<0"),
    ("<0", ">0"): (">0", "<0"),
    (">0", "<0", "=0"): (">0", "<0", "=0"),
}
"""Conditions of a data style that are the sections of a number format, in the order of the sections."""


def open_ods(path: str) -> dict[str, Any]:
    """Return every cell of an .ods: its value, its stated kind, its formula, and a number format.

    The number format is made from its data style.
    """
    from odf.office import Spreadsheet
    from odf.opendocument import load
    from odf.table import Table

    document = load(path)
    styles = Styles(document)
    sheets, count = [], 0
    # Not `document.spreadsheet`, which is the blank before it if there is one.
    books = document.body.getElementsByType(Spreadsheet)
    for table in (table for book in books for table in book.getElementsByType(Table)):
        cells, merged, rules = [], [], list(_rules(table))
        for row, column, cell, style, hidden in _cells(table, styles):
            count += 1
            if count > MOST_CELLS:
                raise TooLarge
            place = f"{letters(column)}{row + 1}"
            kind, text = _value(cell)
            number_format = _format(cell, style, styles)
            by_rule = styles.by_rule(style, (name for areas, name in rules if _is_in(row, column, areas)))
            formula = cell.attributes.get((TABLE, "formula"))
            # A text without a sign, as some programs write an empty cell.
            if kind == "nothing" and formula is None:
                continue
            cells.append([row + 1, column + 1, place, kind, text, number_format, formula, hidden, by_rule])
            below, right = (
                int(cell.attributes.get((TABLE, f"number-{way}-spanned"), 1)) for way in ("rows", "columns")
            )
            if below * right > 1:
                end = f"{letters(column + right - 1)}{row + below}"
                merged.append([row + 1, column + 1, row + below, column + right, f"{place}:{end}"])
        out_of_sight = ("table", table.attributes.get((TABLE, "style-name"))) in styles.unseen
        sheets.append(
            {"name": table.getAttribute("name"), "hidden": out_of_sight, "cells": cells, "merged": merged}
        )
    return {"sheets": sheets, "properties": {}}


@dataclass
class Styles:
    """What the styles of a document say of its cells."""

    document: Any

    @cached_property
    def all(self) -> list[Any]:
        """The styles, those that other styles may change first."""
        return [*elements(self.document.styles), *elements(self.document.automaticstyles)]

    @cached_property
    def of_cells(self) -> dict[str, Any]:
        """The styles of cells, by name."""
        return {
            _named(style): style
            for style in self.all
            if style.qname == (STYLE, "style") and style.attributes.get((STYLE, "family")) == "table-cell"
        }

    @cached_property
    def of_numbers(self) -> dict[str, Any]:
        """The styles of numbers, dates and texts, by name."""
        return {_named(style): style for style in self.all if style.qname[0] == DATA}

    @cached_property
    def unseen(self) -> set[tuple[str, str]]:
        """The family and the name of each style that draws a sheet, a column or a row to nothing."""
        return {
            (style.attributes.get((STYLE, "family"), "").removeprefix("table-"), _named(style))
            for style in self.all
            for properties in elements(style)
            if properties.attributes.get((TABLE, "display")) == "false"
            or any(
                NOTHING.fullmatch(properties.attributes.get((STYLE, size), "all"))
                for size in ("column-width", "row-height")
            )
        }

    def sections(self, name: str) -> list[str]:
        """Return the sections of the number format of a style of cells, which may have it from its parent."""
        style, seen = self.of_cells.get(name), set[str]()
        while style is not None and _named(style) not in seen:
            seen.add(_named(style))
            data = self.of_numbers.get(style.attributes.get((STYLE, "data-style-name"), ""))
            if data is not None:
                return self._sections(data)
            style = self.of_cells.get(style.attributes.get((STYLE, "parent-style-name"), ""))
        return ["General"]

    def _sections(self, data: Any) -> list[str]:
        others: dict[str, str] = {}
        for part in elements(data):
            if part.qname == (STYLE, "map"):
                condition = part.attributes.get((STYLE, "condition"), "").replace(" ", "")
                other = self.of_numbers.get(part.attributes.get((STYLE, "apply-style-name"), ""))
                others[condition.removeprefix("value()")] = "" if other is None else _section(other)
        order = SECTIONS.get(tuple(others))
        # Any other condition stays one, so that the cell is asked about.
        first = [f"[{on.replace('!=', '<>')}]{code}" for on, code in others.items()]
        return [*([others[on] for on in order] if order else first), _section(data)]

    def by_rule(self, name: str, rules: Iterable[str]) -> str | None:
        """Return a number format that a rule may give to cells of a style instead of their own.

        Args:
            name: the style of the cells.
            rules: the styles that rules of the sheet may give to them.
        """
        style = self.of_cells.get(name)
        maps = [part for part in elements(style) if part.qname == (STYLE, "map")] if style is not None else []
        given = [*rules, *(part.attributes.get((STYLE, "apply-style-name"), "") for part in maps)]
        codes = (";".join(self.sections(other)) for other in given)
        return next((code for code in codes if code != ";".join(self.sections(name))), None)


def _named(style: Any) -> str:
    return str(style.attributes.get((STYLE, "name"), ""))


def _section(data: Any) -> str:
    """Return what a data style adds to a number, as one section of a number format."""
    kind = data.qname[1]
    if kind in ("date-style", "time-style"):
        return "yyyy-mm-dd"
    others = {"scientific-number": "0", "fraction": "0", "text-content": "@", "boolean": "General"}
    parts = []
    for part in elements(data):
        if part.qname[1] == "number":
            factor = int(part.attributes.get((DATA, "display-factor"), 1) or 1)
            parts.append("#,##0" + "," * (len(str(factor)) // 3))
        elif part.qname[1] == "text":
            word = str(part).replace("%", "") if kind == "percentage-style" else str(part)
            # Signs of numbers stand as they are in a number format, and words stand in quotes.
            plain = not word.strip("-() \xa0")
            parts.append(word if plain else '"{}"'.format(word.replace('"', "'")))
        elif part.qname[1] == "currency-symbol":
            parts.append(f"[${part}]")
        else:
            parts.append(others.get(part.qname[1], ""))
    return "".join(parts) + ("%" if kind == "percentage-style" else "")


def _format(cell: Any, style: str, styles: Styles) -> str:
    """Return the number format of a cell."""
    sections = styles.sections(style)
    currency = cell.attributes.get((OFFICE, "currency"))
    if currency is not None:
        # The cell's own word counts, whatever sign its style shows.
        sections = [f"[${currency}]" + re.sub(r"\[\$[^\]]*\]", "", section) for section in sections]
    if cell.attributes.get((OFFICE, "value-type")) == "percentage" and "%" not in "".join(sections):
        sections = ["0%"]
    return ";".join(sections)


def _rules(table: Any) -> Iterator[tuple[list[list[int]], str]]:
    """Yield each style that a rule of a sheet may give to cells.

    Each comes with the areas of the cells: first column, first row, last column, last row, counted from 0.
    """
    # By their local names alone: the rules stand in an extension's namespace.
    for rules in (part for part in elements(table) if part.qname[1] == "conditional-formats"):
        for rule in elements(rules):
            said = {name: value for (_, name), value in rule.attributes.items()}
            areas = [_corners(area) for area in said.get("target-range-address", "").split(" ")]
            for condition in elements(rule):
                for (_, name), given in condition.attributes.items():
                    if name == "apply-style-name":
                        yield [area for area in areas if area], given


def _corners(area: str) -> list[int]:
    """Return the corners of an area like `Report.B6:Report.C9`; the list is empty if it names no cell."""
    found = [(column_at(name[1]), int(name[2]) - 1) for name in CELL.finditer(area)]
    return [*found[0], *found[-1]] if found else []


def _is_in(row: int, column: int, areas: list[list[int]]) -> bool:
    return any(left <= column <= right and top <= row <= low for left, top, right, low in areas)


def elements(of: Any) -> list[Any]:
    """Return the elements in an element, without the blanks and line ends that may stand between them."""
    return [part for part in of.childNodes if hasattr(part, "qname")]


def _out_of_sight(line: Any, family: str, styles: Styles) -> bool:
    """Return whether a row or a column, or a group that holds it, is out of sight."""
    if line.attributes.get((TABLE, "visibility"), "visible") != "visible":
        return True
    if (family, line.attributes.get((TABLE, "style-name"))) in styles.unseen:
        return True
    while line is not None and line.qname != (TABLE, "table"):
        if line.attributes.get((TABLE, "display")) == "false":
            return True
        line = line.parentNode
    return False


def _shown(cell: Any) -> str:
    """Return the text that a cell shows, without comments, drawings and notes."""
    return "\n".join(_words(part) for part in elements(cell) if part.qname[0] == TEXT).strip()


def _words(part: Any) -> str:
    """Return the text in an element, with the blanks and the line ends that stand in it as elements."""
    if not hasattr(part, "qname"):
        return BLANKS.sub(" ", str(part))
    space, name = part.qname
    # A comment or a drawing inside a paragraph does not belong to the text.
    if space != TEXT or name in BESIDE:
        return ""
    if name in ("tab", "line-break"):
        return {"tab": "\t", "line-break": "\n"}[name]
    if name == "s":
        return " " * min(int(part.attributes.get((TEXT, "c"), 1)), MOST_REPEATED)
    return "".join(_words(one) for one in part.childNodes)


def _columns(table: Any, styles: Styles) -> tuple[list[range], list[tuple[range, str]]]:
    """Return the columns of a sheet that are out of sight, and the styles of columns, counted from 0."""
    from odf.table import TableColumn

    column, hidden, default = 0, list[range](), list[tuple[range, str]]()
    for one in table.getElementsByType(TableColumn):
        these = range(column, column + int(one.attributes.get((TABLE, "number-columns-repeated"), 1)))
        if _out_of_sight(one, "column", styles):
            hidden.append(these)
        default.append((these, one.attributes.get((TABLE, "default-cell-style-name"), "")))
        column = these.stop
    return hidden, default


def _cells(table: Any, styles: Styles) -> Iterator[tuple[int, int, Any, str, bool]]:
    """Yield (row, column, cell, its style, whether it is out of sight) for each cell that holds something.

    Rows and columns are counted from 0.
    """
    from odf.table import CoveredTableCell, TableCell, TableRow

    row = 0
    columns_hidden, of_columns = _columns(table, styles)
    for line in table.getElementsByType(TableRow):
        again = int(line.attributes.get((TABLE, "number-rows-repeated"), 1))
        hidden = _out_of_sight(line, "row", styles)
        column, full = 0, []
        for cell in elements(line):
            if cell.qname not in (TableCell().qname, CoveredTableCell().qname):
                continue
            times = int(cell.attributes.get((TABLE, "number-columns-repeated"), 1))
            if (
                (OFFICE, "value-type") in cell.attributes
                or (TABLE, "formula") in cell.attributes
                or _shown(cell)
            ):
                if times > MOST_REPEATED:
                    raise TooLarge
                full += [(column + n, cell) for n in range(times)]
            column += times
        # An empty row may stand for the million below the figures, and costs nothing.
        if full and again > MOST_REPEATED:
            raise TooLarge
        of_row = line.attributes.get((TABLE, "default-cell-style-name"))
        for column, cell in full:
            of_column = next((style for columns, style in of_columns if column in columns), "")
            style = cell.attributes.get((TABLE, "style-name")) or of_row or of_column
            unseen = hidden or any(column in columns for columns in columns_hidden)
            yield from ((row + n, column, cell, style, unseen) for n in range(again))
        row += again


def _value(cell: Any) -> tuple[str, str]:
    said = cell.attributes.get((OFFICE, "value-type"))
    shown = _shown(cell)
    # By the local name alone: `error` stands in an extension's namespace.
    is_error = any(name == "value-type" and value == "error" for (_, name), value in cell.attributes.items())
    if is_error or ((TABLE, "formula") in cell.attributes and ERROR.fullmatch(shown)):
        return "error", shown or "an error"
    if said in ("float", "percentage", "currency"):
        value = str(cell.attributes.get((OFFICE, "value"), "")).strip()
        if NUMBER.fullmatch(value) is None:
            raise Unreadable(f"a cell for a number holds `{value}`"[:300])
        return "number", digits(float(value))
    if said == "date":
        day = datetime.fromisoformat(cell.attributes[(OFFICE, "date-value")])
        return kind_and_text(day)
    if said == "boolean":
        return "truth", shown.upper()
    # The text may stand in the cell's own word alone.
    shown = shown or cell.attributes.get((OFFICE, "string-value"), "").strip()
    return ("text", shown) if shown else ("nothing", "")


if __name__ == "__main__":
    print_cells(open_ods, sys.argv[2])
