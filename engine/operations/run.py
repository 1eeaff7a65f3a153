"""The run: publish what is due, evaluate every deal in order, record, and issue notices.

A second run changes nothing, since the log decides what is due. Missed weeks are caught up in order. A deal
that cannot be evaluated gets its reason in the log and stops no other deal (`record.md`, A run happens
exactly once).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from engine import __version__
from engine.basics.errors import OF_ONE_DEAL, Unavailable
from engine.basics.processor_time import ProcessorTime, spent_between
from engine.determination.template import Template
from engine.evaluation.corrections import correction, numbered, of_date, printed_again
from engine.evaluation.inputs import Inputs, inputs_of
from engine.evaluation.one_date import evaluate
from engine.events.date_standing import resting_on
from engine.events.deal_state import DealState, as_it_stands, fold
from engine.events.draft import Draft
from engine.events.kept_state import NotAsKept, to_keep
from engine.events.kinds import ActRecorded, Correction, Determined, Event, NotEvaluated
from engine.events.notice import Pages, Render
from engine.events.rates import Published
from engine.operations.dates_due import causes, first_needed, series_read
from engine.operations.deal_history import history_of, in_hand
from engine.operations.deals_in_hand import DealsInHand
from engine.operations.file_adoption import calendars_taken, file_adopted
from engine.operations.files_in_hand import FilesInHand
from engine.operations.issue_notices import Given, Outbox
from engine.operations.older_record import refuse_older_record
from engine.operations.publish import publish
from engine.operations.recent_past import RecentPast, recent_past
from engine.operations.register_changes import registers_changed
from engine.operations.run_outcome import DealOutcome, RunOutcome
from engine.operations.settled import files_there, settled
from engine.operations.sign_checkpoints import sign_all
from engine.operations.stamp_checkpoints import stamp_checkpoints
from engine.operations.waiting_dates import begun, waits_for
from engine.record.events_in_hand import series_in_hand
from engine.record.log import (
    ClockBehind,
    Scribe,
    append,
    deal_log,
    not_extended,
    of_earlier_edition,
    refuse_clock_behind,
)
from engine.record.store import Reader
from engine.terms.as_written import Deal, day_of
from engine.workspace.calendar_tables import closings_recorded, counted_by, tables_now
from engine.workspace.deal_files import changed, keep, said
from engine.workspace.kept_states import keep_state
from engine.workspace.prints_lately import PrintsLately, series_lately
from engine.workspace.registers import BadRegister
from engine.workspace.series import series_by_index
from engine.workspace.workspace import Workspace

DAY = timedelta(days=1)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class OnRecord:
    """What a run reads of the record once for all deals.

    It holds the prints of each series, and the closings that were entered.
    """

    prints: PrintsLately
    closings: tuple[Event, ...]


@dataclass(frozen=True)
class Tools:
    """What the composition root hands in: templates, the renderer, and one reading of the clock.

    `now` is that reading. Where there is a `clock`, it is read again once the run has the workspace to
    itself: what was recorded
    while it waited is not later than what it records.
    """

    templates: Mapping[str, Template]
    render: Render
    now: datetime
    actor: str
    progress: Progress
    engine: str = f"headroom {__version__}"
    """What recorded events name: version, commit and lock file, which the composition root knows."""
    clock: Callable[[], datetime] | None = None
    pages: Pages | None = None
    """Who composes the words of notices; without one they carry none."""
    spent: ProcessorTime = field(default_factory=ProcessorTime)
    """The ledger of processor time, which the renderer's processes add to."""
    stopping: Callable[[], bool] = lambda: False
    """Whether somebody has asked the run to stop.

    The run then finishes the deal in hand, and leaves the rest to the next run.
    """

    def scribe(self, deal_file: str | None = None) -> Scribe:
        """Return who records now."""
        return Scribe(self.actor, self.engine, self.now, deal_file)


def run(workspace: Workspace, on: date, tools: Tools) -> RunOutcome:
    """Record everything that is due by `on`, as far as each deal's own calendar has come.

    Nobody else records in the workspace meanwhile.
    """
    with workspace.alone(
        told=lambda: tools.progress("another command records in this workspace; waiting for it")
    ):
        workspace.sweep()
        # An older copy of the record is refused before anything is added to it.
        refuse_older_record(workspace)
        before = tools.spent.seconds()
        with tools.spent.of("record"), series_in_hand(workspace.store):
            outcome = _run(workspace, on, replace(tools, now=tools.clock()) if tools.clock else tools)
        outcome.processor_seconds = spent_between(before, tools.spent.seconds())
    if not tools.stopping():  # after the lock: nobody else waits for an authority
        outcome.stamping = stamp_checkpoints(
            workspace, tools.clock or (lambda: tools.now), progress=tools.progress
        )
    return outcome


def _run(workspace: Workspace, on: date, tools: Tools) -> RunOutcome:
    outcome, before = RunOutcome(min(on, tools.now.astimezone(UTC).date())), files_there(workspace)
    files = FilesInHand(workspace, tools.templates, tools.now)
    needed = first_needed(files.read(), outcome.on)
    with tools.spent.of("publication"):
        outcome.publications, failed = _publish(workspace, needed, outcome.on, tools)
    on_record = OnRecord(PrintsLately(workspace), closings_recorded(workspace))
    outbox = Outbox(
        workspace, len(files), tools.render, tools.scribe(), tools.progress, tools.pages, tools.spent
    )
    lot = DealsInHand()
    for path, deal_file in files.take():
        if tools.stopping():
            outcome.left.append(deal_file.name)
            continue
        result = DealOutcome(deal_file.name, path, reason=deal_file.reason)
        outcome.deals.append(result)
        tools.progress(f"{result.deal}: evaluating")
        if deal_file.deal is not None:
            lacks = next(
                (failed[one] for one in series_read(deal_file.deal, outcome.on) if one in failed), None
            )
            with tools.spent.of("evaluation"):
                _evaluate_deal(
                    workspace,
                    deal_file.deal,
                    min(on, day_of(deal_file.deal, tools.now)),
                    tools,
                    result,
                    lacks,
                    on_record,
                )
        # A stray copy of a file says nothing about the deal, and a notice of it would mislead the parties.
        if result.reason is not None and path not in files.foreign and not result.earlier_edition:
            _not_evaluated(workspace, result, deal_file.text, outcome.on, tools)
        result.done(workspace.store)
        if files.last[result.deal] == path and not result.earlier_edition:
            lot.add(result.deal, in_hand(workspace.store, deal_log(result.deal)))
        if lot.full() and not tools.stopping():
            lot.issue(workspace, outbox)
    if tools.stopping():
        outcome.left += lot.deals
    else:
        lot.issue(workspace, outbox)
    outbox.finish()
    given = outbox.given
    for result in outcome.deals:
        done = given.pop(result.deal, Given())  # of two files that say one name, the first shows them
        result.notices, result.not_issued = done.files, done.stopped
    # Last, so that one checkpoint covers both what was determined and the notices of it.
    sign_all(workspace)
    # A run that left something, or will try it again, must not tell the next that nothing is due.
    if begun(tools.now) <= on and not outcome.left and not any(_looks_again(one) for one in outcome.deals):
        outcome.settled = settled(workspace, before, tools.now, files.until)
    return outcome


def _looks_again(result: DealOutcome) -> bool:
    """Return whether the next run tries something of a deal again, although nothing has changed."""
    return bool(result.reason or result.not_issued or (result.waiting and "final" in result.waiting))


def _publish(
    workspace: Workspace, needed: Sequence[tuple[str, date]], on: date, tools: Tools
) -> tuple[list[Event], dict[str, str]]:
    """Publish every series that some deal reads from its first date on, and return the new events.

    The second result says why a series could not be published.

    Raises ClockBehind: a clock that is wrong is wrong for every series.
    """
    events: list[Event] = []
    failed: dict[str, str] = {}
    for series, since in needed:
        tools.progress(f"{series}: publishing")
        try:
            events += publish(workspace, series, since, on, tools.scribe())
        except (ClockBehind, Unavailable):
            raise
        except OF_ONE_DEAL as error:
            failed[series] = f"{series} cannot be published: {said(error)}"
    return events, failed


class _Moved(Exception):
    """A log has more entries than the decision that was to be added to it rests on."""


class _ReachesBack(Exception):
    """Something reaches further back than the recent past of a deal: the whole log is to be read."""


def _added(
    workspace: Workspace, deal: Deal, events: list[Event], drafts: Iterable[Draft], tools: Tools
) -> tuple[Event, ...]:
    """Record what follows from `events`, which grow by it.

    Raises _Moved if something is to be recorded, and they are no longer all that the log holds.

    `alone` keeps other commands of this workspace out; whoever reaches the same database from elsewhere is
    found here.
    """
    drafts = tuple(drafts)
    # Most steps of a date record nothing, and `_evaluated` asks once for all of them at its end.
    if not drafts:
        return ()
    with tools.spent.of("record"), workspace.store.begin() as writer:
        _refuse_moved(writer, deal, events)
        recorded = append(writer, deal_log(deal.name), drafts, tools.scribe(deal.sha256))
    events += recorded
    return recorded


def _refuse_moved(reader: Reader, deal: Deal, events: Sequence[Event]) -> None:
    """Raise _Moved if `events` are no longer all that the deal's log holds."""
    # Numbers are compared, not counts: after a lost entry the counts never match again.
    if reader.size(deal_log(deal.name)) != (events[-1].seq + 1 if events else 0):
        raise _Moved


def _evaluate_deal(
    workspace: Workspace,
    deal: Deal,
    on: date,
    tools: Tools,
    result: DealOutcome,
    lacks: str | None,
    on_record: OnRecord,
) -> None:
    """Run a deal up to a date.

    If something else was recorded meanwhile, the evaluation begins again from the log as it stands. An error
    in the deal stops no other deal.
    """
    whole = False
    while True:
        try:
            return _evaluated(workspace, deal, on, tools, result, lacks, on_record, whole)
        except _Moved:
            tools.progress(f"{deal.name}: something was recorded meanwhile; beginning again")
        except (_ReachesBack, NotAsKept):
            whole = True


def _evaluated(
    workspace: Workspace,
    deal: Deal,
    on: date,
    tools: Tools,
    result: DealOutcome,
    lacks: str | None,
    on_record: OnRecord,
    whole: bool,
) -> None:
    """Run one deal up to a date; what goes wrong with it, or `lacks` of its series, is its reason.

    What the last date left is enough for an ordinary date; otherwise the `whole` log is read.

    Raises _Moved, _ReachesBack, NotAsKept, ClockBehind.
    """
    log = deal_log(deal.name)
    recent = None if whole else recent_past(workspace, log, tools.engine)
    events = list(history_of(workspace.store, log).events if recent is None else recent.events)
    # With such a clock nothing may seem due, and a run that does nothing must not look like a good one.
    if events:
        refuse_clock_behind(log, events[-1].recorded_at, tools.now)
    result.earlier_edition = of_earlier_edition(events)
    if result.earlier_edition:
        result.reason, result.state = not_extended(deal_log(deal.name)), as_it_stands(events)
        return
    refused, result.problems = (lacks, ()) if lacks else changed(workspace, deal, events)
    if refused is not None:
        _only_of(recent)
        result.reason = refused
        result.state = as_it_stands(events)
        return
    try:
        deal = _counted(workspace, deal, events, tools, result, on_record.closings, recent)
        moved = list(registers_changed(workspace, deal, result.file.parent, events))
        result.add(_added(workspace, deal, events, moved, tools))
        acts = fold(event for event in events if isinstance(event.payload, ActRecorded)).acts
        lately = (
            None if recent is None else series_lately(on_record.prints, deal, on, acts, recent.state.rates)
        )
        series = series_by_index(on_record.prints, deal, on, acts) if lately is None else lately
        # The rates of all dates have been compared with the prints, where the last prints are enough.
        compared = series if lately is None else {}
        again = correction(events, tuple(causes(workspace, deal, events, compared, tools.templates)))
        if recent is not None and (
            again is not None
            or len(events) > len(recent.events)
            or (lately is None and printed_again(recent.state.rates, series))
        ):
            raise _ReachesBack
        if again is not None:
            again = again.model_copy(update={"made_on": day_of(deal, tools.now)})
            count = sum(isinstance(event.payload, Correction) for event in events) + 1
            draft = Draft(
                kind="correction", subject="deal", effective_on=again.from_on, payload=again, print=count
            )
            result.add(_added(workspace, deal, events, [draft], tools))
            tools.progress(f"{deal.name}: determining again from {again.from_on}: {'; '.join(again.why)}")
        _determined(workspace, deal, _dates(deal, series, on, tools, result), events, tools, result, recent)
        with workspace.store.read() as reader:
            _refuse_moved(reader, deal, events)
    except Unavailable:
        raise
    except OF_ONE_DEAL as error:
        _only_of(recent)
        result.state = as_it_stands(events)
        result.reason = said(error)
        result.beside = (error.sha256,) if isinstance(error, BadRegister) else ()


def _only_of(recent: RecentPast | None) -> None:
    """Raise _ReachesBack unless the whole log is in hand.

    The reason that stops a deal is recorded beside the whole of its state.
    """
    if recent is not None:
        raise _ReachesBack


def _determined(
    workspace: Workspace,
    deal: Deal,
    dates: Iterable[Inputs],
    events: list[Event],
    tools: Tools,
    result: DealOutcome,
    recent: RecentPast | None,
) -> None:
    """Determine dates in their order, record what comes out, and keep the state that the last one left.

    Raises _Moved, _ReachesBack.
    """
    log = deal_log(deal.name)
    if recent is None:
        past = history_of(workspace.store, log).past
        result.state, withdrawn_events, known = past.state, past.withdrawn, set(past.keys)
    else:
        result.state, withdrawn_events, known = recent.state, (), set()
    left: tuple[Event, DealState] | None = None
    for inputs in dates:
        drafts = of_date(numbered(evaluate(inputs), withdrawn_events), known)
        # `known` lacks the keys of older entries here, so the record itself is asked for them.
        if recent is not None and drafts:
            with workspace.store.read() as reader:
                if reader.keys_there(log, (draft.key for draft in drafts)):
                    raise _ReachesBack
        recorded = _added(workspace, deal, events, drafts, tools)
        known |= {event.key for event in recorded}
        result.add(recorded)
        result.state = fold(recorded, result.state)
        if recorded and isinstance(recorded[-1].payload, Determined):
            left = recorded[-1], result.state
    kept = None if left is None else to_keep(*left)
    if kept is not None:
        keep_state(workspace, log, kept)


def _counted(
    workspace: Workspace,
    deal: Deal,
    events: list[Event],
    tools: Tools,
    result: DealOutcome,
    closings: Sequence[Event],
    recent: RecentPast | None,
) -> Deal:
    """Return the deal once its log has its file and its tables of Business Days (`rulings.md` 36a).

    The deal counts by these tables from now on.
    """
    before, log = counted_by(workspace, deal, events), deal_log(deal.name)
    tables = tables_now(before, closings, tools.now)
    begun_with = replace(before, calendars={**tables, **before.calendars})
    drafts = file_adopted(workspace, begun_with, events, tools.templates)
    result.add(_added(workspace, deal, events, drafts, tools))
    changed_tables = calendars_taken(
        workspace,
        events,
        lambda: history_of(workspace.store, log).past.state if recent is None else recent.state,
        tables,
        day_of(deal, tools.now),
        closings,
        tools.now,
    )
    result.add(_added(workspace, deal, events, changed_tables, tools))
    return counted_by(workspace, deal, events)


def _dates(
    deal: Deal, series: Mapping[str, Sequence[Published]], on: date, tools: Tools, result: DealOutcome
) -> Iterator[Inputs]:
    """Yield the inputs of each date after the last one that was evaluated, up to `on`, in order."""
    from engine.market.interval import share_below  # late: numpy only where a deal is evaluated

    day = (result.state.reached or deal.closing_date) + DAY
    while day <= on:
        inputs = inputs_of(deal, day, series, result.state, tools.templates, share_below)
        result.waiting = waits_for(inputs, deal.closing_date, tools.now) if inputs.kinds else None
        # The dates after it wait as well: each rests on the state that the one before it left.
        if result.waiting is not None:
            return
        if inputs.kinds or day == on:
            yield inputs
        day += DAY


def _not_evaluated(
    workspace: Workspace, result: DealOutcome, text: str | None, on: date, tools: Tools
) -> None:
    """Record why a deal could not be evaluated, and keep the file as it was.

    A log without this event could not tell a refused deal from a run that never happened.
    """
    said = NotEvaluated(reason=result.reason or "", problems=result.problems)
    payload = resting_on(said, history_of(workspace.store, deal_log(result.deal)).events)
    kept = () if text is None else (keep(workspace, text), *result.beside)
    new = Draft(kind="not evaluated", subject="deal", effective_on=on, payload=payload, inputs=kept)
    with workspace.store.begin() as writer:
        result.add(append(writer, deal_log(result.deal), [new], tools.scribe()))
