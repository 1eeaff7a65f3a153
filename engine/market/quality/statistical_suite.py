"""The paper's statistical validation of an index, each test by its name (WP §7).

Each has its sample, its verdict and its caveat. A test that needs more data than there is refuses by name.
Statistics are floats: they describe the index, and decide nothing in a deal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from scipy import stats

from engine.basics.values import counted
from engine.market.quality.distribution import bimodality, jarque_bera, shapiro_wilk, skewness
from engine.market.quality.finding import LEVEL, Finding, Week, refused
from engine.market.quality.platforms import Quote, compared
from engine.market.quality.representativeness import count_trend, coverage, papers_flag
from engine.market.quality.time_series import time_series

DAY = timedelta(days=1)
DISTRIBUTIONS = 4
"""How many of the newest weeks have the shape of their prices tested."""
JUMP = 3.0
FITTED_WEEKS = 12
"""The fewest weeks through whose widths a curve is fitted: nearly a quarter."""
NORMAL = 1.4826
"""The factor that makes a median absolute deviation the standard deviation of a normal distribution."""
LEAST_PAIRS = 14
"""The fewest pairs of consecutive days in which jumps are looked for: two weeks of days."""
WIDEST = 0.25
"""The width of the interval, as a share of the value, that defines the minimum viable observation count.

See WP §7.5.3.
"""


def first_digits(weeks: Sequence[Week]) -> Finding:
    """Return the finding on the first digits of all observations against Benford's law.

    It is a screen and not a test of honesty.
    """
    prices = [price for week in weeks for price in week.prices]
    if len(prices) < 100:
        return refused("first digits", "WP §7.3", len(prices), 100, "observations")
    # Scientific notation puts the first digit that is not zero in front, whatever the size of the price.
    digits = [int(f"{price:e}"[0]) for price in prices]
    observed = np.array([digits.count(d) for d in range(1, 10)])
    expected = len(prices) * np.log10(1 + 1 / np.arange(1, 10))
    chi_square = stats.chisquare(observed, expected)
    said = (
        f"first digits {'differ from' if chi_square.pvalue < LEVEL else 'agree with'} Benford's law "
        "(chi2 "
        f"{chi_square.statistic:.0f})"
    )
    caveat = "prices within one order of magnitude never follow it; it does not show manipulation (WP §7.3)"
    return Finding(
        "first digits",
        "WP §7.3",
        len(prices),
        float(chi_square.statistic),
        float(chi_square.pvalue),
        bool(chi_square.pvalue < LEVEL),
        said,
        caveat,
    )


def jumps(weeks: Sequence[Week]) -> Finding:
    """Return the finding on day-over-day changes of the daily median beyond three robust standard deviations.

    A change over a gap of days is not counted. The standard deviation is 1.4826 times the median absolute
    deviation from the median. The plain one would be widened by the very jumps that are looked for. If more
    than half of the changes are equal, the robust one is zero, and the plain one serves.
    """
    medians = {day.day: day.median for week in weeks for day in week.days if day.median is not None}
    pairs = [
        (day, math.log(now / medians[day - DAY]))
        for day, now in sorted(medians.items())
        if day - DAY in medians
    ]
    apart = max(0, len(medians) - 1 - len(pairs))
    if len(pairs) < LEAST_PAIRS:
        return refused("day-over-day jumps", "WP §7.3", len(pairs), LEAST_PAIRS, "pairs of consecutive days")
    changes = np.array([change for _, change in pairs])
    middle = float(np.median(changes))
    spread = NORMAL * float(np.median(np.abs(changes - middle))) or float(changes.std(ddof=1))
    far = [day for day, change in pairs if spread > 0 and abs(change - middle) > JUMP * spread]
    named = f": {', '.join(str(day) for day in far)}" if far else ""
    said = (
        f"{counted(len(far), 'jumps')} beyond {JUMP:.0f} robust sigma in {counted(len(pairs), 'pairs')} "
        f"of consecutive days{named}"
    )
    caveat = (
        f"{counted(apart, 'steps')} over missing days left out; a jump calls for a look at the "
        "snapshots, and for nothing else"
    )
    return Finding(
        "day-over-day jumps", "WP §7.3", len(pairs), float(len(far)), None, bool(far), said, caveat
    )


def minimum_viable_count(weeks: Sequence[Week], of: str = "") -> Finding:
    """Return the finding on the number of observations at which the interval's width crosses 25%.

    There are three numbers, because the widths scatter (WP §7.5.3; `rulings.md` 63). N = (q c / 25%)^2 for c
    the geometric mean of width x sqrt(N); q is the 10th, 50th and 90th percentile of the widths about that
    fit. The result is not determined if the 90th lies beyond the largest N seen.

    Args:
        weeks: the weeks of the period.
        of: the period, for the test's name; all weeks unless given.
    """
    name = f"minimum viable observation count{f', {of}' if of else ''}"
    with_interval = [
        (len(week.prices), week.width) for week in weeks if week.width is not None and week.prices
    ]
    # The logarithm of a zero width does not exist; such weeks are left out and counted in the caveat.
    known = [(count, width) for count, width in with_interval if width > 0]
    if len(known) < FITTED_WEEKS:
        return refused(name, "WP §7.5.3", len(known), FITTED_WEEKS, "weeks with an interval")
    scale = math.exp(sum(math.log(width * math.sqrt(count)) for count, width in known) / len(known))
    about = np.percentile([width * math.sqrt(count) / scale for count, width in known], (10, 50, 90))
    low, middle, high = (math.ceil((float(q) * scale / WIDEST) ** 2) for q in about)
    fitted, largest = math.ceil((scale / WIDEST) ** 2), max(count for count, _ in known)
    above = [width for count, width in with_interval if count >= fitted]
    wide = sum(width > WIDEST for width in above)
    were = f"{wide} {'was' if wide == 1 else 'were'} wider than {WIDEST:.0%}"
    failures = f"of the {counted(len(above), 'weeks')} with at least {fitted} listings, {were}"
    # A number beyond every count seen would be a guess from outside the data (`rulings.md` 63).
    determined = high <= largest
    numbers = f"{low}, {middle} and {high} observations by the 10th, 50th and 90th percentile of the widths"
    said = numbers if determined else f"not determined: {numbers}, and no week had more than {largest}"
    flat = len(with_interval) - len(known)
    caveat = "counts alone do not fix widths; hosts, not listings, are what is independent"
    caveat += f"; {counted(flat, 'weeks with an interval')} of no width left out of the fit" if flat else ""
    return Finding(name, "WP §7.5.3", len(known), float(middle), None, None, f"{said}; {failures}", caveat)


def by_quarter(weeks: Sequence[Week]) -> list[Finding]:
    """Return the minimum viable observation count of each quarter of the year, by Publication Date.

    See `rulings.md` 38.
    """
    quarters: dict[str, list[Week]] = {}
    for week in weeks:
        quarters.setdefault(f"{week.publication.year} Q{(week.publication.month + 2) // 3}", []).append(week)
    return [minimum_viable_count(values, quarter) for quarter, values in quarters.items()]


def suite(weeks: Sequence[Week], quotes: Sequence[Quote] | None = None) -> list[Finding]:
    """Return the findings of every test of the paper, in its order.

    Distributions are tested for the newest four weeks with a value.

    Args:
        weeks: every Publication Date that the snapshots give, oldest first.
        quotes: rates of other platforms; None if no file names any.
    """
    findings = [coverage(weeks), count_trend(weeks), papers_flag(weeks), *compared(weeks, quotes)]
    for week in distributed(weeks):
        findings += [shapiro_wilk(week), jarque_bera(week), skewness(week), bimodality(week)]
    return [*findings, *time_series(weeks), first_digits(weeks), jumps(weeks), *by_quarter(weeks)]


def distributed(weeks: Sequence[Week]) -> list[Week]:
    """Return the weeks whose prices are tested for their shape: the newest four with a value."""
    return [week for week in weeks if week.prices][-DISTRIBUTIONS:]
