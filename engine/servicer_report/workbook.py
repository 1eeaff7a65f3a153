"""A workbook as people save it: what its cells hold, show and hide.

It is read in a child process with limits, after a look at its directory. What is ambiguous stays visible here
(a formula without a result, an error, a hidden row). What it means is decided when a figure is read from it.
Macros and links to other files are named and never followed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal

from engine.basics.bundle_archive import UNREADABLE
from engine.basics.errors import Place, Problem
from engine.basics.values import counted

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
"""The endings of the workbooks that are read, in lower or upper case."""
UNPACKED, RATIO, MEMBERS = 200 << 20, 200, 2_000
"""The limits of a workbook: its unpacked bytes, the packing ratio of a large part, and its parts."""
LONGEST_MANIFEST = 1 << 20
"""Bytes of the list of an OpenDocument file's parts that are looked at."""
CHILDREN = {"xlsx": "workbook_child.py", "xls": "workbook_child.py", "ods": "open_document_child.py"}
"""Which program reads a workbook of a kind."""
PATIENCE = 30
"""The seconds after which a reader is ended."""
OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
"""The first bytes of an .xls, and also of every workbook that a password protects."""

Kind = Literal["number", "text", "date", "truth", "error", "nothing"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that holds something.

    Attributes:
        row: the row, counted from 1.
        column: the column, counted from 1.
        name: the cell's name, like `C7`.
        kind: what it holds; `nothing` if a formula has no stored result.
        text: a number at 15 digits, a date as ISO text, a text as it stands.
        number_format: how the number is shown.
        formula: the formula, if the value was computed.
        hidden: whether its row or column is out of sight.
        by_rule: the number format in which a rule of the sheet may show it instead, if there is one.
        by_later_rule: the same of a bar, an icon or a rule of Excel's extension.
    """

    row: int
    column: int
    name: str
    kind: Kind
    text: str
    number_format: str = "General"
    formula: str | None = None
    hidden: bool = False
    by_rule: str | None = None
    by_later_rule: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its cells by row and column, and its merged areas as (top, left, bottom, right, name)."""

    name: str
    hidden: bool
    cells: Mapping[tuple[int, int], Cell]
    merged: tuple[tuple[int, int, int, int, str], ...] = ()

    def within(self, row: int, column: int) -> str | None:
        """Return the name of the merged area in which a place lies, or None if it lies in none."""
        return next(
            (
                name
                for top, left, low, right, name in self.merged
                if top <= row <= low and left <= column <= right
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook's sheets in order, its custom properties, and what is worth saying of it."""

    file: str
    sheets: tuple[Sheet, ...]
    properties: Mapping[str, str]
    remarks: tuple[str, ...] = ()

    def sheet(self, name: str) -> Sheet | None:
        """Return the sheet of that name; None without one."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)


def is_workbook(file: str) -> bool:
    """Return whether a file's name says that it is a workbook."""
    return file.lower().endswith(WORKBOOKS)


def read_workbook(data: bytes, file: str) -> tuple[Workbook | None, list[Problem]]:
    """Return the workbook in `data`, or None and why it is refused (codes R140 to R143).

    Args:
        data: the file, byte for byte.
        file: its name, for the errors.
    """
    kind, remarks, refused = doorway(data, file)
    if kind is None:
        return None, refused
    answer = ask_child(CHILDREN[kind], data, kind)
    if "refused" in answer:
        return None, [_refused(answer, file)]
    sheets = tuple(
        Sheet(
            name=sheet["name"],
            hidden=sheet["hidden"],
            cells={(row, column): Cell(row, column, *rest) for row, column, *rest in sheet["cells"]},
            merged=tuple((top, left, low, right, name) for top, left, low, right, name in sheet["merged"]),
        )
        for sheet in answer["sheets"]
    )
    return Workbook(file, sheets, answer["properties"], tuple(remarks)), []


def doorway(data: bytes, file: str) -> tuple[str | None, list[str], list[Problem]]:
    """Return which reader a file is for, the remarks about it, and the problems that keep it from any reader.

    Only its first bytes, its directory, and the start of an OpenDocument file's list of parts are looked at.
    """
    place = Place(file)
    if data.startswith(OLD_OFFICE):
        return _old_office(data, place)
    if not zipfile.is_zipfile(BytesIO(data)):
        why = "its name says that it is one, its bytes do not"
        return (
            None,
            [],
            [
                Problem(
                    "R140",
                    "the file is not a workbook",
                    why,
                    "save it as .xlsx from your spreadsheet program",
                    place,
                )
            ],
        )
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            locked = any(part.flag_bits & 1 for part in parts) or _locked_ods(archive)
    except UNREADABLE as error:
        return (
            None,
            [],
            [Problem("R140", "the workbook is damaged", str(error), "send it again, or save it anew", place)],
        )
    if locked:
        return None, [], [_protected(place)]
    names = [part.filename for part in parts]
    if {"content.xml", "[Content_Types].xml"} <= set(names):
        why = "it holds an Excel workbook and an open document; each program shows one of them"
        fix = "save it as .xlsx from your spreadsheet program"
        return None, [], [Problem("R140", "the file is two workbooks", why, fix, place)]
    # One program reads the first part of a name and another the last, so they show different figures.
    spelled = Counter(name.lower().replace("\\", "/").removeprefix("./").lstrip("/") for name in names)
    if twice := next((name for name, n in spelled.items() if n > 1), None):
        why = f"two of its parts are called {twice}; some programs read the first of them and others the last"
        fix = "open it in your spreadsheet program and save it as .xlsx"
        return None, [], [Problem("R140", "the workbook is damaged", why, fix, place)]
    size = sum(part.file_size for part in parts)
    tight = any(part.file_size > max(RATIO * part.compress_size, 10 << 20) for part in parts)
    if size > UNPACKED or tight or len(parts) > MEMBERS:
        what = f"the workbook unpacks to {counted(size, 'bytes')} in {counted(len(parts), 'parts')}"
        return (
            None,
            [],
            [Problem("R141", what, "no report is so large", "send the sheet with the figures alone", place)],
        )
    remarks = (
        ["the workbook has macros; they were not run"]
        if any(name.endswith("vbaProject.bin") for name in names)
        else []
    )
    if any("externalLink" in name for name in names):
        remarks.append("the workbook links to other files; its values are those of its last save")
    return ("ods" if "content.xml" in names else "xlsx"), remarks, []


def _old_office(data: bytes, place: Place) -> tuple[str | None, list[str], list[Problem]]:
    import msoffcrypto

    try:
        locked = msoffcrypto.OfficeFile(BytesIO(data)).is_encrypted()
    except Exception as error:  # it raises whatever it likes about a file that is not a workbook
        why = f"{type(error).__name__}: {error}"
        return (
            None,
            [],
            [
                Problem(
                    "R140",
                    "the file is not a workbook",
                    why,
                    "save it as .xlsx from your spreadsheet program",
                    place,
                )
            ],
        )
    return (None, [], [_protected(place)]) if locked else ("xls", [], [])


def _locked_ods(archive: zipfile.ZipFile) -> bool:
    """Return whether an OpenDocument file says that a password protects it."""
    try:
        with archive.open("META-INF/manifest.xml") as manifest:
            return b"encryption-data" in manifest.read(LONGEST_MANIFEST)
    # A part that is not there, or cannot be unpacked, is its reader's to refuse.
    except (KeyError, *UNREADABLE):
        return False


def _protected(place: Place) -> Problem:
    what, why = "the workbook is protected by a password", "nobody here can open it"
    return Problem("R142", what, why, "save it without a password", place)


def ask_child(script: str, data: bytes, *arguments: str) -> dict[str, Any]:
    """Return the JSON that a child process prints about a file.

    If the process was ended, the result has `refused` and `why`.
    """
    path = Path(__file__).with_name(script)
    with NamedTemporaryFile(suffix=f".{arguments[0]}") as kept:
        kept.write(data)
        kept.flush()
        command = [sys.executable, "-P", str(path), arguments[0], kept.name, *arguments[1:]]
        paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        surroundings = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            # With it the child finds the engine that has started it, and no other.
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=PATIENCE, env=surroundings, check=False
            )
        except subprocess.TimeoutExpired:
            return {"refused": "time", "why": f"reading it took more than {PATIENCE} seconds"}
    try:
        answer = json.loads(done.stdout) if done.returncode == 0 else None
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return answer
    return {
        "refused": "ended",
        "why": f"its reader was ended ({done.returncode}): it needs more memory or time than a report may",
    }


def _refused(answer: Mapping[str, Any], file: str) -> Problem:
    if answer["refused"] == "broken":
        fix = "open it in your spreadsheet program and save it as .xlsx"
        return Problem("R140", "the workbook cannot be read", str(answer["why"]), fix, Place(file))
    fix = "delete what is far below or beside the figures, or send the sheet with the figures alone"
    return Problem(
        "R143", "the workbook is too large to be read as a report", str(answer["why"]), fix, Place(file)
    )
