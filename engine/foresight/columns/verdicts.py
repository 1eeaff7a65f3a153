"""The results of one test on one date for many paths, found by comparing each path's number with thresholds.

`measure` gave the thresholds. For the arrays the result is each path's verdict, and which of the other things
hold. For the engine's own steps it is results that `measure` gave itself, one for each group of paths that a
state or a trigger cannot tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.determination.template import Cure
from engine.evaluation.conditions import Tree, leaves
from engine.events.results import TestResult, Verdict
from engine.foresight.columns.path_facts import Level, TestOnDate, facts_of
from engine.foresight.columns.path_rates import PathRates, values_of
from engine.foresight.columns.proof import predicates
from engine.foresight.columns.rates_against_reports import NoRatio, held_against
from engine.foresight.columns.thresholds import Known, NotOnce, Thresholds, thresholds_of
from engine.foresight.rate_paths import NO_VALUE

Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
Mark = tuple[object, ...]
MOST_INDICES = 31
"""Two bits each, in 64 with a sign."""
UNKNOWN, PASSED, FAILED = 0, 1, 2
"""The verdicts as numbers in arrays."""
CODES = {Verdict.NOT_DETERMINED: UNKNOWN, Verdict.PASS: PASSED, Verdict.FAIL: FAILED}


@dataclass
class Results:
    """The results of one test on one date, each stored once.

    Attributes:
        codes: for each path, the place of its result in `results`.
        results: the different results.
        one_by_one: whether each path was decided by itself.
    """

    codes: Codes
    results: tuple[TestResult, ...]
    marks: tuple[Mark, ...]
    """For each result, all that a state or a trigger looks at.

    Two results with the same mark are the same to them, on any date.
    """
    one_by_one: bool = False


@dataclass
class Compiled:
    """A test on a date, ready for any paths on the same Publication Dates.

    Attributes:
        test: the test.
        thresholds: the values at which its result turns; None if each path must be decided by itself.
        lacking: a cache for paths that lack a rate: by which rates are there, whether the result says that a
            report is missing (and not a rate).
    """

    test: TestOnDate
    thresholds: Thresholds | None
    lacking: dict[int, bool] = field(default_factory=dict)


@dataclass
class Said:
    """What a test says of every path on a date. Nothing writes into these arrays.

    Attributes:
        passed: where it passed.
        failed: where it failed.
        held: where each of `predicates` holds, the first one being that it passed.
        known: where it passed or failed; None if it did everywhere.
        lacks_report: where the Servicer's figures are missing; None if they are nowhere.
        one_by_one: whether it ran path by path.
    """

    passed: Flags
    failed: Flags
    held: tuple[Flags, ...]
    known: Flags | None = None
    lacks_report: Flags | None = None
    one_by_one: bool = False

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """`UNKNOWN`, `PASSED` or `FAILED` for each path."""
        return self.passed * np.int8(PASSED) + self.failed * np.int8(FAILED)

    @property
    def bits(self) -> Codes:
        """Which of `predicates` hold on each path, the first in the lowest bit."""
        codes = np.zeros(len(self.passed), dtype=np.int64)
        for place, flags in enumerate(self.held):
            codes |= flags.astype(np.int64) << place
        return codes

    @property
    def warned(self) -> Flags | None:
        """Where the second predicate holds, which is the early warning of a test that has one."""
        return self.held[1] if len(self.held) > 1 else None


def compiled(test: TestOnDate, rates: PathRates, known: Known) -> Compiled:
    """Return a test made ready for any paths.

    Raises Differs if its template's `columns` and `measure` disagree.
    """
    # A rate that an Act sets serves only the paths on which no earlier step gives one, so each is asked.
    if any(act.effective_on <= test.base.on for act in test.fallbacks.acts):
        return Compiled(test, None)
    try:
        return Compiled(test, thresholds_of(test, rates, known))
    except (OverflowError, NotOnce, NoRatio):
        return Compiled(test, None)


def said_of(one: Compiled, rates: PathRates) -> Said:
    """Return the verdict of a test on every path, and which of its predicates hold."""
    if one.thresholds is not None:
        try:
            return _compared(one, one.thresholds, rates)
        except (OverflowError, NotOnce):
            pass
    results = _one_by_one(one.test, rates)
    verdicts = np.array([CODES[result.verdict] for result in results.results], dtype=np.int8)[results.codes]
    lacks = np.array([_lacks_report(result) for result in results.results])[results.codes]
    bits = np.array([_bits(one.test, result) for result in results.results])[results.codes]
    held = tuple((bits & 1 << place) != 0 for place in range(len(predicates(one.test))))
    return Said(verdicts == PASSED, verdicts == FAILED, held, verdicts != UNKNOWN, lacks, one_by_one=True)


def _compared(one: Compiled, thresholds: Thresholds, rates: PathRates) -> Said:
    value, there = values_of(thresholds.form, rates, one.test.fallbacks.terms, one.test.base.on)
    if thresholds.never is not None:
        none = np.zeros(rates.paths, dtype=bool)
        said = Said(none, none, (), none)
        if _lacks_report(thresholds.never):
            said.lacks_report = ~none
    else:
        held = tuple(turn.holds(value) for turn in thresholds.turns)
        if thresholds.against is not None:
            held = held_against(thresholds.form, thresholds.against, rates, value, there)
        said = Said(held[0], ~held[0], held)
    if there is not None:
        # A path that lacks a rate was compared all the same; what that gave must not be looked at.
        held = tuple(flags & there for flags in said.held)
        known = there if said.known is None else said.known & there
        said = Said(said.passed & there, said.failed & there, held, known, said.lacks_report)
        lacking = np.flatnonzero(~there)
        lacks = np.zeros(rates.paths, dtype=bool) if said.lacks_report is None else said.lacks_report
        signatures = _signature(one.test, rates)[lacking]
        # Which rates are missing decides the reason, so one path of each kind is asked for all of them.
        for signature in np.unique(signatures).tolist():
            paths = lacking[signatures == signature]
            lacks[paths] = _lacks_first(one, rates, signature, int(paths[0]))
        said.lacks_report = lacks if lacks.any() else None
    return said


def _lacks_first(one: Compiled, rates: PathRates, signature: int, path: int) -> bool:
    if signature not in one.lacking:
        result = one.test.decided(facts_of(one.test, rates, path))
        # The test is decided without that rate, so thresholds do not hold here and each path is asked.
        if result.verdict is not Verdict.NOT_DETERMINED:
            raise NotOnce
        one.lacking[signature] = _lacks_report(result)
    return one.lacking[signature]


def _lacks_report(result: TestResult) -> bool:
    return result.reason is not None and result.reason.lacks == "report"


def _bits(test: TestOnDate, result: TestResult) -> int:
    if result.verdict is Verdict.NOT_DETERMINED:
        return 0
    return sum(1 << place for place, holds in enumerate(predicates(test)) if holds(result))


def mark_of(test: TestOnDate, result: TestResult) -> Mark:
    """Return all of a result that a state or a trigger looks at.

    That is the verdict, what is missing, and what tells determined results apart. A second Cure Period looks
    at the figure itself.
    """
    lacks = result.reason.lacks if result.reason else None
    figure = (result.measured, result.headroom) if _counts_shortfalls(test) else ()
    return (
        result.verdict,
        lacks,
        *figure,
        *(holds(result) for holds in predicates(test) if result.reason is None),
    )


def _counts_shortfalls(test: TestOnDate) -> bool:
    """Return whether the figure itself moves a state, and not only the side of a limit on which it lies."""
    cure = getattr(test.in_force, "cure", "none")
    return isinstance(cure, Cure) and cure.extension is not None


def results_of(one: Compiled, rates: PathRates) -> Results:
    """Return the full result of one test on every path, for the parts that the engine's own steps decide."""
    test = one.test
    try:
        if one.thresholds is None or _counts_shortfalls(test):
            raise NotOnce
        said = _compared(one, one.thresholds, rates)
        groups = said.bits * 8 + said.verdicts * 2 + (0 if said.lacks_report is None else said.lacks_report)
        # Only undetermined results depend on which rates are missing; others would be split for nothing.
        if said.known is not None:
            groups = split(groups, np.where(said.known, 0, _signature(test, rates)))
    except (OverflowError, NotOnce):
        return _one_by_one(test, rates)
    _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    results = [test.decided(facts_of(test, rates, int(path))) for path in first.tolist()]
    return Results(codes.astype(np.int64), tuple(results), tuple(mark_of(test, result) for result in results))


def split(groups: Codes, further: Codes) -> Codes:
    """Return codes that two paths share only if they share both of their codes."""
    kinds, place = np.unique(further, return_inverse=True)
    return groups * len(kinds) + place


def _signature(test: TestOnDate, rates: PathRates) -> Codes:
    """Return, for each path, a code for which values are there: today's and the Reference Rate's.

    Raises:
        NotOnce: the deal has more indices than a code has bits for.
    """
    if len(rates.ticks) > MOST_INDICES:
        raise NotOnce
    codes = np.zeros(rates.paths, dtype=np.int64)
    for place, name in enumerate(rates.ticks):
        today = rates.published(name, test.base.on) != NO_VALUE
        reference = (
            rates.reference(name, test.terms.index[name], test.base.on) != NO_VALUE
            if name in test.terms.index
            else today
        )
        codes |= (today.astype(np.int64) | (reference.astype(np.int64) << 1)) << (2 * place)
    return codes


def _one_by_one(test: TestOnDate, rates: PathRates) -> Results:
    """Return the result of every path by itself.

    Paths whose results differ in nothing that a state looks at share one result.
    """
    codes = np.zeros(rates.paths, dtype=np.int64)
    seen: dict[Mark, int] = {}
    results: list[TestResult] = []
    for path in range(rates.paths):
        result = test.decided(facts_of(test, rates, path))
        mark = mark_of(test, result)
        if mark not in seen:
            seen[mark] = len(results)
            results.append(result)
        codes[path] = seen[mark]
    return Results(codes, tuple(results), tuple(seen), one_by_one=True)


def levels_on(key: str, trees: Sequence[Tree]) -> tuple[Level, ...]:
    """Return the levels with which triggers compare a test's figure, each once."""
    levels = [
        (leaf.comparison, leaf.level)
        for tree in trees
        for leaf in leaves(tree)
        if leaf.test == key and leaf.comparison is not None and leaf.level is not None
    ]
    return tuple(dict.fromkeys(levels))
