"""How figures print: exactly, whatever the number of digits (`rulings.md` 18)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from engine.basics.values import Figure, Unit, printed, printed_apart, rounded


@pytest.mark.parametrize("power", [5, 27, 28, 35, 60])
def test_a_figure_above_its_limit_by_however_little_prints_above_it(power: int) -> None:
    limit = Figure(value=Fraction(65, 100), unit=Unit.SHARE)
    measured = Figure(value=limit.value + Fraction(1, 10**power), unit=Unit.SHARE)
    with localcontext() as context:
        context.prec = 5  # what prints does not hang on the precision of the moment
        shown = printed_apart(measured, limit)
    assert shown == f"65.{'0' * (power - 3)}1%"


def test_an_equal_figure_prints_as_its_limit_does() -> None:
    limit = Figure(value=Fraction(65, 100), unit=Unit.SHARE)
    assert printed_apart(limit, limit) == printed(limit) == "65.000%"


def test_a_long_amount_keeps_every_digit() -> None:
    whole = 10**30 + 7
    assert printed(Figure(value=Fraction(whole), unit=Unit.USD)) == f"USD {whole:,}.00"
    assert rounded(Fraction(-1, 3), 40) == Decimal("-0." + "3" * 40)
