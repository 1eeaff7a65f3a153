"""The classes of precision at their very bounds (WP Table 6; `rulings.md` 8)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.market.index import class_by_count, class_by_width

STEP = Fraction(1, 10**9)
HIGH, STANDARD, LOW = "High Confidence", "Standard", "Low Confidence"


@pytest.mark.parametrize(("count", "name"), [(1, LOW), (19, LOW), (20, STANDARD), (79, STANDARD), (80, HIGH)])
def test_the_class_by_the_number_of_observations(count: int, name: str) -> None:
    assert class_by_count(count) == name


@pytest.mark.parametrize(
    ("width", "name"),
    [
        (Fraction(4, 100) - STEP, HIGH),
        (Fraction(4, 100), STANDARD),
        (Fraction(15, 100) - STEP, STANDARD),
        (Fraction(15, 100), LOW),
    ],
)
def test_the_class_by_the_measured_width(width: Fraction, name: str) -> None:
    assert class_by_width(width) == name
