"""The child process that opens a workbook, so that a harmful file can end only this process.

A sheet of 4.6 KB with cells A1 and XFD1048576 makes one reader ask for 512 GB and abort. No exception can be
caught then. The process is started by its path, imports nothing of the engine, and prints one JSON object:
what the cells hold, or why it was refused.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

MOST_CELLS = 100_000
"""More cells than any form has. A larger workbook is a tape, which another reader adds up."""
MEMORY, SECONDS = 800 << 20, 20
DAY = timedelta(days=1)
UNNEEDED = ("numpy", "PIL")
"""Libraries that openpyxl loads if they are there. A module that is None cannot be imported."""


NO_SHEET = "it has no worksheet; if it is a Strict Open XML Spreadsheet, save it as Excel Workbook (.xlsx)"


class Unreadable(Exception):
    """Raised, with its cause, for a workbook of which nobody can tell what it says."""


class TooLarge(Exception):
    """Raised for a workbook with more cells than a form or a small report has."""


def digits(value: float) -> str:
    """Return a stored number at 15 digits, as a spreadsheet shows it.

    A spreadsheet stores 17 digits, and the last two are noise.
    """
    return format(Decimal(format(value, ".15g")), "f")


def kind_and_text(value: Any) -> tuple[str, str]:
    """Return the kind of a cell's value (`number`, `date`, `truth` or `text`) and its text."""
    # Before the numbers: in Python a truth value is an integer too.
    if isinstance(value, bool):
        return "truth", str(value).upper()
    if isinstance(value, int | float):
        return "number", digits(value)
    # Before the dates: in Python a moment is a date too.
    if isinstance(value, datetime):
        return "date", value.date().isoformat() if value.time() == time() else value.isoformat(
            timespec="seconds"
        )
    if isinstance(value, date | time | timedelta):
        return "date", str(value)
    return "text", str(value)


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
    reader.WorkSheetParser = _each_cell_once(reader.WorkSheetParser)
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
            cells.append(
                [row, column, place, kind, text, cell.number_format, formula if is_formula else None, hidden]
            )
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


def _each_cell_once(parser: Any) -> Any:
    """Return the parser of a sheet that refuses a second cell in the place of another."""

    class EachCellOnce(parser):  # type: ignore[misc]  # openpyxl ships no types
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

    return EachCellOnce


def letters(column: int) -> str:
    """Return the letters of a column that is counted from 0."""
    label = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        label = chr(65 + rest) + label
    return label


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


OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
NUMBER = "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"
STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
MOST_REPEATED = 1_000
"""How often a cell with a value may say that it is repeated. An empty cell may be repeated without limit."""
ERROR = re.compile(r"#[A-Z0-9/]+[!?]?|Err:\d+")


def open_ods(path: str) -> dict[str, Any]:
    """Return every cell of an .ods: its value, its stated kind, its formula, and a number format.

    The number format is made from its data style.
    """
    from odf.office import Spreadsheet
    from odf.opendocument import load
    from odf.table import Table

    document = load(path)
    formats, unseen = _ods_formats(document), _ods_unseen(document)
    sheets, count = [], 0
    # Not `document.spreadsheet`, which is the blank before it if there is one.
    books = document.body.getElementsByType(Spreadsheet)
    for table in (table for book in books for table in book.getElementsByType(Table)):
        cells, merged = [], []
        for row, column, cell, hidden in _ods_cells(table):
            count += 1
            if count > MOST_CELLS:
                raise TooLarge
            place = f"{letters(column)}{row + 1}"
            kind, text = _ods_value(cell)
            number_format = formats.get(cell.attributes.get((TABLE, "style-name"), ""), "General")
            number_format = (
                f"[${cell.attributes[(OFFICE, 'currency')]}]0"
                if (OFFICE, "currency") in cell.attributes
                else number_format
            )
            if cell.attributes.get((OFFICE, "value-type")) == "percentage" and "%" not in number_format:
                number_format = "0%"
            cells.append(
                [
                    row + 1,
                    column + 1,
                    place,
                    kind,
                    text,
                    number_format,
                    cell.attributes.get((TABLE, "formula")),
                    hidden,
                ]
            )
            below, right = (
                int(cell.attributes.get((TABLE, f"number-{way}-spanned"), 1)) for way in ("rows", "columns")
            )
            if below * right > 1:
                end = f"{letters(column + right - 1)}{row + below}"
                merged.append([row + 1, column + 1, row + below, column + right, f"{place}:{end}"])
        out_of_sight = table.attributes.get((TABLE, "style-name")) in unseen
        sheets.append(
            {"name": table.getAttribute("name"), "hidden": out_of_sight, "cells": cells, "merged": merged}
        )
    return {"sheets": sheets, "properties": {}}


def _ods_formats(document: Any) -> dict[str, str]:
    """Return, by the style of a cell, what its data style adds to a number, written as a number format."""
    data: dict[str, str] = {}
    styles = [*_elements(document.styles), *_elements(document.automaticstyles)]
    for style in styles:
        if style.qname[0] == NUMBER:
            parts = []
            for part in _elements(style):
                factor = int(part.attributes.get((NUMBER, "display-factor"), 1) or 1)
                shown = "#,##0" + "," * (len(str(factor)) // 3)
                word = json.dumps(str(part)) if str(part).strip() else ""
                others = {"scientific-number": "0", "fraction": "0", "text-content": "@"}
                parts.append({"number": shown, "text": word, **others}.get(part.qname[1], ""))
            percent = "%" if style.qname[1] == "percentage-style" else ""
            words = "".join(parts).replace('"%"', "")
            data[style.attributes.get((STYLE, "name"), "")] = (
                words + percent if style.qname[1] != "date-style" else "yyyy-mm-dd"
            )
    return {
        style.attributes.get((STYLE, "name"), ""): data.get(
            style.attributes.get((STYLE, "data-style-name"), ""), "General"
        )
        for style in styles
        if style.qname == (STYLE, "style")
    }


def _ods_unseen(document: Any) -> set[str]:
    """Return the styles of the sheets that are out of sight."""
    return {
        style.attributes.get((STYLE, "name"), "")
        for style in _elements(document.automaticstyles)
        for properties in _elements(style)
        if properties.attributes.get((TABLE, "display")) == "false"
    }


def _elements(of: Any) -> list[Any]:
    """Return the elements in an element, without the blanks and line ends that may stand between them."""
    return [part for part in of.childNodes if hasattr(part, "qname")]


def _ods_columns_hidden(table: Any) -> list[range]:
    """Return the columns of a sheet that are out of sight, counted from 0."""
    from odf.table import TableColumn

    column, hidden = 0, list[range]()
    for one in table.getElementsByType(TableColumn):
        times = int(one.attributes.get((TABLE, "number-columns-repeated"), 1))
        if one.attributes.get((TABLE, "visibility"), "visible") != "visible":
            hidden.append(range(column, column + times))
        column += times
    return hidden


def _ods_shown(cell: Any) -> str:
    """Return the text that a cell shows, without a comment that somebody has put on it."""
    return "\n".join(str(part) for part in _elements(cell) if part.qname != (OFFICE, "annotation")).strip()


def _ods_cells(table: Any) -> Iterator[tuple[int, int, Any, bool]]:
    """Yield (row, column, cell, whether it is out of sight) for the cells of a sheet that hold something.

    Rows and columns are counted from 0.
    """
    from odf.table import CoveredTableCell, TableCell, TableRow

    row, unseen = 0, _ods_columns_hidden(table)
    for line in table.getElementsByType(TableRow):
        again = int(line.attributes.get((TABLE, "number-rows-repeated"), 1))
        hidden = line.attributes.get((TABLE, "visibility"), "visible") != "visible"
        column, full = 0, []
        for cell in _elements(line):
            if cell.qname not in (TableCell().qname, CoveredTableCell().qname):
                continue
            times = int(cell.attributes.get((TABLE, "number-columns-repeated"), 1))
            if (
                (OFFICE, "value-type") in cell.attributes
                or (TABLE, "formula") in cell.attributes
                or _ods_shown(cell)
            ):
                if times > MOST_REPEATED:
                    raise TooLarge
                full += [(column + n, cell) for n in range(times)]
            column += times
        # An empty row may stand for the million below the figures, and costs nothing.
        if full and again > MOST_REPEATED:
            raise TooLarge
        yield from (
            (row + n, column, cell, hidden or any(column in columns for columns in unseen))
            for n in range(again if full else 0)
            for column, cell in full
        )
        row += again


def _ods_value(cell: Any) -> tuple[str, str]:
    said = cell.attributes.get((OFFICE, "value-type"))
    shown = _ods_shown(cell)
    # By the local name alone: `error` stands in an extension's namespace.
    is_error = any(name == "value-type" and value == "error" for (_, name), value in cell.attributes.items())
    if is_error or ((TABLE, "formula") in cell.attributes and ERROR.fullmatch(shown)):
        return "error", shown or "an error"
    if said in ("float", "percentage", "currency"):
        return "number", digits(float(cell.attributes[(OFFICE, "value")]))
    if said == "date":
        day = datetime.fromisoformat(cell.attributes[(OFFICE, "date-value")])
        return kind_and_text(day)
    if said == "boolean":
        return "truth", shown.upper()
    return ("text", shown) if shown else ("nothing", "")


READERS: dict[str, Callable[[str], dict[str, Any]]] = {"xlsx": open_xlsx, "xls": open_xls, "ods": open_ods}


def main(kind: str, path: str) -> None:
    """Print what the cells of one workbook hold; what a reader cannot open is printed, not raised."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    # A core file would leave the servicer's figures on the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = READERS[kind](path)
    except TooLarge:
        answer = {"refused": "large", "why": f"it has more than {MOST_CELLS:,} cells"}
    except MemoryError:
        answer = {"refused": "memory", "why": "it needs more memory than a report may"}
    except Unreadable as error:
        answer = {"refused": "broken", "why": str(error)}
    except Exception as error:  # a reader raises whatever it likes about a file that is not a workbook
        # openpyxl words its own errors anew, with the path of a file that nobody knows.
        cause = error.__cause__ or error
        answer = {"refused": "broken", "why": f"{type(cause).__name__}: {cause}"[:300]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:3])
