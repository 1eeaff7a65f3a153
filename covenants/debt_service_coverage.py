"""Debt service coverage: cash of the period over the debt service of the period (WP Table 2; rulings 17).

The cash is contracted revenue, plus uncontracted hours at the market's rate, less operating costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import ClassVar, Literal

from engine.determination.template import (
    Facts,
    LimitClause,
    Measurement,
    Missing,
    Months,
    Period,
    Reported,
    Step,
    Template,
    Unit,
    against,
    failing,
    step,
    written,
)

THREE_MONTHS = Period(3, "months")


class DebtServiceCoverage(LimitClause):
    """The terms of a debt service coverage test; the period is in months, three unless written."""

    template: Literal["debt_service_coverage"]
    better: ClassVar[Literal["higher", "lower"] | None] = "higher"
    period: Months = THREE_MONTHS
    may_take_index: ClassVar[bool] = True
    units: ClassVar[tuple[Unit, ...]] = (Unit.MULTIPLE,)


Reports = tuple[tuple[date, Reported], ...]


def _sum(facts: Facts, reports: Reports, name: str) -> Fraction:
    """Return a figure added up over the reports of the period. Raises Missing if one of them lacks it."""
    return sum((facts.needed_from(end, report, name) for end, report in reports), Fraction(0))


def _uncontracted(
    terms: DebtServiceCoverage, facts: Facts, reports: Reports
) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Yield (index, uncontracted GPU-hours, mean Reference Rate of the period) for the pool or each class.

    The hours of the whole pool are used if every report states them and one rate serves the pool. One rate
    serves if the clause names an index, or if all asset classes share one. Otherwise each asset class has its
    own item. Raises Missing if an index has no Reference Rate in the period.
    """
    assets = facts.terms.pledged_assets
    one_rate = terms.index is not None or len({asset.index for asset in assets.values()}) == 1
    # One report without the total would leave its hours out, so then the classes are added up.
    whole = one_rate and all("uncontracted_gpu_hours" in report.figures for _, report in reports)
    own = terms.index or next(iter(assets.values())).index
    named = {own: "uncontracted_gpu_hours"} if whole else {}
    for index, name in named.items() or (
        (asset.index, f"uncontracted_gpu_hours.{key}") for key, asset in assets.items()
    ):
        hours = _sum(facts, reports, name)
        rates = facts.period_rates(index, terms.period)
        if not rates:
            raise Missing(f"no Reference Rate of {index} in the period", terms.cite, "window")
        yield index, hours, sum((rate for _, rate in rates), Fraction(0)) / len(rates)


def measure(terms: DebtServiceCoverage, facts: Facts) -> Measurement:
    """Return the cash of the period over its debt service.

    The ratio is (contracted revenue + uncontracted hours × mean Reference Rate − operating costs) / debt
    service.
    """
    reports = facts.period_reports(terms.period)
    contracted = _sum(facts, reports, "contracted_revenue")
    open_hours = tuple(_uncontracted(terms, facts, reports))
    market = sum((hours * rate for _, hours, rate in open_hours), Fraction(0))
    costs = _sum(facts, reports, "operating_costs")
    service = facts.nonzero("debt service", _sum(facts, reports, "debt_service"), terms.cite)
    available = contracted + market - costs

    def working() -> tuple[Step, ...]:
        hours = " + ".join(
            f"{written(h, Unit.GPU_HOURS)} h × {written(rate, Unit.RATE)} ({index})"
            for index, h, rate in open_hours
        )
        cash = f"{written(contracted, Unit.USD)} + {written(market, Unit.USD)} − {written(costs, Unit.USD)}"
        ratio = f"{written(available, Unit.USD)} / {written(service, Unit.USD)}"
        return (
            step(
                "Uncontracted hours at market",
                "GPU-hours × mean Reference Rate of the period",
                hours,
                market,
                Unit.USD,
            ),
            step(
                "Cash available",
                "contracted revenue + uncontracted − operating costs",
                cash,
                available,
                Unit.USD,
            ),
            step("Measured", "cash available / debt service", ratio, available / service, Unit.MULTIPLE),
        )

    return against(terms.limit, available / service, working)


def reading(terms: DebtServiceCoverage) -> str:
    """Return the clause in plain English."""
    return (
        f"Over the trailing {terms.period}: contracted revenue, plus uncontracted GPU-hours at the mean of "
        "the Reference Rates "
        "determined on the Publication Dates in the days of these reports, less operating costs, divided by "
        "debt service, must be "
        f"{terms.limit}. The figures are those collected, from the Servicer's "
        "reports of the period; a report that is missing leaves the test not determined. A failure is "
        f"{terms.failure_is}."
    )


TEMPLATE = Template(
    name="debt_service_coverage",
    title="Debt service coverage",
    source="WP Table 2",
    terms=DebtServiceCoverage,
    measure=measure,
    reading=reading,
    breach=failing,
)
