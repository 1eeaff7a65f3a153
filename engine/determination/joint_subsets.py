"""One subset of the sellers applied to every rate that a test uses (rulings 59).

It gives replicates of several prints together. A seller that is out is out in every week and in every index.
Up to 14 clusters all subsets are taken. Above that, 16,384 are drawn from SHAKE-256 of each seller's own
name. So nothing depends on order, on a library or on the other sellers.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from math import lcm

import numpy as np
from numpy.typing import NDArray

from engine.basics.seller_subsets import TAILS, SellerWeek

ALL_SUBSETS_UP_TO = 14
"""The number of clusters up to which every subset is taken."""
DRAWN = 16_384
"""The number of subsets drawn if there are more clusters."""
SALT = "headroom sellers 1|"

Bits = NDArray[np.bool_]
Micros = NDArray[np.int64]
Rates = tuple[int, ...]
"""One rate in millionths for each print, in the order of the prints."""
Passes = Callable[[Fraction], bool]
"""Whether the test passes at a measured figure. Its limit divides the figures into two ranges."""
Outcomes = Callable[[Micros], tuple[Bits | Passes, list[Fraction]]]
"""From rates in millionths to whether the test passes in each case, and the figure measured.

The rates have a row for each case and a column for each print.
"""


@dataclass(frozen=True)
class Candidate:
    """One value of a window: a constant plus a weighted sum of prints, in millionths.

    Attributes:
        constant: what is fixed, like the Closing Date level.
        weights: (place of a print, how much of it the value holds).
    """

    constant: Fraction
    weights: tuple[tuple[int, Fraction], ...]

    @property
    def whole(self) -> tuple[Fraction, ...]:
        """The constant and the weights in one tuple."""
        return (self.constant, *(weight for _, weight in self.weights))


@dataclass(frozen=True)
class _Values:
    """Several values of a window, computed together at many rates.

    Attributes:
        scale: what every value is multiplied by, so that it is a whole number.
        constants: the constant of each value, times the scale.
        weights: a row for each print and a column for each value, times the scale.
    """

    scale: int
    constants: Micros
    weights: Micros

    def at(self, rates: Micros) -> Micros:
        """Return the values, a column for each, at each row of rates."""
        return rates @ self.weights + self.constants


def _values(candidates: Sequence[Candidate], prints: int) -> _Values:
    """Return the values of a window on the least scale that makes all of them whole numbers."""
    scale = lcm(*(term.denominator for value in candidates for term in value.whole))
    constants = np.array([int(value.constant * scale) for value in candidates], dtype=np.int64)
    weights = np.zeros((prints, len(candidates)), dtype=np.int64)
    for column, value in enumerate(candidates):
        for place, weight in value.weights:
            # `scale` is a multiple of every denominator, so `int` cuts nothing off here or above.
            weights[place, column] += int(weight * scale)
    return _Values(scale, constants, weights)


@dataclass(frozen=True)
class WeightedSum:
    """A figure of two values: their weighted sum or zero, whichever is larger.

    It is rounded as the deal says.

    Attributes:
        weights: the weight of the first value, and that of the second.
        rounded: the deal's rounding of a figure.
    """

    weights: tuple[Fraction, Fraction]
    rounded: Callable[[Fraction], Fraction]

    def figures(self, pairs: Micros, scale: int) -> list[Fraction]:
        """Return the exact figure of each row of two values.

        The values are whole numbers of a `scale`-th.
        """
        under = lcm(*(weight.denominator for weight in self.weights))
        first, second = (int(weight * under) for weight in self.weights)
        # Whole numbers are summed, and rounding is asked once for each distinct sum: fractions would be slow.
        sums = [max(0, first * one + second * other) for one, other in pairs.tolist()]
        known = {total: self.rounded(Fraction(total, under * scale)) for total in set(sums)}
        return [known[total] for total in sums]


@dataclass(frozen=True)
class Highest:
    """A figure that looks at the highest value of a window.

    Attributes:
        window: its values, oldest first.
        of_date: this date's value.
        figure: a function from the highest value and this date's, in millionths, to the measured figure.
        passes: whether the test passes at a measured figure.
        by_sum: the same as `figure`, if it is a weighted sum that is never below zero.
    """

    window: tuple[Candidate, ...]
    of_date: Candidate
    figure: Callable[[Fraction, Fraction], Fraction]
    passes: Passes
    by_sum: WeightedSum | None = None


@dataclass(frozen=True)
class Replicates:
    """The outcome of a test over subsets of sellers.

    Attributes:
        subsets: the number of replicates.
        drawn: whether they were drawn; otherwise all were taken.
        lows: the least figure of each replicate over the corners, ascending.
        highs: the largest figure of each replicate, ascending.
        apart: the number of replicates whose verdict, at their least or their largest figure, differs from
            that of the value.
        failing: the mean share of corners at which the test fails.
    """

    subsets: int
    drawn: bool
    lows: tuple[Fraction, ...]
    highs: tuple[Fraction, ...]
    apart: int
    failing: Fraction

    def interval(self, level: int = 95) -> tuple[Fraction, Fraction]:
        """Return the two ends of the measured figure at 95 or 80 per cent."""
        # The whole part is taken: an interval may be wider than its level says, but never narrower.
        beyond = self.subsets // TAILS[level]
        return self.lows[beyond], self.highs[-1 - beyond]

    def same_verdict(self, level: int = 95) -> bool:
        """Return whether the verdict is the same over the interval at a level in per cent.

        Whether enough sellers stand behind the interval is another question.
        """
        # The tail is multiplied out, because a divided share could be rounded across the boundary.
        return TAILS[level] * self.apart <= self.subsets


@lru_cache(maxsize=512)
def bits_of(seller: str) -> bytes:
    """Return the bits of one seller, which say in which replicates the seller is.

    It is in replicate r if bit `r & 7`, lowest first, of byte `r >> 3` is 1.
    """
    # A function of the name alone: a seller that leaves does not move the draws of the others (ADR 15).
    return hashlib.shake_256(f"{SALT}{seller}".encode()).digest(DRAWN // 8)


def memberships(names: Sequence[str]) -> Bits:
    """Return which clusters are in each replicate: a row per replicate, a column per name."""
    if len(names) <= ALL_SUBSETS_UP_TO:
        # The empty subset is among them. `medians` gives it the whole range of the week.
        numbers = np.arange(2 ** len(names))
        return (numbers[:, None] >> np.arange(len(names)) & 1).astype(np.bool_)
    columns = [
        np.unpackbits(np.frombuffer(bits_of(name), dtype=np.uint8), bitorder="little") for name in names
    ]
    return np.stack(columns, axis=1).astype(np.bool_)


def medians(week: SellerWeek, names: Sequence[str], inside: Bits) -> tuple[Micros, Micros]:
    """Return the lower and the upper median of a week in each replicate.

    If none of the week's sellers is in a replicate, they are the week's lowest and highest listing.
    """
    prices = np.array(sorted(set(week.prices)), dtype=np.int64)
    # How many listings of each cluster are at or below each price: whole numbers below 2^24, exact as floats.
    upto = np.zeros((len(names), len(prices)), dtype=np.float32)
    for row, name in enumerate(names):
        held = week.clusters.get(name)
        if held is not None:
            upto[row] = np.array(held, dtype=np.int64).searchsorted(prices, side="right")
    cumulative = inside.astype(np.float32) @ upto
    total = cumulative[:, -1:]
    # `argmax` finds the first price that reaches half of the listings (low), or that passes half (high).
    low = (2 * cumulative >= total).argmax(axis=1)
    high = (2 * cumulative > total).argmax(axis=1)
    # For an empty subset both lines above give the lowest price, although nothing is known of it.
    empty = total[:, 0] == 0
    return np.where(empty, prices[0], prices[low]), np.where(empty, prices[-1], prices[high])


def replicates(weeks: Sequence[SellerWeek], today: int, passed: bool, outcomes: Outcomes) -> Replicates:
    """Return how a test comes out if only some of the sellers of all its prints are kept.

    One replicate is one subset of the sellers, applied to all prints at once.

    Args:
        weeks: the listings behind each print that the test uses.
        today: the place in `weeks` of this date's rate of the clause's first index; -1 if the test uses none.
        passed: whether the test passes at the published values.
        outcomes: a function that returns verdicts and figures of the test at other rates.
    """
    names, inside = _inside(weeks)
    ranked = _ranked(_corners(*_rates(weeks, names, inside), today), outcomes)
    return _replicates(passed, ranked, ranked, len(names))


def replicates_of_highest(
    weeks: Sequence[SellerWeek], today: int, passed: bool, highest: Highest
) -> Replicates:
    """Return the outcome over subsets of sellers for a figure that looks at a window's highest value.

    The highest of many noisy weeks is high by luck. So the week is chosen by a subset and measured by the
    sellers outside of it. That gives a replicate's least figure and its share; its largest figure is the
    plain one.
    """
    names, inside = _inside(weeks)
    # Each subset and the sellers outside of it are looked at together: a week's listings are counted once.
    both = _rates(weeks, names, np.concatenate([inside, ~inside]))
    count = len(inside)
    low, high, low_beyond, high_beyond = both[0][:count], both[1][:count], both[0][count:], both[1][count:]
    values = _values((*highest.window, highest.of_date), len(weeks))
    scale = values.scale

    def outcomes(cases: Micros) -> tuple[Passes, list[Fraction]]:
        if highest.by_sum is not None:
            return highest.passes, highest.by_sum.figures(cases, scale)
        return highest.passes, [
            highest.figure(Fraction(int(top), scale), Fraction(int(own), scale)) for top, own in cases
        ]

    def pairs(corners: Micros, week: Micros | None) -> Micros:
        """Return two values for each replicate at each corner: the window's highest, and this date's.

        If `week` is given, the first value is that of the week it names for each replicate, not the highest.
        """
        measured = []
        for rates in corners:
            held = values.at(rates)
            top = held[:, :-1].max(axis=1) if week is None else held[np.arange(len(week)), week]
            measured.append(np.stack([top, held[:, -1]], axis=1))
        return np.stack(measured)

    # The sum stands for the middle of the two medians: halving it would not change which week is the highest.
    chosen = (values.at(low) + values.at(high))[:, :-1].argmax(axis=1)
    outside = _ranked(pairs(_corners(low_beyond, high_beyond, today), chosen), outcomes)
    return _replicates(
        passed, outside, _ranked(pairs(_corners(low, high, today), None), outcomes), len(names)
    )


def by_formula(
    at: Callable[[Rates], tuple[bool, Fraction]],
    passes: Passes,
    rounded: Callable[[Fraction], Fraction] = lambda value: value,
) -> Outcomes:
    """Return a function that gives the test at many rates.

    A few rates are each asked for. Many follow from the formula that the test turns out to have. Nearly every
    figure is a weighted sum of the rates, or one divided by such a sum. Its weights follow from moving one
    rate at a time. The formula is taken only if it gives the figure itself, exactly, at places spread over
    all cases and at its own extremes. Nor is it taken if the deal's rounding changes one of its figures.
    """

    def figure(rates: Rates) -> Fraction:
        passed, value = at(rates)
        # A limit that moves with the rates gives another verdict than the limit of the test.
        if passed != passes(value):
            raise _OtherLimit
        return value

    def by_one_formula(cases: Micros) -> list[Fraction] | None:
        try:
            figures = _formula(cases, figure)
        except _OtherLimit:
            return None
        changed = figures is not None and any(rounded(one) != one for one in set(figures))
        return None if changed else figures

    def outcomes(cases: Micros) -> tuple[Bits | Passes, list[Fraction]]:
        # A formula is found and checked with more than 40 measures, which a few cases do not repay.
        figures = by_one_formula(cases) if len(cases) > FEW_CASES else None
        if figures is None:
            measured = [at(tuple(map(int, rates))) for rates in cases]
            return np.array([passing for passing, _ in measured], dtype=np.bool_), [
                figure for _, figure in measured
            ]
        return passes, figures

    return outcomes


class _OtherLimit(Exception):
    """The test has another limit at other rates."""


FEW_CASES = 200
"""The number of cases up to which each is asked for."""
CHECKED = 40
"""The number of cases at which a formula is compared with the test itself."""


def _formula(cases: Micros, figure: Callable[[Rates], Fraction]) -> list[Fraction] | None:
    """Return the figure of each case, computed by a formula instead of the test itself.

    The formula is a weighted sum of the rates, or one divided by such a sum. Some cases are compared with the
    test itself. The result is None if neither formula agrees.
    """
    base = tuple(map(int, cases[0]))
    step = 10**6
    moved = [tuple(rate + step * (n == place) for n, rate in enumerate(base)) for place in range(len(base))]
    asked = [figure(rates) for rates in (base, *moved)]
    spread = [n * (len(cases) - 1) // (CHECKED - 1) for n in range(CHECKED)]
    checked = {n: (rates := tuple(map(int, cases[n])), figure(rates)) for n in dict.fromkeys(spread)}
    for turned in (False, True):
        # A figure of zero has not a reciprocal, so the second formula cannot hold.
        if turned and not all(asked):
            return None
        first, *others = [1 / value if turned else value for value in asked]
        weights = [(other - first) / step for other in others]
        constant = first - sum(
            (weight * rate for weight, rate in zip(weights, base, strict=True)), Fraction(0)
        )
        scale = lcm(*(term.denominator for term in (constant, *weights)))
        whole, added = [int(weight * scale) for weight in weights], int(constant * scale)
        if not all(_gives(whole, added, scale, turned, *one) for one in checked.values()):
            continue
        # Python integers are used here, because exact weights on one scale can pass 64 bits.
        sums = (cases.astype(object) @ np.array(whole, dtype=object) + added).tolist()
        # A sum of zero cannot be divided by, so such cases are left to the test itself.
        if turned and not all(sums):
            continue
        known = {total: Fraction(scale, total) if turned else Fraction(total, scale) for total in set(sums)}
        # A floor or a cap shows at the extremes first, and the places spread over all cases may miss it.
        extremes = (sums.index(min(sums)), sums.index(max(sums)))
        if all(known[sums[n]] == figure(tuple(map(int, cases[n]))) for n in extremes):
            return [known[total] for total in sums]
    return None


def _gives(
    whole: Sequence[int], added: int, scale: int, turned: bool, rates: Rates, figure: Fraction
) -> bool:
    """Return whether a weighted sum, or its reciprocal, gives the figure that the test has at some rates."""
    total = sum(weight * rate for weight, rate in zip(whole, rates, strict=True)) + added
    top, under = (scale, total) if turned else (total, scale)
    # The fractions are compared multiplied out: building one for each check would reduce it first.
    return figure.numerator * under == top * figure.denominator and under != 0


def _inside(weeks: Sequence[SellerWeek]) -> tuple[list[str], Bits]:
    """Return the clusters of all weeks, and which of them are in each replicate."""
    # The names are sorted, so that a replicate's number depends neither on the weeks' order nor on a set's.
    names = sorted({name for week in weeks for name in week.clusters})
    return names, memberships(names)


def _replicates(passed: bool, low: _Ranked, high: _Ranked, clusters: int) -> Replicates:
    """Return the replicates, with the least figures and shares of `low` and the largest figures of `high`."""
    least, most = low.places.min(axis=0), high.places.max(axis=0)
    return Replicates(
        subsets=len(least),
        drawn=clusters > ALL_SUBSETS_UP_TO,
        lows=tuple(low.figures[place] for place in np.sort(least)),
        highs=tuple(high.figures[place] for place in np.sort(most)),
        apart=int(((low.passing[least] != passed) | (high.passing[most] != passed)).sum()),
        failing=Fraction(int((~low.passing[low.places]).sum()), low.places.size),
    )


@dataclass(frozen=True)
class _Ranked:
    """The figures at the corners.

    They are the distinct figures, ascending, whether each passes, and the place of each corner's figure among
    them.
    """

    figures: list[Fraction]
    passing: Bits
    places: Micros


def _rates(weeks: Sequence[SellerWeek], names: Sequence[str], inside: Bits) -> tuple[Micros, Micros]:
    """Return the lower and the upper rate of every print in each replicate, a column for each print."""
    rates = [medians(week, names, inside) for week in weeks]
    low, high = (np.stack(columns, axis=1) for columns in zip(*rates, strict=True))
    return low, high


def _corners(low: Micros, high: Micros, today: int) -> Micros:
    """Return the four corners of each replicate: this date's rate low or high, and all others low or high."""
    is_today = np.arange(low.shape[1]) == today
    return np.stack([np.where(is_today, own, rest) for own in (low, high) for rest in (low, high)])


def _ranked(corners: Micros, outcomes: Outcomes) -> _Ranked:
    """Return the test's figure and verdict at every corner, as places in the ascending list of figures.

    Each distinct corner is computed once.
    """
    shape = corners.shape[:2]
    # Many replicates meet in the same corner, and a measure is what costs time.
    cases, place_of = np.unique(corners.reshape(-1, corners.shape[2]), axis=0, return_inverse=True)
    passing, figures = outcomes(cases)
    order = _ascending(figures)
    rank = np.empty(len(figures), dtype=np.int64)
    distinct: list[Fraction] = []
    first: list[int] = []
    for case in order:
        # Identity is asked first: equal figures are often one object, and comparing long fractions is slow.
        if not distinct or (distinct[-1] is not figures[case] and distinct[-1] != figures[case]):
            distinct.append(figures[case])
            first.append(case)
        rank[case] = len(distinct) - 1
    verdicts = _verdicts(distinct, passing) if callable(passing) else passing[first]
    return _Ranked(distinct, verdicts, rank[place_of.reshape(-1)].reshape(shape))


def _ascending(figures: Sequence[Fraction]) -> list[int]:
    """Return the places of figures from the least on, equal ones in their order.

    The nearest float of a larger figure is never smaller, so only figures with one float are compared as they
    are.
    """
    floats = [float(figure) for figure in figures]
    order = sorted(range(len(figures)), key=floats.__getitem__)
    found: list[int] = []
    for _, near in groupby(order, key=floats.__getitem__):
        found += sorted(near, key=figures.__getitem__)
    return found


def _verdicts(ascending: Sequence[Fraction], passes: Passes) -> Bits:
    """Return whether the test passes at each of the ascending figures.

    The limit divides them in two, so only the figures about it are asked for.
    """
    least = passes(ascending[0])
    turn = bisect_left(ascending, True, key=lambda figure: passes(figure) != least)
    return np.array([(place < turn) == least for place in range(len(ascending))], dtype=np.bool_)
