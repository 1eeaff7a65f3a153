"""Worked examples of six deals that were drafted as prose first, two of each, their figures by hand.

One pool throughout, as in `test_examples_from_clauses.py`: Collateral Value is the Reference Rate times
8,760,000.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.determination.template import Template
from engine.foresight.prove import prove
from engine.terms.as_written import Deal
from tests.terms.test_examples_from_clauses import COVER, LTV, MIXED_INDEX, deal

WEEKLY = "{every: Thursday, if_not_a_business_day: same day,"
MONTHLY = "{every: month, day: 15, if_not_a_business_day: next business day,"
WEEKLY_REPORT = "{every: week, due: 1 business day before determination date, too_old_after: 14 days"
LATE_REPORT = "{every: month, due: 1 business day before determination date, too_old_after: 45 days"
TWO_GENERATIONS = (
    ("pledged_assets:\n", MIXED_INDEX + "pledged_assets:\n"),
    (
        "index: CRI-H100, cite: CA Schedule 1}\n",
        "index: CRI-H100, cite: CA Schedule 1}\n  h200: {model: H200, gpus: 250, availability: 100%, index: CRI-H200, cite: CA Schedule 1}\n",
    ),
)

# 1. A delayed draw: waived from 2 to 20 March, then the whole Cure Period again. 10,000,000 / 14,892,000 = 67.150%.
# Ten Business Days of the Reserve Banks after Friday 20 March: 23 to 27 March, 30 March to 3 April (Good Friday is one).
DRAWN_WAIVED = deal(
    LTV,
    """  - name: A waiver whose clock restarts
    first_publication: 2026-02-12
    rates: {CRI-H100: 2.00 2.00 1.70x8}
    facts: {outstanding_principal: "USD 10,000,000"}
    acts: [{on: 2026-03-02, act: waiver, clause: ltv, until: 2026-03-20, clock: restarts, document: Waiver}]
    expect:
      - {on: 2026-02-26, test: ltv, result: FAIL, measured: 67.150%, state: CURE PERIOD, cure_by: 2026-03-12}
      - {on: 2026-03-19, test: ltv, result: FAIL, state: WAIVED}
      - {on: 2026-03-26, test: ltv, state: CURE PERIOD, since: 2026-03-21, cure_by: 2026-04-03}
      - {on: 2026-04-09, test: ltv, state: EVENT OF DEFAULT, since: 2026-04-04}
""",
)
# An amendment keeps the later step; the figures of 5 March serve for 14 days, to 19 March, and the second date without any is 2 April.
DRAWN_SILENT = deal(
    LTV.replace("maximum: 65%", "maximum: {2026-01-06: 65%, 2026-03-26: 55%}").replace(
        "hold", "fail after 2 determination dates"
    ),
    """  - name: Sixty-six per cent until the step, and a report that stops
    first_publication: 2026-02-12
    rates: {CRI-H100: 2.00x9}
    facts: {outstanding_principal: {2026-02-12: "USD 11,500,000", 2026-03-12: missing}}
    expect:
      - {on: 2026-02-19, test: ltv, result: FAIL, measured: 65.639%, limit: 65%}
      - {on: 2026-03-05, test: ltv, result: PASS, limit: 66%, state: COMPLIANT}
      - {on: 2026-03-19, test: ltv, result: PASS}
      - {on: 2026-03-26, test: ltv, result: NOT DETERMINED, state: COMPLIANT}
      - {on: 2026-04-02, test: ltv, result: NOT DETERMINED, state: CURE PERIOD, cure_by: 2026-04-16}
""",
    "",
    (
        "amendments: []\n",
        "amendments:\n  - {number: 1, document: CA, effective: 2026-02-26, changes: [{term: covenants.ltv.maximum, replaces: 65%, with: 66%, later_steps: keep, cite: CA §1}]}\n",
    ),
)

# 2. Coverage is tested on the first date of a month; what it found then still counts when another limb is met two weeks later.
# (6 m + 1.8 m h x 1.90 - 2.1 m) / 6 m = 1.22x from the three months to 7 May; cover at 1.60: 14,016,000 / 10 m = 140.16%.
MONTHLY_LIMB = deal(
    COVER
    + """  coverage:
    template: debt_service_coverage
    cite: CA §6.02
    frequency: first date of each month
    limit: at least 1.25x
    failure_is: a trigger event
    if_not_determined: hold
""",
    """  - name: A limb that is not tested holds
    first_publication: 2026-01-22
    rates: {CRI-H100: 1.90x16 1.60x2 1.90x3}
    facts: {outstanding_principal.class_a: "USD 10,000,000", contracted_revenue: "USD 6,000,000", uncontracted_gpu_hours: "1,800,000", operating_costs: "USD 2,100,000", debt_service: "USD 6,000,000"}
    expect:
      - {on: 2026-05-07, test: coverage, result: FAIL, measured: 1.22x}
      - {on: 2026-05-14, test: cover-a, result: FAIL, measured: 140.16%}
      - {on: 2026-05-14, trigger: performance-event, state: NOT IN EFFECT}
      - {on: 2026-05-21, trigger: performance-event, state: IN EFFECT}
""",
    """  performance-event:
    cite: CA §5.05
    begins: {at_least: {n: 2, of: [{test: coverage, result: FAIL}, {test: cover-a, result: FAIL, for: 2 consecutive determination dates}]}}
    ends: {test: cover-a, result: PASS, for: 3 consecutive determination dates}
""",
)
# A Cure Period that runs when the springing condition ends runs on: the trigger is over on the 22nd, the clock on the 30th.
SPRUNG = deal(
    LTV.replace(
        "maximum: 65%\n",
        "maximum: 55%\n    tested_while: {trigger: slump, state: IN EFFECT, cite: CA §6.03}\n",
    )
    + COVER,
    """  - name: The condition ends and the breach does not
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.70 2.00x7}
    facts: {outstanding_principal: "USD 10,000,000", outstanding_principal.class_a: "USD 10,000,000"}
    expect:
      - {on: 2026-01-08, trigger: slump, state: IN EFFECT}
      - {on: 2026-01-08, test: ltv, state: SUSPENDED}
      - {on: 2026-01-15, test: ltv, result: FAIL, measured: 57.078%, state: CURE PERIOD, cure_by: 2026-01-30}
      - {on: 2026-01-22, trigger: slump, state: NOT IN EFFECT}
      - {on: 2026-01-29, test: ltv, result: FAIL, state: CURE PERIOD, cure_by: 2026-01-30}
      - {on: 2026-02-05, test: ltv, state: EVENT OF DEFAULT, since: 2026-01-31}
""",
    """  slump:
    cite: CA §5.05
    begins: {test: cover-a, result: FAIL}
    ends: {test: cover-a, result: PASS, for: 2 consecutive determination dates}
""",
)

# 3. A class of which nothing is rented earns nothing and has no rate: 100,000 h x 1.60 / 125,000 h = 1.28, over 2.00 = 64%.
IDLE = deal(
    """  floor:
    template: rental_rate_floor
    cite: CA §7.01
    index: CRI-H100
    minimum: 64%
    trailing_period: 4 weeks
    weighted_by: available GPU-hours
    cure: {within: 15 days, after: determination date, cured_by: [retest], cite: CA §8.01}
    if_not_determined: hold
""",
    """  - name: An idle class counts at zero
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.00x5, CRI-H200: 2.50x5}
    facts:
      rental.h100.rented_gpu_hours: "100,000"
      rental.h100.available_gpu_hours: "100,000"
      rental.h100.weighted_average_rate: USD 1.60 per GPU-hour
      rental.h200.rented_gpu_hours: {2026-01-08: "0", 2026-02-05: "1"}
      rental.h200.available_gpu_hours: "25,000"
    expect:
      - {on: 2026-01-29, test: floor, result: PASS, measured: 64%, headroom: 0 points}
      - {on: 2026-02-05, test: floor, result: NOT DETERMINED}
""",
    "",
    *TWO_GENERATIONS,
)
# 0.7 x 1.74 + 0.3 x 2.25 = 1.893; from 22 January half and half 1.995, on the very rates.
REWEIGHTED = deal(
    """  sweep:
    template: cash_sweep
    cite: CA §7.03
    index: MARKET
    level: USD 1.90 per GPU-hour
    begins: {when: below level, for: 1 publication date}
    ends: {when: at or above level, for: 1 publication date}
    sweep: {share: 50%, of: excess cash flow, to: reserve account, on_end: keep}
    if_not_determined: hold
""",
    """  - name: New weights end a sweep, and a missing component decides nothing
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.74x4, CRI-H200: 2.25 _ 2.25x2}
    expect:
      - {on: 2026-01-08, test: sweep, result: FAIL, measured: USD 1.893, headroom: USD -0.007}
      - {on: 2026-01-15, test: sweep, result: NOT DETERMINED}
      - {on: 2026-01-15, trigger: sweep, state: IN EFFECT}
      - {on: 2026-01-22, test: sweep, result: PASS, measured: USD 1.995}
      - {on: 2026-01-22, trigger: sweep, state: NOT IN EFFECT}
""",
    "",
    *TWO_GENERATIONS,
    (
        "pledged_assets:\n",
        "blended_rates:\n  MARKET: {of: {2026-01-06: {CRI-H100: 70%, CRI-H200: 30%}, 2026-01-22: {CRI-H100: 50%, CRI-H200: 50%}}, weights: fixed, missing_component: not determined, cite: CA §1.01}\npledged_assets:\n",
    ),
)

# 4. Two cures in total and one in any twelve months: the third failure finds none, though a year has gone by since the second.
BILATERAL = LTV.replace(
    "after: determination date, cured_by: [prepayment, retest]",
    "after: notice by the agent, cured_by: [equity], at_most: 2 in total and 1 in any 12 months",
)
TWO_CURES = deal(
    BILATERAL,
    """  - name: The third failure has no cure
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.70 2.00x55 1.70 2.00x55 1.70}
    facts: {outstanding_principal: "USD 10,000,000"}
    acts:
      - {on: 2026-01-12, act: cure accepted, clause: ltv, method: equity, amount: "USD 500,000", document: First}
      - {on: 2027-02-08, act: cure accepted, clause: ltv, method: equity, amount: "USD 500,000", document: Second}
    expect:
      - {on: 2026-01-08, test: ltv, state: CURE PERIOD}
      - {on: 2026-01-15, test: ltv, state: COMPLIANT}
      - {on: 2027-02-04, test: ltv, result: FAIL, state: CURE PERIOD}
      - {on: 2027-02-11, test: ltv, state: COMPLIANT}
      - {on: 2028-03-02, test: ltv, result: FAIL, state: EVENT OF DEFAULT, since: 2028-03-02}
""",
)
ONE_A_YEAR = deal(
    BILATERAL,
    """  - name: The second failure within the year has no cure, though one is left in total
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.70 2.00 1.70}
    facts: {outstanding_principal: "USD 10,000,000"}
    acts:
      - {on: 2026-01-09, act: notice by the agent, clause: ltv, document: Notice}
      - {on: 2026-01-20, act: cure accepted, clause: ltv, method: equity, amount: "USD 500,000", document: First}
    expect:
      - {on: 2026-01-15, test: ltv, result: PASS, state: CURE PERIOD, cure_by: 2026-01-26}
      - {on: 2026-01-22, test: ltv, result: FAIL, state: EVENT OF DEFAULT, since: 2026-01-22}
""",
)

# 5. Under `hold` a flagged pass cures nothing, and the clock runs on: ten Business Days after 8 January are over on the 23rd.
HOLD = ("{effect: report only,", "{effect: hold,")
FLAGGED = deal(
    LTV,
    """  - name: A flagged pass does not cure
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.70 _ _ _}
    prints:
      - {index: CRI-H100, of: 2026-01-15, published: 2026-01-15, value: 2.00, low_confidence: true}
      - {index: CRI-H100, of: 2026-01-22, published: 2026-01-22, value: 2.00, low_confidence: true}
    facts: {outstanding_principal: "USD 10,000,000"}
    expect:
      - {on: 2026-01-15, test: ltv, result: PASS, measured: 57.078%, state: CURE PERIOD, cure_by: 2026-01-23}
      - {on: 2026-01-29, test: ltv, state: EVENT OF DEFAULT, since: 2026-01-24}
""",
    "",
    HOLD,
)
# Restated on 23 January, the tenth Business Day after the 8th; what was counted from the first print is withdrawn.
TEN_DAYS = deal(
    LTV.replace("within: 10 business days", "within: 5 business days"),
    """  - name: A Restatement on the tenth Business Day withdraws a default
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.70 1.70 2.00}
    prints:
      - {index: CRI-H100, of: 2026-01-08, published: 2026-01-23, value: 2.00}
      - {index: CRI-H100, of: 2026-01-15, published: 2026-01-23, value: 2.00}
    facts: {outstanding_principal: "USD 10,000,000"}
    expect:
      - {on: 2026-01-22, as_known_on: 2026-01-22, test: ltv, result: PASS, state: EVENT OF DEFAULT, since: 2026-01-16}
      - {on: 2026-01-22, test: ltv, result: PASS, state: COMPLIANT, since: 2026-01-08}
""",
    "",
    ("restatement: {accepted_for: 5 business days", "restatement: {accepted_for: 10 business days"),
)

# 6. From Monday 16 March 2026 to 16 March 2027: 365 days, 2.00 x 65% = 1.30; 8,760,000 x 1.30 = 11,388,000; / 9,000,000 = 126.533%.
STRESSED = deal(
    """  stress:
    template: pool_coverage
    cite: CA §6.01
    multiple: 1
    scenario: {scenario: B, point: middle, shape: compound}
    horizon: 2027-03-16
    scheduled_balance: USD 9,000,000
    limit: at least 125%
    failure_is: a default
    cure: {within: 10 business days, after: determination date, cured_by: [additional collateral, retest], cite: CA §6.01}
    if_not_determined: hold
""",
    """  - name: A year under the middle of Scenario B, then more GPUs
    first_publication: 2026-03-05
    rates: {CRI-H100: 2.00x2 1.80x5}
    facts: {available.h100.gpus: {2026-03-05: 1000, 2026-05-07: 1100}}
    expect:
      - {on: 2026-03-16, test: stress, result: PASS, measured: 126.533%, headroom: 1.533 points}
      - {on: 2027-03-15, test: stress, result: NOT DETERMINED}
""",
    "",
    (WEEKLY, MONTHLY),
    (WEEKLY_REPORT, LATE_REPORT),
)
# 980 of 1,000; 95% / 98% = 96.939%. A certificate of 1 February is 120 days old on 1 June, so on the 4th none is younger.
CERTIFIED = deal(
    """  certified:
    template: performance_certification
    cite: CA §6.03
    measured_as: share of the fleet
    younger_than: 120 days
    limit: at least 95%
    failure_is: a trigger event
    if_not_determined: hold
  performance:
    template: performance_certification
    cite: CA §6.04
    measured_as: performance against origination
    younger_than: 120 days
    at_origination: 98%
    limit: at least 96%
    failure_is: a trigger event
    if_not_determined: hold
""",
    """  - name: Certificates grow old, and no certificate is not a performance
    first_publication: 2026-02-12
    rates: {CRI-H100: 2.00x18}
    facts: {certified.h100.2026-02-01: 980 GPUs, certified_performance.h100.2026-02-01: 95%}
    expect:
      - {on: 2026-05-28, test: certified, result: PASS, measured: 98%, headroom: 3 points}
      - {on: 2026-05-28, test: performance, result: PASS, measured: 96.939%}
      - {on: 2026-06-04, test: certified, result: FAIL, measured: 0%}
      - {on: 2026-06-04, test: performance, result: NOT DETERMINED}
""",
)

CASES = {
    "a draw, waived": DRAWN_WAIVED,
    "a draw, amended and silent": DRAWN_SILENT,
    "a limb tested once a month": MONTHLY_LIMB,
    "a springing test with a breach": SPRUNG,
    "an idle class": IDLE,
    "a blend with new weights": REWEIGHTED,
    "two cures in total": TWO_CURES,
    "one cure in a year": ONE_A_YEAR,
    "a flagged pass": FLAGGED,
    "a restatement in ten days": TEN_DAYS,
    "a stressed pool": STRESSED,
    "certificates": CERTIFIED,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_an_example_drafted_from_prose_holds(
    load: Callable[[str], Deal], all_templates: dict[str, Template], text: str
) -> None:
    (proof,) = prove(load(text), all_templates)
    assert [str(problem) for problem in proof.problems] == []
