"""A deal on many paths at once: paths that stand alike on a date take one step of the exact engine together.

The deal falls into parts that do not look at one another. On each date a part's paths are told apart by the state in which
they stand and by the results of its tests, and the engine's own step is taken once for each pair (`one_date.stepped`).
So every state, date, count and amount is the engine's; what is in columns is which path has which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.basics.errors import WrongUsage
from engine.basics.happenings import Happening
from engine.determination.template import Cure, MaintenanceClause, Template
from engine.evaluation.inputs import DETERMINATION, PAYMENT, Inputs, inputs_of
from engine.evaluation.one_date import stepped
from engine.evaluation.template_facts import template_facts
from engine.evaluation.trigger_states import rules
from engine.events.deal_state import DealState, fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.events.results import TestResult
from engine.events.states import SweptPeriod, TestState, TestStatus
from engine.foresight.columns.parts import Part, parts_of, terms_of
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.columns.verdicts import Known, Results, TestOnDate, levels_on, results_of
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.path_run import report_of
from engine.foresight.stress import happenings
from engine.terms.as_written import Deal
from engine.terms.contract_dates import determination_dates
from engine.terms.in_force import TermsInForce

DAY = timedelta(days=1)
Dates = NDArray[np.int64]
NEVER = 0
"""Stands for no date among ordinals of dates."""
SHARED = ("rates", "reports", "acts")
"""What all paths of a deal share, or no step looks at."""
LEFT: Mapping[str, object] = {"notifiable": (), "reached": None, "last_date": None, "swept": {}}
"""What no later step looks at, emptied so that equal states are one."""
LOOKED_AT = tuple(name for name in DealState.model_fields if name not in (*SHARED, *LEFT))


@dataclass
class PartRun:
    """One part of the deal on every path: the states there are, and which one each path is in."""

    part: Part
    states: list[DealState] = field(default_factory=lambda: [DealState()])
    ids: dict[Any, int] = field(default_factory=dict)
    of_path: Dates = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    still: set[tuple[object, ...]] = field(default_factory=set)
    """Steps known to change nothing whatever the date: a state, the kinds of date, the terms, what the results say."""

    def number(self, state: DealState, terms: TermsInForce) -> int:
        """The number of a state, apart from what nothing in these terms looks at again; a new one where it has not been seen."""
        tests = {name: _needed(test, terms) for name, test in state.tests.items()}
        triggers = {name: one.model_copy(update={"why": ""}) for name, one in state.triggers.items()}
        plain = state.model_copy(update={**LEFT, "rates": {}, "reports": (), "acts": (), "tests": tests, "triggers": triggers})
        key = tuple(_frozen(getattr(plain, name)) for name in LOOKED_AT)
        if key not in self.ids:
            self.ids[key] = len(self.states)
            self.states.append(plain)
        return self.ids[key]


def _needed(test: TestState, terms: TermsInForce) -> TestState:
    """A test's state without what no later step of its clause looks at: words, and counts that no term of it asks for."""
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
    return tuple(_frozen(one) for one in value) if isinstance(value, tuple) else value


@dataclass
class ColumnsOutcome:
    """What a deal did on many paths.

    Attributes:
        until: the last date.
        firsts: for each thing that happened on some path, the ordinal of its first date on each, `NEVER` where it never did.
        swept: for each sweep, what went to its reserve on each path by the end, in USD.
        one_by_one: tests that ran path by path.
        determined: tests that passed or failed on some path.
        steps: how many steps of the exact engine were taken.
    """

    until: date
    paths: int
    firsts: dict[tuple[str, Happening], Dates] = field(default_factory=dict)
    swept: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    one_by_one: set[str] = field(default_factory=set)
    determined: set[str] = field(default_factory=set)
    steps: int = 0

    def share(self, subject: str, what: Happening, by: date) -> float:
        """The share of paths on which something had happened by a date."""
        found = self.firsts.get((subject, what))
        return 0.0 if found is None else float(((found != NEVER) & (found <= by.toordinal())).mean())


Watch = Callable[[date, Sequence[PartRun]], None]


def run_columns(
    deal: Deal,
    templates: Mapping[str, Template],
    rates: PathRates,
    given: FactsByDate,
    until: date,
    acts: tuple[ActRecorded, ...] = (),
    watch: Watch = lambda _day, _parts: None,
) -> ColumnsOutcome:
    """What a deal does on every path, from closing to `until`.

    Args:
        deal: the draft.
        templates: the covenant templates by name.
        rates: the paths, from the first Publication Date after closing.
        given: what the Servicer's reports would say; the same on all paths.
        until: the last date.
        acts: Recorded Acts on given dates, the same on all paths.
        watch: told each date, and where every path stands after it.

    Raises:
        Differs: a template's columns say otherwise than its measure.
        WrongUsage: the paths lack an index of the deal, or results count only where they are decisive.
    """
    _refuse(deal, rates)
    outcome = ColumnsOutcome(until, rates.paths)
    shared = fold([Draft(kind="act recorded", subject=act.act, effective_on=act.effective_on, payload=act) for act in acts])
    runs = [PartRun(part, of_path=np.zeros(rates.paths, dtype=np.int64)) for part in parts_of(deal)]
    known = Known()
    day = deal.closing_date + DAY
    while day <= until:
        inputs = inputs_of(deal, day, {}, shared, templates)
        if inputs.kinds:
            if DETERMINATION in inputs.kinds:
                shared = fold(report_of(deal, given, day), shared)
                inputs = inputs_of(deal, day, {}, shared, templates)
            results = dict(_results(inputs, rates, known, outcome))
            for run in runs:
                _step(run, inputs, shared, results, outcome)
            watch(day, runs)
        day += DAY
    return outcome


def _refuse(deal: Deal, rates: PathRates) -> None:
    for _, terms in deal.segments:
        lacking = [name for name in terms.index if name not in rates.ticks]
        if lacking:
            raise WrongUsage(f"the paths have no rates of {', '.join(lacking)}")
        decisive = [name for name, one in terms.index.items() if one.low_confidence.effect == "decisive only"]
        if decisive:
            raise WrongUsage(f"{', '.join(decisive)}: results count only where they are decisive, and a path has no sellers")


def _results(inputs: Inputs, rates: PathRates, known: Known, outcome: ColumnsOutcome) -> Iterator[tuple[str, Results]]:
    """The result of every test of the date's kind on every path."""
    trees = [tree for rule in rules(inputs.terms, inputs.templates) for tree in (rule.begins, rule.ends) if tree is not None]
    base = template_facts(inputs, inputs.state)
    determined = determination_dates(inputs.terms, inputs.calendar, inputs.on)
    for key, clause in inputs.terms.covenants.items():
        template = inputs.templates[clause.template]
        if template.dates not in inputs.kinds:
            continue
        levels = levels_on(key, trees)
        found = results_of(TestOnDate(key, clause, template, base, inputs.terms, determined, levels), rates, known)
        if any(one.reason is None for one in found.results):
            outcome.determined.add(key)
        if found.one_by_one:
            outcome.one_by_one.add(key)
        yield key, found


def _step(run: PartRun, inputs: Inputs, shared: DealState, results: Mapping[str, Results], outcome: ColumnsOutcome) -> None:
    """One date of one part: each pair of a state and results takes the engine's step once."""
    mine = [key for key in run.part.tests if key in results]
    combined = run.of_path.copy()
    for key in mine:
        combined = combined * len(results[key].results) + results[key].codes
    pairs, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    after = np.empty(len(pairs), dtype=np.int64)
    lasting = _lasting(run.part, inputs, shared)
    happened: dict[tuple[str, Happening], Dates] = {}
    swept: dict[str, NDArray[np.float64]] = {}
    for place, path in enumerate(first.tolist()):
        says = tuple(results[key].marks[int(results[key].codes[path])] for key in mine)
        same = (int(run.of_path[path]), inputs.kinds, inputs.terms_since, says)
        if lasting and same in run.still:
            after[place] = run.of_path[path]
            continue
        given: dict[str, TestResult] = {key: results[key].results[int(results[key].codes[path])] for key in mine}
        state = run.states[int(run.of_path[path])]
        whole = state.model_copy(update={"reports": shared.reports, "acts": shared.acts})
        own = Inputs(
            inputs.on,
            inputs.kinds,
            terms_of(run.part, inputs.terms),
            inputs.templates,
            inputs.calendar,
            {},
            whole,
            terms_since=inputs.terms_since,
        )
        drafts, left = stepped(own, given)
        after[place] = run.number(left, inputs.terms)
        outcome.steps += 1
        if lasting and after[place] == run.of_path[path] and not _moves(drafts) and _settled(state):
            run.still.add(same)
        for subject, what, on in happenings(drafts):
            happened.setdefault((subject, what), np.zeros(len(pairs), dtype=np.int64))[place] = on.toordinal()
        for clause, amount in _swept(drafts):
            swept.setdefault(clause, np.zeros(len(pairs)))[place] += float(amount)
    run.of_path = after[inverse]
    for event, ordinals in happened.items():
        known = outcome.firsts.setdefault(event, np.zeros(outcome.paths, dtype=np.int64))
        outcome.firsts[event] = np.where(known == NEVER, ordinals[inverse], known)
    for clause, amounts in swept.items():
        outcome.swept[clause] = outcome.swept.get(clause, np.zeros(outcome.paths)) + amounts[inverse]


def _lasting(part: Part, inputs: Inputs, shared: DealState) -> bool:
    """Whether a step of this kind of date depends on states and results alone, and on nothing that time or a report brings."""
    terms = terms_of(part, inputs.terms)
    clauses = tuple(terms.covenants.values())
    cures = [one.cure for one in clauses if isinstance(one, MaintenanceClause)]
    waits = any(isinstance(cure, Cure) and cure.after != "determination date" for cure in cures)
    timed = any(one.frequency != "every date" or (one.first_tested is not None and one.first_tested > inputs.on) for one in clauses)
    return PAYMENT not in inputs.kinds and not shared.acts and not waits and not timed


def _settled(state: DealState) -> bool:
    """Whether nothing in a state waits for a day: no Cure Period, waiver or Obligation that is open."""
    waiting = (TestStatus.CURE_PERIOD, TestStatus.WAIVED)
    paused = any(one.waived_until is not None for one in state.triggers.values())
    return (
        not paused
        and not any(one.status in waiting for one in state.tests.values())
        and not any(one.status == "OPEN" for one in state.obligations.values())
    )


def _moves(drafts: Sequence[Draft]) -> bool:
    """Whether the events of a step are more than results and counts that leave everything where it was."""
    return any(draft.kind not in ("tested", "counted") for draft in drafts)


def _swept(drafts: Sequence[Draft]) -> Iterator[tuple[str, Any]]:
    for draft in drafts:
        if isinstance(draft.payload, SweptPeriod) and draft.payload.swept is not None:
            yield draft.payload.clause, draft.payload.swept
