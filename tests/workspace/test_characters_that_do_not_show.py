"""A character that does not show is refused at its place in every text that decides something, comments
included (`rulings.md` 69).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.files import STRANGE, strange
from engine.basics.inert import ACTIVE
from engine.basics.tables import read_table
from engine.market.offer_table import TableRefused, read_offer_table
from engine.market.quality.capital_costs import read_costs
from engine.notices.trust_policy import read_policy
from engine.servicer_report.received_file import open_report, tree_of
from engine.terms.source import parse
from engine.workspace.workspace import SETTINGS, opened

UNSEEN = {
    "right-to-left override": "\u202e",
    "left-to-right isolate": "\u2066",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "word joiner": "\u2060",
    "a byte order mark inside": "\ufeff",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "next line": "\x85",
    "control sequence introducer": "\x9b",
    "escape": "\x1b",
    "vertical tab": "\x0b",
    "form feed": "\x0c",
    "file separator": "\x1c",
    "a tag": "\U000e0041",
    "soft hyphen": "\xad",
    "combining grapheme joiner": "\u034f",
    "Hangul filler at the beginning of a syllable": "\u115f",
    "Hangul filler": "\u3164",
    "Hangul filler of half width": "\uffa0",
    "Mongolian vowel separator": "\u180e",
    "Khmer vowel that does not show": "\u17b4",
    "Braille pattern without a dot": "\u2800",
    "a hieroglyph that is blank": "\U00013441",
    "Khitan filler": "\U00016fe4",
    "a note without a head": "\U0001d159",
    "shorthand format": "\U0001bca0",
    "the beginning of a beam": "\U0001d173",
    "reserved for what is ignored": "\ufff0",
}
every = pytest.mark.parametrize("sign", UNSEEN.values(), ids=UNSEEN)


@every
def test_a_comment_in_yaml(sign: str) -> None:
    """A deal file and its worked examples; a line separator in a comment would begin a term of the deal."""
    tree, problems = parse(f"deal: a\n# paid{sign}limit: 50%\nlimit: 65%\n", "deal.yaml")
    assert tree is None
    assert [(p.code, p.place.line, p.place.column) for p in problems] == [("Y104", 2, 7)]


@every
def test_a_comment_in_a_report(sign: str) -> None:
    report = f"deal: a\n# paid{sign}as_of: 2026-01-07\n".encode()
    received, problems = open_report(report, "report.yaml", {})
    assert received is None
    assert [(p.code, p.place.line, p.place.column) for p in problems] == [("Y104", 2, 7)]


@every
def test_a_report_as_a_table(sign: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        text = f"figure,value\ndeal,a\nsource,cash{sign}book\n"
        tree, problems = tree_of(text.encode(encoding), "report.csv")
        assert tree is None
        assert [(p.code, p.place.line, p.place.column) for p in problems] == [("Y104", 3, 12)]


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\u2028"])
def test_a_cell_of_a_workbook(sign: str) -> None:
    book = openpyxl.Workbook()
    for row in (("figure", "value", "source"), ("deal", "a"), ("collections", 5, f"cash{sign}book")):
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    _, problems = tree_of(file.getvalue(), "report.xlsx")
    assert [(p.code, p.place.cell) for p in problems] == [("Y104", "Sheet!C3")]


@every
def test_a_table_of_rates_or_of_offers(sign: str) -> None:
    table, problems = read_table(f"date,value\n2026-01-08,2{sign}\n", "t.csv")
    assert table is None
    assert [(p.code, p.place.line, p.place.column) for p in problems] == [("Y104", 2, 13)]
    with pytest.raises(TableRefused, match=r"offers\.csv:2:13"):
        read_offer_table(f"date,value\n2026-01-08,2{sign}\n".encode(), "offers.csv")


@every
@pytest.mark.parametrize(
    ("name", "reader"),
    [("policy.toml", read_policy), ("costs.toml", read_costs), (SETTINGS, lambda at: opened(at.parent))],
    ids=["policy", "costs", "settings"],
)
def test_a_comment_in_toml(tmp_path: Path, sign: str, name: str, reader: Callable[[Path], object]) -> None:
    path = tmp_path / name
    path.write_bytes(f"# trusts{sign}nobody\n".encode())
    with pytest.raises((InputProblems, WrongUsage)) as refused:
        reader(path)
    said = refused.value.problems[0].why if isinstance(refused.value, InputProblems) else str(refused.value)
    assert (
        f"line 1, column 9: {strange(sign + ' ' if sign != chr(0xFEFF) else ' ' + sign, '')[0].what}" in said
    )


ESCAPES = ["\\u202e", "\\u001b[31m", "\\u200b", "\\u0000"]


@pytest.mark.parametrize("escape", ESCAPES)
def test_an_escape_in_a_report(escape: str) -> None:
    for text, place in (
        (f'deal: a\nsource: "cash{escape}book"\n', (2, 9)),
        (f'deal: a\n"sour{escape}ce": b\n', (1, 1)),
        (f'deal: a\ncertificates: {{h100: [{{serial: "S{escape}N"}}]}}\n', (2, 22)),
    ):
        received, problems = open_report(text.encode(), "report.yaml", {})
        assert received is None
        assert [(one.code, (one.place.line, one.place.column)) for one in problems] == [("Y104", place)]


@pytest.mark.parametrize("escape", [one for one in ESCAPES if one != "\\u0000"])
@pytest.mark.parametrize("line", ['operator = "A{}B"', '[people."A{}B"]\nacts_for = ["servicer"]'])
def test_an_escape_in_settings(tmp_path: Path, escape: str, line: str) -> None:
    (tmp_path / SETTINGS).write_text(f"{line.format(escape)}\n", encoding="utf-8")
    with pytest.raises(InputProblems) as refused:
        opened(tmp_path)
    assert "character" in refused.value.problems[0].why


JOINS = "\u200c\u200d"
"""What several languages join or part their letters with."""
SHOWS = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001345f]")
"""Signs of formatting that have a shape of their own, before or around numbers and hieroglyphs."""


def test_every_sign_of_formatting_without_a_shape_is_refused() -> None:
    signs = [chr(n) for n in range(0x110000) if unicodedata.category(chr(n)) == "Cf"]
    taken = [sign for sign in signs if not strange(f"a{sign}", "f") and not SHOWS.match(sign)]
    assert "".join(taken) == JOINS


def test_what_a_text_that_decides_may_not_hold_is_an_escape_where_it_is_printed() -> None:
    every_sign = "".join(map(chr, range(0x110000)))
    shown = set(STRANGE.findall(every_sign)) - set(ACTIVE.findall(every_sign))
    assert shown == {"\N{REPLACEMENT CHARACTER}"}  # which stands for a sign that was there


def test_letters_of_every_language_and_emoji_are_taken_in_a_comment() -> None:
    for text in ("Señor Müller § 4 “x”", "東京 株式会社", "دفتر النقد", "नमस्ते क्\u200dष", "ok ☎\ufe0f"):
        tree, problems = parse(f"# {text}\ndeal: a\n", "deal.yaml")
        assert tree is not None
        assert problems == []
