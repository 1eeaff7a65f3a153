"""The index as a time series (WP §7.2): unit roots, stationarity, volatility that clusters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from engine.market.finding import LEVEL, Finding, refused, unvarying

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def adf(values: Floats, what: str) -> Finding:
    """Augmented Dickey-Fuller with a constant and one lag; a unit root is the null hypothesis."""
    name, count = f"ADF, {what}", len(values)
    if count < 20:
        return refused(name, "WP §7.2", count, 20, "weekly values")
    change = np.diff(values)
    y, level, lag = change[1:], values[1:-1], change[:-1]
    x = np.column_stack([np.ones_like(level), level, lag])
    beta, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    rest = y - x @ beta
    if rank < 3 or not float(rest @ rest) > 0:
        return unvarying(name, "WP §7.2", count, "the series does")
    error = math.sqrt(float(rest @ rest) / (len(y) - 3) * np.linalg.inv(x.T @ x)[1, 1])
    statistic = float(beta[1]) / error
    size = len(y)
    critical = -2.86154 - 2.8903 / size - 4.234 / size**2 - 40.040 / size**3
    stationary = statistic < critical
    said = f"a unit root is {'rejected' if stationary else 'not rejected'} at 5% (t {statistic:.2f}, critical {critical:.2f})"
    return Finding(
        name,
        "WP §7.2",
        count,
        statistic,
        None,
        not stationary,
        said,
        "weeks of data cannot tell a slow trend from a unit root; MacKinnon's surface",
    )


def kpss(values: Floats, what: str) -> Finding:
    """KPSS around a level; stationarity is the null hypothesis."""
    name, count = f"KPSS, {what}", len(values)
    if count < 20:
        return refused(name, "WP §7.2", count, 20, "weekly values")
    rest = values - values.mean()
    lags = int(4 * (count / 100) ** 0.25)
    spread = float(rest @ rest) / count
    spread += 2 * sum((1 - k / (lags + 1)) * float(rest[k:] @ rest[:-k]) / count for k in range(1, lags + 1))
    if not spread > 0:
        return unvarying(name, "WP §7.2", count, "the series does")
    statistic = float(np.sum(np.cumsum(rest) ** 2)) / (count**2 * spread)
    rejected = statistic > 0.463
    said = f"stationarity is {'rejected' if rejected else 'not rejected'} at 5% (eta {statistic:.3f}, critical 0.463)"
    return Finding(
        name, "WP §7.2", count, statistic, None, rejected, said, f"{lags} lags of Newey and West; few weeks make it lean to stationarity"
    )


def arch_lm(values: Floats, lags: int = 4) -> Finding:
    """Engle's test for volatility that clusters, on log returns."""
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
    said = f"clustering is {'found' if p_value < LEVEL else 'not found'} at 5% (LM {statistic:.2f}, p {p_value:.3f})"
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
