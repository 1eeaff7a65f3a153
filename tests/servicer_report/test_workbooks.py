"""Workbooks saved as people save them: each gives the right figure, or is refused with its cell and its
cause.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from engine.basics.errors import Problem
from engine.servicer_report.received_file import tree_of
from engine.terms.source import Tree
from tests.servicer_report.workbooks import (
    ABOUT,
    COUNT,
    HEAD,
    HOURS,
    PRINCIPAL,
    RATE,
    blanks,
    book,
    corners,
    edited,
    laughs,
    saved,
    with_part,
)

Change = Callable[[Any, Any], None]


def principal(tree: Tree | None) -> Any:
    """What the principal reads as, without its own as-of date."""
    found = tree.get(("outstanding_principal", "class_a")) if tree else None
    return found["value"] if isinstance(found, dict) else found


def refused(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(one.code, one.place.cell) for one in problems if not one.code.startswith("RW")]


def said(problems: list[Problem]) -> list[str]:
    return [one.code for one in problems if one.code.startswith("RW")]


def put(cell: str, value: Any, number_format: str | None = None) -> Change:
    def change(_made: Any, sheet: Any) -> None:
        sheet[cell].value = value
        if number_format is not None:
            sheet[cell].number_format = number_format

    return change


def title_above(_made: Any, sheet: Any) -> None:
    sheet.insert_rows(1, 3)
    sheet["A1"] = "Meridian Compute: weekly report"


def second_sheet(made: Any, _sheet: Any) -> None:
    made.create_sheet("Notes").append(["Prepared by the servicer"])


def hidden_second_report(made: Any, sheet: Any) -> None:
    other = made.create_sheet("Last week")
    for row in sheet.iter_rows(values_only=True):
        other.append(row)
    other["B6"] = 1
    other.sheet_state = "hidden"


def trailing_rows(_made: Any, sheet: Any) -> None:
    for row in range(40, 400):
        sheet.cell(row, 1).number_format = "0.00"
        sheet.cell(row, 2).value = ""


def merged_title(_made: Any, sheet: Any) -> None:
    sheet.insert_rows(1)
    sheet["A1"] = "Report"
    sheet.merge_cells("A1:D1")


TAKEN: list[tuple[str, bytes, str]] = [
    ("a number", book(), "USD 15900000"),
    ("text with its unit", book(value="USD 15,900,000"), "USD 15,900,000"),
    ("text without its unit", book(value="15,900,000.50"), "USD 15900000.50"),
    ("dollars in the format", book(number_format="$#,##0.00"), "USD 15900000"),
    ("accounting format", book(number_format='_("$"* #,##0.00_);_("$"* (#,##0.00)'), "USD 15900000"),
    ("thousands hidden by a trailing comma", book(number_format="#,##0,"), "USD 15900000"),
    ("a title above the head", book(title_above), "USD 15900000"),
    ("a merged title", book(merged_title), "USD 15900000"),
    ("a second sheet with notes", book(second_sheet), "USD 15900000"),
    ("last week on a hidden sheet", book(hidden_second_report), "USD 15900000"),
    ("rows formatted and empty below", book(trailing_rows), "USD 15900000"),
    ("17 digits of noise", edited(book(value=7.25), "<v>7.25</v>", "<v>0.30000000000000004</v>"), "USD 0.3"),
    (
        "a formula with its result",
        edited(book(value="=15900*1000"), "<v></v>", "<v>15900000</v>"),
        "USD 15900000",
    ),
    ("macros", with_part(book(), "xl/vbaProject.bin", b"not run"), "USD 15900000"),
]


@pytest.mark.parametrize(("data", "expected"), [one[1:] for one in TAKEN], ids=[one[0] for one in TAKEN])
def test_the_figure_is_right(data: bytes, expected: str) -> None:
    tree, problems = tree_of(data, "REPORT.XLSX")
    assert refused(problems) == []
    assert principal(tree) == expected
    assert tree is not None
    assert tree.get(("rental", "h100")) == {
        "rented_gpu_hours": "151990",
        "weighted_average_rate": "USD 1.92 per GPU-hour",
    }
    assert tree.place(("outstanding_principal", "class_a")).shown.startswith("REPORT.XLSX:Report!B")


def test_what_is_taken_though_it_could_surprise_is_said() -> None:
    found = {name: said(tree_of(data, "r.xlsx")[1]) for name, data, _ in TAKEN}
    assert {name: codes for name, codes in found.items() if codes} == {
        "thousands hidden by a trailing comma": ["RW11"],
        "a formula with its result": ["RW12"],
        "macros": ["RW10"],
    }


def hidden_row(_made: Any, sheet: Any) -> None:
    sheet.row_dimensions[6].hidden = True


def hidden_column(_made: Any, sheet: Any) -> None:
    sheet.column_dimensions["B"].hidden = True


def merged_values(_made: Any, sheet: Any) -> None:
    sheet.merge_cells("B6:B7")


def merged_names(_made: Any, sheet: Any) -> None:
    sheet.merge_cells("A6:A7")


def two_reports(made: Any, sheet: Any) -> None:
    other = made.create_sheet("Corrected")
    for row in sheet.iter_rows(values_only=True):
        other.append(row)


def total_below(_made: Any, sheet: Any) -> None:
    sheet["B12"] = 16_052_000


def unit_column(unit: str) -> Change:
    def change(_made: Any, sheet: Any) -> None:
        sheet["E1"], sheet["E6"] = "unit", unit

    return change


ASKED: list[tuple[str, bytes, str, str]] = [
    (
        "an error",
        edited(
            book(value="=Gone!A1"), 'r="B6"><f>Gone!A1</f><v></v>', 'r="B6" t="e"><f>Gone!A1</f><v>#REF!</v>'
        ),
        "R146",
        "B6",
    ),
    ("a formula without a stored result", book(value="=15900*1000"), "R147", "B6"),
    (
        "a formula whose stored result is zero",
        edited(book(value="=15900*1000"), "<v></v>", "<v>0</v>"),
        "R147",
        "B6",
    ),
    ("a quoted per cent sign", book(value=85, number_format='0"%"'), "R148", "B6"),
    ("a quoted k", book(value=15_900_000, number_format='#,##0," k"'), "R148", "B6"),
    ("a condition", book(number_format="[>1000000]0.0,,;0"), "R148", "B6"),
    ("a per cent format on dollars", book(value=0.85, number_format="0%"), "R148", "B6"),
    ("euros", book(number_format="[$€-407] #,##0"), "R156", "B6"),
    ("a date where dollars should be", book(put("B6", date(2026, 1, 7), "yyyy-mm-dd")), "R149", "B6"),
    ("a number where a date should be", book(put("B4", 46_029)), "R149", "B4"),
    ("an hour where a date should be", book(put("B4", datetime(2026, 1, 7, 9))), "R149", "B4"),
    ("yes", book(value=True), "R154", "B6"),
    ("a hidden row", book(hidden_row), "R150", "B6"),
    ("a hidden column", book(hidden_column), "R150", "B2"),
    ("two values merged", book(merged_values), "R151", "A7"),
    ("two names merged", book(merged_names), "R152", "B7"),
    ("a total without a name", book(total_below), "R152", "B12"),
    ("a decimal comma", book(put("B8", "1,92")), "R153", "B8"),
    ("a point that parts decimals or thousands", book(put("B9", "1.024")), "R153", "B9"),
    ("thousands with points", book(value="15.900"), "R153", "B6"),
    ("a unit that is thousands", book(unit_column("USD thousands")), "R122", "E6"),
    ("a column that nobody knows", book(put("E1", "adjusted")), "R102", "E1"),
    ("a figure twice", book(put("A7", PRINCIPAL)), "R103", "B7"),
]


@pytest.mark.parametrize(("data", "code", "cell"), [one[1:] for one in ASKED], ids=[one[0] for one in ASKED])
def test_what_is_ambiguous_is_asked_with_its_cell(data: bytes, code: str, cell: str) -> None:
    _, problems = tree_of(data, "r.xlsx")
    assert (code, f"Report!{cell}") in refused(problems)
    assert all(one.what and one.why and one.fix for one in problems if not one.code.startswith("RW"))


def protected() -> bytes:
    """A workbook that a password protects, as Excel keeps it."""
    from msoffcrypto.format.ooxml import OOXMLFile

    into = BytesIO()
    OOXMLFile(BytesIO(book())).encrypt("secret", into)
    return into.getvalue()


WHOLE: list[tuple[str, Callable[[], bytes], str, str]] = [
    ("a bomb of blanks", blanks, "R141", "unpacks to"),
    ("entities within entities", laughs, "R140", "cannot be read"),
    ("a password", protected, "R142", "password"),
    ("a text called a workbook", lambda: b"figure,value\n", "R140", "its bytes do not"),
    ("half a workbook", lambda: book()[:-400], "R140", ""),
    ("no report in it", lambda: saved(openpyxl.Workbook()), "R144", "no sheet in sight"),
    ("cells A1 and XFD1048576", corners, "R144", "no sheet in sight"),
    ("two reports", lambda: book(two_reports), "R145", "`Report` and `Corrected`"),
]


def refused_whole(workbook: bytes, code: str, cause: str) -> None:
    """Hold that a workbook is refused for one reason, and nothing of it is taken."""
    tree, problems = tree_of(workbook, "r.xlsx")
    assert tree is None
    assert [one.code for one in problems] == [code]
    assert cause in f"{problems[0].what} {problems[0].why}"


@pytest.mark.parametrize(("make", "code", "cause"), [one[1:] for one in WHOLE], ids=[one[0] for one in WHOLE])
def test_a_workbook_that_is_refused_as_a_whole_says_why(
    make: Callable[[], bytes], code: str, cause: str
) -> None:
    refused_whole(make(), code, cause)


def xls(hidden: bool = False, number_format: str = "#,##0", value: Any = 15_900_000) -> bytes:
    made = xlwt.Workbook()
    sheet = made.add_sheet("Report")
    style = xlwt.easyxf(num_format_str=number_format)
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for number, row in enumerate(
        [HEAD, ["deal", "meridian-2026-1"], ["as_of", date(2026, 1, 7)], [PRINCIPAL, value]]
    ):
        for column, one in enumerate(row):
            sheet.write(
                number,
                column,
                one,
                style if isinstance(one, int) else day if isinstance(one, date) else xlwt.easyxf(),
            )
    sheet.row(3).hidden = hidden
    into = BytesIO()
    made.save(into)
    return into.getvalue()


def test_an_old_workbook_is_read_with_its_formats() -> None:
    tree, problems = tree_of(xls(), "report.XLS")
    assert (principal(tree), refused(problems)) == ("USD 15900000", [])
    assert tree is not None
    assert tree.get(("as_of",)) == "2026-01-07"
    assert refused(tree_of(xls(hidden=True), "r.xls")[1]) == [("R150", "Report!B4")]
    assert refused(tree_of(xls(number_format='0"%"', value=85), "r.xls")[1]) == [("R148", "Report!B4")]


def ruled(of_rows: dict[str, int], before: bytes = b"", after: bytes = b"") -> bytes:
    """An old workbook with a rule of its sheet for rows and columns that say nothing of themselves.

    Its third row says nothing of itself. One record may be replaced by another.
    """
    made = xlwt.Workbook()
    sheet = made.add_sheet("Report")
    for name, value in of_rows.items():
        setattr(sheet, name, value)
    for number, row in enumerate([HEAD[:2], ["deal", "meridian-2026-1"], [PRINCIPAL, "USD 1"]]):
        for column, one in enumerate(row):
            sheet.write(number, column, one)
    data = saved(made)
    # The library states every row, so the record of this one becomes a record that no reader knows.
    stated, unknown = b"\x08\x02\x10\x00\x02\x00", b"\xff\x0f\x10\x00\x02\x00"
    assert data.count(stated) == data.count(before or stated) == 1
    return data.replace(stated, unknown).replace(before, after)


def test_what_an_old_workbook_draws_to_nothing_unless_it_says_otherwise_is_asked_about() -> None:
    assert refused(tree_of(ruled({}), "r.xls")[1]) == []
    for rule in ({"row_default_hidden": 1}, {"row_default_height": 0}):
        assert refused(tree_of(ruled(rule), "r.xls")[1]) == [("R150", "Report!B3")], rule
    # The library writes no default width, so that record stands in the place of the count of calculations.
    calculations, width = b"\x0c\x00\x02\x00\x64\x00", b"\x55\x00\x02\x00\x00\x00"
    assert ("R150", "Report!B2") in refused(tree_of(ruled({}, calculations, width), "r.xls")[1])


def ods(
    value: float = 15_900_000, kind: str = "float", shown: str = "15,900,000", formula: str | None = None
) -> bytes:
    made = OpenDocumentSpreadsheet()
    table = Table(name="Report")
    for label, cell in (
        ("figure", TableCell(valuetype="string")),
        ("deal", TableCell(valuetype="string")),
        ("as_of", TableCell(valuetype="date", datevalue="2026-01-07")),
        (PRINCIPAL, TableCell(valuetype=kind, value=str(value), **({"formula": formula} if formula else {}))),
    ):
        row = TableRow()
        name = TableCell(valuetype="string")
        name.addElement(P(text=label))
        cell.addElement(
            P(text={"figure": "value", "deal": "meridian-2026-1", "as_of": "07.01.2026"}.get(label, shown))
        )
        row.addElement(name)
        row.addElement(cell)
        table.addElement(row)
    table.addElement(TableRow(numberrowsrepeated="1048000"))
    made.spreadsheet.addElement(table)
    into = BytesIO()
    made.write(into)
    return into.getvalue()


def test_an_open_document_is_read_with_the_kind_of_each_value() -> None:
    tree, problems = tree_of(ods(), "r.ods")
    assert (principal(tree), refused(problems)) == ("USD 15900000", [])
    assert tree is not None
    assert tree.get(("as_of",)) == "2026-01-07"
    assert refused(tree_of(ods(0.85, "percentage", "85%"), "r.ods")[1]) == [("R148", "Report!B4")]
    assert refused(tree_of(ods(0, shown="#REF!", formula="of:=[.A99]"), "r.ods")[1]) == [
        ("R146", "Report!B4")
    ]


def test_a_form_of_another_program_that_stores_zero_for_each_formula_is_asked_about() -> None:
    into = BytesIO()
    made = xlsxwriter.Workbook(into)
    sheet = made.add_worksheet("Report")
    for number, row in enumerate([HEAD, *ABOUT]):
        sheet.write_row(number, 0, row)
    sheet.write(5, 0, PRINCIPAL)
    sheet.write_formula(5, 1, "=15900*1000")
    made.close()
    assert refused(tree_of(into.getvalue(), "r.xlsx")[1]) == [("R147", "Report!B6")]


def test_a_day_shown_as_a_date_is_the_day_in_both_ways_of_counting_days() -> None:
    def of_1904(made: Any, sheet: Any) -> None:
        from openpyxl.utils.datetime import CALENDAR_MAC_1904

        made.epoch = CALENDAR_MAC_1904
        sheet["B4"] = datetime(2026, 1, 7)

    for data in (book(of_1904), book(put("B4", date(2026, 1, 7)))):
        tree, problems = tree_of(data, "r.xlsx")
        assert tree is not None
        assert (tree.get(("period", "to")), refused(problems)) == ("2026-01-07", [])


def test_a_moment_before_midnight_does_not_become_the_next_day() -> None:
    data = edited(book(put("B4", datetime(2026, 1, 7, 12))), "<v>46029.5</v>", "<v>46029.99999999999</v>")
    _, problems = tree_of(data, "r.xlsx")
    assert [(one.code, one.place.cell) for one in problems] == [("R149", "Report!B4")]
    assert "2026-01-07T23:59:59" in problems[0].what


def test_the_names_of_the_figures_used_here_are_those_of_the_report() -> None:
    tree, _ = tree_of(book(), "r.xlsx")
    assert tree is not None
    assert {HOURS, RATE, COUNT} == {
        "rental.h100.rented_gpu_hours",
        "rental.h100.weighted_average_rate",
        "available.h100.gpus",
    }
    assert tree.get(("available", "h100", "gpus")) == "1024"
