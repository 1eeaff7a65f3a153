"""The precision of a median by its listings alone: the exact bootstrap and its Monte Carlo check (WP §7.5.1).

The exact bootstrap is the limit of infinitely many resamples. The median of a resample is an order statistic
with binomial weights (Efron 1979; Maritz and Jarrett 1978). For an even count it is the mean of two adjacent
ones with a joint law. The exact form needs no seed and costs less than the simulation (ADR 0002). Floats and
numpy end here.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from engine.basics.values import rounded
from engine.market.interval_types import LEVEL, Interval

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RESAMPLES = 10_000
SEED = 20260108
"""The seed of the simulations, stated with their results. The published interval needs no seed."""


def exact_interval(observations: Sequence[Decimal], level: Decimal = LEVEL) -> Interval:
    """Return the exact bootstrap interval of the median.

    Args:
        observations: USD per GPU-hour, in any order, at least one.
        level: the share between the ends.

    Returns:
        The smallest x with F(x) at least (1 - level) / 2, and with F(x) at least (1 + level) / 2.
    """
    law = _Law(_micros(observations))
    low, high = (
        rounded(Fraction(law.first(share), 2_000_000), 4) for share in ((1 - level) / 2, (1 + level) / 2)
    )
    return Interval(level=level, low=low, high=high, method="exact bootstrap of the median")


def share_below(observations: Sequence[Decimal], level: Decimal) -> float:
    """Return the share of resamples whose median is below `level`.

    It reflects only the sampling of listings and is not a forecast.
    """
    # Prices are whole millionths and the law counts half of them, so one less makes "below" of "at most".
    return _Law(_micros(observations)).at_most(int(level.scaleb(6) * 2) - 1)


def _micros(observations: Sequence[Decimal]) -> Integers:
    return np.sort(np.array([int(x.scaleb(6)) for x in observations], dtype=np.int64))


# Without it, a share that the exact law meets would be missed by a float's last digit: the end moves by a
# price.
ROUNDING = 1e-13
"""What sums of floats may lose. An end is reached if the distribution comes this near to its share."""
NOTHING = 1e-20
"""A probability too small to be seen in a sum of at most a million of them."""


class _Law:
    """The distribution of the resampled median of n prices, in twice a millionth of a USD per GPU-hour.

    Odd n = 2m - 1: the m-th order statistic, P(Y <= i) = I_{i/n}(m, n - m + 1). Even n = 2m: the mean of the
    m-th and the next, with P(Y_m = i, Y_{m+1} = j) = C(n, m) a_i b_j for i < j, where a_i = (i/n)^m -
    ((i-1)/n)^m and b_j = ((n-j+1)/n)^m - ((n-j)/n)^m. The rest of P(Y_m = i) has both at i. The sum of b over
    a range telescopes, so the pairs are never written out. Each question costs one pass over the prices.
    """

    def __init__(self, micros: Integers) -> None:
        self.micros = micros
        self.count = n = len(micros)
        self.middle = m = (n + 1) // 2
        self.order: Floats = betainc(m, n - m + 1, np.arange(n + 1) / n)
        # An odd count has a single middle price, and its law is the binomial one alone.
        if n % 2 == 0:
            apart = np.exp(_log_first(n))
            # Clipped at zero, because the difference of two nearly equal floats may come out negative.
            self.same: Floats = np.append(
                0.0, np.cumsum(np.clip(np.diff(self.order) - np.append(apart, 0.0), 0.0, None))
            )
            # Places without weight are dropped, because every question sums over the others.
            self.first_of: Integers = np.flatnonzero(apart > NOTHING) + 1
            self.apart: Floats = apart[self.first_of - 1]

    def at_most(self, doubled: int) -> float:
        """Return the probability that twice the resampled median is at most `doubled` millionths of a USD."""
        share = self._odd(doubled) if self.count % 2 else self._even(doubled)
        # Sums of floats may leave the range of a probability by their last digits.
        return float(min(1.0, max(0.0, share)))

    def first(self, share: Decimal) -> int:
        """Return twice the median, in millionths, at the given quantile of its distribution.

        It is the smallest number for which `at_most` reaches `share`.
        """
        # The median of an even count lies half way between two prices, so everything is counted in half
        # millionths.
        low, high = 2 * int(self.micros[0]), 2 * int(self.micros[-1])
        wanted = float(share) - ROUNDING
        while low < high:
            doubled = (low + high) // 2
            low, high = (low, doubled) if self.at_most(doubled) >= wanted else (doubled + 1, high)
        return low

    def _odd(self, doubled: int) -> float:
        reached = int(np.searchsorted(self.micros, doubled // 2, side="right"))
        return float(self.order[reached])

    def _even(self, doubled: int) -> float:
        """Return the probability for an even count that the two middle prices add up to at most `doubled`.

        It sums over the first place i: all j > i for which the sum is small enough, and both places at i.
        """
        n, m = self.count, self.middle
        i = self.first_of
        reached = np.maximum(np.searchsorted(self.micros, doubled - self.micros[i - 1], side="right"), i)
        # If every later place is reached, the logarithm is minus infinity and the share exactly 1, as it
        # must be.
        with np.errstate(divide="ignore"):
            part = -np.expm1(m * np.log((n - reached) / (n - i)))
        return float((self.apart * part).sum()) + float(
            self.same[np.searchsorted(self.micros, doubled // 2, side="right")]
        )


def _log_first(n: int) -> Floats:
    """Return log(C(n, m) a_i ((n-i)/n)^m) for i from 1 to n - 1.

    This is the probability that the m-th place is the i-th price and the next place a later price. It is
    written so that nothing large cancels: C(n, m) / 2^n is the product of 1 - 1/2k, and 4i(n - i)/n^2 is 1 -
    ((n - 2i)/n)^2.
    """
    m, i = n // 2, np.arange(1, n, dtype=np.float64)
    choose = np.log1p(-0.5 / np.arange(1, m + 1)).sum()
    shrink = np.zeros_like(i)
    shrink[1:] = np.log(-np.expm1(m * np.log1p(-1.0 / i[1:])))
    logs: Floats = choose + m * np.log1p(-(((n - 2 * i) / n) ** 2)) + shrink
    return logs


def monte_carlo_interval(
    observations: Sequence[Decimal], resamples: int = RESAMPLES, seed: int = SEED
) -> Interval:
    """Return the interval by simulation. It checks the exact one and is never the published figure."""
    micros = _micros(observations)
    drawn = np.random.default_rng(seed).integers(0, len(micros), size=(resamples, len(micros)))
    medians = np.sort(np.median(micros[drawn], axis=1))
    low, high = (
        Fraction(float(np.quantile(medians, q, method="inverted_cdf"))) / 10**6 for q in (0.025, 0.975)
    )
    method = f"bootstrap, {resamples:,} resamples, seed {seed}"
    return Interval(low=rounded(low, 4), high=rounded(high, 4), method=method)
