"""The state machine: a table of histories, and the properties that carry weight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.determination.template import Template
from engine.foresight.prove import prove
from engine.terms.as_written import Deal

THURSDAY = timedelta(days=7)


def example(name: str, rates: str, facts: str, *expect: str, acts: str = "[]") -> str:
    lines = "\n".join(f"      - {{{one}}}" for one in expect)
    return f"""  - name: {name}
    first_publication: 2026-01-08
    rates: {{CRI-H100: {rates}}}
    facts: {facts}
    acts: {acts}
    expect:
{lines}
"""


def only(text: str, *examples: str) -> str:
    head, _, _ = text.partition("worked_examples:")
    return head + "worked_examples:\n" + "".join(examples)


P = '{outstanding_principal: "USD 16,000,000"}'

HISTORIES: list[tuple[str, str]] = [
    (
        "a cure on the last day is in time",
        example(
            "last day",
            "2.10 1.90 1.90 1.95",
            P,
            "on: 2026-01-15, test: ltv, state: CURE PERIOD, cure_by: 2026-01-30",
            "on: 2026-01-22, test: ltv, state: CURE PERIOD, cure_by: 2026-01-30",
            "on: 2026-01-29, test: ltv, state: COMPLIANT",
        ),
    ),
    (
        "the default is dated the day after the deadline, and a PASS does not end it",
        example(
            "too late",
            "2.10 1.90x4 2.10",
            P,
            "on: 2026-01-30, test: ltv, state: CURE PERIOD",
            "on: 2026-01-31, test: ltv, state: EVENT OF DEFAULT, since: 2026-01-31",
            "on: 2026-02-12, test: ltv, result: PASS, state: EVENT OF DEFAULT, since: 2026-01-31",
        ),
    ),
    (
        "a failure after a cure is a new episode with a deadline of its own",
        example(
            "again",
            "2.10 1.90 2.00 1.90",
            P,
            "on: 2026-01-22, test: ltv, state: COMPLIANT",
            "on: 2026-01-29, test: ltv, state: CURE PERIOD, since: 2026-01-29, cure_by: 2026-02-12",
        ),
    ),
    (
        "a waiver suspends a Cure Period, and after it the unused days follow",
        example(
            "acts",
            "2.10 1.90x6",
            P,
            "on: 2026-01-15, test: ltv, state: CURE PERIOD",
            "on: 2026-01-22, test: ltv, state: WAIVED",
            "on: 2026-02-05, test: ltv, result: FAIL, state: WAIVED",
            "on: 2026-02-12, test: ltv, state: CURE PERIOD, since: 2026-02-07, cure_by: 2026-02-20",
            acts="[{on: 2026-01-20, act: waiver, clause: ltv, until: 2026-02-06, document: W1, clock: "
            "resumes}]",
        ),
    ),
    (
        "a waiver that restarts the clock gives the full period from its last day",
        example(
            "restart",
            "2.10 1.90x7",
            P,
            "on: 2026-02-12, test: ltv, state: CURE PERIOD, since: 2026-02-07, cure_by: 2026-02-23",
            "on: 2026-02-26, test: ltv, state: EVENT OF DEFAULT, since: 2026-02-24",
            acts="[{on: 2026-01-20, act: waiver, clause: ltv, until: 2026-02-06, document: W1, clock: "
            "restarts}]",
        ),
    ),
    (
        (
            "an Event of Default that was waived for a time is one again afterwards, and a waiver of a "
            "passing "
            "test heals nothing"
        ),
        example(
            "waived default",
            "2.10 1.90x8",
            P,
            "on: 2026-02-05, test: ltv, state: EVENT OF DEFAULT, since: 2026-01-31",
            "on: 2026-02-12, test: ltv, state: WAIVED",
            "on: 2026-02-26, test: ltv, state: EVENT OF DEFAULT, since: 2026-02-21",
            acts="[{on: 2026-02-06, act: waiver, clause: ltv, until: 2026-02-20, document: W2, clock: "
            "resumes}]",
        ),
    ),
    (
        "an Act entered in error and withdrawn leaves no trace in the states",
        example(
            "withdrawn",
            "2.10 1.90x3",
            P,
            "on: 2026-01-22, test: ltv, state: CURE PERIOD, cure_by: 2026-01-30",
            acts="[{on: 2026-01-16, act: waiver, clause: ltv, until: 2026-02-06, document: W1, clock: "
            "resumes}, {on: 2026-01-19, act: act withdrawn, names: waiver|ltv|2026-01-16}]",
        ),
    ),
    (
        "an Event of Default ends only by a Recorded Act",
        example(
            "ended",
            "2.10 1.90x4 2.10 2.10",
            P,
            "on: 2026-02-12, test: ltv, state: EVENT OF DEFAULT",
            "on: 2026-02-19, test: ltv, state: COMPLIANT",
            acts="[{on: 2026-02-17, act: default ended, clause: ltv, document: Consent}]",
        ),
    ),
    (
        "four failures in a row begin early amortization; a pass in between starts the count again",
        example(
            "composite",
            "1.90 1.90 1.95 1.90x4 2.10",
            P,
            "on: 2026-01-15, trigger: early-amortization, state: NOT IN EFFECT, count: 2 of 4",
            "on: 2026-01-22, trigger: early-amortization, state: NOT IN EFFECT, count: 0 of 4",
            "on: 2026-02-12, trigger: early-amortization, state: NOT IN EFFECT, count: 3 of 4",
            "on: 2026-02-19, trigger: early-amortization, state: IN EFFECT, since: 2026-02-19",
            "on: 2026-02-26, trigger: early-amortization, state: IN EFFECT",
        ),
    ),
    (
        "a trigger on a state begins on the state's own date",
        example(
            "state",
            "2.00x4 2.10x5",
            "{weighted_average_rental_rate: USD 1.70 per GPU-hour}",
            "on: 2026-02-05, test: rate-floor, state: CURE PERIOD, cure_by: 2026-02-27",
            "on: 2026-03-05, test: rate-floor, state: EVENT OF DEFAULT, since: 2026-02-28",
            "on: 2026-03-05, trigger: early-amortization, state: IN EFFECT, since: 2026-02-28",
        ),
    ),
    (
        "the early warning is a state, not a failure",
        example(
            "watch",
            "2.00x4",
            "{weighted_average_rental_rate: USD 1.75 per GPU-hour}",
            "on: 2026-01-29, test: rate-floor, result: PASS, measured: 87.5%, state: WATCH",
        ),
    ),
    (
        "an open obligation is not doubled",
        example(
            "once",
            "2.10 1.50x3",
            "{}",
            "on: 2026-01-15, test: appraisal, result: FAIL, obligation: independent appraisal, due: "
            "2026-03-02",
            "on: 2026-01-29, test: appraisal, result: FAIL, obligation: independent appraisal, due: "
            "2026-03-02",
        ),
    ),
    (
        "a delivered appraisal satisfies the obligation, and a new one needs a pass first",
        example(
            "delivered",
            "2.10 1.50x4 2.10 1.50",
            "{}",
            "on: 2026-02-05, test: appraisal, result: FAIL, obligation: none",
            "on: 2026-02-19, test: appraisal, result: FAIL, obligation: independent appraisal, due: "
            "2026-04-02",
            acts="[{on: 2026-01-27, act: appraisal delivered, clause: appraisal, document: A1}]",
        ),
    ),
    (
        "the agent's determination serves on its date only",
        example(
            "agent",
            "2.10 _ _ _",
            P,
            "on: 2026-01-15, test: ltv, rate_from: last published value",
            "on: 2026-01-22, test: ltv, result: PASS, rate_from: agent determination, rate: USD 2.0000",
            "on: 2026-01-29, test: ltv, result: NOT DETERMINED, rate_from: none",
            acts="[{on: 2026-01-22, act: agent determination, index: CRI-H100, rate: '2.00', document: D1}]",
        ),
    ),
    (
        "a sweep takes the excess on the Payment Date after it began, up to its target, and keeps it",
        example(
            "money",
            "1.60 1.49 1.48 1.48x3 1.55x3 1.60x2",
            '{collections: "USD 1,500,000", operating_costs: "USD 300,000", debt_service: "USD 350,000", '
            'fees: "USD 50,000"}',
            "on: 2026-01-22, trigger: cash-sweep, state: IN EFFECT, reserve: USD 0",
            "on: 2026-02-17, trigger: cash-sweep, reserve: USD 800000, swept: USD 800000",
            "on: 2026-03-05, trigger: cash-sweep, state: NOT IN EFFECT, reserve: USD 800000",
            "on: 2026-03-16, trigger: cash-sweep, reserve: USD 800000",
        ),
    ),
]


@pytest.mark.parametrize(("told", "one"), HISTORIES, ids=[told for told, _ in HISTORIES])
def test_histories(
    load: Callable[[str], Deal], all_templates: dict[str, Template], meridian_text: str, told: str, one: str
) -> None:
    (proof,) = prove(load(only(meridian_text, one)), all_templates)
    assert [problem.what for problem in proof.problems] == []


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["1.90", "2.10", "_"]), min_size=1, max_size=14))
def test_a_chain_is_neither_broken_nor_extended_by_silence(
    load: Callable[[str], Deal], all_templates: dict[str, Template], meridian_text: str, rates: list[str]
) -> None:
    """The count of the sweep equals the trailing run of published values below its level, silence left out."""
    low = [{"1.90": "1.40", "2.10": "1.60", "_": "_"}[rate] for rate in rates]
    run = 0
    for rate in low:
        run = run + 1 if rate == "1.40" else 0 if rate == "1.60" else run
        if run == 2:
            break
    last = date(2026, 1, 8) + (len(low) - 1) * THURSDAY
    state = "IN EFFECT" if run == 2 else f"NOT IN EFFECT, count: {run} of 2"
    began = next((n for n in range(len(low)) if _run(low[: n + 1]) == 2), None)
    if began is not None:
        last = date(2026, 1, 8) + began * THURSDAY
        low = low[: began + 1]
    text = only(
        meridian_text,
        example("chain", f"'{' '.join(low)}'", "{}", f"on: {last}, trigger: cash-sweep, state: {state}"),
    )
    (proof,) = prove(load(text), all_templates)
    assert [problem.what for problem in proof.problems] == []


def _run(rates: list[str]) -> int:
    run = 0
    for rate in rates:
        run = run + 1 if rate == "1.40" else 0 if rate == "1.60" else run
    return run
