"""Tests as of a date, determined on delivery of the period's report (`rulings.md` 49a, 26a)."""

from __future__ import annotations

import pytest

from engine.determination.template import Template
from tests.terms.said import asked, holds, said

Templates = dict[str, Template]
QUARTERS = (
    "{every: month, day: 15, first: 2026-02-17, if_not_a_business_day: next business day, cut_off: end of day, cite: CA §1.01}",
    "{every: quarter, months: [3, 6, 9, 12], day: last, if_not_a_business_day: same day, cut_off: end of day, determined: on delivery of the period's report, cite: CA §1.01}",
)
REPORTS = (
    "{every: month, due: 1 business day before determination date, too_old_after: 40 days",
    '{every: quarter, months: [3, 6, 9, 12], due: "45 days after determination date, 17:00", too_old_after: 60 days',
)
LTV = """  ltv:
    template: loan_to_value
    cite: CA §7.01
    multiple: 1.5
    maximum: 65%
    failure_is: a default
    cure: {within: 10 business days, after: delivery of the report, cured_by: [prepayment, retest], cite: CA §8.01}
    if_not_determined: hold
"""


def lived(facts: str, *expect: str, rates: str = "2.00x30") -> str:
    rows = "".join(f"      - {{{one}}}\n" for one in expect)
    return f"  - name: By hand\n    first_publication: 2026-01-08\n    rates: {{CRI-H100: {rates}}}\n    facts: {{{facts}}}\n    expect:\n{rows}"


def quarterly(examples: str = "", *changes: tuple[str, str], covenants: str = LTV) -> str:
    return said(covenants, examples, "", QUARTERS, REPORTS, *changes)


# 66% of 1.5 x 2.00 x 8,322,000 = USD 24,966,000 is 16,477,560. Delivered 42 days after 31 March: 12 May. Monday 25 May is Memorial Day.
FAILED = 'outstanding_principal: "USD 16,477,560", report_received: 42 days after determination date'


def test_the_state_moves_on_the_day_of_delivery(all_templates: Templates) -> None:
    found = lived(
        FAILED,
        "on: 2026-03-31, test: ltv, state: NOT YET TESTED",
        "on: 2026-05-11, test: ltv, state: NOT YET TESTED",
        "on: 2026-05-12, test: ltv, as_of: 2026-03-31, result: FAIL, measured: 66%, state: CURE PERIOD, since: 2026-05-12, cure_by: 2026-05-27",
        "on: 2026-05-28, test: ltv, state: EVENT OF DEFAULT, since: 2026-05-28",
    )
    assert holds(quarterly(found), all_templates) == []


def test_the_rate_is_that_of_the_date(all_templates: Templates) -> None:
    """2.00 on Thursday 26 March, 1.00 from 2 April on: as of 31 March it is 2.00."""
    found = lived(
        FAILED,
        "on: 2026-05-12, test: ltv, result: FAIL, measured: 66%, rate: USD 2.00 per GPU-hour",
        rates="2.00x12 1.00x20",
    )
    assert holds(quarterly(found), all_templates) == []


def test_the_limit_is_that_of_the_date(all_templates: Templates) -> None:
    """The limit steps to 70% on 1 April, after the date and before the delivery."""
    stepped = LTV.replace("maximum: 65%", "maximum:\n      2026-01-06: 65%\n      2026-04-01: 70%")
    found = lived(
        FAILED,
        "on: 2026-05-12, test: ltv, result: FAIL, limit: 65%",
        "on: 2026-08-11, test: ltv, as_of: 2026-06-30, result: PASS, limit: 70%",
    )
    assert holds(quarterly(found, covenants=stepped), all_templates) == []


def test_without_a_report_it_is_not_determined_on_the_day_after_it_was_due(all_templates: Templates) -> None:
    """Due on 15 May, 45 days after 31 March; delivered on 10 June."""
    late = 'outstanding_principal: "USD 16,477,560", report_received: 71 days after determination date'
    found = lived(
        late,
        "on: 2026-05-15, test: ltv, state: NOT YET TESTED",
        "on: 2026-05-16, test: ltv, as_of: 2026-03-31, result: NOT DETERMINED",
        "on: 2026-06-10, test: ltv, as_of: 2026-03-31, result: FAIL, state: CURE PERIOD, since: 2026-06-10",
    )
    assert holds(quarterly(found), all_templates) == []


def test_a_restated_rate_of_the_date_runs_it_again(all_templates: Templates) -> None:
    """Restated to 2.10 on the Monday after: 16,477,560 / 26,214,300 = 62.857%."""
    found = lived(FAILED, "on: 2026-05-12, test: ltv, result: PASS, measured: 62.857%, state: COMPLIANT")
    found = found.replace(
        "    facts:",
        "    prints: [{index: CRI-H100, of: 2026-03-26, published: 2026-03-30, value: 2.10}]\n    facts:",
    )
    assert holds(quarterly(found), all_templates) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("after: delivery of the report, cured_by", "after: determination date, cured_by"), "D572"),
        (("cut_off: end of day, determined", 'cut_off: "18:00", determined'), "D573"),
        (("{every: quarter, months: [3, 6, 9, 12], day: last", "{every: month, day: last"), "D573"),
        (("determined: on delivery of the period's report, ", ""), "D201"),
    ],
)
def test_what_contradicts_it_is_refused(all_templates: Templates, change: tuple[str, str], code: str) -> None:
    assert [found for found, _ in asked(quarterly("", change), all_templates)] == [code]
