"""The precision of a median: the exact bootstrap, its Monte Carlo check, and resampling by host (WP §7.5.1).

The exact bootstrap is the limit of infinitely many resamples: the median of a resample is an order statistic with
binomial weights (Efron 1979; Maritz and Jarrett 1978), for an even count the mean of two adjacent ones with a joint law.
It needs no seed and costs less than the simulation (ADR 0002). Floats and numpy end here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln

from engine.basics.values import counted, rounded
from engine.market.interval_types import LEVEL, HostInterval, Interval

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RESAMPLES = 10_000
SEED = 20260108
"""The seed of the simulations, stated with their results; the published interval needs none."""
TRUSTED_HOSTS = 8
"""Below this many hosts a nominal 95% host interval covers far less: 76% with 3, 87% with 5 (`rulings.md` 8)."""


def exact_interval(observations: Sequence[Decimal], level: Decimal = LEVEL) -> Interval:
    """The exact bootstrap interval of the median.

    Args:
        observations: USD per GPU-hour, in any order, at least one.
        level: the share between the ends.

    Returns:
        The smallest x with F(x) at least (1 - level) / 2, and with F(x) at least (1 + level) / 2.
    """
    doubled, weights = _law(_micros(observations))
    cumulative = np.cumsum(weights)
    tail = float((1 - level) / 2)
    ends = [_first(cumulative, share) for share in (tail, 1 - tail)]
    low, high = (rounded(Fraction(int(doubled[end]), 2_000_000), 4) for end in ends)
    return Interval(level=level, low=low, high=high, method="exact bootstrap of the median")


def share_below(observations: Sequence[Decimal], level: Decimal) -> float:
    """The share of resamples whose median is below `level`; sampling of listings only, not a forecast."""
    doubled, weights = _law(_micros(observations))
    below = doubled < int(level.scaleb(6) * 2)
    return float(min(1.0, max(0.0, weights[below].sum())))


def _micros(observations: Sequence[Decimal]) -> Integers:
    return np.sort(np.array([int(x.scaleb(6)) for x in observations], dtype=np.int64))


def _first(cumulative: Floats, share: float) -> int:
    """The first place where the cumulative weight reaches `share`, allowing for the rounding of sums of floats."""
    return min(int(np.searchsorted(cumulative, share - 1e-13, side="left")), len(cumulative) - 1)


def _law(micros: Integers) -> tuple[Integers, Floats]:
    """The law of the resampled median: twice its possible values in millionths, ascending, and their weights."""
    return _odd(micros) if len(micros) % 2 else _even(micros)


def _odd(micros: Integers) -> tuple[Integers, Floats]:
    """N = 2m - 1: P(Y <= i) = I_{i/n}(m, n - m + 1)."""
    n = len(micros)
    m = (n + 1) // 2
    cumulative = betainc(m, n - m + 1, np.arange(1, n + 1) / n)
    return 2 * micros, np.diff(cumulative, prepend=0.0)


def _even(micros: Integers) -> tuple[Integers, Floats]:
    """N = 2m: P(Y_m = i, Y_{m+1} = j) = C(n, m) a_i b_j for i < j, and the rest of P(Y_m = i) on the diagonal."""
    n = len(micros)
    m = n // 2
    log_choose = math.lgamma(n + 1) - 2 * math.lgamma(m + 1)
    i = np.arange(1, n + 1, dtype=np.float64)
    log_a = _log_gap(i, m, n)
    log_b = log_a[::-1]
    first, second = np.triu_indices(n, k=1)
    off = np.exp(log_choose + log_a[first] + log_b[second])
    order = np.diff(betainc(m, n - m + 1, i / n), prepend=0.0)
    left = np.zeros(n)
    left[:-1] = np.exp(log_choose + log_a[:-1] + m * np.log((n - i[:-1]) / n))
    diagonal = np.clip(order - left, 0.0, None)
    values = np.concatenate([micros[first] + micros[second], 2 * micros])
    weights = np.concatenate([off, diagonal])
    by_value = np.argsort(values, kind="stable")
    return values[by_value], weights[by_value]


def _log_gap(i: Floats, m: int, n: int) -> Floats:
    """log((i/n)^m - ((i-1)/n)^m), without losing digits for large i."""
    log_power: Floats = m * np.log(i / n)
    shrink = np.zeros_like(i)
    shrink[1:] = np.log(-np.expm1(m * np.log1p(-1.0 / i[1:])))
    return log_power + shrink


def monte_carlo_interval(observations: Sequence[Decimal], resamples: int = RESAMPLES, seed: int = SEED) -> Interval:
    """The interval by simulation: the check of the exact one, never the published figure."""
    micros = _micros(observations)
    drawn = np.random.default_rng(seed).integers(0, len(micros), size=(resamples, len(micros)))
    medians = np.sort(np.median(micros[drawn], axis=1))
    low, high = (Fraction(float(np.quantile(medians, q, method="inverted_cdf"))) / 10**6 for q in (0.025, 0.975))
    method = f"bootstrap, {resamples:,} resamples, seed {seed}"
    return Interval(low=rounded(low, 4), high=rounded(high, 4), method=method)


MOST_ENUMERATED = 25_000
"""Up to this many distinct resamples of hosts all of them are weighed exactly: 9 hosts have 24,310; 10 have 92,378, a third of a second."""


def host_interval(observations: Sequence[Decimal], hosts: Sequence[str], resamples: int = RESAMPLES, seed: int = SEED) -> HostInterval:
    """The interval from resampling hosts, each with all of its observations; exact for few hosts, simulated for many.

    Args:
        observations: USD per GPU-hour.
        hosts: the host of each, same length.
        resamples: how many, where they are simulated.
        seed: of the simulation.
    """
    micros = np.array([int(x.scaleb(6)) for x in observations], dtype=np.int64)
    order = np.argsort(micros, kind="stable")
    names, owner = np.unique(np.array(hosts)[order], return_inverse=True)
    few = math.comb(2 * len(names) - 1, len(names)) <= MOST_ENUMERATED
    counts, weights = _every_resample(len(names)) if few else _drawn(len(names), resamples, seed)
    medians = _weighted_medians(micros[order], owner, counts)
    by_value = np.argsort(medians, kind="stable")
    cumulative = np.cumsum(weights[by_value])
    low, high = (medians[by_value[_first(cumulative, share)]] for share in (0.025, 0.975))
    trusted = len(names) >= TRUSTED_HOSTS
    how = "exact" if few else f"{resamples:,} resamples, seed {seed}"
    return HostInterval(
        low=rounded(Fraction(int(low), 2_000_000), 4),
        high=rounded(Fraction(int(high), 2_000_000), 4),
        method=f"bootstrap of {counted(len(names), 'hosts')}, {how}",
        trusted=trusted,
        note=None if trusted else f"{counted(len(names), 'hosts')}: too few sellers to be trusted",
    )


Counts = NDArray[np.int16]


@cache
def _every_resample(hosts: int) -> tuple[Counts, Floats]:
    """Every way to draw `hosts` hosts with replacement, as how often each stands in it, and its probability."""
    bars = np.array(list(combinations(range(2 * hosts - 1), hosts - 1)), dtype=np.int16).reshape(
        math.comb(2 * hosts - 1, hosts - 1), hosts - 1
    )
    edges = np.concatenate([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), 2 * hosts - 1)], axis=1)
    counts = (np.diff(edges, axis=1) - 1).astype(np.int16)
    log_weights = math.lgamma(hosts + 1) - gammaln(counts + 1.0).sum(axis=1) - hosts * math.log(hosts)
    return counts, np.exp(log_weights)


def _drawn(hosts: int, resamples: int, seed: int) -> tuple[Counts, Floats]:
    """Simulated draws in the same form, each with the same weight."""
    counts = np.random.default_rng(seed).multinomial(hosts, np.full(hosts, 1 / hosts), size=resamples)
    return counts.astype(np.int16), np.full(resamples, 1 / resamples)


def _weighted_medians(micros: Integers, owner: Integers, counts: Counts) -> Integers:
    """Twice the median of each resample.

    Args:
        micros: the observations, ascending.
        owner: the number of the host of each, same length.
        counts: how often each host stands in each resample, a row a resample.
    """
    most = counts.shape[1] * len(micros)
    whole = np.float32 if most < 2**24 else np.float64  # in which every sum is a whole number, so exact in any order
    held = np.zeros((counts.shape[1], len(micros)), dtype=whole)
    held[owner, np.arange(len(micros))] = 1
    cumulative = counts.astype(whole) @ np.cumsum(held, axis=1)
    total = cumulative[:, -1:]
    lower = (cumulative >= np.ceil(total / 2)).argmax(axis=1)
    upper = (cumulative >= np.floor(total / 2) + 1).argmax(axis=1)
    return np.asarray(micros[lower] + micros[upper])
