"""Which entries of earlier dates a notice carries, because its page 1 speaks of them (`rulings.md` 64)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from engine.events.act_identity import kind_of_act
from engine.events.deal_adopted import DealAdopted
from engine.events.kinds import (
    ActRecorded,
    Correction,
    Counted,
    Determined,
    Event,
    NotEvaluated,
    ReportReceived,
    Tested,
)
from engine.events.notifiable import notifiable
from engine.events.party_changes import PARTY_ACTS
from engine.events.standing import standing
from engine.notices.due import Owed, _of_date


def earlier_entries(events: Sequence[Event], owed: Owed) -> tuple[int, ...]:
    """Return the numbers of the entries before those of the notice's date, rising.

    They are: the adopted deal, and the Acts that changed a party of it; results of the Publication Date that
    the date rests on; what is told, if it happened before the date, with the Acts of its clause; of a
    Correction Notice what was said before and since; of a date that was not evaluated what was determined
    last.

    Args:
        events: the deal's log up to the event that the notice states.
        owed: the notice.
    """
    own = set(_of_date(owed.event))
    in_force = standing(events)
    numbers = {event.seq for event in _needed(in_force, events, owed)}
    # Entries of the date itself travel in `date.jsonl`, and no entry may be carried twice.
    return tuple(sorted(numbers - own))


def _needed(standing_events: Sequence[Event], events: Sequence[Event], owed: Owed) -> Iterator[Event]:
    adopted = [event for event in events if isinstance(event.payload, DealAdopted)]
    # Page 1 names parties and titles, which stand in the adoption and not in the date's own events.
    yield from adopted[-1:]
    yield from (
        event for event in events if isinstance(event.payload, ActRecorded) and _of_a_party(event.payload)
    )
    stated = owed.event.payload
    if isinstance(stated, NotEvaluated):
        yield from _last_determined(standing_events, events, stated)
    elif isinstance(stated, Determined):
        yield from _of_publication(standing_events, stated.publication_date)
    if owed.kind == "correction":
        yield from _corrected(events)
    elif owed.kind not in ("compliance", "not_evaluated"):
        stating = (
            event
            for event in reversed(standing_events)
            if (owed.kind, owed.subject) in tuple(notifiable(event.payload))
        )
        yield from (event for event in [next(stating, None)] if event is not None)
        yield from (
            event
            for event in standing_events
            if isinstance(event.payload, ActRecorded) and event.payload.clause == owed.subject
        )


def _of_a_party(act: ActRecorded) -> bool:
    """Return whether an Act changes a party, or withdraws such an Act.

    Page 1 names who owes and who is told.
    """
    return act.act in PARTY_ACTS or (act.act == "act withdrawn" and kind_of_act(act.names) in PARTY_ACTS)


def _of_publication(standing_events: Sequence[Event], since: date) -> Iterator[Event]:
    """Yield the newest result of each test since a day."""
    newest = {
        event.subject: event
        for event in standing_events
        if isinstance(event.payload, Tested) and event.payload.result.on >= since
    }
    yield from newest.values()


def _last_determined(
    standing_events: Sequence[Event], events: Sequence[Event], stated: NotEvaluated
) -> Iterator[Event]:
    """Yield the date that was determined last, whole, and the reports that have come since."""
    last = next((event for event in reversed(standing_events) if event.leaf == stated.last_determined), None)
    if last is None:
        return
    wanted = set(_of_date(last))
    yield from (event for event in standing_events if event.seq in wanted)
    yield from _of_publication(standing_events, last.payload.publication_date)
    for event in events:
        if isinstance(event.payload, ReportReceived) and (
            # A report for the lost date may have come before the date on which it was lost.
            event.seq > last.seq or event.payload.period_end >= last.effective_on
        ):
            yield event


def _corrected(events: Sequence[Event]) -> Iterator[Event]:
    """Yield every correction, and what was said and is so from the first date of the newest one on."""
    made = [event for event in events if isinstance(event.payload, Correction)]
    yield from made
    since = made[-1].payload.from_on if made else date.max
    yield from (
        event
        for event in events
        if isinstance(event.payload, (Tested, Counted)) and event.effective_on >= since
    )
