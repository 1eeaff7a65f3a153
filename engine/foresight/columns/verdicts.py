"""The result of one test on one date for many paths: thresholds found by asking `measure`, and results that it gave itself.

Paths that a test cannot tell apart share one result. What can tell them apart is the verdict, the early warning and each
level that a trigger looks at: each turns once in the test's statistic. Where `measure`, asked on the paths that lie next to
a threshold, says otherwise than the threshold, nothing is answered: `Differs` names both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.basics.errors import HeadroomError
from engine.basics.values import Comparison, Figure
from engine.determination.determine import CEILING, decided
from engine.determination.facts import Facts
from engine.determination.linear_form import LinearForm, Statistic
from engine.determination.measure_inputs import Missing
from engine.determination.reference_rate import reference_rate
from engine.determination.template import Clause, Template
from engine.evaluation.conditions import Tree, leaves
from engine.events.rates import Published, ReferenceRate
from engine.events.results import TestResult, Verdict, passes
from engine.foresight.columns.path_rates import PathRates, Scaled, oldest, one_value, scaled, values_of
from engine.foresight.rate_paths import NO_VALUE, TICK
from engine.terms.in_force import IndexTerms, TermsInForce

Codes = NDArray[np.int64]
LOOKED_BACK = 260
"""Dates whose Reference Rates a template may look back on."""
Level = tuple[Comparison, Fraction]
Mark = tuple[object, ...]


class Differs(HeadroomError):
    """A threshold and `measure` say different things: the template's `columns` is wrong, or the test is not monotone."""


@dataclass(frozen=True)
class TestOnDate:
    """One test on one date.

    Attributes:
        key: its name in the deal.
        clause: its terms in force.
        template: its template.
        base: what the templates know, rates left out.
        terms: the terms in force.
        determined: the Determination Dates up to the date.
        levels: the levels that triggers hold its figure against.
    """

    __test__ = False

    key: str
    clause: Clause
    template: Template
    base: Facts
    terms: TermsInForce
    determined: tuple[date, ...]
    levels: tuple[Level, ...]


@dataclass
class Results:
    """The results of one test on one date: which of them each path has, and how they were found."""

    codes: Codes
    results: tuple[TestResult, ...]
    marks: tuple[Mark, ...]
    """For each result all that a state or a trigger looks at: two results with one mark are the same to them, on any date."""
    one_by_one: bool = False


@dataclass
class Known:
    """Thresholds found before, tried first on the next date: (test, which) -> the last whole number that agrees with the lowest."""

    turns: dict[tuple[str, int], tuple[bool, int]] = field(default_factory=dict)
    forms: dict[tuple[str, Clause], LinearForm] = field(default_factory=dict)


def mark_of(test: TestOnDate, result: TestResult) -> Mark:
    """All of a result that a state or a trigger looks at: verdict, what is lacking, what tells determined results apart."""
    lacks = result.reason.lacks if result.reason else None
    return (result.verdict, lacks, *(holds(result) for holds in _predicates(test) if result.reason is None))


def results_of(test: TestOnDate, rates: PathRates, known: Known) -> Results:
    """The result of one test on every path."""
    form = _form(test, rates, known)
    if form is not None:
        try:
            return _by_thresholds(test, rates, scaled(form), known)
        except (OverflowError, _NotOnce):
            pass
    return _one_by_one(test, rates)


class _NotOnce(Exception):
    """A result does not turn just once in the statistic, or not at a place that can be told."""


def facts_of(test: TestOnDate, rates: PathRates, path: int) -> Facts:
    """What the templates know on one path, whatever its columns say that it looks at."""
    published: dict[str, tuple[Published, ...]] = {}
    found: dict[str, tuple[ReferenceRate, ...]] = {}
    count = rates.up_to(test.base.on)
    for name, ticks in rates.ticks.items():
        column = ticks[:count, path].tolist()
        series = tuple(_published(name, day, tick) for day, tick in zip(rates.dates[:count], column, strict=True))
        published[name] = series
        days = sorted({*rates.dates[:count], *test.determined, test.base.on})[-LOOKED_BACK:]
        if name in test.terms.index:
            found[name] = tuple(_reference(name, test.terms.index[name], day, series[: rates.up_to(day)]) for day in days)
    return replace(test.base, published=published, rates=found, trace={})


def _reference(index: str, terms: IndexTerms, day: date, series: tuple[Published, ...]) -> ReferenceRate:
    """The Reference Rate of a date; the fallback looks at no value that is older than those it gives."""
    return reference_rate(terms, index, day, series[-oldest(index, terms) - 2 :])


@lru_cache(maxsize=200_000)
def _published(index: str, day: date, tick: int) -> Published:
    value = None if tick == NO_VALUE else Decimal(tick).scaleb(-4)
    return Published.model_construct(index=index, publication_date=day, value=value, source="path", published_on=day)


def _form(test: TestOnDate, rates: PathRates, before: Known) -> LinearForm | None:
    """What the test compares, from its template or from what its measure asks for; None where neither says.

    A test that no rate decides has a form without parts.
    """
    same = (test.key, test.clause)
    if same in before.forms:
        return before.forms[same]
    level = max(1, int(next(iter(test.terms.index.values())).closing_date_level * TICK))
    known = facts_of(test, one_value(rates.dates, tuple(rates.ticks), level), 0)
    if test.template.columns is not None:
        try:
            return test.template.columns(test.clause, known)
        except Missing:
            return None
    result = decided(test.key, test.clause, test.template, known)
    used = [one for one in known.trace.values() if one.source.kind == "publication"]
    if not used:
        return LinearForm(()) if result.reason is None or result.reason.lacks != "rate" else None
    indices = {one.index for one in used}
    index = next(iter(indices))
    if len(indices) != 1 or index is None:
        return None
    unpublished = (*known.published[index][:-1], known.published[index][-1].model_copy(update={"value": None}))
    silent = replace(known, trace={}, published={**known.published, index: unpublished})
    needs = decided(test.key, test.clause, test.template, silent).reason is not None and result.reason is None
    form = LinearForm(((Statistic("published" if needs else "rate", index), Fraction(1)),))
    if result.reason is None:
        before.forms[same] = form
    return form


def _by_thresholds(test: TestOnDate, rates: PathRates, form: Scaled, known: Known) -> Results:
    value, there = values_of(form, rates, test.terms.index, test.base.on)
    codes = np.full(rates.paths, NO_VALUE, dtype=np.int64)
    results: list[TestResult] = []
    lacking = np.flatnonzero(~there)
    if len(lacking):  # which thing is named as missing may differ, and what it lacks decides what a state counts
        for signature in np.unique(_signature(test, rates)[lacking]):
            paths = lacking[_signature(test, rates)[lacking] == signature]
            result = decided(test.key, test.clause, test.template, facts_of(test, rates, int(paths[0])))
            if result.verdict is not Verdict.NOT_DETERMINED:
                raise _NotOnce
            codes[paths] = len(results)
            results.append(result)
    present = np.flatnonzero(there)
    if not len(present):
        return _marked(test, codes, results)
    first = decided(test.key, test.clause, test.template, facts_of(test, rates, int(present[0])))
    if first.verdict is Verdict.NOT_DETERMINED:
        codes[present] = len(results)
        return _marked(test, codes, [*results, first])
    bits = np.zeros(rates.paths, dtype=np.int64)
    for place, holds in enumerate(_predicates(test)):
        at_low, turn = _turn(test, form, rates, holds, place, known)
        bits |= np.where((value <= turn) == at_low, 1 << place, 0)
    for mark in np.unique(bits[present]):
        paths = present[bits[present] == mark]
        nearest = {int(paths[int(value[paths].argmin())]), int(paths[int(value[paths].argmax())])}
        asked = [decided(test.key, test.clause, test.template, facts_of(test, rates, path)) for path in sorted(nearest)]
        for result in asked:
            _agrees(test, result, int(mark))
        codes[paths] = len(results)
        results.append(asked[0])
    return _marked(test, codes, results)


def _signature(test: TestOnDate, rates: PathRates) -> Codes:
    """Which values are there: today's, the Reference Rate's, each window's."""
    found = np.zeros(rates.paths, dtype=np.int64)
    for place, name in enumerate(rates.ticks):
        today = rates.published(name, test.base.on) != NO_VALUE
        reference = rates.reference(name, test.terms.index[name], test.base.on) != NO_VALUE if name in test.terms.index else today
        found |= (today.astype(np.int64) | (reference.astype(np.int64) << 1)) << (2 * place)
    return found


Holds = Callable[[TestResult], bool]


def _predicates(test: TestOnDate) -> list[Holds]:
    """What tells two determined results apart: the verdict, the early warning, each level that a trigger looks at."""
    found: list[Holds] = [lambda result: result.verdict is Verdict.PASS]
    warning = test.clause.early_warning
    if warning is not None:
        least = warning.figure.value
        found.append(lambda result: result.headroom is not None and result.headroom.value < least)
    for comparison, level in test.levels:

        def holds(result: TestResult, comparison: Comparison = comparison, level: Fraction = level) -> bool:
            return result.measured is not None and passes(result.measured, Figure(value=level, unit=result.measured.unit), comparison)

        found.append(holds)
    return found


def _agrees(test: TestOnDate, result: TestResult, mark: int) -> None:
    """Nothing, where `measure` says of a path what its thresholds say. Raises Differs otherwise."""
    said = sum(1 << place for place, holds in enumerate(_predicates(test)) if holds(result))
    if result.verdict is Verdict.NOT_DETERMINED or said != mark:
        figures = f"measure gives {result.verdict.value}, {result.measured.value if result.measured else 'no figure'}"
        limit = result.limit.value if result.limit else "none"
        raise Differs(f"{test.key} on {test.base.on}: {figures} against {limit}, and its columns say otherwise (marks {said} and {mark})")


def _turn(test: TestOnDate, form: Scaled, rates: PathRates, holds: Holds, place: int, known: Known) -> tuple[bool, int]:
    """Whether a predicate holds at the lowest values of the form, and the last whole number up to which it does not change."""
    if not form.form.parts:
        return holds(decided(test.key, test.clause, test.template, facts_of(test, one_value(rates.dates, tuple(rates.ticks), TICK), 0))), 0
    if place == 0 and form.limit is not None and test.terms.rounding.ratios == "unrounded":
        return True, form.limit.__floor__()  # the template's own words; `_agrees` holds them against its measure
    moving = next((one for one, _ in form.form.parts if one.kind in ("published", "rate", "sum of rates")), None)
    if moving is None:
        raise _NotOnce
    closing = max(1, int(test.terms.index[moving.index].closing_date_level * TICK))
    for level in (1, closing):
        flat = one_value(rates.dates, tuple(rates.ticks), level)
        found = _searched(test, form, flat, moving.index, holds, known, (test.key, place))
        if found is not None:
            return found
    raise _NotOnce


def _searched(
    test: TestOnDate, form: Scaled, flat: PathRates, index: str, holds: Holds, known: Known, name: tuple[str, int]
) -> tuple[bool, int] | None:
    """Where a predicate turns as today's rate alone moves on a flat path; None where it does not turn there."""
    facts = facts_of(test, flat, 0)

    def at(tick: int) -> tuple[bool, int]:
        result = decided(test.key, test.clause, test.template, facts.with_rate(index, Fraction(tick, TICK)))
        if result.verdict is Verdict.NOT_DETERMINED:
            raise _NotOnce
        value, _ = values_of(form, flat.with_today(index, test.base.on, tick), test.terms.index, test.base.on)
        return holds(result), int(value[0])

    low, high = 1, CEILING
    (first, _), (last, _) = at(low), at(high)
    if first == last:
        return None
    guess = known.turns.get(name)
    if guess is not None:
        for tick in (guess[1], guess[1] + 1):
            if low < tick < high:
                low, high = (tick, high) if at(tick)[0] == first else (low, tick)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(middle)[0] == first else (low, middle)
    known.turns[name] = (first, low)
    below, above = at(low)[1], at(high)[1]
    if abs(above - below) != 1:
        raise _NotOnce  # a path could lie between the two, and nobody could say on which side
    return (first, below) if above > below else (last, above)


def _one_by_one(test: TestOnDate, rates: PathRates) -> Results:
    """The result of every path by itself; paths whose results differ in nothing that a state looks at share one."""
    codes = np.zeros(rates.paths, dtype=np.int64)
    seen: dict[Mark, int] = {}
    results: list[TestResult] = []
    for path in range(rates.paths):
        result = decided(test.key, test.clause, test.template, facts_of(test, rates, path))
        mark = mark_of(test, result)
        if mark not in seen:
            seen[mark] = len(results)
            results.append(result)
        codes[path] = seen[mark]
    return Results(codes, tuple(results), tuple(seen), one_by_one=True)


def _marked(test: TestOnDate, codes: Codes, results: Sequence[TestResult]) -> Results:
    return Results(codes, tuple(results), tuple(mark_of(test, result) for result in results))


def levels_on(key: str, trees: Sequence[Tree]) -> tuple[Level, ...]:
    """The levels that triggers hold a test's figure against, each once."""
    found = [
        (leaf.comparison, leaf.level)
        for tree in trees
        for leaf in leaves(tree)
        if leaf.test == key and leaf.comparison is not None and leaf.level is not None
    ]
    return tuple(dict.fromkeys(found))
