"""What a deal would have done over the published history, and what an amendment changes of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.files import read_text
from engine.basics.happenings import no_date
from engine.basics.values import listed, printed, rounded
from engine.determination.template import clauses_of
from engine.events.deal_adopted import DealAdopted
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, ReportReceived
from engine.events.rates import Published
from engine.foresight.answers import as_data
from engine.foresight.as_if_closed import as_if_closed, newest_value
from engine.foresight.backtest import (
    History,
    TestRecord,
    TriggerRecord,
    left_out,
    lived,
    test_records,
    trigger_records,
)
from engine.foresight.differences import ResultChange, TermChange, result_changes, term_changes
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.given_files import files_of
from engine.foresight.lacking import Lacking
from engine.foresight.sampling_noise import ObservedWeek
from engine.foresight.undecided import open_triggers
from engine.queries.draft_files import facts_for
from engine.queries.published_history import OF_THE_SERIES, HistorySource, HistoryTable, history_table
from engine.record.log import deal_log, read
from engine.terms.as_written import Deal, load_deal, terms_until
from engine.workspace.calendar_tables import counted_on_record
from engine.workspace.deal_files import Templates, loaded
from engine.workspace.deals_by_name import find_deal
from engine.workspace.series import known_series, prints_of, series_by_index, series_of
from engine.workspace.workspace import Workspace

LEVEL_WEEKS = 26
"""How far back the newest value by another Closing Date is looked for."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a deal would have done up to a date, test by test and trigger by trigger."""

    deal: str
    file: str
    """The name of the deal's file."""
    closed: date
    """The Closing Date that the deal is lived from."""
    written: date
    """The Closing Date that the file states."""
    until: date
    tests: tuple[TestRecord, ...]
    triggers: tuple[TriggerRecord, ...]
    no_history: str | None
    """Why there is nothing to live over; None if there is a history."""
    on_record: bool
    """Whether a run has adopted this very file."""
    draft: Deal
    """The deal as it was lived: with the other Closing Date, where one was named."""
    given: FactsByDate
    """What was assumed of the Servicer's reports."""
    left_out: Mapping[str, str]
    """Tests that no date determined, each with what it lacked."""
    source: HistorySource
    undecided: Mapping[str, tuple[str, ...]]
    """Triggers of which neither when nor never is known, each with what it looks at in vain."""
    sooner: Mapping[str, tuple[str, ...]]
    """Triggers that began and also look at what nothing determined, so that they may begin sooner."""

    @property
    def lacking(self) -> Lacking:
        """Return what the history leaves open."""
        return Lacking(self.left_out, self.undecided, self.sooner)

    @property
    def levels(self) -> str | None:
        """Return what must be said of levels that were chosen on a known history.

        The result is None if the history was not known then.
        """
        shows = "that they hold on it shows nothing of what comes"
        if self.closed < self.written:
            return f"The levels were chosen when this history was known, up to {self.written}: {shows}."
        if not self.on_record:
            return (
                "A run has not adopted this file, so its levels may have been chosen on this history: "
                f"{shows}."
            )
        return None

    def as_data(self) -> dict[str, Any]:
        """Return the records as JSON; exact figures are text."""
        tests, triggers = (
            [_test_data(test) for test in self.tests],
            [_trigger_data(trigger, self.lacking.why(trigger.trigger)) for trigger in self.triggers],
        )
        records = {"tests": tests, "triggers": triggers}
        lacking = as_data(self.lacking)
        head = {
            "deal": self.deal,
            "closed": str(self.closed),
            "written": str(self.written),
            "until": str(self.until),
            "source": as_data(self.source),
            "files": as_data(files_of((self.draft,), self.given.source, self.source.given)),
            "levels": self.levels,
        }
        return {**head, "facts": self.given.described(), **records, **lacking}


@dataclass(frozen=True, slots=True)
class AmendmentEffect:
    """What an amendment changes: the terms, and over the history the results and states of each date."""

    deal: str
    amendment: int
    until: date
    terms: tuple[TermChange, ...]
    results: tuple[ResultChange, ...]
    not_compared: str | None
    """Why no date could be compared; None if the history has one."""
    left_out: Mapping[str, str]
    """Tests that no date determined under either text, each with what it lacked."""

    def as_data(self) -> dict[str, Any]:
        """Return the changed terms and results as JSON."""
        results = [{**asdict(result), "on": str(result.on)} for result in self.results]
        head = {"deal": self.deal, "amendment": self.amendment, "until": str(self.until)}
        terms = [asdict(term) for term in self.terms]
        return {**head, "terms": terms, "results": results, "left_out": dict(self.left_out)}


def deal_by_file_or_name(
    workspace: Workspace | None, name: str, templates: Templates, upto: int | None = None
) -> Deal:
    """Return a deal by its file, or by its name in the workspace.

    With `upto`, the deal comes without the amendments after that number.

    Raises:
        InputProblems: everything that is wrong with the file.
        WrongUsage: neither the file nor the name exists.
    """
    path = Path(name)
    # A file goes before a name, as everywhere on the command line.
    if not path.is_file():
        if workspace is None:
            raise WrongUsage(f"no such file: {name}; a deal by its name needs a workspace")
        path = Path(find_deal(workspace, name, templates).tree.file)
    if upto is None:
        # A deal on record counts by the tables that its record names, even if newer ones ship (ruling 36a).
        return _counted(workspace, loaded(path, templates))
    deal, problems = load_deal(read_text(path), str(path), clauses_of(templates), upto)
    if deal is None:
        raise InputProblems(problems)
    return _counted(workspace, deal)


def _counted(workspace: Workspace | None, deal: Deal) -> Deal:
    """Return a deal with the tables of Business Days that its record names, where there is one."""
    return deal if workspace is None else counted_on_record(workspace, deal)


def backtest(
    workspace: Workspace | None,
    name: str,
    facts: Sequence[str],
    until: date,
    templates: Templates,
    closed: date | None = None,
    table: Path | None = None,
    by_date: Path | None = None,
    between: str | None = None,
) -> Backtest:
    """Return what a deal would have done over a published history.

    Args:
        workspace: the workspace whose series, reports and Acts are the history; None without one.
        name: the deal's file, or its name in the workspace.
        facts: figures that every report is assumed to carry, like `NAME=VALUE`.
        until: the last date; the newest publication if that is earlier.
        templates: the covenant templates.
        closed: another Closing Date to live the deal from.
        table: a table of published values that is the history; the workspace's series without one.
        by_date: a table of facts by date; its dates are those of the history, and move with no Closing Date.
        between: `straight lines` where a figure moves evenly between its dates.

    Raises:
        WrongUsage: no such deal or history, a fact that is not one, or a deal that had not closed.
        InputProblems: what is wrong with the deal's file, or with a table.
    """
    deal = deal_by_file_or_name(workspace, name, templates)
    written = deal.closing_date
    if table is None and workspace is None:
        raise WrongUsage(
            "a backtest needs a published history: run it in a workspace, or give one with --history FILE"
        )
    read_once = None if table is None else history_table(table)
    series = None if read_once is None else _in_a_table(deal, read_once)
    if closed is not None:
        levels = _levels(workspace, deal, templates, closed, series)
        deal = as_if_closed(deal, templates, closed, levels)
    given = facts_for(deal, facts, by_date, between)
    history = _history(workspace, deal, given, until)
    if series is not None:
        history = _over(history, series, until)
    if closed is not None:  # what was reported and done belongs to the deal as it closed
        history = replace(history, given=())
    if (not_closed := _not_closed(deal, history, until)) is not None:
        raise WrongUsage(f"{not_closed}; `--as-if-closed DATE` lives it as if it had closed on that day")
    drafts = lived(deal, templates, history)
    terms = terms_until(deal, history.until)
    left = left_out(drafts, dict.fromkeys(key for one in terms for key in one.covenants), history.until)
    tests, triggers = test_records(drafts), trigger_records(drafts)
    acted = {
        *(one.test for one in tests if one.failed),
        *(one.trigger for one in triggers if one.in_effect),
    }
    open_ = open_triggers(terms, templates, left, acted, history.until)
    return Backtest(
        deal.name,
        Path(deal.tree.file).name,
        deal.closing_date,
        written,
        history.until,
        tests,
        triggers,
        _no_history(workspace, deal, history) if table is None else None,
        workspace is not None and _adopted(workspace, deal),
        deal,
        given,
        left,
        OF_THE_SERIES if read_once is None else read_once.source,
        open_.undecided,
        open_.sooner,
    )


Series = Mapping[str, tuple[Published, ...]]


def _in_a_table(deal: Deal, table: HistoryTable) -> Series:
    """Return the published values of each index of a deal that a table gives."""
    indices = tuple(dict.fromkeys(name for _, terms in deal.segments for name in terms.index))
    weeks = {index: table.weeks(index, several=len(indices) > 1) for index in indices}
    return {
        index: tuple(_published(index, week, table.path.name) for week in each)
        for index, each in weeks.items()
    }


def _published(index: str, week: ObservedWeek, source: str) -> Published:
    low, high = week.interval_95 or (None, None)
    return Published(
        index=index,
        publication_date=week.publication_date,
        published_on=week.publication_date,
        # Contracts look at four decimals, and a table may give more.
        value=None if week.value is None else rounded(Fraction(week.value), 4),
        low=low,
        high=high,
        source=source,
    )


def _over(history: History, series: Series, until: date) -> History:
    """Return a history with other published values, up to its last date or the newest value."""
    known = {
        index: tuple(one for one in prints if one.publication_date <= until)
        for index, prints in series.items()
    }
    # A table may end before the date that was asked for, and dates after its end would all lack a rate.
    last = max((one.publication_date for prints in known.values() for one in prints), default=until)
    return replace(history, series=known, until=min(until, last))


def _levels(
    workspace: Workspace | None, deal: Deal, templates: Templates, closed: date, given: Series | None
) -> dict[str, Decimal]:
    """Return the newest value of each index by a day.

    The deal reads the series as if it had closed weeks before.

    A deal reads nothing of a series before its own closing, and a draft may close on a day that is still to
    come.
    """
    if given is not None:
        return {index: value for index, prints in given.items() if (value := newest_value(prints, closed))}
    assert workspace is not None  # the caller has refused to go on with neither
    names = {name for _, terms in deal.segments for name in terms.index}
    # The level of 1 is a stand-in: this deal only names its series and is never lived.
    early = as_if_closed(
        deal, templates, closed - timedelta(weeks=LEVEL_WEEKS), dict.fromkeys(names, Decimal(1))
    )
    series = series_by_index(prints_of(workspace), early, closed)
    values = {index: newest_value(prints, closed) for index, prints in series.items()}
    return {index: value for index, value in values.items() if value is not None}


def _adopted(workspace: Workspace, deal: Deal) -> bool:
    """Return whether a run has adopted this very file."""
    return any(
        event.payload.file_sha256 == deal.sha256
        for event in read(workspace.store, deal_log(deal.name))
        if isinstance(event.payload, DealAdopted)
    )


def amendment_effect(
    workspace: Workspace | None,
    name: str,
    number: int,
    facts: Sequence[str],
    until: date,
    templates: Templates,
) -> AmendmentEffect:
    """Return what an amendment changes of a deal's terms, and of its results over the history.

    Args:
        workspace: the workspace whose series, reports and Acts are the history; None for the terms alone.
        name: the deal's file, or its name in the workspace.
        number: the amendment's number.
        facts: figures that every report is assumed to carry, like `NAME=VALUE`.
        until: the last date; the newest publication if that is earlier.
        templates: the covenant templates.

    Raises:
        WrongUsage: no such deal or amendment, or a fact that is not one.
    """
    deal = deal_by_file_or_name(workspace, name, templates)
    known = sorted({change.number for change in deal.changes if change.kind == "amendment"})
    if number not in known:
        there = ", ".join(map(str, known)) or "none"
        raise WrongUsage(f"{deal.name} has no amendment {number}; it has {there}")
    # The amendment before it is kept, so that the effect of this one alone is shown.
    before, after = (deal_by_file_or_name(workspace, name, templates, upto) for upto in (number - 1, number))
    history = _history(workspace, deal, facts_for(deal, facts, None, None), until)
    terms = term_changes(before, after)
    # Both texts live the same history, so a difference comes from the text.
    old, new = (lived(text, templates, history) for text in (before, after))
    results = result_changes(old, new)
    of_both = left_out(old, (), history.until).keys()
    left = {test: why for test, why in left_out(new, (), history.until).items() if test in of_both}
    not_closed = _not_closed(deal, history, until)
    not_compared = f"{not_closed}." if not_closed is not None else _no_history(workspace, deal, history)
    return AmendmentEffect(deal.name, number, history.until, terms, results, not_compared, left)


def _history(workspace: Workspace | None, deal: Deal, assumed: FactsByDate, until: date) -> History:
    """Return the workspace's series, the deal's own reports and Acts, and the facts that are assumed."""
    if workspace is None:
        return History({}, (), assumed, until)
    series = series_by_index(prints_of(workspace), deal, max(until, deal.closing_date))
    given = tuple(
        Draft(kind=event.kind, subject=event.subject, effective_on=event.effective_on, payload=event.payload)
        for event in read(workspace.store, deal_log(deal.name))
        # Results of the record are left out, because the deal is lived anew.
        if isinstance(event.payload, (ReportReceived, ActRecorded))
    )
    last = max(
        (publication.publication_date for prints in series.values() for publication in prints),
        default=deal.closing_date,
    )
    return History(series, given, assumed, min(until, last))


def _not_closed(deal: Deal, history: History, until: date) -> str | None:
    """Return why a deal has no date before the end of a history: it had not closed. None if it has one."""
    # On the Closing Date itself nothing is tested (`rulings.md` 28). An empty history is told of in
    # `_no_history`.
    if until <= deal.closing_date or (any(history.series.values()) and history.until <= deal.closing_date):
        return (
            f"{deal.name} is not closed: it closes on {deal.closing_date}, and the history here ends on "
            f"{history.until}"
        )
    return None


def _no_history(workspace: Workspace | None, deal: Deal, history: History) -> str | None:
    """Return why there is nothing to live over: no workspace, or no series that the deal reads.

    None if there is a history.
    """
    if any(history.series.values()):
        return None
    if workspace is None:
        return "A published history is not at hand; run it in a workspace to see which dates change."
    read_from = sorted(
        {series_of(name, index) for _, terms in deal.segments for name, index in terms.index.items()}
    )
    there = listed(sorted(known_series(workspace))) or "none"
    return (
        f"A published history of {listed(read_from)} is not at hand, which is what the deal reads; the "
        f"series on record: {there}."
    )


def _test_data(record: TestRecord) -> dict[str, Any]:
    room = printed(record.least_headroom) if record.least_headroom else None
    return {**asdict(record), "episodes": _pairs(record.episodes), "least_headroom": room}


def _trigger_data(record: TriggerRecord, why: str | None) -> dict[str, Any]:
    """Return a trigger's record as JSON: null in place of each figure if nothing is known, as `why` says."""
    if why is not None and not record.in_effect:
        unknown = dict.fromkeys(("in_effect", "false_alarms", "swept", "not_known"))
        return {"trigger": record.trigger, **unknown, "swept_words": no_date(why)}
    return {
        **asdict(record),
        "in_effect": _pairs(record.in_effect),
        "swept": None if record.swept.amount is None else f"{float(record.swept.amount):.2f}",
        "not_known": record.swept.not_known,
        "swept_words": record.swept.words(),
    }


def _pairs(spells: Sequence[tuple[date, date | None]]) -> list[dict[str, str | None]]:
    return [{"from": str(start), "to": str(end) if end else None} for start, end in spells]
