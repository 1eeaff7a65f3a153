"""The exact bootstrap against full enumeration, rationals and simulation; hosts; the share below a level."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market import interval
from engine.market.interval import exact_interval, host_interval, monte_carlo_interval, share_below


def usd(micros: list[int]) -> list[Decimal]:
    return [Decimal(micro).scaleb(-6) for micro in micros]


def enumerated(micros: list[int]) -> dict[int, Fraction]:
    """The law of twice the median over all n^n resamples."""
    n, law = len(micros), {}
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
            law[ordered[i - 1] + ordered[j - 1]] = law.get(ordered[i - 1] + ordered[j - 1], Fraction(0)) + comb(n, m) * a * b
        diagonal = tail(i, m) - tail(i - 1, m) - comb(n, m) * a * Fraction(n - i, n) ** m
        law[2 * ordered[i - 1]] = law.get(2 * ordered[i - 1], Fraction(0)) + diagonal
    return law


def found_law(micros: list[int]) -> dict[int, float]:
    values, weights = interval._law(np.sort(np.array(micros, dtype=np.int64)))
    law: dict[int, float] = {}
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        law[value] = law.get(value, 0.0) + weight
    return law


@pytest.mark.parametrize("n", range(1, 7))
def test_the_law_equals_full_enumeration(n: int) -> None:
    chance = random.Random(n)
    micros = [chance.randrange(1, 9) * 1000 for _ in range(n)]
    expected, found = enumerated(micros), found_law(micros)
    assert all(abs(float(expected.get(twice, Fraction(0))) - weight) < 1e-14 for twice, weight in found.items())
    assert rational(micros) == {twice: weight for twice, weight in expected.items() if weight} | {
        twice: weight for twice, weight in rational(micros).items() if not weight
    }


@pytest.mark.parametrize("n", [2, 8, 9, 16, 17, 44, 45])
def test_the_law_equals_rationals(n: int) -> None:
    chance = random.Random(n)
    micros = [chance.randrange(10**6, 3 * 10**6) for _ in range(n)]
    expected, found = rational(micros), found_law(micros)
    assert sum(expected.values()) == 1
    assert max(abs(float(expected.get(twice, Fraction(0))) - weight) for twice, weight in found.items()) < 5e-13


@settings(max_examples=60, deadline=None)
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


def test_hosts_are_resampled_whole() -> None:
    prices = usd([1_000_000] * 10 + [2_000_000] * 10 + [3_000_000] * 10)
    found = host_interval(prices, ["a"] * 10 + ["b"] * 10 + ["c"] * 10)
    assert (found.low, found.high, found.trusted) == (Decimal("1.0000"), Decimal("3.0000"), False)
    assert "3 hosts" in (found.note or "")


def test_the_host_interval_agrees_with_the_plain_loop() -> None:
    chance = np.random.default_rng(3)
    hosts = [f"h{n}" for n in chance.integers(0, 9, 60)]
    micros = chance.integers(10**6, 3 * 10**6, 60)
    names = sorted(set(hosts))
    groups = {name: micros[[host == name for host in hosts]] for name in names}
    medians = [np.median(np.concatenate([groups[names[k]] for k in chance.integers(0, len(names), len(names))])) for _ in range(4000)]
    low, high = np.percentile(medians, [2.5, 97.5]) / 1e6
    found = host_interval(usd(micros.tolist()), hosts)
    assert float(found.low) == pytest.approx(low, rel=0.03)
    assert float(found.high) == pytest.approx(high, rel=0.03)


@pytest.mark.parametrize(("count", "how"), [(8, "exact"), (9, "exact"), (10, "10,000 resamples")])
def test_up_to_nine_hosts_every_resample_is_weighed(count: int, how: str) -> None:
    chance = random.Random(count)
    prices = usd([chance.randrange(10**6, 3 * 10**6) for _ in range(4 * count)])
    assert how in host_interval(prices, [f"h{n % count}" for n in range(4 * count)]).method
