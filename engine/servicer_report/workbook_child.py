"""The child process that opens a workbook of Excel, so that a harmful file can end only this process.

A sheet of 4.6 KB with cells A1 and XFD1048576 makes one reader ask for 512 GB and abort. No exception can be
caught then. The process is started by its path and prints one JSON object: what the cells hold, or why it was
refused. Of the engine it imports little, and nothing that imports more.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from engine.servicer_report.column_letters import letters
from engine.servicer_report.conditional_formats import formats_by_bar, formats_by_extension, formats_by_rule
from engine.servicer_report.stored_values import (
    MOST_CELLS,
    NUMBER,
    TooLarge,
    Unreadable,
    kind_and_text,
    print_cells,
)

UNNEEDED = ("numpy", "PIL")
"""Libraries that openpyxl loads if they are there. A module that is None cannot be imported."""
STORED = {"n": NUMBER, "s": re.compile(r"\d+", re.ASCII), "b": re.compile("[01]")}
"""What a cell of a kind may hold: a number, the place of a text among all texts, or a truth value."""
KINDS = {*STORED, "d", "e", "str", "inlineStr"}
"""The kinds of cells that there are."""
NO_SHEET = "it has no worksheet; if it is a Strict Open XML Spreadsheet, save it as Excel Workbook (.xlsx)"


def open_xlsx(path: str) -> dict[str, Any]:
    """Return every cell of an .xlsx or .xlsm, read twice: once as it was stored, once as its formulas."""
    # The library does without these, and loading them is a third of its work. No picture of a workbook is
    # opened.
    sys.modules.update(dict.fromkeys(UNNEEDED))  # type: ignore[arg-type]
    import openpyxl
    import openpyxl.worksheet._reader as reader
    from openpyxl.utils import get_column_letter

    as_read = reader.from_excel

    def not_rounded_up(value: Any, *others: Any, **more: Any) -> Any:
        """Return a cell's moment, without openpyxl's rounding up to the next day.

        A moment just before midnight stays on its own day: the result is one second earlier than openpyxl's.
        """
        reading = as_read(value, *others, **more)
        # A true midnight has a fraction of 0, or just above it; near 1, the reader has rounded up.
        if isinstance(reading, datetime) and reading.time() == time() and float(value) % 1 > 0.5:
            return reading - timedelta(seconds=1)
        return reading

    # Both are replaced for good: this process ends after a single file.
    reader.from_excel = not_rounded_up
    reader.WorkSheetParser = _exact(reader.WorkSheetParser, reader.VALUE_TAG)
    stored = openpyxl.load_workbook(path, data_only=True, keep_links=False)
    written = openpyxl.load_workbook(path, keep_links=False)
    if not stored.worksheets:
        raise Unreadable(NO_SHEET)
    sheets, count = [], 0
    for sheet in stored.worksheets:
        formulas = written[sheet.title]
        count += len(sheet._cells)
        if count > MOST_CELLS:
            raise TooLarge
        out_of_sight = _columns_hidden(sheet, {column for _, column in sheet._cells})
        rows_hidden = bool(sheet.sheet_format.zeroHeight) or sheet.sheet_format.defaultRowHeight == 0
        rules = list(formats_by_rule(sheet))
        later = [*formats_by_bar(sheet), *formats_by_extension(path, sheet.title)]
        cells = []
        for (row, column), cell in sorted(sheet._cells.items()):
            is_formula = formulas._cells[row, column].data_type == "f"
            formula = formulas._cells[row, column].value
            # An array formula is an object that holds its text; a table of trials has none.
            formula = formula if isinstance(formula, str) else getattr(formula, "text", None) or "=TABLE()"
            # A formula without a stored result is kept, or it would pass for an empty cell.
            if cell.value is None and not is_formula:
                continue
            kind, text = ("nothing", "") if cell.value is None else kind_and_text(cell.value)
            hidden = column in out_of_sight or _row_hidden(sheet.row_dimensions.get(row), rows_hidden)
            kind = "error" if cell.data_type == "e" else kind
            place = f"{get_column_letter(column)}{row}"
            given = [_other(cell.number_format, row, column, there) for there in (rules, later)]
            formula = formula if is_formula else None
            cells.append([row, column, place, kind, text, cell.number_format, formula, hidden, *given])
        merged = [
            [area.min_row, area.min_col, area.max_row, area.max_col, area.coord]
            for area in sheet.merged_cells.ranges
        ]
        sheets.append(
            {"name": sheet.title, "hidden": sheet.sheet_state != "visible", "cells": cells, "merged": merged}
        )
    properties = {prop.name: str(prop.value) for prop in stored.custom_doc_props.props}
    return {"sheets": sheets, "properties": properties}


def _columns_hidden(sheet: Any, columns: Iterable[int]) -> set[int]:
    """Return which of some columns, counted from 1, are out of sight.

    The sheet's rule serves a column that says nothing of its width.
    """
    by_default = sheet.sheet_format.defaultColWidth == 0
    said = [
        # One entry stands for a range of columns, and only its first column has a key.
        # Somebody who draws a row or a column to nothing hides it as well.
        (range(one.min or 0, (one.max or 0) + 1), bool(one.hidden) or one.width == 0)
        for one in sheet.column_dimensions.values()
    ]
    of_columns = {column: [hidden for there, hidden in said if column in there] for column in columns}
    return {column for column, hidden in of_columns.items() if (any(hidden) if hidden else by_default)}


def _row_hidden(line: Any, by_default: bool) -> bool:
    """Return whether a row is out of sight; the sheet's rule serves a row that says nothing of its height."""
    if line is None:
        return by_default
    return bool(line.hidden) or (by_default if line.height is None else line.height == 0)


def _other(
    number_format: str, row: int, column: int, rules: list[tuple[str, list[tuple[int, int, int, int]]]]
) -> str | None:
    """Return the first other number format that rules may give to a cell; None if they give none."""
    given = (code for code, areas in rules if _is_in(row, column, areas))
    return next((code for code in given if code != number_format), None)


def _is_in(row: int, column: int, areas: list[tuple[int, int, int, int]]) -> bool:
    return any(left <= column <= right and top <= row <= low for left, top, right, low in areas)


def _exact(parser: Any, value_tag: str) -> Any:
    """Return the parser of a sheet that refuses a second cell in the place of another, and odd values."""

    class Exact(parser):  # type: ignore[misc]  # openpyxl ships no types
        def parse_row(self, row: Any) -> Any:
            # The library keeps the last of them, and another program may show the first.
            number, cells = super().parse_row(row)
            seen = self.__dict__.setdefault("seen", set())
            for cell in cells:
                place = (cell["row"], cell["column"])
                if place in seen:
                    raise Unreadable(f"the cell {letters(place[1] - 1)}{place[0]} stands twice in a sheet")
                seen.add(place)
            return number, cells

        def parse_cell(self, element: Any) -> Any:
            # The library would take `1_0` for ten, and `-1` for the last of all texts.
            kind, value = element.get("t", "n"), (element.findtext(value_tag) or "").strip()
            if kind not in KINDS or (value and kind in STORED and not STORED[kind].fullmatch(value)):
                raise Unreadable(f"the cell {element.get('r')} of kind `{kind}` holds `{value}`"[:300])
            return super().parse_cell(element)

    return Exact


def open_xls(path: str) -> dict[str, Any]:
    """Return every cell of an .xls with its format.

    Of its formulas the reader gives only the stored results.
    """
    import xlrd

    book = xlrd.open_workbook(path, formatting_info=True)
    sheets, count = [], 0
    for sheet in book.sheets():
        rows_hidden = bool(sheet.default_row_hidden) or sheet.default_row_height == 0
        cells = []
        for row in range(sheet.nrows):
            for column in range(sheet.row_len(row)):
                cell = sheet.cell(row, column)
                if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) or cell.value == "":
                    continue
                count += 1
                if count > MOST_CELLS:
                    raise TooLarge
                number_format = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
                kind, text = _xls_value(cell, book.datemode)
                beside = sheet.colinfo_map.get(column)
                hidden = (
                    _row_hidden(sheet.rowinfo_map.get(row), rows_hidden)
                    or (beside is not None and bool(beside.hidden))
                    or sheet.computed_column_width(column) == 0
                )
                cells.append(
                    [
                        row + 1,
                        column + 1,
                        f"{letters(column)}{row + 1}",
                        kind,
                        text,
                        number_format,
                        None,
                        hidden,
                    ]
                )
        merged = [
            [top + 1, left + 1, bottom, right, f"{letters(left)}{top + 1}:{letters(right - 1)}{bottom}"]
            for top, bottom, left, right in sheet.merged_cells
        ]
        sheets.append({"name": sheet.name, "hidden": sheet.visibility != 0, "cells": cells, "merged": merged})
    return {"sheets": sheets, "properties": {}}


def _xls_value(cell: Any, datemode: int) -> tuple[str, str]:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_ERROR:
        return "error", xlrd.error_text_from_code.get(cell.value, "an error")
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "truth", str(bool(cell.value)).upper()
    if cell.ctype == xlrd.XL_CELL_DATE:
        # Cut to the second and not rounded, so that a moment just before midnight stays on its day.
        whole = int(cell.value)
        moment = xlrd.xldate.xldate_as_datetime(whole, datemode) + timedelta(
            seconds=int((cell.value - whole) * 86_400)
        )
        return kind_and_text(moment)
    return kind_and_text(cell.value)


READERS = {"xlsx": open_xlsx, "xls": open_xls}

if __name__ == "__main__":
    print_cells(READERS[sys.argv[1]], sys.argv[2])
