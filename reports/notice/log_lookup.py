"""What a deal's log says, as a notice looks it up: the events that stand, up to a date.

Reads events and decides nothing; what a correction withdrew stands apart in `earlier_prints`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from engine.basics.values import Fact
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import (
    ActApplied,
    ActRecorded,
    Counted,
    DeadlinePassed,
    Determined,
    Event,
    NoticeIssued,
    ObligationMoved,
    Suspended,
    Tested,
)
from engine.events.rates import ReferenceRate
from engine.events.results import Verdict
from engine.events.standing import standing, withdrawn
from engine.events.states import Obligation, ReserveReleased, SweptPeriod, TestState, TriggerState
from engine.events.taken_over import TakenOver

Payload = TypeVar("Payload", bound=Fact)


@dataclass(frozen=True, slots=True)
class Moved:
    """How everything stands at the end of a past: tests and triggers by key, Obligations by creation."""

    tests: Mapping[str, TestState]
    triggers: Mapping[str, TriggerState]
    obligations: tuple[Obligation, ...]


@dataclass(frozen=True)
class Past:
    """A log up to a date: its events in the log's order, newest prints only, and the same by kind."""

    on: date
    events: tuple[Event, ...]
    by_kind: Mapping[str, tuple[Event, ...]]
    earlier_prints: tuple[Event, ...]

    @cached_property
    def moved(self) -> Moved:
        """How each test, trigger and Obligation stands by what moved it last."""
        return _moved(self)

    @cached_property
    def by_number(self) -> Mapping[int, tuple[Event, ...]]:
        """The events that say something of a numbered notice, by its number, in the log's order."""
        found: dict[int, list[Event]] = {}
        for event in self.events:
            # Whether a kind of event has a number is known of its type, and most kinds have none.
            number = event.payload.number if "number" in type(event.payload).model_fields else None
            if number is not None:
                found.setdefault(number, []).append(event)
        return {number: tuple(events) for number, events in found.items()}

    def of(self, kind: str, subject: str | None = None) -> tuple[Event, ...]:
        """Return events of one kind, of one subject where it is given, oldest first."""
        events = self.by_kind.get(kind, ())
        return events if subject is None else tuple(event for event in events if event.subject == subject)


def read(events: Iterable[Event], on: date) -> Past:
    """Return the log as it bears on `on`."""
    known = sorted(
        (e for e in events if e.effective_on <= on or e.kind == "deal adopted"), key=lambda event: event.seq
    )
    standing_events = standing(known)
    earlier = withdrawn(known) if len(standing_events) < len(known) else ()
    by_kind: dict[str, list[Event]] = {}
    for event in standing_events:
        by_kind.setdefault(event.kind, []).append(event)
    # Within a kind the date counts before the number: a correction records an early date after later ones.
    ordered = {
        kind: tuple(sorted(kind_events, key=lambda e: (e.effective_on, e.seq)))
        for kind, kind_events in by_kind.items()
    }
    return Past(on, standing_events, ordered, earlier)


def payloads(events: Sequence[Event], kind: type[Payload]) -> tuple[Payload, ...]:
    """Return the payloads of `events` that are of one type."""
    return tuple(event.payload for event in events if isinstance(event.payload, kind))


def adopted(past: Past) -> DealAdopted:
    """Return the deal in force on the date. Raises ValueError if the log does not begin with one."""
    adoptions = payloads(past.of("deal adopted"), DealAdopted)
    if not adoptions:
        raise ValueError("the log holds no `deal adopted`; a notice cannot say what it is about")
    return adoptions[-1]


def determined(past: Past) -> Event | None:
    """Return the newest Determination Date as a whole."""
    events = past.of("determined")
    return events[-1] if events else None


def whole(past: Past) -> Determined | None:
    """Return what the newest Determination Date rested on, and what it made due."""
    determinations = payloads(past.of("determined"), Determined)
    return determinations[-1] if determinations else None


def tested(past: Past, test: str) -> tuple[Tested, ...]:
    """Return every date on which a test was run, oldest first."""
    return payloads(past.of("tested", test), Tested)


def _handed_over(past: Past) -> tuple[TakenOver, ...]:
    """The state that a former servicer left, of a deal that was taken over in mid-life (`rulings.md` 56)."""
    return payloads(past.of("taken over"), TakenOver)


def _moved(past: Past) -> Moved:
    """Go over the events once: a deal that was taken over begins with what was handed over (`rulings` 56)."""
    handed = _handed_over(past)
    # Of two that were recorded the first counts for tests and triggers, and every one for Obligations.
    tests, triggers = (dict(handed[0].tests), dict(handed[0].triggers)) if handed else ({}, {})
    carried = (one for each in handed for one in each.obligations)
    obligations = {(one.clause, one.name, one.created_on): one for one in carried}
    for event in past.events:
        payload = event.payload
        if isinstance(payload, (Tested, DeadlinePassed, Suspended)):
            tests[payload.state.test] = payload.state
        elif isinstance(payload, Counted):
            triggers[payload.state.trigger] = payload.state
        elif isinstance(payload, ObligationMoved):
            one = payload.obligation
            obligations[(one.clause, one.name, one.created_on)] = one
        elif isinstance(payload, ActApplied):
            if payload.test is not None:
                tests[payload.test.test] = payload.test
            if payload.trigger is not None:
                triggers[payload.trigger.trigger] = payload.trigger
            if payload.obligation is not None:
                one = payload.obligation
                obligations[(one.clause, one.name, one.created_on)] = one
    return Moved(tests, triggers, tuple(obligations.values()))


def test_state(past: Past, test: str) -> TestState | None:
    """Return a test's state: by its newest result, deadline or Act."""
    return past.moved.tests.get(test)


def trigger_state(past: Past, trigger: str) -> TriggerState | None:
    """Return a trigger's state: by its newest count or Act."""
    return past.moved.triggers.get(trigger)


def obligations(past: Past) -> tuple[Obligation, ...]:
    """Return each Obligation as it stands, in the order of creation."""
    return past.moved.obligations


def failures_running(history: Sequence[Tested]) -> int:
    """Return on how many determined dates in a row a test has FAILed, up to the newest.

    Dates that are not determined are skipped.
    """
    run = 0
    for test in reversed(history):
        if test.result.verdict is Verdict.PASS:
            break
        run += test.result.verdict is Verdict.FAIL
    return run


def rates(past: Past, index: str) -> tuple[ReferenceRate, ...]:
    """Return the Reference Rate of an index on each date, oldest first."""
    return payloads(past.of("rate", index), ReferenceRate)


def swept(past: Past, clause: str | None = None) -> tuple[SweptPeriod, ...]:
    """Return the money of each Payment Date, oldest first."""
    return payloads(past.of("swept", clause), SweptPeriod)


def released(past: Past, clause: str | None = None) -> tuple[ReserveReleased, ...]:
    """Return what reserve accounts held when their triggers ended, and where it went, oldest first."""
    return payloads(past.of("reserve released", clause), ReserveReleased)


def acts(past: Past) -> tuple[ActRecorded, ...]:
    """Return the Recorded Acts, oldest first."""
    return payloads(past.of("act recorded"), ActRecorded)


def issued(past: Past) -> tuple[tuple[date, NoticeIssued], ...]:
    """Return the notices issued so far, each with its date."""
    # Notices stand in the order of their issue, whatever dates they state.
    events = sorted(past.of("notice issued"), key=lambda event: event.seq)
    return tuple((e.effective_on, e.payload) for e in events if isinstance(e.payload, NoticeIssued))
