"""The ladder of a recorded deal on a date, from what its log says; and that of every deal of a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from engine.basics.errors import WrongUsage, dates_there
from engine.determination.template import Template
from engine.events.deal_state import DealState, as_it_stands
from engine.events.kinds import Event, Tested
from engine.events.results import TestResult
from engine.events.standing import standing
from engine.events.states import TestStatus, TriggerStatus
from engine.foresight.ladder import Ladder, ladder_on
from engine.terms.as_written import Deal, resolve


def recorded_ladder(
    deal: Deal, events: Sequence[Event], templates: Mapping[str, Template], on: date | None
) -> Ladder:
    """Return the ladder of a deal on a date of its record, its newest one unless another is named.

    Raises:
        WrongUsage: nothing had been determined by the date.
    """
    events_standing = standing(events)
    tested = [event for event in events_standing if isinstance(event.payload, Tested)]
    by_then = [event for event in tested if on is None or event.effective_on <= on]
    if not by_then:
        raise WrongUsage(
            f"nothing of {deal.name} was determined by {on}: "
            f"{dates_there((event.effective_on for event in tested), on or date.max)}"
        )
    last = max(event.effective_on for event in by_then)
    state = as_it_stands([event for event in events if event.effective_on <= last])
    newest: dict[str, TestResult] = {}
    for event in by_then:
        newest[event.subject] = event.payload.result
    today: dict[str, Decimal] = {}
    intervals: dict[str, tuple[Decimal, Decimal]] = {}
    for name, rates in state.rates.items():
        rate = rates[-1]
        if rate.value is not None:
            today[name] = rate.value
        if rate.published is not None and rate.published.low is not None and rate.published.high is not None:
            intervals[name] = (rate.published.low, rate.published.high)
    terms = resolve(deal, last)
    results = [result for key, result in newest.items() if key in terms.covenants]
    return ladder_on(
        terms, templates, results, today, intervals, last, dict(_notes(state)), frozenset(_standing(state))
    )


def _standing(state: DealState) -> Iterator[str]:
    """Yield the triggers that are in effect, and the tests that are an Event of Default."""
    for name, trigger in state.triggers.items():
        if trigger.status is TriggerStatus.IN_EFFECT:
            yield name
    for name, test in state.tests.items():
        if test.status is TestStatus.EVENT_OF_DEFAULT:
            yield name


def _notes(state: DealState) -> Iterator[tuple[str, str]]:
    """Yield where each test and trigger stands, in words."""
    for name, test in state.tests.items():
        if test.status is TestStatus.CURE_PERIOD and test.cure is not None:
            yield name, f"cure period since {test.since}, cure by {test.cure.by}"
        elif test.status not in (TestStatus.COMPLIANT, TestStatus.NOT_YET_TESTED):
            yield name, f"{test.status.value} since {test.since}"
    for obligation in state.obligations.values():
        if obligation.is_owed:
            yield (
                obligation.clause,
                f"tripped since {obligation.created_on}; {obligation.name} due {obligation.due.by}",
            )
    for name, trigger in state.triggers.items():
        if trigger.status is not TriggerStatus.NOT_IN_EFFECT:
            yield name, f"{trigger.status.value} since {trigger.since}"
        elif (limb := trigger.leading_begin) is not None and limb.count > 0:
            yield name, f"{limb.count} of {limb.needed}"
