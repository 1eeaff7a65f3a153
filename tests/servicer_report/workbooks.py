"""Workbooks as people save them, made by the tests themselves: no file of anybody's is kept."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any

import openpyxl

HEAD = ["figure", "value", "as_of", "source"]
ABOUT: list[list[Any]] = [
    ["deal", "meridian-2026-1"],
    ["period.from", "2026-01-01"],
    ["period.to", "2026-01-07"],
    ["as_of", "2026-01-07"],
]
PRINCIPAL, HOURS, RATE, COUNT = (
    "outstanding_principal.class_a",
    "rental.h100.rented_gpu_hours",
    "rental.h100.weighted_average_rate",
    "available.h100.gpus",
)


def book(
    change: Callable[[Any, Any], None] | None = None, value: Any = 15_900_000, number_format: str = "General"
) -> bytes:
    """A report of four figures; `change` gets the workbook and its sheet, whose principal stands in B6."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Report"
    for row in [HEAD, *ABOUT, [PRINCIPAL, value], [HOURS, 151_990], [RATE, 1.92], [COUNT, 1024]]:
        sheet.append(row)
    sheet["B6"].number_format = number_format
    if change is not None:
        change(made, sheet)
    return saved(made)


def saved(made: Any) -> bytes:
    """The bytes of a workbook."""
    into = BytesIO()
    made.save(into)
    return into.getvalue()


def with_part(data: bytes, part: str, content: bytes | Iterable[bytes]) -> bytes:
    """The same workbook with one part of its archive replaced, or added."""
    into = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            if name != part:
                made.writestr(name, source.read(name))
        with made.open(part, "w") as file:
            for piece in [content] if isinstance(content, bytes) else content:
                file.write(piece)
    return into.getvalue()


def edited(data: bytes, before: str, after: str) -> bytes:
    """The same workbook with a piece of its first sheet's XML replaced, as no library would write it."""
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(BytesIO(data)) as source:
        text = source.read(part).decode()
    assert before in text, text
    return with_part(data, part, text.replace(before, after).encode())


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def corners() -> bytes:
    """A sheet of two cells, the first and the last that there can be."""
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    return with_part(
        book(), "xl/worksheets/sheet1.xml", SHEET + b"<sheetData>" + rows + b"</sheetData></worksheet>"
    )


def blanks() -> bytes:
    """One cell of 400 MB of spaces, in half a megabyte."""

    def pieces() -> Iterator[bytes]:
        yield SHEET + b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'
        yield from (b" " * (1 << 20) for _ in range(400))
        yield b"</t></is></c></row></sheetData></worksheet>"

    return with_part(book(), "xl/worksheets/sheet1.xml", pieces())


def laughs() -> bytes:
    """Entities within entities."""
    names = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    kinds = f'<!DOCTYPE x [<!ENTITY e0 "aaaaaaaaaa">{names}]>'.encode()
    cell = (
        b'<sheetData><row r="1"><c r="A1" '
        b't="inlineStr"><is><t>&e8;</t></is></c></row></sheetData></worksheet>'
    )
    return with_part(book(), "xl/worksheets/sheet1.xml", kinds + SHEET + cell)


def damaged_manifest(compression: int) -> bytes:
    """An open document whose list of parts cannot be unpacked.

    Args:
        compression: the method of the list of parts, a constant of `zipfile`.
    """
    into, part = BytesIO(), "META-INF/manifest.xml"
    with zipfile.ZipFile(into, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", "<content/>")
        made.writestr(part, bytes(range(256)), compress_type=compression)
    data = bytearray(into.getvalue())
    begin = data.index(part.encode()) + len(part)
    # Past the 9 bytes in which LZMA says how it packed, or the 10 in which bzip2 says where a block begins.
    data[begin + 10 : begin + 60] = b"\xff" * 50
    return bytes(data)
