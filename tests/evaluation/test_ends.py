"""How things start and end: waivers of triggers, clocks that wait, reserves, irrevocable triggers, amended
counts, a discharged deal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest

from engine.determination.template import Template
from engine.foresight.example_run import moments
from engine.foresight.prove import prove
from engine.terms.as_written import Deal
from tests.evaluation.test_states import P, example, only

ONE_DATE = (
    "begins: {when: below level, for: 2 consecutive publication dates}",
    "begins: {when: below level, for: 1 publication date}",
)
SOON = (
    "ends: {when: at or above level, for: 3 consecutive publication dates}",
    "ends: {when: at or above level, for: 1 publication date}",
)
RELEASED = ("on_end: keep", "on_end: release to borrower")
PREPAID = ("on_end: keep", "on_end: prepay")
BY_NOTICE = (
    "cure: {within: 10 business days, after: determination date",
    "cure: {within: 10 business days, after: notice by the agent",
)
NO_RETEST = (
    "cured_by: [prepayment, additional collateral, retest], cite: CA §8.01(d)",
    "cured_by: [prepayment], cite: CA §8.01(d)",
)
LTV_WAITS = (
    "cite: CA §8.01(d)}\n    if_not_determined: hold",
    "cite: CA §8.01(d)}\n    if_not_determined: fail after 2 determination dates",
)
MONTHLY = (
    "    measure: fall_in_window\n",
    "    measure: fall_in_window\n    frequency: first date of each month\n",
)
CASH = (
    '{collections: "USD 800,000", operating_costs: "USD 100,000", debt_service: "USD 200,000", fees: "USD '
    '50,000"}'
)
AMENDED = """amendments:
  - number: 1
    document: AM1
    effective: 2026-01-20
    changes:
      - {{{change}, cite: AM1 §2}}
"""


@dataclass(frozen=True)
class History:
    """What happens to the deal, with the changes to its text."""

    told: str
    changes: tuple[tuple[str, str], ...]
    lived: str


HISTORIES = (
    History(
        "a waiver of a trigger ends on its last day, and the trigger counts afresh",
        (ONE_DATE,),
        example(
            "w",
            "1.60x2 1.49 1.49x2 1.49 1.49",
            "{}",
            "on: 2026-01-29, trigger: cash-sweep, state: WAIVED",
            "on: 2026-02-06, trigger: cash-sweep, state: WAIVED",
            "on: 2026-02-12, trigger: cash-sweep, state: IN EFFECT, since: 2026-02-12",
            acts="[{on: 2026-01-16, act: waiver, clause: cash-sweep, until: 2026-02-06, document: W1, clock: "
            "resumes}]",
        ),
    ),
    History(
        "a trigger that was waived while in effect is in effect again afterwards",
        (ONE_DATE,),
        example(
            "w",
            "1.60 1.49x7",
            "{}",
            "on: 2026-01-15, trigger: cash-sweep, state: IN EFFECT",
            "on: 2026-01-29, trigger: cash-sweep, state: WAIVED",
            "on: 2026-02-12, trigger: cash-sweep, state: IN EFFECT, since: 2026-02-07",
            acts="[{on: 2026-01-20, act: waiver, clause: cash-sweep, until: 2026-02-06, document: W1, clock: "
            "resumes}]",
        ),
    ),
    History(
        "a second waiver extends the first",
        (),
        example(
            "w",
            "2.10 1.90x8",
            P,
            "on: 2026-02-12, test: ltv, state: WAIVED",
            "on: 2026-02-26, test: ltv, state: WAIVED",
            "on: 2026-03-05, test: ltv, state: CURE PERIOD, since: 2026-02-28, cure_by: 2026-03-12",
            acts="[{on: 2026-01-20, act: waiver, clause: ltv, until: 2026-02-06, document: W1, clock: "
            "resumes}, {on: 2026-02-03, act: waiver, clause: ltv, until: 2026-02-27, document: W2, clock: "
            "resumes}]",
        ),
    ),
    History(
        "a clock that starts on notice starts on it, though nothing can be determined any more",
        (BY_NOTICE,),
        example(
            "c",
            "2.10 1.90 _x8",
            P,
            "on: 2026-01-15, test: ltv, state: CURE PERIOD",
            "on: 2026-02-05, test: ltv, result: NOT DETERMINED, state: CURE PERIOD, cure_by: 2026-02-18",
            "on: 2026-02-26, test: ltv, result: NOT DETERMINED, state: EVENT OF DEFAULT, since: 2026-02-19",
            acts="[{on: 2026-02-03, act: notice by the agent, clause: ltv, document: N1}]",
        ),
    ),
    History(
        "a clock that starts on notice starts on it, though the test passes again and a retest is not a cure",
        (BY_NOTICE, NO_RETEST),
        example(
            "c",
            "2.10 1.90 2.10x8",
            P,
            "on: 2026-01-29, test: ltv, result: PASS, state: CURE PERIOD",
            "on: 2026-02-05, test: ltv, result: PASS, state: CURE PERIOD, cure_by: 2026-02-18",
            "on: 2026-02-26, test: ltv, state: EVENT OF DEFAULT, since: 2026-02-19",
            acts="[{on: 2026-02-03, act: notice by the agent, clause: ltv, document: N1}]",
        ),
    ),
    History(
        "missing reports count as a failure from the second date on, on every date",
        (LTV_WAITS,),
        example(
            "n",
            "2.10 2.10x6",
            '{fees: "USD 1", outstanding_principal: {2026-01-08: "USD 16,000,000", 2026-01-15: missing}}',
            "on: 2026-01-08, test: ltv, result: PASS, state: COMPLIANT",
            "on: 2026-01-15, test: ltv, result: NOT DETERMINED, state: COMPLIANT",
            "on: 2026-01-22, test: ltv, result: NOT DETERMINED, state: CURE PERIOD, cure_by: 2026-02-05",
            "on: 2026-02-12, test: ltv, result: NOT DETERMINED, state: EVENT OF DEFAULT, since: 2026-02-06",
        ),
    ),
    History(
        "a missing rate is not a missing report: one date of each is not two",
        (LTV_WAITS,),
        example(
            "n",
            "_ 2.10x2",
            '{fees: "USD 1", outstanding_principal: {2026-01-08: "USD 16,000,000", 2026-01-15: missing, '
            '2026-01-22: "USD 16,000,000"}}',
            "on: 2026-01-08, test: ltv, result: NOT DETERMINED, state: NOT YET TESTED",
            "on: 2026-01-15, test: ltv, result: NOT DETERMINED, state: NOT YET TESTED",
            "on: 2026-01-22, test: ltv, result: PASS, state: COMPLIANT",
        ),
    ),
    History(
        "a reserve that is released at the end is empty, and the next sweep fills it again",
        (ONE_DATE, SOON, RELEASED, ('until: "USD 1,200,000"', 'until: "USD 500,000"')),
        example(
            "r",
            "1.60 1.49x6 1.60 1.49x5",
            CASH,
            "on: 2026-02-17, trigger: cash-sweep, reserve: USD 450000, swept: USD 450000",
            "on: 2026-02-26, trigger: cash-sweep, state: NOT IN EFFECT, reserve: USD 0",
            "on: 2026-03-16, trigger: cash-sweep, reserve: USD 450000, swept: USD 450000",
        ),
    ),
    History(
        "a reserve that prepays at the end is empty",
        (ONE_DATE, SOON, PREPAID),
        example(
            "r",
            "1.60 1.49x6 1.60",
            CASH,
            "on: 2026-02-26, trigger: cash-sweep, state: NOT IN EFFECT, reserve: USD 0",
        ),
    ),
    History(
        "a reserve goes where the deal says when the trigger ends by an Act",
        (ONE_DATE, RELEASED),
        example(
            "r",
            "1.60 1.49x6 1.49",
            CASH,
            "on: 2026-02-19, trigger: cash-sweep, state: IN EFFECT, reserve: USD 450000",
            "on: 2026-02-24, trigger: cash-sweep, state: NOT IN EFFECT, reserve: USD 0",
            acts="[{on: 2026-02-24, act: trigger ended, clause: cash-sweep, document: Consent}]",
        ),
    ),
    History(
        "a sweep whose figures are missing was not computed, and is not zero",
        (ONE_DATE,),
        example(
            "r",
            "1.60 1.49x6",
            '{collections: "USD 800,000", operating_costs: "USD 100,000", debt_service: "USD 200,000"}',
            "on: 2026-02-17, trigger: cash-sweep, swept: none",
        ),
    ),
    History(
        "the first date of each month, for a clause that is tested on Publication Dates",
        (MONTHLY,),
        example(
            "f",
            "2.10x9",
            "{}",
            "on: 2026-01-08, test: appraisal, result: PASS",
            "on: 2026-02-05, test: appraisal, result: PASS",
            "on: 2026-03-05, test: appraisal, result: PASS",
        ),
    ),
)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.told)
def test_histories(
    history: History, load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text
    for old, new in history.changes:
        assert old in text
        text = text.replace(old, new, 1)
    (proof,) = prove(load(only(text, history.lived)), all_templates)
    assert [problem.what for problem in proof.problems] == []


def last_moment(load: Callable[[str], Deal], text: str, templates: dict[str, Template], on: date, lived: str):  # type: ignore[no-untyped-def]
    deal = load(only(text, lived))
    return moments(deal, deal.examples[0], templates, {on})[on][-1]


def test_a_monthly_test_is_tested_once_a_month(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text.replace(*MONTHLY)
    deal = load(only(text, example("f", "2.10x9", "{}", "on: 2026-03-05, test: appraisal, result: PASS")))
    found = moments(deal, deal.examples[0], all_templates, {date(2026, 3, 5)})
    assert [on for on, seen in sorted(found.items()) if "appraisal" in seen[-1].results] == [
        date(2026, 1, 8),
        date(2026, 2, 5),
        date(2026, 3, 5),
    ]


PRINTED = """worked_examples:
  - name: Undone
    first_publication: 2026-01-08
    rates: {CRI-H100: 2.10 1.60 1.60 1.60}
    facts: {outstanding_principal: "USD 16,000,000"}
    prints:
      - {index: CRI-H100, of: 2026-01-15, published: 2026-01-21, value: 2.10}
    expect:
      - {on: 2026-01-15, as_known_on: 2026-01-15, trigger: early-amortization, state: IN EFFECT, since: 2026-01-15}
      - {on: 2026-01-15, trigger: early-amortization, state: IN EFFECT, since: 2026-01-15}
      - {on: 2026-01-08, trigger: early-amortization, state: NOT IN EFFECT}
      - {on: 2026-01-15, test: ltv, result: PASS}
"""
AT_ONCE = (
    "{test: ltv, result: FAIL, for: 4 consecutive determination dates}",
    "{test: ltv, result: FAIL, for: 1 determination date}",
)


def test_a_restatement_does_not_undo_an_irrevocable_trigger(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text.partition("worked_examples:")[0].replace(*AT_ONCE)
    (proof,) = prove(load(text + PRINTED), all_templates)
    assert [problem.what for problem in proof.problems] == []
    revocable = text.replace(
        "    ends: never\n", "    ends: {test: ltv, result: PASS, for: 9 consecutive determination dates}\n"
    )
    (proof,) = prove(load(revocable + PRINTED), all_templates)
    assert any("NOT IN EFFECT" in problem.what for problem in proof.problems)


ENDED = """worked_examples:
  - name: Ended
    first_publication: 2026-01-08
    rates: {{CRI-H100: 2.10 1.60 2.10 2.10 1.60}}
    facts: {{outstanding_principal: "USD 16,000,000"}}
    prints:
      - {{index: CRI-H100, of: 2026-01-15, published: 2026-01-21, value: 2.10}}
    acts: [{{on: {ended}, act: trigger ended, clause: early-amortization, document: Consent}}]
    expect:
      - {{on: 2026-01-15, trigger: early-amortization, state: IN EFFECT, since: 2026-01-15}}
      - {{on: 2026-01-29, trigger: early-amortization, state: NOT IN EFFECT}}
      - {{on: 2026-02-05, trigger: early-amortization, state: IN EFFECT, since: 2026-02-05}}
"""


@pytest.mark.parametrize(
    "ended", ["2026-01-19", "2026-01-26"], ids=["before the correction", "after the correction"]
)
def test_an_act_ends_an_irrevocable_trigger_that_a_restatement_did_not_undo(
    ended: str, load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """It stays ended on the dates after the Act, and a failure on a later date begins it anew."""
    text = meridian_text.partition("worked_examples:")[0].replace(*AT_ONCE)
    (proof,) = prove(load(text + ENDED.format(ended=ended)), all_templates)
    assert [problem.what for problem in proof.problems] == []


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (
            "term: covenants.cash-sweep.begins, replaces: {when: below level, for: 2 consecutive "
            "publication dates}, with: {when: below level, for: 3 consecutive publication dates}",
            "NOT IN EFFECT, count: 2 of 3",
        ),
        ("term: covenants.rate-floor.minimum, replaces: 85%, with: 80%", "IN EFFECT"),
    ],
    ids=["a limb that is amended counts afresh", "an amendment of something else leaves the counts"],
)
def test_counts_under_an_amendment(
    change: str,
    state: str,
    load: Callable[[str], Deal],
    meridian_text: str,
    all_templates: dict[str, Template],
) -> None:
    """1.49 on 15, 22 and 29 January; the amendment takes effect on the 20th."""
    text = meridian_text.replace("amendments: []\n", AMENDED.format(change=change))
    lived = example("a", "1.60 1.49x3", "{}", f"on: 2026-01-29, trigger: cash-sweep, state: {state}")
    (proof,) = prove(load(only(text, lived)), all_templates)
    assert [problem.what for problem in proof.problems] == []


def test_an_end_that_is_amended_while_the_trigger_is_in_effect_counts_afresh(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    change = (
        "term: covenants.cash-sweep.ends, replaces: {when: at or above level, for: 3 consecutive "
        "publication dates}, with: {when: reserve at target}"
    )
    text = meridian_text.replace(*ONE_DATE).replace("amendments: []\n", AMENDED.format(change=change))
    lived = example("a", "1.60 1.49 1.60x3", "{}", "on: 2026-01-29, trigger: cash-sweep, state: IN EFFECT")
    (proof,) = prove(load(only(text, lived)), all_templates)
    assert [problem.what for problem in proof.problems] == []


def test_a_discharged_deal_is_closed_and_nothing_more_is_determined(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    lived = example(
        "d",
        "2.10 1.50x3",
        P,
        "on: 2026-01-29, test: ltv, state: CLOSED",
        acts="[{on: 2026-01-27, act: discharged, document: Payoff Letter}]",
    )
    moment = last_moment(load, meridian_text, all_templates, date(2026, 1, 29), lived)
    assert {one.status.value for one in (*moment.state.tests.values(), *moment.state.triggers.values())} == {
        "CLOSED"
    }
    assert {one.status for one in moment.state.obligations.values()} == {"CLOSED"}
    assert moment.state.obligations
    assert moment.results == {}
