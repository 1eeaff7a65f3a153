"""The paper's statistical validation of an index, each test by its name, with its sample, its verdict and its caveat (WP §7).

A test that needs more than there is refuses by name. Statistics are floats: they describe the index, and decide nothing in a deal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from engine.market.distribution import jarque_bera, shapiro_wilk, skewness
from engine.market.finding import LEVEL, Finding, Week, refused
from engine.market.representativeness import count_trend, coverage
from engine.market.time_series import adf, arch_lm, kpss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

JUMP = 3.0
WIDEST = 0.25
"""The width of the interval, as a share of the value, at which the minimum viable observation count lies (WP §7.5.3)."""


def _values(weeks: Sequence[Week]) -> Floats:
    return np.array([week.value for week in weeks if week.value is not None])


def first_digits(weeks: Sequence[Week]) -> Finding:
    """First digits of all observations against Benford's law; a screen, not a test of honesty."""
    prices = [price for week in weeks for price in week.prices]
    if len(prices) < 100:
        return refused("first digits", "WP §7.3", len(prices), 100, "observations")
    digits = [int(f"{price:e}"[0]) for price in prices]
    observed = np.array([digits.count(d) for d in range(1, 10)])
    expected = len(prices) * np.log10(1 + 1 / np.arange(1, 10))
    found = stats.chisquare(observed, expected)
    said = f"first digits {'differ from' if found.pvalue < LEVEL else 'agree with'} Benford's law (chi2 {found.statistic:.0f})"
    caveat = "prices within one order of magnitude never follow it; it does not show manipulation (WP §7.3)"
    return Finding(
        "first digits", "WP §7.3", len(prices), float(found.statistic), float(found.pvalue), bool(found.pvalue < LEVEL), said, caveat
    )


def jumps(weeks: Sequence[Week]) -> Finding:
    """Day-over-day changes of the daily median beyond three standard deviations of them."""
    medians = [(one.day, one.median) for week in weeks for one in week.days if one.median is not None]
    if len(medians) < 15:
        return refused("day-over-day jumps", "WP §7.3", len(medians), 15, "daily medians")
    returns = np.diff(np.log([middle for _, middle in medians]))
    spread = float(returns.std(ddof=1))
    far = [
        day for (day, _), change in zip(medians[1:], returns, strict=True) if spread > 0 and abs(change - returns.mean()) > JUMP * spread
    ]
    said = f"{len(far)} jumps beyond {JUMP:.0f} sigma" + (f": {', '.join(str(day) for day in far)}" if far else "")
    return Finding(
        "day-over-day jumps",
        "WP §7.3",
        len(medians),
        float(len(far)),
        None,
        bool(far),
        said,
        "a jump calls for a look at the snapshots, and for nothing else",
    )


def minimum_viable_count(weeks: Sequence[Week]) -> Finding:
    """The number of observations at which the fitted width of the interval, c / sqrt(N), crosses 25% (WP §7.5.3)."""
    known = [(len(week.prices), week.width) for week in weeks if week.width and week.prices]
    if len(known) < 8:
        return refused("minimum viable observation count", "WP §7.5.3", len(known), 8, "weeks with an interval")
    scale = math.exp(sum(math.log(width * math.sqrt(count)) for count, width in known) / len(known))
    least = (scale / WIDEST) ** 2
    spread = max(count for count, _ in known) / min(count for count, _ in known)
    said = f"about {math.ceil(least)} observations a week keep the interval within {WIDEST:.0%} of the value"
    caveat = f"fitted over weeks whose counts differ by a factor of {spread:.1f}; hosts, not listings, are what is independent"
    return Finding("minimum viable observation count", "WP §7.5.3", len(known), least, None, None, said, caveat)


def suite(weeks: Sequence[Week]) -> list[Finding]:
    """Every test of the paper, in its order; distributions for the newest four weeks."""
    values = _values(weeks)
    found = [coverage(weeks), count_trend(weeks)]
    for week in [week for week in weeks if week.prices][-4:]:
        found += [shapiro_wilk(week), jarque_bera(week), skewness(week)]
    changes = np.diff(values) if len(values) > 1 else values
    found += [adf(values, "levels"), adf(changes, "first differences"), kpss(values, "levels"), kpss(changes, "first differences")]
    found += [arch_lm(values), first_digits(weeks), jumps(weeks), minimum_viable_count(weeks)]
    return found
