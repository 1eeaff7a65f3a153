"""A cell of CSV is not a formula, and a figure stays a number."""

from __future__ import annotations

from engine.queries.csv_tables import in_a_cell


def test_a_cell_is_no_formula_and_a_figure_stays_one() -> None:
    said = [in_a_cell(one) for one in ("=1+1", "+49 30", "@SUM", "-1+cmd", "-0.8790", "-12", 5, None, "a\nb")]
    assert said == ["'=1+1", "'+49 30", "'@SUM", "'-1+cmd", "-0.8790", "-12", "5", "", "a b"]
