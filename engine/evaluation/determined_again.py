"""A log with its dates determined again, before anything is recorded.

It shows what a correction would change, and what it would withdraw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from engine.determination.determine import ShareBelow
from engine.determination.template import Template
from engine.evaluation.corrections import numbered
from engine.evaluation.inputs import inputs_of
from engine.evaluation.one_date import evaluate
from engine.events.deal_state import as_it_stands, fold
from engine.events.draft import Draft
from engine.events.kinds import (
    ActApplied,
    ActRecorded,
    Correction,
    Counted,
    DeadlinePassed,
    NoticeIssued,
    Tested,
)
from engine.events.rates import Published
from engine.events.standing import Recorded, standing, withdrawn
from engine.events.states import TestStatus, TriggerStatus
from engine.terms.as_written import Deal

DAY = timedelta(days=1)


def determined_again(
    deal: Deal,
    events: Sequence[Recorded],
    again: Correction,
    series: Mapping[str, tuple[Published, ...]],
    templates: Mapping[str, Template],
    share_below: ShareBelow | None = None,
    *,
    explained: bool = True,
) -> list[Recorded]:
    """Return the log as it would be if a correction were recorded and its dates determined again.

    Args:
        deal: the deal as adopted.
        events: its log, and after it what is about to be recorded.
        again: the correction.
        series: what each Publication Date gave, by index.
        templates: the covenant templates by name.
        share_below: how listings are resampled; None leaves the reliability of each result out.
        explained: as in `evaluate`. What `would_withdraw` compares needs no explanation.
    """
    log: list[Recorded] = [
        *events,
        Draft(kind="correction", subject="deal", effective_on=again.from_on, payload=again),
    ]
    state, withdrawn_events = as_it_stands(log), withdrawn(log)
    day = (state.reached or deal.closing_date) + DAY
    while day <= again.until:
        inputs = inputs_of(deal, day, series, state, templates, share_below)
        # A day without a kind has no events, and a log of years has many such days.
        if inputs.kinds:
            drafts = numbered(evaluate(inputs, explained=explained), withdrawn_events)
            log += drafts
            state = fold(drafts, state)
        day += DAY
    return log


def would_withdraw(before: Sequence[Recorded], after: Sequence[Recorded]) -> Iterator[str]:
    """Yield in words what stands in one log and would not stand in the other.

    It may be Events of Default, triggers in effect, and what a given notice states.
    """
    # Sorted, because the sentence is printed, and a set has no order of its own.
    yield from sorted(_grave(before) - _grave(after))
    given = [act.details.get("names", "") for act in _acts(before) if act.act == "notice given"]
    now = {(event.kind, event.subject, event.effective_on): _said(event) for event in standing(after)}
    changed = {
        event.effective_on
        for event in standing(before)
        if now.get((event.kind, event.subject, event.effective_on)) != _said(event)
    }
    for event in before:
        issued = event.payload
        if isinstance(issued, NoticeIssued) and str(issued.number) in given and event.effective_on in changed:
            yield f"what notice No. {issued.number} states, which was given"


def _acts(events: Iterable[Recorded]) -> Iterator[ActRecorded]:
    return (event.payload for event in events if isinstance(event.payload, ActRecorded))


def _grave(events: Sequence[Recorded]) -> set[str]:
    """Return each Event of Default and each beginning of a trigger that stands, as a text with its date."""
    serious: set[str] = set()
    for event in standing(events):
        payload = event.payload
        test = (
            payload.state
            if isinstance(payload, Tested | DeadlinePassed)
            else payload.test
            if isinstance(payload, ActApplied)
            else None
        )
        trigger = (
            payload.state
            if isinstance(payload, Counted)
            else payload.trigger
            if isinstance(payload, ActApplied)
            else None
        )
        if test is not None and test.status is TestStatus.EVENT_OF_DEFAULT:
            # The date is part of the text, so that a default which only moves counts as withdrawn too.
            serious.add(f"the Event of Default of `{test.test}` since {test.since}")
        if trigger is not None and trigger.status is TriggerStatus.IN_EFFECT:
            serious.add(f"the trigger `{trigger.trigger}`, in effect since {trigger.since}")
    return serious


def _said(event: Recorded) -> object:
    """Return what an event says of results and states; None for any other event."""
    payload = event.payload
    if isinstance(payload, Tested):
        return (payload.result.verdict, payload.result.measured, payload.state.status, payload.state.cure)
    return (
        (payload.state.status, payload.state.since) if isinstance(payload, Counted | DeadlinePassed) else None
    )


def dates_after(events: Iterable[Recorded], day: date, kinds: Sequence[str]) -> bool:
    """Return whether a log determines any date from a day on."""
    return any(event.kind in kinds and event.effective_on >= day for event in standing(events))
