"""The whole numbers at which the result of a test turns on a date, found and proved by asking `measure`.

What a test compares is one whole number of each path (`path_rates`). Everything that tells two results apart
(the verdict, the early warning, a level that a trigger looks at) turns once in that number. The place is
found on a flat path of which only the newest value moves. Then `measure` is asked on windows of all shapes
whether the result turns there too. If it does not, `Differs` names both figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from engine.determination.break_even import CEILING
from engine.determination.linear_form import LinearForm, Statistic
from engine.determination.measure_inputs import Missing
from engine.events.results import TestResult, Verdict
from engine.foresight.columns.linked_reports import Follows
from engine.foresight.columns.path_facts import FlatRates, TestOnDate, facts_of, flat_facts
from engine.foresight.columns.path_rates import PathRates, Scaled, one_value, scaled
from engine.foresight.columns.proof import (
    ALWAYS,
    Differs,
    Holds,
    Turn,
    asked_for,
    closing_tick,
    numbers_of,
    predicates,
    prove,
)
from engine.foresight.columns.rates_against_reports import Against, KnownRatios, against_reports
from engine.foresight.rate_paths import TICK


class NotOnce(Exception):
    """Raised if a result does not turn just once in the statistic, or not at a place that can be told."""


@dataclass(frozen=True)
class Thresholds:
    """One test on one date, ready to be compared.

    Attributes:
        form: what it compares.
        turns: one turn for each of `predicates`.
        never: the result if every rate is there and nothing is determined all the same; None if it is
            determined.
        against: the reported figure against which the rates are held, if it follows the rate; then it says
            where the test turns, and `turns` is empty.
    """

    form: Scaled
    turns: tuple[Turn, ...]
    never: TestResult | None
    against: Against | None = None


@dataclass
class Known:
    """What was found on earlier dates: tried first on the next date, and not proved again while it stays."""

    turns: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    forms: dict[tuple[str, int], LinearForm] = field(default_factory=dict)
    proved: set[tuple[object, ...]] = field(default_factory=set)
    flat: FlatRates = field(default_factory=dict)
    ratios: KnownRatios = field(default_factory=KnownRatios)


def thresholds_of(test: TestOnDate, rates: PathRates, known: Known) -> Thresholds:
    """Return where a test turns on a date, for any paths on the same Publication Dates.

    Args:
        test: the test.
        rates: the paths, of which only dates and indices are looked at.
        known: what was found on earlier dates.

    Raises:
        Differs: the template's `columns` and its `measure` disagree.
        NotOnce: the test runs path by path.
        NoRatio: the test looks at a figure that follows the rate, and runs path by path.
        OverflowError: the numbers could pass 2^62.
    """
    if rates.up_to(test.base.on) == 0:  # nothing is published yet, so all paths are one
        return _on_all(test, test.decided(facts_of(test, rates, 0)))
    try:
        return _of_rates(test, rates, known)
    except Follows:
        return _followed(test, rates, known)


def _of_rates(test: TestOnDate, rates: PathRates, known: Known) -> Thresholds:
    """Return where a test turns as rates alone move. Raises Follows if it looks at a figure that follows."""
    form = _form(test, rates, known)
    if form is None or any(
        one.index not in rates.ticks for one, _ in form.parts
    ):  # a blend is not an index of a path
        raise NotOnce
    flat = _Flat(test, rates, known)
    facts = flat_facts(test, rates, closing_tick(test), known.flat)
    first = test.decided(facts)
    if first.verdict is Verdict.NOT_DETERMINED:
        return Thresholds(scaled(form), (), first)
    turns = tuple(_turn(flat, scaled(form), holds, place) for place, holds in enumerate(predicates(test)))
    try:
        prove(test, scaled(form), turns, rates, asked_for(facts), known.proved)
    except Differs:
        # A template that states its columns is wrong. A form read off the trace was only a guess.
        if test.template.columns is not None:
            raise
        raise NotOnce from None
    return Thresholds(scaled(form), turns, None)


def _followed(test: TestOnDate, rates: PathRates, known: Known) -> Thresholds:
    form, against = against_reports(test, rates, known.ratios)
    return Thresholds(form, (), None, against)


def _on_all(test: TestOnDate, result: TestResult) -> Thresholds:
    """Return thresholds with a result that is the same on every path."""
    none = scaled(LinearForm(()))
    if result.verdict is Verdict.NOT_DETERMINED:
        return Thresholds(none, (), result)
    return Thresholds(none, tuple(Turn(holds(result), ALWAYS) for holds in predicates(test)), None)


def _form(test: TestOnDate, rates: PathRates, before: Known) -> LinearForm | None:
    """Return what the test compares, by its template or by what its measure asks for.

    The result is None if neither says it. A test that no rate decides has a form without parts.
    """
    # By the terms of the whole deal, since an amendment may price an asset class at another index.
    same = (test.key, id(test.terms))
    if same in before.forms:
        return before.forms[same]
    known = flat_facts(test, rates, closing_tick(test), before.flat)
    if test.template.columns is not None:
        try:
            return test.template.columns(test.clause, known)
        except Missing:
            return None
    result = test.decided(known)
    # Only published values move on a path; every other figure is the same on all of them.
    used = [use for use in known.trace.values() if use.source.kind == "publication"]
    if not used:
        return LinearForm(()) if result.reason is None or result.reason.lacks != "rate" else None
    indices = {use.index for use in used}
    index = next(iter(indices))
    # A measure of several indices needs its template to say how they are joined.
    if len(indices) != 1 or index is None:
        return None
    # The newest value is taken away: a test that then says nothing needs today's value and not a carried
    # one.
    unpublished = (
        *known.published[index][:-1],
        known.published[index][-1].model_copy(update={"value": None}),
    )
    silent = replace(known, trace={}, published={**known.published, index: unpublished})
    needs = test.decided(silent).reason is not None and result.reason is None
    form = LinearForm(((Statistic("published" if needs else "rate", index), Fraction(1)),))
    # A form found on a date that lacks something may be wrong later, so it is not kept. On the first
    # Publication Date the first value and today's are one, and later they are two.
    if result.reason is None and rates.up_to(test.base.on) > 1:
        before.forms[same] = form
    return form


@dataclass
class _Flat:
    """One test on flat paths of which only the newest value moves.

    What `measure` gave is kept, because several searches ask for the same.
    """

    test: TestOnDate
    rates: PathRates
    known: Known
    asked: dict[tuple[str, int, Fraction], TestResult] = field(default_factory=dict)

    def result(self, index: str, level: int, tick: Fraction) -> TestResult:
        """Return the result on a path that stood at a level and has come to a tick.

        Raises NotOnce if nothing is determined there.
        """
        same = (index, level, tick)
        if same not in self.asked:
            facts = flat_facts(self.test, self.rates, level, self.known.flat)
            self.asked[same] = self.test.decided(facts.with_rate(index, tick / TICK))
        if self.asked[same].verdict is Verdict.NOT_DETERMINED:
            raise NotOnce
        return self.asked[same]

    def numbers(self, form: Scaled, index: str, level: int, ticks: Sequence[int]) -> list[int]:
        """Return the numbers of the paths that stood at a level and have come to one of `ticks` each."""
        path = one_value(self.rates.dates, tuple(self.rates.ticks), level)
        return numbers_of(self.test, form, path, index, ticks)


def _turn(flat: _Flat, form: Scaled, holds: Holds, place: int) -> Turn:
    """Return where a predicate turns.

    The place of the date before is tried first; then the place is searched.
    """
    test = flat.test
    if not form.form.parts:
        return Turn(holds(test.decided(flat_facts(test, flat.rates, TICK, flat.known.flat))), ALWAYS)
    moving = form.form.moving
    # A form on fixed days alone has nothing that today's rate could turn.
    if moving is None:
        raise NotOnce
    guess = flat.known.turns.get((test.key, place))
    # A test with a window may turn only if the other dates stood low or high, so three levels are tried.
    levels = dict.fromkeys(((guess[0],) if guess else ()) + (1, closing_tick(test), CEILING))
    ends = set()
    for level in levels:
        turning = _searched(flat, form, moving, level, holds, place)
        if not isinstance(turning, bool):
            said = form.limit if place == 0 and test.terms.rounding.ratios == "unrounded" else None
            return _between(test, turning, said)
        ends.add(turning)
    if len(ends) == 1:  # whatever the rates are, it does not turn
        return Turn(ends.pop(), ALWAYS)
    raise NotOnce


def _searched(flat: _Flat, form: Scaled, index: str, level: int, holds: Holds, place: int) -> _Found | bool:
    """Return where a predicate turns as only today's rate moves on a flat path.

    If it does not turn, the result is what it says throughout.
    """
    name, known = (flat.test.key, place), flat.known

    def at(tick: int) -> bool:
        return holds(flat.result(index, level, Fraction(tick)))

    guess = known.turns.get(name)
    # Most thresholds stay where they were, so two questions at the old place save the whole search.
    if guess is not None and guess[0] == level and at(guess[1]) != at(guess[1] + 1):
        low, high = guess[1], guess[1] + 1
    else:
        # A search by halves finds one turn, and the proof asks whether other windows turn there too.
        low, high = 1, CEILING
        if at(low) == at(high):
            return at(low)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if at(middle) == at(1) else (low, middle)
        known.turns[name] = (level, low)
    ends = dict(zip((low, high), flat.numbers(form, index, level, (low, high)), strict=True))
    below = min(ends, key=lambda tick: ends[tick])
    first, steps = ends[below], abs(ends[high] - ends[low])
    toward = Fraction(1 if below == low else -1, max(steps, 1))

    def holds_at(step: int) -> bool:
        return holds(flat.result(index, level, below + step * toward))

    under, over = 0, steps  # where one tick is several numbers, rates between two ticks are asked
    while over - under > 1:
        middle = (under + over) // 2
        under, over = (middle, over) if holds_at(middle) == at(below) else (under, middle)
    return _Found((first + under, at(below)), (first + over, not at(below)))


@dataclass(frozen=True)
class _Found:
    """Two values of the statistic between which a predicate changes, and whether it holds at each of them.

    They come from flat paths (one rate on every date), whose rates are at most one tick apart.
    """

    below: tuple[int, bool]
    above: tuple[int, bool]


def _between(test: TestOnDate, found: _Found, limit: Fraction | None) -> Turn:
    """Return the turn between two numbers: after the lower one, or at the template's own limit.

    Raises:
        Differs: the limit does not lie between the two.
        NotOnce: other paths could lie between the two, and nobody could say on which side.
    """
    (below, at_low), (above, _) = found.below, found.above
    # A limit that the template states is exact, while a search only finds the ticks on its two sides.
    if limit is not None:
        if not at_low or not below <= limit < above:
            gives = (
                f"measure gives {'PASS' if at_low else 'FAIL'} up to {below} and otherwise from {above} on"
            )
            raise Differs(f"{test.key} on {test.base.on}: {gives}, and its columns say PASS up to {limit}")
        # Paths have whole numbers, so the last one at or below the limit is its floor.
        return Turn(True, limit.__floor__())
    # Numbers between the two were never asked about, and a path may have any of them.
    if above - below != 1:
        raise NotOnce
    return Turn(at_low, below)
