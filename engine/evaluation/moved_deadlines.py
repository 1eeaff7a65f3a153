"""Running deadlines that move because their calendar has changed a day that they count over.

Both last days of each are known (`rulings.md` 36a).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from engine.evaluation.day_events import Day
from engine.evaluation.deadlines import BusinessDays
from engine.evaluation.notice_duties import open_duties
from engine.events.calendar_events import (
    LastDayMoved,
    cure_period_of,
    delivery_of,
    notice_of,
    trigger_cure_of,
)
from engine.events.deal_state import DealState
from engine.events.kinds import ActApplied
from engine.events.states import Deadline, TestStatus, TriggerStatus, obligation_key

COUNTED = re.compile(r"(\d{1,6}) business days? after the ", re.ASCII)
"""The beginning of the rule of a deadline that counts Business Days."""
CARRIED = ", as "
"""The mark in the rule of a deadline that was taken over in mid-life.

Its last day is a person's word and not a count.
"""
RUNNING = (TestStatus.CURE_PERIOD, TestStatus.WAIVED)
"""The statuses in which a Cure Period runs, or waits for the end of a waiver to go on."""


@dataclass(frozen=True, slots=True)
class Running:
    """A running deadline.

    Attributes:
        of: whose it is, in words.
        subject: what it is of, in one word.
        deadline: its last day, with the rule that made it.
        status: the status of what the deadline belongs to.
        having: the fields of an applied Act for the same thing with another deadline.
    """

    of: str
    subject: str
    deadline: Deadline
    status: str
    having: Callable[[Deadline], Mapping[str, Any]]


def moves(state: DealState, calendar: BusinessDays, on: date) -> Iterator[tuple[Running, Deadline]]:
    """Yield (running deadline, new last day) for each deadline that its calendar's current table moves.

    Every table keeps what was closed or open in the past, so nothing moves that has passed.
    """
    for running in _running(state, on):
        was = running.deadline
        count = COUNTED.match(was.rule)
        # Only what was counted in Business Days here can be counted again: a carried day is a person's word.
        if was.calendar == calendar.name and count is not None and CARRIED not in was.rule:
            last = calendar.add(was.counted_from, int(count[1]))
            if last != was.by:
                yield (
                    running,
                    was.model_copy(
                        update={"by": last, "projected": calendar.projected(was.counted_from, last)}
                    ),
                )


def last_days_moved(state: DealState, calendar: BusinessDays, on: date) -> Iterator[LastDayMoved]:
    """Yield the fact of each deadline that moves: whose it is, with both last days."""
    return (
        LastDayMoved(of=one.of, before=one.deadline.by, after=now.by)
        for one, now in moves(state, calendar, on)
    )


def moved_deadlines(day: Day) -> Iterator[tuple[date, int, Callable[[], None]]]:
    """Yield (day, order on that day, action) for each deadline that a calendar change moves.

    The day is `date.min`: a deadline moves before anything that rests on its last day is decided.
    """
    inputs = day.inputs
    for calendar in {inputs.calendar.name: inputs.calendar, **inputs.calendars}.values():
        for running, now in moves(day.state, calendar, inputs.on):
            to, since = _moved(running, now), inputs.counts_since.get(calendar.name)
            # Effective from the day on which the deal counts by the new table, which a replay finds again.
            yield date.min, 0, partial(day.add, "act applied", to.act, to, since)


def _moved(running: Running, now: Deadline) -> ActApplied:
    """Return the applied Act that moves a deadline and names both dates."""
    was = running.deadline
    why = f"the last day moves from {was.by} to {now.by}: the calendar {was.calendar} has changed"
    return ActApplied(
        act=f"calendar|{running.subject}|{was.by} to {now.by}",
        before=running.status,
        why=why,
        **running.having(now),
    )


def _running(state: DealState, on: date) -> Iterator[Running]:
    for test in state.tests.values():
        if test.cure is not None and test.status in RUNNING:
            yield Running(
                cure_period_of(test.test),
                test.test,
                test.cure,
                test.status.value,
                _with(test, "test", "cure"),
            )
    for trigger in state.triggers.values():
        if trigger.cure is not None and trigger.status is TriggerStatus.PENDING_CURE:
            of, name = trigger_cure_of(trigger.trigger), trigger.trigger
            yield Running(of, name, trigger.cure, trigger.status.value, _with(trigger, "trigger", "cure"))
    for one in state.obligations.values():
        # An overdue Obligation has passed its last day, and a closing does not bring a passed day back.
        if one.status == "OPEN":
            yield Running(
                delivery_of(one.name, one.clause),
                obligation_key(one),
                one.due,
                one.status,
                _with(one, "obligation", "due"),
            )
    for duty in open_duties(state, on):
        owed = duty.owed
        if owed.last is not None:
            yield Running(
                notice_of(owed.label, owed.since),
                owed.key,
                owed.last,
                "owed",
                _with(owed, "owed", "last"),
            )


def _with(thing: Any, name: str, term: str) -> Callable[[Deadline], Mapping[str, Any]]:
    return lambda now: {name: thing.model_copy(update={term: now})}
