"""A limit on figures that the deal declares and the Servicer reports, or on how two of them compare.

The ruling is `rulings.md` 51.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from engine.basics.values import in_words, listed
from engine.determination.template import (
    Declared,
    Facts,
    LimitClause,
    Measured,
    Measurement,
    Missing,
    Remedy,
    Step,
    Template,
    TrailingReports,
    Unit,
    against,
    failing,
    least,
    refusal,
    remedy,
    step,
    unit_of_figure,
    value_of,
    written,
)

Lookup = Callable[[str], Fraction]
"""From the name of a figure to its value in one report. Raises Missing if the report lacks it."""
OF_RATIOS = ("ratio of sums", "mean of ratios", "last")
OF_OTHERS = ("sum", "mean", "last")


class ReportedFigure(LimitClause):
    """The terms of a test of reported figures."""

    template: Literal["reported_figure"]
    on_no_rate: ClassVar[bool] = True
    units: ClassVar[tuple[Unit, ...]] = tuple(Unit)
    measured: Measured
    trailing: TrailingReports | None = None

    @model_validator(mode="after")
    def _brought_together(self) -> Self:
        allowed = OF_RATIOS if self.measured.kind == "ratio" else OF_OTHERS
        if self.trailing is None and self.measured.kind == "ratio":
            why = "of several periods the ratio of sums differs from the mean of ratios"
            fix = (
                "write it like `trailing: {n: 3, as: ratio of sums}`, or `{n: 1, as: last}` for the "
                "newest "
                "report alone"
            )
            raise refusal("D201", "`trailing` is missing", why, fix, "measured")
        if self.trailing is not None and self.trailing.taken_as not in allowed:
            why = f"a {self.measured.kind} is taken as {listed(allowed, 'or')}"
            raise refusal(
                "D562",
                f"`as: {self.trailing.taken_as}` cannot be here",
                why,
                f"write `{allowed[0]}` or another of them",
                "trailing",
            )
        if self.trailing is not None and self.trailing.taken_as == "last" and self.trailing.n > 1:
            raise refusal(
                "D562",
                "`n` is of no use here",
                "the last report is one",
                "write `n: 1`, or how the periods count",
                "trailing",
            )
        return self


def _lookups(terms: ReportedFigure, facts: Facts) -> tuple[Lookup, ...]:
    """Return one lookup for each report of the trailing periods, oldest first.

    If the clause takes the newest report alone, the single lookup reads the report that serves on this date.
    """
    if terms.trailing is None or terms.trailing.taken_as == "last":
        return (facts.figure,)
    return tuple(
        partial(facts.needed_from, end, report) for end, report in facts.trailing_reports(terms.trailing.n)
    )


def measure(terms: ReportedFigure, facts: Facts) -> Measurement:
    """Return the figure, ratio, difference or sum, over the trailing report periods."""
    figures, names = facts.terms.figures, terms.measured.names
    periods = [[value_of(name, figures, given) for name in names] for given in _lookups(terms, facts)]
    if terms.measured.kind == "ratio":
        value = _ratio(terms, names[1], periods)
    else:
        values = [
            parts[0] - parts[1] if terms.measured.kind == "difference" else sum(parts, Fraction(0))
            for parts in periods
        ]
        taken = terms.trailing.taken_as if terms.trailing is not None else "last"
        # Under `last` there is a single value, so the sum is that value.
        value = sum(values, Fraction(0)) / (len(values) if taken == "mean" else 1)
    unit = terms.limit.figure.unit

    def working() -> tuple[Step, ...]:
        sign = {"ratio": " / ", "difference": " − "}.get(terms.measured.kind, " + ")
        return (step("Measured", _formula(terms), _worked(terms, periods, sign, figures), value, unit),)

    return against(terms.limit, value, working)


def _ratio(terms: ReportedFigure, below: str, periods: list[list[Fraction]]) -> Fraction:
    """Return the ratio of the sums of all periods, or the mean of the periods' ratios, as the clause says.

    Raises Missing if a denominator is not above zero.
    """
    each = terms.trailing is not None and terms.trailing.taken_as == "mean of ratios"
    pairs = periods if each else [[sum((period[n] for period in periods), Fraction(0)) for n in (0, 1)]]
    # A negative denominator turns the verdict round, and zero has no ratio (rulings 51).
    if any(second <= 0 for _, second in pairs):
        raise Missing(f"{in_words(below)} is not above zero, so there is no ratio", terms.cite, "report")
    return sum((first / second for first, second in pairs), Fraction(0)) / len(pairs)


def _formula(terms: ReportedFigure) -> str:
    said = str(terms.measured)
    if terms.trailing is None or terms.trailing.taken_as == "last":
        return f"{said}, of the newest report"
    return f"{said}, {terms.trailing.taken_as} of the last {terms.trailing.n} report periods"


def _worked(terms: ReportedFigure, periods: list[list[Fraction]], sign: str, figures: Declared) -> str:
    """Return the figures that were combined, in full, the periods separated by semicolons."""
    units = [unit_of_figure(name, figures) or Unit.COUNT for name in terms.measured.names]
    sums = [sum(column, Fraction(0)) for column in zip(*periods, strict=True)]
    if terms.trailing is not None and terms.trailing.taken_as == "ratio of sums":
        periods = [sums]
    return "; ".join(
        sign.join(written(value, unit) for value, unit in zip(parts, units, strict=True)) for parts in periods
    )


def remedies(terms: ReportedFigure, facts: Facts) -> tuple[Remedy, ...]:
    """Return the equity, rounded up to the cent, that lifts an amount of the newest report to its limit.

    It is empty unless the clause allows an equity cure, its limit is a minimum in USD and it takes one report
    alone.
    """
    taken = terms.trailing.taken_as if terms.trailing is not None else "last"
    up = terms.limit.comparison in ("at least", "more than")
    if (
        terms.cure == "none"
        or "equity" not in terms.cure.cured_by
        or terms.limit.figure.unit is not Unit.USD
        or not up
        or taken != "last"
    ):
        return ()
    amount = least(terms.limit.value - measure(terms, facts).measured.value, 2, terms.limit)
    return (remedy("equity", amount, Unit.USD),)


OVER = {
    "ratio of sums": "each added up over the last {n} report periods",
    "mean of ratios": "as the mean of this ratio in each of the last {n} report periods",
    "sum": "added up over the last {n} report periods",
    "mean": "on average over the last {n} report periods",
}
"""The periods that a measure is taken over, in words, by how the periods are combined."""


def _in_words(terms: ReportedFigure) -> str:
    names = [in_words(name) for name in terms.measured.names]
    joined = {"ratio": " divided by ", "difference": " less "}.get(terms.measured.kind)
    said = f"the sum of {listed(names)}" if joined is None and len(names) > 1 else (joined or "").join(names)
    if terms.trailing is None or terms.trailing.taken_as == "last":
        return f"{said}, by the newest report,"
    return f"{said}, {OVER[terms.trailing.taken_as].format(n=terms.trailing.n)},"


def reading(terms: ReportedFigure) -> str:
    """Return the clause in plain English."""
    return (
        f"Of the figures that the Servicer reports, {_in_words(terms)} must be {terms.limit}. A figure that "
        "a report lacks, and a "
        f"denominator that is not above zero, leave the test not determined. A failure is {terms.failure_is}."
    )


TEMPLATE = Template(
    name="reported_figure",
    title="Reported figure",
    source="rulings 51",
    terms=ReportedFigure,
    measure=measure,
    reading=reading,
    breach=failing,
    remedies=remedies,
)
