"""A rental tape that says its days gives the rent of whole Calculation Windows, whatever period its report is
of (`rulings.md` 47).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.basics.errors import Problem
from engine.determination.template import Template
from engine.events.kinds import ReportReceived, as_received
from engine.events.results import TestResult as Result
from engine.servicer_report.read_report import read_report
from engine.servicer_report.received_file import open_report
from engine.terms.as_written import Deal, calendar_on, resolve
from tests.evaluation.desk_history import DAY, Desk, at

WEEKLY = "determination_dates: {every: Thursday, if_not_a_business_day: same day, cite:"
MONTHLY = "determination_dates: {every: month, day: 15, if_not_a_business_day: next business day, cite:"
ON = date(2026, 5, 15)
"""Its four Calculation Windows are 16 April to 13 May: of two months."""
RATES = {date(2026, 1, 8) + n * timedelta(weeks=1): Decimal("2.00") for n in range(19)}


@pytest.fixture
def deal(load: Callable[[str], Deal], meridian_text: str) -> Deal:
    assert WEEKLY in meridian_text
    return load(meridian_text.replace(WEEKLY, MONTHLY).partition("worked_examples:")[0])


def row(first: date, last: date, rate: str = "1.80") -> str:
    hours = 24_000 * (abs((last - first).days) + 1)
    return f"{{contract: C-1, from: {first}, to: {last}, gpu_hours: {hours}, rate: USD {rate} per GPU-hour}}"


def rows(first: date, last: date, rate: str = "1.80") -> list[str]:
    """One row for each stretch of days in one Calculation Window."""
    found, day = [], first
    while day <= last:
        end = min(last, day + timedelta(days=(2 - day.weekday()) % 7))
        found.append(row(day, end, rate))
        day = end + DAY
    return found


def read(
    deal: Deal, first: date, last: date, tape: list[str], more: str = ""
) -> tuple[ReportReceived | None, list[Problem]]:
    text = f"""deal: {deal.name}
period: {{from: {first}, to: {last}}}
as_of: {last}
outstanding_principal: {{class_a: "USD 15,000,000"}}
rental:
  h100:
    tape: [{", ".join(tape)}]
{more}"""
    opened, problems = open_report(text.encode(), f"{last}.yaml", {})
    assert opened is not None, problems
    report, problems = read_report(opened, resolve(deal, last), last + DAY, calendar_on(deal, last))
    return (None if report is None else as_received(report)), problems


def taken(deal: Deal, first: date, last: date, tape: list[str]) -> ReportReceived:
    report, problems = read(deal, first, last, tape)
    assert report is not None, [one.what for one in problems]
    return report


def floor(deal: Deal, templates: dict[str, Template], *reports: ReportReceived) -> Result:
    desk = Desk(deal, templates, RATES)
    for report in reports:
        desk.enter(report)
    desk.run(at(f"{ON} 23:00"))
    return desk.tested[ON, "rate-floor"].result


APRIL, MAY = (date(2026, 4, 1), date(2026, 4, 30)), (date(2026, 5, 1), date(2026, 5, 13))


def test_two_months_with_days_determine_four_weeks_that_cross_them(
    deal: Deal, all_templates: dict[str, Template]
) -> None:
    """28 days at 24,000 hours: 1.80 in April, 1.50 from 1 May on, by hand: (15 x 1.80 + 13 x 1.50) / 28 /
    2.00.
    """
    result = floor(
        deal, all_templates, taken(deal, *APRIL, rows(*APRIL)), taken(deal, *MAY, rows(*MAY, "1.50"))
    )
    assert result.measured is not None, result.reason
    assert result.measured.value == (15 * Fraction("1.80") + 13 * Fraction("1.50")) / 28 / 2


def test_without_days_or_without_a_month_it_is_not_determined(
    deal: Deal, all_templates: dict[str, Template]
) -> None:
    undated = ["{contract: C-1, gpu_hours: 300000, rate: USD 1.80 per GPU-hour}"]
    april, may = taken(deal, *APRIL, rows(*APRIL)), taken(deal, *MAY, rows(*MAY))
    for reports in ((april,), (may,), (april, taken(deal, *MAY, undated))):
        result = floor(deal, all_templates, *reports)
        assert result.measured is None
        assert result.reason is not None
        assert "window not full" in result.reason.reason


def test_a_held_figure_of_a_month_is_held_of_its_weeks(
    deal: Deal, all_templates: dict[str, Template]
) -> None:
    april, may = taken(deal, *APRIL, rows(*APRIL)), taken(deal, *MAY, rows(*MAY))
    name = "rental.h100.weighted_average_rate"
    held = may.model_copy(
        update={"held": {name: "ten times the last"}, "awaiting": {name: may.figures[name]}}
    )
    result = floor(deal, all_templates, april, held)
    assert result.reason is not None
    assert "awaits confirmation" in result.reason.reason


@pytest.mark.parametrize(
    ("tape", "said"),
    [
        ([row(date(2026, 4, 1), date(2026, 4, 9))], "days of two Calculation Windows"),
        ([row(date(2026, 3, 31), date(2026, 4, 1))], "a row is of 2026-03-31 to 2026-04-01"),
        ([row(date(2026, 4, 8), date(2026, 4, 2))], "a row is of 2026-04-08 to 2026-04-02"),
        (
            [*rows(*APRIL), "{contract: C-2, gpu_hours: 1, rate: USD 1.80 per GPU-hour}"],
            "does not say its days",
        ),
        (
            ["{contract: C-2, from: 31.4.2026, gpu_hours: 1, rate: USD 1.80 per GPU-hour}"],
            "days of a row cannot be read",
        ),
    ],
)
def test_days_that_cannot_be_are_refused(tape: list[str], said: str, deal: Deal) -> None:
    report, problems = read(deal, *APRIL, tape)
    assert report is None
    assert any(said in one.what and one.code == "R124" for one in problems), [one.what for one in problems]
