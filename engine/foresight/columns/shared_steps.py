"""Parts of a deal that no arrays hold: paths in the same state share one step of the exact engine.

On each date a part's paths are told apart by their state and by the results of its tests. The engine's own
step is taken once for each pair (`one_date.stepped`). So every state, date, count and amount is the engine's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.basics.happenings import Happening
from engine.determination.template import Cure, MaintenanceClause
from engine.evaluation.inputs import PAYMENT, Inputs
from engine.evaluation.one_date import stepped
from engine.events.deal_state import DealState
from engine.events.draft import Draft
from engine.events.results import TestResult
from engine.events.states import SweptPeriod, TestState, TestStatus, TriggerStatus
from engine.foresight.columns.parts import Part, terms_of
from engine.foresight.columns.path_outcomes import ColumnsOutcome
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.columns.verdicts import Results
from engine.foresight.stress import happenings
from engine.terms.in_force import TermsInForce
from engine.terms.trigger_conditions import leaves_of

Numbers = NDArray[np.int64]
Amounts = NDArray[np.object_]
SHARED = ("rates", "reports", "acts")
"""The parts of a state that all paths of a deal share, or that no step looks at."""
LEFT: Mapping[str, object] = {"notifiable": (), "reached": None, "last_date": None, "swept": {}}
"""The parts of a state that no later step looks at, emptied so that equal states are one."""
MOST_STATES = 4096
"""The states of one part that are always kept."""
LOOKED_AT = tuple(name for name in DealState.model_fields if name not in (*SHARED, *LEFT))


@dataclass
class PartRun:
    """One part of the deal on every path: the states that occur, and which of them each path has."""

    part: Part
    states: list[DealState] = field(default_factory=lambda: [DealState()])
    ids: dict[Any, int] = field(default_factory=dict)
    of_path: Numbers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    swept: dict[str, Amounts] = field(default_factory=dict)
    """What each sweep has swept on each path, exactly: rounded amounts of many dates would drift."""
    not_known: dict[str, Numbers] = field(default_factory=dict)
    """On how many Payment Dates of each path a missing figure left open what a sweep takes."""
    still: set[tuple[object, ...]] = field(default_factory=set)
    """Steps known to change nothing whatever the date.

    Each is a state, the kinds of date, the terms, and what the results say.
    """

    def number(self, state: DealState, terms: TermsInForce) -> int:
        """Return the number of a state; a new number if the state has not been seen.

        What nothing in these terms looks at again does not tell states apart.
        """
        tests = {name: _needed(test, terms) for name, test in state.tests.items()}
        # Words differ from path to path and decide nothing, so they must not tell states apart.
        triggers = {name: trigger.model_copy(update={"why": ""}) for name, trigger in state.triggers.items()}
        plain = state.model_copy(
            update={**LEFT, "rates": {}, "reports": (), "acts": (), "tests": tests, "triggers": triggers}
        )
        key = tuple(_frozen(getattr(plain, name)) for name in LOOKED_AT)
        if key not in self.ids:
            self.ids[key] = len(self.states)
            self.states.append(plain)
        return self.ids[key]

    def forget(self) -> None:
        """Forget the states that no path has; otherwise the memory would grow with each date."""
        if len(self.states) <= max(MOST_STATES, 2 * len(self.of_path)):
            return
        used, self.of_path = np.unique(self.of_path, return_inverse=True)
        numbers = {int(old): new for new, old in enumerate(used.tolist())}
        self.states = [self.states[old] for old in numbers]
        self.ids = {key: numbers[old] for key, old in self.ids.items() if old in numbers}
        self.still = set()


def _needed(test: TestState, terms: TermsInForce) -> TestState:
    """Return a test's state without what no later step of its clause looks at.

    That is words, and counts that none of its terms asks for.
    """
    clause = terms.covenants.get(test.test)
    cure = clause.cure if isinstance(clause, MaintenanceClause) else None
    left: dict[str, object] = {"why": "", "rests_on": None, "verdict": None}
    if not isinstance(cure, Cure) or cure.passing_for is None:
        left["passing_run"] = 0
    if not isinstance(cure, Cure) or cure.at_most is None:
        left["cured_on"] = ()
    return test.model_copy(update=left)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted(((key, _frozen(one)) for key, one in value.items()), key=lambda pair: pair[0]))
    return tuple(_frozen(element) for element in value) if isinstance(value, tuple) else value


def shared_step(
    run: PartRun,
    inputs: Inputs,
    results: Mapping[str, Results],
    outcome: ColumnsOutcome,
    apart: PathRates | None = None,
) -> None:
    """Advance one part by one date: each pair of a state and results takes the engine's step once.

    Args:
        run: the part, changed in place.
        inputs: what decides the date; its reports and Acts are those of all paths.
        results: the date's results by test.
        outcome: is told what happened.
        apart: the paths, if the step looks at figures that follow their rates; then each has its own step.
    """
    shared = inputs.state
    mine = [key for key in run.part.tests if key in results]
    combined = run.of_path.copy() if apart is None else np.arange(len(run.of_path))
    for key in mine:
        # Mixed-radix digits: each pair of a state and results gets a number of its own.
        combined = combined * len(results[key].results) + results[key].codes
    pairs, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    after = np.empty(len(pairs), dtype=np.int64)
    lasting = apart is None and _lasting(run.part, inputs, shared)
    happened: dict[tuple[str, Happening], NDArray[np.int32]] = {}
    swept: dict[str, Amounts] = {}
    not_known: dict[str, Numbers] = {}
    for place, path in enumerate(first.tolist()):
        says = tuple(results[key].marks[int(results[key].codes[path])] for key in mine)
        same = (int(run.of_path[path]), inputs.kinds, inputs.terms_since, says)
        # The step is known to change nothing, and on such dates it cannot depend on the day.
        if lasting and same in run.still:
            after[place] = run.of_path[path]
            continue
        given: dict[str, TestResult] = {
            key: results[key].results[int(results[key].codes[path])] for key in mine
        }
        state = run.states[int(run.of_path[path])]
        drafts, left = stepped(_own(run.part, _of_path(inputs, apart, path), state), given)
        after[place] = run.number(left, inputs.terms)
        outcome.steps += 1
        # An open Cure Period or waiver ends by the mere passing of days, so such a state is never still.
        if lasting and after[place] == run.of_path[path] and not _moves(drafts) and _settled(state):
            run.still.add(same)
        for subject, what, on in happenings(drafts):
            happened.setdefault((subject, what), np.zeros(len(pairs), dtype=np.int32))[place] = on.toordinal()
        for clause, amount in _swept(drafts):
            if amount is None:
                not_known.setdefault(clause, np.zeros(len(pairs), dtype=np.int64))[place] += 1
            else:
                swept.setdefault(clause, _nothing(len(pairs)))[place] += amount
    run.of_path = after[inverse]
    run.forget()
    for (subject, what), ordinals in happened.items():
        where = ordinals[inverse].nonzero()[0]
        outcome.first(subject, what, where, ordinals[inverse][where])
    for clause, amounts in swept.items():
        run.swept[clause] = run.swept.get(clause, _nothing(outcome.paths)) + amounts[inverse]
    for clause, counts in not_known.items():
        run.not_known[clause] = run.not_known.get(clause, 0) + counts[inverse]


def _of_path(inputs: Inputs, rates: PathRates | None, path: int) -> Inputs:
    """Return the inputs with the reports of one path, in which some figures follow its rates."""
    if rates is None:
        return inputs
    reports = []
    for report in inputs.state.reports:
        names = [link.figure for link in rates.links if link.figure in report.figures]
        moved = {name: rates.told(name, report.as_of, path) for name in names}
        reports.append(report.model_copy(update={"figures": {**report.figures, **moved}}))
    return replace(inputs, state=inputs.state.model_copy(update={"reports": tuple(reports)}))


def _nothing(count: int) -> Amounts:
    return np.full(count, Fraction(0), dtype=object)


def _own(part: Part, inputs: Inputs, state: DealState) -> Inputs:
    """Return what decides the date of one part.

    It has the part's own terms and state, with the reports and Acts of all paths.
    """
    whole = state.model_copy(update={"reports": inputs.state.reports, "acts": inputs.state.acts})
    return replace(inputs, terms=terms_of(part, inputs.terms), series={}, state=whole)


def _lasting(part: Part, inputs: Inputs, shared: DealState) -> bool:
    """Return whether a step of this kind of date depends only on states and results.

    It must not depend on anything that time or a report brings.
    """
    terms = terms_of(part, inputs.terms)
    clauses = tuple(terms.covenants.values())
    cures = [clause.cure for clause in clauses if isinstance(clause, MaintenanceClause)]
    waits = any(isinstance(cure, Cure) and cure.after != "determination date" for cure in cures)
    timed = any(
        clause.frequency != "every date"
        or (clause.first_tested is not None and clause.first_tested > inputs.on)
        for clause in clauses
    )
    conditions = [
        begins
        for trigger in terms.triggers.values()
        for begins in (trigger.begins, trigger.ends)
        if not isinstance(begins, str)
    ]
    dated = any(leaf.on_or_after is not None for condition in conditions for leaf in leaves_of(condition))
    over = any(clause.last_tested is not None for clause in clauses)
    return PAYMENT not in inputs.kinds and not (shared.acts or waits or timed or dated or over)


def _settled(state: DealState) -> bool:
    """Return whether nothing in a state waits for a day: no cure, waiver or open Obligation."""
    waiting = (TestStatus.CURE_PERIOD, TestStatus.WAIVED)
    paused = any(
        trigger.waived_until is not None or trigger.status is TriggerStatus.PENDING_CURE
        for trigger in state.triggers.values()
    )
    return (
        not paused
        and not any(test.status in waiting for test in state.tests.values())
        and not any(obligation.status == "OPEN" for obligation in state.obligations.values())
    )


def _moves(drafts: Sequence[Draft]) -> bool:
    """Return whether the events of a step are more than results and counts that change no state."""
    return any(draft.kind not in ("tested", "counted") for draft in drafts)


def _swept(drafts: Sequence[Draft]) -> Iterator[tuple[str, Fraction | None]]:
    for draft in drafts:
        if isinstance(draft.payload, SweptPeriod):
            yield draft.payload.clause, draft.payload.swept
