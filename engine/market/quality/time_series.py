"""The index as a time series (WP §7.2): unit roots, stationarity, volatility that clusters.

Every test runs on the longest run of consecutive weeks that all have a value. A step over a missing week is
not a weekly step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from engine.basics.values import counted
from engine.market.quality.finding import LEVEL, Finding, Week, refused, unbroken, unvarying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SMALL = (2.1659, 1.4412, 0.038269)
LARGE = (1.7339, 0.93202, -0.12745, -0.010368)
TURN, LEAST, MOST = -1.61, -18.83, 2.74
"""MacKinnon's (1994) approximation of the Dickey-Fuller distribution with a constant.

It is a polynomial on each side of TURN, with bounds.
"""
ARCH_LAGS = 4


def time_series(weeks: Sequence[Week]) -> list[Finding]:
    """Return the findings of ADF, KPSS and ARCH-LM on the longest unbroken run of weeks.

    ADF and KPSS run on levels and first differences, and are also read together. ARCH-LM runs on log returns.
    """
    run = unbroken(weeks)
    values = np.array([week.value for week in run if week.value is not None])
    # Differences only of neighbours: the run was chosen without a gap for this.
    changes = np.diff(values)
    findings = [
        adf(values, "levels"),
        adf(changes, "first differences"),
        kpss(values, "levels"),
        kpss(changes, "first differences"),
    ]
    findings = [
        *findings,
        read_together(findings[0], findings[2]),
        read_together(findings[1], findings[3]),
        arch_lm(values),
    ]
    valued = sum(week.value is not None for week in weeks)
    basis = (
        f"on {counted(len(run), 'consecutive weeks')} of {valued} with a value, "
        f"{counted(len(changes), 'pairs')} of neighbours"
    )
    noise = _noise(run)
    return [
        replace(finding, caveat=f"{finding.caveat}; {basis}{noise if finding.finding is not None else ''}")
        for finding in findings
    ]


def _noise(run: Sequence[Week]) -> str:
    """Return words on the measurement noise of the values, which makes any series look mean-reverting.

    The noise is half the median width of the 95% intervals by sellers, if each week has one. Otherwise the
    intervals of listings serve, which are too narrow if a seller has several listings. The text is empty if
    not a single week has an interval.
    """
    sellers = [week.sellers_width for week in run if week.sellers_width is not None]
    listings = [week.width for week in run if week.width is not None]
    widths, of = (
        (sellers, "by sellers") if sellers and len(sellers) == len(run) else (listings, "of listings")
    )
    if not widths:
        return ""
    narrow = "" if widths is sellers else ", too narrow where a seller has several"
    half = float(np.median(widths)) / 2
    said = f"each value is measured to within {half:.0%} (half the middle 95% interval {of}{narrow})"
    return f"; {said}, and such noise leans to stationarity"


def adf(values: Floats, what: str) -> Finding:
    """Return the finding of the augmented Dickey-Fuller test with a constant.

    Its null hypothesis is a unit root. The figures are those of one lag. The verdicts of other lags are
    counted.
    """
    name, count = f"ADF, {what}", len(values)
    if count < 20:
        return refused(name, "WP §7.2", count, 20, _unit(what))
    by_lag = {lags: _dickey_fuller(values, lags) for lags in LAGS}
    first = by_lag[1]
    if first is None:
        return unvarying(name, "WP §7.2", count, "the series does")
    # The verdict rests on one lag that is fixed in advance, never on the lag that gives the better answer.
    statistic, critical = first
    stationary = statistic < critical
    p_value = _mackinnon(statistic)
    known = [statistic for statistic in by_lag.values() if statistic is not None]
    rejecting = sum(statistic < bound for statistic, bound in known)
    figures = f"t {statistic:.2f}, critical {critical:.2f}, p {p_value:.3f}"
    lags = f"{rejecting} of {counted(len(known), 'lags')}"
    said = (
        f"a unit root is {'rejected' if stationary else 'not rejected'} at 5% ({figures}); rejected at {lags}"
    )
    caveat = f"a constant and 1 lag; {LAGS[0]} to {LAGS[-1]} lags counted; MacKinnon's surfaces"
    caveat += "; weeks of data cannot tell a slow trend from a unit root"
    return Finding(name, "WP §7.2", count, statistic, p_value, not stationary, said, caveat)


LAGS = (0, 1, 2, 3, 4)
"""The numbers of lags that are tried, because the verdict at one may turn at the next."""


def _dickey_fuller(values: Floats, lags: int) -> tuple[float, float] | None:
    """Return (statistic, critical value at 5%); None if the series does not vary."""
    change = np.diff(values)
    y, level = change[lags:], values[lags:-1]
    x = np.column_stack(
        [np.ones_like(level), level, *(change[lags - k : len(change) - k] for k in range(1, lags + 1))]
    )
    beta, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    rest = y - x @ beta
    # Columns that depend on one another leave the statistic undefined, and the inverse below would fail.
    if rank < 2 + lags or not float(rest @ rest) > 0:
        return None
    error = math.sqrt(float(rest @ rest) / (len(y) - 2 - lags) * np.linalg.inv(x.T @ x)[1, 1])
    size = len(y)
    # MacKinnon's surface for a constant: the critical value depends on the number of weeks.
    return float(beta[1]) / error, -2.86154 - 2.8903 / size - 4.234 / size**2 - 40.040 / size**3


READINGS = {
    (True, False): "both read the series as stationary",
    (False, True): "both read the series as one with a unit root",
    (False, False): "neither rejects: the weeks are too few to tell",
    (True, True): "both reject: neither a level nor a unit root describes it, as with a break or with noise",
}
"""What ADF and KPSS say together, by whether each rejects its own null hypothesis."""


def read_together(unit_root: Finding, level: Finding) -> Finding:
    """Return ADF and KPSS read as one finding, because each alone is half an answer."""
    what = unit_root.test.removeprefix("ADF, ")
    name = f"ADF with KPSS, {what}"
    if unit_root.finding is None or level.finding is None:
        return refused(name, "WP §7.2", unit_root.sample, 20, _unit(what))
    both = not unit_root.finding and level.finding
    said = READINGS[not unit_root.finding, level.finding]
    return Finding(
        name,
        "WP §7.2",
        unit_root.sample,
        None,
        None,
        both,
        said,
        "one lag for ADF; at other lags it may turn",
    )


def _unit(what: str) -> str:
    return "weekly values" if what == "levels" else f"weekly {what}"


def _mackinnon(statistic: float) -> float:
    """Return the approximate p-value of a Dickey-Fuller statistic with a constant."""
    if not LEAST <= statistic <= MOST:
        return 0.0 if statistic < LEAST else 1.0
    terms = SMALL if statistic <= TURN else LARGE
    return float(stats.norm.cdf(sum(term * statistic**power for power, term in enumerate(terms))))


def kpss(values: Floats, what: str) -> Finding:
    """Return the finding of KPSS around a level; its null hypothesis is stationarity."""
    name, count = f"KPSS, {what}", len(values)
    if count < 20:
        return refused(name, "WP §7.2", count, 20, _unit(what))
    rest = values - values.mean()
    lags = int(4 * (count / 100) ** 0.25)
    spread = float(rest @ rest) / count
    spread += 2 * sum((1 - k / (lags + 1)) * float(rest[k:] @ rest[:-k]) / count for k in range(1, lags + 1))
    if not spread > 0:
        return unvarying(name, "WP §7.2", count, "the series does")
    statistic = float(np.sum(np.cumsum(rest) ** 2)) / (count**2 * spread)
    # The 5% point of KPSS around a level.
    rejected = statistic > 0.463
    said = (
        f"stationarity is {'rejected' if rejected else 'not rejected'} at 5% (eta {statistic:.3f}, "
        "critical 0.463)"
    )
    return Finding(
        name,
        "WP §7.2",
        count,
        statistic,
        None,
        rejected,
        said,
        f"{lags} lags of Newey and West; few weeks make it lean to stationarity",
    )


def arch_lm(values: Floats, lags: int = ARCH_LAGS) -> Finding:
    """Return the finding of Engle's test for volatility that clusters, on log returns."""
    count = len(values)
    if count < 30:
        return refused("ARCH-LM, log returns", "WP §7.2", count, 30, "weekly values")
    returns = np.diff(np.log(values))
    squares = (returns - returns.mean()) ** 2
    y = squares[lags:]
    x = np.column_stack([np.ones_like(y), *(squares[lags - k : -k] for k in range(1, lags + 1))])
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    total = float(((y - y.mean()) ** 2).sum())
    if not total > 0:
        return unvarying("ARCH-LM, log returns", "WP §7.2", count, "returns do")
    statistic = len(y) * (1 - float(((y - x @ beta) ** 2).sum()) / total)
    p_value = float(stats.chi2.sf(statistic, lags))
    said = (
        f"clustering is {'found' if p_value < LEVEL else 'not found'} at 5% (LM {statistic:.2f}, p "
        f"{p_value:.3f})"
    )
    return Finding(
        "ARCH-LM, log returns",
        "WP §7.2",
        count,
        statistic,
        p_value,
        p_value < LEVEL,
        said,
        f"{lags} lags; a jump of one week looks like a cluster",
    )
