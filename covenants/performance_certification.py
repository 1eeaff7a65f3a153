"""Performance certification: the certified share of the fleet, or its certified performance (WP §9.3).

Performance is measured against the level at origination. The ruling is `rulings.md` 17.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from engine.determination.template import (
    CalendarPeriod,
    Facts,
    LimitClause,
    Measurement,
    Missing,
    Percentage,
    Step,
    Template,
    Unit,
    against,
    earlier,
    failing,
    refusal,
    step,
    written,
)


class PerformanceCertification(LimitClause):
    """The terms of a certification test: the certified share of the fleet, or its certified performance."""

    template: Literal["performance_certification"]
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    on_no_rate: ClassVar[bool] = True
    measured_as: Literal["share of the fleet", "performance against origination"]
    younger_than: CalendarPeriod
    at_origination: Percentage | None = None

    @model_validator(mode="after")
    def _a_level(self) -> Self:
        if self.measured_as == "performance against origination" and not self.at_origination:
            why = "certified performance is measured against it"
            raise refusal(
                "D119",
                "`at_origination` is missing",
                why,
                "write the certified performance at origination",
                "measured_as",
            )
        if self.measured_as == "share of the fleet" and self.at_origination is not None:
            why = "a share of the fleet is measured against no performance"
            raise refusal("D541", "`at_origination` decides nothing here", why, "remove it", "at_origination")
        return self


def _certified(
    terms: PerformanceCertification, facts: Facts, asset: str
) -> Iterator[tuple[date, Fraction, Fraction]]:
    """Yield (day, GPUs, performance) of each certificate of an asset class that is young enough."""
    oldest = earlier(facts.on, terms.younger_than)
    performance = facts.family(f"certified_performance.{asset}")
    for day, gpus in facts.family(f"certified.{asset}").items():
        on = date.fromisoformat(day)
        # `younger than` leaves out the day exactly so old. One of a later day says nothing of this date.
        if oldest < on <= facts.on:
            yield on, gpus, performance.get(day, Fraction(0))


def _of_class(
    terms: PerformanceCertification, facts: Facts, asset: str
) -> tuple[tuple[date, Fraction, Fraction], ...]:
    """Return (day, GPUs, performance) of each certificate of an asset class that is young enough.

    Raises Missing if more GPUs are certified than the class has, because both figures cannot be right.
    """
    reported, there = tuple(_certified(terms, facts, asset)), facts.gpus(asset)
    certified = sum((gpus for _, gpus, _ in reported), Fraction(0))
    if certified > there:
        raise Missing(
            f"{int(certified):,} GPUs of {asset} are certified, the class has {there:,}", terms.cite, "report"
        )
    return reported


def measure(terms: PerformanceCertification, facts: Facts) -> Measurement:
    """Return certified GPUs over all GPUs, or the mean certified performance over the level at origination.

    The terms say which of the two. The mean is weighted by GPUs.
    """
    units = [unit for asset in facts.terms.pledged_assets for unit in _of_class(terms, facts, asset)]
    certified = sum((gpus for _, gpus, _ in units), Fraction(0))
    if terms.measured_as == "share of the fleet":
        fleet = facts.nonzero(
            "fleet", Fraction(sum(facts.gpus(asset) for asset in facts.terms.pledged_assets)), terms.cite
        )
        worked = f"{int(certified):,} / {int(fleet):,} GPUs"
        return _against(
            terms, certified / fleet, "GPUs with a certificate young enough / GPUs of the fleet", worked
        )
    if certified == 0:
        raise Missing(f"no certificate is younger than {terms.younger_than}", terms.cite, "report")
    mean = sum((gpus * performance for _, gpus, performance in units), Fraction(0)) / certified
    # It is never zero: `_a_level` refuses a missing level and a level of zero.
    level = facts.term(
        "performance at origination", terms.at_origination or Fraction(0), Unit.SHARE, terms.cite
    )
    worked = f"{written(mean, Unit.SHARE)} / {written(level, Unit.SHARE)}"
    return _against(
        terms,
        mean / level,
        "mean certified performance, weighted by GPUs / performance at origination",
        worked,
    )


def _against(terms: PerformanceCertification, value: Fraction, formula: str, worked: str) -> Measurement:
    def working() -> tuple[Step, ...]:
        return (step("Measured", formula, worked, value, Unit.SHARE),)

    return against(terms.limit, value, working)


def reading(terms: PerformanceCertification) -> str:
    """Return the clause in plain English."""
    if terms.measured_as == "share of the fleet":
        what = f"The share of the fleet with a performance certificate younger than {terms.younger_than}"
        rest = " A GPU without a certificate counts as uncertified."
    else:
        level = written(terms.at_origination or Fraction(0), Unit.SHARE)
        what = (
            f"The mean performance of certificates younger than {terms.younger_than}, divided by the "
            f"{level} at origination,"
        )
        rest = ""
    return f"{what} must be {terms.limit}.{rest} A failure is {terms.failure_is}."


TEMPLATE = Template(
    name="performance_certification",
    title="Performance certification",
    source="WP §9.3",
    terms=PerformanceCertification,
    measure=measure,
    reading=reading,
    breach=failing,
)
