"""Where a state turns: the last day of a period, a date that awaits a figure, a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import get_args

import pytest

from engine.basics.calendar import load_calendar
from engine.evaluation.held_results import weighed
from engine.evaluation.moment import Moment
from engine.evaluation.passed_deadlines import after_last_test, after_waiver, second_period
from engine.evaluation.states_of_tests import next_state
from engine.events.results import NotDetermined, TestResult, Verdict
from engine.events.states import Deadline, HeldRun, TestState, TestStatus, TriggerStatus
from engine.terms.as_written import Deal, resolve
from engine.terms.clause import Extension, MaintenanceClause
from engine.terms.periods import Period
from engine.terms.takeover import TestWord, TriggerWord

ON = date(2026, 3, 12)
WEEK = timedelta(weeks=1)
CALENDAR = load_calendar("us-federal-reserve")
IN_DAYS = Deadline(
    by=date(2026, 3, 20),
    counted_from=date(2026, 3, 5),
    rule="15 days",
    calendar="calendar days",
    cite="CA §8",
)


@pytest.fixture
def clause(load: Callable[[str], Deal], meridian_text: str) -> MaintenanceClause:
    return resolve(load(meridian_text), ON).covenants["ltv"]


def state(status: TestStatus, **more) -> TestState:
    return TestState(test="ltv", status=status, since=date(2026, 3, 5), **more)


def result(verdict: Verdict, lacks: str | None = None) -> TestResult:
    reason = None if lacks is None else NotDetermined(reason="it is not there", cite="CA §8", lacks=lacks)
    return TestResult(
        test="ltv",
        template="loan_to_value",
        title="Loan to value",
        cite="CA §8.01",
        on=ON,
        verdict=verdict,
        breach="default",
        reason=reason,
    )


def moment(clause: MaintenanceClause, of: TestResult, **more) -> Moment:
    return Moment(ON, of, clause, "default", CALENDAR, **more)


def test_the_first_date_that_awaits_a_confirmation_is_remembered(clause: MaintenanceClause) -> None:
    waits = moment(clause, result(Verdict.NOT_DETERMINED, "confirmation"))
    assert next_state(state(TestStatus.COMPLIANT), waits).awaited
    # A date that lacks something else does not forget that an earlier one awaited a confirmation.
    other = moment(clause, result(Verdict.NOT_DETERMINED, "rate"))
    assert next_state(state(TestStatus.COMPLIANT, awaited=True), other).awaited


def test_a_held_result_leaves_the_run_of_dates_without_a_report_as_it_was(clause: MaintenanceClause) -> None:
    before = state(TestStatus.COMPLIANT, not_determined_run=1)
    held = moment(clause, result(Verdict.FAIL), held="held: Low Confidence")
    assert next_state(before, held).not_determined_run == 1
    assert next_state(before, moment(clause, result(Verdict.PASS))).not_determined_run == 0


def test_a_date_without_a_rate_is_left_out_of_the_run_of_dates_without_a_report(
    clause: MaintenanceClause,
) -> None:
    before = state(TestStatus.COMPLIANT, not_determined_run=1)
    assert next_state(before, moment(clause, result(Verdict.NOT_DETERMINED, "rate"))).not_determined_run == 1


def test_a_clock_that_waits_keeps_the_first_failure_of_its_episode(clause: MaintenanceClause) -> None:
    waits = clause.model_copy(
        update={"cure": clause.cure.model_copy(update={"after": "notice by the agent"})}
    )
    began = date(2026, 3, 5)
    before = state(TestStatus.CURE_PERIOD, episode_began=began, cure=None)
    after = next_state(before, moment(waits, result(Verdict.FAIL), clock_starts=ON))
    assert after.episode_began == began
    assert after.cure is not None
    assert after.cure.counted_from == ON


@pytest.mark.parametrize(
    ("status", "closes"),
    [
        (TestStatus.COMPLIANT, True),
        (TestStatus.WATCH, True),
        (TestStatus.PENDING, True),
        (TestStatus.CURE_PERIOD, False),
        (TestStatus.EVENT_OF_DEFAULT, False),
        (TestStatus.WAIVED, False),
    ],
)
def test_after_its_last_date_a_test_closes_unless_a_breach_is_open(
    clause: MaintenanceClause, status: TestStatus, closes: bool
) -> None:
    ended = clause.model_copy(update={"last_tested": ON})
    after = after_last_test(state(status), ended, ON + timedelta(days=1))
    assert (after is not None and after.status is TestStatus.CLOSED) is closes
    assert after_last_test(state(status), ended, ON) is None


def longer(clause: MaintenanceClause) -> MaintenanceClause:
    extension = Extension.model_construct(
        within=Period(90, "days"), if_made_good=Fraction(1, 2), not_below=None, cite="CA §8.02"
    )
    return clause.model_copy(update={"cure": clause.cure.model_copy(update={"extension": extension})})


@pytest.mark.parametrize(("now", "goes_on"), [(Fraction(4, 100), True), (Fraction(41, 1000), False)])
def test_a_second_cure_period_begins_the_day_after_if_half_of_the_shortfall_was_made_good(
    clause: MaintenanceClause, now: Fraction, goes_on: bool
) -> None:
    before = state(
        TestStatus.CURE_PERIOD, cure=IN_DAYS, shortfalls=(Fraction(8, 100), now), newest=Fraction(96, 100)
    )
    after = second_period(before, longer(clause), CALENDAR, date(2026, 3, 26))
    assert (after is not None) is goes_on
    if after is not None:
        assert (after.since, after.cure.by, after.extended) == (date(2026, 3, 21), date(2026, 6, 18), True)


def test_a_second_cure_period_needs_a_shortfall_that_was_measured(clause: MaintenanceClause) -> None:
    before = state(TestStatus.CURE_PERIOD, cure=IN_DAYS, shortfalls=None, newest=None)
    assert second_period(before, longer(clause), CALENDAR, date(2026, 3, 26)) is None


def test_a_waiver_leaves_the_days_that_a_stopped_clock_had(clause: MaintenanceClause) -> None:
    stopped = HeldRun(run=2, at_most=4, clock_stopped=date(2026, 3, 10), clock_left=5)
    waived = state(
        TestStatus.WAIVED,
        cure=IN_DAYS,
        held=stopped,
        waived_from=TestStatus.CURE_PERIOD,
        waived_until=date(2026, 4, 2),
        clock_after="resumes",
    )
    after = after_waiver(waived, date(2026, 4, 9), clause, CALENDAR, CALENDAR)
    assert after is not None
    assert (after.status, after.cure.by) == (TestStatus.CURE_PERIOD, date(2026, 4, 7))
    # Without a stop the days from the waiver's first day count: 5 to 20 March, both included.
    going = after_waiver(
        waived.model_copy(update={"held": None}), date(2026, 4, 9), clause, CALENDAR, CALENDAR
    )
    assert going is not None
    assert going.cure.by == date(2026, 4, 18)


def test_a_held_date_stops_the_clock_and_the_next_result_starts_it_again(clause: MaintenanceClause) -> None:
    """Two days are left of the clock on the first held date; one held week moves the last day by a week."""
    due = IN_DAYS.model_copy(update={"by": date(2026, 3, 13)})
    before = state(TestStatus.CURE_PERIOD, cure=due, episode_began=date(2026, 3, 5))
    run = HeldRun(run=1, at_most=4, failing_since=ON)
    stands = next_state(
        before, moment(clause, result(Verdict.FAIL), held="held: not decisive", run=run, stands_still=True)
    )
    assert stands.held is not None
    assert (stands.held.clock_stopped, stands.held.clock_left) == (ON, 2)
    later = replace(moment(clause, result(Verdict.FAIL)), on=ON + WEEK)
    goes_on = next_state(stands, later)
    assert goes_on.cure.by == ON + WEEK + timedelta(days=1)


def test_a_date_that_is_not_determined_keeps_the_run_of_held_results() -> None:
    run = HeldRun(run=3, at_most=4)
    found = weighed(
        result(Verdict.NOT_DETERMINED, "rate"), {}, (), state(TestStatus.COMPLIANT, held=run), lambda _: None
    )
    assert (found.run, found.held) == (run, None)
    assert weighed(result(Verdict.NOT_DETERMINED, "rate"), {}, (), None, lambda _: None).run is None


def test_a_deal_file_knows_every_status_that_an_event_can_hold_and_no_other() -> None:
    assert get_args(TestWord) == tuple(TestStatus)
    assert get_args(TriggerWord) == tuple(TriggerStatus)
