"""The paper's forward scenarios as bands of annual decline, and what a rate becomes under one (WP Table 4; rulings 16)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Literal

from engine.basics.values import Fact

BANDS: dict[str, tuple[Fraction, Fraction]] = {
    "A": (Fraction(15, 100), Fraction(20, 100)),
    "B": (Fraction(30, 100), Fraction(40, 100)),
    "C": (Fraction(50, 100), Fraction(70, 100)),
}
"""Annual rental rate decline, from and to: gradual cascade, accelerated compression, rapid obsolescence."""
USEFUL_LIVES = {"A": "5 to 6 years", "B": "3 to 4 years", "C": "1.5 to 2 years"}
"""The useful rental life that the paper states for each scenario."""
YEAR = 365
DIGITS = 40
"""Digits in which a power is computed: far beyond any that is printed or compared."""


class Scenario(Fact):
    """One path inside the bands: which scenario, which point of its band, which shape; none has a default."""

    scenario: Literal["A", "B", "C"]
    point: Literal["high", "middle", "low"]
    shape: Literal["compound", "straight line"]

    @property
    def decline(self) -> Fraction:
        """The annual decline at the scenario's point."""
        low, high = BANDS[self.scenario]
        return {"low": low, "middle": (low + high) / 2, "high": high}[self.point]

    def remaining(self, days: int) -> Fraction:
        """Return what is left of a rate after so many days; `days` is not negative."""
        if self.shape == "straight line":
            return max(Fraction(0), 1 - self.decline * days / YEAR)
        with localcontext() as context:
            context.prec = DIGITS
            kept = 1 - self.decline
            base = Decimal(kept.numerator) / Decimal(kept.denominator)
            return Fraction((Decimal(days) / YEAR * base.ln()).exp())

    @property
    def implied_life(self) -> str:
        """Years until a fifth of the rate is left (compound) or nothing (straight line), beside the paper's."""
        if self.shape == "straight line":
            return f"{float(1 / self.decline):.1f} years to nothing; the paper says {USEFUL_LIVES[self.scenario]}"
        with localcontext() as context:
            context.prec = DIGITS
            kept = 1 - self.decline
            years = Decimal("0.2").ln() / (Decimal(kept.numerator) / Decimal(kept.denominator)).ln()
        return f"{years:.1f} years to a fifth of the rate; the paper says {USEFUL_LIVES[self.scenario]}"

    def __str__(self) -> str:
        return f"Scenario {self.scenario}, {self.point} of its band ({float(self.decline * 100):g}% a year), {self.shape}"
