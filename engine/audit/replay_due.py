"""What a log makes due, derived again (`rulings.md` 32).

It is the notices that the log had to issue, and the dates that it had to determine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import dropwhile, takewhile
from typing import Any

from engine.audit.leftovers import without_log
from engine.audit.replay_answer import Difference, Replayed
from engine.evaluation.inputs import kinds_of
from engine.evaluation.recorded_acts import discharged
from engine.events.deal_adopted import DealAdopted
from engine.events.deal_state import DealState
from engine.events.draft import Draft
from engine.events.kinds import ActApplied, Correction, Event, NotEvaluated, NoticeIssued
from engine.events.notice import notice_file
from engine.events.rates import Published
from engine.events.standing import DETERMINED, OF_A_DATE
from engine.notices.due import Owed, Told, owed_notices, superseded, superseded_each, told_of
from engine.record.log import SLACK
from engine.terms.as_written import Deal, calendar_on, day_of, resolve
from engine.terms.contract_dates import cut_off_on, publication_dates
from engine.workspace.series import Prints, series_of
from engine.workspace.workspace import Workspace

DAY = timedelta(days=1)
# The time zone farthest ahead of UTC is UTC+14, so a true entry is never called early.
AHEAD = timedelta(hours=14)
"""How far the date of a deal can be ahead of UTC."""


def notices_differ(deal: str, events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    """Yield where the notices of a log are not those that the log makes due.

    Each comes as the number of the entry and the difference.
    """
    due: dict[tuple[str, date, int], list[Owed]] = {}
    for owed in owed_notices(events):
        # A list: after a correction, one notice can be owed of two events at different places of the log.
        due.setdefault(owed.key, []).append(owed)
    issued = [event for event in events if isinstance(event.payload, NoticeIssued)]
    notices = told_of(events)
    # Numbers are counted here and not read, as a missing number means that a notice was taken away.
    for number, event in enumerate(issued, start=1):
        wanted = next(
            (
                duty
                for duty in due.pop((event.subject, event.effective_on, event.print), ())
                if duty.at(event.seq)
            ),
            None,
        )
        if wanted is None:
            yield event.seq, f"nothing makes the notice `{event.key}` due"
            continue
        for name, printed, again in _facts(deal, event, wanted, number, notices[: number - 1]):
            if printed != again:
                yield event.seq, f"notice {number}: {name} is recorded as {printed} and comes out as {again}"
    for owing in due.values():
        if any(duty.at(len(events)) for duty in owing):
            yield len(events), f"the notice {owing[0].label} of {owing[0].on} is due, and no event issued it"


def _facts(
    deal: str, event: Event, owed: Owed, number: int, before: Sequence[Told]
) -> Iterator[tuple[str, object, object]]:
    payload: NoticeIssued = event.payload
    yield "number", payload.number, number
    yield "kind", payload.kind, owed.kind
    yield "of", payload.of, owed.event.key
    yield "file", payload.file, f"notices/{deal}/{notice_file(deal, number, owed.on, owed.label, owed.print)}"
    yield "supersedes", payload.supersedes, superseded(before, owed)
    yield "supersedes_each", payload.supersedes_each, superseded_each(before, owed)
    yield "inputs", event.inputs, (owed.event.leaf,)


def _had(publication: Published) -> date:
    """Return the latest date of which a print shows that it had come.

    It is the print's own Publication Date, or the day of recording if that is earlier.
    """
    # A print recorded early must not make a later date due: that date had not come for the run.
    return min(publication.publication_date, publication.recorded_on or publication.publication_date)


def next_date(
    deal: Deal, state: DealState, series: Mapping[str, Sequence[Published]], ran: datetime
) -> date | None:
    """Return the first date that a run must have determined and did not.

    Its index values are on record. The result is None without such a date. `ran` is when a run recorded
    something last: a run before the cut-off of a date waited for it.
    """
    if discharged(state.acts, state.applied):
        return None
    newest = [
        max((_had(publication) for publication in prints), default=deal.closing_date)
        for prints in series.values()
    ]
    last = min(newest, default=None)
    day = (state.reached or deal.closing_date) + DAY
    while last is not None and day <= last:
        terms = resolve(deal, day)
        thursdays = tuple(publication_dates(deal.closing_date + DAY, day))[-1:]
        if kinds_of(terms, calendar_on(deal, day), day, state.reports):
            # A run before the cut-off waited rightly, and a later date cannot be due before this one.
            if ran < cut_off_on(terms, day):
                return None
            there = ({publication.publication_date for publication in prints} for prints in series.values())
            # Without a value of every index the run could not determine the date, so nothing is missing.
            return day if all(set(thursdays) <= dates for dates in there) else None
        day += DAY
    return None


def last_ran(deal: Deal, events: Sequence[Event], prints: Prints) -> datetime:
    """Return when a run last recorded something that the deal reads or that is of the deal."""
    made = [
        event.recorded_at
        for event in events
        if event.kind in DETERMINED or isinstance(event.payload, DealAdopted)
    ]
    read_from = {series_of(name, terms.index[name]) for _, terms in deal.segments for name in terms.index}
    return max(
        [*made, *(at for series in read_from for at, _ in prints(series))], default=events[-1].recorded_at
    )


def reason_on(events: Sequence[Event], missing: date) -> Event | None:
    """Return the entry that says why a date was not evaluated.

    The entry must follow the last event that a run made of the deal. The result is None without such an
    entry.
    """
    made = (
        event.seq
        for event in events
        if event.kind in DETERMINED or isinstance(event.payload, (DealAdopted, Correction))
    )
    last = max(made, default=-1)
    later = [
        event
        for event in events
        if isinstance(event.payload, NotEvaluated) and event.seq > last and event.effective_on >= missing
    ]
    return later[-1] if later else None


def not_there(missing: date, why: Event | None, listed: bool) -> str:
    """Return the sentence about a date that is not determined although nothing shows why.

    `listed` says whether the deal's file is in deals/.
    """
    said = f"{missing} had come, with its index values on record, and is not determined"
    if why is not None:
        return f"{said}; entry {why.seq} says why ({why.payload.reason}), and nothing that is kept shows it"
    if listed:
        return f"{said}; if it has not run since, run it"
    return (
        f"{said}; its file is not in deals/, so no run has it: put it back, or end its monitoring by the "
        "Act `discharged`"
    )


def first_due(deal: Deal, state: DealState, until: date) -> tuple[date, frozenset[str]] | None:
    """Return the next date on which something is determined, with the kinds of the date.

    It follows the dates that were reached. The result is None if no such date comes by `until`.
    """
    day = (state.reached or deal.closing_date) + DAY
    while day <= until:
        terms = resolve(deal, day)
        kinds = kinds_of(terms, calendar_on(deal, day), day, state.reports)
        if kinds:
            return day, kinds
        day += DAY
    return None


def early(events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    """Yield each entry that was recorded too early, with the difference.

    Either its date had not begun in any time zone, or its time lies before that of the entry before it.
    """
    latest: datetime | None = None
    for event in events:
        when = f"{event.recorded_at:%Y-%m-%d %H:%M} UTC"
        # The same slack as when it was recorded, or a record that was taken would fail its own replay.
        if latest is not None and event.recorded_at < latest - SLACK:
            yield event.seq, f"it was recorded at {when}, and the entry before it at {latest:%Y-%m-%d %H:%M}"
        latest = event.recorded_at
        if event.effective_on > (latest + AHEAD).date() and (
            event.kind in OF_A_DATE or isinstance(event.payload, NotEvaluated)
        ):
            yield (
                event.seq,
                (
                    f"{event.kind} {event.subject} of {event.effective_on} was recorded at {when}, before "
                    "that "
                    "date had come"
                ),
            )


def found_late(event: Event, deal: Deal) -> date | None:
    """Return the day on which a run found that a deadline was past already.

    The result is None if the event sets no such deadline. The day is the day of the run, which no other entry
    says. It lies between what the event tells of and its being recorded.
    """
    payload = event.payload
    cure = payload.test.cure if isinstance(payload, ActApplied) and payload.test is not None else None
    late = cure.found_late_on if cure is not None else None
    return (
        late if late is not None and event.effective_on <= late <= day_of(deal, event.recorded_at) else None
    )


def recorded_together(passed: Sequence[Draft], events: Sequence[Event]) -> tuple[Draft, ...]:
    """Return the drafts that a run recorded together with the first of `events`, in order.

    The result is empty if that event is not among the drafts.
    """
    from_it = dropwhile(lambda draft: draft.key != events[0].key, passed)
    pairs = takewhile(
        lambda pair: pair[1].recorded_at == events[0].recorded_at, zip(from_it, events, strict=False)
    )
    return tuple(draft for draft, _ in takewhile(lambda pair: pair[0].key == pair[1].key, pairs))


def redrawn(event: Event, payload: Any) -> Draft:
    """Return the draft that an event was recorded from, with the payload that came out again."""
    return Draft(
        kind=event.kind,
        subject=event.subject,
        effective_on=event.effective_on,
        payload=payload,
        print=event.print,
        inputs=event.inputs,
        supersedes=event.supersedes,
        reason=event.reason,
    )


def lacking(workspace: Workspace, logs: Sequence[str]) -> Iterator[Replayed]:
    """Yield each log that is gone from the record beside what was made from it."""
    for log, what in without_log(workspace, logs):
        yield Replayed(log, difference=Difference(log, 0, what))
