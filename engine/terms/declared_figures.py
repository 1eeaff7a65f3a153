"""The figures that a deal declares besides those that every report knows, and what is measured of them.

The ruling is `rulings.md` 51.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from engine.basics.values import Fact, Unit
from engine.terms.field_types import CountOfThings
from engine.terms.phrases import field_type, refusal
from engine.terms.report_figures import DECLARED, MONEY, unit_of

FIGURE = r"[a-z][a-z0-9_]*(?:-[a-z0-9_]+)*"
FigureUnit = Literal["USD", "USD per GPU-hour", "GPU-hours", "GPUs", "count", "days", "%", "x"]
Taken = Literal["point in time", "of the period"]
Kind = Literal["figure", "ratio", "difference", "sum"]
OF_REPORTS: Mapping[str, Taken] = {
    **dict.fromkeys(MONEY, "of the period"),
    "outstanding_principal": "point in time",
}
"""The figures that every report knows, which need no declaration, and how each is taken."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What is measured: a figure, the ratio or the difference of two, or the sum of several."""

    kind: Kind
    names: tuple[str, ...]

    def __str__(self) -> str:
        sign = {"ratio": " / ", "difference": " - "}.get(self.kind)
        return (
            f"sum of [{', '.join(self.names)}]"
            if sign is None and len(self.names) > 1
            else (sign or "").join(self.names)
        )


def read_expression(text: str) -> Expression:
    """Return `rented / available`, `cash - drawn`, `sum of [cash, undrawn]` or `cash` as an Expression.

    Raises D131 for any other text.
    """
    listed = re.fullmatch(r"sum of \[([^\[\]]+)\]", text.strip())
    if listed is not None:
        names = tuple(name.strip() for name in listed[1].split(","))
        if len(names) > 1 and all(re.fullmatch(FIGURE, name) for name in names):
            return Expression("sum", names)
    match = re.fullmatch(rf"({FIGURE})(?: ([/-]) ({FIGURE}))?", text.strip())
    # A list of one name, or of wrong ones, is refused and not read as a single figure.
    if match is None or listed is not None:
        why = "it is one figure, the ratio or the difference of two, or the sum of several"
        fix = "write it like `cash`, `rented / available`, `cash - drawn` or `sum of [cash, undrawn]`"
        raise refusal("D131", f"`{text}` is not what can be measured of figures", why, fix)
    if match[2] is None:
        return Expression("figure", (match[1],))
    return Expression("ratio" if match[2] == "/" else "difference", (match[1], match[3]))


Measured = Annotated[
    Expression,
    *field_type(
        read_expression,
        rf"^({FIGURE}( [/-] {FIGURE})?|sum of \[.+\])$",
        "rented / available",
        "measure of figures",
    ),
]


class FigureTerms(Fact):
    """A figure that the deal declares: reported in its own unit, or made of reported figures."""

    unit: FigureUnit | None = None
    taken: Taken | None = None
    made_of: Annotated[Measured | None, Field(alias="is")] = None
    """The sum or the difference of reported figures. A made figure cannot rest on another made figure."""
    cite: str

    @model_validator(mode="after")
    def _reported_or_made(self) -> Self:
        # The three forms exclude each other, so which keys are needed follows from `is`.
        if self.made_of is None:
            for term in ("unit", "taken"):
                if getattr(self, term) is None:
                    why = "a figure that is reported has a unit, and is of a point in time or of the period"
                    raise refusal(
                        "D201",
                        f"`{term}` is missing",
                        why,
                        f"write `{term}:`, or `is:` with what it is made of",
                        "cite",
                    )
        elif self.unit is not None or self.taken is not None:
            term = "unit" if self.unit is not None else "taken"
            raise refusal(
                "D562",
                f"`{term}` is of no use here",
                "it follows from what the figure is made of",
                f"remove `{term}:`",
                term,
            )
        elif self.made_of.kind not in ("sum", "difference"):
            why = (
                "a figure is declared as the sum or the difference of others; a ratio is what a covenant "
                "measures"
            )
            raise refusal(
                "D562",
                f"`{self.made_of}` declares no figure",
                why,
                "write it like `sum of [cash, undrawn]`",
                "is",
            )
        return self


class TrailingReports(Fact):
    """Over how many report periods a measure is taken, and how the periods are combined."""

    n: CountOfThings = 1
    taken_as: Annotated[Literal["ratio of sums", "mean of ratios", "sum", "mean", "last"], Field(alias="as")]


Declared = Mapping[str, FigureTerms]
"""The figures of a deal by name."""


def units_of(figures: Declared) -> dict[str, Unit]:
    """Return the unit of each declared figure that reports give, by the figure's name in a report."""
    return {f"{DECLARED}{name}": Unit(one.unit) for name, one in figures.items() if one.unit is not None}


def reported_name(name: str, figures: Declared) -> str:
    """Return the name of a figure in a report. A declared figure stands in the block `figures`."""
    return f"{DECLARED}{name}" if name in figures else name


def reported_parts(names: Iterable[str], figures: Declared) -> tuple[str, ...]:
    """Return the reported figures that these figures are, or are made of, each once."""
    made = (
        one.made_of.names if (one := figures.get(name)) is not None and one.made_of is not None else (name,)
        for name in names
    )
    return tuple(dict.fromkeys(part for parts in made for part in parts))


def taken_of(name: str, figures: Declared) -> Taken | None:
    """Return how a figure is taken; of a made figure, how its first part is taken.

    The result is None if the figure does not exist.
    """
    first = reported_parts((name,), figures)[0]
    one = figures.get(first)
    return one.taken if one is not None else OF_REPORTS.get(first)


def unit_of_figure(name: str, figures: Declared) -> Unit | None:
    """Return the unit of a figure; of a made figure, the unit of its first part.

    The result is None if the figure does not exist.
    """
    first = reported_parts((name,), figures)[0]
    one = figures.get(first)
    if one is not None:
        return Unit(one.unit) if one.unit is not None else None
    return unit_of(first) if first in OF_REPORTS else None


def value_of(name: str, figures: Declared, given: Callable[[str], Fraction]) -> Fraction:
    """Return a figure's value. `given` returns what a report gives, by the name in the report."""
    one = figures.get(name)
    if one is None or one.made_of is None:
        return given(reported_name(name, figures))
    parts = [given(reported_name(part, figures)) for part in one.made_of.names]
    return parts[0] - parts[1] if one.made_of.kind == "difference" else sum(parts, Fraction(0))


RATES = {(Unit.USD, Unit.GPU_HOURS): Unit.RATE}
THINGS = (Unit.COUNT, Unit.GPUS)


def units_measured(expression: Expression, figures: Declared) -> tuple[Unit, ...]:
    """Return the units that a limit of the expression may have.

    The result is empty if its figures cannot be compared with one another.
    """
    units = [unit_of_figure(name, figures) for name in expression.names]
    first = units[0]
    if first is None or None in units:
        return ()
    if expression.kind != "ratio":
        # The difference of two percentages is counted in points: 5% less 3% is not 2% of anything.
        points = (Unit.POINTS,) if first is Unit.SHARE and expression.kind == "difference" else (first,)
        return points if len(set(units)) == 1 else ()
    second = units[1]
    # Equal units cancel, and the quotient may be written as `120%` or as `1.20x`.
    if first is second:
        return (Unit.SHARE, Unit.MULTIPLE)
    # Money for hours is a price, and every other quotient of two units would have a unit of its own.
    rate = RATES.get((first, second)) if second is not None else None
    return (rate,) if rate is not None else (first,) if second in THINGS else ()
