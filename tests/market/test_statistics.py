"""Every statistic a second time, from its definition or by statsmodels: on real prices, on random ones, and
where samples just suffice.
"""

from __future__ import annotations

import math
import random
import statistics
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from engine.market.index import KNOWN, compute
from engine.market.methodology import load_methodology
from engine.market.quality import distribution, representativeness, time_series
from engine.market.quality import statistical_suite as validation
from engine.market.quality.finding import CollectedDay, Finding, Week
from engine.market.snapshot import read_snapshot
from tests.market.test_dip import brute as dip_by_its_definition

START = date(2024, 1, 4)
NORMAL = NormalDist()


def week(
    prices: Sequence[float] = (),
    counts: Sequence[int] = (),
    medians: Sequence[float] = (),
    start: date = START,
) -> Week:
    days = [CollectedDay(start + timedelta(days=n), 2 * count, count, 2.0) for n, count in enumerate(counts)]
    days += [CollectedDay(start + timedelta(days=n), 20, 10, middle) for n, middle in enumerate(medians)]
    return Week(start, 2.0, tuple(prices), 0.2, tuple(days))


def samples() -> Iterator[tuple[float, ...]]:
    """Normal, skewed, two-lumped and tied prices, from the least sample to a few hundred."""
    chance = random.Random(8)
    for count in (8, 9, 11, 12, 13, 20, 30, 31, 44, 102, 300):
        yield tuple(chance.gauss(2, 0.2) for _ in range(count))
        yield tuple(chance.lognormvariate(0.6, 0.5) for _ in range(count))
        yield tuple(chance.choice((1.5, 2.5)) + 0.05 * chance.random() for _ in range(count))
        yield (*(round(chance.gauss(2, 0.1), 1) for _ in range(count - 2)), 1.7, 2.3)


@pytest.fixture(scope="module")
def real(snapshots_folder: Path) -> list[Week]:
    """One week of every model that has one, with its real prices."""
    paths = [snapshots_folder / "2026-02-26.csv", *sorted((snapshots_folder / "snapshots").iterdir())]
    snapshots = [read_snapshot(path.read_bytes(), path.name) for path in paths]
    values = [
        compute(index, load_methodology("1.1.1"), snapshots, date(2026, 3, 4)) for index in KNOWN.values()
    ]
    found = [week([float(price) for price in value.pooled]) for value in values if len(value.pooled) >= 8]
    assert len(found) >= 4
    return found


def chi2_beyond(statistic: float, freedom: int) -> float:
    """P(chi-squared > statistic) for an even number of degrees of freedom."""
    half = statistic / 2
    return math.exp(-half) * sum(half**k / math.factorial(k) for k in range(freedom // 2))


def moment(prices: Sequence[float], power: int) -> float:
    mean = math.fsum(prices) / len(prices)
    return math.fsum((x - mean) ** power for x in prices) / len(prices)


def poly(x: float, *terms: float) -> float:
    return sum(term * x**power for power, term in enumerate(terms))


def shapiro_wilk(prices: Sequence[float]) -> tuple[float, float]:
    """Royston 1995, algorithm R94: W and its p-value, for 6 to 5,000 figures."""
    n, ordered = len(prices), sorted(prices)
    m = [NORMAL.inv_cdf((i - 0.375) / (n + 0.25)) for i in range(1, n + 1)]
    squares, u = math.fsum(x * x for x in m), 1 / math.sqrt(n)
    last = m[-1] / math.sqrt(squares) + poly(u, 0, 0.221157, -0.147981, -2.071190, 4.434685, -2.706056)
    before = m[-2] / math.sqrt(squares) + poly(u, 0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633)
    phi = (squares - 2 * m[-1] ** 2 - 2 * m[-2] ** 2) / (1 - 2 * last**2 - 2 * before**2)
    weights = [-last, -before, *(x / math.sqrt(phi) for x in m[2:-2]), before, last]
    w = math.fsum(a * x for a, x in zip(weights, ordered, strict=True)) ** 2 / (n * moment(prices, 2))
    if n <= 11:
        y = -math.log(poly(n, -2.273, 0.459) - math.log(1 - w))
        mean, spread = (
            poly(n, 0.5440, -0.39978, 0.025054, -0.0006714),
            math.exp(poly(n, 1.3822, -0.77857, 0.062767, -0.0020322)),
        )
    else:
        y, x = math.log(1 - w), math.log(n)
        mean, spread = (
            poly(x, -1.5861, -0.31082, -0.083751, 0.0038915),
            math.exp(poly(x, -0.4803, -0.082676, 0.0030302)),
        )
    return w, 1 - NORMAL.cdf((y - mean) / spread)


def shapes_agree(one: Week) -> None:
    prices, n = one.prices, len(one.prices)
    w, p = shapiro_wilk(prices)
    found = distribution.shapiro_wilk(one)
    assert found.statistic == pytest.approx(w, abs=2e-6)
    assert found.p_value == pytest.approx(p, abs=2e-4)
    skew = moment(prices, 3) / moment(prices, 2) ** 1.5
    assert distribution.skewness(one).statistic == pytest.approx(skew, rel=1e-9, abs=1e-12)
    bera = distribution.jarque_bera(one)
    if n >= 30:
        kurtosis = moment(prices, 4) / moment(prices, 2) ** 2 - 3
        expected = n / 6 * (skew**2 + kurtosis**2 / 4)
        assert bera.statistic == pytest.approx(expected, rel=1e-9)
        assert bera.p_value == pytest.approx(chi2_beyond(expected, 2), rel=1e-9, abs=1e-300)
    for one_test in (found, bera):
        if one_test.p_value is not None:
            assert one_test.finding == (one_test.p_value < 0.05)


def test_shapes_of_random_prices_follow_from_the_definitions() -> None:
    for prices in samples():
        shapes_agree(week(prices))


def test_shapes_of_real_prices_follow_from_the_definitions(real: list[Week]) -> None:
    for one in real:
        shapes_agree(one)
        dip = max(dip_by_its_definition(one.prices), 1 / (2 * len(one.prices)))
        assert distribution.bimodality(one).statistic == pytest.approx(dip, abs=1e-8)


def kendall(counts: Sequence[int]) -> tuple[float, float]:
    """Kendall's tau-b against time: its law counted where no count is tied, the normal one corrected for ties
    otherwise.
    """
    n = len(counts)
    apart = sum((b > a) - (b < a) for place, a in enumerate(counts) for b in counts[place + 1 :])
    ties, pairs = Counter(counts).values(), n * (n - 1) // 2
    tau = apart / math.sqrt(pairs * (pairs - sum(t * (t - 1) // 2 for t in ties)))
    if len(set(counts)) == n and n <= 33:
        ways = [1]
        for size in range(2, n + 1):  # orders by how many of their pairs stand the wrong way round
            ways = [sum(ways[max(0, k - size + 1) : k + 1]) for k in range(len(ways) + size - 1)]
        few = (pairs - abs(apart)) // 2
        return tau, min(1.0, 2 * sum(ways[: few + 1]) / math.factorial(n))
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    return tau, 2 * (1 - NORMAL.cdf(abs(apart) / math.sqrt(variance)))


def test_the_trend_of_counts_follows_from_its_definition(snapshots_folder: Path) -> None:
    chance = random.Random(9)
    cases = [[8, 16, 8, 12, 4, 6, 7, 8, 8, 9]]  # the real days of CRI-H100, and one more
    for n in (10, 11, 20, 33, 34, 70):
        cases += [
            chance.sample(range(100), n),
            [chance.randrange(4, 18) for _ in range(n)],
            [30 - k // 3 for k in range(n)],
        ]
    for counts in cases:
        found = representativeness.count_trend([week(counts=counts)])
        tau, p = kendall(counts)
        assert found.statistic == pytest.approx(tau, rel=1e-9)
        assert found.p_value == pytest.approx(p, rel=1e-6, abs=1e-12)
        assert found.finding == (tau < 0 and p < 0.05)


def first_digits(prices: Sequence[float]) -> float:
    digits = Counter(next(sign for sign in f"{price:.6f}" if sign in "123456789") for price in prices)
    expected = {str(d): len(prices) * math.log10((d + 1) / d) for d in range(1, 10)}
    return math.fsum((digits[d] - much) ** 2 / much for d, much in expected.items())


def test_first_digits_follow_from_their_definition(real: list[Week]) -> None:
    chance = random.Random(10)
    spread = week([10 ** chance.uniform(-2, 3) for _ in range(100)])
    for weeks in (real, [spread], [week([chance.uniform(0.2, 0.6) for _ in range(250)])]):
        prices = [price for one in weeks for price in one.prices]
        found = validation.first_digits(weeks)
        assert found.sample == len(prices)
        assert found.statistic == pytest.approx(first_digits(prices), rel=1e-9)
        assert found.p_value == pytest.approx(chi2_beyond(first_digits(prices), 8), rel=1e-6, abs=1e-300)


def test_day_over_day_jumps_follow_from_their_definition() -> None:
    chance = random.Random(12)
    seen = 0
    for count in (15, 16, 40, 200):
        medians = [
            2 * math.exp(chance.gauss(0, 0.02) + (0.3 if chance.random() < 0.02 else 0)) for _ in range(count)
        ]
        medians[count // 2] *= 1.4
        changes = [math.log(b) - math.log(a) for a, b in pairwise(medians)]
        middle = statistics.median(changes)
        sigma = 1.4826 * statistics.median([abs(change - middle) for change in changes])
        far = [n for n, change in enumerate(changes, start=1) if abs(change - middle) > 3 * sigma]
        found = validation.jumps([week(medians=medians)])
        assert (found.statistic, found.sample, found.finding) == (len(far), count - 1, bool(far))
        assert all(str(START + timedelta(days=n)) in found.verdict for n in far)
        seen += len(far)
    assert seen


@pytest.mark.parametrize("count", [20, 21, 30, 31, 60, 200])
def test_time_series_of_the_least_length_and_longer_agree_with_statsmodels(count: int) -> None:
    stattools = pytest.importorskip("statsmodels.tsa.stattools")
    diagnostic = pytest.importorskip("statsmodels.stats.diagnostic")
    chance = np.random.default_rng(count)
    for values in (
        2 * np.exp(np.cumsum(0.03 * chance.standard_normal(count))),
        2 + 0.1 * chance.standard_normal(count),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of p-values outside its table, and of what its next release will return
            unit_root = stattools.adfuller(values, maxlag=1, autolag=None)
            level = stattools.kpss(values, regression="c", nlags=int(4 * (count / 100) ** 0.25))
            returns = np.diff(np.log(values))
            clusters = diagnostic.het_arch(returns - returns.mean(), nlags=4) if count >= 30 else None
        adf, kpss, arch = (
            time_series.adf(values, "levels"),
            time_series.kpss(values, "levels"),
            time_series.arch_lm(values),
        )
        assert (adf.statistic, adf.p_value) == (
            pytest.approx(unit_root[0], rel=1e-8),
            pytest.approx(unit_root[1], rel=1e-6, abs=1e-12),
        )
        assert adf.finding == (unit_root[0] >= unit_root[4]["5%"])
        assert (kpss.statistic, kpss.finding) == (
            pytest.approx(level[0], rel=1e-9),
            level[0] > level[3]["5%"],
        )
        if clusters is None:
            assert arch.verdict == f"refused: {count} weekly values, and it needs 30"
        else:
            assert (arch.statistic, arch.p_value) == (
                pytest.approx(clusters[0], rel=1e-8),
                pytest.approx(clusters[1], rel=1e-8),
            )
            assert arch.p_value == pytest.approx(chi2_beyond(arch.statistic or 0, 4), rel=1e-9)


def some(count: int) -> list[float]:
    chance = random.Random(13)
    return [2 + 0.1 * chance.random() for _ in range(count)]


NEEDED: dict[str, tuple[int, Callable[[int], Finding]]] = {
    "Shapiro-Wilk, week of 2024-01-04": (8, lambda n: distribution.shapiro_wilk(week(some(n)))),
    "Jarque-Bera, week of 2024-01-04": (30, lambda n: distribution.jarque_bera(week(some(n)))),
    "skewness, week of 2024-01-04": (8, lambda n: distribution.skewness(week(some(n)))),
    "Hartigan's dip, week of 2024-01-04": (8, lambda n: distribution.bimodality(week(some(n)))),
    "ADF, levels": (20, lambda n: time_series.adf(np.array(some(n)), "levels")),
    "KPSS, levels": (20, lambda n: time_series.kpss(np.array(some(n)), "levels")),
    "ARCH-LM, log returns": (30, lambda n: time_series.arch_lm(np.array(some(n)))),
    "first digits": (100, lambda n: validation.first_digits([week(some(n))])),
    "day-over-day jumps": (14, lambda n: validation.jumps([week(medians=some(n + 1))])),
    "trend of daily counts": (10, lambda n: representativeness.count_trend([week(counts=range(5, 5 + n))])),
    "coverage ratio": (4, lambda n: representativeness.coverage([week(counts=[8])] * n)),
    "minimum viable observation count": (12, lambda n: validation.minimum_viable_count([week(some(20))] * n)),
}


@pytest.mark.parametrize("test", NEEDED)
def test_one_figure_fewer_than_a_test_needs_is_refused_by_name_and_the_least_number_is_not(test: str) -> None:
    needed, run = NEEDED[test]
    short, enough = run(needed - 1), run(needed)
    assert (short.test, short.sample, short.statistic, short.p_value, short.finding) == (
        test,
        needed - 1,
        None,
        None,
        None,
    )
    assert short.verdict.startswith(f"refused: {needed - 1} ")
    assert short.verdict.endswith(f", and it needs {needed}")
    assert (enough.test, enough.sample) == (test, needed)
    assert enough.statistic is not None
    assert math.isfinite(enough.statistic)
