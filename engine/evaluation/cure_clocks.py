"""Clocks of Cure Periods that wait for an event: delivery of a report, a notice, or knowledge.

The rulings are `rulings.md` 24 and 52.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from engine.determination.template import MaintenanceClause
from engine.evaluation import recorded_acts
from engine.evaluation.day_events import Day
from engine.evaluation.serving_report import newest_first
from engine.evaluation.states_of_tests import clock_started
from engine.evaluation.trigger_states import CureClock, TriggerRule, clocked
from engine.events.kinds import ActApplied
from engine.events.states import TriggerStatus


def clocks(day: Day) -> Iterator[tuple[date, ActApplied]]:
    """Yield (day on which the clock starts, what is applied) for each Cure Period whose event has come.

    The event is a report, a notice, or knowledge.
    """
    inputs, state = day.inputs, day.state
    for name, test in state.tests.items():
        clause = inputs.terms.covenants.get(name)
        if (
            not isinstance(clause, MaintenanceClause)
            or clause.cure == "none"
            or test.cure is not None
            or test.episode_began is None
        ):
            continue
        # The clock waits for what comes after the failure, so an older report must not start it.
        received = delivered(day, test.episode_began, waits=True)
        start = recorded_acts.clock_start(
            state.acts, name, clause.cure.after, test.episode_began, received, inputs.on
        )
        begun = clock_started(test, start, clause, inputs.calendar, inputs.on) if start is not None else None
        if start is not None and begun is not None:
            yield (
                start,
                ActApplied(
                    act=f"clock|{name}|{start}",
                    test=begun,
                    before=test.status.value,
                    why=f"{clause.cure.after}: the clock starts",
                ),
            )


def trigger_clocks(day: Day) -> Iterator[tuple[date, ActApplied]]:
    """Yield triggers whose own cure waits for a notice or for knowledge that has come."""
    for name, state in day.state.triggers.items():
        terms = day.inputs.terms.triggers.get(name)
        if (
            terms is None
            or terms.cure is None
            or state.status is not TriggerStatus.PENDING_CURE
            or state.cure is not None
        ):
            continue
        received = delivered(day, state.since, waits=True)
        start = recorded_acts.clock_start(
            day.state.acts, name, terms.cure.after, state.since, received, day.inputs.on
        )
        if start is not None:
            begun, why = (
                clocked(state, terms.cure, start, day.inputs.calendar, day.inputs.on),
                f"{terms.cure.after}: the clock starts",
            )
            yield (
                start,
                ActApplied(act=f"clock|{name}|{start}", trigger=begun, before=state.status.value, why=why),
            )


def delivered(day: Day, began: date, *, waits: bool) -> date | None:
    """Return the delivery that a cure clock counts from, or None if it has not come.

    It is that of the report that shows the failure, which is the newest. A failure because a report is
    missing `waits` for the first report after it `began`: an older one says nothing of it.
    """
    received = [report.delivered_on for report in newest_first(day.inputs)]
    if waits:
        return min((receipt for receipt in received if receipt > began), default=None)
    return max(received, default=None)


def cure_clock(day: Day, rule: TriggerRule) -> CureClock | None:
    """Return what counts the days of a trigger's own cure, whose clock may wait for an Act.

    The result is None for a trigger without a cure.
    """
    if rule.cure is None:
        return None
    on = day.inputs.on
    received = delivered(day, on, waits=False)
    return CureClock(
        day.inputs.calendar,
        recorded_acts.clock_start(day.state.acts, rule.name, rule.cure.after, on, received, on),
    )
