"""Tests that hold rates against a reported figure which follows the rate: they turn at one ratio of the two.

A rent that follows the rate is another on each path, so no single number of the rates tells where the floor
turns. The ratio of the rates to the rent does, and it is exact: two whole numbers of each path are compared.
`measure` is asked where it turns, and on windows of many shapes whether it turns there too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.basics.values import Figure, Unit
from engine.determination.linear_form import Told
from engine.determination.measure_inputs import Missing
from engine.events.results import Verdict
from engine.foresight.columns.linked_reports import following
from engine.foresight.columns.linked_values import LARGEST
from engine.foresight.columns.path_facts import TestOnDate, facts_of
from engine.foresight.columns.path_rates import (
    Flags,
    PathRates,
    Scaled,
    one_value,
    scaled,
    values_of,
)
from engine.foresight.columns.proof import (
    Differs,
    closing_tick,
    predicates,
    windows_of_all_shapes,
)
from engine.foresight.rate_paths import TICK

WIDEST = Fraction(2**20)
"""The ratios at which a turn is looked for lie between this and its inverse."""
HALVES = 100
"""How often the space between two ratios is halved; what is left is `WIDTH`."""
WIDTH = WIDEST / 2**HALVES
BESIDE = Fraction(1, 2**40)
"""How far beside a turn `measure` is asked in a proof."""
Figures = Mapping[tuple[str, date], Fraction]


class NoRatio(Exception):
    """Raised if no ratio tells where a test turns."""


@dataclass(frozen=True)
class RatioTurn:
    """Where something turns.

    Attributes:
        at_low: whether it holds at the lowest ratios.
        last: the ratio at which it turns; None if it never does.
        includes: whether it is at that very ratio as it is below.
    """

    at_low: bool
    last: Fraction | None = None
    includes: bool = True


@dataclass(frozen=True)
class Against:
    """What the rates are held against on a date, and where each of `predicates` turns."""

    told: Told
    turns: tuple[RatioTurn, ...]


@dataclass
class KnownRatios:
    """What was found on earlier dates: tried first on the next one, and proved once while it stays."""

    turns: dict[tuple[str, int], RatioTurn] = field(default_factory=dict)
    proved: set[tuple[object, ...]] = field(default_factory=set)


def against_reports(test: TestOnDate, rates: PathRates, known: KnownRatios) -> tuple[Scaled, Against]:
    """Return the rates of a test, and where it turns as they rise against a reported figure.

    Args:
        test: the test.
        rates: the paths, of which dates, indices and links are looked at.
        known: what was found on earlier dates.

    Raises:
        NoRatio: its template does not say what is held against what, or a part of that does not follow.
        Differs: the template says otherwise than its `measure`.
    """
    template = test.template
    if template.columns is None or template.told is None:
        raise NoRatio
    flat = one_value(rates.dates, tuple(rates.ticks), closing_tick(test))
    # The names and the dates of reports are the same on all paths, so any path tells them.
    facts = facts_of(test, PathRates(flat.dates, flat.ticks, rates.links), 0)
    try:
        form, told = template.columns(test.clause, facts), template.told(test.clause, facts)
    except Missing:
        raise NoRatio from None
    follow = {link.figure: link for link in rates.links}
    if form is None or form.gate is not None or told is None:
        raise NoRatio
    if any(name not in follow or follow[name].unit is not Unit.RATE for name, _, _ in told.parts):
        raise NoRatio
    if any(one.index not in rates.ticks for one, _ in form.parts):
        raise NoRatio
    asked = _Asked(test, scaled(form), told, frozenset(follow))
    turns = tuple(_turn(asked, flat, known, number) for number in range(len(predicates(test))))
    _prove(asked, rates, turns, known.proved)
    return asked.form, Against(told, turns)


@dataclass(frozen=True)
class _Asked:
    """A test whose `measure` is asked on windows of rates, with figures that give a certain ratio."""

    test: TestOnDate
    form: Scaled
    told: Told
    follow: frozenset[str]

    def at(self, window: PathRates, shape: Figures, ratio: Fraction) -> list[bool]:
        """Return which predicates hold on a window if the rates are `ratio` times what is told.

        Raises NoRatio if nothing is determined there.
        """
        day = self.test.base.on
        values = values_of(self.form, window, self.test.fallbacks.terms, day).values
        total = sum((weight * shape[name, on] for name, on, weight in self.told.parts), Fraction(0))
        scale = Fraction(int(values[0]), self.form.unit) / ratio / total

        def find(name: str, on: date) -> Figure:
            # What the form does not look at is far off, so a wrong report would show at once.
            return Figure(value=scale * shape.get((name, on), Fraction(9)), unit=Unit.RATE)

        facts = facts_of(self.test, window, 0)
        result = self.test.decided(following(facts, self.follow, find))
        if result.verdict is Verdict.NOT_DETERMINED:
            raise NoRatio
        return [holds(result) for holds in predicates(self.test)]

    def there(self, window: PathRates) -> bool:
        """Return whether the form has all of its rates on a window."""
        there = values_of(self.form, window, self.test.fallbacks.terms, self.test.base.on).there
        return there is None or bool(there[0])

    def shape(self, number: int) -> Figures:
        """Return figures in some proportion to one another, another for each number."""
        draw = np.random.default_rng(number)
        return {
            (name, on): Fraction(int(draw.integers(50, 150)), 100) if number else Fraction(1)
            for name, on, _ in self.told.parts
        }


def _turn(asked: _Asked, flat: PathRates, known: KnownRatios, number: int) -> RatioTurn:
    """Return where a predicate turns: where it did on the date before, or found by halves."""
    shape, name = asked.shape(0), (asked.test.key, number)
    if not asked.there(flat):
        raise NoRatio

    def at(ratio: Fraction) -> bool:
        return asked.at(flat, shape, ratio)[number]

    before = known.turns.get(name)
    if before is not None and before.last is not None:
        sides = [at(before.last + side * WIDTH) for side in (-1, 0, 1)]
        if sides == [before.at_low, before.at_low is before.includes, not before.at_low]:
            return before
    low, high = 1 / WIDEST, WIDEST
    at_low = at(low)
    if at(high) == at_low:
        return RatioTurn(at_low)
    for _ in range(HALVES):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle) == at_low else (low, middle)
    last = simplest(low, high)
    known.turns[name] = RatioTurn(at_low, last, at(last) == at_low)
    return known.turns[name]


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction with the least divisor from `low` to `high`, both above zero."""
    whole = math.ceil(low)
    if whole <= high:
        return Fraction(whole)
    below = whole - 1
    return below + 1 / simplest(1 / (high - below), 1 / (low - below))


def _prove(
    asked: _Asked, rates: PathRates, turns: Sequence[RatioTurn], proved: set[tuple[object, ...]]
) -> None:
    """Check on windows of many shapes that `measure` turns where it does on a flat one.

    Raises Differs otherwise. The first time of a clause all shapes are asked, and one of them on each date.
    """
    test, form = asked.test, asked.form.form
    words = (test.key, test.clause, test.in_force, form.parts, len(asked.told.parts), tuple(turns))
    shapes = windows_of_all_shapes(test, asked.form, rates)
    for place, window in enumerate(shapes):
        if place and words in proved:
            break
        if not asked.there(window):
            continue
        for ratio, wanted in _beside(turns):
            try:
                said = asked.at(window, asked.shape(place + 1), ratio)
            except NoRatio:
                said = []
            if said != wanted:
                raise Differs(
                    f"{test.key} on {test.base.on}: where the rates are {ratio} times what is told, its "
                    f"columns say {wanted}, and measure gives {said}"
                )
    proved.add(words)


def _beside(turns: Sequence[RatioTurn]) -> Iterator[tuple[Fraction, list[bool]]]:
    for turn in turns:
        at = turn.last or Fraction(1)
        for ratio in (at - BESIDE, at, at + BESIDE):
            yield ratio, [_side(one, ratio) for one in turns]


def _side(turn: RatioTurn, ratio: Fraction) -> bool:
    if turn.last is None:
        return turn.at_low
    under = ratio < turn.last or (ratio == turn.last and turn.includes)
    return under is turn.at_low


def held_against(
    form: Scaled, against: Against, rates: PathRates, values: NDArray[Any], there: Flags | None
) -> tuple[Flags, ...]:
    """Return which predicates hold on each path.

    Args:
        form: the rates.
        against: what they are held against.
        rates: the paths.
        values: the form on each path, in whole numbers.
        there: where it has all of its rates; None if it has them everywhere.

    Raises OverflowError if a ratio lies beyond those looked at, or the numbers could pass 2^62.
    """
    common = math.lcm(*(weight.denominator for _, _, weight in against.told.parts))
    parts = [(name, on, int(weight * common)) for name, on, weight in against.told.parts]
    most = sum(weight * int(rates.linked(name, on).max()) for name, on, weight in parts)
    if most >= LARGEST:
        raise OverflowError
    told = np.zeros(rates.paths, dtype=np.int64)
    for name, on, weight in parts:
        told += rates.linked(name, on) * np.int64(weight)
    # The ratio is `values` / `form.unit` over `told` / (`TICK` x `common`).
    mine, theirs = Fraction(TICK * common, form.unit).as_integer_ratio()
    seen = slice(None) if there is None else there
    known, held = values[seen], told[seen]
    if len(known):
        least, top = int(known.min()) * mine, int(known.max()) * mine
        if int(held.min()) <= 0 or least <= 0:
            raise OverflowError
        if top > WIDEST * int(held.min()) * theirs or least * WIDEST < int(held.max()) * theirs:
            raise OverflowError
    return tuple(_held(turn, values, told, mine, theirs) for turn in against.turns)


def _held(turn: RatioTurn, values: NDArray[Any], told: NDArray[np.int64], mine: int, theirs: int) -> Flags:
    if turn.last is None:
        return np.full(values.shape, turn.at_low)
    above, below = turn.last.as_integer_ratio()
    one, other = mine * below, theirs * above
    shared = math.gcd(one, other)
    one, other = one // shared, other // shared
    # No ratio of a path lies between the turn and the ends of the space in which it was found.
    if int(told.max(initial=1)) * theirs * below * WIDTH >= 1:
        raise OverflowError
    if max(int(np.abs(values).max(initial=0)) * one, int(told.max(initial=0)) * other) >= LARGEST:
        raise OverflowError
    left, right = values.astype(np.int64) * one, told * other
    under: Flags = left <= right if turn.includes else left < right
    return under if turn.at_low else ~under
