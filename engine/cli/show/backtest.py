"""`headroom backtest` and `headroom diff`: what a deal would have done, and what an amendment changes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.files import read_text
from engine.basics.values import counted, listed, printed, printed_headroom
from engine.cli.output import print_json, say, shortened, table
from engine.determination.template import clauses_of
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, ReportReceived
from engine.foresight.as_if_closed import as_if_closed, newest_value
from engine.foresight.backtest import History, TestRecord, TriggerRecord, lived, test_records, trigger_records
from engine.foresight.differences import result_changes, term_changes
from engine.foresight.facts_by_date import held_facts
from engine.record.log import deal_log, read
from engine.terms.as_written import Deal, load_deal
from engine.workspace.deal_files import Templates, loaded
from engine.workspace.deals_by_name import find_deal
from engine.workspace.series import known_series, prints_of, series_by_index, series_of
from engine.workspace.workspace import Workspace

SHOWN = 40
"""Lines of differences that are printed; all of them stand in `--json`."""


def read_deal(workspace: Workspace | None, name: str, templates: Templates, upto: int | None = None) -> Deal:
    """A deal by its file, or by its name in the workspace. Raises InputProblems, or WrongUsage where there is none."""
    path = Path(name)
    if not path.is_file():
        if workspace is None:
            raise WrongUsage(f"no such file: {name}; a deal by its name needs a workspace")
        path = Path(find_deal(workspace, name, templates).tree.file)
    if upto is None:
        return loaded(path, templates)
    deal, problems = load_deal(read_text(path), str(path), clauses_of(templates), upto)
    if deal is None:
        raise InputProblems(problems)
    return deal


def _history(workspace: Workspace | None, deal: Deal, facts: Sequence[str], until: date) -> History:
    """The workspace's series, the deal's own reports and Acts, and the facts that are assumed."""
    held = held_facts(facts, deal.closing_date, deal.segments[0][1])
    assumed = {name: dated[0].figure for name, dated in held.figures.items()}
    if workspace is None:
        return History({}, (), assumed, until)
    series = series_by_index(prints_of(workspace), deal, until)
    given = tuple(
        Draft(kind=event.kind, subject=event.subject, effective_on=event.effective_on, payload=event.payload)
        for event in read(workspace.store, deal_log(deal.name))
        if isinstance(event.payload, (ReportReceived, ActRecorded))
    )
    last = max((one.publication_date for prints in series.values() for one in prints), default=deal.closing_date)
    return History(series, given, assumed, min(until, last))


def _not_closed(deal: Deal, until: date) -> str:
    """Why a deal has no date before the end of a history: it had not closed."""
    return f"{deal.name} is not closed: it closes on {deal.closing_date}, and the history here ends on {until}"


def backtest(
    workspace: Workspace,
    name: str,
    facts: Sequence[str],
    until: date,
    templates: Templates,
    as_json: bool,
    closed: date | None = None,
) -> int:
    """What a deal would have done over the workspace's published history; as if it had closed on another day, where one is named."""
    deal = read_deal(workspace, name, templates)
    history = _history(workspace, deal, facts, until)
    written = deal.closing_date
    if closed is not None:
        levels = {name: value for name, prints in history.series.items() if (value := newest_value(prints, closed)) is not None}
        deal = as_if_closed(deal, templates, closed, levels)
        history = replace(history, given=())  # what was reported and done belongs to the deal as it closed
    if until <= deal.closing_date or (any(history.series.values()) and history.until <= deal.closing_date):
        raise WrongUsage(f"{_not_closed(deal, history.until)}; `--as-if-closed DATE` lives it as if it had closed on that day")
    drafts = lived(deal, templates, history)
    tests, triggers = test_records(drafts), trigger_records(drafts)
    if as_json:
        data = [_test_data(one) for one in tests], [_trigger_data(one) for one in triggers]
        print_json({"deal": deal.name, "until": str(history.until), "tests": data[0], "triggers": data[1]})
        return 0
    if not any(history.series.values()):
        say(_no_history(workspace, deal))
        return 0
    say(f"{deal.name}, {deal.closing_date} to {history.until}, as written in {Path(deal.tree.file).name}")
    if deal.closing_date < written:
        say(f"The levels were chosen when this history was known, up to {written}: that they hold on it shows nothing of what comes.")
    say()
    head = (
        "test",
        "pass",
        "fail",
        "not determined",
        "decisive",
        "cured",
        "changes",
        "episodes of failure",
        "least headroom",
        "state at the end",
    )
    say(table(head, [_test_row(one) for one in tests], right=(1, 2, 3, 4, 5, 6)))
    if triggers:
        say()
        rows = [(one.trigger, _spells(one.in_effect), str(one.false_alarms), f"{float(one.swept):,.2f}") for one in triggers]
        say(table(("trigger", "in effect", "released within 4 weeks", "swept, USD"), rows, right=(2, 3)))
    return 0


def _no_history(workspace: Workspace | None, deal: Deal) -> str:
    """Why there is nothing to live over: no workspace, or none of the series that the deal reads."""
    if workspace is None:
        return "There is no published history here; run it in a workspace to see which dates change."
    read_from = sorted({series_of(name, index) for _, terms in deal.segments for name, index in terms.index.items()})
    there = listed(sorted(known_series(workspace))) or "none"
    return f"There is no published history of {listed(read_from)} here, which is what the deal reads; the series on record: {there}."


def _test_row(one: TestRecord) -> tuple[str, ...]:
    room = printed_headroom(one.least_headroom) if one.least_headroom else "-"
    counts = (one.passed, one.failed, one.not_determined, one.decisive, one.cured, one.changes)
    return (one.test, *(str(count) for count in counts), _spells(one.episodes), room, one.last_state)


def _spells(spells: Sequence[tuple[date, date | None]]) -> str:
    shown = [f"{start} to {end or 'the end'}" for start, end in spells[:3]]
    more = [f"and {len(spells) - 3} more"] if len(spells) > 3 else []
    return ", ".join(shown + more) or "never"


def _test_data(one: TestRecord) -> dict[str, Any]:
    room = printed(one.least_headroom) if one.least_headroom else None
    return {**asdict(one), "episodes": _pairs(one.episodes), "least_headroom": room}


def _trigger_data(one: TriggerRecord) -> dict[str, Any]:
    return {**asdict(one), "in_effect": _pairs(one.in_effect), "swept": f"{float(one.swept):.2f}"}


def _pairs(spells: Sequence[tuple[date, date | None]]) -> list[dict[str, str | None]]:
    return [{"from": str(start), "to": str(end) if end else None} for start, end in spells]


def diff(
    workspace: Workspace | None, name: str, number: int, facts: Sequence[str], until: date, templates: Templates, as_json: bool
) -> int:
    """What an amendment changes: the terms, and over the history the results and states of each date."""
    whole = read_deal(workspace, name, templates)
    known = sorted({change.number for change in whole.changes if change.kind == "amendment"})
    if number not in known:
        there = ", ".join(str(one) for one in known) or "none"
        raise WrongUsage(f"{whole.name} has no amendment {number}; it has {there}")
    before, after = (read_deal(workspace, name, templates, upto) for upto in (number - 1, number))
    history = _history(workspace, whole, facts, until)
    terms = term_changes(before, after)
    results = result_changes(lived(before, templates, history), lived(after, templates, history))
    if as_json:
        changed = [
            {"on": str(one.on), "subject": one.subject, "before": one.before, "after": one.after, "outcome": one.outcome} for one in results
        ]
        print_json(
            {"deal": whole.name, "amendment": number, "until": str(history.until), "terms": [asdict(t) for t in terms], "results": changed}
        )
        return 0
    say(f"{whole.name}, amendment {number}: {counted(len(terms), 'terms')}")
    say(
        table(
            ("term", "before", "with the amendment", "line"),
            [(t.path, shortened(t.before, 50), shortened(t.after, 50), str(t.line)) for t in terms],
            right=(3,),
        )
    )
    say()
    if until <= whole.closing_date or (any(history.series.values()) and history.until <= whole.closing_date):
        say(f"{_not_closed(whole, history.until)}.")
    elif any(history.series.values()):
        _say_results(results, history)
    else:
        say(_no_history(workspace, whole))
    return 0


def _say_results(results: Sequence[Any], history: History) -> None:
    told = [one for one in results if one.outcome]
    rest = len(results) - len(told)
    if not told:
        say(
            f"No result or state up to {history.until} would have been otherwise."
            + (f" On {rest} the limit alone differs." if rest else "")
        )
        return
    say(f"Over the history up to {history.until}, {len(told)} results or states differ, and on {rest} the limit alone:")
    for one in told[:SHOWN]:
        say(f"  {one.on}  {one.subject}")
        say(f"              old text: {one.before}")
        say(f"              new text: {one.after}")
    if len(told) > SHOWN:
        say(f"  and {len(told) - SHOWN} more; see --json")
