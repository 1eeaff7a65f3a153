"""Index spread: one index against another, both published on one date (rulings 17).

The two indices may be of two generations of GPU or of two regions.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from engine.determination.template import (
    At,
    DateKind,
    Facts,
    LimitClause,
    Measurement,
    Missing,
    MissingLeg,
    Reference,
    Step,
    Template,
    Unit,
    against,
    failing,
    refusal,
    step,
    written,
)


class IndexSpread(LimitClause):
    """The terms of an index spread; `index` is measured against `against`."""

    template: Literal["index_spread"]
    tested_on: ClassVar[DateKind] = "publication dates"
    index: str
    against: str
    measured_as: Literal["ratio", "difference"] = Field(alias="as")
    missing_leg: MissingLeg
    may_take_index: ClassVar[bool] = True
    units: ClassVar[tuple[Unit, ...]] = (Unit.MULTIPLE, Unit.RATE)

    def refers(self) -> tuple[tuple[str, Reference, str | None], ...]:
        """Return what the clause refers to: the other index, besides what every clause names."""
        return (*super().refers(), ("against", "index", self.against))

    @model_validator(mode="after")
    def _of_two(self) -> Self:
        if self.index == self.against:
            raise refusal(
                "D125",
                f"`{self.index}` is measured against itself",
                "it never moves",
                "name the other index",
                "against",
            )
        return self

    @model_validator(mode="after")
    def _as_the_limit(self) -> Self:
        wanted = Unit.MULTIPLE if self.measured_as == "ratio" else Unit.RATE
        if self.limit.figure.unit is not wanted:
            form = "`at least 1.10x`" if wanted is Unit.MULTIPLE else "`at least USD 0.40 per GPU-hour`"
            why = f"a {self.measured_as} of two rates is counted in {wanted.value}"
            raise refusal(
                "D115",
                f"the limit `{self.limit}` does not fit a {self.measured_as}",
                why,
                f"write it like {form}",
                "limit",
            )
        return self


def _legs(terms: IndexSpread, facts: Facts) -> tuple[Fraction, Fraction]:
    """Return the values of the two indices on this date, the clause's own index first.

    If one of them was not published, the level that the deal names for a missing leg stands in for it. Raises
    Missing if the deal names no such level, or if neither index was published.
    """
    ratios: dict[str, Fraction] = {}
    for index in (terms.index, terms.against):
        try:
            ratios[index] = facts.published_value(index)
        except Missing:
            if not isinstance(terms.missing_leg, At):
                raise
    # A result of two levels from the file would say nothing of this date.
    if not ratios:
        raise Missing(
            f"neither {terms.index} nor {terms.against} was published on {facts.on}", terms.cite, "rate"
        )
    for index in (terms.index, terms.against):
        if index not in ratios and isinstance(terms.missing_leg, At):
            ratios[index] = facts.term(
                f"Level of {index} where it is missing", terms.missing_leg.at, Unit.RATE, terms.cite
            )
    return ratios[terms.index], facts.nonzero(terms.against, ratios[terms.against], terms.cite)


def measure(terms: IndexSpread, facts: Facts) -> Measurement:
    """Return the clause's index over the other as a multiple, or less the other in USD per GPU-hour."""
    own, other = _legs(terms, facts)
    ratio = terms.measured_as == "ratio"
    value = own / other if ratio else own - other
    sign = "/" if ratio else "−"

    def working() -> tuple[Step, ...]:
        worked = f"{written(own, Unit.RATE)} {sign} {written(other, Unit.RATE)}"
        unit = Unit.MULTIPLE if ratio else Unit.RATE
        return (
            step("Measured", f"{terms.index} {sign} {terms.against}, both of this date", worked, value, unit),
        )

    return against(terms.limit, value, working)


def reading(terms: IndexSpread) -> str:
    """Return the clause in plain English."""
    how = "divided by" if terms.measured_as == "ratio" else "less"
    leg = (
        f"{written(terms.missing_leg.at, Unit.RATE)} per GPU-hour stands for it"
        if isinstance(terms.missing_leg, At)
        else "the test is not determined"
    )
    return (
        f"On each Publication Date, {terms.index} {how} {terms.against}, both as published on that date, "
        f"must be {terms.limit}. Where one "
        f"of them was not published, {leg}. A failure is {terms.failure_is}."
    )


TEMPLATE = Template(
    name="index_spread",
    title="Index spread",
    source="WP §6.1, §8.2",
    terms=IndexSpread,
    measure=measure,
    reading=reading,
    breach=failing,
)
