"""One subset of the sellers applied to every rate that a test uses: replicates of several prints together (rulings 59).

A seller that is out is out in every week and in every index. Up to 14 clusters all subsets are taken; above,
16,384 are drawn from SHAKE-256 of each seller's own name. So nothing depends on order, on a library or on the
other sellers.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm

import numpy as np
from numpy.typing import NDArray

from engine.basics.seller_subsets import TAILS, SellerWeek

ALL_SUBSETS_UP_TO = 14
"""Clusters up to which every subset is taken."""
DRAWN = 16_384
"""Subsets drawn if there are more clusters."""
SALT = "headroom sellers 1|"

Bits = NDArray[np.bool_]
Micros = NDArray[np.int64]
Rates = tuple[int, ...]
"""One rate in millionths for each print, in their order."""
Passes = Callable[[Fraction], bool]
"""Whether the test passes at a measured figure; its limit parts the figures in two."""
Outcomes = Callable[[Micros], tuple[Bits | Passes, list[Fraction]]]
"""Rates in millionths, a row for each case and a column for each print -> whether the test passes, and the figure measured."""


@dataclass(frozen=True)
class Candidate:
    """One value of a window: a constant and a weighted sum of prints, in millionths.

    Attributes:
        constant: what is fixed, as the Closing Date level.
        weights: for each print, by its place, how much of it the value holds.
    """

    constant: Fraction
    weights: tuple[tuple[int, Fraction], ...]

    @property
    def whole(self) -> tuple[Fraction, ...]:
        """The constant and the weights."""
        return (self.constant, *(weight for _, weight in self.weights))

    def at(self, rates: Micros, scale: int) -> Micros:
        """Return the value at each row of rates, times a scale that makes it a whole number."""
        total = np.full(len(rates), int(self.constant * scale), dtype=np.int64)
        for place, weight in self.weights:
            total += rates[:, place] * int(weight * scale)
        return total


@dataclass(frozen=True)
class Highest:
    """A figure that looks at the highest value of a window.

    Attributes:
        window: its values, oldest first.
        of_date: this date's value.
        figure: of the highest value and of this date's, in millionths, what is measured.
        passes: whether the test passes at a measured figure.
    """

    window: tuple[Candidate, ...]
    of_date: Candidate
    figure: Callable[[Fraction, Fraction], Fraction]
    passes: Passes


@dataclass(frozen=True)
class Replicates:
    """The outcome of a test over subsets of sellers.

    Attributes:
        subsets: how many replicates there are.
        drawn: whether they were drawn rather than all taken.
        lows: the least figure of each replicate over the corners, ascending.
        highs: the largest, ascending.
        apart: replicates whose verdict differs from the value's at their least or their largest figure.
        failing: the mean share of corners at which the test fails.
    """

    subsets: int
    drawn: bool
    lows: tuple[Fraction, ...]
    highs: tuple[Fraction, ...]
    apart: int
    failing: Fraction

    def interval(self, level: int = 95) -> tuple[Fraction, Fraction]:
        """Return the ends of the measured figure at 95 or 80 per cent."""
        beyond = self.subsets // TAILS[level]
        return self.lows[beyond], self.highs[-1 - beyond]

    def same_verdict(self, level: int = 95) -> bool:
        """Return whether the verdict is the same over the interval; whether enough sellers stand behind it is another question."""
        return TAILS[level] * self.apart <= self.subsets


@lru_cache(maxsize=512)
def bits_of(seller: str) -> bytes:
    """Return the bits of one seller: it is in replicate r where bit `r & 7`, lowest first, of byte `r >> 3` is 1."""
    return hashlib.shake_256(f"{SALT}{seller}".encode()).digest(DRAWN // 8)


def memberships(names: Sequence[str]) -> Bits:
    """Return which of the clusters are in each replicate: a row for each replicate, a column for each name."""
    if len(names) <= ALL_SUBSETS_UP_TO:
        numbers = np.arange(2 ** len(names))
        return (numbers[:, None] >> np.arange(len(names)) & 1).astype(np.bool_)
    columns = [
        np.unpackbits(np.frombuffer(bits_of(name), dtype=np.uint8), bitorder="little") for name in names
    ]
    return np.stack(columns, axis=1).astype(np.bool_)


def medians(week: SellerWeek, names: Sequence[str], inside: Bits) -> tuple[Micros, Micros]:
    """Return the lower and the upper median of a week in each replicate.

    Where none of its sellers is in, its lowest and highest listing.
    """
    prices = np.array(sorted(set(week.prices)), dtype=np.int64)
    counts = np.zeros(
        (len(names), len(prices)), dtype=np.float32
    )  # sums of whole numbers below 2^24: exact in any order
    for row, name in enumerate(names):
        held = week.clusters.get(name)
        if held is not None:
            np.add.at(counts[row], np.searchsorted(prices, held), 1)
    cumulative = inside.astype(np.float32) @ np.cumsum(counts, axis=1, dtype=np.float32)
    total = cumulative[:, -1:]
    low = (2 * cumulative >= total).argmax(axis=1)
    high = (2 * cumulative > total).argmax(axis=1)
    empty = total[:, 0] == 0
    return np.where(empty, prices[0], prices[low]), np.where(empty, prices[-1], prices[high])


def replicates(weeks: Sequence[SellerWeek], today: int, passed: bool, outcomes: Outcomes) -> Replicates:
    """Return a test over subsets of the sellers of all its prints.

    Args:
        weeks: the listings behind each print that the test uses.
        today: the place among them of this date's rate of the clause's first index; -1 if it uses none.
        passed: the verdict of the value.
        outcomes: the test at other rates.
    """
    names, inside = _inside(weeks)
    ranked = _ranked(_corners(*_rates(weeks, names, inside), today), outcomes)
    return _replicates(passed, ranked, ranked, len(names))


def replicates_of_highest(
    weeks: Sequence[SellerWeek], today: int, passed: bool, highest: Highest
) -> Replicates:
    """Return the same of a figure that looks at the highest value of a window.

    The highest of many noisy weeks is high by luck. So the week is chosen by a subset and measured by the
    sellers outside of it; that gives a replicate's least figure and its share, while its largest is the plain
    one.
    """
    names, inside = _inside(weeks)
    within = _rates(weeks, names, inside)
    scale = lcm(
        *(weight.denominator for value in (*highest.window, highest.of_date) for weight in value.whole)
    )

    def values(rates: Micros) -> Micros:
        return np.stack([value.at(rates, scale) for value in (*highest.window, highest.of_date)], axis=1)

    def outcomes(cases: Micros) -> tuple[Passes, list[Fraction]]:
        return highest.passes, [
            highest.figure(Fraction(int(top), scale), Fraction(int(own), scale)) for top, own in cases
        ]

    def pairs(corners: Micros, week: Micros | None) -> Micros:
        """Return the highest value, or the chosen week's, with this date's at each corner."""
        measured = []
        for rates in corners:
            held = values(rates)
            top = held[:, :-1].max(axis=1) if week is None else held[np.arange(len(week)), week]
            measured.append(np.stack([top, held[:, -1]], axis=1))
        return np.stack(measured)

    low, high = (values(rates)[:, :-1] for rates in within)
    chosen = (low + high).argmax(axis=1)
    outside = _ranked(pairs(_corners(*_rates(weeks, names, ~inside), today), chosen), outcomes)
    return _replicates(passed, outside, _ranked(pairs(_corners(*within, today), None), outcomes), len(names))


def by_formula(at: Callable[[Rates], tuple[bool, Fraction]], passes: Passes) -> Outcomes:
    """Return a test at many rates: each asked for, or, of many, by the formula that it turns out to follow.

    Nearly every figure is a weighted sum of the rates, or one divided by such a sum. Its weights follow from
    moving one rate at a time; the formula is taken only if it gives the figure itself, exactly, at places
    spread over all cases and at its own extremes.
    """

    def outcomes(cases: Micros) -> tuple[Bits | Passes, list[Fraction]]:
        figures = _formula(cases, lambda rates: at(rates)[1]) if len(cases) > FEW_CASES else None
        if figures is None:
            measured = [at(tuple(map(int, rates))) for rates in cases]
            return np.array([passing for passing, _ in measured], dtype=np.bool_), [
                figure for _, figure in measured
            ]
        return passes, figures

    return outcomes


FEW_CASES = 200
"""Cases up to which each is asked for."""
CHECKED = 40
"""Cases at which a formula is held against the test itself."""


def _formula(cases: Micros, figure: Callable[[Rates], Fraction]) -> list[Fraction] | None:
    """Return the figures of all cases by a weighted sum or its reciprocal; None if neither holds."""
    base = tuple(map(int, cases[0]))
    step = 10**6
    moved = [tuple(rate + step * (n == place) for n, rate in enumerate(base)) for place in range(len(base))]
    asked = [figure(rates) for rates in (base, *moved)]
    for turned in (False, True):
        if turned and not all(asked):
            return None
        first, *others = [1 / value if turned else value for value in asked]
        weights = [(other - first) / step for other in others]
        constant = first - sum(
            (weight * rate for weight, rate in zip(weights, base, strict=True)), Fraction(0)
        )
        scale = lcm(*(term.denominator for term in (constant, *weights)))
        whole = np.array([int(weight * scale) for weight in weights], dtype=object)
        sums = (cases.astype(object) @ whole + int(constant * scale)).tolist()
        if turned and not all(sums):
            continue
        known = {total: Fraction(scale, total) if turned else Fraction(total, scale) for total in set(sums)}
        ratios = [known[total] for total in sums]
        extremes = (sums.index(min(sums)), sums.index(max(sums)))
        spread = (n * (len(cases) - 1) // (CHECKED - 1) for n in range(CHECKED))
        if all(ratios[n] == figure(tuple(map(int, cases[n]))) for n in (*extremes, *spread)):
            return ratios
    return None


def _inside(weeks: Sequence[SellerWeek]) -> tuple[list[str], Bits]:
    """Return the clusters of all weeks, and which of them are in each replicate."""
    names = sorted({name for week in weeks for name in week.clusters})
    return names, memberships(names)


def _replicates(passed: bool, low: _Ranked, high: _Ranked, clusters: int) -> Replicates:
    """Return what the least figures and shares of one, and the largest figures of another ranking, come to."""
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
    """Figures at the corners: the distinct ones ascending, whether each passes, and the place of each corner's among them."""

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
    """Return the test at every distinct corner, once."""
    shape = corners.shape[:2]
    cases, place_of = np.unique(corners.reshape(-1, corners.shape[2]), axis=0, return_inverse=True)
    passing, figures = outcomes(cases)
    order = sorted(
        sorted(range(len(figures)), key=lambda case: float(figures[case])), key=figures.__getitem__
    )
    rank = np.empty(len(figures), dtype=np.int64)
    distinct: list[Fraction] = []
    first: list[int] = []
    for case in order:
        if not distinct or distinct[-1] != figures[case]:
            distinct.append(figures[case])
            first.append(case)
        rank[case] = len(distinct) - 1
    verdicts = _verdicts(distinct, passing) if callable(passing) else passing[first]
    return _Ranked(distinct, verdicts, rank[place_of.reshape(-1)].reshape(shape))


def _verdicts(ascending: Sequence[Fraction], passes: Passes) -> Bits:
    """Whether the test passes at each figure; only those about the limit, which parts them in two, are asked for."""
    least = passes(ascending[0])
    turn = bisect_left(ascending, True, key=lambda figure: passes(figure) != least)
    return np.array([(place < turn) == least for place in range(len(ascending))], dtype=np.bool_)
