"""The number formats that rules of a sheet of Excel may give to cells, instead of the cells' own.

A child process starts with this module, so it imports little of the engine.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from engine.servicer_report.column_letters import column_at
from engine.servicer_report.hidden_rows import MANY, PIECE, part_of

Area = tuple[int, int, int, int]
"""First column, first row, last column, last row, counted from 1."""
EXTENSION = b"spreadsheetml/2009/9/main"
"""What a sheet names that has rules which Excel 2010 and later write beside the others."""
CELL = re.compile(r"\$?(?P<column>[A-Z]{0,3})\$?(?P<row>[0-9]{0,7})")
WIDEST = 2**14
"""As many columns as a sheet can have."""
NO_FIGURE = ";;;"
"""The format that shows nothing: a bar or an icon may stand in the place of the figure."""


def formats_by_rule(sheet: Any) -> Iterator[tuple[str, list[Area]]]:
    """Yield each number format that a plain rule of a sheet may give to cells, with their areas."""
    for area in sheet.conditional_formatting:
        bounds = [one.bounds for one in area.sqref.ranges]
        for rule in area.rules:
            if rule.dxf is not None and rule.dxf.numFmt is not None:
                yield rule.dxf.numFmt.formatCode, bounds


def formats_by_bar(sheet: Any) -> Iterator[tuple[str, list[Area]]]:
    """Yield the same for each bar and icon that stands in the place of the figure."""
    for area in sheet.conditional_formatting:
        bounds = [one.bounds for one in area.sqref.ranges]
        for rule in area.rules:
            if any(mark is not None and mark.showValue is False for mark in (rule.dataBar, rule.iconSet)):
                yield NO_FIGURE, bounds


def formats_by_extension(path: str, sheet: str) -> Iterator[tuple[str, list[Area]]]:
    """Yield the same for the rules of the extension, which the reader of the workbook passes over."""
    with zipfile.ZipFile(path) as archive:
        part = part_of(archive, sheet)
        if part is None or not _names_the_extension(archive, part):
            return
        with archive.open(part) as file:
            for _, one in ElementTree.iterparse(file):
                if _name(one) == "conditionalFormatting" and EXTENSION.decode() in one.tag:
                    yield from _of(one)
                elif _name(one) == "row":
                    one.clear()  # a sheet may have many


def _names_the_extension(archive: zipfile.ZipFile, part: str) -> bool:
    before = b""
    with archive.open(part) as file:
        while piece := file.read(PIECE):
            if EXTENSION in before + piece:
                return True
            before = piece[-len(EXTENSION) :]
    return False


def _of(rules: Any) -> Iterator[tuple[str, list[Area]]]:
    named = (one.text or "" for one in rules.iter() if _name(one) == "sqref")
    areas = [_corners(area) for text in named for area in text.split()]
    for one in rules.iter():
        if _name(one) == "numFmt":
            yield one.get("formatCode", ""), areas
        elif _name(one) in ("dataBar", "iconSet") and one.get("showValue") in ("0", "false"):
            yield NO_FIGURE, areas


def _corners(area: str) -> Area:
    """Return the corners of an area like `B6:C9`; without a column or a row it goes over all of them."""
    ends = [CELL.fullmatch(end) for end in area.upper().split(":")]
    columns = [column_at(end["column"]) + 1 for end in ends if end and end["column"]] or [1, WIDEST]
    rows = [int(end["row"]) for end in ends if end and end["row"]] or [1, MANY]
    return columns[0], rows[0], columns[-1], rows[-1]


def _name(one: Any) -> str:
    return str(one.tag).rpartition("}")[2]
