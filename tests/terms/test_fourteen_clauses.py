"""Clauses of public agreements, in our own words, as they stand, each with its history by hand.

Where one of them cannot be said in full, its test says which words are missing.
"""

from __future__ import annotations

import pytest

from engine.determination.template import Template
from engine.workspace.deal_files import read_deal
from tests.terms.said import WEEKLY, holds, said
from tests.terms.test_on_delivery import QUARTERS, REPORTS

Templates = dict[str, Template]
FACTS = 'collections: "USD 1,000,000", operating_costs: "USD 200,000", debt_service: "USD 100,000", fees: "USD 100,000"'


def covenant(name: str, template: str, *terms: str, failure: str = "a trigger event") -> str:
    rows = "".join(
        f"    {term}\n"
        for term in (
            f"template: {template}",
            "cite: CA §7.01",
            *terms,
            f"failure_is: {failure}",
            "if_not_determined: hold",
        )
    )
    return f"  {name}:\n{rows}"


def trigger(name: str, *terms: str) -> str:
    return f"  {name}:\n    cite: CA §7.09\n" + "".join(f"    {term}\n" for term in terms)


def lived(rates: str, facts: str, *expect: str, acts: str = "", name: str = "By hand") -> str:
    rows = "".join(f"      - {{{one}}}\n" for one in expect)
    given = f"    facts: {{{facts}}}\n" if facts else ""
    return f"  - name: {name}\n    first_publication: 2026-01-08\n    rates: {{CRI-H100: {rates}}}\n{given}{acts}    expect:\n{rows}"


def quarterly(months: str) -> tuple[str, str]:
    return (
        "{every: month, day: 15, first: 2026-02-17, if",
        f"{{every: quarter, months: {months}, day: 15, determined: on the date, if",
    )


FIGURES = """figures:
  cash: {unit: USD, taken: point in time, cite: CA §1.01}
  undrawn: {unit: USD, taken: point in time, cite: CA §1.01}
  net_cash: {unit: USD, taken: of the period, cite: CA §1.01}
  rents: {unit: USD, taken: of the period, cite: CA §1.01}
  rented: {unit: GPU-hours, taken: of the period, cite: CA §1.01}
  offered: {unit: GPU-hours, taken: of the period, cite: CA §1.01}
  assets: {unit: count, taken: point in time, cite: CA §1.01}
"""

# 1. Cash and undrawn commitments of at least USD 19,000,000; a shortfall is cured by equity within 10 Business Days.
LIQUIDITY = said(
    covenant(
        "liquidity",
        "reported_figure",
        "measured: sum of [cash, undrawn]",
        "limit: at least USD 19,000,000",
        "cure: {within: 10 business days, after: determination date, cured_by: [equity], cite: CA §8.01}",
        failure="a default",
    ),
    lived(
        "2.10x9",
        'figures.cash: "USD 12,000,000", figures.undrawn: "USD 6,500,000"',
        'on: 2026-02-17, test: liquidity, result: FAIL, measured: "USD 18,500,000", state: CURE PERIOD, cure_by: 2026-03-03',
        "on: 2026-03-02, test: liquidity, state: COMPLIANT, since: 2026-02-27",
        acts='    acts: [{on: 2026-02-27, act: cure accepted, clause: liquidity, method: equity, amount: "USD 500,000", document: Contribution}]\n',
    ),
    before=FIGURES,
)
# 2. Early amortization where the three-month coverage is below 1.05x, or use of the month below 80%; it does not end.
RAILCAR = said(
    covenant(
        "coverage",
        "reported_figure",
        "measured: net_cash / debt_service",
        "trailing: {n: 3, as: ratio of sums}",
        "limit: at least 1.05x",
    )
    + covenant(
        "use",
        "reported_figure",
        "measured: rented / offered",
        "trailing: {n: 1, as: last}",
        "limit: at least 80%",
    ),
    lived(
        "2.10x20",
        'figures.net_cash: "USD 120", debt_service: "USD 100", figures.offered: "100,000 GPU-hours", figures.rented: {2026-01-08: "85,000 GPU-hours", 2026-04-02: "75,000 GPU-hours", 2026-05-07: "95,000 GPU-hours"}',
        "on: 2026-04-15, test: coverage, result: PASS, measured: 1.2x",
        "on: 2026-03-16, trigger: early-amortization, state: NOT IN EFFECT",
        "on: 2026-04-15, test: use, result: FAIL, measured: 75%",
        "on: 2026-04-15, trigger: early-amortization, state: IN EFFECT, since: 2026-04-15",
        "on: 2026-05-15, test: use, result: PASS",
        "on: 2026-05-15, trigger: early-amortization, state: IN EFFECT",
    ),
    trigger(
        "early-amortization",
        "begins: {any_of: [{test: coverage, result: FAIL}, {test: use, result: FAIL}]}",
        "ends: never",
    ),
    before=FIGURES,
)
# 3. A coverage below 1.32x on two consecutive dates after the twelfth month; over on the first date at or above.
# (12.0m + 500,000 x 2.00 - 3.0m) / 8.0m = 1.25x; / 7.5m = 1.333x.
LEASE = said(
    covenant("coverage", "debt_service_coverage", "first_tested: 2027-01-06", "limit: at least 1.32x"),
    lived(
        "2.00x70",
        'contracted_revenue: "USD 12,000,000", uncontracted_gpu_hours: "500,000 GPU-hours", operating_costs: "USD 3,000,000", debt_service: {2026-01-08: "USD 8,000,000", 2027-03-11: "USD 7,500,000"}',
        "on: 2026-12-15, test: coverage, state: NOT YET TESTED",
        "on: 2027-01-15, test: coverage, result: FAIL, measured: 1.25x",
        "on: 2027-01-15, trigger: cash-trap, state: NOT IN EFFECT, count: 1 of 2",
        "on: 2027-02-16, trigger: cash-trap, state: IN EFFECT",
        "on: 2027-03-15, trigger: cash-trap, state: NOT IN EFFECT",
    ),
    trigger(
        "cash-trap",
        "begins: {test: coverage, result: FAIL, for: 2 consecutive determination dates}",
        "ends: {test: coverage, result: PASS}",
    ),
)
# 4. In years 4 to 7 half of the excess cash repays Class A where the coverage is below 1.20x; all of it where three months' collections
# are below 75% of contracted rents, or fewer than 8 assets remain. Excess: 1,000,000 - 200,000 - 100,000 - 100,000 = 600,000.
AIRCRAFT_TESTS = (
    covenant(
        "coverage",
        "reported_figure",
        "measured: net_cash / debt_service",
        "trailing: {n: 1, as: last}",
        "first_tested: 2029-01-06",
        "last_tested: 2033-01-05",
        "limit: at least 1.20x",
    )
    + covenant(
        "collected",
        "reported_figure",
        "measured: collections / rents",
        "trailing: {n: 3, as: ratio of sums}",
        "limit: at least 75%",
    )
    + covenant("number", "reported_figure", "measured: assets", "limit: at least 8")
)
HALF = "consequences: [{kind: cash sweep, effect: excess cash repays Class A, sweep: {share: 50%, of: excess cash flow, to: class_a}, cite: CA §7.09}]"
AIRCRAFT_TRIGGERS = trigger(
    "all-of-it",
    "begins: {any_of: [{test: collected, result: FAIL}, {test: number, result: FAIL}]}",
    "ends: {all_of: [{test: collected, result: PASS}, {test: number, result: PASS}]}",
    HALF.replace("50%", "100%"),
) + trigger(
    "half-of-it",
    "begins: {all_of: [{test: coverage, state: PENDING}, {trigger: all-of-it, state: NOT IN EFFECT}]}",
    "ends: when begins is no longer met",
    HALF,
)


def aircraft(day: str, earlier: str, net: str, rents: str, assets: str, *expect: str) -> str:
    facts = f'{FACTS}, outstanding_principal.class_a: "USD 15,000,000", outstanding_principal.class_b: "USD 6,000,000", figures.net_cash: "USD {net}", figures.rents: "USD {rents}", figures.assets: {assets}'
    found = lived("2.10x20", facts, *expect).replace(
        "first_publication: 2026-01-08", f"first_publication: {day}"
    )
    return said(AIRCRAFT_TESTS, found, AIRCRAFT_TRIGGERS, before=FIGURES)


# Year 5 is 2030; year 8 is 2033. Of the excess half is 300,000 and all is 600,000.
AIRCRAFT = (
    aircraft(
        "2030-01-03",
        "",
        "110,000",
        "1,200,000",
        "9",
        "on: 2030-04-15, test: coverage, result: FAIL, measured: 1.1x",
        "on: 2030-04-15, trigger: half-of-it, state: IN EFFECT",
        'on: 2030-05-15, trigger: half-of-it, swept: "USD 300,000"',
        "on: 2030-05-15, trigger: all-of-it, state: NOT IN EFFECT",
    ),
    aircraft(
        "2030-01-03",
        "",
        "110,000",
        "1,335,114",
        "9",
        "on: 2030-04-15, test: collected, result: FAIL, measured: 74.9%",
        "on: 2030-04-15, trigger: all-of-it, state: IN EFFECT",
        'on: 2030-05-15, trigger: all-of-it, swept: "USD 600,000"',
        "on: 2030-05-15, trigger: half-of-it, state: NOT IN EFFECT",
    ),
    aircraft(
        "2030-01-03",
        "",
        "110,000",
        "1,200,000",
        "7",
        "on: 2030-04-15, test: number, result: FAIL, measured: 7",
        "on: 2030-04-15, trigger: all-of-it, state: IN EFFECT",
        'on: 2030-05-15, trigger: all-of-it, swept: "USD 600,000"',
    ),
    aircraft(
        "2033-01-06",
        "",
        "110,000",
        "1,200,000",
        "9",
        "on: 2033-05-16, trigger: half-of-it, state: NOT IN EFFECT",
        "on: 2033-05-16, trigger: all-of-it, state: NOT IN EFFECT",
    ),
)
# 7. The cumulative loss of a period may not exceed the percentage opposite that period.
AUTO = said(
    covenant(
        "losses",
        "depreciation",
        "since: closing date",
        "first_tested: 2026-02-05",
        "between: steps",
        "curve: [{on: 2026-01-31, at_most: 3%}, {on: 2026-04-01, at_most: 5%}, {on: 2026-07-01, at_most: 10%}]",
    ),
    lived(
        "2.10x12 1.96x14",
        "",
        "on: 2026-04-02, test: losses, result: FAIL, measured: 6.667%, limit: 5%",
        "on: 2026-05-14, test: losses, result: FAIL, measured: 6.667%, limit: 5%",
    ),
)
# 8. A Class B par ratio of at least 110%; otherwise excess interest redeems Class A until it is restored. 19,972,800 / 21.0m = 95.109%.
CLO = said(
    covenant(
        "par-b",
        "overcollateralization",
        "multiple: 1.5",
        "class: class_b",
        "counted: with senior classes",
        "limit: at least 110%",
    ),
    lived(
        "1.60x6 2.00x9",
        f'{FACTS}, outstanding_principal.class_a: "USD 15,000,000", outstanding_principal.class_b: "USD 6,000,000"',
        'on: 2026-02-17, test: par-b, result: FAIL, measured: 95.109%, to_cure: "USD 2,842,909.10"',
        "on: 2026-02-17, trigger: redemption, state: IN EFFECT",
        'on: 2026-03-16, trigger: redemption, swept: "USD 600,000", state: NOT IN EFFECT',
    ),
    trigger(
        "redemption",
        "begins: {test: par-b, result: FAIL}",
        "ends: {test: par-b, result: PASS}",
        HALF.replace("50%", "100%"),
    ),
)
# 10. A sweep where the coverage is at or below 1.25x on two dates in a row, until it is above it on two.
SOLAR = said(
    covenant(
        "coverage",
        "reported_figure",
        "measured: net_cash / debt_service",
        "trailing: {n: 1, as: last}",
        "limit: more than 1.25x",
    ),
    lived(
        "2.10x60",
        'figures.net_cash: {2026-01-08: "USD 125", 2026-09-24: "USD 137.50"}, debt_service: "USD 100"',
        "on: 2026-04-15, test: coverage, result: FAIL, measured: 1.25x",
        "on: 2026-04-15, trigger: sweep, state: NOT IN EFFECT, count: 1 of 2",
        "on: 2026-07-15, trigger: sweep, state: IN EFFECT",
        "on: 2026-10-15, test: coverage, result: PASS, measured: 1.375x",
        "on: 2026-10-15, trigger: sweep, state: IN EFFECT, count: 1 of 2",
        "on: 2027-01-15, trigger: sweep, state: NOT IN EFFECT",
    ),
    trigger(
        "sweep",
        "begins: {test: coverage, result: FAIL, for: 2 consecutive determination dates}",
        "ends: {test: coverage, result: PASS, for: 2 consecutive determination dates}",
    ),
    quarterly("[1, 4, 7, 10]"),
    (
        "day: 15, determined: on the date, if_not_a_business_day: next business day, cut_off",
        "day: 15, determined: on the date, first: 2026-04-15, if_not_a_business_day: next business day, cut_off",
    ),
    before=FIGURES,
)
# 12. A three-month average coverage below 1.35x traps; below 1.20x amortizes; after the anticipated repayment date all excess repays.
CENTRE = said(
    covenant(
        "trap-level",
        "reported_figure",
        "measured: net_cash / debt_service",
        "trailing: {n: 3, as: mean of ratios}",
        "limit: at least 1.35x",
    )
    + covenant(
        "amortization-level",
        "reported_figure",
        "measured: net_cash / debt_service",
        "trailing: {n: 3, as: mean of ratios}",
        "limit: at least 1.20x",
    ),
    lived(
        "2.10x30",
        f'{FACTS}, figures.net_cash: {{2026-01-08: "USD 140,000", 2026-02-05: "USD 130,000", 2026-04-02: "USD 150,000"}}, outstanding_principal.class_a: "USD 15,000,000", outstanding_principal.class_b: "USD 6,000,000"',
        "on: 2026-04-15, test: trap-level, result: FAIL, measured: 1.333x",
        "on: 2026-04-15, trigger: trap, state: IN EFFECT",
        "on: 2026-04-15, trigger: amortization, state: NOT IN EFFECT",
        "on: 2026-05-15, test: trap-level, result: PASS, measured: 1.367x",
        "on: 2026-05-15, trigger: trap, state: NOT IN EFFECT",
        "on: 2026-06-15, trigger: repayment, state: IN EFFECT, since: 2026-06-01",
        'on: 2026-07-15, trigger: repayment, swept: "USD 600,000"',
    ),
    trigger("trap", "begins: {test: trap-level, result: FAIL}", "ends: {test: trap-level, result: PASS}")
    + trigger("amortization", "begins: {test: amortization-level, result: FAIL}", "ends: never")
    + trigger("repayment", "begins: {on_or_after: 2026-06-01}", "ends: never", HALF.replace("50%", "100%")),
    before=FIGURES,
)
# 9. A deficiency: 2 Business Days from the earlier of knowledge and notice; 30 days where it comes only from the lower advance rate of a
# performance trigger, on the very day of that trigger. 16.0m / (2.00 x 12.483m) = 64.087%.
CLOCK = "after: earlier of knowledge and notice, cured_by: [prepayment, retest], cite: CA §8.02}"
WAREHOUSE = said(
    covenant(
        "use",
        "reported_figure",
        "measured: rented / offered",
        "trailing: {n: 1, as: last}",
        "limit: at least 80%",
    )
    + covenant(
        "base",
        "loan_to_value",
        "multiple: 1.5",
        "maximum: 70%",
        f"cure: {{within: 2 business days, {CLOCK}",
        failure="a default",
    )
    + covenant(
        "lower-base",
        "loan_to_value",
        "multiple: 1.5",
        "maximum: 60%",
        "tested_while: {trigger: performance, state: IN EFFECT, from: the same date, cite: CA §7.02}",
        f"cure: {{within: 30 days, {CLOCK}",
        failure="a default",
    ),
    lived(
        "2.00x10",
        'outstanding_principal: "USD 16,000,000", figures.offered: "100,000 GPU-hours", figures.rented: {2026-01-08: "85,000 GPU-hours", 2026-01-29: "75,000 GPU-hours"}',
        "on: 2026-01-22, test: lower-base, state: SUSPENDED",
        "on: 2026-01-29, test: use, result: FAIL, measured: 75%",
        "on: 2026-01-29, test: lower-base, result: FAIL, measured: 64.087%, state: CURE PERIOD",
        "on: 2026-02-12, test: lower-base, state: CURE PERIOD, cure_by: 2026-03-08",
        "on: 2026-02-12, test: base, result: PASS, state: COMPLIANT",
        acts="    acts: [{on: 2026-02-06, act: knowledge of the borrower, clause: lower-base, document: Letter}]\n",
    ),
    trigger("performance", "begins: {test: use, result: FAIL}", "ends: {test: use, result: PASS}"),
    WEEKLY,
    before=FIGURES,
)
# 14. A minimum coverage of 1.35x to the quarter ending 2026-09-30 and 1.40x thereafter, as of each fiscal quarter's end, on a certificate
# due 45 days later. Delivered 43 days after 31 December: 12 February. The quarter: 138 / 100 = 1.38x.
CERTIFICATE = said(
    covenant(
        "coverage",
        "reported_figure",
        "measured: net_cash / debt_service",
        "trailing: {n: 1, as: last}",
        "limit: {2026-01-06: at least 1.35x, 2026-10-01: at least 1.40x}",
        "cure: {within: 10 business days, after: delivery of the report, cured_by: [equity], cite: CA §8.01}",
        failure="a default",
    ),
    lived(
        "2.10x70",
        'figures.net_cash: "USD 138", debt_service: "USD 100", report_received: 43 days after determination date',
        "on: 2026-11-12, test: coverage, as_of: 2026-09-30, result: PASS, measured: 1.38x, limit: 1.35x, state: COMPLIANT",
        "on: 2027-02-11, test: coverage, state: COMPLIANT",
        "on: 2027-02-12, test: coverage, as_of: 2026-12-31, result: FAIL, measured: 1.38x, limit: 1.40x, state: CURE PERIOD, since: 2027-02-12",
    ),
    "",
    QUARTERS,
    REPORTS,
    before=FIGURES,
)
# 11. Cash management where the quarter's coverage is below 1.50x; over after two quarters at or above, or by a prepayment within ten
# Business Days of the notice. The last words are missing: a person's word, with its document, stands in their place.
MANAGEMENT_ENDS = "ends: {test: coverage, result: PASS, for: 2 consecutive determination dates}"


def management(*expect: str, acts: str = "", ends: str = MANAGEMENT_ENDS) -> str:
    return said(
        covenant(
            "coverage",
            "reported_figure",
            "measured: net_cash / debt_service",
            "trailing: {n: 1, as: last}",
            "limit: at least 1.50x",
        ),
        lived(
            "2.10x50",
            'figures.net_cash: {2026-01-08: "USD 11,000,000", 2026-06-04: "USD 12,400,000"}, debt_service: "USD 8,000,000"',
            "on: 2026-04-15, test: coverage, result: FAIL, measured: 1.375x",
            "on: 2026-04-15, trigger: cash-management, state: IN EFFECT",
            *expect,
            acts=acts,
        ),
        trigger("cash-management", "begins: {test: coverage, result: FAIL}", ends),
        quarterly("[1, 4, 7, 10]"),
        (
            "day: 15, determined: on the date, if_not_a_business_day: next business day, cut_off",
            "day: 15, determined: on the date, first: 2026-04-15, if_not_a_business_day: next business day, cut_off",
        ),
        before=FIGURES,
    )


MANAGED = management(
    "on: 2026-07-15, trigger: cash-management, state: IN EFFECT, count: 1 of 2",
    "on: 2026-10-15, trigger: cash-management, state: NOT IN EFFECT",
)
PREPAID = management(
    "on: 2026-07-15, trigger: cash-management, state: NOT IN EFFECT, since: 2026-04-24",
    acts="    acts: [{on: 2026-04-24, act: trigger ended, clause: cash-management, document: Notice of prepayment}]\n",
)


def test_the_words_that_are_missing_are_named(all_templates: Templates) -> None:
    """A drafter who writes the end by prepayment is told what the format cannot say, and what stands in its
    place.
    """
    both = "ends: {any_of: [{test: coverage, result: PASS, for: 2 consecutive determination dates}, {cured_by: prepayment, within: 10 business days}]}"
    problems = [
        one for one in read_deal(management(ends=both), "said.yaml", all_templates)[1] if one.code == "D202"
    ]
    assert [one.what for one in problems] == ["`cured_by` cannot stand here", "`within` cannot stand here"]
    assert all(
        "the format lacks words for a trigger in effect that a cure ends early" in one.why for one in problems
    )
    assert all("trigger ended" in one.fix for one in problems)


WRITTEN = {
    "1 liquidity": LIQUIDITY,
    "2 railcar ABS": RAILCAR,
    "3 lease ABS": LEASE,
    "4 aircraft ABS, half": AIRCRAFT[0],
    "4 aircraft ABS, collections": AIRCRAFT[1],
    "4 aircraft ABS, assets": AIRCRAFT[2],
    "4 aircraft ABS, year 8": AIRCRAFT[3],
    "7 auto ABS": AUTO,
    "8 CLO": CLO,
    "9 warehouse": WAREHOUSE,
    "10 solar ABS": SOLAR,
    "11 CMBS, two quarters": MANAGED,
    "11 CMBS, prepaid, by a person's word": PREPAID,
    "12 data-centre ABS": CENTRE,
    "14 term loan": CERTIFICATE,
}
"""Clauses 5, 6 and 13 stand in `tests/evaluation/test_triggers_with_a_cure.py`."""


@pytest.mark.parametrize("clause", WRITTEN)
def test_a_clause_is_written_as_it_stands_and_gives_its_results(
    all_templates: Templates, clause: str
) -> None:
    assert holds(WRITTEN[clause], all_templates) == []
