"""A tape is added up as it is stored, and what its number formats show otherwise is said or asked."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO

import openpyxl
import pytest
import xlwt

from engine.servicer_report.sender_layouts import tree_by_layout
from tests.servicer_report.test_open_documents import number, ods, text
from tests.servicer_report.test_sender_layouts import LAYOUT, ROWS, TAPE, codes, tape
from tests.servicer_report.workbooks import saved, with_part


def formatted(number_format: str, column: str = "D") -> bytes:
    """A tape in which the last contract has a number format, in the column of its hours unless given."""

    made = openpyxl.load_workbook(BytesIO(tape(ROWS)))
    made["Tape"][f"{column}7"].number_format = number_format
    return saved(made)


SHOWN = ["0%", "0.00%", '0"k"', "-#,##0", "[>1]0;0.0", ";;;", "[$€-407] #,##0"]


@pytest.mark.parametrize("number_format", SHOWN)
def test_a_figure_of_a_tape_that_is_shown_otherwise_is_asked_about(number_format: str) -> None:
    for column in "DE":
        _, problems = tree_by_layout(formatted(number_format, column), "tape.xlsx", "acme", LAYOUT)
        assert [(one.code, one.place.cell) for one in problems] == [("R148", f"Tape!{column}7")]


def test_a_figure_of_a_tape_in_a_plain_format_is_taken() -> None:
    for number_format in ("#,##0", "0.00", "#,##0.00_);(#,##0.00)", "#,##0;[Red]-#,##0", "General"):
        assert codes(tree_by_layout(formatted(number_format), "tape.xlsx", "acme", LAYOUT)[1]) == []
    # What a format makes of a figure below zero is asked where there is one.
    for number_format in ("#,##0.00;[Red]#,##0.00", '0;"k"0', "0.00;", "0;;0"):
        assert codes(tree_by_layout(formatted(number_format), "tape.xlsx", "acme", LAYOUT)[1]) == []
    for number_format in ("$#,##0.00", '"USD" 0.00', '0.00" /h"'):
        assert codes(tree_by_layout(formatted(number_format, "E"), "tape.xlsx", "acme", LAYOUT)[1]) == []
    # Neither the name of a contract nor the head is a figure.
    assert codes(tree_by_layout(formatted("0%", "B"), "tape.xlsx", "acme", LAYOUT)[1]) == []


@pytest.mark.parametrize("number_format", ["#,##0.00;[Red]#,##0.00", '0;"k"-0', "0.00;"])
def test_a_figure_of_a_tape_below_zero_that_is_shown_otherwise_is_asked_about(number_format: str) -> None:
    made = openpyxl.load_workbook(BytesIO(formatted(number_format)))
    made["Tape"]["D6"], made["Tape"]["D6"].number_format = -5, number_format
    _, problems = tree_by_layout(saved(made), "tape.xlsx", "acme", LAYOUT)
    assert [(one.code, one.place.cell) for one in problems] == [("R148", "Tape!D6")]


NAMES: dict[str, Callable[[bytes], bytes]] = {
    "cells without a name": lambda part: re.sub(rb'(<c) r="[A-Z]+[0-9]+"', rb"\1", part),
    "cells in lower case": lambda part: re.sub(
        rb'(<c r=)"([A-Z])', lambda m: m[1] + b'"' + m[2].lower(), part
    ),
    "rows without a number": lambda part: re.sub(rb'(<(?:row|c)) r="[A-Z]*[0-9]+"', rb"\1", part),
}


@pytest.mark.parametrize("change", NAMES.values(), ids=NAMES)
def test_a_figure_is_asked_about_however_the_workbook_names_its_cells(
    change: Callable[[bytes], bytes],
) -> None:
    """A name is optional, and the reader of tapes counts on without it."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Tape"
    for row in [["Contract", "Model", "Hours", "Rate"], *ROWS]:
        sheet.append(row)
    sheet["C4"].number_format = "0%"
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(BytesIO(saved(made))) as archive:
        content = archive.read(part)
    assert change(content) != content
    _, problems = tree_by_layout(with_part(saved(made), part, change(content)), "tape.xlsx", "acme", LAYOUT)
    assert [(one.code, one.place.cell) for one in problems] == [("R148", "Tape!C4")]


def test_a_figure_that_an_old_workbook_shows_in_per_cent_is_asked_about() -> None:
    made = xlwt.Workbook()
    sheet = made.add_sheet("Tape")
    for at, row in enumerate([["Contract", "Model", "Hours", "Rate"], *ROWS]):
        for column, value in enumerate(row):
            style = "0%" if (at, column) == (3, 2) else "General"
            sheet.write(at, column, value, xlwt.easyxf(num_format_str=style))
    _, problems = tree_by_layout(saved(made), "tape.xls", "acme", LAYOUT)
    assert [(one.code, one.place.cell) for one in problems] == [("R148", "Tape!C4")]


@pytest.mark.parametrize("number_format", ["#,##0,", "0.0,,"])
def test_thousands_are_remarked_on_and_what_is_stored_is_taken(number_format: str) -> None:
    """As in a report."""
    tree, problems = tree_by_layout(formatted(number_format), "tape.xlsx", "acme", LAYOUT)
    assert [(one.code, one.place.cell) for one in problems] == [("RW11", "Tape!D7")]
    assert tree is not None
    assert [row["gpu_hours"] for row in tree.get(("rental", "h100", "tape"))] == ["0.3", "90000"]


def open_tape(styles: str, hours: str, columns: str = "", rate: str = number("1.9")) -> bytes:
    """A tape of one contract as an open document."""
    head = "".join(f"<table:table-row>{text(*TAPE.wanted.values())}</table:table-row>")
    row = f"<table:table-row>{text('C-1', 'H100 SXM5')}{hours}{rate}</table:table-row>"
    cell = f"{number('1')}</table:table-row>{head}{row}<table:table-row>"
    return ods(cell, styles, columns)


THOUSANDS = (
    '<number:number-style style:name="N1"><number:number number:display-factor="1000"/></number:number-style>'
    '<style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1"/>'
    '<style:style style:name="ce2" style:family="table-cell" style:parent-style-name="ce1"/>'
)


def test_a_tape_whose_xml_is_broken_is_refused_with_its_place_and_at_once() -> None:
    """The reader of tapes read on for ever, until its process was ended."""
    data = open_tape("", number("90000"))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        content = archive.read("content.xml")
    broken = with_part(data, "content.xml", content.replace(b"</table:table>", b"</ble:table>"))
    (problem,) = tree_by_layout(broken, "tape.ods", "acme", LAYOUT)[1]
    assert problem.code == "R143"
    assert "mismatched tag: line 1" in problem.why


CELLS = '<style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1"/>'
DIGITS = '<number:number number:min-integer-digits="1"/>'


def of_style(kind: str, name: str, within: str) -> str:
    return f'<number:{kind}-style style:name="{name}">{within}</number:{kind}-style>'


def styled(within: str, kind: str = "number", value: str = "90000", more: str = "") -> bytes:
    """A tape whose hours have a format."""
    return open_tape(of_style(kind, "N1", within) + more + CELLS, number(value, ' table:style-name="ce1"'))


EURO = "<number:currency-symbol>EUR</number:currency-symbol>"
DOLLAR = "<number:currency-symbol>$</number:currency-symbol>"
MINUS, FROM_ZERO = (
    "<number:text>-</number:text>",
    '<style:map style:condition="value()&gt;=0" style:apply-style-name="P0"/>',
)
OPEN_SHOWN = {
    "a literal minus": styled(MINUS + DIGITS),
    "a suffix": styled(f"{DIGITS}<number:text>k</number:text>"),
    "a word among the digits": styled(
        '<number:number><number:embedded-text number:position="3">k</number:embedded-text></number:number>'
    ),
    "euros of a style": styled(EURO + DIGITS, "currency"),
    "dollars for hours": styled(DOLLAR + DIGITS, "currency"),
    "a text alone": styled("<number:text>x</number:text>"),
    "per cent of a style": styled(f"{DIGITS}<number:text>%</number:text>", "percentage"),
    "a date": styled("<number:year/>", "date"),
    "a yes": styled("<number:boolean/>", "boolean"),
    "a condition": styled(
        f'{DIGITS}<style:map style:condition="value()&gt;5" style:apply-style-name="P0"/>',
        more=of_style("number", "P0", "<number:text>many</number:text>"),
    ),
    "no sign below zero": styled(DIGITS + FROM_ZERO, value="-5", more=of_style("number", "P0", DIGITS)),
    "another word from zero": styled(
        MINUS + DIGITS + FROM_ZERO, more=of_style("number", "P0", f"{DIGITS}<number:text>k</number:text>")
    ),
    "thousands": open_tape(THOUSANDS, number("90000", ' table:style-name="ce1"')),
    "thousands of a parent": open_tape(THOUSANDS, number("90000", ' table:style-name="ce2"')),
    "thousands of a column": open_tape(
        THOUSANDS,
        number("90000"),
        '<table:table-column table:number-columns-repeated="3" table:default-cell-style-name="ce1"/>',
    ),
    "per cent": open_tape("", number("0.9", kind="percentage")),
    "euros": open_tape("", number("0.9", ' office:currency="EUR"', kind="currency")),
}


@pytest.mark.parametrize("data", OPEN_SHOWN.values(), ids=OPEN_SHOWN)
def test_a_figure_that_an_open_document_shows_otherwise_is_asked_about(data: bytes) -> None:
    _, problems = tree_by_layout(data, "tape.ods", "acme", LAYOUT)
    code = "RW11" if data in (OPEN_SHOWN[name] for name in OPEN_SHOWN if "thousands" in name) else "R148"
    assert [(one.code, one.place.cell) for one in problems] == [(code, "Report!C5")]


OPEN_PLAIN = {
    "no format": open_tape(THOUSANDS, number("90000")),
    "digits": styled(DIGITS),
    "a blank and hours": styled(f"{DIGITS}<number:text> hours</number:text>"),
    "a minus below zero": styled(MINUS + DIGITS + FROM_ZERO, more=of_style("number", "P0", DIGITS)),
    "a minus at a figure below zero": styled(
        MINUS + DIGITS + FROM_ZERO, value="-5", more=of_style("number", "P0", DIGITS)
    ),
    "no sign below zero, and no such figure": styled(
        DIGITS + FROM_ZERO, more=of_style("number", "P0", DIGITS)
    ),
}


@pytest.mark.parametrize("data", OPEN_PLAIN.values(), ids=OPEN_PLAIN)
def test_a_figure_that_an_open_document_shows_as_it_is_stored_is_taken(data: bytes) -> None:
    assert tree_by_layout(data, "tape.ods", "acme", LAYOUT)[1] == []


@pytest.mark.parametrize(("symbol", "asked"), [(DOLLAR, []), (EURO, ["R148"])])
def test_a_rate_is_shown_in_dollars_alone(symbol: str, asked: list[str]) -> None:
    style = of_style("currency", "N1", symbol + DIGITS) + CELLS
    rate = number("1.9", ' table:style-name="ce1"')
    assert (
        codes(tree_by_layout(open_tape(style, number("90000"), rate=rate), "tape.ods", "acme", LAYOUT)[1])
        == asked
    )
