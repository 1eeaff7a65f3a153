"""`headroom run`: the Thursday."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.basics.processor_time import Work
from engine.basics.values import counted, printed_apart, printed_headroom, trimmed
from engine.cli.output import print_json, progress_done, say, say_aside, table
from engine.events.due_acts import Due
from engine.events.duty_words import due_words, remedy_words
from engine.events.kinds import Tested
from engine.events.results import TestResult
from engine.events.states import TestState, TestStatus
from engine.operations.run import Tools, run
from engine.operations.run_answer import DealAnswer, RunAnswer, run_answer
from engine.operations.run_outcome import DealOutcome
from engine.operations.run_preview import DealPreview, preview
from engine.operations.series_intake import UNIT_SLIP
from engine.workspace.deal_files import Templates
from engine.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.assembly import Scribe

HEAD = ("deal", "test", "result", "measured", "limit", "headroom", "state", "due")


LONG = 10.0
"""Seconds of processor from which a run says what it spent them on."""


def run_on(workspace: Workspace, on: date, tools: Tools, as_json: bool) -> int:
    """Run everything that is due by a date, print the outcome, and return the exit code.

    The code is 1 if a deal could not be evaluated or has lost its file, or a notice could not be made.
    """
    answer = run_answer(workspace, run(workspace, on, tools))
    progress_done()
    spent = answer.outcome.processor_seconds
    if sum(spent.values()) >= LONG:
        say_aside(spent_words(spent))
    if as_json:
        print_json(answer.as_data())
    else:
        _say(answer)
    return 0 if answer.complete else 1


def spent_words(spent: Mapping[Work, float]) -> str:
    """Return what a run spent its processor time on: the largest share first."""
    total = sum(spent.values())
    shares = sorted(((seconds / total, work) for work, seconds in spent.items()), key=lambda share: -share[0])
    return f"{total:,.0f} s of processor: " + ", ".join(f"{work} {share:.0%}" for share, work in shares)


def preview_on(workspace: Workspace, on: date, templates: Templates, scribe: Scribe, as_json: bool) -> int:
    """Print what the dates that are due would be, and return the exit code.

    Nothing is recorded. The code is 1 if a deal could not be evaluated or has lost its file.
    """
    found = preview(workspace, on, templates, scribe)
    if as_json:
        print_json(found.as_data())
        return 0 if found.complete else 1
    say("a preview: nothing is published, recorded or issued")
    _say_rates(found.answer)
    _say_table(found.answer)
    for deal in found.deals:
        _say_preview(deal)
    _say_missing(found.answer)
    return 0 if found.complete else 1


def _say_preview(deal: DealPreview) -> None:
    """Print the preview of a deal.

    It says which dates were looked at, what would be determined again, and why a date cannot be looked at.
    """
    name, outcome = deal.answer.outcome.deal, deal.answer.outcome
    _say_reason(outcome)
    if deal.corrected is not None:
        again = deal.corrected
        say(f"{name}: {again.from_on} to {again.until} would be determined again: {'; '.join(again.why)}")
    for one in deal.dates:
        say(
            f"{name}: {one.on}, as it would be now; "
            + (f"its cut-off is {one.cut_off}" if one.cut_off else "its cut-off has passed")
        )
    if outcome.waiting:
        say(f"{name}: waits: {outcome.waiting}")
    elif not outcome.reason and not deal.dates:
        say(f"{name}: nothing of it is due")


def _say(answer: RunAnswer) -> None:
    outcome = answer.outcome
    _say_rates(answer)
    new = counted(len(outcome.publications), "new publications")
    say(f"{new} by {outcome.on}" if outcome.publications else f"nothing new was published by {outcome.on}")
    for finding in answer.awaiting:
        was = f", {finding.was} before it" if finding.was else ""
        how = f"`headroom import --series {finding.index} FILE --accept {UNIT_SLIP}` takes it"
        say(
            f"{finding.index} {finding.publication_date}: {finding.now} awaits confirmation{was}; its date "
            f"waits. {how}"
        )
    _say_table(answer)
    for deal in answer.deals:
        _say_deal(deal)
    _say_missing(answer)
    if outcome.stamping.said is not None:
        say(outcome.stamping.said)


def _say_missing(answer: RunAnswer) -> None:
    for name in answer.without_file:
        say(without_file_words(name))
    for name in answer.not_downloaded:
        say(not_downloaded_words(name))


def without_file_words(deal: str) -> str:
    """Return what is said of a deal on record whose file is gone."""
    return (
        f"{deal}: deals/ has no file of this deal any more, so the run determined nothing of this deal; "
        "put the file back"
    )


def not_downloaded_words(file: str) -> str:
    """Return what is said of a deal file that is not whole on this machine."""
    return (
        f"deals/{file} is not whole on this machine: a sync program or an unfinished download keeps its "
        "place, so the run determined nothing by it; download it"
    )


def _say_rates(answer: RunAnswer) -> None:
    for value in answer.rested_on:
        shown = f"USD {value['value']} per GPU-hour" if value["value"] else "not published"
        flag = (
            "  Low Confidence: " + "; ".join(value["low_confidence_reasons"])
            if value["low_confidence"]
            else ""
        )
        say(f"{value['index']} {value['publication_date']}  {shown}  ({value['methodology']}){flag}")


def _say_table(answer: RunAnswer) -> None:
    say()
    rows = [row for deal in answer.deals for row in _rows(deal)]
    none = "no deal in deals/" if not answer.deals else "no deal has a result"
    say(table(HEAD, rows, right=(3, 4, 5)) if rows else none)
    say()


def _say_reason(deal: DealOutcome) -> None:
    if deal.reason:
        say(f"{deal.deal}: NOT EVALUATED: {deal.reason}")
        for problem in deal.problems:
            say(f"  {problem}")


def _say_deal(answer: DealAnswer) -> None:
    deal = answer.outcome
    _say_reason(deal)
    if deal.waiting:
        say(
            f"{deal.deal}: {deal.waiting}"
            if deal.waiting.startswith("waits")
            else f"{deal.deal}: waits: {deal.waiting}"
        )
    if deal.not_issued:
        say(f"{deal.deal}: NOT ISSUED: {deal.not_issued}")
    latest = f"; latest {answer.notices[-1]}" if answer.notices else ""
    say(
        f"{deal.deal}: {counted(len(deal.events), 'new events')}, "
        f"{counted(len(deal.notices), 'new notices')}{latest}"
    )


def _rows(answer: DealAnswer) -> Iterator[tuple[str, ...]]:
    deal = answer.outcome
    due = {duty.subject: duty for duty in reversed(answer.due) if duty.act in ("cure", "deliver")}
    with_result = {event.subject for event in answer.tests}
    for event in answer.tests:
        tested: Tested = event.payload
        result = tested.result
        now = deal.state.tests.get(result.test, tested.state)
        trigger = deal.state.triggers.get(result.test)
        yield (
            deal.deal,
            result.test,
            result.verdict.value,
            _measured(result),
            trimmed(result.limit) if result.limit else "-",
            printed_headroom(result.headroom) if result.headroom else "-",
            _state(now, trigger),
            what_is_due(due.get(result.test)) if now.status is not TestStatus.EVENT_OF_DEFAULT else "",
        )
    for name, state in deal.state.tests.items():
        if name not in with_result:
            yield (deal.deal, name, "-", "-", "-", "-", state.status.value, "")
    for name, trigger in deal.state.triggers.items():
        if name not in with_result:
            yield (deal.deal, name, "-", "-", "-", "-", f"{trigger.status.value}{_count(trigger)}", "")


def _measured(result: TestResult) -> str:
    if result.measured is None or result.limit is None:
        return "-"
    return printed_apart(result.measured, result.limit)


def _state(now: TestState, trigger: Any) -> str:
    if trigger is not None:
        return f"{trigger.status.value}{_count(trigger)}"
    return now.status.value


def _count(trigger: Any) -> str:
    limb = trigger.count
    return (
        f", {limb.count} of {limb.needed}"
        if limb is not None and limb.count and limb.dates != "state"
        else ""
    )


def what_is_due(due: Due | None) -> str:
    """Return what is due of a test, by when, and the amount; what is late says since when."""
    if due is None:
        return ""
    if due.act == "deliver" and due.late_since is not None:
        return f"{due_words(due)} since {due.late_since}"
    amount = f" ({remedy_words(due.ways[0])})" if due.ways else ""
    return f"{due_words(due)} by {due.by}{amount}"
