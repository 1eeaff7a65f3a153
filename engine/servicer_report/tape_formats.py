"""The number formats in which a tape shows its figures, and what each may make of them.

The reader of tapes gives what is stored alone. A column shown in thousands, or in per cent, showed its sender
other figures than are added up.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from xml.etree import ElementTree

from engine.servicer_report.hidden_rows import SAID, part_of, tags
from engine.servicer_report.number_formats import shown_by
from engine.servicer_report.open_document_formats import OpenDocumentFormats

TAG = re.compile(rb"<(?:\w+:)?(row|c|v)\b([^>]*)>([^<]*)")
"""A row, a cell, or a value with its text."""
SHIPPED = {9: "0%", 10: "0.00%"}
"""The formats of Excel that a workbook names by number alone and that show another figure than is stored."""
UNITS = {
    "gpu_hours": {"", "h", "hrs", "hours", "GPU-hours", "GPU hours"},
    "rate": {"", "/h", "per GPU-hour", "/GPU-hour"},
    "revenue": {""},
}
"""The words that may stand beside a figure of a tape."""
Column = int
Number = tuple[int, Column, str, bool]
"""The place of a number, row (from 1) and column (from 0), its format, and whether it is below zero."""
Found = dict[tuple[Column, str, bool], int]
"""By column, number format, and whether the number is below zero, the first row with such a number."""


def formats_of(kind: str, path: str, sheet: str, columns: set[Column], after: int) -> Found:
    """Return the formats of the numbers in some columns of a sheet, below the row of its head.

    Args:
        kind: `xlsx`, `xls` or `ods`.
        path: the workbook.
        sheet: the sheet's name.
        columns: the columns with figures, counted from 0.
        after: the row of the head, counted from 1.
    """
    found: Found = {}
    cells = {"xlsx": _of_xlsx, "xls": _of_xls, "ods": _of_ods}[kind](path, sheet, columns)
    for row, column, code, below in cells:
        if row > after:
            found.setdefault((column, code, below), row)
    return found


def asked_of(key: str, code: str, below: bool) -> tuple[str, str]:
    """Return a code and what is said of a figure in a number format; both empty if it shows what is stored.

    As in a report, thousands are worth a remark: what is stored is the figure. Anything else is a question.

    Args:
        key: what the figure is.
        code: the number format.
        below: whether the figure is below zero, which may have a section of its own in the format.
    """
    shown = shown_by(code, Decimal(-1 if below else 1))
    form = f"its format is `{code}`"
    if shown.percent:
        return "R148", f"`{key}` is shown in per cent: {form}"
    if shown.conditional or shown.unseen or shown.other_sign or shown.is_date:
        return "R148", f"`{key}` is shown otherwise than it is stored: {form}"
    foreign = shown.currency not in ((None,) if key == "gpu_hours" else (None, "USD"))
    if foreign or shown.words not in UNITS[key]:
        return "R148", f"`{key}` is shown with another unit: {form}"
    digits = 3 * shown.thousands
    taken = f"`{key}` is shown without its last {digits} digits, and what is stored is taken: {form}"
    return ("RW11", taken) if digits else ("", "")


def _of_xlsx(path: str, sheet: str, columns: set[Column]) -> Iterator[Number]:
    with zipfile.ZipFile(path) as archive:
        part = part_of(archive, sheet)
        if part is None:
            return
        codes = _codes(archive)
        for row, column, style, value in _numbers(archive, part):
            if column in columns and (code := codes.get(style)) is not None:
                yield row, column, code, value.strip().startswith(b"-")


def _codes(archive: zipfile.ZipFile) -> Mapping[int, str]:
    """Return the number format of each style of cells that has one."""
    if "xl/styles.xml" not in archive.namelist():
        return {}
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    space = root.tag.rpartition("}")[0] + "}"
    # Those in the rules of a sheet stand elsewhere in the part, under numbers of their own.
    own = {
        int(one.get("numFmtId", 0)): one.get("formatCode", "")
        for one in root.findall(f"{space}numFmts/{space}numFmt")
    }
    known = {**SHIPPED, **own}
    styles = (int(one.get("numFmtId", 0)) for one in root.findall(f"{space}cellXfs/{space}xf"))
    return {at: known[number] for at, number in enumerate(styles) if number in known}


def _numbers(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[int, Column, int, bytes]]:
    """Yield the row, the column, the style and the text of each number of a sheet."""
    row, column, style, is_number = 0, -1, 0, False
    for tag in tags(archive, part, TAG):
        name = tag[1]
        if name == b"v":
            if is_number:
                yield row, column, style, tag[3]
            continue
        said = dict(SAID.findall(tag[2]))
        if name == b"row":
            row, column = int(said.get(b"r", row + 1)), -1
        else:
            # A cell without a name stands behind the one before it, and a row without a number below.
            row, column = _place(said.get(b"r", b"")) or (row, column + 1)
            # A text stands as it is in every format that shows numbers otherwise.
            style, is_number = int(said.get(b"s", 0)), said.get(b"t", b"n") == b"n"


def _place(name: bytes) -> tuple[int, int] | None:
    """Return the row (from 1) and the column (from 0) of a cell like `C7`; None for no such name."""
    match = re.fullmatch(rb"([A-Z]{1,3})([0-9]{1,7})", name.upper())
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + letter - 64
    return int(match[2]), column - 1


def _of_xls(path: str, sheet: str, columns: set[Column]) -> Iterator[Number]:
    import xlrd

    book = xlrd.open_workbook(path, formatting_info=True)
    there = book.sheet_by_name(sheet)
    for row in range(there.nrows):
        for column in sorted(columns):
            if column < there.row_len(row) and there.cell_type(row, column) in (
                xlrd.XL_CELL_NUMBER,
                xlrd.XL_CELL_DATE,
            ):
                key = book.xf_list[there.cell_xf_index(row, column)].format_key
                code = book.format_map[key].format_str
                yield row + 1, column, code, there.cell_value(row, column) < 0


def _of_ods(path: str, sheet: str, columns: set[Column]) -> Iterator[Number]:
    reader = OpenDocumentFormats(sheet, columns)
    with zipfile.ZipFile(path) as archive:
        for part in ("styles.xml", "content.xml"):
            if part in archive.namelist():
                with archive.open(part) as file:
                    reader.hear(file)
    yield from reader.found
