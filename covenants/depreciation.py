"""Rental depreciation since a reference date, against the curve agreed at closing (WP eq. 1, §4.1).

The ruling is `rulings.md` 15.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Tag, model_validator

from engine.basics.values import defined
from engine.determination.scenario import Scenario
from engine.determination.template import (
    SINCE_2,
    DateKind,
    Day,
    ElectiveClause,
    Fact,
    Facts,
    Figure,
    Measurement,
    Missing,
    PartOf,
    Step,
    Template,
    Unit,
    failing,
    refusal,
    step,
    written,
)


class CurvePoint(Fact):
    """One point of the agreed curve: by this date the rate may have fallen by so much."""

    on: Day
    at_most: PartOf


def _kind_of_curve(value: Any) -> str:
    # The value is a plain block when a file is read, and an object when terms are validated again.
    return "scenario" if isinstance(value, dict | Scenario) else "points"


class Depreciation(ElectiveClause):
    """The terms of a depreciation test.

    The curve says by how much the rate may have fallen by a date, as a share. It is a list of points, with
    steps or straight lines between them, or a scenario of the paper.
    """

    template: Literal["depreciation"]
    tested_on: ClassVar[DateKind] = "publication dates"
    on_one_index: ClassVar[bool] = True
    since: Literal["closing date", "first publication"]
    between: Annotated[Literal["steps", "straight lines"] | None, SINCE_2] = None
    """How a curve of points is read from one to the next (`rulings.md` 50)."""
    curve: Annotated[
        Annotated[tuple[CurvePoint, ...], Tag("points")] | Annotated[Scenario, Tag("scenario")],
        Discriminator(_kind_of_curve),
    ]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if isinstance(self.curve, Scenario):
            if self.between is not None:
                why = "a scenario has its own `shape`"
                raise refusal("D562", "`between` is of no use here", why, "remove `between:`", "between")
            return self
        days = [point.on for point in self.curve]
        # The set finds a date that stands twice, which sorting alone lets pass.
        if len(days) < 1 or days != sorted(set(days)):
            why = "the curve is read from one date to the next"
            raise refusal(
                "D117",
                "the points of the curve are not in the order of their dates",
                why,
                "sort them, each date once",
                "curve",
            )
        return self


def _allowed(terms: Depreciation, facts: Facts, since: date) -> tuple[Fraction, str]:
    """Return the depreciation that the curve allows on this date, and in words how the curve was read.

    Under straight lines nothing is allowed at the reference date itself. Under steps the newest point on or
    before the date decides. Raises Missing after the last point of straight lines, and before the first point
    of steps.
    """
    if isinstance(terms.curve, Scenario):
        days = (facts.on - since).days
        return 1 - terms.curve.left(since, facts.on), f"{terms.curve}, {days} days"
    if terms.between == "steps":
        reached = [point for point in terms.curve if point.on <= facts.on]
        if not reached:
            raise Missing(f"the agreed curve begins on {terms.curve[0].on}", terms.cite, "term")
        return reached[-1].at_most, f"{written(reached[-1].at_most, Unit.SHARE)} from {reached[-1].on}"
    # A point on or before the reference date would stand before the zero from which the lines start.
    points = ((since, Fraction(0)), *((point.on, point.at_most) for point in terms.curve if point.on > since))
    # `>=` and not `>`: on the date of the last point the curve still says what it allows.
    after = next((number for number, (day, _) in enumerate(points) if day >= facts.on), None)
    if after is None:
        raise Missing(f"the agreed curve ends on {points[-1][0]}", terms.cite, "term")
    if after == 0:
        return Fraction(0), f"on {since}"
    (first, low), (last, high) = points[after - 1], points[after]
    allowed = low + (high - low) * Fraction((facts.on - first).days, (last - first).days)
    return allowed, f"between {written(low, Unit.SHARE)} on {first} and {written(high, Unit.SHARE)} on {last}"


READ_AS = {
    None: "linear between the agreed points, or the scenario",
    "straight lines": "linear between the agreed points, or the scenario",
    "steps": "the newest agreed point on or before the date",
}


def measure(terms: Depreciation, facts: Facts) -> Measurement:
    """Return the fall of the rate since the reference date against the curve on this date.

    The fall is −(r(t) − r(t0)) / r(t0), where t0 is the reference date.
    """
    index = facts.terms.index_of(terms)
    since, base = facts.rate_since(terms.since, index)
    # A carried rate does not serve: a test on Publication Dates needs the date's own value (rulings 2).
    rate = facts.published_value(index)
    base = facts.nonzero(f"rate of {since}", base, terms.cite)
    fallen = -(rate - base) / base
    allowed, how = _allowed(terms, facts, since)
    facts.term("depreciation allowed", allowed, Unit.SHARE, terms.cite)

    def working() -> tuple[Step, ...]:
        worked = f"−({written(rate, Unit.RATE)} − {written(base, Unit.RATE)}) / {written(base, Unit.RATE)}"
        return (
            step("Allowed by the curve", READ_AS[terms.between], how, allowed, Unit.SHARE),
            step("Measured", f"−(rate − rate of {since}) / rate of {since}", worked, fallen, Unit.SHARE),
        )

    return Measurement(
        Figure(value=fallen, unit=Unit.SHARE), Figure(value=allowed, unit=Unit.SHARE), "at most", working
    )


def reading(terms: Depreciation) -> str:
    """Return the clause in plain English."""
    since, ends = defined(terms.since), ""
    if isinstance(terms.curve, Scenario):
        curve = f"{terms.curve} (implied useful life {terms.curve.useful_lives})"
    elif terms.between == "steps":
        curve = (
            ", ".join(f"{written(point.at_most, Unit.SHARE)} from {point.on}" for point in terms.curve)
            + ", each until the next"
        )
    else:
        points = ", ".join(f"{written(point.at_most, Unit.SHARE)} by {point.on}" for point in terms.curve)
        curve = f"{points}, straight lines between, from 0% at the {since}"
        ends = f"After {terms.curve[-1].on} the test is not determined. "
    return (
        f"On each Publication Date, the fall of the published value since the {since} must be at most what "
        "the agreed curve allows: "
        f"{curve}. {ends}A failure is {terms.failure_is}."
    )


TEMPLATE = Template(
    name="depreciation",
    title="Rental depreciation",
    source="WP §4.1, §6.3",
    terms=Depreciation,
    measure=measure,
    reading=reading,
    breach=failing,
)
