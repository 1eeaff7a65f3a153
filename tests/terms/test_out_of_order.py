"""Terms that contradict one another: circles, ways out that lead nowhere, steps out of order, changes of what
cannot change.
"""

from __future__ import annotations

import pytest

from tests.terms.reported import Check, Fault, assert_reported, deal_text, names

BEGINS = "begins: {when: below level, for: 2"
ENDS = 'ends: {when: at or above level, for: 3 consecutive publication dates}\n    sweep: {share: 100%, of: excess cash flow, to: reserve account, until: "USD 1,200,000", on_end: keep}'
RETEST = "cured_by: [retest], cite"
DEFAULT = "{test: rate-floor, state: EVENT OF DEFAULT}"
AMENDED = "amendments:\n  - number: 1\n    document: CA\n    effective: 2026-06-26\n    changes:\n      - {"
CORRECTED = "corrections:\n  - {number: 1, found_on: 2026-02-01, by: servicer, term: covenants.ltv.multiple, replaces: 1.5, with: 1.4, reason: typed wrong}\namendments: []"
MERIDIAN: list[Fault] = [
    (BEGINS, "begins: {when: ¦above level, for: 2", "D531"),
    ("ends: {when: at or above level", "ends: {when: ¦below level", "D531"),
    ("ends: {when: at or above level", "ends: {when: ¦at or below level", "D531"),
    (
        ENDS,
        "ends: ¦{when: reserve at target}\n    sweep: {share: 100%, of: excess cash flow, to: reserve account, on_end: keep}",
        "D532",
    ),
    (RETEST, "cured_by: [prepayment], passing_for: ¦2 consecutive determination dates, cite", "D532"),
    (RETEST, 'cured_by: [retest], equity_at_most: ¦"USD 5,000", cite', "D532"),
    (RETEST, "cured_by: [retest, ¦retest], cite", "D532"),
    ("use: last published value, for_at_most: 1 publication date", "use: ¦published value", "D534"),
    ("use: agent determination", "use: ¦successor benchmark", "D534"),
    (
        "- {use: successor benchmark,",
        "- {use: successor benchmark, for_at_most: ¦2 publication dates,",
        "D534",
    ),
    (
        "for_at_most: 1 publication date, cite: CA §2.14(b)}\n      - {use: successor",
        "cite: CA §2.14(b)}\n      - {use: ¦successor",
        "W112",
    ),
    (
        "- {use: published value, cite: CA §2.14(a)}",
        "- {use: ¦agent determination, cite: CA §2.14(a)}",
        "D526",
    ),
    (
        '2026-01-06: 65%\n      2027-01-06: {value: 60%, cite: "CA §7.02, step-down"}',
        '2027-01-06: {value: 60%, cite: "CA §7.02, step-down"}\n      ¦2026-01-06: 65%',
        "D529",
    ),
    ("2026-01-06: 65%", "¦2026-03-06: 65%", "D530"),
    ("      2027-01-06: {value", "      ¦2031-01-06: {value", "D523"),
    ("    multiple: 1.5", "    multiple: {2026-01-06: 1.5, ¦2031-01-06: 1.4}", "D523"),
    (
        "    multiple: 1.5",
        "    tested_while: {test: ¦ltv, state: COMPLIANT, from: the next date, cite: CA §7.02}\n    multiple: 1.5",
        "D508",
    ),
    (
        "    multiple: 1.5",
        "    tested_while: {trigger: ¦early-amortization, state: IN EFFECT, from: the next date, cite: CA §7.02}\n    multiple: 1.5",
        "D508",
    ),
    (
        "    multiple: 1.5",
        "    tested_while: {trigger: cash-sweep, state: ¦COMPLIANT, from: the next date, cite: CA §7.02}\n    multiple: 1.5",
        "D519",
    ),
    (
        "    multiple: 1.5",
        "    tested_while: {test: appraisal, state: ¦EVENT OF DEFAULT, from: the next date, cite: CA §7.02}\n    multiple: 1.5",
        "D519",
    ),
    (DEFAULT, "¦{test: ltv, result: FAIL, for: 4 consecutive determination dates}", "D520"),
    (DEFAULT, "{all_of: ¦[]}", "D520"),
    ("for: 2 consecutive publication dates", "for: ¦999999 consecutive publication dates", "D533"),
    ("for: 2 consecutive publication dates", "for: ¦99999999999 consecutive publication dates", "D111"),
    ("for: 4 consecutive determination dates", "for: ¦300 consecutive determination dates", "D533"),
    ("within: 15 business days", "within: ¦999999 business days", "D533"),
    ("within: 15 business days", "within: ¦99999999 business days", "D109"),
    ("trailing_period: 4 weeks", "trailing_period: ¦400 weeks", "D533"),
    ("trailing_period: 90 days", "trailing_period: ¦9 years", "D533"),
    ("if_not_determined: hold", "if_not_determined: ¦fail after 999 determination dates", "D533"),
    ("early_warning: 3 points", "early_warning: ¦300 points", "D535"),
    ("early_warning: 3 points", "early_warning: ¦0 points", "D535"),
    ("  test_failed:  ", "  ¦test_faild:  ", "D502"),
    (
        "to: [indenture_trustee, servicer], within",
        "to: [indenture_trustee, ¦indenture_trustee], within",
        "D536",
    ),
    (
        "trigger_event:    {given_by: servicer, to: [indenture_trustee, servicer], within: 1 business day",
        "trigger_event:    ¦{given_by: servicer, to: [indenture_trustee, servicer]",
        "D536",
    ),
    ("version: 1.1-wp", "version: ¦9.9", "D502"),
    ("{policy: pinned, version: 1.1-wp}", "{policy: current, version: ¦1.1.0}", "D514"),
    ("every: Thursday, if", "every: Thursday, day: ¦4, if", "D538"),
    ("determination_dates: {every: Thursday, if", "¦determination_dates: {every: month, if", "D201"),
    ("every: Thursday, if", "every: Thursday, first: ¦2036-01-03, if", "D523"),
    ("cite: CA §7.02\n", "cite: ¦CA\n", "D516"),
    ("name: Meridian Compute Borrower LLC", "name: ¦~", "D209"),
    ("IND: {title: Indenture, dated: 2026-01-06", "IND: {title: Indenture, dated: ¦2029-01-06", "W111"),
    ("IND: {title: Indenture, dated: 2026-01-06", "IND: {title: Indenture, dated: ¦2039-01-06", "D523"),
    ("maturity_date: 2030-01-15", "maturity_date: ¦2061-01-15", "D523"),
    ("amendments: []", AMENDED + "term: ¦closing_date, replaces: 2026-01-06, with: 2026-02-06}", "D305"),
    ("amendments: []", AMENDED + "term: ¦deal, replaces: meridian-2026-1, with: other}", "D305"),
    (
        "amendments: []",
        AMENDED + "term: ¦covenants.ltv.template, replaces: loan_to_value, with: cash_sweep}",
        "D305",
    ),
    ("amendments: []", AMENDED + "term: covenants.ltv.multiple, replaces: 1.5, with: ¦1.5}", "D306"),
    ("amendments: []", AMENDED + "term: covenants.ltv.multiple, replaces: 1.5, ¦with: }", "D306"),
    (
        "amendments: []",
        AMENDED.replace("2026-06-26", "¦0001-01-01")
        + "term: covenants.ltv.multiple, replaces: 1.5, with: 1.4}",
        "D108",
    ),
    (
        "amendments: []",
        AMENDED.replace("2026-06-26", "¦2035-06-26")
        + "term: covenants.ltv.multiple, replaces: 1.5, with: 1.4}",
        "D523",
    ),
    (
        "amendments: []",
        AMENDED.replace(": CA", ": ¦AM9") + "term: covenants.ltv.multiple, replaces: 1.5, with: 1.4}",
        "D502",
    ),
    ("amendments: []", AMENDED.partition("\n      -")[0].replace("changes:", "changes: ¦[]"), "D306"),
    ("amendments: []", CORRECTED.replace("by: servicer", "by: ¦nobody"), "D502"),
    ("amendments: []", CORRECTED.replace("2026-02-01", "¦2020-02-01"), "D511"),
    ("closing_date: 2026-01-06", "closing_date: ¦{2026-01-06: 2026-01-06, 2026-02-01: 2026-02-01}", "D305"),
]


@pytest.mark.parametrize("fault", MERIDIAN, ids=names(MERIDIAN))
def test_a_contradiction_is_reported_where_it_stands(
    checked: Check, meridian_text: str, fault: Fault
) -> None:
    assert_reported(checked, meridian_text, fault)


def test_an_unreadable_closing_date_with_a_correction_does_not_stop_the_check(
    checked: Check, meridian_text: str
) -> None:
    bad = meridian_text.replace("amendments: []", CORRECTED).replace(
        "closing_date: 2026-01-06", "closing_date: soon"
    )
    assert "D108" in {problem.code for problem in checked(bad)}


def test_two_springing_tests_that_wait_for_one_another_are_both_named(checked: Check) -> None:
    granite = deal_text("granite-revolver-2026")
    bad = granite.replace("begins: {test: market-slump, result: FAIL,", "begins: {test: ltv, result: FAIL,")
    assert [problem.what for problem in checked(bad) if problem.code == "D508"] == ["`ltv` depends on itself"]


TEXTS = [
    ("rate-floor", "CA §7.01\n", "the rate is at least 80 per cent of the Reference Rate", "80 per cent"),
    (
        "rate-floor",
        "CA §7.01\n",
        "the rate is at least eighty percent of the Reference Rate",
        "eighty percent",
    ),
    ("cash-sweep", "CA §7.03\n", "below USD 1.40 per GPU-hour for two consecutive Publication Dates", "1.40"),
    (
        "cash-sweep",
        "CA §7.03\n",
        "below $1.50 per GPU-hour on five consecutive Publication Dates",
        "five consecutive",
    ),
    ("cash-sweep", "CA §7.03\n", "until the reserve holds USD 2,200,000", "2,200,000"),
    ("appraisal", "CA §7.04\n", "declines by more than 25% over any trailing 120-day period", "120-day"),
    (
        "appraisal",
        "CA §7.04\n",
        "an appraisal is due within forty-five (45) Business Days",
        "45) Business Days",
    ),
    ("ltv", "CA §7.02\n", "Collateral Value is 1.4 times the Reference Rate", "1.4 times"),
    ("ltv", "CA §7.02\n", "cured within twenty Business Days", "twenty Business Days"),
]


@pytest.mark.parametrize(("clause", "cite", "sentence", "quoted"), TEXTS)
def test_a_text_that_says_another_number_than_the_terms_is_refused(
    checked: Check, meridian_text: str, clause: str, cite: str, sentence: str, quoted: str
) -> None:
    head, own, tail = meridian_text.partition(f"    cite: {cite}")
    rest = tail.partition("    minimum:")[2] if clause == "rate-floor" else None
    bad = f"{head}{own}    text: {sentence}\n" + (tail if rest is None else f"    minimum:{rest}")
    found = [problem for problem in checked(bad) if problem.code == "D517"]
    assert [quoted in problem.what for problem in found] == [True]
    assert found[0].place.line == (head + own).count("\n") + 1


@pytest.mark.parametrize(
    "sentence",
    [
        "below USD 1.50 on two consecutive Publication Dates, and ends at or above it on three",
        "if the report is more than 7 days late, tested again two times a year, section 7.03, on 2026-01-06",
        "the Reference Rate is below $1.50; all of excess cash flow (100 per cent.) is swept until USD 1,200,000.00 is held",
    ],
)
def test_a_text_that_speaks_of_other_things_is_no_alarm(
    checked: Check, meridian_text: str, sentence: str
) -> None:
    own = "    cite: CA §7.03\n"
    text = meridian_text.replace(own, f"{own}    text: {sentence}\n")
    assert [problem for problem in checked(text) if problem.code == "D517"] == []
