"""The paper's statistical validation of an index, each test by its name, with its sample, its verdict and its caveat (WP §7).

A test that needs more than there is refuses by name. Statistics are floats: they describe the index, and decide nothing in a deal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_COVERAGE = 0.30
COVERAGE_WEEKS = 4
LEVEL = 0.05
JUMP = 3.0
WIDEST = 0.25
"""The width of the interval, as a share of the value, at which the minimum viable observation count lies (WP §7.5.3)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one test found.

    Attributes:
        test: its name.
        section: where the paper asks for it.
        sample: how many figures it rests on.
        statistic: its value; None where it refused.
        p_value: its p-value, where it has one.
        finding: whether it found something to look into; None where it refused.
        verdict: in a sentence.
        caveat: what it cannot say.
    """

    test: str
    section: str
    sample: int
    statistic: float | None
    p_value: float | None
    finding: bool | None
    verdict: str
    caveat: str


@dataclass(frozen=True, slots=True)
class Week:
    """What the tests need of one published week."""

    publication: date
    value: float | None
    prices: tuple[float, ...]
    width: float | None
    days: tuple[tuple[date, int, int, float | None], ...]
    """(day, listings of the model before the filters, Qualifying Listings, median of the day) of each day that was collected."""


def refused(test: str, section: str, sample: int, needed: int, what: str) -> Finding:
    """A test that needs more than there is."""
    verdict = f"refused: {sample} {what}, and it needs {needed}"
    return Finding(test, section, sample, None, None, None, verdict, "a test on too few figures says nothing, and would be believed")


def coverage(weeks: Sequence[Week]) -> Finding:
    """Qualifying Listings over all listings of the model, per day; a finding below 30% in four weeks running."""
    ratios = [[kept / offers for _, offers, kept, _ in week.days if offers] for week in weeks]
    means = [sum(found) / len(found) for found in ratios if found]
    if len(means) < COVERAGE_WEEKS:
        return refused("coverage ratio", "WP §7.1", len(means), COVERAGE_WEEKS, "weeks with snapshots")
    run = longest = 0
    for mean in means:
        run = run + 1 if mean < LEAST_COVERAGE else 0
        longest = max(longest, run)
    low = longest >= COVERAGE_WEEKS
    span = f"{min(means):.0%} to {max(means):.0%} of the model's listings qualify"
    said = f"{span}; below {LEAST_COVERAGE:.0%} for at most {longest} weeks running"
    return Finding(
        "coverage ratio", "WP §7.1", len(means), min(means), None, low, said, "listings outside the index's country count as not qualifying"
    )


def count_trend(weeks: Sequence[Week]) -> Finding:
    """Kendall's tau of the daily counts of Qualifying Listings against time."""
    counts = [kept for week in weeks for _, _, kept, _ in week.days]
    if len(counts) < 10:
        return refused("trend of daily counts", "WP §7.1", len(counts), 10, "days")
    found = stats.kendalltau(range(len(counts)), counts)
    falling = bool(found.pvalue < LEVEL and found.statistic < 0)
    said = f"daily counts {'fall' if falling else 'do not fall'} over time (tau {found.statistic:+.2f}, p {found.pvalue:.3f})"
    return Finding(
        "trend of daily counts",
        "WP §7.1",
        len(counts),
        found.statistic,
        found.pvalue,
        falling,
        said,
        "a trend of weeks is no trend of years",
    )


def shapiro_wilk(week: Week) -> Finding:
    """Whether one week's prices could be normal, by Shapiro and Wilk."""
    return _of_prices(week, "Shapiro-Wilk", 8, stats.shapiro)


def jarque_bera(week: Week) -> Finding:
    """The same by skewness and kurtosis."""
    return _of_prices(week, "Jarque-Bera", 30, stats.jarque_bera)


def _of_prices(week: Week, test: str, needed: int, run: Callable[[Sequence[float]], object]) -> Finding:
    name, count = f"{test}, week of {week.publication}", len(week.prices)
    if count < needed:
        return refused(name, "WP §7.2", count, needed, "observations")
    if len(set(week.prices)) == 1:
        return Finding(name, "WP §7.2", count, None, None, True, "all prices are one price", "no distribution can be tested")
    found: object = run(week.prices)
    statistic, p_value = float(found.statistic), float(found.pvalue)  # type: ignore[attr-defined]
    said = f"normality is {'rejected' if p_value < LEVEL else 'not rejected'} at 5% (p {p_value:.4f})"
    return Finding(
        name,
        "WP §7.2",
        count,
        statistic,
        p_value,
        p_value < LEVEL,
        said,
        "listings of one host are not independent; the median needs no normality",
    )


def skewness(week: Week) -> Finding:
    """The third standardized moment of one week's prices."""
    name, count = f"skewness, week of {week.publication}", len(week.prices)
    if count < 8:
        return refused(name, "WP §7.2", count, 8, "observations")
    value = float(stats.skew(week.prices))
    side = "right" if value > 0 else "left"
    said = f"{value:+.2f}: the longer tail is to the {side}" if abs(value) > 0.05 else f"{value:+.2f}: no longer tail"
    return Finding(name, "WP §7.2", count, value, None, abs(value) > 1, said, "the paper expects a right tail")


def _values(weeks: Sequence[Week]) -> Floats:
    return np.array([week.value for week in weeks if week.value is not None])


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
        return Finding(name, "WP §7.2", count, None, None, None, "refused: the series does not vary", "nothing can be said of a constant")
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
        return Finding(name, "WP §7.2", count, None, None, None, "refused: the series does not vary", "nothing can be said of a constant")
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
        return Finding(
            "ARCH-LM, log returns", "WP §7.2", count, None, None, None, "refused: returns do not vary", "nothing can be said of a constant"
        )
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
    medians = [(day, middle) for week in weeks for day, _, _, middle in week.days if middle is not None]
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
