"""What a log makes due, derived again: the notices that it had to issue, and the dates that it had to determine (`rulings.md` 32)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from engine.calendar import load_calendar
from engine.determination.rate import Published
from engine.issue import Owed, owed_notices
from engine.known import kinds_of
from engine.record.event import Event, NoticeIssued
from engine.record.fold import DealState
from engine.record.notice import notice_file
from engine.terms.in_force import Deal, resolve
from engine.terms.schedule import publication_dates

DAY = timedelta(days=1)


def notices_differ(deal: str, events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    """Where the notices of a log are not the ones that it makes due: number of the entry, and what differs.

    The hash of a file is not compared: it takes the renderer, and `verify` compares it with the file that was issued.
    """
    due: dict[tuple[str, date, int], list[Owed]] = {}
    for owed in owed_notices(events):
        due.setdefault(owed.key, []).append(owed)
    issued = [event for event in events if isinstance(event.payload, NoticeIssued)]
    for number, event in enumerate(issued, start=1):
        wanted = next((one for one in due.pop((event.subject, event.effective_on, event.print), ()) if one.at(event.seq)), None)
        if wanted is None:
            yield event.seq, f"nothing makes the notice `{event.key}` due"
            continue
        before = [one for one in issued[: number - 1] if one.recorded_at < event.recorded_at or one.seq < wanted.event.seq]
        for name, found, again in _facts(deal, event, wanted, number, before):
            if found != again:
                yield event.seq, f"notice {number}: {name} is recorded as {found} and comes out as {again}"
    for owing in due.values():
        if any(one.at(len(events)) for one in owing):
            yield len(events), f"the notice {owing[0].label} of {owing[0].on} is due, and no event issued it"


def _facts(deal: str, event: Event, owed: Owed, number: int, before: Sequence[Event]) -> Iterator[tuple[str, object, object]]:
    payload: NoticeIssued = event.payload
    kinds = ("compliance", "correction")
    older = [one.payload.number for one in before if one.effective_on == owed.supersedes_on and one.payload.kind in kinds]
    yield "number", payload.number, number
    yield "kind", payload.kind, owed.kind
    yield "of", payload.of, owed.event.key
    yield "file", payload.file, f"notices/{deal}/{notice_file(deal, number, owed.on, owed.label, owed.print)}"
    yield "supersedes", payload.supersedes, max(older, default=None)
    yield "inputs", event.inputs, (owed.event.leaf,)


def _had(one: Published) -> date:
    """The last date of a deal for which a print can have served: its own, where that had come when it was recorded."""
    return min(one.publication_date, one.recorded_on or one.publication_date)


def next_date(deal: Deal, state: DealState, series: Mapping[str, Sequence[Published]]) -> date | None:
    """The first date that is not determined though its index values are on record, so that a run must have had it; None for none."""
    newest = [max((_had(one) for one in found), default=deal.closing_date) for found in series.values()]
    last = min(newest, default=None)
    day = (state.reached or deal.closing_date) + DAY
    while last is not None and day <= last:
        terms = resolve(deal, day)
        thursdays = tuple(publication_dates(deal.closing_date + DAY, day))[-1:]
        if kinds_of(terms, load_calendar(terms.business_days), day):
            there = ({one.publication_date for one in found} for found in series.values())
            return day if all(set(thursdays) <= dates for dates in there) else None
        day += DAY
    return None
