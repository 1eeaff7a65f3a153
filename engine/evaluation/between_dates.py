"""What happened to a deal between two of its dates: passed deadlines, Acts, ends of waivers.

The order is that of `rulings.md` 23.
Each takes effect on its own day, in the order of the days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from engine.evaluation import obligations, recorded_acts
from engine.evaluation.amended_away import amended_away
from engine.evaluation.cure_clocks import clocks, trigger_clocks
from engine.evaluation.day_events import Day
from engine.evaluation.moved_deadlines import moved_deadlines
from engine.evaluation.passed_deadlines import after_deadline, after_last_test, second_period
from engine.evaluation.payment_date import release
from engine.evaluation.trigger_obligations import trigger_obligations
from engine.evaluation.trigger_states import lapsed
from engine.events.kinds import (
    ActApplied,
    ActRecorded,
    DeadlinePassed,
    ObligationMoved,
)
from engine.events.states import TriggerState, TriggerStatus, obligation_key


def past(day: Day) -> None:
    """Apply what happened since the last date, on its own day: passed deadlines, Acts, ends of waivers."""
    while True:
        waiting = sorted(_next(day), key=lambda one: one[:2])
        if not waiting:
            return
        waiting[0][2]()  # one at a time: what it does may bring the next, or take it away


def _next(day: Day) -> Iterator[tuple[date, int, Callable[[], None]]]:
    """Yield (day, order on that day, what to do) for each thing that is still to happen by the date."""
    state, terms, on = day.state, day.inputs.terms, day.inputs.on
    for name, test in state.tests.items():
        longer = second_period(test, terms.covenants.get(name), day.inputs.calendar, on)
        if longer is not None:
            ended = ActApplied(
                act=f"second cure period|{name}|{longer.since}",
                test=longer,
                before=test.status.value,
                why=longer.why,
            )
            yield longer.since, 0, partial(day.add, "act applied", f"{ended.act}", ended, longer.since)
        # The second period is asked first: a deadline that it moves has not passed.
        passed = after_deadline(test, on) if longer is None else None
        if passed is not None and test.cure is not None:
            payload = DeadlinePassed(state=passed, before=test.status, deadline=test.cure)
            yield passed.since, 0, partial(day.add, "deadline passed", name, payload, passed.since)
    for name, trigger in state.triggers.items():
        begun = lapsed(trigger, on)
        if begun is not None:
            yield begun.since, 0, partial(_lapse, day, name, begun)
    for obligation in obligations.overdue(state.obligations.values(), on):
        overdue = ObligationMoved(obligation=obligation, cite=obligation.due.cite)
        subject = f"{obligation_key(obligation)} overdue"
        yield (
            obligation.status_since,
            0,
            partial(day.add, "obligation", subject, overdue, obligation.status_since),
        )
    for start, clock in (*clocks(day), *trigger_clocks(day)):
        yield start, 2, partial(day.add, "act applied", clock.act, clock, start)
    for name, clause in terms.covenants.items():
        closed = after_last_test(state.tests.get(name), clause, on)
        if closed is not None:
            ended = ActApplied(
                act=f"last tested|{name}|{closed.since}",
                test=closed,
                before=state.tests[name].status.value,
                why=closed.why,
            )
            yield closed.since, 0, partial(day.add, "act applied", f"{ended.act}|{name}", ended, closed.since)
    yield from (*moved_deadlines(day), *amended_away(day))
    # Only the first is offered, because what it does may change what the next one finds.
    for act in recorded_acts.waiting(state.acts, state.applied, on, terms)[:1]:
        yield act.effective_on, 1, partial(_act, day, act)
    for since, ended in recorded_acts.waiver_ended(
        state.tests, state.triggers, on, terms.covenants, day.inputs.calendar, day.inputs.calendar_of
    )[:1]:
        yield (
            since,
            0,
            partial(day.add, "act applied", f"{ended.act}|{recorded_acts.subject(ended)}", ended, since),
        )


def _lapse(day: Day, name: str, begun: TriggerState) -> None:
    """Record that a trigger takes effect, with its consequences, because its own cure ended unused."""
    act = ActApplied(
        act=f"cure not used|{name}|{begun.since}",
        trigger=begun,
        before=TriggerStatus.PENDING_CURE.value,
        why=begun.why,
    )
    day.add("act applied", f"{act.act}|{recorded_acts.subject(act)}", act, begun.since)
    trigger_obligations(day, name, begun.since)


def _act(day: Day, act: ActRecorded) -> None:
    """Apply one Recorded Act on its effective date."""
    state = day.state
    for effect in recorded_acts.effects(act, state.tests, state.triggers, state.obligations):
        day.add("act applied", f"{effect.act}|{recorded_acts.subject(effect)}", effect, on=act.effective_on)
        if effect.trigger is not None and act.act == "trigger ended":
            release(day, effect.trigger.trigger, act.effective_on)
