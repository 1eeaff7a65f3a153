"""Hartigan's dip against its definition, solved as linear programmes, and against published percentage
points.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.optimize import linprog

from engine.market.quality.dip_test import dip, p_value, reference


def brute(values: Sequence[float]) -> float:
    """The least distance to a distribution that is convex up to a mode and concave after it, over every mode;
    one programme for each.

    Variables: the height at each distinct value, the height just below the mode (a unimodal distribution may
    jump there), the distance.
    """
    x = sorted(set(values))
    n, k = len(values), len(x)
    below = [sum(v < one for v in values) / n for one in x]
    upto = [sum(v <= one for v in values) / n for one in x]
    best = 1.0
    for mode in range(k):
        rows, least = [], []

        def add(
            terms: dict[int, float], bound: float, rows: list[list[float]] = rows, least: list[float] = least
        ) -> None:
            rows.append([terms.get(place, 0.0) for place in range(k + 2)])
            least.append(bound)

        for i in range(k):
            lower = k if i == mode else i
            add({i: 1, k + 1: -1}, upto[i])
            add({i: -1, k + 1: -1}, -upto[i])
            add({lower: 1, k + 1: -1}, below[i])
            add({lower: -1, k + 1: -1}, -below[i])
        add({k: 1, mode: -1}, 0)
        left, right = [*range(mode), k], list(range(mode, k))
        at = {**dict(enumerate(x)), k: x[mode]}
        for side, sign in ((left, 1), (right, -1)):
            for a, b in itertools.pairwise(side):
                add({a: 1, b: -1}, 0)
            for a, b, c in zip(side, side[1:], side[2:], strict=False):
                first, second = at[b] - at[a], at[c] - at[b]
                add({b: sign * (1 / first + 1 / second), a: -sign / first, c: -sign / second}, 0)
        # below the first value the distribution starts at nought or more, above the last it ends at one or
        # less
        found = linprog(
            [0] * (k + 1) + [1], A_ub=np.array(rows), b_ub=least, bounds=[(0, 1)] * (k + 2), method="highs"
        )
        assert found.success
        best = min(best, found.fun)
    return best


@pytest.mark.parametrize("tied", [False, True])
def test_the_dip_is_the_distance_to_the_nearest_unimodal_distribution(tied: bool) -> None:
    chance = random.Random(5)
    for _ in range(60):
        count = chance.randrange(4, 13)
        values = [
            float(chance.randrange(1, 9)) if tied else chance.choice((0, 3)) + chance.random()
            for _ in range(count)
        ]
        if len(set(values)) > 2:
            assert dip(values) == pytest.approx(max(brute(values), 1 / (2 * count)), abs=1e-9), sorted(values)


def test_two_lumps_dip_by_a_quarter_and_an_even_spread_by_the_least() -> None:
    assert dip([0, 0, 1, 1]) == pytest.approx(0.25)
    assert dip([1, 2, 3, 4, 5]) == pytest.approx(0.1)
    assert dip([5, 4, 3, 2, 1]) == dip([1, 2, 3, 4, 5])


@pytest.mark.parametrize(("count", "point"), [(10, 0.1396), (20, 0.1051), (50, 0.0703)])
def test_the_reference_has_the_published_95th_percentage_points(count: int, point: float) -> None:
    """The points of the larger simulations published since Hartigan and Hartigan 1985; the original table was
    not at hand.
    """
    found = reference(count)
    assert found[int(0.95 * len(found))] == pytest.approx(point, abs=0.002)
    assert p_value(point, count) == pytest.approx(0.05, abs=0.015)
