"""A report as a table, one row for each figure, in a workbook or as CSV.

It gives the same tree as YAML, with the place of each cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.basics.errors import Place, Problem
from engine.basics.values import Unit
from engine.servicer_report.column_letters import letters
from engine.servicer_report.figure_cells import Questions, date_text, figure_text, plain_text
from engine.servicer_report.workbook import Cell, Sheet, Workbook
from engine.terms.report_figures import DECLARED, unit_of
from engine.terms.source import Path, Tree

COLUMNS = ("figure", "value", "as_of", "source", "confirmed because")
"""What a table may say of each figure. The last column is only in the reply to a question."""
FOR_THE_SENDER = ("unit", "section", "last period", "due", "needed for", "question")
"""Columns of our own forms that tell the sender what is asked.

Only the unit is read, and must be the figure's own.
"""
DATES = ("period.from", "period.to", "as_of", "corrects", "completes", "received")
"""Rows of a table that are dates of the report."""
WORDS = ("deal", "source", "form", "confirms", "confirmed_by")
"""Rows of a table that are words about the report.

`form` says which form it was filled in on; the last two are a reply's.
"""
LOOKED_AT = 60
"""The number of rows from the top in which the head of a table is looked for.

A title and an address may stand above it.
"""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a table begins: the row of its head, and the column of each name in it."""

    row: int
    columns: Mapping[str, int]


def head_of(cells: Mapping[tuple[int, int], Cell]) -> Head | None:
    """Return the first row near the top that names the columns `figure` and `value`; None without one."""
    rows: dict[int, dict[str, int]] = {}
    for (row, column), cell in sorted(cells.items()):
        if row <= LOOKED_AT and cell.kind == "text":
            rows.setdefault(row, {}).setdefault(_name(cell.text), column)
    return next(
        (Head(row, names) for row, names in rows.items() if {"figure", "value"} <= names.keys()), None
    )


def _name(text: str) -> str:
    """Return a column's name in the form in which names are compared."""
    return text.strip().lower().replace("as of", "as_of")


def tree_of_workbook(workbook: Workbook) -> tuple[Tree | None, list[Problem]]:
    """Return the report in the one sheet of a workbook that holds one, or None and the questions about it."""
    # The sender may not have seen what a hidden sheet holds.
    tables = [
        (sheet, head) for sheet in workbook.sheets if not sheet.hidden and (head := head_of(sheet.cells))
    ]
    fix = (
        "begin a sheet with the row `figure`, `value`, or map the sender's own layout in headroom.toml: "
        "[intake.NAME]"
    )
    if not tables:
        what = "no sheet in sight has the columns `figure` and `value`"
        why = f"it has {', '.join(f'`{sheet.name}`' for sheet in workbook.sheets) or 'no sheet'}"
        return None, [Problem("R144", what, why, fix, Place(workbook.file))]
    if len(tables) > 1:
        names = " and ".join(f"`{sheet.name}`" for sheet, _ in tables)
        why = "nobody can tell which of them is the report"
        return None, [
            Problem(
                "R145", f"the sheets {names} each hold a report", why, "send one alone", Place(workbook.file)
            )
        ]
    sheet, head = tables[0]
    asked = Questions(workbook.file, sheet.name)
    tree = tree_of_table(sheet, head, asked)
    asked.problems += [
        Problem("RW10", remark, "see that it is meant", "", Place(workbook.file))
        for remark in workbook.remarks
    ]
    form = workbook.properties.get("headroom-form")
    if form is not None and tree.get(("form",)) not in (None, form):
        why = "the workbook's own properties name another form"
        asked.problems.append(
            Problem(
                "R155",
                "the row `form` was changed",
                why,
                "fill in the form as it was made",
                tree.place(("form",)),
            )
        )
    return tree, asked.problems


def tree_of_table(sheet: Sheet, head: Head, asked: Questions, decimal_comma: bool = False) -> Tree:
    """Return the report in a table, as far as it could be read.

    What is wrong with the table is added to `asked`.
    """
    data: dict[str, Any] = {}
    places: dict[Path, Place] = {(): Place(asked.file)}
    known = (*COLUMNS, *FOR_THE_SENDER)
    strange = [name for name in head.columns if name and name not in known]
    for name in strange:
        cell = sheet.cells[head.row, head.columns[name]]
        asked.ask(
            "R102", f"the table has the column `{name}`", f"it may have {', '.join(known)}", "remove it", cell
        )
    names = [(_name(cell.text), cell) for (row, _), cell in sheet.cells.items() if row == head.row]
    for name, cell in names:
        if name in known and cell.column != head.columns[name]:
            asked.ask(
                "Y121",
                f"the column `{name}` stands twice",
                "nobody can tell which is meant",
                "remove one",
                cell,
            )
    for row in sorted({row for row, _ in sheet.cells if row > head.row}):
        cells = {
            name: sheet.cells.get((row, column)) for name, column in head.columns.items() if name in known
        }
        entry = _entry(sheet, asked, row, cells, head, decimal_comma)
        if entry is None:
            continue
        path, value, cell = entry
        if path in places or not put(data, path, value):
            name = ".".join(map(str, path))
            asked.ask(
                "R103", f"`{name}` stands twice", "one figure stands once", "remove one of the rows", cell
            )
        places[path] = asked.place(cell)
        if isinstance(value, dict):
            places[(*path, "value")] = places[path]
    return Tree(asked.file, "", data, places, {})


def put(data: dict[str, Any], path: Path, value: Any) -> bool:
    """Put a value at a path of nested blocks. Return False if something else stands there."""
    for step in path[:-1]:
        data = data.setdefault(str(step), {})
        if not isinstance(data, dict):
            return False
    # By identity: an equal value that stood there before is a second row all the same.
    return data.setdefault(str(path[-1]), value) is value


def _entry(
    sheet: Sheet,
    asked: Questions,
    row: int,
    cells: Mapping[str, Cell | None],
    head: Head,
    decimal_comma: bool,
) -> tuple[Path, Any, Cell] | None:
    """Return one row as (path, value, the value's cell).

    The result is None if the row says nothing, or has to be asked about.
    """
    label, value = cells.get("figure"), cells.get("value")
    if label is None:
        if value is not None:
            area = sheet.within(row, head.columns["figure"])
            why = f"its name lies in the merged cells {area}" if area else "the row has no figure's name"
            asked.ask(
                "R152",
                f"the value {value.text or value.formula} belongs to no figure",
                why,
                "name it, or delete it",
                value,
            )
        return None
    name = label.text.strip()
    if value is None:
        area = sheet.within(row, head.columns["value"])
        if area is not None and unit_of(name) is not None:
            why = f"its cell lies in the merged cells {area}, whose value may be another figure's"
            asked.ask(
                "R151", f"`{name}` has no cell of its own", why, "unmerge them and write each value", label
            )
        return None
    text = _read(asked, name, value, decimal_comma, cells.get("unit"))
    if text is None or not _of_its_unit(asked, name, cells.get("unit")):
        return None
    extra = {"as_of": date_text, "source": plain_text, "confirmed because": plain_text}
    said = {
        key: read(asked, cell, f"{key} of {name}")
        for key, read in extra.items()
        if (cell := cells.get(key)) is not None
    }
    said = {"because" if key == "confirmed because" else key: one for key, one in said.items() if one}
    path: Path = tuple(name.split("."))
    return path, ({"value": text, **said} if said and name not in (*DATES, *WORDS) else text), value


def _unit(name: str, cell: Cell | None) -> Unit | None:
    """Return the unit of a figure; for a declared figure, the unit that its row names.

    A reader of a table does not know the declared figures of the deal.
    """
    said = cell.text.strip() if cell is not None else ""
    # Any other name keeps its own unit, so that a row cannot change what a figure is counted in.
    known = said in [unit.value for unit in Unit]
    return Unit(said) if known and name.startswith(DECLARED) else unit_of(name)


def _read(asked: Questions, name: str, cell: Cell, decimal_comma: bool, unit_cell: Cell | None) -> str | None:
    """Return the text of a row's value, read as its name demands.

    If the name is not a figure's, the text is kept, so that it can be refused by name.
    """
    if name in DATES:
        return date_text(asked, cell, name)
    unit = _unit(name, unit_cell)
    if name in WORDS or unit is None:
        return plain_text(asked, cell, name)
    text = figure_text(asked, cell, name, unit, decimal_comma=decimal_comma)
    if text is not None and cell.formula is not None:
        asked.ask(
            "RW12",
            f"`{name}` was computed by {cell.formula}",
            "its stored result counts",
            "see that it is meant",
            cell,
        )
    return text


def _of_its_unit(asked: Questions, name: str, cell: Cell | None) -> bool:
    unit = unit_of(name)
    if cell is None or unit is None or cell.text.strip() in ("", unit.value):
        return True
    why = f"`{name}` is counted in {unit.value}"
    asked.ask(
        "R122", f"the unit of `{name}` is given as `{cell.text}`", why, "report it in its own unit", cell
    )
    return False


def sheet_of_rows(rows: Iterable[tuple[int, Sequence[str]]], name: str = "") -> Sheet:
    """Return rows of text by their line as a sheet, so that CSV is read like a workbook."""
    cells = {
        (line, column): Cell(line, column, f"{letters(column - 1)}{line}", "text", text)
        for line, row in rows
        for column, text in enumerate(row, start=1)
        if text.strip()
    }
    return Sheet(name, False, cells)
