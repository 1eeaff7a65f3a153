"""Hartigan's dip: how far an empirical distribution is from the nearest unimodal one.

The source is Hartigan and Hartigan 1985. The steps are those of algorithm AS 217 (P. M. Hartigan 1985) with
its later correction: it ends when the modal interval stays the same.

The dip is at most a quarter. For n prices that all differ it is at least 1 / (2n). The reference is the
uniform distribution, which of the unimodal ones comes nearest to having two modes.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

DRAWS = 2_000
SEED = 20260305
"""The seed of the reference sample, stated with the p-value."""


def dip(values: Sequence[float]) -> float:
    """Return the greatest distance between a sample's distribution and the nearest unimodal one.

    The modal interval starts as the whole sample. Each round draws the greatest convex minorant and the least
    concave majorant over it. The places where they are furthest apart bound the next modal interval. The
    parts that fall outside it must be near their own minorant, below, and majorant, above. The search ends
    when the curves are nearer to each other than what was found outside.
    """
    x = sorted(values)
    low, high, widest = 0, len(x) - 1, 1.0  # distances in observations: twice the dip times n
    while True:
        convex, concave = _hull(x, low, high, 1), _hull(x, low, high, -1)
        apart, left, right = _furthest(x, convex, concave)
        # The curves are nearer than what was found outside, so a smaller interval cannot add to the dip.
        if apart < widest:
            break
        widest = max(widest, _off_minorant(x, convex, left), _off_majorant(x, concave, right))
        # The later correction of the algorithm: without it an interval that stays the same loops forever.
        if (left, right) == (low, high):
            break
        low, high = left, right
    return widest / (2 * len(values))


def _hull(x: Sequence[float], low: int, high: int, sign: int) -> list[int]:
    """Return the knots of the greatest convex minorant (sign 1) or the least concave majorant (sign -1).

    They are places in `x` from `low` to `high`. Of equal values the first is lowest and the last is highest.
    A curve that ends in equal values ends upright.
    """
    knots: list[int] = []
    for place in range(low, high + 1):
        while len(knots) > 1:
            first, second = knots[-2:]
            before, after = (
                (second - first) * (x[place] - x[second]),
                (place - second) * (x[second] - x[first]),
            )
            # Strictly: three knots on one line become one piece.
            if sign * before < sign * after:
                break
            knots.pop()
        knots.append(place)
    return knots


def _at(x: Sequence[float], first: int, last: int, place: int) -> float:
    """Return how many observations lie below a place, by the straight line from one knot to the next."""
    upright = x[first] == x[last]
    return place if upright else first + (x[place] - x[first]) * (last - first) / (x[last] - x[first])


def _around(knots: Sequence[int], place: int) -> tuple[int, int]:
    """Return the knots before and after a place that lies inside the hull."""
    after = max(1, bisect_left(knots, place))
    return knots[after - 1], knots[after]


def _furthest(x: Sequence[float], convex: Sequence[int], concave: Sequence[int]) -> tuple[float, int, int]:
    """Return (distance, left end, right end) where minorant and majorant are furthest apart.

    Only knots inside count; without one the distance is 0. The majorant stands one observation above the line
    through its places, because it follows the distribution after each step.
    """
    touches = [(0.0, convex[0], convex[-1])]
    for place in concave[1:-1]:
        before, after = _around(convex, place)
        touches.append((place + 1 - _at(x, before, after, place), after if after == place else before, place))
    for place in convex[1:-1]:
        before, after = _around(concave, place)
        touches.append((_at(x, before, after, place) + 1 - place, place, after))
    return max(touches, key=lambda touch: touch[0])


def _off_minorant(x: Sequence[float], convex: Sequence[int], end: int) -> float:
    """Return how far the distribution rises above its minorant before the knot `end`."""
    parts = ((first, last) for first, last in pairwise(convex) if last <= end)
    return max(
        (p + 1 - _at(x, first, last, p) for first, last in parts for p in range(first, last)), default=0.0
    )


def _off_majorant(x: Sequence[float], concave: Sequence[int], start: int) -> float:
    """Return how far the distribution falls below its majorant after the knot `start`."""
    parts = ((first, last) for first, last in pairwise(concave) if first >= start)
    return max(
        (_at(x, first, last, p) + 1 - p for first, last in parts for p in range(first + 1, last + 1)),
        default=0.0,
    )


@cache
def reference(count: int) -> tuple[float, ...]:
    """Return the dips of uniform samples of `count` observations, ascending."""
    # The count is part of the seed, so that a sample size has the same reference whichever is asked first.
    chance = random.Random(f"{SEED} {count}")
    return tuple(sorted(dip([chance.random() for _ in range(count)]) for _ in range(DRAWS)))


def p_value(statistic: float, count: int) -> float:
    """Return the share of uniform samples of the same size that dip at least as far.

    The sample itself is counted among them.
    """
    quantiles = reference(count)
    # The sample counts as one of the draws, so the p-value is never zero.
    return (len(quantiles) - bisect_left(quantiles, statistic) + 1) / (len(quantiles) + 1)
