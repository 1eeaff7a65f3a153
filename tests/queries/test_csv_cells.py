"""A cell of CSV is not a formula, and a figure stays a number."""

from __future__ import annotations

from engine.queries.csv_tables import in_a_cell


def test_a_cell_is_no_formula_and_a_figure_stays_one() -> None:
    said = [in_a_cell(one) for one in ("=1+1", "+49 30", "@SUM", "-1+cmd", "-0.8790", "-12", 5, None, "a\nb")]
    assert said == ["'=1+1", "'+49 30", "'@SUM", "'-1+cmd", "-0.8790", "-12", "5", "", "a b"]


def test_a_formula_in_wide_signs_or_behind_blanks_is_text() -> None:
    for text in ("\uff1d1+1", "\uff0b1", "\uff20SUM", "\uff0d1+cmd", "  =1+1", "\u3000=1+1"):
        assert in_a_cell(text) == f"'{text}"
    assert in_a_cell("2 - 1 = 1") == "2 - 1 = 1"
