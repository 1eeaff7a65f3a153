"""The exact bootstrap against full enumeration, rationals and simulation; the share below a level."""

from __future__ import annotations

import math
import random
import statistics
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc

from engine.market import interval
from engine.market.interval import exact_interval, monte_carlo_interval, share_below


def usd(micros: list[int]) -> list[Decimal]:
    return [Decimal(micro).scaleb(-6) for micro in micros]


def enumerated(micros: list[int]) -> dict[int, Fraction]:
    """The law of twice the median over all n^n resamples."""
    n = len(micros)
    law: dict[int, int] = {}
    for drawn in product(sorted(micros), repeat=n):
        ordered = sorted(drawn)
        twice = ordered[(n - 1) // 2] + ordered[n // 2]
        law[twice] = law.get(twice, 0) + 1
    return {twice: Fraction(count, n**n) for twice, count in law.items()}


def rational(micros: list[int]) -> dict[int, Fraction]:
    """The same law from order statistics with rational binomial weights, for any n."""
    ordered, n = sorted(micros), len(micros)
    law: dict[int, Fraction] = {}

    def tail(i: int, m: int) -> Fraction:
        p = Fraction(i, n)
        return sum((comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(m, n + 1)), Fraction(0))

    if n % 2:
        m = (n + 1) // 2
        for i in range(1, n + 1):
            law[2 * ordered[i - 1]] = law.get(2 * ordered[i - 1], Fraction(0)) + tail(i, m) - tail(i - 1, m)
        return law
    m = n // 2
    for i in range(1, n + 1):
        a = Fraction(i, n) ** m - Fraction(i - 1, n) ** m
        for j in range(i + 1, n + 1):
            b = Fraction(n - j + 1, n) ** m - Fraction(n - j, n) ** m
            law[ordered[i - 1] + ordered[j - 1]] = (
                law.get(ordered[i - 1] + ordered[j - 1], Fraction(0)) + comb(n, m) * a * b
            )
        diagonal = tail(i, m) - tail(i - 1, m) - comb(n, m) * a * Fraction(n - i, n) ** m
        law[2 * ordered[i - 1]] = law.get(2 * ordered[i - 1], Fraction(0)) + diagonal
    return law


def found_law(micros: list[int], expected: dict[int, Fraction]) -> dict[int, float]:
    """The law at the values that the expected one names, from the steps of its distribution."""
    law, before = interval._Law(np.sort(np.array(micros, dtype=np.int64))), 0.0
    found: dict[int, float] = {}
    for twice in sorted(expected):
        upto = law.at_most(twice)
        found[twice], before = upto - before, upto
    return found


@pytest.mark.parametrize("n", range(1, 7))
def test_the_law_equals_full_enumeration(n: int) -> None:
    chance = random.Random(n)
    micros = [chance.randrange(1, 9) * 1000 for _ in range(n)]
    expected = enumerated(micros)
    found = found_law(micros, expected)
    assert all(
        abs(float(expected.get(twice, Fraction(0))) - weight) < 1e-14 for twice, weight in found.items()
    )
    assert rational(micros) == {twice: weight for twice, weight in expected.items() if weight} | {
        twice: weight for twice, weight in rational(micros).items() if not weight
    }


@pytest.mark.parametrize("n", [2, 8, 9, 16, 17, 44, 45])
def test_the_law_equals_rationals(n: int) -> None:
    chance = random.Random(n)
    micros = [chance.randrange(10**6, 3 * 10**6) for _ in range(n)]
    expected = rational(micros)
    found = found_law(micros, expected)
    assert sum(expected.values()) == 1
    assert (
        max(abs(float(expected.get(twice, Fraction(0))) - weight) for twice, weight in found.items()) < 5e-13
    )


def full_sum(micros: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of neighbours written out, with the whole matrix of weights: twice the values, ascending,
    and their distribution.
    """
    ordered = np.sort(np.array(micros, dtype=np.int64))
    n, m = len(ordered), len(ordered) // 2
    i = np.arange(1, n + 1, dtype=np.float64)
    log_a = m * np.log(i / n)
    log_a[1:] += np.log(-np.expm1(m * np.log1p(-1.0 / i[1:])))
    choose = math.log(math.comb(n, m))
    first, second = np.triu_indices(n, k=1)
    off = np.exp(choose + log_a[first] + log_a[::-1][second])
    order = np.diff(betainc(m, n - m + 1, np.arange(n + 1) / n))
    left = np.bincount(first, off, minlength=n)
    values, weights = (
        np.concatenate([ordered[first] + ordered[second], 2 * ordered]),
        np.concatenate([off, order - left]),
    )
    by_value = np.argsort(values, kind="stable")
    return values[by_value], np.cumsum(weights[by_value])


@pytest.mark.parametrize("n", [8, 44, 200, 1000])
def test_an_even_count_equals_the_full_sum(n: int) -> None:
    chance = random.Random(n)
    micros = [chance.randrange(10**6, 3 * 10**6) // 500 * 500 for _ in range(n)]
    values, distribution = full_sum(micros)
    law = interval._Law(np.sort(np.array(micros, dtype=np.int64)))
    last = np.append(values[1:] != values[:-1], True)
    some = chance.sample(range(int(last.sum())), min(2000, int(last.sum())))
    for twice, upto in zip(values[last][some].tolist(), distribution[last][some].tolist(), strict=True):
        assert abs(law.at_most(twice) - upto) < 1e-12
    for share in ("0.025", "0.975"):
        assert law.first(Decimal(share)) == values[np.searchsorted(distribution, float(share) - 1e-13)]


def test_thirty_thousand_listings_are_exact() -> None:
    chance = random.Random(1)
    prices = usd([chance.randrange(10**6, 3 * 10**6) for _ in range(30_000)])
    law = interval._Law(interval._micros(prices))
    low, high = (law.first(Decimal(share)) for share in ("0.025", "0.975"))
    half = statistics.median(float(price) for price in prices) * 2e6
    assert low < half < high < low + 100_000


@settings(max_examples=60)
@given(st.lists(st.integers(10**6, 4 * 10**6), min_size=1, max_size=60))
def test_the_interval_holds_the_median_and_the_shares_are_shares(micros: list[int]) -> None:
    prices = usd(micros)
    exact = exact_interval(prices)
    middle = Decimal(str(round(float(np.median([float(p) for p in prices])), 4)))
    assert exact.low - Decimal("0.0001") <= middle <= exact.high + Decimal("0.0001")
    assert share_below(prices, min(prices)) == 0
    assert share_below(prices, max(prices) + 1) == pytest.approx(1)


def test_the_simulation_agrees_with_the_exact_interval() -> None:
    chance = random.Random(5)
    prices = usd([chance.randrange(10**6, 3 * 10**6) for _ in range(44)])
    exact, simulated = exact_interval(prices), monte_carlo_interval(prices)
    assert float(exact.low) == pytest.approx(float(simulated.low), rel=0.02)
    assert float(exact.high) == pytest.approx(float(simulated.high), rel=0.02)
