"""When an episode of failing begins and ends: a clock that waits for a report, a waiver in the middle, the two ways to cure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.determination.template import Template
from engine.rehearsal import Moment, moments
from engine.terms.in_force import Deal
from tests.triggers.test_states import P, example, only

FAIL_WITHOUT_A_REPORT = (
    "additional collateral, retest], cite: CA §8.01(d)}\n    if_not_determined: hold",
    "additional collateral, retest], cite: CA §8.01(d)}\n    if_not_determined: fail",
)
FROM_DELIVERY = (
    "cure: {within: 10 business days, after: determination date",
    "cure: {within: 10 business days, after: delivery of the report",
)
LATE = (
    '{outstanding_principal: {2026-01-08: "USD 16,000,000", 2026-01-29: "USD 20,000,000"}, '
    "report_received: {2026-01-08: determination date, 2026-01-15: missing, 2026-01-29: 3 business days after determination date}}"
)


@pytest.fixture
def lived(load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]) -> Callable[..., dict[date, Moment]]:
    """The dates of a history of the deal with changes to its text, each as it was last determined."""

    def live(rates: str, facts: str, last: date, *changes: tuple[str, str], acts: str = "[]") -> dict[date, Moment]:
        text = meridian_text
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        deal = load(only(text, example("e", rates, facts, f"on: {last}, test: ltv, state: COMPLIANT", acts=acts)))
        return {on: found[-1] for on, found in moments(deal, deal.examples[0], all_templates, {last}).items()}

    return live


def test_a_failure_for_want_of_a_report_starts_no_clock_from_an_older_one(lived: Callable[..., dict[date, Moment]]) -> None:
    """The report of 8 January is too old on the 29th; the next one comes on 3 February, and the clock counts from it."""
    found = lived("2.10x6", LATE, date(2026, 2, 5), FAIL_WITHOUT_A_REPORT, FROM_DELIVERY)
    waiting = found[date(2026, 1, 29)].state.tests["ltv"]
    assert (waiting.status, waiting.cure, waiting.why) == ("CURE PERIOD", None, "the cure clock starts on delivery of the report")
    begun = found[date(2026, 2, 5)].state.tests["ltv"]
    assert begun.status == "CURE PERIOD"
    assert begun.cure is not None
    assert (begun.cure.counted_from, begun.cure.by, begun.cure.found_late_on) == (date(2026, 2, 3), date(2026, 2, 18), None)


def test_a_report_starts_a_waiting_clock_though_nothing_can_be_determined_with_it(lived: Callable[..., dict[date, Moment]]) -> None:
    found = lived("2.10x4 _x4", LATE, date(2026, 2, 19), FAIL_WITHOUT_A_REPORT, FROM_DELIVERY)
    state = found[date(2026, 2, 19)].state.tests["ltv"]
    assert (state.status, state.since) == ("EVENT OF DEFAULT", date(2026, 2, 19))


def test_a_failure_that_a_report_shows_counts_from_the_delivery_of_that_report(lived: Callable[..., dict[date, Moment]]) -> None:
    found = lived("2.10 1.90", P, date(2026, 1, 15), FROM_DELIVERY)
    state = found[date(2026, 1, 15)].state.tests["ltv"]
    assert state.cure is not None
    assert (state.cure.counted_from, state.cure.by) == (date(2026, 1, 15), date(2026, 1, 30))
