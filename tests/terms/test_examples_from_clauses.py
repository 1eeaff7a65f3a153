"""Worked examples written from the clauses alone, their figures by hand.

One pool throughout: 1,000 GPUs at availability 100% and a multiple of 1, so Collateral Value is the Reference
Rate times 8,760,000: USD 17,520,000 at 2.00, USD 14,892,000 at 1.70. Closing on Tuesday 6 January 2026,
tested every Thursday.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.determination.template import Template
from engine.foresight.prove import prove
from engine.terms.as_written import Deal

DEAL = """deal: held-back
format: 1
illustrative: true
documents:
  CA: {title: Credit Agreement, dated: 2026-01-06}
closing_date: 2026-01-06
maturity_date: 2030-01-15
business_days: us-federal-reserve
time_zone: America/New_York
determination_dates: {every: Thursday, if_not_a_business_day: same day, cite: CA §1.01}
payment_dates: {every: month, day: 15, if_not_a_business_day: next business day, cite: CA §5.01}
servicer_reports: {every: week, due: 1 business day before determination date, too_old_after: 14 days, corrected_report: from then on, cite: CA §3.05}
revenue: {mostly: on demand, cite: CA §5.17}
rounding: {ratios: unrounded, cite: CA §1.03}
parties:
  borrower: {name: Borrower LLC, notices: a@example.com}
  servicer: {name: Servicer LLC, notices: b@example.com}
index:
  CRI-H100: &
    source: computed by the calculation agent
    methodology: {policy: pinned, version: 1.1-wp}
    closing_date_level: USD 2.00 per GPU-hour
    low_confidence: {effect: report only, cite: CA §2.14(g)}
    late_publication: {accepted_for: 5 business days, cite: CA §2.14(e)}
    restatement: {accepted_for: 5 business days, effect: retest, cite: CA §2.14(f)}
    cite: CA §1.01
    fallback:
      - {use: published value, cite: CA §2.14(a)}
      - {use: last published value, for_at_most: 1 publication date, cite: CA §2.14(b)}
      - {use: agent determination, cite: CA §2.14(d)}
pledged_assets:
  h100: {model: H100 SXM, gpus: 1000, availability: 100%, index: CRI-H100, cite: CA Schedule 1}
debt:
  class_a: {original_principal: "USD 10,000,000", rate: 6.00%, cite: CA §2.01}
covenants:
COVENANTS
TRIGGERS
notices:
  compliance: {given_by: servicer, to: [borrower], every: determination date}
  test_failed: {given_by: servicer, to: [borrower], within: 2 business days, cite: CA §6.04}
  event_of_default: {given_by: servicer, to: [borrower], within: 2 business days, cite: CA §6.04}
  trigger_event: {given_by: servicer, to: [borrower], within: 2 business days, cite: CA §6.04}
amendments: []
worked_examples:
""".replace("CRI-H100: &", "CRI-H100:")

LTV = """  ltv:
    template: loan_to_value
    cite: CA §7.02
    multiple: 1
    maximum: 65%
    cure: {within: 10 business days, after: determination date, cured_by: [prepayment, retest], cite: CA §8.01}
    if_not_determined: hold
"""
COVER = """  cover-a:
    template: overcollateralization
    cite: CA §6.01
    class: class_a
    multiple: 1
    limit: at least 150%
    failure_is: a trigger event
    if_not_determined: hold
"""
SWEEP = """  sweep:
    template: cash_sweep
    cite: CA §7.03
    level: USD 1.50 per GPU-hour
    begins: {when: below level, for: 2 consecutive publication dates}
    ends: {when: at or above level, for: 3 consecutive publication dates}
    sweep: {share: 100%, of: excess cash flow, to: reserve account, until: "USD 1,200,000", on_end: keep}
    if_not_determined: hold
"""
H100_FALLBACK = "      - {use: last published value, for_at_most: 1 publication date, cite: CA §2.14(b)}\n"


def deal(covenants: str, example: str, triggers: str = "", *changes: tuple[str, str]) -> str:
    """The deal with these covenants, triggers and one worked example, and so many changes of its text."""
    text = (
        DEAL.replace("COVENANTS\n", covenants).replace(
            "TRIGGERS\n", f"triggers:\n{triggers}" if triggers else ""
        )
        + example
    )
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


# A waterfall is tried in order (rulings 3): 10,000,000 / (R x 8,760,000).
WATERFALL = deal(
    LTV,
    """  - name: Published, carried twice, then nothing; the agent's rate serves its own date
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00 _ _ _ _ 1.80}
    facts: {outstanding_principal: "USD 10,000,000"}
    acts: [{on: 2026-02-05, act: agent determination, index: CRI-H100, rate: "1.75", document: Agent's letter}]
    expect:
      - {on: 2026-01-08, test: ltv, result: PASS, measured: 57.078%, rate_from: published value}
      - {on: 2026-01-15, test: ltv, result: PASS, measured: 57.078%, rate_from: last published value}
      - {on: 2026-01-22, test: ltv, result: PASS, measured: 57.078%, rate_from: last published value}
      - {on: 2026-01-29, test: ltv, result: NOT DETERMINED, state: COMPLIANT}
      - {on: 2026-02-05, test: ltv, result: FAIL, measured: 65.232%, rate_from: agent determination, state: CURE PERIOD, cure_by: 2026-02-20}
      - {on: 2026-02-12, test: ltv, result: PASS, measured: 63.42%, rate_from: published value, state: COMPLIANT}
""",
    "",
    (H100_FALLBACK, H100_FALLBACK.replace("1 publication date", "2 publication dates")),
)

# Equity cures once in twelve months, up to USD 500,000; the second failure finds the right used (covenants.md, rulings 22).
EQUITY = deal(
    LTV.replace(
        "cured_by: [prepayment, retest]",
        'cured_by: [equity], at_most: 1 in any 12 months, equity_at_most: "USD 500,000"',
    ),
    """  - name: A pass alone does not cure, equity does, and only once in the year
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00 1.70 2.00 2.00 1.70}
    facts: {outstanding_principal: "USD 10,000,000"}
    acts: [{on: 2026-01-28, act: cure accepted, clause: ltv, document: Subscription agreement, method: equity, amount: "USD 500,000"}]
    expect:
      - {on: 2026-01-15, test: ltv, result: FAIL, measured: 67.15%, state: CURE PERIOD, cure_by: 2026-01-30}
      - {on: 2026-01-22, test: ltv, result: PASS, state: CURE PERIOD, cure_by: 2026-01-30}
      - {on: 2026-01-29, test: ltv, result: PASS, state: COMPLIANT}
      - {on: 2026-02-05, test: ltv, result: FAIL, state: EVENT OF DEFAULT, since: 2026-02-05}
""",
)

# A Restatement counts in its date while it is in time, to the last Business Day, and not after it (rulings 27).
RESTATED = deal(
    LTV,
    """  - name: Restated on the fifth Business Day it counts, on the sixth it does not
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00 1.70 1.70 2.00}
    prints:
      - {index: CRI-H100, of: 2026-01-15, published: 2026-01-23, value: 2.00}
      - {index: CRI-H100, of: 2026-01-22, published: 2026-01-30, value: 2.00}
    facts: {outstanding_principal: "USD 10,000,000"}
    expect:
      - {on: 2026-01-15, as_known_on: 2026-01-15, test: ltv, result: FAIL, measured: 67.15%, state: CURE PERIOD, cure_by: 2026-01-30}
      - {on: 2026-01-22, as_known_on: 2026-01-22, test: ltv, result: FAIL, state: CURE PERIOD, cure_by: 2026-01-30}
      - {on: 2026-01-15, test: ltv, result: PASS, measured: 57.078%, state: COMPLIANT}
      - {on: 2026-01-22, test: ltv, result: FAIL, measured: 67.15%, state: CURE PERIOD, cure_by: 2026-02-05}
      - {on: 2026-01-29, test: ltv, result: PASS, state: COMPLIANT}
""",
)

# Three of the last five that count: a date not determined is skipped, and what has begun never ends (rulings 23).
IRREVOCABLE_TRIGGER = """  early-amortization:
    cite: CA §5.07
    begins: {test: cover-a, result: FAIL, for: 3 of the last 5 determination dates}
    ends: never
"""
IRREVOCABLE = deal(
    COVER,
    """  - name: The third failure among the last five that count, after the first has left the five
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.70 2.00x2 1.70 2.00 1.70 _ _ 1.70 2.00x6}
    facts: {outstanding_principal.class_a: "USD 10,000,000"}
    expect:
      - {on: 2026-01-08, test: cover-a, result: FAIL, measured: 148.92%}
      - {on: 2026-01-29, trigger: early-amortization, state: NOT IN EFFECT, count: 2 of 3}
      - {on: 2026-02-12, trigger: early-amortization, state: NOT IN EFFECT, count: 2 of 3}
      - {on: 2026-02-19, test: cover-a, result: FAIL, rate_from: last published value}
      - {on: 2026-02-19, trigger: early-amortization, state: IN EFFECT, since: 2026-02-19}
      - {on: 2026-02-26, test: cover-a, result: NOT DETERMINED}
      - {on: 2026-04-16, test: cover-a, result: PASS}
      - {on: 2026-04-16, trigger: early-amortization, state: IN EFFECT, since: 2026-02-19}
""",
    IRREVOCABLE_TRIGGER,
)

# A springing test is SUSPENDED, which is not a pass; its own cure clock begins with its own first failure (rulings 21).
SPRINGING = deal(
    LTV.replace(
        "    maximum: 65%\n",
        "    maximum: 55%\n    tested_while: {trigger: liquidity-event, state: IN EFFECT, cite: CA §7.02(b)}\n",
    )
    + COVER,
    """  - name: It sleeps at 57%, and fails once it is woken
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00 1.70 1.70 2.00 2.00}
    facts: {outstanding_principal: "USD 10,000,000", outstanding_principal.class_a: "USD 10,000,000"}
    expect:
      - {on: 2026-01-08, test: ltv, state: SUSPENDED}
      - {on: 2026-01-15, trigger: liquidity-event, state: NOT IN EFFECT, count: 1 of 2}
      - {on: 2026-01-22, trigger: liquidity-event, state: IN EFFECT}
      - {on: 2026-01-29, test: ltv, result: FAIL, measured: 57.078%, state: CURE PERIOD, cure_by: 2026-02-12}
""",
    """  liquidity-event:
    cite: CA §1.01
    begins: {test: cover-a, result: FAIL, for: 2 consecutive determination dates}
    ends: {test: cover-a, result: PASS, for: 4 consecutive determination dates}
""",
)

# A waiver of a trigger stays no result: counts use raw results, and after its last day the trigger is what it was (rulings 23).
WAIVED = deal(
    SWEEP,
    """  - name: A sweep is waived for two dates and is in effect on the next
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.40x8}
    acts: [{on: 2026-01-20, act: waiver, clause: sweep, until: 2026-02-04, document: Waiver letter, clock: resumes}]
    expect:
      - {on: 2026-01-08, trigger: sweep, state: NOT IN EFFECT, count: 1 of 2}
      - {on: 2026-01-15, trigger: sweep, state: IN EFFECT, since: 2026-01-15}
      - {on: 2026-01-22, trigger: sweep, state: WAIVED}
      - {on: 2026-01-29, trigger: sweep, state: WAIVED}
      - {on: 2026-02-05, trigger: sweep, state: IN EFFECT}
""",
)

# A step dated the Determination Date applies on it, and a running Cure Period keeps its deadline (covenants.md, State).
STEP_DOWN = deal(
    LTV.replace(
        "    maximum: 65%\n",
        '    maximum:\n      2026-01-06: 65%\n      2026-01-15: {value: 55%, cite: "CA §7.02, step-down"}\n      2026-01-22: {value: 50%, cite: "CA §7.02, step-down"}\n',
    ),
    """  - name: The same ratio passes the week before the step and fails on its day
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00x5}
    facts: {outstanding_principal: "USD 10,000,000"}
    expect:
      - {on: 2026-01-08, test: ltv, result: PASS, measured: 57.078%, limit: 65%, state: COMPLIANT}
      - {on: 2026-01-15, test: ltv, result: FAIL, limit: 55%, state: CURE PERIOD, cure_by: 2026-01-30, to_cure: "USD 364,000"}
      - {on: 2026-01-22, test: ltv, result: FAIL, limit: 50%, state: CURE PERIOD, cure_by: 2026-01-30, to_cure: "USD 1,240,000"}
      - {on: 2026-02-05, test: ltv, result: FAIL, state: EVENT OF DEFAULT, since: 2026-01-31}
""",
)

# A late value inside its period is its Publication Date's value; what stood before is superseded (rulings 3).
LATE = deal(
    LTV + SWEEP,
    """  - name: Not yet published is carried, and the late print is the week's value
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00 _ 1.45 _ 2.00}
    prints:
      - {index: CRI-H100, of: 2026-01-15, published: 2026-01-20, value: 1.45}
      - {index: CRI-H100, of: 2026-01-29, published: 2026-02-06, value: 2.00}
    facts: {outstanding_principal: "USD 10,000,000"}
    expect:
      - {on: 2026-01-15, as_known_on: 2026-01-15, test: ltv, result: PASS, measured: 57.078%, rate_from: last published value}
      - {on: 2026-01-15, test: ltv, result: FAIL, measured: 78.728%, rate_from: published value, state: CURE PERIOD, cure_by: 2026-01-30}
      - {on: 2026-01-22, trigger: sweep, state: IN EFFECT, since: 2026-01-22}
      - {on: 2026-01-29, test: ltv, result: FAIL, measured: 78.728%, rate_from: last published value}
      - {on: 2026-01-29, test: sweep, result: NOT DETERMINED}
""",
)

# (12 m contracted + 900,000 h at the mean rate - 3 m) / 9 m; the facts of an example are those of the whole period. The mean is
# that of its Determination Dates (10 March 1.95, 10 April 2.60, 11 May 2.05), not of its thirteen Thursdays, as one might also read it.
COVERAGE = deal(
    """  dscr:
    template: debt_service_coverage
    cite: CA §7.05
    period: 3 months
    limit: at least 1.20x
    failure_is: a trigger event
    if_not_determined: hold
""",
    """  - name: The rate is the mean of the period's dates, and no period begins before closing
    first_publication: 2026-01-08
    rates: {CRI-H100: 3.00x4 1.95x8 2.60x5 2.05x2}
    facts:
      contracted_revenue: {2026-01-08: "USD 11,000,000", 2026-05-07: "USD 12,000,000"}
      uncontracted_gpu_hours: "900,000"
      operating_costs: "USD 3,000,000"
      debt_service: "USD 9,000,000"
    expect:
      - {on: 2026-03-10, test: dscr, result: NOT DETERMINED}
      - {on: 2026-05-11, test: dscr, result: PASS, measured: 1.22x, headroom: 0.02x}
""",
    "",
    (
        "{every: Thursday, if_not_a_business_day: same day,",
        "{every: month, day: 10, if_not_a_business_day: next business day,",
    ),
    (
        "{every: week, due: 1 business day before determination date, too_old_after: 14 days",
        "{every: month, due: 1 business day before determination date, too_old_after: 45 days",
    ),
)

# The senior class needs only its own balance; the junior one needs both, and never passes on half (rulings 17).
TWO_CLASSES = deal(
    COVER
    + COVER.replace("cover-a", "cover-b")
    .replace("class: class_a", "class: class_b")
    .replace("at least 150%", "at least 120%"),
    """  - name: Cover of each class counts itself and what is senior to it
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00 1.70 2.00}
    facts:
      outstanding_principal.class_a: "USD 8,000,000"
      outstanding_principal.class_b: {2026-01-08: "USD 4,500,000", 2026-01-22: missing}
    expect:
      - {on: 2026-01-08, test: cover-a, result: PASS, measured: 219%, headroom: 69 points}
      - {on: 2026-01-08, test: cover-b, result: PASS, measured: 140.16%}
      - {on: 2026-01-15, test: cover-a, result: PASS, measured: 186.15%}
      - {on: 2026-01-15, test: cover-b, result: FAIL, measured: 119.136%, break_even: USD 1.7124}
      - {on: 2026-01-22, test: cover-a, result: PASS, measured: 219%}
      - {on: 2026-01-22, test: cover-b, result: NOT DETERMINED}
""",
    "",
    (
        '  class_a: {original_principal: "USD 10,000,000", rate: 6.00%, cite: CA §2.01}\n',
        '  class_a: {original_principal: "USD 8,000,000", rate: 6.00%, cite: CA §2.01}\n  class_b: {original_principal: "USD 4,500,000", rate: 9.00%, cite: CA §2.01}\n',
    ),
)

# What a class is worth without its rate is written: at a level, or zero, or not determined (rulings 19).
# 2.00 x 8,760,000 + 2.50 x 2,190,000 (250 H200) = 22,995,000; at USD 1.00 instead 19,710,000.
MIXED_INDEX = (
    DEAL[DEAL.index("  CRI-H100:\n") : DEAL.index("pledged_assets:")]
    .replace("CRI-H100", "CRI-H200")
    .replace("2.00", "2.50")
)
MIXED = deal(
    LTV,
    """  - name: The newer generation is not published; it counts at the agreed level once the last value may not be carried
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00x3, CRI-H200: 2.50 _ _}
    facts: {outstanding_principal: "USD 12,900,000"}
    expect:
      - {on: 2026-01-08, test: ltv, result: PASS, measured: 56.099%}
      - {on: 2026-01-15, test: ltv, result: PASS, measured: 56.099%}
      - {on: 2026-01-22, test: ltv, result: FAIL, measured: 65.449%}
""",
    "",
    ("pledged_assets:\n", MIXED_INDEX + "pledged_assets:\n"),
    (
        "index: CRI-H100, cite: CA Schedule 1}\n",
        "index: CRI-H100, cite: CA Schedule 1}\n  h200: {model: H200, gpus: 250, availability: 100%, index: CRI-H200, missing_index: {at: USD 1.00 per GPU-hour}, cite: CA Schedule 1}\n",
    ),
)

# A report is in time on its due date, Wednesday, and late by the days after it; one that never comes grows later every week, and a
# newer due date does not excuse it.
REPORTING_TERMS = """  reporting:
    template: reporting
    cite: CA §3.05
    limit: at most 1 days
    failure_is: a default
    cure: {within: 5 business days, after: determination date, cured_by: [retest], cite: CA §3.06}
    if_not_determined: hold
"""
REPORTING = deal(
    LTV + REPORTING_TERMS,
    """  - name: In time, a day late, not yet in, and never
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00x9}
    facts:
      outstanding_principal: "USD 10,000,000"
      report_received:
        2026-01-15: 1 business day before determination date
        2026-01-22: determination date
        2026-01-29: 2 business days after determination date
        2026-02-05: 1 business day before determination date
        2026-02-12: missing
    expect:
      - {on: 2026-01-15, test: reporting, result: PASS, measured: 0 days, headroom: 1 days, state: COMPLIANT}
      - {on: 2026-01-22, test: reporting, result: PASS, measured: 1 day}
      - {on: 2026-01-22, test: ltv, result: PASS, measured: 57.078%}
      - {on: 2026-01-29, test: reporting, result: PASS, measured: 1 day}
      - {on: 2026-02-05, test: reporting, result: PASS, measured: 0 days}
      - {on: 2026-02-12, test: reporting, result: PASS, measured: 1 day}
      - {on: 2026-02-19, test: reporting, result: FAIL, measured: 8 days, state: CURE PERIOD, cure_by: 2026-02-26}
      - {on: 2026-02-26, test: reporting, result: FAIL, measured: 15 days}
      - {on: 2026-03-05, test: reporting, result: FAIL, state: EVENT OF DEFAULT, since: 2026-02-27}
""",
)

CASES = {
    "when reports come": REPORTING,
    "a waterfall in its order": WATERFALL,
    "a cure by equity, once": EQUITY,
    "a restated value": RESTATED,
    "an irrevocable trigger on three of five": IRREVOCABLE,
    "a springing test": SPRINGING,
    "a waiver of a trigger": WAIVED,
    "a step on the Determination Date": STEP_DOWN,
    "a late print": LATE,
    "coverage from reports": COVERAGE,
    "two classes": TWO_CLASSES,
    "a mixed pool without one of its rates": MIXED,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_an_example_written_from_the_clauses_holds(
    load: Callable[[str], Deal], all_templates: dict[str, Template], text: str
) -> None:
    (proof,) = prove(load(text), all_templates)
    assert [str(problem) for problem in proof.problems] == []
