"""The range of a week's value over all choices of collections, if days were collected several times.

One collection stands for each day (`rulings.md` 61). What the others would give is shown as a range, on a
line of its own that enters no interval. The range is exact: no choice is left out, and none is tried one by
one. For a price t, a collection of n listings, m of them at or below t, weighs 2m - n. The lower middle price
of a pool is at most t if the weights of its days reach 0, and the upper one if they reach 1. A published
median is the mean of both, so the two are bounded together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

Pool = tuple[int, ...]
"""What one collection adds to the week's pool: ascending prices in millionths of a USD.

It is empty if the collection's day would not count.
"""


def median_range(days: Sequence[Sequence[Pool]]) -> tuple[Fraction, Fraction] | None:
    """Return the least and the greatest median over all choices of one pool for each day.

    The medians are in USD per GPU-hour.

    Args:
        days: for each day the pools that its collections would add. An empty pool is a choice too: the day
            without listings.

    Returns:
        None if no choice has a listing.
    """
    # Equal pools are one choice. A day without any pool has nothing to choose, and `max` over it would
    # fail.
    distinct = [tuple(dict.fromkeys(day)) for day in days if day]
    least = _least(distinct)
    # The greatest median is the least one of the negated prices, so one search serves both ends.
    mirrored = [tuple(tuple(-price for price in reversed(pool)) for pool in day) for day in distinct]
    greatest = _least(mirrored)
    if least is None or greatest is None:
        return None
    # Two million, because the sum of two middle prices is halved and then taken from millionths.
    return Fraction(least, 2_000_000), Fraction(-greatest, 2_000_000)


def _least(days: Sequence[Sequence[Pool]]) -> int | None:
    """Return the lowest possible sum of the two middle prices of a week, in millionths of a USD.

    A choice takes one collection of each day; the minimum is over all choices. The result is None if every
    choice is empty.
    """
    prices = sorted({price for day in days for pool in day for price in pool})
    if not prices:
        return None
    # Below this price not a single choice has its upper middle price, so the search need not begin lower.
    upper = bisect_left(prices, 1, key=lambda price: _heaviest(days, price))
    best: int | None = None
    for place in range(bisect_left(prices, 0, key=lambda price: _heaviest(days, price)), len(prices)):
        low, start = prices[place], max(place, upper)
        if best is not None and low + prices[start] >= best:
            break  # a greater lower middle price only adds
        high = bisect_left(prices, True, lo=start, key=partial(_chosen_together, days, low))
        if high < len(prices):
            best = low + prices[high] if best is None else min(best, low + prices[high])
    return best


def _weight(pool: Pool, price: int) -> int:
    return 2 * bisect_right(pool, price) - len(pool)


def _heaviest(days: Sequence[Sequence[Pool]], price: int) -> int:
    """Return the greatest sum of weights that any choice has at a price.

    The sum never falls as the price rises.
    """
    return sum(max(_weight(pool, price) for pool in day) for day in days)


def _chosen_together(days: Sequence[Sequence[Pool]], low: int, high: int) -> bool:
    """Return whether one choice has its lower middle price at most `low` and its upper one at most `high`."""
    reached = {0: 0}  # the sum of weights at `low`, and the greatest at `high` that goes with it
    for day in days:
        # Choices of a day that another one beats at both prices are dropped, or the sums would multiply by
        # the day.
        options = _undominated({(_weight(pool, low), _weight(pool, high)) for pool in day})
        following: dict[int, int] = {}
        for at_low, at_high in reached.items():
            for more_low, more_high in options:
                following[at_low + more_low] = max(
                    following.get(at_low + more_low, at_high + more_high), at_high + more_high
                )
        reached = dict(_undominated(set(following.items())))
    return any(at_low >= 0 and at_high >= 1 for at_low, at_high in reached.items())


def _undominated(pairs: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs that no other pair equals or exceeds in both numbers."""
    kept: list[tuple[int, int]] = []
    for pair in sorted(pairs, reverse=True):
        if not kept or pair[1] > kept[-1][1]:
            kept.append(pair)
    return kept
