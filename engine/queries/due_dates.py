"""Every deadline that a deal's log has stated, each once, with what the log says became of it.

It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from engine.basics.values import counted
from engine.events.delivery import NoticeGiven
from engine.events.due_acts import Due
from engine.events.duty_words import duty_words
from engine.events.kinds import (
    ActApplied,
    ActRecorded,
    Counted,
    DeadlinePassed,
    Determined,
    Event,
    ObligationMoved,
    ReportReceived,
    Tested,
)
from engine.events.notice import notice_given
from engine.events.standing import standing
from engine.events.states import TestStatus, TriggerStatus

BECAME = {"SATISFIED": "satisfied on", "OVERDUE": "overdue since", "CLOSED": "ended by the discharge of"}
"""What became of a delivery, by the status of its Obligation."""


@dataclass(frozen=True)
class DatedDuty:
    """Something that somebody must do by a date, as the newest determination that names it states it.

    Attributes:
        due: who, what, by when.
        what: the duty, whether or not it is overdue.
        first: the Determination Date that first stated it.
        following: the Determination Date after that one.
        stated_at: when the newest statement was recorded.
        outcome: what became of it, in one sentence.
        open: whether it is still owed.
    """

    due: Due
    what: str
    first: date
    following: date
    stated_at: datetime
    outcome: str = ""
    open: bool = True


def deadlines(events: Sequence[Event]) -> tuple[DatedDuty, ...]:
    """Return each deadline of a log that stands, earliest first.

    Args:
        events: the deal's log, oldest first; what a correction withdrew is left out.
    """
    # A deadline that a correction withdrew is not owed, and must not be shown as missed.
    in_force = standing(events)
    duties: dict[tuple[date, str, str, str, str], DatedDuty] = {}
    for event in in_force:
        if not isinstance(event.payload, Determined):
            continue
        for due in event.payload.due:
            # The last day is part of the key: a deadline that moved is two rows, and the first says that it
            # was replaced.
            key = (due.by, due.act, due.subject, due.who, due.thing)
            known = duties.get(key)
            # The date that first stated a deadline decides which report or event can answer it.
            first, following = (
                (known.first, known.following)
                if known
                else (event.effective_on, event.payload.next_determination_date)
            )
            duties[key] = DatedDuty(due, duty_words(due), first, following, event.recorded_at)
    duty_deadlines = (
        replace(duty, outcome=said, open=still)
        for duty in duties.values()
        for said, still in [_outcome(duty, in_force)]
    )
    return tuple(
        sorted(duty_deadlines, key=lambda duty: (duty.due.by, duty.due.subject, duty.due.act, duty.what))
    )


Outcome = tuple[str, bool]
"""What became of a deadline in words, and whether it is still owed."""


def _outcome(duty: DatedDuty, events: Sequence[Event]) -> Outcome:
    """Return what the log says of a deadline; open where it says nothing yet."""
    outcomes = {"cure": _cure, "deliver": _delivery, "report": _report, "notify": _notice}
    return next(outcomes.get(duty.due.act, _none)(duty, events), ("open", True))


def _none(_one: DatedDuty, _events: Sequence[Event]) -> Iterator[Outcome]:
    yield from ()


def _cure(duty: DatedDuty, events: Sequence[Event]) -> Iterator[Outcome]:
    """Yield how a Cure Period ended, or with which last day it went on."""
    for event in events:
        payload = event.payload
        # Earlier events speak of an earlier Cure Period of the same test.
        if event.effective_on < duty.first:
            continue
        if (
            isinstance(payload, DeadlinePassed)
            and payload.state.test == duty.due.subject
            and payload.deadline.by == duty.due.by
        ):
            yield f"passed without a cure: {payload.state.status.value} since {payload.state.since}", False
        yield from _trigger_cure(duty, payload)
        state = (
            payload.state
            if isinstance(payload, Tested)
            else payload.test
            if isinstance(payload, ActApplied)
            else None
        )
        if state is None or state.test != duty.due.subject:
            continue
        if state.status is not TestStatus.CURE_PERIOD:
            yield f"ended: {state.status.value} since {state.since}", False
        # A waiver may move the last day, and the earlier day must not look like one that was missed.
        elif state.cure is not None and state.cure.by != duty.due.by:
            yield f"replaced: cure by {state.cure.by}", False


def _trigger_cure(duty: DatedDuty, payload: object) -> Iterator[Outcome]:
    """Yield how the cure of a trigger with a cure period ended.

    Either the trigger begins, or its condition is no longer met (`rulings.md` 52).
    """
    trigger = (
        payload.state
        if isinstance(payload, Counted)
        else payload.trigger
        if isinstance(payload, ActApplied)
        else None
    )
    if (
        trigger is not None
        and trigger.trigger == duty.due.subject
        and trigger.status is not TriggerStatus.PENDING_CURE
    ):
        yield f"ended: {trigger.status.value} since {trigger.since}", False


def _delivery(duty: DatedDuty, events: Sequence[Event]) -> Iterator[Outcome]:
    """Yield whether what was owed was delivered, and when."""
    # The newest word on an Obligation counts: OVERDUE is followed by SATISFIED when the delivery comes late.
    for event in reversed(events):
        payload = event.payload
        obligation = payload.obligation if isinstance(payload, (ObligationMoved, ActApplied)) else None
        if (
            obligation is not None
            and (obligation.clause, obligation.due.by) == (duty.due.subject, duty.due.by)
            and obligation.status != "OPEN"
        ):
            yield f"{BECAME[obligation.status]} {obligation.status_since}", obligation.is_owed


def _report(duty: DatedDuty, events: Sequence[Event]) -> Iterator[Outcome]:
    """Yield the first report that came in for the Determination Date, in time or late.

    The report of the newest date stays open until the next date.
    """
    whole = [event.payload for event in events if isinstance(event.payload, Determined)]
    if any(date_.as_of is not None for date_ in whole):
        yield from _awaited_report(duty, whole)
        return
    received = (event.payload for event in events if isinstance(event.payload, ReportReceived))
    for report in received:
        # A report that came on the date itself served that date, so only a later one answers the duty stated
        # on it.
        if duty.first < report.received <= duty.following:
            yield (
                f"{'received' if report.received <= duty.due.by else 'received late'} on {report.received}",
                False,
            )
    if any(
        isinstance(event.payload, Determined) and event.effective_on >= duty.following for event in events
    ):
        yield f"not received by {duty.following}", True


def _awaited_report(duty: DatedDuty, whole: Sequence[Determined]) -> Iterator[Outcome]:
    """Yield when the report came for which the tests of its date waited.

    If it did not come by its due date, the outcome says so (`rulings.md` 49a).
    """
    awaited = duty.due.facts.for_date if duty.due.facts is not None else None
    of_date = [
        determined for determined in whole if determined.as_of == awaited and determined.as_of is not None
    ]
    for determined in of_date:
        if determined.served is not None:
            came = determined.served.received
            yield f"{'received' if came <= duty.due.by else 'received late'} on {came}", False
    if of_date:
        yield f"not received by {duty.due.by}", True


def _notice(duty: DatedDuty, events: Sequence[Event]) -> Iterator[Outcome]:
    """Yield whether the Act `notice given`, or the deal's own rule, has given it."""
    acts = (event.payload for event in events if isinstance(event.payload, ActRecorded))
    # A notice of the whole deal names no clause.
    subject = None if duty.due.subject == "deal" else duty.due.subject
    acts_told = notice_given(acts, None, duty.due.notice or "", subject, duty.due.of or duty.first)
    if acts_told:
        yield (
            "; ".join(
                f"{'given' if act.act == 'notice given' else 'released'} on {act.effective_on}, as recorded"
                for act in acts_told
            ),
            False,
        )
    by_rule = [
        event for event in events if isinstance(event.payload, NoticeGiven) and _is_of(event.payload, duty)
    ]
    # The last one decides: a mail may come back after the rule had taken its notice as given.
    if by_rule and not by_rule[-1].payload.withdrawn:
        yield f"given on {by_rule[-1].effective_on}, {by_rule[-1].payload.rule}", False
    # Days are counted to the newest date that was determined, so the same log gives the same answer any day.
    newest = max(event.effective_on for event in events if isinstance(event.payload, Determined))
    if newest > duty.due.by:
        days = (newest - duty.due.by).days
        yield (
            (
                f"overdue since {duty.due.by + timedelta(days=1)}, {counted(days, 'days')}: no Act `notice "
                "given` is on record"
            ),
            True,
        )


def _is_of(given: NoticeGiven, duty: DatedDuty) -> bool:
    """Return whether a given notice fulfils a duty to give notice.

    Its kind, its clause and its date must be those of the duty.
    """
    return (given.kind, given.clause or "deal", given.states) == (
        duty.due.notice,
        duty.due.subject,
        duty.due.of,
    )
