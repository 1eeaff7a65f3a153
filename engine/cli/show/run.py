"""`headroom run`: the Thursday."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from engine.basics.values import counted, printed, printed_apart, printed_headroom, trimmed
from engine.cli.output import print_json, progress_done, say, table
from engine.events.deal_state import DealState
from engine.events.kinds import Due, Event, Tested
from engine.events.results import TestResult
from engine.events.states import TestState, TestStatus
from engine.operations.run import DealOutcome, RunOutcome, Tools, run
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace

HEAD = ("deal", "test", "result", "measured", "limit", "headroom", "state", "due")


def run_on(workspace: Workspace, on: date, tools: Tools, as_json: bool) -> int:
    """Run everything that is due by a date and print what came of it; 1 where a deal could not be evaluated, or a notice not made."""
    outcome = run(workspace, on, tools)
    progress_done()
    if as_json:
        print_json(as_data(workspace, outcome))
    else:
        _say(workspace, outcome)
    return 1 if any(deal.reason or deal.not_issued for deal in outcome.deals) else 0


def as_data(workspace: Workspace, outcome: RunOutcome) -> dict[str, Any]:
    """The run as JSON: `publication`, `publications`, `deals` (each with `tests`, `events`, `notice`)."""
    published = list(_latest_publications(workspace, outcome))
    return {
        "on": outcome.on.isoformat(),
        "publication": published[0] if published else None,
        "publications": published,
        "new_publications": [event.payload.value for event in outcome.publications],
        "deals": [_deal_data(workspace, deal) for deal in outcome.deals],
    }


def _latest_publications(workspace: Workspace, outcome: RunOutcome) -> Iterator[dict[str, Any]]:
    for log in workspace.store.logs():
        if log.startswith("index/"):
            events = [event for event in read(workspace.store, log) if event.effective_on <= outcome.on]
            if events:
                yield dict(events[-1].payload.value)


def _deal_data(workspace: Workspace, deal: DealOutcome) -> dict[str, Any]:
    events = read(workspace.store, deal_log(deal.deal))
    return {
        "deal": deal.deal,
        "file": deal.file.name,
        "reason": deal.reason,
        "problems": list(deal.problems),
        "waiting": deal.waiting,
        "not_issued": deal.not_issued,
        "tests": [_test_data(event.payload, deal.state) for event in latest_tests(events)],
        "not_tested": [state.model_dump(mode="json") for name, state in deal.state.tests.items() if name not in _tested(events)],
        "triggers": [state.model_dump(mode="json") for state in deal.state.triggers.values()],
        "due": [due.model_dump(mode="json") for due in _due(events)],
        "events": [event.model_dump(mode="json", exclude={"payload"}) for event in deal.events],
        "notice": str(deal.notices[-1].relative_to(workspace.root)) if deal.notices else None,
        "notices": [str(path.relative_to(workspace.root)) for path in deal.notices],
    }


def _tested(events: Any) -> set[str]:
    """The tests that have been run; a springing one that is off has a state all the same."""
    return {event.subject for event in latest_tests(events)}


def _test_data(tested: Tested, now: DealState) -> dict[str, Any]:
    """A test's newest result, with its state as it is now: a deadline may have passed since."""
    result, state = tested.result, now.tests.get(tested.result.test, tested.state)
    return {
        "test": result.test,
        "on": result.on.isoformat(),
        "result": result.verdict.value,
        "measured": printed(result.measured) if result.measured else None,
        "limit": trimmed(result.limit) if result.limit else None,
        "headroom": printed(result.headroom) if result.headroom else None,
        "break_even": [printed(even.rate) if even.rate else "none" for even in result.break_even],
        "state": state.status.value,
        "cure_by": state.cure.by.isoformat() if state.cure and state.status is TestStatus.CURE_PERIOD else None,
        "reason": result.reason.reason if result.reason else None,
    }


def latest_tests(events: tuple[Event, ...] | list[Event] | Any) -> list[Event]:
    """The newest result of each test, in the order of the deal."""
    newest: dict[str, Event] = {}
    for event in events:
        if isinstance(event.payload, Tested):
            newest[event.subject] = event
    return list(newest.values())


def _due(events: Any) -> tuple[Due, ...]:
    determined = [event.payload for event in events if event.kind == "determined"]
    return determined[-1].due if determined else ()


def _say(workspace: Workspace, outcome: RunOutcome) -> None:
    for event in outcome.publications[-4:]:
        value = event.payload.value
        shown = f"USD {value['value']} per GPU-hour" if value["value"] else "not published"
        flag = "  Low Confidence: " + "; ".join(value["low_confidence_reasons"]) if value["low_confidence"] else ""
        say(f"{value['index']} {value['publication_date']}  {shown}  ({value['methodology']}){flag}")
    if not outcome.publications:
        say(f"nothing new was published by {outcome.on}")
    say()
    rows = [row for deal in outcome.deals for row in _rows(workspace, deal)]
    say(table(HEAD, rows, right=(3, 4, 5)) if rows else "no deal in deals/")
    say()
    for deal in outcome.deals:
        _say_deal(workspace, deal)


def _say_deal(workspace: Workspace, deal: DealOutcome) -> None:
    if deal.reason:
        say(f"{deal.deal}: NOT EVALUATED: {deal.reason}")
        for problem in deal.problems:
            say(f"  {problem}")
    if deal.waiting:
        say(f"{deal.deal}: waits: {deal.waiting}")
    if deal.not_issued:
        say(f"{deal.deal}: NOT ISSUED: {deal.not_issued}")
    latest = f"; latest {deal.notices[-1].relative_to(workspace.root)}" if deal.notices else ""
    say(f"{deal.deal}: {counted(len(deal.events), 'new events')}, {counted(len(deal.notices), 'new notices')}{latest}")


def _rows(workspace: Workspace, deal: DealOutcome) -> Iterator[tuple[str, ...]]:
    events = read(workspace.store, deal_log(deal.deal))
    due = {one.subject: one for one in reversed(_due(events)) if one.act in ("cure", "deliver")}
    for event in latest_tests(events):
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
        if name not in _tested(events):
            yield (deal.deal, name, "-", "-", "-", "-", state.status.value, "")
    for name, trigger in deal.state.triggers.items():
        if name not in _tested(events):
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
    return f", {limb.count} of {limb.needed}" if limb is not None and limb.count and limb.dates != "state" else ""


def what_is_due(due: Due | None) -> str:
    """What is due of a test, by when, and the amount; what is late says since when."""
    if due is None:
        return ""
    if due.what.endswith(", overdue"):
        return f"{due.what} since {due.by + timedelta(days=1)}"
    amount = f" ({due.ways[0].text})" if due.ways else ""
    return f"{due.what} by {due.by}{amount}"
