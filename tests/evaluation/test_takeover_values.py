"""A number of a `takeover` block is written in decimals, exactly where that has an end."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.evaluation.takeover_values import plain_number


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Fraction(5), "5"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(1, 10**20), f"0.{'0' * 19}1"),
        (Fraction(1, 10**400), f"0.{'0' * 399}1"),
        (Fraction(2, 3), "0.666666666666667"),
        (Fraction(-2, 3), "-0.666666666666667"),
        (1 + Fraction(1, 10**401), "1.000000000000000"),
    ],
    ids=["whole", "eighths", "20 decimals", "400 decimals", "two thirds", "less two thirds", "401 decimals"],
)
def test_a_number_is_exact_or_rounded(value: Fraction, written: str) -> None:
    assert plain_number(value) == written
