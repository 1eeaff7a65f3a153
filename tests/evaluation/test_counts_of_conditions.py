"""A condition's count: since when it is full, what completes it, and what only skips it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from engine.determination.template import Persistence
from engine.evaluation.conditions import LeafRule, Seen, ceased_on, counted, fresh, met, newly_met
from engine.events.rates import Announced
from engine.events.results import TestResult, Verdict
from engine.events.states import TestState, TestStatus

FIRST = date(2026, 3, 5)
TWICE = Persistence(2, 2, "determination dates")
FAILS_TWICE = LeafRule(test="ltv", result="FAIL", persistence=TWICE)


def week(number: int) -> date:
    return FIRST + timedelta(weeks=number)


def result(on: date, verdict: Verdict) -> TestResult:
    return TestResult(
        test="ltv",
        template="loan_to_value",
        title="Loan to value",
        cite="CA §8.01",
        on=on,
        verdict=verdict,
        breach="default",
    )


def seen(number: int, verdict: Verdict | None = None, **more) -> Seen:
    on = week(number)
    results = {} if verdict is None else {"ltv": result(on, verdict)}
    return Seen(
        on, results, frozenset(), more.pop("tests", {}), {}, frozenset({"determination dates"}), **more
    )


def after(leaf: LeafRule, *dates: Seen):
    limbs = fresh(leaf)
    for one in dates:
        limbs = counted(leaf, limbs, one)
    return limbs


def test_a_count_is_met_since_the_date_that_filled_it_and_stays_so() -> None:
    failing = [seen(number, Verdict.FAIL) for number in range(3)]
    assert after(FAILS_TWICE, failing[0])[0].met_since is None
    assert after(FAILS_TWICE, *failing[:2])[0].met_since == week(1)
    assert after(FAILS_TWICE, *failing)[0].met_since == week(1)


def test_a_broken_count_forgets_since_when_it_was_met() -> None:
    limbs = after(FAILS_TWICE, seen(0, Verdict.FAIL), seen(1, Verdict.FAIL), seen(2, Verdict.PASS))
    assert limbs[0].met_since is None
    assert not met(FAILS_TWICE, limbs)


def test_a_full_count_completes_a_condition_on_the_date_that_filled_it_and_not_on_the_date_seen() -> None:
    failing = [seen(number, Verdict.FAIL) for number in range(3)]
    assert newly_met(FAILS_TWICE, after(FAILS_TWICE, *failing), failing[-1], None) == week(1)


def test_a_count_of_a_state_is_completed_by_its_dates_and_not_by_the_beginning_of_the_state() -> None:
    leaf = LeafRule(test="ltv", state="EVENT OF DEFAULT", persistence=TWICE)
    states = {"ltv": TestState(test="ltv", status=TestStatus.EVENT_OF_DEFAULT, since=week(-9))}
    dates = [seen(number, tests=states) for number in range(2)]
    assert newly_met(leaf, after(leaf, *dates), dates[-1], None) == week(1)


def test_a_date_as_a_condition_is_met_from_its_day_on() -> None:
    leaf = LeafRule(on_or_after=week(1))
    assert not met(leaf, after(leaf, seen(0)))
    assert met(leaf, after(leaf, seen(1)))
    assert newly_met(leaf, after(leaf, seen(3)), seen(3), None) == week(1)


def test_an_announcement_counts_from_its_effective_date_and_the_earliest_one_decides() -> None:
    leaf = LeafRule(announced="cessation", index="CRI-H100")
    said = tuple(
        Announced(what="cessation", effective_on=week(n), recorded_at=datetime(2026, 1, 1, tzinfo=UTC))
        for n in (2, 1)
    )
    announced = {"CRI-H100": said}
    assert not met(leaf, after(leaf, seen(0, announced=announced)))
    last = seen(3, announced=announced)
    assert newly_met(leaf, after(leaf, last), last, None) == week(1)


def test_a_state_that_has_ceased_ends_a_condition_on_the_date_of_the_state() -> None:
    leaf = LeafRule(test="ltv", state="EVENT OF DEFAULT")
    states = {"ltv": TestState(test="ltv", status=TestStatus.COMPLIANT, since=week(1))}
    now = seen(3, tests=states)
    assert ceased_on(leaf, after(leaf, now), now) == week(1)
