"""Weeks are weeks and a period's mean is of its own Publication Dates, on every deal (`rulings.md` 47, 48):
figures by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.determine import determine
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Reported
from engine.determination.template import Template
from engine.events.rates import ReferenceRate
from engine.events.results import Given, Source, TestResult
from engine.foresight.prove import prove
from engine.terms.as_written import Deal, resolve
from engine.terms.clause import Clause

INDEX = "CRI-H100"
FIRST = date(2026, 1, 8)
AVERAGE = "weighted_average_rental_rate"
WEEKLY = "determination_dates: {every: Thursday, if_not_a_business_day: same day, cite:"
MONTHLY = "determination_dates: {every: month, day: 15, if_not_a_business_day: next business day, cite:"
EXAMPLE = """worked_examples:
  - name: The 15th of each month
    first_publication: 2026-01-08
    rates: {CRI-H100: 3.00x13 2.00x8}
    facts: {weighted_average_rental_rate: USD 1.80 per GPU-hour}
    expect:
      - {on: 2026-04-15, test: rate-floor, result: FAIL, measured: 65.455%}
      - {on: 2026-05-15, test: rate-floor, result: PASS, measured: 90%}
"""


@pytest.fixture(scope="module")
def monthly(load: Callable[[str], Deal]) -> Deal:
    from tests.conftest import DEALS

    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")
    assert WEEKLY in text
    return load(text.replace(WEEKLY, MONTHLY).partition("worked_examples:")[0] + EXAMPLE)


def test_four_weeks_of_a_deal_that_is_tested_monthly(
    monthly: Deal, all_templates: dict[str, Template]
) -> None:
    (proof,) = prove(monthly, all_templates)
    assert proof.problems == ()


def rates(
    values: str, carried: int | None = None, without: int | None = None
) -> dict[str, tuple[ReferenceRate, ...]]:
    """One rate per Thursday from the first; one of them carried, or missing."""
    found = []
    for n, value in enumerate(v for part in values.split() for v in _times(part)):
        step = "last published value" if n == carried else "published value"
        rate = None if n == without else Decimal(value)
        found.append(
            ReferenceRate(index=INDEX, on=FIRST + timedelta(weeks=n), value=rate, step=step, cite="x")
        )
    return {INDEX: tuple(found)}


def _times(part: str) -> list[str]:
    value, _, times = part.partition("x")
    return [value] * int(times or 1)


def rate_on(on: date, value: str) -> ReferenceRate:
    return ReferenceRate(
        index=INDEX, on=on, value=Decimal(value), step="published value", cite="x", publication_date=on
    )


def floor(
    deal: Deal,
    templates: dict[str, Template],
    on: date,
    report: Reported,
    known: dict[str, tuple[ReferenceRate, ...]],
) -> TestResult:
    terms = resolve(deal, on)
    clause: Clause = terms.covenants["rate-floor"]
    last = max(FIRST + timedelta(weeks=n) for n in range(60) if FIRST + timedelta(weeks=n) <= on) - timedelta(
        days=1
    )
    windows = tuple((last - timedelta(weeks=n), None) for n in reversed(range(8)))
    today = {name: (*(r for r in found if r.on < on), rate_on(on, "2.00")) for name, found in known.items()}
    facts = Facts(on, terms, today, {}, report, windows)
    return determine("rate-floor", clause, templates[clause.template], facts)


def averaged(days: tuple[date, date], own: tuple[date, date] | None = None) -> Reported:
    figure = Figure(value=Fraction("1.80"), unit=Unit.RATE)
    given = {AVERAGE: Given(period=own)} if own else {}
    return Reported(
        {AVERAGE: figure}, Source(kind="servicer report", text="r", as_of=days[1]), given, period=days
    )


APRIL = date(2026, 4, 15)
MARCH = (date(2026, 3, 1), date(2026, 3, 31))
WINDOW = (date(2026, 3, 12), date(2026, 4, 8))


def test_a_figure_of_its_own_28_days_determines_and_one_of_other_days_does_not(
    monthly: Deal, all_templates: dict[str, Template]
) -> None:
    known = rates("3.00x13 2.00x8")
    good = floor(monthly, all_templates, APRIL, averaged(MARCH, WINDOW), known)
    assert good.measured is not None
    assert good.measured.value == Fraction("1.80") / Fraction("2.75")
    assert floor(monthly, all_templates, APRIL, averaged(WINDOW), known).measured == good.measured
    for report in (averaged(MARCH), averaged(MARCH, (date(2026, 3, 11), date(2026, 4, 7)))):
        other = floor(monthly, all_templates, APRIL, report, known)
        assert other.reason is not None
        assert "the window is 2026-03-12 to 2026-04-08" in other.reason.reason
    assert (
        "`weighted_average_rental_rate` is of 2026-03-01 to 2026-03-31"
        in (
            floor(monthly, all_templates, APRIL, averaged(MARCH), known).reason or pytest.fail("determined")
        ).reason
    )


def test_a_carried_rate_counts_and_a_missing_one_does_not(
    monthly: Deal, all_templates: dict[str, Template]
) -> None:
    report = averaged(WINDOW)
    carried = floor(monthly, all_templates, APRIL, report, rates("2.00x21", carried=12))
    assert carried.measured is not None
    assert carried.measured.value == Fraction(9, 10)
    without = floor(monthly, all_templates, APRIL, report, rates("2.00x21", without=12))
    assert without.reason is not None
    assert without.reason.reason == "window not full: no Reference Rate of CRI-H100 on 2026-04-02"


def test_the_mean_of_a_quarter_is_of_its_thirteen_publication_dates(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """April to June 2026: twelve at 2.00, the last at 1.00: 1.9231."""
    from tests.conftest import DEALS

    deal = load((DEALS / "summit-abs-2026-2.yaml").read_text(encoding="utf-8"))
    on = date(2026, 7, 10)
    terms = resolve(deal, on)
    figures = {
        "contracted_revenue": Figure(value=Fraction(0), unit=Unit.USD),
        "uncontracted_gpu_hours": Figure(value=Fraction(1_000_000), unit=Unit.GPU_HOURS),
        "operating_costs": Figure(value=Fraction(0), unit=Unit.USD),
        "debt_service": Figure(value=Fraction(1_000_000), unit=Unit.USD),
    }
    source = Source(kind="servicer report", text="r", as_of=date(2026, 6, 30))
    ends = [
        (date(2026, 4, 1), date(2026, 4, 30)),
        (date(2026, 5, 1), date(2026, 5, 31)),
        (date(2026, 6, 1), date(2026, 6, 30)),
    ]
    months = tuple((days[1], Reported(figures, source, {}, period=days)) for days in ends)
    known = rates("9.00x12 2.00x12 1.00 9.00 9.00")
    clause = terms.covenants["coverage"]
    facts = Facts(on, terms, {INDEX: (*known[INDEX], rate_on(on, "5.00"))}, {}, months[-1][1], (), months)
    measured = determine("coverage", clause, all_templates[clause.template], facts).measured
    assert measured is not None
    assert measured.value == Fraction(25, 13)
    june = replace(
        months[-1][1], period=(date(2026, 6, 1), date(2026, 6, 24))
    )  # a report's own days, to the 24th
    facts = replace(facts, months=(*months[:-1], (months[-1][0], june)), trace={})
    measured = determine("coverage", clause, all_templates[clause.template], facts).measured
    assert measured is not None
    assert measured.value == 2


def test_check_says_where_no_report_determines_the_test(all_templates: dict[str, Template]) -> None:
    from engine.workspace.deal_files import read_deal
    from tests.conftest import DEALS

    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")
    asked = "servicer_reports: {every: week,"
    assert asked in text
    monthly = read_deal(text.replace(asked, "servicer_reports: {every: month,"), "deal.yaml", all_templates)[
        1
    ]
    assert [one.what for one in monthly if one.code == "W123"] == [
        "no report of a month determines `rate-floor` by itself"
    ]
    assert not [one for one in read_deal(text, "deal.yaml", all_templates)[1] if one.code == "W123"]
