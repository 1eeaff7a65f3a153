"""Results that the agreement holds, and for how long (`rulings.md` 3, 60).

They rest on a flagged value, or other sellers would turn them. A held result is shown and changes no state.
Only so many in a row are held; the next one is what the agreement says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from engine.evaluation.deadlines import BusinessDays, deadline
from engine.evaluation.moment import Moment
from engine.events.rates import ReferenceRate
from engine.events.results import NotDetermined, TestResult, Verdict
from engine.events.states import Deadline, HeldRun, TestState, TestStatus
from engine.terms.in_force import IndexTerms
from engine.terms.low_confidence import AGENT, BOTH, DECISIVE_ONLY, HOLD, UNDETERMINED, LowConfidence
from engine.terms.periods import Period

AgentRate = Callable[[tuple[str, ...]], TestResult | None]
"""The test at the rates that the agent has determined for these indices on this date.

It is None if one of the rates is not determined.
"""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A result after the agreement's words on thin data.

    Attributes:
        result: the result as it counts.
        held: why it changes nothing; None if it may.
        run: the run of results that are not decisive, this one included; None if it is not part of a run.
        stands_still: whether a Cure Period's deadline stands still while the result is held.
    """

    result: TestResult
    held: str | None = None
    run: HeldRun | None = None
    stands_still: bool = False


def weighed(
    result: TestResult,
    index: Mapping[str, IndexTerms],
    rates: Iterable[ReferenceRate],
    before: TestState | None,
    at_agents_rate: AgentRate,
) -> Weighed:
    """Return what the agreement makes of a result.

    Args:
        result: the test's result on its date.
        index: what the deal says about each index.
        rates: this date's Reference Rates.
        before: the test's state until then.
        at_agents_rate: the test at the agent's rates.
    """
    # A date without a result is not one of the results in a row, so the run stays as it was.
    if result.verdict is Verdict.NOT_DETERMINED:
        return Weighed(result, run=before.held if before else None)
    # A test has a Break-even Rate for each index that it rests on, so these name its indices.
    used = tuple(name for name in dict.fromkeys(even.index for even in result.break_even) if name in index)
    flagged = next(
        (
            rate
            for rate in rates
            if rate.index in used and index[rate.index].low_confidence.effect == HOLD and rate.flags
        ),
        None,
    )
    if flagged is not None:
        day = flagged.published.publication_date if flagged.published else flagged.on
        return Weighed(result, f"held: {flagged.index} of {day} is Low Confidence")
    terms = next(
        (index[name].low_confidence for name in used if index[name].low_confidence.effect == DECISIVE_ONLY),
        None,
    )
    # A result that may count does not carry the run on, and so ends it.
    if terms is None or result.bearing is None or result.bearing.decisive:
        return Weighed(result)
    # A pass ends a Cure Period whether it is decisive or not, unless the deal says otherwise (rulings 60).
    if result.verdict is Verdict.PASS and terms.applies_to != BOTH:
        return Weighed(result)
    return _not_decisive(result, terms, before.held if before else None, used, at_agents_rate)


def _not_decisive(
    result: TestResult, terms: LowConfidence, so_far: HeldRun | None, used: tuple[str, ...], agent: AgentRate
) -> Weighed:
    most = terms.at_most.count if terms.at_most is not None else None
    since = so_far.failing_since if so_far else None
    # The parties are told of the first failure that is held, so its date stays through the run.
    failing = since or (result.on if result.verdict is Verdict.FAIL else None)
    run = HeldRun(run=(so_far.run if so_far else 0) + 1, at_most=most, failing_since=failing)
    # `at_most` counts the last held result too: with 4, the fifth is the first that counts.
    if most is None or run.run <= most:
        return Weighed(result, f"held: {run.text}", run, terms.deadline == "stands still while held")
    run = run.model_copy(update={"counts": True})
    if terms.then == UNDETERMINED:
        return Weighed(
            _undetermined(result, f"not decisive on {run.run} dates in a row", terms.cite), run=run
        )
    if terms.then == AGENT:
        # The agent's rate replaces the doubtful one, so the test is measured again and not weighed again.
        found = agent(used)
        lacking = _undetermined(
            result, f"not decisive on {run.run} dates in a row: awaits the agent's determination", terms.cite
        )
        return Weighed(found or lacking, run=run)
    return Weighed(result, run=run)


def _undetermined(result: TestResult, why: str, cite: str) -> TestResult:
    return result.model_copy(
        update={
            "verdict": Verdict.NOT_DETERMINED,
            "reason": NotDetermined(reason=why, cite=cite, lacks="rate"),
        }
    )


# ---- a clock that stands still
# -----------------------------------------------------------------------------------------


def days_left(state: TestState, since: date, calendar: BusinessDays) -> int:
    """Return the days of a running Cure Period from a day to its last, both included; at least 1.

    They are Business Days if the period counts those.
    """
    assert state.cure is not None  # the caller has seen it
    days = [since + timedelta(days=n) for n in range((state.cure.by - since).days + 1)]
    return max(
        1,
        sum(calendar.is_business_day(day) for day in days)
        if state.cure_unit == "business days"
        else len(days),
    )


def held_clock(state: TestState, moment: Moment) -> TestState:
    """Return the state with this date's run of held results, and its cure clock stopped or running again.

    The days from the first held date to the one before the first that is not held do not count.
    """
    before = state.held
    after = state.model_copy(update={"held": moment.run})
    if state.status is not TestStatus.CURE_PERIOD or state.cure is None:
        return after
    if moment.held is not None and moment.stands_still and moment.run is not None:
        stopped = before.clock_stopped if before and before.clock_stopped else moment.on
        # The days left are counted once, when the clock stops: its last day has moved since then.
        left = (
            before.clock_left
            if before and before.clock_stopped
            else days_left(state, moment.on, moment.running or moment.calendar)
        )
        run = moment.run.model_copy(update={"clock_stopped": stopped, "clock_left": left})
        return after.model_copy(update={"held": run, "cure": _goes_on(state, moment.on, left, moment)})
    if before is None or before.clock_stopped is None:
        return after
    return after.model_copy(
        # The clock counts this date again, so the last day that does not count is the one before.
        update={"cure": _goes_on(state, moment.on - timedelta(days=1), before.clock_left, moment)}
    )


def _goes_on(state: TestState, last: date, left: int, moment: Moment) -> Deadline:
    """Return the last day of a clock that has `left` days after `last`, the last day that does not count."""
    assert state.cure is not None
    within = Period(left, state.cure_unit)
    return deadline(
        last,
        within,
        moment.running or moment.calendar,
        state.cure.cite,
        "dates on which results were held, while it stood still",
        moment.on,
    )
