"""Open documents as LibreOffice and others save them: what a cell shows is read, and nothing beside it."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from engine.servicer_report.received_file import tree_of
from tests.servicer_report.test_workbooks import principal, refused
from tests.servicer_report.workbooks import PRINCIPAL

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
    for name, space in {
        "office": "office",
        "table": "table",
        "text": "text",
        "number": "datastyle",
        "style": "style",
        "draw": "drawing",
        "svg": "svg-compatible",
    }.items()
)
CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
KIND = "application/vnd.oasis.opendocument.spreadsheet"
PARTS = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{KIND}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def text(*words: str) -> str:
    return "".join(
        f'<table:table-cell office:value-type="string"><text:p>{one}</text:p></table:table-cell>'
        for one in words
    )


def number(value: str = "15900000", more: str = "", kind: str = "float") -> str:
    return f'<table:table-cell office:value-type="{kind}" office:value="{value}"{more}/>'


def ods(cell: str, styles: str = "", columns: str = "", row: str = "", rules: str = "") -> bytes:
    """A report of one figure, in B3, written as XML.

    Args:
        cell: the cell of the figure.
        styles: the styles of the document.
        columns: what stands before the rows.
        row: the attributes of the row of the figure.
        rules: what stands behind the rows.
    """
    rows = f"<table:table-row>{text('figure', 'value')}</table:table-row>"
    rows += f"<table:table-row>{text('deal', 'meridian-2026-1')}</table:table-row>"
    rows += f"<table:table-row{row}>{text(PRINCIPAL)}{cell}</table:table-row>"
    content = (
        f"<office:document-content {SPACES} {CALC}><office:automatic-styles>{styles}"
        f'</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="Report">'
        f"{columns}{rows}{rules}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    into = BytesIO()
    with zipfile.ZipFile(into, "w") as made:
        made.writestr("mimetype", KIND)
        made.writestr("META-INF/manifest.xml", PARTS)
        made.writestr("content.xml", content)
    return into.getvalue()


def said(data: bytes) -> tuple[object, list[tuple[str, str]]]:
    """What the principal reads as, and what is asked."""
    tree, problems = tree_of(data, "r.ods")
    return (principal(tree) if tree is not None and not refused(problems) else None), refused(problems)


PICTURE = "<draw:frame><draw:image/><svg:title>1</svg:title></draw:frame>"
SHOWN = {
    "a line end within": ("15<text:line-break/>900000", "15\n900000"),
    "a tab within": ("15<text:tab/>900000", "15\t900000"),
    "blanks within": ('15 <text:s text:c="2"/>900000', "15   900000"),
    "a blank as an element": ("USD<text:s/>15900000", "USD 15900000"),
    "a comment within": ("15900000<office:annotation><text:p>9</text:p></office:annotation>", "USD 15900000"),
    "a reading aid": (
        "<text:ruby><text:ruby-base>15900000</text:ruby-base><text:ruby-text>1</text:ruby-text></text:ruby>",
        "USD 15900000",
    ),
    "a picture within": (f"{PICTURE}15900000", "USD 15900000"),
    "a picture before": (f"</text:p>{PICTURE}<text:p>15900000", "USD 15900000"),
}


@pytest.mark.parametrize(("words", "expected"), SHOWN.values(), ids=SHOWN)
def test_a_text_is_read_as_it_is_shown(words: str, expected: str) -> None:
    assert said(ods(text(words))) == (expected, [])


def test_a_text_without_a_sign_is_an_empty_cell_and_no_formula() -> None:
    empty = '<table:table-cell office:value-type="string"/>'
    assert said(ods(f"{number()}{empty}")) == ("USD 15900000", [])
    alone = '<table:table-cell office:value-type="string" office:string-value="USD 15900000"/>'
    assert said(ods(alone)) == ("USD 15900000", [])


@pytest.mark.parametrize("value", ["1_0", "\uff11\uff15", "\u0661\u0665", "nan", "inf", "1e999", "", "0x1"])
def test_a_cell_for_a_number_that_holds_none_is_refused(value: str) -> None:
    _, problems = tree_of(ods(number(value)), "r.ods")
    assert [(one.code, "a cell for a number holds" in one.why) for one in problems] == [("R140", True)]


def styled(of_number: str, more: str = "") -> str:
    """The style `ce1` of cells, whose numbers have the style `N1`."""
    cells = f'<style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1">{more}'
    return f"{of_number}{cells}</style:style>"


PLAIN, PART = "<number:number/>", '<number:number-style style:name="{}">{}</number:number-style>'
MAP = '<style:map style:condition="{}" style:apply-style-name="{}"/>'
NEGATIVE = f"<number:text>-</number:text>{PLAIN}" + MAP.format("value()&gt;=0", "N1P0")
DOLLARS = "<number:currency-symbol>$</number:currency-symbol>"
THOUSANDS = '<number:number number:display-factor="1000"/>'
OF_THREE = MAP.format("value()&gt;0", "N1P0") + MAP.format("value()&lt;0", "N1P1")
CE1 = ' table:style-name="ce1"'
FORMATS = {
    "negative numbers in another section": (
        PART.format("N1P0", PLAIN) + PART.format("N1", NEGATIVE),
        number(more=CE1),
        [],
    ),
    "dollars of LibreOffice": (
        PART.format("N1P0", DOLLARS + PLAIN) + PART.format("N1", NEGATIVE.replace(PLAIN, DOLLARS + PLAIN)),
        number(more=f'{CE1} office:currency="USD"', kind="currency"),
        [],
    ),
    "thousands in the section of positive numbers": (
        PART.format("N1P0", PLAIN + "<number:text> k</number:text>") + PART.format("N1", NEGATIVE),
        number(more=CE1),
        [("R148", "Report!B3")],
    ),
    "nothing in the section of positive numbers": (
        PART.format("N1P0", "") + PART.format("N1P1", PLAIN) + PART.format("N1", PLAIN + OF_THREE),
        number(more=CE1),
        [("R150", "Report!B3")],
    ),
    "another condition": (
        PART.format("N1P0", "") + PART.format("N1", PLAIN + MAP.format("value()&gt;1000", "N1P0")),
        number(more=CE1),
        [("R148", "Report!B3")],
    ),
    "thousands of a currency": (
        PART.format("N1", DOLLARS + PLAIN + "<number:text> m</number:text>"),
        number(more=f'{CE1} office:currency="USD"', kind="currency"),
        [("R148", "Report!B3")],
    ),
    "euros in quotes": (
        PART.format("N1", f"{PLAIN}<number:text> \u20ac</number:text>"),
        number(more=CE1),
        [("R156", "Report!B3")],
    ),
    "a text of which nothing is shown": (
        "".join(PART.format(f"N1P{n}", "") for n in range(3))
        + PART.format("N1", OF_THREE + MAP.format("value()=0", "N1P2")).replace("number-style", "text-style"),
        text("15900000").replace("<table:table-cell", f"<table:table-cell{CE1}"),
        [("R150", "Report!B3")],
    ),
}


@pytest.mark.parametrize(("of_number", "cell", "asked"), FORMATS.values(), ids=FORMATS)
def test_a_number_is_judged_by_the_section_that_serves_it(
    of_number: str, cell: str, asked: list[tuple[str, str]]
) -> None:
    assert said(ods(cell, styled(of_number)))[1] == asked


WORD = PART.format("N1", PLAIN + "<number:text> k</number:text>")
CHILD = '<style:style style:name="ce2" style:family="table-cell" style:parent-style-name="ce1"/>'
DEFAULT = ' table:default-cell-style-name="ce1"'
INHERITED = {
    "its column": ods(number(), styled(WORD), f"<table:table-column/><table:table-column{DEFAULT}/>"),
    "its row": ods(number(), styled(WORD), row=DEFAULT),
    "the style that its style is made from": ods(
        number(more=' table:style-name="ce2"'), styled(WORD) + CHILD
    ),
}


@pytest.mark.parametrize("data", INHERITED.values(), ids=INHERITED)
def test_a_number_has_the_format_of(data: bytes) -> None:
    assert said(data)[1] == [("R148", "Report!B3")]


RULE = (
    "<calcext:conditional-formats><calcext:conditional-format calcext:target-range-address="
    '"Report.B3:Report.B3"><calcext:condition calcext:apply-style-name="ce1" calcext:value="&gt;0"/>'
    "</calcext:conditional-format></calcext:conditional-formats>"
)
OWN = '<style:style style:name="ce3" style:family="table-cell">{}</style:style>'


def test_a_rule_that_may_show_a_figure_otherwise_is_asked_about() -> None:
    asked = [("R148", "Report!B3")]
    assert said(ods(number(), styled(WORD), rules=RULE))[1] == asked
    assert said(ods(number(), styled(WORD), rules=RULE.replace("B3", "B4")))[1] == []
    assert said(ods(number(), styled(PART.format("N1", PLAIN)), rules=RULE))[1] == []
    own = OWN.format(MAP.format("cell-content()&gt;0", "ce1"))
    assert said(ods(number(more=' table:style-name="ce3"'), styled(WORD) + own))[1] == asked


def drawn(family: str, size: str) -> str:
    properties = f'<style:table-{family}-properties style:{size}="0in"/>'
    return f'<style:style style:name="x" style:family="table-{family}">{properties}</style:style>'


NARROW = '<table:table-column/><table:table-column table:style-name="x"/>'
GROUP = (
    '<table:table-column/><table:table-column-group table:display="false"><table:table-column/>'
    "</table:table-column-group>"
)
UNSEEN = {
    "a column drawn to nothing": ods(number(), drawn("column", "column-width"), NARROW),
    "a row drawn to nothing": ods(number(), drawn("row", "row-height"), row=' table:style-name="x"'),
    "a column of a closed group": ods(number(), columns=GROUP),
}


@pytest.mark.parametrize("data", UNSEEN.values(), ids=UNSEEN)
def test_a_figure_that_nobody_sees_is_asked_about(data: bytes) -> None:
    assert ("R150", "Report!B3") in said(data)[1]
