"""Four further clauses of real life, written from the documentation alone, each with its history by hand.

A lock-up of two tiers, a borrowing base with advance rates, equity cures with caps, and tests of
concentration and use.
"""

from __future__ import annotations

import pytest

from engine.determination.template import Template
from tests.terms.said import asked, holds, said
from tests.terms.test_fourteen_clauses import covenant, lived, quarterly, trigger

Templates = dict[str, Template]
CFADS = "figures:\n  cfads: {unit: USD, taken: of the period, cite: CA §1.01}\n"
FIRST_QUARTER = (
    "day: 15, determined: on the date, if_not_a_business_day: next business day, cut_off",
    "day: 15, determined: on the date, first: 2026-04-15, if_not_a_business_day: next business day, cut_off",
)
REPORTED_QUARTERLY = (
    "{every: month, due: 1 business day before determination date, too_old_after: 40 days",
    "{every: quarter, months: [3, 6, 9, 12], due: 1 business day before determination date, too_old_after: 60 days",
)


def tier(name: str, limit: str, failure: str = "a trigger event", *more: str) -> str:
    return covenant(
        name,
        "reported_figure",
        "measured: cfads / debt_service",
        "trailing: {n: 4, as: ratio of sums}",
        f"limit: at least {limit}",
        *more,
        failure=failure,
    )


# Over the last four quarters below 1.20x distributions are locked up until two dates in a row at or above; below 1.10x all excess cash
# prepays; below 1.05x is a default. Quarters of 2026: 130, 115, 110, 105: 460 / 400 = 1.15x; then 100, 95: 430 / 400 = 1.075x on
# 2027-04-15 and 410 / 400 = 1.025x on 2027-07-15. A ratio of four takes four quarters since closing.
LOCK_UP = said(
    tier("lock-up-level", "1.20x")
    + tier("sweep-level", "1.10x")
    + tier("default-level", "1.05x", "a default", "cure: none"),
    lived(
        "2.10x85",
        'figures.cfads: {2026-01-08: "USD 130", 2026-04-09: "USD 115", 2026-07-09: "USD 110", 2026-10-08: "USD 105", 2027-01-14: "USD 100", 2027-04-08: "USD 95"}, debt_service: "USD 100"',
        "on: 2026-10-15, test: lock-up-level, result: NOT DETERMINED",
        "on: 2027-01-15, test: lock-up-level, result: FAIL, measured: 1.15x",
        "on: 2027-01-15, trigger: lock-up, state: IN EFFECT",
        "on: 2027-01-15, trigger: sweep, state: NOT IN EFFECT",
        "on: 2027-04-15, test: sweep-level, result: FAIL, measured: 1.075x",
        "on: 2027-04-15, trigger: sweep, state: IN EFFECT",
        "on: 2027-04-15, test: default-level, state: COMPLIANT",
        "on: 2027-07-15, test: default-level, result: FAIL, measured: 1.025x, state: EVENT OF DEFAULT",
    ),
    trigger(
        "lock-up",
        "begins: {test: lock-up-level, result: FAIL}",
        "ends: {test: lock-up-level, result: PASS, for: 2 consecutive determination dates}",
        "consequences: [{kind: distribution block, effect: No Distribution is made, cite: CA §7.10}]",
    )
    + trigger(
        "sweep", "begins: {test: sweep-level, result: FAIL}", "ends: {test: sweep-level, result: PASS}"
    ),
    quarterly("[1, 4, 7, 10]"),
    FIRST_QUARTER,
    REPORTED_QUARTERLY,
    before=CFADS,
)
# H100: 1.5 x 2.00 x 8,322,000 h = 24,966,000, of which 75% is 18,724,500. A100: 1.5 x 2.00 x 500 x 8,760 x 90% x 0.5 = 5,913,000, of
# which 60% is 3,547,800. The Borrowing Base is 22,272,300. Loans of 22,500,000 exceed it by 227,700 and are 101.022% of it.
TWO_CLASSES = (
    "  h100: {model: H100 SXM, gpus: 1000, availability: 95%, index: CRI-H100, cite: CA Schedule 1}\n",
    "  h100: {model: H100 SXM, gpus: 1000, availability: 95%, index: CRI-H100, cite: CA Schedule 1}\n"
    "  a100: {model: A100 PCIE, gpus: 500, availability: 90%, index: CRI-H100, performance_factor: 0.5, cite: CA Schedule 1}\n",
)
NOTICE = "cure: {within: 2 business days, after: notice by the agent, cured_by: [prepayment], cite: CA §2.05}"


def borrowing_base(rates: str, *examples: str) -> str:
    terms = ("multiple: 1.5", f"advance_rates: {{{rates}}}", "maximum: 100%", NOTICE)
    return said(
        covenant("borrowing-base", "loan_to_value", *terms, failure="a default"),
        "".join(examples),
        "",
        TWO_CLASSES,
    )


BASE = borrowing_base(
    "h100: 75%, a100: 60%",
    lived(
        "2.00x12",
        'outstanding_principal: "USD 22,500,000"',
        'on: 2026-02-17, test: borrowing-base, result: FAIL, measured: 101.022%, to_cure: "USD 227,700", state: CURE PERIOD',
        "on: 2026-03-16, test: borrowing-base, state: EVENT OF DEFAULT, since: 2026-02-21",
        acts="    acts: [{on: 2026-02-18, act: notice by the agent, clause: borrowing-base, document: Notice}]\n",
    ),
    lived(
        "2.00x12",
        'outstanding_principal: "USD 22,272,300"',
        "on: 2026-02-17, test: borrowing-base, result: PASS, measured: 100%, break_even: USD 2.0000",
        name="Exactly the base",
    ),
)
# A coverage of at least 1.20x; a shortfall is cured by equity within 10 Business Days, twice in any twelve months and four times in all.
# 110 / 100 = 1.10x on each date: cured on 02-27 and 03-20; on 04-15 no cure is left.
EQUITY = said(
    covenant(
        "coverage",
        "reported_figure",
        "measured: cfads / debt_service",
        "trailing: {n: 1, as: last}",
        "limit: at least 1.20x",
        'cure: {within: 10 business days, after: determination date, cured_by: [equity], at_most: 4 in total and 2 in any 12 months, equity_at_most: "USD 5,000,000", cite: CA §8.04}',
        failure="a default",
    ),
    lived(
        "2.10x20",
        'figures.cfads: "USD 110", debt_service: "USD 100"',
        "on: 2026-02-17, test: coverage, result: FAIL, measured: 1.1x, state: CURE PERIOD, cure_by: 2026-03-03",
        "on: 2026-03-02, test: coverage, state: COMPLIANT, since: 2026-02-27",
        "on: 2026-03-16, test: coverage, result: FAIL, state: CURE PERIOD, cure_by: 2026-03-30",
        "on: 2026-04-15, test: coverage, result: FAIL, state: EVENT OF DEFAULT, since: 2026-04-15",
        acts="""    acts:
      - {on: 2026-02-27, act: cure accepted, clause: coverage, method: equity, amount: "USD 1,000,000", document: First}
      - {on: 2026-03-20, act: cure accepted, clause: coverage, method: equity, amount: "USD 1,000,000", document: Second}
""",
    ),
    before=CFADS,
)
# The largest customer brings at most 25% of contracted revenue; use over three months is at least 70%. A cash trap begins where either
# fails on two of the last three dates. Customer 260 / 1,000 = 26% by the reports of April and June; use is 72% throughout.
FLEET = """figures:
  largest_customer: {unit: USD, taken: of the period, cite: CA §1.01}
  rented: {unit: GPU-hours, taken: of the period, cite: CA §1.01}
  offered: {unit: GPU-hours, taken: of the period, cite: CA §1.01}
"""
CONCENTRATION = said(
    covenant(
        "concentration",
        "reported_figure",
        "measured: largest_customer / contracted_revenue",
        "trailing: {n: 1, as: last}",
        "limit: at most 25%",
    )
    + covenant(
        "use",
        "reported_figure",
        "measured: rented / offered",
        "trailing: {n: 3, as: ratio of sums}",
        "limit: at least 70%",
    ),
    lived(
        "2.10x30",
        'contracted_revenue: "USD 1,000", figures.largest_customer: {2026-01-08: "USD 250", 2026-04-09: "USD 260", 2026-05-07: "USD 250", 2026-06-04: "USD 260"}, figures.rented: "72,000 GPU-hours", figures.offered: "100,000 GPU-hours"',
        "on: 2026-02-17, test: concentration, result: PASS, measured: 25%",
        "on: 2026-04-15, test: concentration, result: FAIL, measured: 26%",
        "on: 2026-04-15, test: use, result: PASS, measured: 72%",
        "on: 2026-04-15, trigger: trap, state: NOT IN EFFECT",
        "on: 2026-05-15, test: concentration, result: PASS",
        "on: 2026-06-15, test: concentration, result: FAIL",
        "on: 2026-06-15, trigger: trap, state: IN EFFECT, since: 2026-06-15",
    ),
    trigger(
        "trap",
        "begins: {any_of: [{test: concentration, result: FAIL, for: 2 of the last 3 determination dates}, {test: use, result: FAIL, for: 2 of the last 3 determination dates}]}",
        "ends: {all_of: [{test: concentration, result: PASS}, {test: use, result: PASS}]}",
    ),
    before=FLEET,
)
WRITTEN = {
    "lock-up": LOCK_UP,
    "borrowing base": BASE,
    "equity cure": EQUITY,
    "concentration and use": CONCENTRATION,
}


@pytest.mark.parametrize("clause", WRITTEN)
def test_a_clause_is_written_from_the_documentation_and_gives_its_results(
    all_templates: Templates, clause: str
) -> None:
    assert holds(WRITTEN[clause], all_templates) == []


@pytest.mark.parametrize(
    ("rates", "code"),
    [("h100: 75%", "D574"), ("h100: 75%, a100: 60%, h200: 50%", "D502"), ("h100: 175%, a100: 60%", "D124")],
)
def test_each_class_has_an_advance_rate(all_templates: Templates, rates: str, code: str) -> None:
    assert [found for found, _ in asked(borrowing_base(rates), all_templates)] == [code]
