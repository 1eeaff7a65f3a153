"""CSV as people save it: by comma, semicolon or tab, in any encoding of a spreadsheet, with a title above."""

from __future__ import annotations

import pytest

from engine.basics.errors import Problem
from engine.servicer_report.received_file import tree_of

ROWS = [
    ["figure", "value", "as_of", "source"],
    ["deal", "meridian-2026-1"],
    ["period.from", "2026-01-01"],
    ["period.to", "2026-01-07"],
    ["as_of", "2026-01-07"],
    ["outstanding_principal.class_a", "15900000"],
    ["rental.h100.weighted_average_rate", "1.92"],
]


def text(separator: str = ",", ending: str = "\r\n", **changed: str) -> str:
    """The report with one value changed by the last part of its name."""
    rows = [[row[0], changed.get(row[0].rpartition(".")[2], row[1]), *row[2:]] for row in ROWS]
    return ending.join(separator.join(row) for row in rows) + ending


TAKEN = [
    ("commas", text().encode()),
    ("semicolons", text(";").encode()),
    ("tabs", text("\t").encode()),
    ("a mark of byte order", text().encode("utf-8-sig")),
    ("UTF-16 and tabs, as Excel's Unicode text", text("\t").encode("utf-16")),
    ("letters of any language", text(";", as_of="2026-01-07;;Büro München").encode()),
    ("a title above", b"Weekly report;;\r\n;;\r\n" + text(";").encode()),
    ("a line that names the separator", b"sep=;\r\n" + text(";").encode()),
    ("line ends of an old Mac", text(ending="\r").encode()),
    (
        "trailing separators and empty lines",
        text(";").replace("\r\n", ";;;\r\n").replace(";;;", ";;", 1).encode() + b";;;\r\n;;;\r\n",
    ),
    ("an amount in quotes", text(class_a='"USD 15,900,000"').encode()),
]


@pytest.mark.parametrize("data", [one[1] for one in TAKEN], ids=[one[0] for one in TAKEN])
def test_the_figures_are_right(data: bytes) -> None:
    tree, problems = tree_of(data, "REPORT.CSV")
    assert [one for one in problems if not one.code.startswith("RW")] == []
    assert tree is not None
    assert tree.get(("outstanding_principal", "class_a")) in ("USD 15900000", "USD 15,900,000")
    assert tree.get(("rental", "h100", "weighted_average_rate")) == "USD 1.92 per GPU-hour"
    assert tree.get(("period", "to")) == "2026-01-07"


def test_a_code_page_of_windows_is_refused_at_its_byte_with_the_fix() -> None:
    data = text(";", as_of="2026-01-07;;Büro München").encode("cp1252")
    line = data[: data.index(b"\xfc")].count(b"\n") + 1
    tree, (problem,) = tree_of(data, "REPORT.CSV")
    assert tree is None
    assert (problem.code, problem.place.line) == ("R159", line)
    assert problem.place.column == data.splitlines()[line - 1].index(b"\xfc") + 1
    assert problem.fix == "save it as `CSV UTF-8 (comma delimited)`"
    assert "0xfc" in problem.why


def wrong(problems: list[Problem]) -> list[tuple[str, int]]:
    return [(one.code, one.place.line) for one in problems if not one.code.startswith("RW")]


ASKED = [
    ("a decimal comma", text(";", weighted_average_rate="1,92"), ("R153", 7)),
    ("a comma that parts thousands or decimals", text(";", class_a="15,900"), ("R153", 6)),
    ("a point that parts thousands or decimals", text(";", class_a="15.900"), ("R153", 6)),
    ("a comma behind a 0", text(class_a='"0,950"'), ("R153", 6)),
    ("commas out of place", text(class_a='"15,90,000"'), ("R153", 6)),
    ("a decimal comma in quotes", text(weighted_average_rate='"1,92"'), ("R153", 7)),
    ("an amount cut at its first comma", text(class_a="USD 15,900,000,2026-01-07,ledger"), ("R105", 6)),
    ("a figure twice", text() + "outstanding_principal.class_a,1\r\n", ("R103", 8)),
    ("a value without a name", text() + ",16000000\r\n", ("R152", 8)),
    ("no head", "principal;15900000\r\n", ("R102", 1)),
]


@pytest.mark.parametrize(("said", "expected"), [one[1:] for one in ASKED], ids=[one[0] for one in ASKED])
def test_what_is_ambiguous_is_asked_with_its_line(said: str, expected: tuple[str, int]) -> None:
    assert expected in wrong(tree_of(said.encode(), "r.csv")[1])


def test_what_is_no_text_is_refused() -> None:
    assert wrong(tree_of(text().encode("utf-16-le"), "r.csv")[1]) == [("R159", 1)]
    assert wrong(tree_of(b"deal: \xe9\n", "r.yaml")[1]) == [("R159", 1)]


def test_a_number_keeps_all_its_digits() -> None:
    long = "15900000." + "1" * 40
    tree, problems = tree_of(text(class_a=long).encode(), "r.csv")
    assert wrong(problems) == []
    assert tree is not None
    assert tree.get(("outstanding_principal", "class_a")) == f"USD {long}"
