"""Conditions: from when a met one is in effect, which dates a leaf counts where it does not say, and a
trigger that is taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.determination.template import Template
from engine.evaluation.conditions import Gate, LeafRule, Seen, Tree
from engine.evaluation.trigger_states import TriggerRule, next_trigger
from engine.events.states import TestState, TestStatus, TriggerStatus
from engine.foresight.example_run import moments
from engine.terms.as_written import Deal
from tests.evaluation.test_states import P, example, only

DEFAULTS = {"a": date(2026, 1, 9), "b": date(2026, 1, 14), "c": date(2026, 1, 12), "d": None}
"""Since when each test is in default; the last is not."""
ON = date(2026, 1, 15)


def default_of(name: str) -> LeafRule:
    return LeafRule(test=name, state="EVENT OF DEFAULT")


def begun(tree: Tree) -> date:
    states = {
        name: TestState(
            test=name,
            status=TestStatus.EVENT_OF_DEFAULT if since else TestStatus.COMPLIANT,
            since=since or date(2026, 1, 2),
        )
        for name, since in DEFAULTS.items()
    }
    seen = Seen(ON, {}, frozenset(), states, {}, frozenset({"determination dates"}))
    state = next_trigger(None, TriggerRule("x", "CA §1", tree, None), seen, full=False)
    assert state.status is TriggerStatus.IN_EFFECT
    return state.since


A, B, C, D = (default_of(name) for name in "abcd")


@pytest.mark.parametrize(
    ("tree", "since"),
    [
        (Gate(1, (A, B)), date(2026, 1, 9)),
        (Gate(1, (D, B)), date(2026, 1, 14)),
        (Gate(2, (A, B)), date(2026, 1, 14)),
        (Gate(2, (A, B, C, D)), date(2026, 1, 12)),
        (Gate(1, (Gate(2, (A, B)), C)), date(2026, 1, 12)),
        (Gate(2, (Gate(1, (A, B)), C)), date(2026, 1, 12)),
    ],
    ids=[
        "any of two: the first",
        "any of two, one not met",
        "all of two: the last",
        "two of four: the second",
        "any of an all",
        "all of an any",
    ],
)
def test_a_trigger_on_states_begins_on_the_day_on_which_its_condition_was_first_met(
    tree: Tree, since: date
) -> None:
    assert begun(tree) == since


MONTHLY = ("determination_dates: {every: Thursday,", "determination_dates: {every: month, day: 16,")
ON_PUBLICATIONS = ("- {test: rate-floor, state: EVENT OF DEFAULT}", "- {test: cash-sweep, result: FAIL}")


def test_a_leaf_without_for_counts_the_dates_on_which_its_test_is_run(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """The level test runs on Thursdays; none of the deal's Determination Dates, the 16th of each month, is
    one of its dates.
    """
    text = meridian_text
    for old, new in (MONTHLY, ON_PUBLICATIONS):
        assert old in text
        text = text.replace(old, new)
    on = date(2026, 1, 22)
    deal = load(
        only(
            text,
            example("m", "1.60 1.60 1.49", P, f"on: {on}, trigger: early-amortization, state: IN EFFECT"),
        )
    )
    state = moments(deal, deal.examples[0], all_templates, {on})[on][-1].state.triggers["early-amortization"]
    assert (state.status, state.since) == ("IN EFFECT", on)
    assert state.why == "cash-sweep FAIL on one publication date"


TAKEN_AWAY = """amendments:
  - number: 1
    document: AM1
    effective: 2026-02-01
    changes:
      - term: triggers
        replaces:
          early-amortization:
            cite: IND §5.07
            begins:
              any_of:
                - {test: ltv, result: FAIL, for: 4 consecutive determination dates}
                - {test: rate-floor, state: EVENT OF DEFAULT}
            ends: never
            esma: {changes_priority_of_payments: true, replaces_counterparty: false}
        with: {}
        consequences: end
        reserve: release
        cite: AM1 §2
"""


def test_a_trigger_that_an_amendment_takes_away_stops_no_date_and_counts_no_more(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """Three failures of four when it is taken away: one date from its beginning, and it never begins."""
    assert "amendments: []\n" in meridian_text
    text = meridian_text.replace("amendments: []\n", TAKEN_AWAY)
    on = date(2026, 2, 19)
    deal = load(only(text, example("a", "2.10 1.90x6", P, f"on: {on}, test: ltv, state: EVENT OF DEFAULT")))
    found = moments(deal, deal.examples[0], all_templates, {on})
    last = found[on][-1].state
    assert last.last_date == on
    assert (
        last.triggers["early-amortization"]
        == found[date(2026, 1, 29)][-1].state.triggers["early-amortization"]
    )
    assert last.triggers["early-amortization"].begins[0].count == 3
