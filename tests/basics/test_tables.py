"""Tables as people send them: lines as an editor counts them, cells that are missing or too many, what is not
a table.
"""

from __future__ import annotations

import pytest

from engine.basics.files import text_of
from engine.basics.tables import Table, read_table


def of(text: str) -> Table:
    table, problems = read_table(text, "t.csv")
    assert table is not None
    assert problems == []
    return table


def test_a_row_stands_at_the_line_on_which_it_begins() -> None:
    table = of('name,said\n\na,"over\ntwo lines"\nb,once\n')
    assert [(row.line, row.cells["name"]) for row in table.rows] == [(3, "a"), (5, "b")]


def test_a_missing_cell_is_empty_and_one_too_many_is_kept_apart() -> None:
    first, second = of("name,said\na\nb,c,d,e\n").rows
    assert (dict(first.cells), first.beyond) == ({"name": "a", "said": ""}, ())
    assert (dict(second.cells), second.beyond) == ({"name": "b", "said": "c"}, ("d", "e"))


def test_a_mark_of_byte_order_and_the_lines_of_windows_change_nothing() -> None:
    assert of("\ufeffname,said\r\na,b\r\n") == of("name,said\na,b\n")


def test_an_empty_text_is_a_table_without_columns() -> None:
    assert of("") == Table((), ())


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (f"name,said\na,b\nc,{'x' * 140_000}\n", "Y120", 3),
        ('name,said\n"a","b\n', "Y120", 2),
        ("name,said,name\n", "Y121", 1),
    ],
    ids=["a cell too long", "an open quote", "a column twice"],
)
def test_what_is_no_table_is_a_problem_at_its_line(text: str, code: str, line: int) -> None:
    table, problems = read_table(text, "t.csv")
    assert table is None
    assert [(problem.code, problem.place.line) for problem in problems] == [(code, line)]


def test_a_bare_carriage_return_ends_a_row_as_any_line_end_does() -> None:
    table, problems = read_table("name,said\na,b\rc,d\r\ne,f\n", "t.csv")
    assert table is not None
    assert problems == []
    assert [(row.line, row.cells) for row in table.rows] == [
        (2, {"name": "a", "said": "b"}),
        (3, {"name": "c", "said": "d"}),
        (4, {"name": "e", "said": "f"}),
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("date;value;source\r\n2026-01-08;2,10;a page\r\n", 1, 5, "semicolons"),
        ("\ufeffdate\tvalue\tsource\r\n2026-01-08\t2.10\ta page\r\n", 1, 5, "tabs"),
        ("\n\ndate|value\n2026-01-08|2.10\n", 3, 5, "upright strokes"),
        ('"date";"value, in USD";"source"\n', 1, 7, "semicolons"),
        ("sep=;\ndate;value\n", 2, 5, "semicolons"),
    ],
    ids=["semicolons", "tabs", "strokes", "quoted names", "a hint of Excel"],
)
def test_a_table_whose_cells_are_not_apart_by_commas_says_so_and_how_to_save_it(
    text: str, line: int, column: int, said: str
) -> None:
    table, problems = read_table(text, "t.csv")
    assert table is None
    (problem,) = problems
    assert (problem.code, problem.place.line, problem.place.column) == ("Y122", line, column)
    assert problem.what == f"{said} separate the cells, not commas"
    assert "CSV UTF-8 (comma delimited)" in problem.fix


def test_the_hint_that_excel_puts_above_a_table_is_passed_over() -> None:
    assert [(row.line, row.cells) for row in of("sep=,\r\nname,said\r\na,b\r\n").rows] == [
        (3, {"name": "a", "said": "b"})
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_the_unicode_text_of_excel_is_named_and_not_called_a_control_character(encoding: str) -> None:
    table, problems = read_table(text_of("date\tvalue\r\n2026-01-08\t2.10\r\n".encode(encoding)), "t.csv")
    assert table is None
    (problem,) = problems
    assert (problem.code, problem.place.line, problem.place.column) == ("Y105", 1, 1)
    assert problem.what == "the file is UTF-16 and not UTF-8"
    assert "`Unicode Text`" in problem.why
    assert "CSV UTF-8" in problem.fix
