"""Faults of the file itself are reported where a reader would mend them, not where the parser gave up."""

from __future__ import annotations

import pytest

from engine.terms.source import parse


def first(text: str) -> tuple[int, int, str]:
    _, problems = parse(text, "deal.yaml")
    assert len(problems) == 1
    return problems[0].place.line, problems[0].place.column, problems[0].code


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('a: {name: "open, b: 1}\nb: {name: "closed"}\n', (1, 11, "Y100")),
        ('a: 1\nb: "open\nc: 2\n', (2, 4, "Y100")),
        ('a: "two\n  lines"\nb: [1\n', (3, 4, "Y100")),
        ("a:\n  ? [x]\n  : 1\n", (2, 3, "Y114")),
        ("a: {principal: USD 16,000,000, rate: 1}\n", (1, 23, "Y117")),
        ("a: 1\nb: \ufffd\nc: \ufffd\n", (2, 4, "Y105")),
        ("a:\u00a01\nb: 2\n", (1, 3, "Y118")),
        ("a:\n\u00a0\u00a0b: 2\n", (2, 1, "Y118")),
        ("a: 1\u00a0\n", (1, 5, "Y118")),
        ("a\u202f: 1\n", (1, 2, "Y118")),
        ("a:\n\tb: 1\n", (2, 1, "Y100")),
        ("a:\n  b: 1\n  \tc: 2\n", (3, 3, "Y100")),
    ],
)
def test_a_fault_is_placed_where_it_is_mended(text: str, where: tuple[int, int, str]) -> None:
    assert first(text) == where


def test_a_file_in_another_encoding_is_one_error(meridian_text: str) -> None:
    read = meridian_text.encode("cp1252").decode("utf-8", errors="replace")
    line, column, code = first(read)
    assert code == "Y105"
    assert meridian_text.splitlines()[line - 1][column - 1] == "§"
    assert first(meridian_text.encode("utf-16").decode("utf-8", errors="replace")) == (1, 1, "Y105")


def test_a_tab_and_a_space_of_a_word_processor_are_named_for_what_they_are() -> None:
    _, (tab,) = parse("a:\n\tb: 1\n", "deal.yaml")
    assert (tab.what, tab.fix) == ("not readable as YAML: a tab indents the line", "indent with spaces")
    _, (wide,) = parse("a:\u00a01\nb: 2\n", "deal.yaml")
    assert wide.what == "a space that looks plain and is another character (U+00A0)"
    assert wide.fix == "write a plain space"


def test_a_no_break_space_inside_a_text_is_part_of_it() -> None:
    tree, problems = parse('a: on 12\u00a0March\nb: "titre\u00a0: x "\nc: "\u00a0x"\n', "deal.yaml")
    assert problems == []
    assert tree is not None
    assert tree.data == {"a": "on 12\u00a0March", "b": "titre\u00a0: x ", "c": "\u00a0x"}
