"""Five more clauses of real life, written from the documentation alone, each figure by hand before it was
run.

The clauses are a coverage of trailing quarters, a junior coverage that diverts interest, and a leverage test
that springs on utilisation. A rent floor steps down, and a bulk sale covers two classes.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.template import Template
from engine.events import kinds
from engine.events.draft import Draft
from engine.events.kinds import ReportReceived
from engine.events.rates import Published
from engine.events.results import TestResult, Verdict
from engine.foresight.backtest import History
from engine.foresight.backtest import lived as lived_over
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.prove import moments_of
from engine.workspace.deal_files import read_deal
from tests.terms.said import holds, said
from tests.terms.test_fourteen_clauses import FACTS, covenant, lived, trigger

Templates = dict[str, Template]

# 1. Once a quarter, over the three months before: (700,000 + 300,000 h x mean rate - 200,000) / 800,000 is at least 1.25x. January to
# March at 2.00: 1,100,000 / 800,000 = 1.375x. April to June has thirteen Publication Dates: two at 2.00, eleven at 1.50, mean 20.5 / 13
# = 1.576923, so 973,076.92 / 800,000 = 1.21635x. Fifteen Business Days after Wednesday 15 July end on 5 August.
QUARTERLY_COVERAGE = said(
    covenant(
        "coverage",
        "debt_service_coverage",
        "limit: at least 1.25x",
        "period: 3 months",
        "frequency: first date of each quarter",
        "first_tested: 2026-04-01",
        "cure: {within: 15 business days, after: determination date, cured_by: [equity, retest], cite: CA §8.01}",
        failure="a default",
    ),
    lived(
        "2.00x14 1.50x30",
        'contracted_revenue: "USD 700,000", uncontracted_gpu_hours: "300,000", operating_costs: "USD 200,000", debt_service: "USD 800,000"',
        "on: 2026-04-15, test: coverage, result: PASS, measured: 1.375x, state: COMPLIANT",
        "on: 2026-05-15, test: coverage, state: COMPLIANT, since: 2026-04-15",
        "on: 2026-07-15, test: coverage, result: FAIL, measured: 1.21635x, state: CURE PERIOD, cure_by: 2026-08-05",
        "on: 2026-08-17, test: coverage, state: EVENT OF DEFAULT, since: 2026-08-06",
    ),
)
# 2. Collateral Value over Class A and Class B is at least 120%; while it is not, all excess cash repays Class A. At 2.10 it is 26,214,300 /
# 21,000,000 = 124.830%; at 1.90 it is 23,717,700: 112.941%, and 23,717,700 / 1.2 = 19,764,750 may be owed, 1,235,250 less. It just passes at
# 25,200,000 / 12,483,000 = 2.01875 and so at 2.0188. Excess: 1,000,000 - 200,000 - 100,000 - 100,000 = 600,000, on the Payment Date after
# each Determination Date on which it fails. Then 14,400,000 + 6,000,000 against 2.05: 25,590,150 / 20,400,000 = 125.442%.
DIVERSION = said(
    covenant(
        "junior-coverage",
        "overcollateralization",
        "multiple: 1.5",
        "class: class_b",
        "counted: with senior classes",
        "limit: at least 120%",
    ),
    lived(
        "2.10x6 1.90x8 2.05x9",
        f'{FACTS}, outstanding_principal.class_a: {{2026-01-08: "USD 15,000,000", 2026-04-16: "USD 14,400,000"}}, outstanding_principal.class_b: "USD 6,000,000"',
        "on: 2026-02-17, test: junior-coverage, result: PASS, measured: 124.830%",
        "on: 2026-02-17, trigger: diversion, state: NOT IN EFFECT",
        "on: 2026-03-16, test: junior-coverage, result: FAIL, measured: 112.941%, break_even: USD 2.0188",
        'on: 2026-03-16, test: junior-coverage, to_cure: "USD 1,235,250"',
        "on: 2026-03-16, trigger: diversion, state: IN EFFECT, since: 2026-03-16",
        'on: 2026-04-15, trigger: diversion, swept: "USD 600,000", state: IN EFFECT',
        "on: 2026-05-15, test: junior-coverage, result: PASS, measured: 125.442%",
        'on: 2026-05-15, trigger: diversion, swept: "USD 600,000", state: NOT IN EFFECT',
        "on: 2026-06-15, trigger: diversion, state: NOT IN EFFECT",
    ),
    trigger(
        "diversion",
        "begins: {test: junior-coverage, result: FAIL}",
        "ends: {test: junior-coverage, result: PASS}",
        "consequences: [{kind: cash sweep, effect: Interest that would be paid to Class C repays Class A, sweep: {share: 100%, of: excess cash flow, to: class_a}, cite: CA §5.04}]",
    ),
)
# 3. A leverage test of 60% that is tested only while more than 35% of the commitment is drawn. 6m of 20m is 30%: not tested. 8m is 40%: tested on that
# very day, 16,000,000 / 26,214,300 = 61.035%, cured by 16,000,000 - 60% x 26,214,300 = 271,420 within five Business Days of Monday 16 March.
# 7m is exactly 35%: not tested. 9m is 45%: 15,700,000 / 26,214,300 = 59.891%.
SPRINGING = said(
    covenant(
        "utilisation",
        "reported_figure",
        "measured: drawn / commitment",
        "trailing: {n: 1, as: last}",
        "limit: at most 35%",
    )
    + covenant(
        "leverage",
        "loan_to_value",
        "multiple: 1.5",
        "maximum: 60%",
        "tested_while: {trigger: drawn-enough, state: IN EFFECT, from: the same date, cite: CA §7.02}",
        "cure: {within: 5 business days, after: determination date, cured_by: [prepayment], cite: CA §8.01}",
        failure="a default",
    ),
    lived(
        "2.10x30",
        'figures.commitment: "USD 20,000,000", figures.drawn: {2026-01-08: "USD 6,000,000", 2026-02-19: "USD 8,000,000", 2026-03-19: "USD 7,000,000", 2026-04-16: "USD 9,000,000"}, outstanding_principal: {2026-01-08: "USD 16,000,000", 2026-04-16: "USD 15,700,000"}',
        "on: 2026-02-17, test: utilisation, result: PASS, measured: 30%",
        "on: 2026-02-17, test: leverage, state: SUSPENDED",
        "on: 2026-03-16, trigger: drawn-enough, state: IN EFFECT, since: 2026-03-16",
        'on: 2026-03-16, test: leverage, result: FAIL, measured: 61.035%, to_cure: "USD 271,420", state: CURE PERIOD, cure_by: 2026-03-23',
        "on: 2026-04-15, test: utilisation, result: PASS, measured: 35%",
        "on: 2026-04-15, trigger: drawn-enough, state: NOT IN EFFECT",
        "on: 2026-04-15, test: leverage, state: SUSPENDED",
        "on: 2026-05-15, test: utilisation, result: FAIL, measured: 45%",
        "on: 2026-05-15, test: leverage, result: PASS, measured: 59.891%, state: COMPLIANT",
        acts='    acts: [{on: 2026-03-20, act: cure accepted, clause: leverage, method: prepayment, amount: "USD 271,420", document: Receipt}]\n',
    ),
    trigger(
        "drawn-enough",
        "begins: {test: utilisation, result: FAIL}",
        "ends: {test: utilisation, result: PASS}",
        "consequences: [{kind: other, effect: The leverage test is tested, cite: CA §7.02}]",
    ),
    before="figures:\n  drawn: {unit: USD, taken: point in time, cite: CA §1.01}\n  commitment: {unit: USD, taken: point in time, cite: CA §1.01}\n",
)
# 4. Four weeks of rent at 90% of the index, at 85% from 15 April. On 16 March the weeks to 11 March: 1.80 / 2.00 = 90% exactly. On 15 April the weeks to 8 April:
# rent (3 x 1.80 + 2.00) / 4 = 1.85, rates (3 x 2.00 + 2.40) / 4 = 2.10: 88.095%, which passes at 85% on the day of the step. On 15 May 1.70 / 2.00 = 85%
# exactly. On 15 June 1.69 / 2.00 = 84.5%: ten Business Days after Monday 15 June, Juneteenth left out, end on 30 June.
STEP_DOWN = said(
    covenant(
        "rent-floor",
        "rental_rate_floor",
        "minimum: {2026-01-06: 90%, 2026-04-15: {value: 85%, cite: CA §7.03}}",
        "trailing_period: 4 weeks",
        "weighted_by: rented GPU-hours",
        "cure: {within: 10 business days, after: determination date, cured_by: [retest], cite: CA §8.01}",
        failure="a default",
    ),
    lived(
        "2.00x13 2.40 2.00x20",
        'rental.h100.rented_gpu_hours: "150,000", rental.h100.weighted_average_rate: {2026-01-08: USD 1.80 per GPU-hour, 2026-04-09: USD 2.00 per GPU-hour, 2026-04-16: USD 1.70 per GPU-hour, 2026-05-21: USD 1.69 per GPU-hour}',
        "on: 2026-03-16, test: rent-floor, result: PASS, measured: 90%, limit: 90%",
        "on: 2026-04-15, test: rent-floor, result: PASS, measured: 88.095%, limit: 85%",
        "on: 2026-05-15, test: rent-floor, result: PASS, measured: 85%",
        "on: 2026-06-15, test: rent-floor, result: FAIL, measured: 84.5%, state: CURE PERIOD, cure_by: 2026-06-30",
        "on: 2026-07-15, test: rent-floor, state: EVENT OF DEFAULT, since: 2026-07-01",
    ),
    "",
    ("servicer_reports: {every: month, due", "servicer_reports: {every: week, due"),
)
# 5. A bulk sale at 30% off covers Class A and Class B at least to 105%, on a quote of at most 60 days. 1,000 x 24,000 x 70% = 16,800,000 over 15,000,000 is 112%; at
# 22,000 it is 15,400,000: 102.667%, and 15,400,000 / 1.05 = 14,666,666.66.., so 333,333.34 less; or 350,000 / 15,400 = 22.7, so 23 GPUs more. With 900 GPUs 13,860,000: 92.4%. The last quote is of
# 28 May: on 15 July it is 48 days old, on 17 August 81, which is too old, and the state holds.
BULK_SALE = said(
    covenant(
        "recovery",
        "liquidation_coverage",
        "class: class_b",
        "counted: with senior classes",
        "limit: at least 105%",
        "bulk_discount: 30%",
        "quotes_too_old_after: 60 days",
    ),
    lived(
        "2.00x40",
        'outstanding_principal.class_a: "USD 10,000,000", outstanding_principal.class_b: "USD 5,000,000", resale_quote.h100: {2026-01-08: "USD 24,000", 2026-04-09: "USD 22,000", 2026-06-04: missing}, available.h100.gpus: {2026-01-08: "1,000 GPUs", 2026-05-07: "900 GPUs"}',
        "on: 2026-02-17, test: recovery, result: PASS, measured: 112%",
        'on: 2026-04-15, test: recovery, result: FAIL, measured: 102.667%, to_cure: "USD 333,333.34", state: PENDING',
        "on: 2026-05-15, test: recovery, result: FAIL, measured: 92.4%",
        "on: 2026-07-15, test: recovery, result: FAIL, measured: 92.4%",
        "on: 2026-08-17, test: recovery, result: NOT DETERMINED, state: PENDING",
    ),
)
WRITTEN = {
    "quarterly coverage": QUARTERLY_COVERAGE,
    "junior coverage diverts": DIVERSION,
    "leverage springs on utilisation": SPRINGING,
    "a floor steps down": STEP_DOWN,
    "a bulk sale": BULK_SALE,
}


@pytest.mark.parametrize("clause", WRITTEN)
def test_a_clause_is_written_from_the_documentation_and_gives_its_results(
    all_templates: Templates, clause: str
) -> None:
    assert holds(WRITTEN[clause], all_templates) == []


def test_the_months_since_closing_are_as_many_in_a_run_as_in_an_example(all_templates: Templates) -> None:
    """Reports of January (from the Closing Date), February and March: 150 + 250 + 300 thousand contracted,
    100,000 h each, 50 + 70 + 80 of costs, 800

    of debt service, so 1.375x on 15 April, as in the example. An example left the quarter of closing
    undetermined.
    """
    deal, problems = read_deal(QUARTERLY_COVERAGE, "said.yaml", all_templates)
    assert deal is not None, problems
    first = date(2026, 1, 8)
    rates = tuple(
        Published(
            index="CRI-H100",
            publication_date=(day := first + timedelta(weeks=n)),
            value=Decimal("2.00"),
            published_on=day,
        )
        for n in range(14)
    )
    months = (
        (date(2026, 1, 7), date(2026, 1, 31), 150, 50, 300),
        (date(2026, 2, 1), date(2026, 2, 28), 250, 70, 250),
        (date(2026, 3, 1), date(2026, 3, 31), 300, 80, 250),
    )
    given = tuple(month_report(*month) for month in months)
    drafts = lived_over(
        deal, all_templates, History({"CRI-H100": rates}, given, FactsByDate({}), date(2026, 4, 16))
    )
    (result,) = [
        one.payload.result
        for one in drafts
        if isinstance(one.payload, kinds.Tested) and one.payload.result.test == "coverage"
    ]
    assert (result.on, result.verdict) == (date(2026, 4, 15), Verdict.PASS)
    assert result.measured is not None
    assert result.measured.value == Fraction("1.375")


def month_report(start: date, end: date, contracted: int, costs: int, service: int) -> Draft:
    """A month's report, in thousands of USD, with 100,000 uncontracted hours."""
    thousands = {"contracted_revenue": contracted, "operating_costs": costs, "debt_service": service}
    figures = {
        name: Figure(value=Fraction(amount * 1000), unit=Unit.USD) for name, amount in thousands.items()
    }
    hours = Figure(value=Fraction(100_000), unit=Unit.GPU_HOURS)
    report = ReportReceived(
        period_start=start,
        period_end=end,
        as_of=end,
        received=end + timedelta(days=5),
        document="R",
        sha256="0" * 64,
        figures={**figures, "uncontracted_gpu_hours": hours},
    )
    return Draft(
        kind="report received", subject=f"report {end}", effective_on=report.received, payload=report
    )


def result_on(text: str, on: date, test: str, templates: Templates) -> TestResult:
    deal, problems = read_deal(text, "said.yaml", templates)
    assert deal is not None, problems
    found: TestResult = moments_of(deal, deal.examples[0], templates, {on})[on][-1].results[test]
    return found


def test_what_restores_a_bulk_sale_is_a_prepayment_or_further_gpus(all_templates: Templates) -> None:
    failing = result_on(BULK_SALE, date(2026, 4, 15), "recovery", all_templates)
    assert [(way.method, way.figure.value, way.asset_class) for way in failing.remedies] == [
        ("prepayment", Fraction("333333.34"), None),
        ("additional collateral", Fraction(23), "h100"),
    ]
    passing = result_on(BULK_SALE, date(2026, 2, 17), "recovery", all_templates)
    assert passing.remedies == ()
