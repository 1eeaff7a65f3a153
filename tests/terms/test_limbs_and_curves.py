"""Dates as limbs, curves of steps, last tests, sweeps that repay or never end, springing on the same date: by
hand (`rulings.md` 50, 52).
"""

from __future__ import annotations

import pytest

from engine.determination.template import Template
from tests.terms.said import WEEKLY, asked, holds, said

Templates = dict[str, Template]
LTV = """  ltv:
    template: loan_to_value
    cite: CA §7.02
    multiple: 1.5
    maximum: 80%
    failure_is: a trigger event
    cure: none
    if_not_determined: hold
"""
CURVE = """  losses:
    template: depreciation
    cite: CA §7.05
    since: closing date
    first_tested: 2026-02-05
    between: steps
    curve:
      - {on: 2026-01-31, at_most: 3%}
      - {on: 2026-04-01, at_most: 5%}
      - {on: 2026-07-01, at_most: 10%}
    failure_is: a trigger event
    if_not_determined: hold
"""
# 2.10 at closing, 1.96 from 2026-04-02 on: (2.10 - 1.96) / 2.10 = 6.667%. The limit is that of the newest point, 5%.
LOSSES = """  - name: The percentage opposite the period
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.10x12 1.96x14}
    expect:
      - {on: 2026-04-02, test: losses, result: FAIL, measured: 6.667%, limit: 5%}
      - {on: 2026-05-14, test: losses, result: FAIL, measured: 6.667%, limit: 5%}
      - {on: 2026-03-26, test: losses, result: PASS, measured: 0%, limit: 3%}
      - {on: 2026-07-02, test: losses, result: PASS, measured: 6.667%, limit: 10%}
"""


def test_steps_take_the_newest_point(all_templates: Templates) -> None:
    assert holds(said(CURVE, LOSSES), all_templates) == []


def test_steps_differ_from_straight_lines(all_templates: Templates) -> None:
    """On 2026-07-02, 177 of 181 days from 2026-01-06 5% to 2026-07-06 8%: 5% + 3% x 177 / 181 = 7.934%."""
    rule = CURVE.replace("    first_tested: 2026-02-05\n", "").replace("between: steps", "between: WAY")
    for number, (day, share) in enumerate([("2026-01-06", "5%"), ("2026-07-06", "8%")]):
        rule = rule.replace(
            ["2026-01-31, at_most: 3%", "2026-04-01, at_most: 5%"][number], f"{day}, at_most: {share}"
        )
    rule = rule.replace("      - {on: 2026-07-01, at_most: 10%}\n", "")
    example = """  - name: Two readings of one curve
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.10x30}
    expect:
      - {on: 2026-07-02, test: losses, result: PASS, limit: LIMIT}
"""
    assert holds(said(rule.replace("WAY", "steps"), example.replace("LIMIT", "5%")), all_templates) == []
    lines = rule.replace("WAY", "straight lines").replace("on: 2026-01-06", "on: 2026-01-07")
    # from 0% on 2026-01-06 over 5% on 2026-01-07: 5% + 3% x 176 / 180
    assert holds(said(lines, example.replace("LIMIT", "7.933%")), all_templates) == []


def test_a_curve_of_steps_begins_before_the_first_test(all_templates: Templates) -> None:
    found = asked(said(CURVE.replace("    first_tested: 2026-02-05\n", "")), all_templates)
    assert ("D564", "the curve of `losses` begins on 2026-01-31") in found


def test_how_a_curve_is_read_is_asked(all_templates: Templates) -> None:
    assert ("D201", "`between` is missing") in asked(
        said(CURVE.replace("    between: steps\n", "")), all_templates
    )


# 20.0m / (1.90 x 12.483m) = 84.325% fails 80%; / (2.10 x 12.483m) = 76.294% passes.
def test_after_its_last_date_a_test_is_closed(all_templates: Templates) -> None:
    example = """  - name: The test is over
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.90x20}
    facts: {outstanding_principal: "USD 20,000,000"}
    expect:
      - {on: 2026-03-16, test: ltv, result: FAIL, measured: 84.325%, state: PENDING}
      - {on: 2026-04-15, test: ltv, state: CLOSED, since: 2026-03-21}
"""
    rule = LTV.replace("    failure_is", "    last_tested: 2026-03-20\n    failure_is")
    assert holds(said(rule, example), all_templates) == []


def test_a_cure_period_runs_on_after_the_last_date(all_templates: Templates) -> None:
    example = """  - name: The clock does not stop
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.90x9 2.10x11}
    facts: {outstanding_principal: "USD 20,000,000"}
    expect:
      - {on: 2026-02-17, test: ltv, result: FAIL, state: CURE PERIOD, cure_by: 2026-03-31}
      - {on: 2026-04-15, test: ltv, state: EVENT OF DEFAULT, since: 2026-04-01}
"""
    cure = "cure: {within: 30 business days, after: determination date, cured_by: [retest], cite: CA §8.01}"
    rule = LTV.replace("a trigger event", "a default\n    last_tested: 2026-02-17").replace(
        "cure: none", cure
    )
    assert holds(said(rule, example), all_templates) == []


REPAID = """  repayment:
    cite: CA §5.03
    begins: {on_or_after: 2026-03-01}
    ends: never
    consequences:
      - kind: cash sweep
        effect: excess cash repays Class A
        sweep: {share: SHARE, of: excess cash flow, to: class_a}
        cite: CA §5.03
"""
MONEY = """  - name: From the date itself
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.10x20}
    facts: {outstanding_principal: "USD 15,300,000", outstanding_principal.class_a: "USD 15,000,000", outstanding_principal.class_b: "USD 300,000", collections: "USD 1,000,000", operating_costs: "USD 200,000", debt_service: "USD 100,000", fees: "USD 100,000"}
    expect:
      - {on: 2026-02-17, trigger: repayment, state: NOT IN EFFECT}
      - {on: 2026-03-16, trigger: repayment, state: IN EFFECT, since: 2026-03-01}
      - {on: 2026-04-15, trigger: repayment, swept: "USD 300,000.00"}
"""


def test_a_date_begins_a_trigger_on_the_date_itself(all_templates: Templates) -> None:
    """Excess: 1,000,000 - 200,000 - 100,000 - 100,000 = 600,000; half of it repays Class A."""
    assert holds(said(LTV, MONEY, REPAID.replace("SHARE", "50%")), all_templates) == []


def test_no_more_is_repaid_than_is_owed(all_templates: Templates) -> None:
    text = said(LTV, MONEY, REPAID.replace("SHARE", "100%").replace("to: class_a", "to: class_b"))
    assert holds(text, all_templates) == []  # 600,000 of excess; Class B stands at 300,000


def test_no_dollar_is_swept_twice(all_templates: Templates) -> None:
    """Half of 600,000 goes to Class A, and all of the rest, 300,000 and not 600,000, to the second trigger."""
    other = REPAID.replace("repayment:", "second:").replace("SHARE", "100%")
    example = MONEY + '      - {on: 2026-04-15, trigger: second, swept: "USD 300,000.00"}\n'
    assert holds(said(LTV, example, REPAID.replace("SHARE", "50%") + other), all_templates) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("to: class_a", "to: class_c"), "D502"),
        (("to: class_a", "to: class_a, on_end: keep"), "D562"),
        (("to: class_a", "to: reserve account"), "D201"),
        (("begins: {on_or_after: 2026-03-01}", "begins: {on_or_after: 2026-03-01, test: ltv}"), "D506"),
        (("begins: {on_or_after: 2026-03-01}", "begins: {on_or_after: 2041-03-01}"), "D523"),
    ],
)
def test_what_cannot_be_of_a_sweep_or_a_date(
    all_templates: Templates, change: tuple[str, str], code: str
) -> None:
    found = asked(said(LTV, "", REPAID.replace("SHARE", "50%"), change), all_templates)
    assert code in [one for one, _ in found]


def test_a_date_is_never_newly_met(all_templates: Templates) -> None:
    """The repayment ends by an Act; its date came before, and begins nothing again."""
    example = (
        MONEY.split("    expect:")[0]
        + """    acts: [{on: 2026-03-20, act: trigger ended, clause: repayment, document: Agreement of the parties}]
    expect:
      - {on: 2026-03-16, trigger: repayment, state: IN EFFECT}
      - {on: 2026-04-15, trigger: repayment, state: NOT IN EFFECT}
      - {on: 2026-05-15, trigger: repayment, state: NOT IN EFFECT, since: 2026-03-20}
"""
    )
    assert holds(said(LTV, example, REPAID.replace("SHARE", "50%")), all_templates) == []


def test_a_level_sweep_may_never_end(all_templates: Templates) -> None:
    rule = """  sweep:
    template: cash_sweep
    cite: CA §7.03
    level: USD 1.50 per GPU-hour
    begins: {when: below level, for: 2 consecutive publication dates}
    ends: never
    sweep: {share: 100%, of: excess cash flow, to: reserve account, on_end: keep}
    failure_is: a trigger event
    if_not_determined: hold
"""
    example = """  - name: Once begun it stays
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.40 1.40 2.10x10}
    expect:
      - {on: 2026-01-08, trigger: sweep, state: NOT IN EFFECT, count: 1 of 2}
      - {on: 2026-01-15, trigger: sweep, state: IN EFFECT}
      - {on: 2026-03-26, trigger: sweep, state: IN EFFECT, since: 2026-01-15}
"""
    assert holds(said(rule, example), all_templates) == []
    assert ("D563", "`failure_is: a default` cannot be here") in asked(
        said(rule.replace("a trigger event", "a default")), all_templates
    )


def test_what_a_failure_is_is_asked_of_every_clause(all_templates: Templates) -> None:
    assert ("D201", "`failure_is` is missing") in asked(
        said(LTV.replace("    failure_is: a trigger event\n", "")), all_templates
    )


def test_nothing_counts_information(all_templates: Templates) -> None:
    rule = LTV.replace("a trigger event", "information only")
    trigger = "  block:\n    cite: CA §7.06\n    begins: {test: ltv, result: FAIL}\n    ends: {test: ltv, result: PASS}\n"
    assert ("D565", "`block` counts `ltv`") in asked(said(rule, "", trigger), all_templates)
    example = """  - name: It is stated and nothing follows
    first_publication: 2026-01-08
    rates: {CRI-H100: 1.90x9}
    facts: {outstanding_principal: "USD 20,000,000"}
    expect:
      - {on: 2026-02-17, test: ltv, result: FAIL, state: PENDING}
"""
    assert holds(said(rule, example), all_templates) == []


SPRINGS = """  base:
    template: loan_to_value
    cite: CA §7.03
    multiple: 1.5
    maximum: 60%
    failure_is: a default
    cure: {within: 2 business days, after: determination date, cured_by: [retest], cite: CA §8.01}
    tested_while: {trigger: performance, state: IN EFFECT, from: WHEN, cite: CA §7.03}
    if_not_determined: hold
"""
PERFORMANCE = "  performance:\n    cite: CA §7.06\n    begins: {test: ltv, result: FAIL}\n    ends: {test: ltv, result: PASS}\n"
# 16.0m / (1.90 x 12.483m) = 67.460%; / (2.10 x 12.483m) = 61.036%: fails 60% and passes 65%. Thursdays.
WAKES = """  - name: The trigger and the test
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.10 2.10 1.90 1.90 2.10 2.10}
    facts: {outstanding_principal: "USD 16,000,000"}
    expect:
      - {on: 2026-01-15, test: base, state: SUSPENDED}
      - {on: 2026-01-22, trigger: performance, state: IN EFFECT}
"""


@pytest.mark.parametrize("first", [True, False], ids=["the springing test stands first", "it stands last"])
def test_springing_on_the_same_date_whatever_the_order_of_the_file(
    all_templates: Templates, first: bool
) -> None:
    rule, base = LTV.replace("80%", "65%"), SPRINGS.replace("WHEN", "the same date")
    wakes = (
        WAKES
        + "      - {on: 2026-01-22, test: base, result: FAIL, measured: 67.46%, state: CURE PERIOD, cure_by: 2026-01-26}\n"
    )
    text = said(base + rule if first else rule + base, wakes, PERFORMANCE, WEEKLY)
    assert holds(text, all_templates) == []


@pytest.mark.parametrize("first", [True, False], ids=["the springing test stands first", "it stands last"])
def test_springing_on_the_next_date(all_templates: Templates, first: bool) -> None:
    rule, base = LTV.replace("80%", "65%"), SPRINGS.replace("WHEN", "the next date")
    wakes = (
        WAKES
        + "      - {on: 2026-01-22, test: base, state: SUSPENDED}\n      - {on: 2026-01-29, test: base, result: FAIL, state: CURE PERIOD}\n"
    )
    wakes += "      - {on: 2026-02-05, test: ltv, result: PASS}\n"
    assert holds(said(base + rule if first else rule + base, wakes, PERFORMANCE, WEEKLY), all_templates) == []


def test_a_test_springs_on_the_state_of_a_test_before_its_results(all_templates: Templates) -> None:
    """Under `the next date` a test that stands above it in the file wakes it on the date after, as one that
    stands below does.
    """
    rule, base = (
        LTV.replace("80%", "65%"),
        SPRINGS.replace("WHEN", "the next date").replace(
            "trigger: performance, state: IN EFFECT", "test: ltv, state: PENDING"
        ),
    )
    wakes = WAKES.replace("      - {on: 2026-01-22, trigger: performance, state: IN EFFECT}\n", "")
    wakes += "      - {on: 2026-01-22, test: base, state: SUSPENDED}\n      - {on: 2026-01-29, test: base, result: FAIL}\n"
    assert holds(said(rule + base, wakes, "", WEEKLY), all_templates) == []


def test_from_when_it_springs_is_asked(all_templates: Templates) -> None:
    text = said(LTV + SPRINGS.replace("from: WHEN, ", ""), "", PERFORMANCE)
    assert ("D201", "`from` is missing") in asked(text, all_templates)


def test_a_circle_is_refused_with_its_path(all_templates: Templates) -> None:
    from engine.workspace.deal_files import read_deal

    circle = PERFORMANCE.replace("begins: {test: ltv", "begins: {test: base")
    _, problems = read_deal(
        said(LTV + SPRINGS.replace("WHEN", "the same date"), "", circle), "said.yaml", all_templates
    )
    (found,) = [one for one in problems if one.code == "D508"]
    assert found.what == "`base` depends on itself"
    assert (
        found.why
        == "neither could be decided before the other: `base` looks at `performance` looks at `base`"
    )
