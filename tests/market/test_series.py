"""An administrator's published series: which rows are new, which are Restatements, which are refused at their
place.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.market.administrator_series import SeriesKnown, SeriesQuestions, read_series
from engine.market.index_value import IndexValue

TODAY = date(2026, 3, 6)
NOW = datetime(2026, 3, 6, 18, tzinfo=UTC)
COLUMNS = ("publication_date", "value", "low_confidence", "observations", "methodology_version")


def series(
    *rows: str, known: dict[date, Any] | None = None, whose: dict[date, date] | None = None
) -> tuple[list[IndexValue], list[tuple[str, int]]]:
    text = "\n".join([",".join(COLUMNS), *rows]) + "\n"
    found = read_series(
        text, "s.csv", "CRI-H100", SeriesKnown(known or {}), NOW, None, SeriesQuestions(whose or {})
    )
    return found.values, [(problem.code, problem.place.line) for problem in found.problems]


def test_a_value_written_with_another_number_of_decimals_is_no_restatement() -> None:
    first, _ = series("2026-03-05,1.735,false,44,1.1.1")
    known = {first[0].publication_date: first[0].model_dump(mode="json")}
    assert series("2026-03-05,1.7350,false,44,1.1.1", known=known) == ([], [])
    friday = {TODAY: date(2026, 3, 5)}
    rows = ("2026-03-05,01.735,false,44,1.1.1", "2026-03-06,1.73500,false,44,1.1.1")
    assert series(*rows, known=known, whose=friday) == ([], [])
    (again,), _ = series("2026-03-05,1.7351,false,44,1.1.1", known=known)
    assert (again.print, again.value) == (2, Decimal("1.7351"))


def test_a_value_and_its_absence_are_two_prints() -> None:
    none, _ = series("2026-03-05,,false,0,1.1.1")
    known = {none[0].publication_date: none[0].model_dump(mode="json")}
    assert series("2026-03-05,,false,0,1.1.1", known=known) == ([], [])
    (late,), _ = series("2026-03-05,1.7350,false,0,1.1.1", known=known)
    assert late.print == 2


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2026-03-05,1.7350,false,\u00b2,1.1.1", "I105"),
        ("2026-03-05,1.7350,false,\u0664,1.1.1", "I105"),
        (f"2026-03-05,1.7350,false,{'9' * 5000},1.1.1", "I105"),
        ("2026-03-05,1.7350,false,-1,1.1.1", "I105"),
        ("2026-03-05,0.0000,false,44,1.1.1", "I103"),
        ("2026-03-05,1e999999,false,44,1.1.1", "I103"),
        ("2026-03-05,NaN,false,44,1.1.1", "I103"),
        ("2026-03-05,\u0661,false,44,1.1.1", "I103"),
        ("0001-01-01,1.7350,false,44,1.1.1", "I102"),
        ("2026-03-07,1.7350,false,44,1.1.1", "I106"),
        ("2099-03-05,1.7350,false,44,1.1.1", "I106"),
    ],
    ids=lambda value: value[:40],
)
def test_a_row_that_cannot_be_is_refused_at_its_place_and_none_is_taken(row: str, code: str) -> None:
    assert series("2026-03-05,1.7350,false,44,1.1.1", row) == ([], [(code, 3)])


@pytest.mark.parametrize(
    "row",
    ["2026-03-05," + "1" * 140_000, '2026-03-05,"1.7350,false,44,1.1.1'],
    ids=["a cell too long", "an open quote"],
)
def test_a_file_that_is_no_table_is_refused_where_it_ceases_to_be_one(row: str) -> None:
    assert series("2026-03-05,1.7350,false,44,1.1.1", row) == ([], [("Y120", 3)])


def test_a_row_of_today_is_taken() -> None:
    (value,), problems = series("2026-03-06,1.7350,false,44,1.1.1", whose={TODAY: date(2026, 3, 5)})
    assert (value.publication_date, value.published_on, problems) == (date(2026, 3, 5), TODAY, [])


def test_a_row_of_a_day_that_is_no_publication_date_is_asked_about() -> None:
    """The Wednesday before Thanksgiving is the Thursday's print, published early: it restates no Thursday
    before.
    """
    assert series("2026-02-26,1.7000,false,40,1.1.1", "2026-03-04,1.7350,false,44,1.1.1") == (
        [],
        [("I107", 3)],
    )
    early = {date(2026, 3, 4): date(2026, 3, 5)}
    values, _ = series("2026-02-26,1.7000,false,40,1.1.1", "2026-03-04,1.7350,false,44,1.1.1", whose=early)
    assert [(one.publication_date, one.print, one.published_on) for one in values] == [
        (date(2026, 2, 26), 1, date(2026, 2, 26)),
        (date(2026, 3, 5), 1, date(2026, 3, 4)),
    ]
