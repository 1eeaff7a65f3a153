"""Rental rate floor: what the pool earns per GPU-hour against the Reference Rate (WP §8.1.1; rulings 13)."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from engine.determination.template import (
    Facts,
    Figure,
    LinearForm,
    MaintenanceClause,
    Measurement,
    Missing,
    Percentage,
    Reported,
    Statistic,
    Step,
    Template,
    Told,
    Unit,
    Weeks,
    step,
    written,
)

AVERAGE = "weighted_average_rental_rate"


class RentalRateFloor(MaintenanceClause):
    """The terms of a rental rate floor."""

    template: Literal["rental_rate_floor"]
    on_one_index: ClassVar[bool] = True
    of_weeks: ClassVar[bool] = True
    minimum: Percentage
    trailing_period: Weeks
    weighted_by: Literal["rented GPU-hours", "available GPU-hours"]


def measure(terms: RentalRateFloor, facts: Facts) -> Measurement:
    """Return the trailing weighted average rental rate over the mean Reference Rate of the same weeks."""
    index = facts.terms.index_of(terms)
    weeks = terms.trailing_period.count
    rates = facts.trailing_rates(index, weeks)
    mean = facts.nonzero(
        f"mean of {index}", sum((rate for _, rate in rates), Fraction(0)) / weeks, terms.cite
    )
    rent, how = facts.apart_from_rates(terms, lambda at: _average_rent(terms, at, weeks))
    share = rent / mean

    def working() -> tuple[Step, ...]:
        sum_of = " + ".join(written(rate, Unit.COUNT) for _, rate in rates)
        ratio = f"{written(rent, Unit.RATE)} / {written(mean, Unit.RATE)}"
        return (
            *how,
            step(
                "Mean Reference Rate",
                f"simple mean of {weeks} Publication Dates",
                f"({sum_of}) / {weeks}",
                mean,
                Unit.RATE,
            ),
            step("Measured", "weighted average rental rate / mean Reference Rate", ratio, share, Unit.SHARE),
        )

    return Measurement(
        Figure(value=share, unit=Unit.SHARE),
        Figure(value=terms.minimum, unit=Unit.SHARE),
        "at least",
        working,
    )


def _average_rent(terms: RentalRateFloor, facts: Facts, weeks: int) -> tuple[Fraction, tuple[Step, ...]]:
    """Return the weighted average rental rate and its working.

    The average comes from the report if the report certifies it for this number of weeks. Otherwise it is
    worked out from the revenue and the hours of each week. Raises Missing if a week lacks a figure or no hour
    counts.
    """
    certified = facts.certified(AVERAGE, weeks)
    if certified is not None:
        text = written(certified, Unit.RATE)
        return certified, (
            step("Average rental rate", f"as reported, trailing {weeks} weeks", text, certified, Unit.RATE),
        )
    revenue, hours = Fraction(0), Fraction(0)
    for end, report in facts.window_reports(weeks):
        for asset in facts.terms.pledged_assets:
            rented, rate = (
                facts.needed_from(end, report, f"rental.{asset}.rented_gpu_hours"),
                f"rental.{asset}.weighted_average_rate",
            )
            if (
                rented == 0
            ):  # an idle class earns nothing at any rate, and has none that the Servicer could report
                facts.from_window(end, report, rate)
            else:
                revenue += rented * facts.needed_from(end, report, rate)
            counted = "rented" if terms.weighted_by == "rented GPU-hours" else "available"
            hours += facts.needed_from(end, report, f"rental.{asset}.{counted}_gpu_hours")
    if hours == 0:
        raise Missing(f"no {terms.weighted_by} in the trailing {weeks} weeks", terms.cite, "report")
    rent = revenue / hours
    worked = f"{written(revenue, Unit.USD)} / {written(hours, Unit.GPU_HOURS)} GPU-hours"
    return rent, (
        step("Average rental rate", f"revenue / {terms.weighted_by}, {weeks} weeks", worked, rent, Unit.RATE),
    )


def columns(terms: RentalRateFloor, facts: Facts) -> LinearForm:
    """Return the sum of the trailing Reference Rates, on which the test depends on each path.

    The higher the sum, the lower the measured share.
    """
    count = terms.trailing_period.count
    return LinearForm(((Statistic("sum of rates", facts.terms.index_of(terms), count=count), Fraction(1)),))


def told(terms: RentalRateFloor, facts: Facts) -> Told | None:
    """Return the reported rates of which the average rental rate is made, times the number of weeks.

    The sum of the Reference Rates over it is one over the measured share.
    """
    weeks = terms.trailing_period.count
    if facts.certified(AVERAGE, weeks) is not None:
        of = facts.report.source.as_of if isinstance(facts.report, Reported) else None
        return None if of is None else Told(((AVERAGE, of, Fraction(weeks)),))
    hours, parts = Fraction(0), []
    for end, report in facts.window_reports(weeks):
        for asset in facts.terms.pledged_assets:
            rented = facts.needed_from(end, report, f"rental.{asset}.rented_gpu_hours")
            counted = "rented" if terms.weighted_by == "rented GPU-hours" else "available"
            hours += facts.needed_from(end, report, f"rental.{asset}.{counted}_gpu_hours")
            if report.source.as_of is None:
                return None
            if rented:
                parts.append((f"rental.{asset}.weighted_average_rate", report.source.as_of, rented * weeks))
    return Told(tuple((name, of, weight / hours) for name, of, weight in parts)) if parts and hours else None


def reading(terms: RentalRateFloor) -> str:
    """Return the clause in plain English."""
    idle = (
        "idle hours count at zero"
        if terms.weighted_by == "available GPU-hours"
        else "idle hours do not count"
    )
    return (
        f"Over the trailing {terms.trailing_period}, the revenue of the Pledged GPU Assets divided by their "
        f"{terms.weighted_by} ({idle}) must be at least {written(terms.minimum, Unit.SHARE)} of the simple "
        "mean of the "
        f"Reference Rates determined on the last {terms.trailing_period.count} Publication Dates. Both are "
        "of the same days, the "
        f"Calculation Windows of these dates. Exactly {written(terms.minimum, Unit.SHARE)} passes. A week "
        "without a rate or a report, or "
        "a figure of other days, leaves the test not determined."
    )


TEMPLATE = Template(
    name="rental_rate_floor",
    title="Rental rate floor",
    source="WP §8.1.1",
    terms=RentalRateFloor,
    measure=measure,
    reading=reading,
    columns=columns,
    told=told,
)
