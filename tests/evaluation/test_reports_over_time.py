"""What reports say over time: a count governs once given, a month that is missing is a gap, a certified
average is this week's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.basics.calendar import load_calendar
from engine.basics.values import Figure, Unit
from engine.determination.determine import determine
from engine.determination.measure_inputs import Reported
from engine.determination.template import Template
from engine.evaluation.inputs import Inputs, kinds_of
from engine.evaluation.one_date import evaluate
from engine.evaluation.template_facts import template_facts
from engine.events.deal_state import DealState, fold
from engine.events.kinds import ReportReceived
from engine.events.rates import Published
from engine.events.results import Input, TestResult, Verdict
from engine.notices.recompute import facts_again, recomputed
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates
from engine.terms.in_force import TermsInForce
from tests.conftest import DEALS

DAY, WEEK = timedelta(days=1), timedelta(days=7)
USD_16M = {"outstanding_principal": Figure(value=Fraction(16_000_000), unit=Unit.USD)}


def report(end: date, figures: Mapping[str, Figure], days: int = 7, **known: object) -> ReportReceived:
    said = {"as_of": end, "received": end, "document": f"{end}.yaml", "sha256": "", **known}
    return ReportReceived.model_validate(
        {"period_start": end - (days - 1) * DAY, "period_end": end, "figures": figures, **said}
    )


def results(
    deal: Deal, templates: Mapping[str, Template], on: date, rate: str, reports: tuple[ReportReceived, ...]
) -> dict[str, TestResult]:
    """Every test of a date, with one rate on every Publication Date since closing and these reports."""
    state, found = DealState(reports=reports), {}
    for day in (deal.closing_date + n * DAY for n in range(1, (on - deal.closing_date).days + 1)):
        terms = resolve(deal, day)
        calendar = load_calendar(terms.business_days)
        kinds = kinds_of(terms, calendar, day, ())
        if not kinds:
            continue
        dates = tuple(publication_dates(deal.closing_date + DAY, day))
        series = {
            n: tuple(Published(index=n, publication_date=d, value=Decimal(rate)) for d in dates)
            for n in terms.index
        }
        drafts = evaluate(Inputs(day, kinds, terms, templates, calendar, series, state))
        state = fold(drafts, state)
        found = {draft.subject: draft.payload.result for draft in drafts if draft.kind == "tested"}
    return found


def gpus(count: int) -> dict[str, Figure]:
    return {"available.h100.gpus": Figure(value=Fraction(count), unit=Unit.GPUS)}


def test_a_gpu_count_governs_once_given_though_later_reports_are_silent(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    first, on = date(2026, 1, 7), date(2026, 1, 22)
    counted = report(first, {**USD_16M, **gpus(800)})
    silent = (report(first + WEEK, USD_16M), report(first + 2 * WEEK, USD_16M))
    said = results(
        meridian, all_templates, on, "2.0000", (counted, report(first + WEEK, {**USD_16M, **gpus(800)}))
    )["ltv"]
    after = results(meridian, all_templates, on, "2.0000", (counted, *silent))["ltv"]
    before = results(meridian, all_templates, on, "2.0000", silent)["ltv"]
    assert (said.verdict, after.verdict, before.verdict) == (Verdict.FAIL, Verdict.FAIL, Verdict.PASS)
    assert after.measured == said.measured
    (used,) = [one for one in after.inputs if one.name == "available.h100.gpus"]
    assert used.source.as_of == first


def test_the_newest_count_governs_and_a_correction_that_omits_it_keeps_it(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    first, on = date(2026, 1, 7), date(2026, 1, 22)
    reports = (
        report(first, {**USD_16M, **gpus(800)}),
        report(first + WEEK, {**USD_16M, **gpus(900)}),
        report(first + WEEK, USD_16M, corrects=str(first + WEEK), received=first + WEEK + DAY),
    )
    found = results(meridian, all_templates, on, "2.0000", reports)["ltv"]
    assert [one.figure.value for one in found.inputs if one.name == "available.h100.gpus"] == [900]


def test_a_report_serves_to_the_last_day_of_its_age(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """`too_old_after: 14 days`: of Thursday 22 January a report as of the 8th is 14 days old, and one as of
    the 7th is 15.
    """
    on = date(2026, 1, 22)
    last = results(
        meridian,
        all_templates,
        on,
        "2.0000",
        (report(date(2026, 1, 7), {**USD_16M, **gpus(800)}, as_of=date(2026, 1, 8)),),
    )
    old = results(
        meridian, all_templates, on, "2.0000", (report(date(2026, 1, 7), {**USD_16M, **gpus(800)}),)
    )
    assert last["ltv"].verdict is Verdict.FAIL
    assert old["ltv"].verdict is Verdict.NOT_DETERMINED
    assert old["ltv"].reason is not None
    assert "15 days old; more than 14 is too old" in old["ltv"].reason.reason


@pytest.fixture(scope="module")
def summit(load: Callable[[str], Deal]) -> Deal:
    return load((DEALS / "summit-abs-2026-2.yaml").read_text(encoding="utf-8"))


MONTHS = tuple(
    date(2026, month, day) for month, day in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31))
)


def month(end: date, revenue: int = 9_000_000, **known: object) -> ReportReceived:
    amounts = {
        "contracted_revenue": revenue,
        "operating_costs": 1_000_000,
        "debt_service": 4_000_000,
        "outstanding_principal": 60_000_000,
    }
    figures = {name: Figure(value=Fraction(amount), unit=Unit.USD) for name, amount in amounts.items()}
    hours = {"uncontracted_gpu_hours": Figure(value=Fraction(0), unit=Unit.GPU_HOURS)}
    return report(end, {**figures, **hours}, end.day, **{"received": end + 3 * DAY, **known})


def test_a_month_without_its_report_is_a_gap_and_no_older_month_stands_for_it(
    summit: Deal, all_templates: dict[str, Template]
) -> None:
    on = date(2026, 8, 10)
    whole = results(summit, all_templates, on, "1.9000", tuple(month(end) for end in MONTHS))["coverage"]
    assert whole.verdict is Verdict.PASS
    assert {one.name for one in whole.inputs if one.name.startswith("debt_service")} == {
        f"debt_service, month to {end}" for end in MONTHS[-3:]
    }
    gap = results(summit, all_templates, on, "1.9000", tuple(month(end) for end in MONTHS if end.month != 5))[
        "coverage"
    ]
    assert gap.reason is not None
    assert (gap.reason.reason, gap.reason.lacks) == (
        "window not full: no Servicer's report for the month to 2026-05-31",
        "report",
    )
    late = results(summit, all_templates, on, "1.9000", tuple(month(end) for end in MONTHS[:-1]))["coverage"]
    assert late.reason is not None
    assert late.reason.reason == "window not full: no Servicer's report for the month to 2026-07-31"


def test_a_correction_with_another_last_day_counts_once(
    summit: Deal, all_templates: dict[str, Template]
) -> None:
    corrected = month(
        date(2026, 6, 24),
        5_000_000,
        as_of=date(2026, 6, 30),
        received=date(2026, 7, 3),
        corrects="2026-06-30",
    )
    may = month(date(2026, 5, 31), 8_000_000)
    reports = (may, *(month(end) for end in MONTHS if end.month != 5), corrected)
    found = results(summit, all_templates, date(2026, 8, 10), "1.9000", reports)["coverage"]
    assert found.measured is not None
    assert found.measured.value == Fraction(8 + 5 + 9 - 3, 12)


def test_the_report_of_a_longer_month_is_not_the_next_one_s(
    summit: Deal, all_templates: dict[str, Template]
) -> None:
    """May has 31 days and June 30: the report of May is not June's, which is late."""
    found = results(
        summit, all_templates, date(2026, 7, 10), "1.9000", tuple(month(end) for end in MONTHS[:5])
    )["reporting"]
    assert found.verdict is Verdict.FAIL
    assert "not received" in found.steps[0].worked


def test_an_average_certified_for_another_week_is_not_this_week_s(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """A report of last week serves for a fortnight; its trailing average is of four other weeks (`rulings.md`
    13).
    """
    average = {"weighted_average_rental_rate": Figure(value=Fraction(2), unit=Unit.RATE)}
    reports = tuple(report(date(2026, 1, 7) + n * WEEK, average) for n in range(5))
    on = date(2026, 2, 5)
    assert results(meridian, all_templates, on, "2.0000", reports)["rate-floor"].verdict is Verdict.PASS
    stale = results(meridian, all_templates, on, "2.0000", reports[:-1])["rate-floor"]
    assert stale.reason is not None
    assert stale.reason.reason == "window not full: no Servicer's report for the week to 2026-02-04"


def asked_again(result: TestResult, terms: TermsInForce, templates: dict[str, Template]) -> tuple[Input, ...]:
    """What a result's measure asks for, of what a notice carries of it."""
    clause = terms.covenants[result.test]
    facts = facts_again(result, terms, {})
    return determine(result.test, clause, templates[clause.template], facts).inputs


def test_a_result_over_months_comes_out_again_from_its_own_inputs(
    summit: Deal, all_templates: dict[str, Template]
) -> None:
    on = date(2026, 8, 10)
    found = results(summit, all_templates, on, "1.9000", tuple(month(end) for end in MONTHS))["coverage"]
    terms = resolve(summit, on)
    again = recomputed(found, terms, all_templates)
    assert again is not None
    assert (again.measured, again.verdict) == (found.measured, found.verdict)
    assert asked_again(found, terms, all_templates) == found.inputs


def test_a_result_over_weeks_comes_out_again_from_its_own_inputs(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    hours = {
        name: Figure(value=Fraction(150_000), unit=Unit.GPU_HOURS)
        for name in ("rented_gpu_hours", "available_gpu_hours")
    }
    week = {**hours, "weighted_average_rate": Figure(value=Fraction(2), unit=Unit.RATE)}
    figures = {f"rental.h100.{name}": figure for name, figure in week.items()}
    on = date(2026, 2, 5)
    found = results(
        meridian,
        all_templates,
        on,
        "2.0000",
        tuple(report(date(2026, 1, 7) + n * WEEK, figures) for n in range(5)),
    )
    terms = resolve(meridian, on)
    again = recomputed(found["rate-floor"], terms, all_templates)
    assert again is not None
    inputs = asked_again(found["rate-floor"], terms, all_templates)
    assert {one.name for one in inputs} == {one.name for one in found["rate-floor"].inputs}
    assert (again.measured, again.verdict) == (found["rate-floor"].measured, Verdict.PASS)


def test_one_order_says_which_report_is_the_newest_whatever_was_entered_first(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """Entered before the original that came in earlier, a corrected report serves the ratio tests and the
    rent floor alike.
    """
    end, on = date(2026, 1, 14), date(2026, 1, 22)
    original = report(end, USD_16M, document="original")
    corrected = report(end, USD_16M, document="corrected", received=date(2026, 1, 20), corrects=str(end))
    terms = resolve(meridian, on)
    calendar = load_calendar(terms.business_days)
    for entered in ((original, corrected), (corrected, original)):
        state = DealState(reports=entered)
        known = template_facts(
            Inputs(on, kinds_of(terms, calendar, on, ()), terms, all_templates, calendar, {}, state), state
        )
        (window,) = [reported for last, reported in known.windows if last == end]
        assert isinstance(known.report, Reported)
        assert window is not None
        assert (known.report.source.text, window.source.text) == ("Servicer's report corrected",) * 2
