"""A sender's own workbook or tape, read by the map in `[intake.NAME]` of `headroom.toml`.

It gives the same tree as YAML.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Any

from engine.basics.errors import Place, Problem
from engine.basics.values import counted
from engine.servicer_report.delimited import is_delimited, rows_of, text_of
from engine.servicer_report.figure_cells import Questions, date_text, figure_text, plain_text
from engine.servicer_report.report_table import DATES, put, sheet_of_rows
from engine.servicer_report.tape_tables import read_tape
from engine.servicer_report.workbook import Cell, Sheet, Workbook, is_workbook, read_workbook
from engine.terms.report_figures import unit_of
from engine.terms.sender_layout import SenderLayout
from engine.terms.source import Path, Tree

IN_TEXT = re.compile(r"[0-9][0-9.,]*")
WITH_COMMA = re.compile(r"(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?")
"""A number with a decimal comma, with its thousands grouped correctly: no first group begins with 0."""


def layouts_for(file: str, layouts: Mapping[str, SenderLayout]) -> tuple[tuple[str, SenderLayout], ...]:
    """Return the layouts whose patterns match the file's name, in their order.

    Upper and lower case are the same, and so are the two ways to write a letter with its accent.
    """
    name = _as_compared(PurePath(file).name)
    return tuple(
        layout
        for layout in layouts.items()
        if any(fnmatchcase(name, _as_compared(pattern)) for pattern in layout[1].files)
    )


def _as_compared(name: str) -> str:
    # A Mac gives a name its accents as signs of their own, and a person who types it does not.
    return unicodedata.normalize("NFC", name).lower()


def tree_by_layout(
    data: bytes, file: str, name: str, layout: SenderLayout
) -> tuple[Tree | None, list[Problem]]:
    """Return the report in a sender's file, and what has to be asked about it.

    Args:
        data: the file, byte for byte.
        file: its name, for the errors.
        name: the layout's name, for the errors.
        layout: which cell, column or tape holds what.
    """
    tree = Tree(file, "", {"deal": layout.deal} if layout.deal else {}, {(): Place(file)}, {})
    problems: list[Problem] = []
    if layout.cells or layout.columns:
        workbook, sheets = _sheets(data, file, layout)
        problems += sheets
        if workbook is None:
            return None, problems
        asked = Questions(file)
        _mapped(tree, workbook, name, layout, asked)
        problems += asked.problems
        problems += [
            Problem("RW10", remark, "see that it is meant", "", Place(file)) for remark in workbook.remarks
        ]
    if layout.tape is not None:
        unread = text_of(data, file)[1] if is_delimited(file) and not problems else []
        if unread:
            return None, unread
        problems += read_tape(tree, data, file, layout.tape, separators=_separator(data, file, layout))
    if tree.get(("period", "to")) and not tree.get(("as_of",)):
        put(tree.data, ("as_of",), tree.get(("period", "to")))
    return tree, problems


def _separator(data: bytes, file: str, layout: SenderLayout) -> tuple[str, str] | None:
    """Return the encoding and the separator of a tape in text.

    The result is None for a workbook, or if the tape's head is not found.
    """
    if not is_delimited(file) or layout.tape is None:
        return None
    text, _ = text_of(data, file)
    wanted = {column.strip().lower() for column in layout.tape.wanted.values()}
    split = rows_of("\n".join((text or "").splitlines()[:60]), lambda cells: wanted <= set(cells))
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return None if split is None else (encoding, split.separator)


def _sheets(data: bytes, file: str, layout: SenderLayout) -> tuple[Workbook | None, list[Problem]]:
    """Return a workbook's sheets, or None and the problems.

    A table in text is read as a workbook with one sheet. The columns that the layout names decide its
    separator.
    """
    if is_workbook(file):
        return read_workbook(data, file)
    text, problems = text_of(data, file)
    wanted = {column.strip().lower() for column in layout.columns.values()}
    split = None if text is None else rows_of(text, lambda cells: len(cells) > 1 and wanted <= set(cells))
    if split is None:
        why = "a comma, a semicolon or a tab separates cells"
        return None, [
            *problems,
            Problem("R102", "no table is found in the file", why, "save it as CSV", Place(file)),
        ]
    return Workbook(file, (sheet_of_rows(split.rows),), {}), problems


def _mapped(tree: Tree, workbook: Workbook, name: str, layout: SenderLayout, asked: Questions) -> None:
    """Put into the tree what the layout's cells and columns hold."""
    where = f"[intake.{name}] of headroom.toml"
    for figure, spot in layout.cells.items():
        sheet_name, _, cell_name = spot.rpartition("!")
        sheet = _sheet(workbook, sheet_name or layout.sheet, asked, where)
        if sheet is None:
            continue
        cell = next((cell for cell in sheet.cells.values() if cell.name == cell_name.upper()), None)
        if cell is not None:
            _take(tree, asked, sheet, figure, cell, layout)
    if layout.columns:
        sheet = _sheet(workbook, layout.sheet, asked, where)
        if sheet is not None:
            _row(tree, sheet, layout, asked, where)


def _sheet(workbook: Workbook, name: str | None, asked: Questions, where: str) -> Sheet | None:
    """Return the sheet that a layout names, or the only visible one."""
    seen = [sheet for sheet in workbook.sheets if not sheet.hidden]
    chosen = workbook.sheet(name) if name else seen[0] if len(seen) == 1 else None
    if chosen is None:
        what = f"the workbook has no sheet `{name}`" if name else "the workbook has several sheets"
        why = f"it has {', '.join(sheet.name for sheet in workbook.sheets)}"
        problem = Problem("R144", what, why, f"correct `sheet` in {where}", Place(workbook.file))
        asked.problems += [] if problem in asked.problems else [problem]
    return chosen


def _row(tree: Tree, sheet: Sheet, layout: SenderLayout, asked: Questions, where: str) -> None:
    """Put into the tree the single row below the head that the layout's columns name."""
    names = {figure: column.strip().lower() for figure, column in layout.columns.items()}
    rows: dict[int, dict[str, int]] = {}
    for (row, at), cell in sorted(sheet.cells.items()):
        rows.setdefault(row, {}).setdefault(cell.text.strip().lower(), at)
    named = set(names.values())
    head = next(
        (row for row, there in rows.items() if named <= there.keys() and layout.header_row in (None, row)),
        None,
    )
    if head is None:
        missing = ", ".join(f"`{column}`" for column in layout.columns.values())
        what = f"no row has the columns {missing}"
        asked.problems.append(
            Problem("R144", what, "the layout names them", f"correct {where}", Place(asked.file))
        )
        return
    below = [
        row
        for row in rows
        if row > head and any((row, rows[head][column]) in sheet.cells for column in names.values())
    ]
    if len(below) != 1:
        what = f"{counted(len(below), 'rows')} stand below the head in row {head}"
        asked.problems.append(
            Problem("R145", what, "one row is one report", "send one period's row alone", Place(asked.file))
        )
        return
    for figure, column in names.items():
        below_head = sheet.cells.get((below[0], rows[head][column]))
        if below_head is not None:
            _take(tree, asked, sheet, figure, below_head, layout)


def _take(tree: Tree, asked: Questions, sheet: Sheet, figure: str, cell: Cell, layout: SenderLayout) -> None:
    """Put one cell into the tree as the figure, date or word that it is."""
    asked.sheet = sheet.name or None
    # The sender may not have seen what a hidden sheet holds, though the layout names the sheet.
    cell = replace(cell, hidden=cell.hidden or sheet.hidden)
    unit = unit_of(figure)
    if figure in DATES:
        text = date_text(asked, cell, figure)
    elif unit is None:
        text = plain_text(asked, cell, figure)
    else:
        spoken = _with_decimal_point(asked, cell, figure) if layout.decimal == "," else cell
        factor = layout.factors.get(figure, 1)
        text = None if spoken is None else figure_text(asked, spoken, figure, unit, factor)
    path: Path = tuple(figure.split("."))
    if text is not None:
        data: dict[str, Any] = tree.data
        put(data, path, text)
        tree.places[path] = asked.place(cell)  # type: ignore[index]  # the tree is ours until it is handed out


def _with_decimal_point(asked: Questions, cell: Cell, name: str) -> Cell | None:
    """Return a cell whose text has a decimal comma with a decimal point instead.

    The result is None if the text is asked about, because points do not part its thousands.
    """
    if cell.kind != "text":
        return cell
    numbers = IN_TEXT.findall(cell.text)
    if any(WITH_COMMA.fullmatch(number) is None for number in numbers):
        why = "the sender's layout says that a comma begins the decimals and points part thousands"
        asked.ask("R153", f"`{name}` is the text `{cell.text}`", why, "write it like 15.900.000,00", cell)
        return None
    return replace(cell, text=cell.text.replace(".", "").replace(",", "."))
