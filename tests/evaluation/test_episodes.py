"""When an episode of failing begins and ends: a clock that waits for a report, a waiver in the middle, the
two ways to cure.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.determination.template import Template
from engine.foresight.example_run import Moment, moments
from engine.terms.as_written import Deal
from tests.evaluation.test_states import P, example, only

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
    "report_received: {2026-01-08: determination date, 2026-01-15: missing, 2026-01-29: 3 business days "
    "after determination date}}"
)


@pytest.fixture
def lived(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> Callable[..., dict[date, Moment]]:
    """The dates of a history of the deal with changes to its text, each as it was last determined."""

    def live(
        rates: str, facts: str, last: date, *changes: tuple[str, str], acts: str = "[]"
    ) -> dict[date, Moment]:
        text = meridian_text
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        deal = load(
            only(text, example("e", rates, facts, f"on: {last}, test: ltv, state: COMPLIANT", acts=acts))
        )
        return {on: found[-1] for on, found in moments(deal, deal.examples[0], all_templates, {last}).items()}

    return live


def test_a_failure_for_want_of_a_report_starts_no_clock_from_an_older_one(
    lived: Callable[..., dict[date, Moment]],
) -> None:
    """The report of 8 January is too old on the 29th; the next one comes on 3 February, and the clock counts
    from it.
    """
    found = lived("2.10x6", LATE, date(2026, 2, 5), FAIL_WITHOUT_A_REPORT, FROM_DELIVERY)
    waiting = found[date(2026, 1, 29)].state.tests["ltv"]
    assert (waiting.status, waiting.cure, waiting.why) == (
        "CURE PERIOD",
        None,
        "the cure clock starts on delivery of the report",
    )
    begun = found[date(2026, 2, 5)].state.tests["ltv"]
    assert begun.status == "CURE PERIOD"
    assert begun.cure is not None
    assert (begun.cure.counted_from, begun.cure.by, begun.cure.found_late_on) == (
        date(2026, 2, 3),
        date(2026, 2, 18),
        None,
    )


def test_a_report_starts_a_waiting_clock_though_nothing_can_be_determined_with_it(
    lived: Callable[..., dict[date, Moment]],
) -> None:
    found = lived("2.10x4 _x4", LATE, date(2026, 2, 19), FAIL_WITHOUT_A_REPORT, FROM_DELIVERY)
    state = found[date(2026, 2, 19)].state.tests["ltv"]
    assert (state.status, state.since) == ("EVENT OF DEFAULT", date(2026, 2, 19))


def test_a_failure_that_a_report_shows_counts_from_the_delivery_of_that_report(
    lived: Callable[..., dict[date, Moment]],
) -> None:
    found = lived("2.10 1.90", P, date(2026, 1, 15), FROM_DELIVERY)
    state = found[date(2026, 1, 15)].state.tests["ltv"]
    assert state.cure is not None
    assert (state.cure.counted_from, state.cure.by) == (date(2026, 1, 15), date(2026, 1, 30))


WAIVED = "{{on: 2026-01-16, act: waiver, clause: appraisal, until: {until}, document: W}}"
DELIVERED = "{on: 2026-01-20, act: appraisal delivered, clause: appraisal, document: A}"


def owed(moment: Moment) -> list[str]:
    return [key for key, one in moment.state.obligations.items() if one.is_owed]


def test_a_pass_under_a_waiver_ends_the_episode_so_that_the_next_failure_makes_a_new_obligation(
    lived: Callable[..., dict[date, Moment]],
) -> None:
    """Failed on 15 January, delivered on the 20th, passed on the 22nd and 29th under the waiver, failed after
    it (rulings 30).
    """
    acts = f"[{DELIVERED}, {WAIVED.format(until='2026-02-02')}]"
    found = lived("2.10 1.50 2.10x2 1.50", P, date(2026, 2, 5), acts=acts)
    assert found[date(2026, 1, 22)].state.tests["appraisal"].episode_began is None
    assert owed(found[date(2026, 2, 5)]) == ["appraisal@2026-02-05"]
    assert found[date(2026, 2, 5)].state.tests["appraisal"].episode_began == date(2026, 2, 5)


def test_without_a_pass_since_the_delivery_a_waiver_that_ends_makes_no_new_obligation(
    lived: Callable[..., dict[date, Moment]],
) -> None:
    """Ruling 30 asks for a PASS after the delivery; the end of a waiver is not one."""
    acts = f"[{DELIVERED}, {WAIVED.format(until='2026-02-02')}]"
    found = lived("2.10 1.50x4", P, date(2026, 2, 5), acts=acts)
    assert owed(found[date(2026, 2, 5)]) == []
    assert found[date(2026, 2, 5)].state.tests["appraisal"].episode_began == date(2026, 1, 15)


def test_a_failure_under_a_waiver_makes_no_obligation_and_the_first_one_after_it_does(
    lived: Callable[..., dict[date, Moment]],
) -> None:
    acts = f"[{WAIVED.format(until='2026-02-02')}]"
    found = lived("2.10x2 1.50x3", P, date(2026, 2, 5), acts=acts)
    assert found[date(2026, 1, 29)].results["appraisal"].verdict == "FAIL"
    assert owed(found[date(2026, 1, 29)]) == []
    assert owed(found[date(2026, 2, 5)]) == ["appraisal@2026-02-05"]


def test_a_pass_under_a_waiver_is_the_retest_that_the_clause_lists(
    lived: Callable[..., dict[date, Moment]],
) -> None:
    """It ends the Cure Period; a failure after it is a new episode, with its full period from the waiver's
    last day (rulings 71).
    """
    acts = "[{on: 2026-01-20, act: waiver, clause: ltv, until: 2026-02-06, document: W1, clock: resumes}]"
    found = lived("2.10 1.90 2.10x2 1.90x2", P, date(2026, 2, 12), acts=acts)
    state = found[date(2026, 2, 12)].state.tests["ltv"]
    assert (state.status, state.episode_began) == ("CURE PERIOD", date(2026, 2, 5))
    assert state.cure is not None
    assert (state.since, state.cure.by, state.cured_on) == (
        date(2026, 2, 7),
        date(2026, 2, 23),
        (date(2026, 1, 22),),
    )


LTV_CURE = "    cure: {within: 10 business days, after: determination date, cured_by: [prepayment"
THREE_OF_SIX = (LTV_CURE, f"    persists_for: 3 of the last 6 determination dates\n{LTV_CURE}")


@pytest.mark.parametrize(
    "acts",
    ["[]", "[{on: 2026-02-03, act: cure accepted, clause: ltv, document: A, method: prepayment}]"],
    ids=["by retest", "by an accepted cure"],
)
def test_a_failure_after_a_cure_is_a_new_episode_however_it_was_cured(
    acts: str, lived: Callable[..., dict[date, Moment]]
) -> None:
    """Three failures begin the Cure Period; after the cure one more is the first of three, not the fourth."""
    found = lived("2.10 1.90x3 2.10 1.90", P, date(2026, 2, 12), THREE_OF_SIX, acts=acts)
    assert found[date(2026, 1, 29)].state.tests["ltv"].status == "CURE PERIOD"
    state = found[date(2026, 2, 12)].state.tests["ltv"]
    assert (state.status, state.episode_began, sum(state.counted), len(state.cured_on)) == (
        "PENDING",
        date(2026, 2, 12),
        1,
        1,
    )
