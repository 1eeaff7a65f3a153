"""What happened to a deal, event by event, and the whole working of one result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engine.basics.errors import WrongUsage, dates_there
from engine.basics.values import (
    Figure,
    Unit,
    counted,
    in_words,
    printed,
    printed_apart,
    printed_headroom,
    trimmed,
)
from engine.events.calendar_events import CalendarTaken
from engine.events.deal_adopted import ClauseFacts, DealAdopted, clauses_on
from engine.events.delivery import (
    DeliveryBegun,
    DeliveryDeferred,
    DeliveryFailed,
    DeliveryUnknown,
    NoticeAcknowledged,
    NoticeDelivered,
    NoticeGiven,
    NoticeReleased,
    NoticeSent,
    ReminderSent,
)
from engine.events.duty_words import remedy_words
from engine.events.kinds import (
    ActApplied,
    ActRecorded,
    Correction,
    Counted,
    DeadlinePassed,
    Determined,
    Event,
    KeyReplaced,
    NotEvaluated,
    NoticeIssued,
    ObligationMoved,
    ReportReceived,
    Suspended,
    Tested,
)
from engine.events.log_names import deals_among, series_of_log, subject_of_log
from engine.events.rates import ReferenceRate
from engine.events.results import Bearing, TestResult
from engine.events.servicing import RegisterChanged
from engine.events.states import ReserveReleased, SweptPeriod, TestStatus
from engine.events.taken_over import TakenOver
from engine.market.index_value import IndexValue
from engine.record.entry_events import entry_at
from engine.record.log import deal_log, event_of, read
from engine.workspace.workspace import Workspace


def events_of(workspace: Workspace, deal: str) -> tuple[Event, ...]:
    """Return a deal's events. Raises WrongUsage for a deal without a log, naming those that have one."""
    events = tuple(read(workspace.store, deal_log(deal)))
    if not events:
        known = deals_among(workspace.store.logs())
        raise WrongUsage(f"a log of `{deal}` does not exist; there are {', '.join(known) or 'none yet'}")
    return events


def summary(event: Event) -> str:
    """Return one event in one line."""
    say_it = SUMMARIES.get(type(event.payload))
    return say_it(event.payload) if say_it else ""


def _tested(tested: Tested) -> str:
    result = tested.result
    figures = ""
    if result.measured is not None and result.limit is not None:
        figures = (
            # A figure shows as many decimals as it takes to differ from its limit (`rulings.md` 18).
            f" {printed_apart(result.measured, result.limit)} ({result.comparison} {trimmed(result.limit)})"
        )
    reason = f": {result.reason.reason}" if result.reason else ""
    moved = f"; {tested.state.status.value}" + (
        f" (was {tested.before.value})" if tested.before not in (None, tested.state.status) else ""
    )
    of = f", as of {result.as_of}" if result.as_of is not None else ""
    return f"{result.verdict.value}{figures}{of}{reason}{moved}"


def _rate(rate: ReferenceRate) -> str:
    return (
        f"USD {rate.value} by {rate.step}, age {rate.age}"
        if rate.value is not None
        else f"none: {rate.reason}"
    )


def _counted(counted: Counted) -> str:
    state, limb = counted.state, counted.state.count
    cure = f", cure by {state.cure.by}" if state.cure is not None else ""
    met = f", first met {state.first_met}" if state.first_met is not None else ""
    return state.status.value + (f", {limb.count} of {limb.needed}" if limb else "") + met + cure


def _swept(period: SweptPeriod) -> str:
    if period.swept is None:
        return f"not computed: {period.reason}"
    swept, reserve = (
        printed(Figure(value=amount, unit=Unit.USD)) for amount in (period.swept, period.reserve_balance)
    )
    if period.repays is not None:
        return f"{swept} repays {in_words(period.repays)}"
    return f"{swept} swept; reserve {reserve}"


def _pledged(register: RegisterChanged) -> str:
    steps = (
        f"{step.gpus:,} GPUs of {asset} from {step.since}"
        for asset, counts in register.counts.items()
        for step in counts
    )
    return "; ".join(steps)


def _calendar_taken(taken: CalendarTaken) -> str:
    days = [
        f"{entry.day} {'closed' if entry.closed else 'open'}, {entry.reason} ({entry.source})"
        for entry in taken.changes
    ]
    moved = [f"{one.of}: {one.before} becomes {one.after}" for one in taken.moves] or ["no deadline moves"]
    return "; ".join((f"table {taken.sha256[:16]} from {taken.since} on", *days, *moved))


SUMMARIES: dict[type, Callable[[Any], str]] = {
    NoticeReleased: lambda p: (
        f"notice {p.number}{', as a draft,' if p.draft else ''} by {p.released_by} for "
        f"{p.acts_for or 'nobody'}"
    ),
    DeliveryBegun: lambda p: f"notice {p.number} to {p.to}, copy {p.copy_number}, {p.message_id}",
    NoticeSent: lambda p: f"notice {p.number} to {p.to}, copy {p.copy_number}: {p.by} said {p.reply}",
    DeliveryUnknown: lambda p: f"notice {p.number} to {p.to}, copy {p.copy_number}: {p.why}",
    DeliveryDeferred: lambda p: f"notice {p.number} to {p.to}: {p.reply}",
    DeliveryFailed: lambda p: f"notice {p.number} to {p.to}, by the {p.found_by}: {p.reply}",
    NoticeDelivered: lambda p: f"notice {p.number} to {p.to}: {p.reply}",
    NoticeAcknowledged: lambda p: f"notice {p.number} by {p.name} for the {p.to}",
    NoticeGiven: lambda p: (
        f"notice {p.number}{', withdrawn' if p.withdrawn else ''}: {p.rule}{f' ({p.cite})' if p.cite else ''}"
    ),
    ReminderSent: lambda p: f"to {p.to}: {p.what}",
    Tested: _tested,
    ReferenceRate: _rate,
    Counted: _counted,
    SweptPeriod: _swept,
    ReserveReleased: lambda p: (
        f"{printed(Figure(value=p.amount, unit=Unit.USD))} of the reserve account: {p.to} ({p.cite})"
    ),
    DeadlinePassed: lambda p: f"{p.state.status.value} since {p.state.since}: {p.state.why}",
    ObligationMoved: lambda p: f"{p.obligation.name} {p.obligation.status}, due {p.obligation.due.by}",
    ReportReceived: lambda p: (
        f"{p.document}, as of {p.as_of}, received {p.received}, {counted(len(p.figures), 'figures')}"
    ),
    RegisterChanged: lambda p: f"{p.file} {p.sha256[:16]}: {_pledged(p)}",
    ActRecorded: lambda p: f"{p.act} {p.clause or ''} {p.document or ''}".rstrip(),
    ActApplied: lambda p: p.why,
    CalendarTaken: _calendar_taken,
    DealAdopted: lambda p: f"file {p.file_sha256[:16]}, {counted(len(p.clauses), 'clauses')}",
    Determined: lambda p: (
        f"{f'as of {p.as_of}; ' if p.as_of else ''}{len(p.due)} due; next {p.next_determination_date}"
    ),
    TakenOver: lambda p: p.words,
    NotEvaluated: lambda p: p.reason,
    Correction: lambda p: f"from {p.from_on} to {p.until} determined again: {'; '.join(p.why)}",
    Suspended: lambda p: p.state.why,
    NoticeIssued: lambda p: f"No. {p.number}, {p.file}",
    KeyReplaced: lambda p: (
        f"{p.why}: {p.old.split('+')[1]} signs no more, {p.new.split('+')[1]} of {p.new.split('+')[0]} "
        "signs from here on"
    ),
}


def _values(workspace: Workspace, event: Event) -> Iterator[IndexValue]:
    """Yield the index values whose events the result used, newest last."""
    wanted = {one.source.reference for one in event.payload.result.inputs if one.source.kind == "publication"}
    for log in workspace.store.logs():
        if series_of_log(log) is not None:
            for published in read(workspace.store, log):
                # The leaf decides and not the date: a week may have a later print, unused here.
                if published.leaf in wanted:
                    yield IndexValue.model_validate(published.payload.value)


def _explained(events: tuple[Event, ...], event: Event, values: list[IndexValue]) -> Iterator[str]:
    tested: Tested = event.payload
    result = tested.result
    deal = subject_of_log(event.log)
    yield (
        f"{result.title} ({result.cite}), {event.subject} of {deal}, on {event.effective_on:%A} "
        f"{event.effective_on}{_as_of(result)}"
    )
    yield ""
    clause = _clause(events, event)
    if clause is not None:
        if clause.text:
            yield f"The agreement says: {clause.text}"
        yield f"The engine reads it: {clause.reading}"
        yield ""
    # Listings are shown of the newest week alone; the earlier rates stand among the figures used.
    for value in values[-1:]:
        yield from _index_lines(value)
    yield "Figures used"
    for one in result.inputs:
        reference = f" [{one.source.reference[:16]}]" if one.source.reference else ""
        yield f"  {one.name}: {trimmed(one.figure)}  ({one.source.kind}: {one.source.text}){reference}"
    yield ""
    yield "Working"
    for step in result.steps:
        yield f"  {step.name}: {step.formula}"
        yield f"    {step.worked} = {printed(step.figure)}"
    yield ""
    yield from _verdict_lines(result)
    yield from _state_lines(tested)
    handed = next((one.payload for one in events if isinstance(one.payload, TakenOver)), None)
    if (
        handed is not None
        # A state may be newer than a takeover while its episode began before the takeover (`rulings.md` 56).
        and min(tested.state.since, tested.state.episode_began or tested.state.since) <= handed.as_of
    ):
        yield f"What was so before {handed.as_of + timedelta(days=1)} is {handed.words}"
    yield ""
    yield (
        f"Recorded as entry {event.seq} of {event.log}, {event.recorded_at:%Y-%m-%d %H:%M:%S} UTC by "
        f"{event.actor}, {event.engine}"
    )


def _as_of(result: TestResult) -> str:
    """Return the earlier date whose limits, rates and balances a result takes.

    The text is empty if the result takes those of its own date (`rulings.md` 49a).
    """
    return f", on delivery of the report, as of {result.as_of}" if result.as_of is not None else ""


def _clause(events: tuple[Event, ...], event: Event) -> ClauseFacts | None:
    # The terms are those that the result knew: a file adopted later may read the clause otherwise.
    adopted = [e.payload for e in events if isinstance(e.payload, DealAdopted) and e.seq < event.seq]
    return (
        next((c for c in clauses_on(adopted[-1], event.effective_on) if c.key == event.subject), None)
        if adopted
        else None
    )


def _index_lines(value: IndexValue) -> Iterator[str]:
    window = f"window {value.window_start} to {value.window_end}"
    yield f"{value.index} of {value.publication_date}: {value.value} under {value.methodology}, {window}"
    for day in value.days:
        removed = ", ".join(f"{rule} {count}" for rule, count in day.excluded.items()) or "none"
        evidence = f"snapshot {day.snapshot[:16]}" if day.snapshot else "no snapshot"
        yield (
            f"  {day.date}: {evidence}; {day.offers} offers, removed {removed}; {day.qualifying} qualify; "
            f"{'counts' if day.counts else 'does not count'}; {day.kept} kept"
        )
    if value.interval is not None:
        yield (
            f"  median of {counted(value.observations, 'observations')} of "
            f"{counted(value.valid_days, 'valid days')} = {value.value}; the methodology's 95% interval, of "
            f"listings, {value.interval.low} to {value.interval.high}"
        )
    if value.seller_interval is not None:
        yield (
            f"  with other sellers of the same kind {value.seller_interval.low} to "
            f"{value.seller_interval.high}"
        )
    elif value.seller_interval_why is not None:
        yield f"  no interval by sellers: {value.seller_interval_why}"
    for reason in value.low_confidence_reasons:
        yield f"  Low Confidence: {reason}"
    yield ""


def _verdict_lines(result: TestResult) -> Iterator[str]:
    if result.measured is None or result.limit is None or result.headroom is None:
        reason = result.reason
        yield f"Result: {result.verdict.value}" + (
            f", because {reason.reason} ({reason.cite})" if reason else ""
        )
        return
    yield (
        f"Result: {result.verdict.value}: measured {printed_apart(result.measured, result.limit)}, "
        f"must be {result.comparison} {trimmed(result.limit)}; headroom {printed_headroom(result.headroom)}"
    )
    for even in result.break_even:
        if even.rate is None:
            yield f"Break-even Rate of {even.index}: none, {even.note}"
        else:
            yield f"Break-even Rate of {even.index}: {printed(even.rate)}; fails {even.fails} it"
    if result.bearing is not None:
        yield from _bearing_lines(result.bearing)
    for way in result.remedies:
        yield f"To cure today: {remedy_words(way)}"


def _bearing_lines(bearing: Bearing) -> Iterator[str]:
    """Yield lines that say how far a result depends on its sellers.

    They say whether other sellers give the same result, between which figures it lies, and in which shares it
    fails.
    """
    yield f"Decisive by sellers, at {bearing.decisive_at}%: " + (
        "yes" if bearing.undecided is None else f"no, {bearing.undecided}"
    )
    if (
        bearing.low is not None
        and bearing.high is not None
        and bearing.at_low is not None
        and bearing.at_high is not None
    ):
        ends = f"{printed(bearing.low)} to {printed(bearing.high)}"
        yield (
            f"With other sellers of the same kind: {ends}; {bearing.at_low.value} and "
            f"{bearing.at_high.value} there"
        )
    if bearing.share_failing_sellers is not None:
        of = (
            f"{bearing.replicates:,} {'drawn ' if bearing.drawn else ''}subsets of "
            f"{counted(bearing.sellers or 0, 'sellers')}"
        )
        share = f"{float(bearing.share_failing_sellers):.4f} of {of}"
        yield f"Share of subsets of sellers in which the test fails: {share}; sellers only, not a forecast"
    if bearing.share_failing is not None:
        yield (
            f"Share of resamples in which the test fails: {bearing.share_failing}; sampling of listings "
            "only, not a forecast"
        )


def _state_lines(tested: Tested) -> Iterator[str]:
    state = tested.state
    before = f", before {tested.before.value}" if tested.before else ""
    yield f"State: {state.status.value} since {state.since}{before}" + (
        f" ({state.why})" if state.why else ""
    )
    if state.status is TestStatus.EVENT_OF_DEFAULT:
        effective = (
            f"effective from {state.effective_on}"
            if state.effective_on
            else f"not effective before a {state.default_needs}"
        )
        yield f"Event of Default indicated from {state.since}; {effective}"
    if state.cure is not None:
        cure = state.cure
        yield f"Cure by {cure.by}: {cure.rule}, calendar {cure.calendar} ({cure.cite})"


@dataclass(frozen=True, slots=True)
class History:
    """A deal's log as it stands.

    It holds the events, oldest first, with the size and the root that name exactly these events.
    """

    deal: str
    size: int
    root: str
    events: tuple[Event, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the history as JSON: `deal`, `size`, `root`, `events`."""
        events = [event.model_dump(mode="json") for event in self.events]
        return {"deal": self.deal, "size": self.size, "root": self.root, "events": events}


def history_of(workspace: Workspace, deal: str) -> History:
    """Return every event of a deal, oldest first. Raises WrongUsage for a deal without a log."""
    events = events_of(workspace, deal)
    size, head = workspace.store.head(deal_log(deal))
    return History(deal, size, head.hex(), events)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A result explained from listings to verdict.

    It holds the event, the index values that it used, and the working in lines for a lawyer.
    """

    event: Event
    publications: tuple[IndexValue, ...]
    lines: tuple[str, ...]
    clause: ClauseFacts | None = None
    notices: tuple[int, ...] = ()
    """The numbers of the notices that state its date."""
    size: int = 0
    """Entries of the log when it was explained."""

    def as_data(self) -> dict[str, Any]:
        """Return the explanation as JSON: `event`, `publications`."""
        values = [value.model_dump(mode="json") for value in self.publications]
        return {"event": self.event.model_dump(mode="json"), "publications": values}


def explanation_of(workspace: Workspace, deal: str, test: str, on: date) -> Explanation:
    """Return the whole working of one result. Raises WrongUsage without one, naming what there is."""
    events = events_of(workspace, deal)
    results = [event for event in events if isinstance(event.payload, Tested) and event.subject == test]
    determined = [event for event in results if event.effective_on == on]
    if not results:
        known = sorted({event.subject for event in events if isinstance(event.payload, Tested)})
        raise WrongUsage(
            f"`{test}` is not a test of {deal} that has been run; there are {', '.join(known) or 'none yet'}"
        )
    if not determined:
        dates = [event.effective_on for event in results]
        raise WrongUsage(f"`{test}` of {deal} was not tested on {on}; of its dates {dates_there(dates, on)}")
    # A corrected date has several results, and the last one recorded is the one that stands.
    values = list(_values(workspace, determined[-1]))
    stated = tuple(
        e.payload.number for e in events if isinstance(e.payload, NoticeIssued) and e.effective_on == on
    )
    lines = tuple(_explained(events, determined[-1], values))
    return Explanation(
        determined[-1], tuple(values), lines, _clause(events, determined[-1]), stated, len(events)
    )


def newest_moment(workspace: Workspace) -> datetime:
    """Return when the newest entry of any log was recorded.

    Raises WrongUsage for a record without entries.
    """
    moments = []
    for log in workspace.store.logs():
        # Times in a log do not run backwards, so its newest entry is enough.
        last = workspace.store.entry(log, workspace.store.size(log) - 1)
        moments += [event_of(last).recorded_at] if last is not None else []
    if not moments:
        raise WrongUsage("nothing has been recorded yet")
    return max(moments)


def history_part(
    workspace: Workspace, deal: str, start: int, most: int
) -> tuple[tuple[Event, ...], int, str]:
    """Return a part of a deal's log: at most `most` entries from number `start` on.

    The size and the root of the whole log stand beside them.

    Raises VerificationFailed if an entry is missing.
    """
    # One read for all: entries, size and root must be of the same moment while a run may be writing.
    with workspace.store.read() as reader:
        size, head = reader.head(deal_log(deal))
        numbers = range(start, min(start + most, size))
        rows = [entry_at(reader, deal_log(deal), seq) for seq in numbers]
    return tuple(event_of(row) for row in rows), size, head.hex()
