"""What a run says when it is done.

It says what was published. For each deal it gives the newest results, what is due, and the notices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.basics.values import printed, trimmed
from engine.evaluation.recorded_acts import discharged
from engine.events.deal_adopted import DealAdopted, facts_on
from engine.events.deal_state import DealState, as_it_stands
from engine.events.draft import key_parts
from engine.events.kinds import Due, Event, Tested
from engine.events.log_names import SNAPSHOTS, administered_series, deals_among, index_log, series_of_log
from engine.events.market_events import AWAITS, IndexFinding
from engine.events.states import TestState, TestStatus, TriggerState
from engine.operations.run_outcome import DealOutcome, RunOutcome
from engine.record.entry_events import entry_at
from engine.record.log import deal_log, event_of, read
from engine.record.store import Store
from engine.workspace.series import series_of_facts
from engine.workspace.workspace import Workspace

Logs = Mapping[str, Callable[[], Sequence[Event]]]
"""How the events of each log are read, by its name."""
TESTED = "tested"
ADOPTED = "deal adopted"
APPLIED = "act applied"
DISCHARGED = "discharged"
SHOWN = (TESTED, "determined", ADOPTED)
"""Kinds of events of which an answer shows the newest; of results, that of each test."""


@dataclass(frozen=True, slots=True)
class DealAnswer:
    """A deal after a run.

    It holds what the run did for the deal, the newest result of each test, and what is due.
    """

    outcome: DealOutcome
    tests: tuple[Event, ...]
    due: tuple[Due, ...]
    notices: tuple[str, ...]
    """The notices that the run made, as places within the workspace, oldest first."""
    series: frozenset[str]
    """The series that the deal's rates are read from."""

    @property
    def not_tested(self) -> tuple[TestState, ...]:
        """The states of tests that have no result: a springing test that is off has a state all the same."""
        tested = {event.subject for event in self.tests}
        return tuple(state for name, state in self.outcome.state.tests.items() if name not in tested)

    @property
    def triggers(self) -> tuple[TriggerState, ...]:
        """The states of the deal's triggers."""
        return tuple(self.outcome.state.triggers.values())

    def as_data(self) -> dict[str, Any]:
        """Return the deal's part of the answer as JSON."""
        done = self.outcome
        return {
            "deal": done.deal,
            "file": done.file.name,
            "reason": done.reason,
            "problems": list(done.problems),
            "waiting": done.waiting,
            "not_issued": done.not_issued,
            "tests": [_test_data(event.payload, done.state) for event in self.tests],
            "not_tested": [state.model_dump(mode="json") for state in self.not_tested],
            "triggers": [state.model_dump(mode="json") for state in self.triggers],
            "due": [due.model_dump(mode="json") for due in self.due],
            "events": [event.model_dump(mode="json", exclude={"payload"}) for event in done.events],
            "notice": self.notices[-1] if self.notices else None,
            "notices": list(self.notices),
        }


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """A run in words: the newest print of each index, the prints that the run made, and every deal."""

    outcome: RunOutcome
    publications: tuple[dict[str, Any], ...]
    deals: tuple[DealAnswer, ...]
    rested_on: tuple[dict[str, Any], ...]
    """The publications that a deal of the run rests on; all of them if no deal could be read."""
    awaiting: tuple[IndexFinding, ...] = ()
    """Values of administrators' series that wait for a person to confirm them.

    The dates that need these values wait meanwhile.
    """
    without_file: tuple[str, ...] = ()
    """Deals on record whose file is gone from `deals/`, so that nothing of them is determined.

    Deals that have ended by the Act `discharged` are not among them.
    """
    not_downloaded: tuple[str, ...] = ()
    """Deal files that a sync program keeps places for, by name: nothing was read of them."""

    @property
    def complete(self) -> bool:
        """Whether every deal on record has its file and could be evaluated, and every notice was made."""
        stopped = any(deal.reason or deal.not_issued for deal in self.outcome.deals)
        return not (stopped or self.without_file or self.not_downloaded)

    def as_data(self) -> dict[str, Any]:
        """Return the run as JSON.

        The keys are `publication`, `publications`, `deals` (each with `tests`, `events`, `notice`),
        `awaiting`, `without_file`, `not_downloaded` and `time_stamps`.
        """
        return {
            "on": self.outcome.on.isoformat(),
            "publication": self.publications[0] if self.publications else None,
            "publications": list(self.publications),
            "new_publications": [event.payload.value for event in self.outcome.publications],
            "deals": [deal.as_data() for deal in self.deals],
            "awaiting": [finding.model_dump(mode="json") for finding in self.awaiting],
            "without_file": list(self.without_file),
            "not_downloaded": list(self.not_downloaded),
            "time_stamps": self.outcome.stamping.as_data(),
            "processor_seconds": {
                work: round(seconds, 3) for work, seconds in self.outcome.processor_seconds.items()
            },
        }


def run_answer(workspace: Workspace, outcome: RunOutcome) -> RunAnswer:
    """Return what a run says when it is done, read from the logs as they stand after it.

    Of a deal's log only the entries are read that the run shows.
    """
    store = workspace.store
    logs: dict[str, Callable[[], Sequence[Event]]] = {log: partial(read, store, log) for log in store.logs()}
    deals = {deal_log(deal.deal) for deal in outcome.deals} & logs.keys()
    return answer_from(workspace, outcome, logs | {log: partial(_shown, store, log) for log in deals})


def deals_without_file(store: Store, outcome: RunOutcome) -> tuple[str, ...]:
    """Return the deals on record of which a run found no file, and whose monitoring has not ended.

    A deal is on record once a file of it was adopted. The Act `discharged` ends its monitoring, once a run
    has applied the Act (`rulings.md` 28).
    """
    with_file = {deal.deal for deal in outcome.deals} | {*outcome.left}
    gone = [name for name in deals_among(store.logs()) if name not in with_file]
    return tuple(name for name in gone if _is_monitored(store, deal_log(name)))


def _is_monitored(store: Store, log: str) -> bool:
    with store.read() as reader:
        if not reader.any_of_kind(log, ADOPTED):
            return False
        if not reader.count(log, f"{APPLIED}|{DISCHARGED}|"):
            return True
    # A correction may have withdrawn the discharge, so the whole log decides; few deals come so far.
    state = as_it_stands(read(store, log))
    return not discharged(state.acts, state.applied)


def _shown(store: Store, log: str) -> Sequence[Event]:
    """Return the newest result of each test in the order of the deal.

    The newest whole date and the newest adopted file come too.
    """
    newest: dict[tuple[str, str], int] = {}
    with store.read() as reader:
        for seq, key in reader.keys_upto(log, reader.size(log)):
            parts = key_parts(key)
            if parts.kind in SHOWN:
                newest[parts.kind, parts.subject if parts.kind == TESTED else ""] = seq
        return tuple(event_of(entry_at(reader, log, seq)) for seq in newest.values())


def answer_from(workspace: Workspace, outcome: RunOutcome, logs: Logs) -> RunAnswer:
    """Return the same from logs by name, as a run would leave them."""
    newest = dict(_latest_publications(logs, outcome))
    deals = tuple(
        _deal_answer(workspace, deal, logs.get(deal_log(deal.deal), tuple)()) for deal in outcome.deals
    )
    rested_on = [value for series, value in newest.items() if any(series in deal.series for deal in deals)]
    return RunAnswer(
        outcome,
        tuple(newest.values()),
        deals,
        tuple(rested_on or newest.values()),
        tuple(_awaiting(logs)),
        deals_without_file(workspace.store, outcome),
        workspace.deal_files_not_downloaded(),
    )


def _awaiting(logs: Logs) -> Iterator[IndexFinding]:
    """Yield each value that awaits its confirmation.

    Such a value was found, and the series has not got a value of its date yet.
    """
    found = (
        event.payload for event in logs.get(SNAPSHOTS, tuple)() if isinstance(event.payload, IndexFinding)
    )
    asked = {(one.index, one.publication_date): one for one in found if one.what == AWAITS}
    for (index, day), finding in asked.items():
        prints = logs.get(index_log(administered_series(index)), tuple)()
        # A value that was confirmed since has its print, so nobody is asked about it again.
        if not any(event.effective_on == day for event in prints):
            yield finding


def latest_tests(events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the newest result of each test, in the order of the deal."""
    newest: dict[str, Event] = {}
    for event in events:
        if isinstance(event.payload, Tested):
            newest[event.subject] = event
    return tuple(newest.values())


def _deal_answer(workspace: Workspace, deal: DealOutcome, events: Sequence[Event]) -> DealAnswer:
    determined = [event.payload for event in events if event.kind == "determined"]
    notices = tuple(_within(workspace, path) for path in deal.notices)
    adopted = [event.payload for event in events if isinstance(event.payload, DealAdopted)]
    facts = facts_on(adopted[-1], deal.state.reached or adopted[-1].closing_date).indices if adopted else ()
    series = frozenset(series_of_facts(index) for index in facts)
    return DealAnswer(deal, latest_tests(events), determined[-1].due if determined else (), notices, series)


def _within(workspace: Workspace, path: Path) -> str:
    return str(path.relative_to(workspace.root))


def _latest_publications(logs: Logs, outcome: RunOutcome) -> Iterator[tuple[str, dict[str, Any]]]:
    for log, events_of in logs.items():
        series = series_of_log(log)
        if series is not None:
            events = [event for event in events_of() if event.effective_on <= outcome.on]
            if events:
                yield series, dict(events[-1].payload.value)


def _test_data(tested: Tested, now: DealState) -> dict[str, Any]:
    """Return a test's newest result, with its state as it is now: a deadline may have passed since."""
    result, state = tested.result, now.tests.get(tested.result.test, tested.state)
    return {
        "test": result.test,
        "on": result.on.isoformat(),
        "as_of": (result.as_of or result.on).isoformat(),
        "result": result.verdict.value,
        "measured": printed(result.measured) if result.measured else None,
        "limit": trimmed(result.limit) if result.limit else None,
        "headroom": printed(result.headroom) if result.headroom else None,
        "break_even": [printed(even.rate) if even.rate else "none" for even in result.break_even],
        "state": state.status.value,
        "cure_by": state.cure.by.isoformat()
        if state.cure and state.status is TestStatus.CURE_PERIOD
        else None,
        "reason": result.reason.reason if result.reason else None,
    }
