"""How figures print: exactly, whatever the number of digits (`rulings.md` 18)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from pydantic import TypeAdapter, ValidationError

from engine.basics.values import Figure, Stated, Unit, exact_number, printed, printed_apart, rounded


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3/2", Fraction(3, 2)),
        ("-1.50", Fraction(-3, 2)),
        (".5", Fraction(1, 2)),
        ("2.", Fraction(2)),
        ("1.5E+3", Fraction(1500)),
        ("1e-2", Fraction(1, 100)),
        ("1.5e+003", Fraction(1500)),
    ],
)
def test_a_number_is_read_as_it_is_written(text: str, value: Fraction) -> None:
    assert exact_number(text) == value
    assert Figure(value=text, unit=Unit.COUNT).value == value


@pytest.mark.parametrize(
    "text",
    ["1e999999999", "1e-999999999", "1e100", "1/2e9", "١٢", "1_0", " 1", "nan", "inf", "", "1/2/3", "0x1"],
)
def test_a_number_that_no_memory_holds_or_nobody_writes_is_refused(text: str) -> None:
    """Python takes them, and works on the first for hours."""
    with pytest.raises(ValueError, match="is not a number"):
        exact_number(text)
    with pytest.raises(ValidationError):
        Figure(value=text, unit=Unit.COUNT)


@pytest.mark.parametrize(
    "text", ["1e999999999", "1e-999999999", "0E-999999999", "0E+61", "9" * 91, f"0.{'1' * 61}"]
)
def test_a_decimal_of_a_record_is_bounded(text: str) -> None:
    of_record = TypeAdapter(Stated)
    with pytest.raises(ValidationError):
        of_record.validate_python(text)
    assert of_record.validate_python("2.4100") == Decimal("2.41")
