"""Workbooks in forms that two programs read differently, or whose figure nobody sees: none is taken in silence."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any
from warnings import catch_warnings, simplefilter

import pytest
from odf.number import NumberStyle, ScientificNumber, Text
from odf.office import Annotation
from odf.opendocument import OpenDocumentSpreadsheet
from odf.style import Style, TableProperties
from odf.table import Table, TableCell, TableColumn, TableRow
from odf.text import P
from openpyxl.formatting.rule import IconSetRule, Rule
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat

from engine.servicer_report.received_file import open_report, tree_of
from engine.servicer_report.workbook import OLD_OFFICE
from tests.servicer_report.test_workbooks import principal, refused, refused_whole, said
from tests.servicer_report.workbooks import PRINCIPAL, book, edited, with_part

SHEET = "xl/worksheets/sheet1.xml"
CELL = '<c r="B6" t="n"><v>15900000</v></c>'
ROW = '<row r="6">'
LOW = CELL.replace("15900000", "1")


def in_sheet(before: str, after: str) -> Callable[[], bytes]:
    return lambda: edited(book(), before, after)


def other_part(name: str) -> bytes:
    """A workbook with one part more, whose principal is USD 1."""
    data, into = book(), BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(into, "w") as made:
        for part in source.namelist():
            made.writestr(part, source.read(part))
        with catch_warnings():
            simplefilter("ignore")  # the library warns of the second part of a name, which is what is wanted
            made.writestr(name, source.read(SHEET).replace(b"15900000", b"1"))
    return into.getvalue()


def strict() -> bytes:
    """A workbook in the strict form of ISO/IEC 29500, which Excel offers under a name of its own."""
    data, into = book(), BytesIO()
    office = b"http://schemas.openxmlformats.org/"
    names = {
        office + b"spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        office + b"officeDocument/2006/rel": b"http://purl.oclc.org/ooxml/officeDocument/rel",
    }
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(into, "w") as made:
        for part in source.namelist():
            text = source.read(part)
            for name, other in names.items():
                text = text.replace(name, other)
            made.writestr(part, text)
    return into.getvalue()


def locked_archive() -> bytes:
    """An archive whose parts are marked as encrypted, as a packing program does."""
    data = bytearray(book())
    for signature, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        for found in re.finditer(re.escape(signature), bytes(data)):
            data[found.start() + flags] |= 1
    return bytes(data)


REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a part twice": (lambda: other_part(SHEET), "R140", "two of its parts are called"),
    "a part by another stroke": (
        lambda: other_part(SHEET.replace("/", "\\")),
        "R140",
        "two of its parts are called",
    ),
    "a part from the top": (lambda: other_part(f"/{SHEET}"), "R140", "two of its parts are called"),
    "an open document within": (
        lambda: with_part(book(), "content.xml", b"<content/>"),
        "R140",
        "an Excel workbook and an open document",
    ),
    "a number with a stroke below": (in_sheet(">15900000<", ">15_900_000<"), "R140", "`15_900_000`"),
    "digits of another script": (in_sheet(">15900000<", ">\u0661\u0665<"), "R140", "the cell B6"),
    "no number": (in_sheet(">15900000<", ">nan<"), "R140", "the cell B6"),
    "a number without an end": (in_sheet(">15900000<", ">1e999<"), "R140", "`inf`"),
    "a text before the first": (in_sheet('t="n"><v>15900000<', 't="s"><v>-1<'), "R140", "the cell B6"),
    "a truth value of two": (in_sheet('t="n"><v>15900000<', 't="b"><v>2<'), "R140", "the cell B6"),
    "an unknown kind": (in_sheet('<c r="B6" t="n"', '<c r="B6" t="z"'), "R140", "of kind `z`"),
    "a part in capitals": (lambda: other_part(SHEET.upper()), "R140", "two of its parts are called"),
    "a cell twice": (in_sheet(CELL, CELL + LOW), "R140", "the cell B6 stands twice"),
    "a row twice": (in_sheet(ROW, f"{ROW}{LOW}</row>{ROW}"), "R140", "the cell B6 stands twice"),
    "a cell in the row before": (in_sheet('<c r="B6"', '<c r="B7"'), "R140", "the cell B7 stands twice"),
    "the strict form": (strict, "R140", "Strict Open XML"),
    "a locked archive": (locked_archive, "R142", "password"),
}


@pytest.mark.parametrize(("make", "code", "cause"), REFUSED.values(), ids=REFUSED)
def test_what_two_programs_read_differently_is_refused(
    make: Callable[[], bytes], code: str, cause: str
) -> None:
    refused_whole(make(), code, cause)


UNSEEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "a row drawn to nothing": (in_sheet(ROW, '<row r="6" ht="0" customHeight="1">'), "B6"),
    "a column drawn to nothing": (
        in_sheet("<sheetData>", '<cols><col min="2" max="3" width="0" customWidth="1"/></cols><sheetData>'),
        "B6",
    ),
    "rows that are hidden unless they say otherwise": (
        in_sheet('<sheetFormatPr baseColWidth="8" ', '<sheetFormatPr zeroHeight="1" baseColWidth="8" '),
        "B6",
    ),
    "columns that are drawn to nothing unless they say otherwise": (
        in_sheet('<sheetFormatPr baseColWidth="8" ', '<sheetFormatPr defaultColWidth="0" baseColWidth="8" '),
        "B6",
    ),
    "a format that shows nothing": (lambda: book(number_format=";;;"), "B6"),
    "a format of quoted blanks": (lambda: book(number_format='" ";" ";" "'), "B6"),
    "a format of escaped blanks": (lambda: book(number_format="\\ ;\\ ;\\ "), "B6"),
    "a format of plain blanks": (lambda: book(number_format=" ; ; "), "B6"),
    "a format of dashes": (lambda: book(number_format="-;-;-"), "B6"),
    "a format of the unit alone": (lambda: book(number_format='"USD"'), "B6"),
    "a format that shows nothing of zero": (lambda: book(value=0, number_format="#,##0;-#,##0;"), "B6"),
}


@pytest.mark.parametrize(("make", "cell"), UNSEEN.values(), ids=UNSEEN)
def test_a_figure_that_nobody_sees_is_asked_about(make: Callable[[], bytes], cell: str) -> None:
    assert ("R150", f"Report!{cell}") in refused(tree_of(make(), "r.xlsx")[1])


def test_a_row_that_says_its_own_height_is_seen_though_others_are_hidden() -> None:
    hidden = '<sheetFormatPr zeroHeight="1" baseColWidth="8" '
    data = edited(book(), '<sheetFormatPr baseColWidth="8" ', hidden)
    data = edited(data, ROW, '<row r="6" ht="15">')
    asked = refused(tree_of(data, "r.xlsx")[1])
    assert ("R150", "Report!B7") in asked
    assert ("R150", "Report!B6") not in asked


def test_a_column_that_says_its_own_width_is_seen_though_others_are_not() -> None:
    drawn_to_nothing = '<sheetFormatPr defaultColWidth="0" baseColWidth="8" '
    data = edited(book(), '<sheetFormatPr baseColWidth="8" ', drawn_to_nothing)
    columns = '<cols><col min="1" max="2" width="9" customWidth="1"/></cols><sheetData>'
    tree, problems = tree_of(edited(data, "<sheetData>", columns), "r.xlsx")
    assert (principal(tree), refused(problems)) == ("USD 15900000", [])


@pytest.mark.parametrize("zero", ['_(* "-"??_)', '_-* "-"_-', "-"])
def test_zero_as_accounting_shows_it_is_zero(zero: str) -> None:
    accounting = f"_(* #,##0.00_);_(* \\(#,##0.00\\);{zero};_(@_)"
    tree, problems = tree_of(book(value=0, number_format=accounting), "r.xlsx")
    assert (principal(tree), refused(problems)) == ("USD 0", [])


def by_rule(number_format: str, where: str = "B6") -> bytes:
    """A workbook with a rule that shows its principal in a format."""

    def change(_made: Any, sheet: Any) -> None:
        style = DifferentialStyle(numFmt=NumberFormat(numFmtId=200, formatCode=number_format))
        sheet.conditional_formatting.add(where, Rule(type="expression", formula=["TRUE"], dxf=style))

    return book(change)


@pytest.mark.parametrize("number_format", [";;;", "#,##0,", '0"k"'])
def test_a_rule_that_may_show_a_figure_otherwise_is_asked_about(number_format: str) -> None:
    assert refused(tree_of(by_rule(number_format), "r.xlsx")[1]) == [("R148", "Report!B6")]
    assert refused(tree_of(by_rule(number_format, "A1:A9 C1:D9"), "r.xlsx")[1]) == []
    assert refused(tree_of(by_rule("#,##0.00"), "r.xlsx")[1]) == []


X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"


def by_extension(rule: str, where: str = "B6") -> bytes:
    """The same with a rule as Excel writes it that looks at another sheet, beside the sheet's plain rules."""
    rules = (
        f'<extLst><ext xmlns:x14="{X14}" uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}">'
        "<x14:conditionalFormattings><x14:conditionalFormatting "
        'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
        f"{rule}<xm:sqref>{where}</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst>"
    )
    return edited(book(), "</worksheet>", f"{rules}</worksheet>")


EXTENSIONS = {
    "thousands": '<x14:cfRule type="expression"><xm:f>TRUE</xm:f><x14:dxf><numFmt numFmtId="170" formatCode="#,##0,"/></x14:dxf></x14:cfRule>',
    "a bar alone": '<x14:cfRule type="dataBar"><x14:dataBar showValue="0"><x14:cfvo type="autoMin"/><x14:cfvo type="autoMax"/></x14:dataBar></x14:cfRule>',
}


@pytest.mark.parametrize("rule", EXTENSIONS.values(), ids=EXTENSIONS)
def test_a_rule_of_the_extension_is_looked_at_like_a_plain_one(rule: str) -> None:
    assert refused(tree_of(by_extension(rule), "r.xlsx")[1]) == [("R148", "Report!B6")]
    assert refused(tree_of(by_extension(rule, "A1:B9 D1"), "r.xlsx")[1])
    assert refused(tree_of(by_extension(rule, "A1:A9 C1:D9"), "r.xlsx")[1]) == []
    seen = rule.replace('"#,##0,"', '"#,##0"').replace('showValue="0"', "")
    assert refused(tree_of(by_extension(seen), "r.xlsx")[1]) == []


def test_an_icon_in_the_place_of_the_figure_is_asked_about() -> None:
    def change(_made: Any, sheet: Any, shows: bool = False) -> None:
        sheet.conditional_formatting.add("B6", IconSetRule("3Arrows", "num", [1, 2, 3], showValue=shows))

    assert refused(tree_of(book(change), "r.xlsx")[1]) == [("R148", "Report!B6")]
    assert refused(tree_of(book(lambda made, sheet: change(made, sheet, True)), "r.xlsx")[1]) == []


TEXTS = {"hidden": (";;;", "R150"), "with a word": ('@" thousand"', "R148"), "as it stands": ("@", None)}


@pytest.mark.parametrize(("number_format", "code"), TEXTS.values(), ids=TEXTS)
def test_a_text_is_judged_by_what_its_format_shows(number_format: str, code: str | None) -> None:
    asked = refused(tree_of(book(value="15900000", number_format=number_format), "r.xlsx")[1])
    assert asked == ([] if code is None else [(code, "Report!B6")])


def test_a_table_of_trials_is_a_formula() -> None:
    formula = '<c r="B6"><f t="dataTable" ref="B6" r1="A1"/>'
    tree, problems = tree_of(edited(book(), CELL, f"{formula}<v>15900000</v></c>"), "r.xlsx")
    assert (principal(tree), said(problems)) == ("USD 15900000", ["RW12"])
    assert refused(tree_of(edited(book(), CELL, f"{formula}</c>"), "r.xlsx")[1]) == [("R147", "Report!B6")]


def ods(change: Callable[[Any, Any, list[Any]], None]) -> bytes:
    """A report of one figure; `change` gets the document, the sheet, and the cell of the figure."""
    made, table, figure = OpenDocumentSpreadsheet(), Table(name="Report"), list[Any]()
    rows = (("figure", "value"), ("deal", "meridian-2026-1"), (PRINCIPAL, "USD 15,900,000"))
    lines = []
    for texts in rows:
        lines.append(TableRow())
        for text in texts:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            lines[-1].addElement(cell)
            figure[:] = [cell]
    change(made, table, figure)
    for line in lines:
        table.addElement(line)
    made.spreadsheet.addElement(table)
    into = BytesIO()
    made.write(into)
    return into.getvalue()


def changed_content(data: bytes, before: bytes, after: bytes) -> bytes:
    """The same open document with its cells written otherwise than the library writes them."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        content = archive.read("content.xml")
    assert before in content
    return with_part(data, "content.xml", content.replace(before, after))


def test_a_comment_on_a_cell_is_no_part_of_its_text() -> None:
    def commented(_made: Any, _table: Any, figure: list[Any]) -> None:
        comment = Annotation()
        comment.addElement(P(text="000"))
        figure[0].addElement(comment)

    tree, problems = tree_of(ods(commented), "r.ods")
    assert (principal(tree), refused(problems)) == ("USD 15,900,000", [])


def test_a_column_out_of_sight_is_asked_about_in_an_open_document() -> None:
    def hidden(_made: Any, table: Any, _figure: list[Any]) -> None:
        table.addElement(TableColumn())
        table.addElement(TableColumn(visibility="collapse", numbercolumnsrepeated="3"))

    assert ("R150", "Report!B3") in refused(tree_of(ods(hidden), "r.ods")[1])


def test_a_figure_with_an_exponent_is_seen_in_an_open_document() -> None:
    def with_exponent(made: Any, _table: Any, figure: list[Any]) -> None:
        number = NumberStyle(name="N1")
        number.addElement(ScientificNumber(decimalplaces="2"))
        number.addElement(Text(text=" USD"))
        made.automaticstyles.addElement(number)
        made.automaticstyles.addElement(Style(name="ce1", family="table-cell", datastylename="N1"))
        for name, value in (("stylename", "ce1"), ("valuetype", "float"), ("value", "15900000")):
            figure[0].setAttribute(name, value)

    tree, problems = tree_of(ods(with_exponent), "r.ods")
    assert (principal(tree), refused(problems)) == ("USD 15900000", [])


def test_columns_far_to_the_right_are_out_of_sight_in_an_open_document() -> None:
    def hidden(_made: Any, table: Any, _figure: list[Any]) -> None:
        table.addElement(TableColumn(visibility="collapse", numbercolumnsrepeated="1100"))

    row, empty = b"<table:table-row>", b'<table:table-cell table:number-columns-repeated="1040"/>'
    data = changed_content(ods(hidden), row, row + empty)
    assert ("R150", "Report!ANB3") in refused(tree_of(data, "r.ods")[1])


def test_an_open_document_with_blanks_between_its_elements_is_read() -> None:
    tree, problems = tree_of(changed_content(ods(lambda *_: None), b"><", b">\n  <"), "r.ods")
    assert (principal(tree), refused(problems)) == ("USD 15,900,000", [])


def test_a_sheet_out_of_sight_is_no_report_in_an_open_document() -> None:
    def hidden(made: Any, table: Any, _figure: list[Any]) -> None:
        style = Style(name="unseen", family="table")
        style.addElement(TableProperties(display="false"))
        made.automaticstyles.addElement(style)
        table.setAttribute("stylename", "unseen")

    tree, problems = tree_of(ods(hidden), "r.ods")
    assert tree is None
    assert [one.code for one in problems] == ["R144"]


def test_an_open_document_with_a_password_says_so() -> None:
    data = ods(lambda *_: None)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        manifest = archive.read("META-INF/manifest.xml")
    locked = manifest.replace(b"</manifest:manifest>", b"<manifest:encryption-data/></manifest:manifest>")
    assert locked != manifest
    _, problems = tree_of(with_part(data, "META-INF/manifest.xml", locked), "r.ods")
    assert [one.code for one in problems] == ["R142"]


@pytest.mark.parametrize("name", ["r.xlsb", "r.xltx", "r.numbers", "r.xlsx.tmp", "r"])
@pytest.mark.parametrize("data", [book(), OLD_OFFICE + bytes(512)], ids=["packed", "old"])
def test_a_workbook_under_another_name_is_said_to_be_one(name: str, data: bytes) -> None:
    received, problems = open_report(data, name, {})
    assert (received, [one.code for one in problems]) == (None, ["R140"])
    assert ".xlsx" in problems[0].why
