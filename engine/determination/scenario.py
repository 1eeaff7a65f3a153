"""The paper's forward scenarios as bands of annual decline, and what a rate becomes under one (WP Table 4).

The ruling is `rulings.md` 16.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import model_validator

from engine.basics.values import Fact
from engine.terms.field_types import SINCE_2
from engine.terms.periods import Day
from engine.terms.phrases import refusal

BANDS: dict[str, tuple[Fraction, Fraction]] = {
    "A": (Fraction(15, 100), Fraction(20, 100)),
    "B": (Fraction(30, 100), Fraction(40, 100)),
    "C": (Fraction(50, 100), Fraction(70, 100)),
}
"""Annual decline of the rental rate, from and to, by scenario.

A is a gradual cascade, B accelerated compression, C rapid obsolescence.
"""
USEFUL_LIVES = {"A": "5 to 6 years", "B": "3 to 4 years", "C": "1.5 to 2 years"}
"""The useful rental life that the paper states for each scenario."""
YEAR = 365
DIGITS = 40
"""The digits to which a power is computed: far more than are printed or compared."""


class Path(Fact):
    """One path inside the bands: its scenario, the point of the band, and the shape.

    None of them has a default.
    """

    scenario: Literal["A", "B", "C"]
    point: Literal["high", "middle", "low"]
    shape: Literal["compound", "straight line"]

    @property
    def decline(self) -> Fraction:
        """The annual decline at the scenario's point of its band."""
        low, high = BANDS[self.scenario]
        return {"low": low, "middle": (low + high) / 2, "high": high}[self.point]

    def remaining(self, days: int) -> Fraction:
        """Return the share of a rate that is left after `days` days, which must not be negative."""
        if self.shape == "straight line":
            return max(Fraction(0), 1 - self.decline * days / YEAR)
        with localcontext() as context:
            context.prec = DIGITS
            kept = 1 - self.decline
            base = Decimal(kept.numerator) / Decimal(kept.denominator)
            return Fraction((Decimal(days) / YEAR * base.ln()).exp())

    @property
    def implied_life(self) -> str:
        """The years until a fifth of the rate is left, beside the useful life that the paper states.

        On a straight line it is the years until nothing is left.
        """
        if self.shape == "straight line":
            return (
                f"{float(1 / self.decline):.1f} years to nothing; the paper says "
                f"{USEFUL_LIVES[self.scenario]}"
            )
        with localcontext() as context:
            context.prec = DIGITS
            kept = 1 - self.decline
            years = Decimal("0.2").ln() / (Decimal(kept.numerator) / Decimal(kept.denominator)).ln()
        return f"{years:.1f} years to a fifth of the rate; the paper says {USEFUL_LIVES[self.scenario]}"

    def __str__(self) -> str:
        return (
            f"Scenario {self.scenario}, {self.point} of its band ({float(self.decline * 100):g}% a "
            "year), "
            f"{self.shape}"
        )


class Switch(Path):
    """The path that a scenario changes to on a date.

    It goes on from what the path before it has left of the rate.
    """

    on: Day


class Scenario(Path):
    """A path inside the bands, and the paths that follow it from their dates on."""

    switches: Annotated[tuple[Switch, ...], SINCE_2] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [switch.on for switch in self.switches]
        # The set refuses a date that stands twice: of two switches on one day the first would never run.
        if days != sorted(set(days)):
            what, why = (
                "the switches of the scenario are not in the order of their dates",
                "each goes on from the one before",
            )
            raise refusal("D117", what, why, "sort them, each date once", "switches")
        return self

    def left(self, since: date, until: date) -> Fraction:
        """Return the share of a rate of `since` that is left on `until`.

        Each path goes on from what the path before it has left.
        """
        kept, path, begun = Fraction(1), Path.model_validate(self.model_dump(exclude={"switches"})), since
        for switch in self.switches:
            # A switch on the last day itself has not taken anything yet.
            if switch.on < until:
                # A switch before the first day changes the path, but the days
                # before it took nothing of this rate.
                kept *= path.remaining(max((switch.on - begun).days, 0))
                path, begun = switch, max(switch.on, since)
        return kept * path.remaining((until - begun).days)

    @property
    def useful_lives(self) -> str:
        """The useful life that each path implies, in their order."""
        return ", then ".join(path.implied_life for path in (self, *self.switches))

    def __str__(self) -> str:
        return "; ".join((super().__str__(), *(f"from {switch.on} {switch}" for switch in self.switches)))
