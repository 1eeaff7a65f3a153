"""The rows and columns of a large sheet that are out of sight, such as those that a filter leaves out.

The reader of tapes does not say. A sheet is looked through in pieces, because a tape has 100,000 rows. It
imports nothing of the engine, because a child process starts with it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath
from xml.etree import ElementTree
from xml.parsers import expat

PIECE = 1 << 20
TAG = re.compile(rb"<(?:\w+:)?(row|col|sheetFormatPr)\b([^>]*)>")
SAID = re.compile(rb"""([\w:]+)\s*=\s*["']([^"']*)["']""")
MANY = 2**20
"""As many rows as a sheet can have."""


@dataclass
class OutOfSight:
    """The rows, counted from 1, and the columns, counted from 0, that are out of sight."""

    rows: set[int] = field(default_factory=set)
    columns: list[range] = field(default_factory=list)

    def has_column(self, column: int) -> bool:
        """Return whether a column is out of sight."""
        return any(column in columns for columns in self.columns)


def out_of_sight(kind: str, path: str, sheet: str) -> OutOfSight:
    """Return what of a sheet is out of sight.

    Args:
        kind: `xlsx`, `xls` or `ods`.
        path: the workbook.
        sheet: the sheet's name.
    """
    return {"xlsx": _of_xlsx, "xls": _of_xls, "ods": _of_ods}[kind](path, sheet)


def _of_xlsx(path: str, sheet: str) -> OutOfSight:
    found, number, by_default = OutOfSight(), 0, False
    with zipfile.ZipFile(path) as archive:
        part = part_of(archive, sheet)
        for tag in tags(archive, part, TAG) if part is not None else ():
            name, said = tag[1], dict(SAID.findall(tag[2]))
            drawn_to_nothing = {_number(said.get(size), 1) for size in (b"ht", b"width", b"defaultRowHeight")}
            hidden = said.get(b"hidden") in (b"1", b"true") or 0 in drawn_to_nothing
            if name == b"sheetFormatPr":
                by_default = hidden or said.get(b"zeroHeight") in (b"1", b"true")
            elif name == b"col" and hidden:
                found.columns.append(range(int(said[b"min"]) - 1, int(said[b"max"])))
            elif name == b"row":
                number = int(said.get(b"r", number + 1))
                if hidden or (by_default and b"ht" not in said):
                    found.rows.add(number)
    return found


def _number(text: bytes | None, default: float) -> float:
    return float(text) if text is not None else default


def part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the part of an Excel workbook that holds a sheet."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    names = ((one.get("name"), one.attrib) for one in book.iter() if one.tag.endswith("}sheet"))
    key = next((v for name, said in names if name == sheet for k, v in said.items() if k.endswith("}id")), "")
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next((link.get("Target") for link in links if link.get("Id") == key), None)
    return None if target is None else normpath(join("xl", target)).lstrip("/")


def tags(archive: zipfile.ZipFile, part: str, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Yield each place of a part that has a pattern, which begins with a tag; the part is read in pieces."""
    left = b""
    with archive.open(part) as file:
        while piece := file.read(PIECE):
            text = left + piece
            # A tag may go on in the next piece.
            end = text.rfind(b"<")
            left = text[end:]
            yield from pattern.finditer(text, 0, end)


def _of_xls(path: str, sheet: str) -> OutOfSight:
    import xlrd

    there = xlrd.open_workbook(path, formatting_info=True).sheet_by_name(sheet)
    rows = {n + 1 for n, row in there.rowinfo_map.items() if row.hidden or row.height == 0}
    columns = [range(n, n + 1) for n, one in there.colinfo_map.items() if one.hidden or one.width == 0]
    return OutOfSight(rows, columns)


def refuse_broken_xml(path: str) -> None:
    """Raise an error with its place if the sheets of an open document are not whole XML.

    The reader of tapes may read such a part without end.
    """
    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as file:
        expat.ParserCreate().ParseFile(file)


def _of_ods(path: str, sheet: str) -> OutOfSight:
    found, at = OutOfSight(), {"row": 0, "column": 0}
    inside = False

    def begun(name: str, said: dict[str, str]) -> None:
        nonlocal inside
        what = name.rpartition(":")[2]
        attributes = {key.rpartition(":")[2]: value for key, value in said.items()}
        if what == "table":
            inside = attributes.get("name") == sheet
        elif inside and what in ("table-row", "table-column"):
            line = what.removeprefix("table-")
            times = int(attributes.get(f"number-{line}s-repeated", 1))
            these, at[line] = range(at[line], at[line] + times), at[line] + times
            if attributes.get("visibility", "visible") != "visible" and times < MANY:
                if line == "row":
                    found.rows.update(n + 1 for n in these)
                else:
                    found.columns.append(these)

    parser = expat.ParserCreate()
    parser.StartElementHandler = begun
    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as file:
        parser.ParseFile(file)
    return found
