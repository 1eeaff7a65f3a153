"""How often the intervals hold the truth, measured on a series' own listings (rulings 59).

The pool is every seller of every week with its listings; its median is the truth. Weeks of n sellers are
drawn from it, and each pick counts as a separate seller. Each interval of such a week holds the truth or does
not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median

from engine.basics.seller_subsets import seller_week

DRAWS = 1_000
COUNTS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20)
"""The numbers of sellers that are measured."""
LEAST_PAIRS, LEAST_POOL_SELLERS = 30, 8
"""The fewest pairs of a week and a seller, and the fewest different sellers, that a pool must have."""
SALT = "headroom coverage 1"
SLACK = Fraction(1, 10_000)
"""The share of the truth by which an end may miss it and still hold it.

Prices of one seller differ in the fourth decimal.
"""
WANTED = 0.95

Pool = Sequence[tuple[int, ...]]
"""The listings of one seller in one week, in millionths, for each pair of a seller and a week."""
ListingsInterval = Callable[[Sequence[Decimal]], tuple[Decimal, Decimal]]
"""A function from a week's listings, in USD, to the ends of the methodology's own interval."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one kind of interval did over all draws.

    Attributes:
        hits: the number of draws in which it held the truth.
        width: the median of its widths, as a share of the truth.
    """

    hits: int
    width: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The measured coverage at one number of sellers."""

    sellers: int
    effective: float
    draws: int
    listings: Held | None
    subsets: Held
    subsets_80: Held

    def share(self, held: Held) -> float:
        """Return the share of draws in which an interval held the truth."""
        return held.hits / self.draws

    def error(self, held: Held) -> float:
        """Return the Monte Carlo error of the share of hits: two standard deviations."""
        p = self.share(held)
        return float(2 * (p * (1 - p) / self.draws) ** 0.5)

    @property
    def holds(self) -> bool:
        """Whether the interval at 95% covers at least 95%, within the error of the measurement."""
        return self.share(self.subsets) + self.error(self.subsets) >= WANTED


def coverage(
    pool: Pool,
    draws: int = DRAWS,
    counts: Sequence[int] = COUNTS,
    of_listings: ListingsInterval | None = None,
) -> Iterator[Coverage]:
    """Yield the measured coverage for each number of sellers.

    With `of_listings` the methodology's own interval is measured beside.
    """
    truth = true_median(pool)
    for count in counts:
        weeks = [_drawn(pool, count, draw) for draw in range(draws)]
        drawn = [seller_week(week) for week in weeks]
        own = None
        if of_listings is not None:
            ends = [of_listings([Decimal(price).scaleb(-6) for _, price in week]) for week in weeks]
            own = _held([(Fraction(low) * 10**6, Fraction(high) * 10**6) for low, high in ends], truth)
        yield Coverage(
            sellers=count,
            effective=median(float(week.effective) for week in drawn),
            draws=draws,
            listings=own,
            subsets=_held([week.interval() for week in drawn], truth),
            subsets_80=_held([week.interval(80) for week in drawn], truth),
        )


def true_median(pool: Pool) -> Fraction:
    """Return the median of all listings of the pool, in millionths."""
    every = sorted(price for held in pool for price in held)
    return Fraction(every[(len(every) - 1) // 2] + every[len(every) // 2], 2)


def _drawn(pool: Pool, count: int, draw: int) -> list[tuple[str | None, int]]:
    """Return (seller, price in millionths) for the listings of one drawn week.

    Each pick is a separate seller, even if it is the same pair as another.
    """
    # A hash and not a library's generator: the same salt gives the same weeks anywhere.
    stream = hashlib.shake_256(f"{SALT}|{count}|{draw}".encode()).digest(4 * count)
    picks = [int.from_bytes(stream[4 * n : 4 * n + 4], "big") * len(pool) >> 32 for n in range(count)]
    # The number and not the seller's name, so that a pair drawn twice counts as two sellers.
    return [(str(n), price) for n, pick in enumerate(picks) for price in pool[pick]]


def _held(ends: Sequence[tuple[Fraction | int, Fraction | int]], truth: Fraction) -> Held:
    hits = sum(low <= truth * (1 + SLACK) and high >= truth * (1 - SLACK) for low, high in ends)
    return Held(hits, float(median((high - low) / truth for low, high in ends)))
