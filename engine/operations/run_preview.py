"""Preview the dates that are due, as far as is known now (`rulings.md` 26a).

Nothing is published, recorded or issued.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from engine.basics.errors import OF_ONE_DEAL
from engine.determination.template import Template
from engine.evaluation.carried_over import adoption
from engine.evaluation.corrections import correction, numbered, of_date
from engine.evaluation.inputs import Inputs, inputs_of
from engine.evaluation.one_date import evaluate
from engine.events.deal_adopted import DealAdopted
from engine.events.deal_state import as_it_stands, fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Correction, Event
from engine.events.rates import Published
from engine.events.standing import standing, withdrawn
from engine.operations.dates_due import causes, files_claimed_twice, first_needed
from engine.operations.deal_history import history_of
from engine.operations.publish import prints_due
from engine.operations.register_changes import registers_changed
from engine.operations.run_answer import DealAnswer, Logs, RunAnswer, answer_from
from engine.operations.run_outcome import DealOutcome, RunOutcome
from engine.operations.waiting_dates import value_awaited
from engine.record.log import Scribe, deal_log, imagined, index_log, not_extended, of_earlier_edition, read
from engine.terms.as_written import Deal, day_of
from engine.terms.contract_dates import cut_off_on, waits_until
from engine.wording.adopted_deal import adopted
from engine.workspace.deal_files import changed, read_file, said
from engine.workspace.series import Prints, prints_of, published, series_by_index
from engine.workspace.workspace import Workspace

DAY = timedelta(days=1)
Templates = Mapping[str, Template]


@dataclass(frozen=True, slots=True)
class DatePreview:
    """A date that would be determined, and the cut-off that it waits for, if that has not passed."""

    on: date
    cut_off: str | None


@dataclass(frozen=True, slots=True)
class DealPreview:
    """What the next dates of one deal would be, in the form of a run's answer."""

    answer: DealAnswer
    dates: tuple[DatePreview, ...]
    corrected: Correction | None
    """The dates that a run would determine again, and why."""

    def as_data(self) -> dict[str, Any]:
        """Return the deal's part of the preview as JSON: that of a run, with `dates` and `corrected`."""
        dates = [{"on": str(one.on), "cut_off": one.cut_off} for one in self.dates]
        corrected = None if self.corrected is None else self.corrected.model_dump(mode="json")
        return {**self.answer.as_data(), "dates": dates, "corrected": corrected}


@dataclass(frozen=True, slots=True)
class RunPreview:
    """A run as it would be if the cut-off of each date had passed."""

    answer: RunAnswer
    deals: tuple[DealPreview, ...]

    @property
    def complete(self) -> bool:
        """Whether every deal on record has its file and could be evaluated."""
        return self.answer.complete

    def as_data(self) -> dict[str, Any]:
        """Return the preview as JSON: that of a run, and `recorded`, which is false."""
        return {**self.answer.as_data(), "recorded": False, "deals": [deal.as_data() for deal in self.deals]}


def preview(workspace: Workspace, on: date, templates: Templates, scribe: Scribe) -> RunPreview:
    """Return what every date that is due by `on` would be, by what has been received until now."""
    files = {path: read_file(path, templates) for path in workspace.deal_files()}
    files |= {
        path: replace(files[path], deal=None, reason=reason)
        for path, reason in files_claimed_twice(workspace)
    }
    due = _prints_due(workspace, [file.deal for file in files.values() if file.deal], on, scribe)
    prints = _prints(workspace, due)
    looks = []
    for path, deal_file in files.items():
        look = _Look(
            workspace, DealOutcome(deal_file.name, path, reason=deal_file.reason), templates, scribe, prints
        )
        if deal_file.deal is not None:
            look.at(deal_file.deal, min(on, day_of(deal_file.deal, scribe.at)))
        looks.append(look)
    outcome = RunOutcome(
        on, [event for events in due.values() for event in events], [look.outcome for look in looks]
    )
    answer = answer_from(workspace, outcome, _logs(workspace, due, looks))
    deals = (
        DealPreview(one, tuple(look.dates), look.corrected)
        for one, look in zip(answer.deals, looks, strict=True)
    )
    return RunPreview(answer, tuple(deals))


def _logs(workspace: Workspace, due: Mapping[str, Sequence[Event]], looks: Sequence[_Look]) -> Logs:
    """Return how each log is read as a run would leave it."""
    logs: dict[str, Callable[[], Sequence[Event]]] = {
        log: partial(read, workspace.store, log) for log in workspace.store.logs()
    }
    for series, events in due.items():
        logs[index_log(series)] = partial(_with_further, workspace, index_log(series), events)
    return logs | {deal_log(look.outcome.deal): partial(tuple, look.events) for look in looks}


def _with_further(workspace: Workspace, log: str, further: Sequence[Event]) -> Sequence[Event]:
    return (*read(workspace.store, log), *further)


def _prints_due(
    workspace: Workspace, deals: Sequence[Deal], on: date, scribe: Scribe
) -> dict[str, list[Event]]:
    """Return what a run would publish of each series.

    A series that cannot be computed gives nothing, and the dates that need it wait.
    """
    due: dict[str, list[Event]] = {}
    for series, since in first_needed(deals, on):
        try:
            drafts = prints_due(workspace, series, since, on, scribe.at)
        except OF_ONE_DEAL:
            # One series that fails must not hide the preview of deals that do not read it.
            drafts = []
        due[series] = [imagined(draft, scribe, index_log(series)) for draft in drafts]
    return due


def _prints(workspace: Workspace, due: Mapping[str, Sequence[Event]]) -> Prints:
    """Return a reader of the series on record with what would be published after it."""
    on_file = prints_of(workspace)

    def prints(series: str) -> Sequence[tuple[datetime, Published]]:
        return (*on_file(series), *((event.recorded_at, published(event)) for event in due.get(series, ())))

    return prints


class _Look:
    """One deal as a run would leave it."""

    def __init__(
        self, workspace: Workspace, outcome: DealOutcome, templates: Templates, scribe: Scribe, prints: Prints
    ) -> None:
        self.workspace, self.outcome, self.templates, self.prints = workspace, outcome, templates, prints
        self.scribe = scribe
        self.events: list[Event] = list(history_of(workspace.store, deal_log(outcome.deal)).events)
        self.dates: list[DatePreview] = []
        self.corrected: Correction | None = None

    def at(self, deal: Deal, on: date) -> None:
        """Go over the dates up to `on`; what goes wrong is the deal's reason."""
        result = self.outcome
        result.earlier_edition = of_earlier_edition(self.events)
        if result.earlier_edition:
            result.reason = not_extended(deal_log(deal.name))
        else:
            result.reason, result.problems = changed(self.workspace, deal, self.events)
        try:
            if result.reason is None:
                self._adopt(deal)
                self._add(
                    list(registers_changed(self.workspace, deal, result.file.parent, self.events, keep=False))
                )
                self._go(deal, on)
        except OF_ONE_DEAL as error:
            result.reason = said(error)
        if result.reason is not None:
            result.state = as_it_stands(self.events)

    def _add(self, drafts: Sequence[Draft]) -> None:
        """Go on with events that would be recorded, each in its place."""
        for draft in drafts:
            event = imagined(draft, self.scribe, deal_log(self.outcome.deal)).model_copy(
                update={"seq": len(self.events)}
            )
            self.events.append(event)
            self.outcome.add([event])

    def _adopt(self, deal: Deal) -> None:
        """Take a file that is not on record as adopted."""
        known = [event for event in self.events if isinstance(event.payload, DealAdopted)]
        if not known or known[-1].payload.file_sha256 != deal.sha256:
            payload = adopted(deal, self.templates)
            self._add(adoption(deal, payload, len(known) + 1, self.templates))

    def _go(self, deal: Deal, on: date) -> None:
        from engine.market.interval import share_below  # late: numpy only where a deal is evaluated

        acts = fold(event for event in self.events if isinstance(event.payload, ActRecorded)).acts
        series = series_by_index(self.prints, deal, on, acts)
        self.corrected = correction(
            self.events, tuple(causes(self.workspace, deal, self.events, series, self.templates))
        )
        if self.corrected is not None:
            again = self.corrected
            self._add(
                [
                    Draft(
                        kind="correction",
                        subject="deal",
                        effective_on=again.from_on,
                        payload=again,
                        # Any number that no correction has yet will do, since nothing of a preview is
                        # recorded.
                        print=len(self.events),
                    )
                ]
            )
        result = self.outcome
        result.state, withdrawn_events = as_it_stands(self.events), withdrawn(self.events)
        keys = {event.key for event in standing(self.events)}
        day = (result.state.reached or deal.closing_date) + DAY
        while day <= on:
            inputs = inputs_of(deal, day, series, result.state, self.templates, share_below)
            result.waiting = value_awaited(inputs, deal.closing_date) if inputs.kinds else None
            if result.waiting is not None:
                return
            # The last day is looked at even if it is not a date of the deal: a deadline may have passed.
            if inputs.kinds or day == on:
                drafts = of_date(numbered(evaluate(inputs), withdrawn_events), keys)
                self._add(drafts)
                result.state = fold(drafts, result.state)
            if inputs.kinds:
                self.dates.append(DatePreview(day, self._cut_off(inputs)))
            day += DAY

    def _cut_off(self, inputs: Inputs) -> str | None:
        """Return the cut-off that a date waits for, in words; None if it has passed."""
        passed = self.scribe.at >= cut_off_on(inputs.terms, inputs.on)
        return None if passed else waits_until(inputs.terms, inputs.on)
