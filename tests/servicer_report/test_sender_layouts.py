"""A sender's own layout, and a rental tape of 100,000 contracts: mapped, added up exactly, within time and
memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from pydantic import ValidationError

from engine.basics.errors import Problem
from engine.servicer_report.received_file import open_report, reopen
from engine.servicer_report.sender_layouts import layouts_for, tree_by_layout
from engine.terms.sender_layout import SenderLayout, TapeLayout
from tests.conftest import REPOSITORY
from tests.servicer_report.workbooks import edited, saved

FIGURES = SenderLayout(
    files=("acme-*.xlsx",),
    deal="meridian-2026-1",
    sheet="Summary",
    cells={
        "period.from": "B1",
        "period.to": "B2",
        "outstanding_principal.class_a": "B4",
        "collections": "Cash!C2",
    },
    factors={"outstanding_principal.class_a": 1000},
)


def acme(principal: Any = 15_900, number_format: str = "#,##0") -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Summary"
    for row in [["From", "2026-01-01"], ["To", "2026-01-07"], ["USD thousands"], ["Class A", principal]]:
        sheet.append(row)
    sheet["B4"].number_format = number_format
    cash = made.create_sheet("Cash")
    cash["C2"] = 1_420_000
    return saved(made)


def codes(problems: list[Problem]) -> list[str]:
    return [one.code for one in problems if not one.code.startswith("RW")]


def test_cells_are_mapped_with_the_senders_factor() -> None:
    tree, problems = tree_by_layout(acme(), "acme-01.xlsx", "acme", FIGURES)
    assert (tree is not None, problems) == (True, [])
    assert tree is not None
    assert tree.data == {
        "deal": "meridian-2026-1",
        "period": {"from": "2026-01-01", "to": "2026-01-07"},
        "as_of": "2026-01-07",
        "outstanding_principal": {"class_a": "USD 15900000"},
        "collections": "USD 1420000",
    }
    assert tree.place(("outstanding_principal", "class_a")).cell == "Summary!B4"


def test_the_factor_is_of_what_the_cell_shows() -> None:
    """15,900,000 shown as 15,900 under a head that says thousands is 15.9 million, not 15.9 thousand million."""
    tree, _ = tree_by_layout(acme(15_900_000, "#,##0,"), "acme-01.xlsx", "acme", FIGURES)
    assert tree is not None
    assert tree.get(("outstanding_principal", "class_a")) == "USD 15900000"


def test_a_map_that_does_not_fit_is_said() -> None:
    elsewhere = FIGURES.model_copy(update={"sheet": "Gone"})
    assert codes(tree_by_layout(acme(), "acme-01.xlsx", "acme", elsewhere)[1]) == ["R144"]
    assert codes(tree_by_layout(acme("15,900 k"), "acme-01.xlsx", "acme", FIGURES)[1]) == ["R153"]
    with pytest.raises(ValueError, match="is not a figure"):
        SenderLayout(files=("*.xlsx",), cells={"principal": "B4"})


OF_TAPE = {"contract": "C", "of_class": "h100", "gpu_hours": "Hours"}
SILENT: dict[str, dict[str, Any]] = {
    "a range": {"cells": {"collections": "B1:B9"}},
    "a fixed cell": {"cells": {"collections": "$B$1"}},
    "a row of nothing": {"cells": {"collections": "B0"}},
    "a number of many digits": {"cells": {"collections": "B" + "9" * 300}},
    "one cell for two figures": {"cells": {"collections": "B1", "fees": "b1"}},
    "one cell under two spellings": {"cells": {"collections": "B1", "fees": "S!B1"}, "sheet": "S"},
    "one column for two figures": {"columns": {"collections": "Cash", "fees": " cash"}},
    "a cell and a column for a figure": {"cells": {"collections": "B1"}, "columns": {"collections": "Cash"}},
    "one column of a tape for two figures": {"tape": {**OF_TAPE, "rate": " HOURS"}},
    "one column of a tape for a figure and a name": {"tape": {**OF_TAPE, "contract": "Hours", "rate": "R"}},
    "a rate and a revenue": {"tape": {**OF_TAPE, "rate": "R", "revenue": "Rent"}},
    "neither rate nor revenue": {"tape": OF_TAPE},
    "a class and a column of classes": {"tape": {**OF_TAPE, "rate": "R", "asset_class": "Model"}},
    "no class": {"tape": {"contract": "C", "gpu_hours": "Hours", "rate": "R"}},
    "a factor of no figure": {"cells": {"collections": "B1"}, "factors": {"fees": 1000}},
    "a path": {"files": ("in/acme-*.xlsx",)},
    "a path of Windows": {"files": ("in\\acme-*.xlsx",)},
    "an empty pattern": {"files": ("",)},
}


@pytest.mark.parametrize("said", SILENT.values(), ids=SILENT)
def test_a_layout_that_would_leave_a_figure_out_in_silence_is_refused_where_a_file_comes(
    said: dict[str, Any],
) -> None:
    """The settings and what is kept are read all the same, so that runs and replays go on."""
    layout = SenderLayout(**{"files": ("*",), **said})
    assert codes(open_report(acme(), "acme-01.xlsx", {"acme": layout})[1]) == ["R165"]
    kept = layout.as_kept()
    assert "R165" not in codes(reopen(acme(), "acme-01.xlsx", kept)[1])


def test_a_layout_may_name_one_date_twice_and_cells_of_two_sheets() -> None:
    cells = {"period.to": "B3", "as_of": "B3", "collections": "B4", "fees": "Cash!B4"}
    layout = SenderLayout(files=("*",), sheet="Summary", cells=cells, columns={"deal": "A", "source": "A"})
    assert list(layout.strange_places()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15.900.000,50", "USD 15900000.50"),
        ("15900000,5", "USD 15900000.5"),
        ("USD 15.900", "USD 15900"),
        ("15,900.00", None),
        ("15,900,000", None),
        ("15.90", None),
        ("0.950", None),
        ("0.500", None),
        ("-0.125", None),
        ("0,950", "USD 0.950"),
    ],
)
def test_a_decimal_comma_is_taken_only_where_points_part_thousands(text: str, expected: str | None) -> None:
    layout = SenderLayout(
        files=("*",), deal="a", sheet="Summary", cells={"outstanding_principal.class_a": "B4"}, decimal=","
    )
    tree, problems = tree_by_layout(acme(text), "a.xlsx", "acme", layout)
    assert codes(problems) == ([] if expected else ["R153"])
    assert tree is not None
    assert tree.get(("outstanding_principal", "class_a")) == expected


def test_a_mapped_sheet_out_of_sight_is_asked_about() -> None:
    made = openpyxl.load_workbook(BytesIO(acme()))
    made["Cash"].sheet_state = "hidden"
    _, problems = tree_by_layout(saved(made), "acme-01.xlsx", "acme", FIGURES)
    assert [(one.code, one.place.cell) for one in problems] == [("R150", "Cash!C2")]


def test_a_name_is_matched_however_its_accents_are_written() -> None:
    layouts = {"a": SenderLayout(files=("rapport-\u00e9t\u00e9-*.xlsx",))}
    assert layouts_for("Rapport-e\u0301te\u0301-01.XLSX", layouts)


def test_one_row_below_a_head_is_a_report() -> None:
    layout = SenderLayout(
        files=("*.csv",),
        deal="d",
        columns={"period.to": "Week to", "outstanding_principal.class_a": "Class A"},
        decimal=",",
    )
    data = b"Acme;;\nWeek to;Class A;Note\n2026-01-07;15.900.000,50;x\n"
    tree, problems = tree_by_layout(data, "acme.csv", "acme", layout)
    assert (codes(problems), tree and tree.get(("outstanding_principal", "class_a"))) == (
        [],
        "USD 15900000.50",
    )
    assert codes(tree_by_layout(data + b"2026-01-14;1;x\n", "acme.csv", "acme", layout)[1]) == ["R145"]


def test_the_layout_is_found_by_the_files_name() -> None:
    assert layouts_for("in/ACME-01.XLSX", {"acme": FIGURES}) == (("acme", FIGURES),)
    assert layouts_for("other.xlsx", {"acme": FIGURES}) == ()


def test_a_file_that_two_layouts_are_for_is_asked_about_and_both_are_named() -> None:
    other = FIGURES.model_copy(update={"files": ("*-01.xlsx",)})
    received, problems = open_report(acme(), "acme-01.xlsx", {"acme": FIGURES, "weekly": other})
    assert received is None
    assert [(one.code, one.what) for one in problems] == [
        ("R158", "[intake.acme] and [intake.weekly] are both for files of this name")
    ]
    _, (problem,) = open_report(acme(), "acme-01.xlsx", {"acme": FIGURES, "weekly": other, "third": other})
    assert problem.what == (
        "[intake.acme], [intake.weekly] and [intake.third] are all for files of this name"
    )


TAPE = TapeLayout(
    contract="Contract", asset_class="Model", classes={"H100 SXM5": "h100"}, gpu_hours="Hours", rate="Rate"
)
LAYOUT = SenderLayout(files=("tape.*",), deal="meridian-2026-1", tape=TAPE)
ROWS: list[list[Any]] = [
    ["C-1", "H100 SXM5", 0.1, 1.9],
    ["C-2", "H100 SXM5", 0.2, 1.9],
    ["C-3", "H100 SXM5", 90_000, 1.95],
]


def tape(rows: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Tape"
    sheet["B2"] = "Rental tape"
    for number, row in enumerate([["Contract", "Model", "Hours", "Rate"], *rows], start=4):
        for column, value in enumerate(row, start=2):
            sheet.cell(number, column).value = value
    return saved(made)


def test_a_tape_is_added_up_exactly_by_rate() -> None:
    tree, problems = tree_by_layout(tape(ROWS), "tape.xlsx", "acme", LAYOUT)
    assert (codes(problems), tree is not None) == ([], True)
    assert tree is not None
    found = tree.get(("rental", "h100", "tape"))
    assert [(row["gpu_hours"], row["rate"]) for row in found] == [
        ("0.3", "USD 1.9 per GPU-hour"),
        ("90000", "USD 1.95 per GPU-hour"),
    ]


def test_a_tape_in_text_says_the_same() -> None:
    rows = [["Contract", "Model", "Hours", "Rate"], *([*map(str, row)] for row in ROWS)]
    for separator, encoding in ((",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16")):
        data = "\r\n".join(separator.join(row) for row in rows).encode(encoding)
        tree, problems = tree_by_layout(data, "TAPE.CSV", "acme", LAYOUT)
        assert (codes(problems), tree is not None) == ([], True)
        assert tree is not None
        assert [row["gpu_hours"] for row in tree.get(("rental", "h100", "tape"))] == ["0.3", "90000"]


DATED = SenderLayout(
    files=("tape.*",),
    deal="meridian-2026-1",
    tape=TapeLayout.model_validate(
        {
            "contract": "C",
            "from": "From",
            "to": "To",
            "of_class": "h100",
            "gpu_hours": "Hours",
            "revenue": "Rent",
        }
    ),
)
OF_DAYS: list[list[Any]] = [
    ["C-1", date(2026, 3, 12), date(2026, 3, 18), 100, 190],
    ["C-2", datetime(2026, 3, 12, 0, 0), date(2026, 3, 18), 50, 100],
    ["C-1", date(2026, 3, 19), date(2026, 3, 25), 100, 200],
]


def dated(rows: list[list[Any]]) -> tuple[Any, list[Any]]:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Tape"
    for row in [["C", "From", "To", "Hours", "Rent"], *rows]:
        sheet.append(row)
    return tree_by_layout(saved(made), "tape.xlsx", "acme", DATED)


def test_a_mapped_tape_keeps_its_days_apart_in_a_workbook_and_in_text() -> None:
    tree, problems = dated(OF_DAYS)
    text = "C,From,To,Hours,Rent\n" + "".join(f"{c},{str(a)[:10]},{b},{h},{r}\n" for c, a, b, h, r in OF_DAYS)
    other, further = tree_by_layout(text.encode(), "tape.csv", "acme", DATED)
    assert codes(problems) == codes(further) == []
    for found in (tree, other):
        assert found is not None
        rows = [
            (row["from"], row["to"], row["gpu_hours"], row["revenue"])
            for row in found.get(("rental", "h100", "tape"))
        ]
        assert rows == [
            ("2026-03-12", "2026-03-18", "150", "USD 290"),
            ("2026-03-19", "2026-03-25", "100", "USD 200"),
        ]


@pytest.mark.parametrize("day", ["03/12/2026", "2026-3-12", "2026-02-30", None, 46093, "12 March"])
def test_a_day_of_a_mapped_tape_that_is_not_a_day_is_asked_about(day: Any) -> None:
    _, problems = dated([*OF_DAYS, ["C-3", day, date(2026, 3, 25), 1, 2]])
    assert codes(problems) == ["R157"]
    assert (problems[0].place.cell, "not a day" in problems[0].what) == ("Tape!B5", True)


def test_a_last_day_without_a_first_is_refused() -> None:
    with pytest.raises(ValidationError, match="`from` that of its first is missing"):
        TapeLayout(contract="C", to="To", gpu_hours="Hours", revenue="Rent")


QUESTIONS = [
    ("an empty rate", [["C-4", "H100 SXM5", 5, None]], "Tape!E8", "may have been an error"),
    ("a comma behind a 0", [["C-4", "H100 SXM5", 5, "0,950"]], "Tape!E8", "not a number"),
    ("words for hours", [["C-4", "H100 SXM5", "n/a", 2]], "Tape!D8", "not a number"),
    ("a total", [["Total", "H100 SXM5", 90_000.3, 1.95]], "Tape!B8", "may be a total"),
    ("a total without a name", [[None, None, 90_000.3, 1.95]], "Tape!B8", "may be a total"),
]


@pytest.mark.parametrize(
    ("more", "cell", "cause"), [one[1:] for one in QUESTIONS], ids=[one[0] for one in QUESTIONS]
)
def test_a_row_that_may_be_anything_is_asked_about(more: list[list[Any]], cell: str, cause: str) -> None:
    _, problems = tree_by_layout(tape([*ROWS, *more]), "tape.xlsx", "acme", LAYOUT)
    assert (problems[0].code, problems[0].place.cell) == ("R157", cell)
    assert cause in problems[0].what


def filtered_xls() -> bytes:
    made = xlwt.Workbook()
    sheet = made.add_sheet("Tape")
    for number, row in enumerate([["Contract", "Model", "Hours", "Rate"], *ROWS]):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    sheet.row(2).hidden = True
    return saved(made)


def filtered_ods() -> bytes:
    made = OpenDocumentSpreadsheet()
    sheet = Table(name="Tape")
    for number, row in enumerate([["Contract", "Model", "Hours", "Rate"], *ROWS]):
        line = TableRow(visibility="filter") if number == 2 else TableRow()
        for value in row:
            kind = (
                {"valuetype": "string"} if isinstance(value, str) else {"valuetype": "float", "value": value}
            )
            cell = TableCell(**kind)
            cell.addElement(P(text=str(value)))
            line.addElement(cell)
        sheet.addElement(line)
    made.spreadsheet.addElement(sheet)
    into = BytesIO()
    made.write(into)
    return into.getvalue()


def changed(change: Callable[[Any], None]) -> bytes:
    made = openpyxl.load_workbook(BytesIO(tape(ROWS)))
    change(made["Tape"])
    return saved(made)


def filtered(sheet: Any) -> None:
    sheet.row_dimensions[6].hidden = True


def hidden_column(sheet: Any) -> None:
    sheet.column_dimensions["E"].hidden = True


NO_WIDTH = '<cols><col min="4" max="4" width="0" customWidth="1"/></cols><sheetData>'
UNSEEN: dict[str, tuple[str, Callable[[], bytes], str | None]] = {
    "a row that a filter leaves out": ("tape.xlsx", lambda: changed(filtered), "Tape!A6"),
    "a hidden column": ("tape.xlsx", lambda: changed(hidden_column), None),
    "a column without width": ("tape.xlsx", lambda: edited(tape(ROWS), "<sheetData>", NO_WIDTH), None),
    "a row of an old workbook": ("tape.xls", filtered_xls, "Tape!A3"),
    "a row of an open document": ("tape.ods", filtered_ods, "Tape!A3"),
}


@pytest.mark.parametrize(("name", "make", "cell"), UNSEEN.values(), ids=UNSEEN)
def test_a_contract_that_the_sender_may_not_have_seen_is_asked_about(
    name: str, make: Callable[[], bytes], cell: str | None
) -> None:
    """A filter leaves rows out of sight, and their hours were added up in silence."""
    _, problems = tree_by_layout(make(), name, "acme", LAYOUT)
    assert [(one.code, one.place.cell or None) for one in problems] == [("R150", cell)]


def test_a_tape_with_a_cell_at_the_end_of_the_grid_ends_its_reader_and_nothing_else() -> None:
    made = openpyxl.load_workbook(BytesIO(tape(ROWS)))
    made["Tape"]["XFD1048576"] = 1
    _, problems = tree_by_layout(saved(made), "tape.xlsx", "acme", LAYOUT)
    assert [one.code for one in problems] == ["R143"]


MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stdout.write(done.stdout.decode())
sys.stderr.write(json.dumps({"kilobytes": used.ru_maxrss}))
"""
"""Runs a program from a small one: a child's `ru_maxrss` begins at the memory of what started it, and the
test run is large.
"""


def test_a_tape_of_100_000_contracts_takes_300_mb(tmp_path: Path) -> None:
    count = 100_000
    path = tmp_path / "tape.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as made:
        sheet = made.add_worksheet("Tape")
        sheet.write_row(
            0, 0, ["Contract", "Customer", "Model", "Hours", "Rate", "Billed", "From", "To", "Site", "Note"]
        )
        for number in range(count):
            row = [
                f"C-{number}",
                f"Customer {number % 900}",
                "H100 SXM5",
                0.1 + number % 7,
                1.5 + number % 100 / 100,
            ]
            sheet.write_row(number + 1, 0, [*row, 9.99, 46_000, 46_100, "US", "n"])
    script = REPOSITORY / "engine" / "servicer_report" / "tape_child.py"
    command = [sys.executable, "-P", str(script), "xlsx", str(path), json.dumps({"columns": TAPE.wanted})]
    done = subprocess.run([sys.executable, "-c", MEASURED, *command], capture_output=True, check=True)
    answer, used = json.loads(done.stdout), json.loads(done.stderr)
    assert answer["contracts"] == count
    assert sum(float(one["gpu_hours"]) for one in answer["sums"]) == pytest.approx(
        sum(0.1 + n % 7 for n in range(count))
    )
    assert len(answer["sums"]) == 100
    assert used["kilobytes"] < 300 << 10
