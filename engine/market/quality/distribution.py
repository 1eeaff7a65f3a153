"""The shape of one week's prices (WP §7.2): normality, skewness, bimodality."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scipy import stats

from engine.market.quality import dip_test as dip
from engine.market.quality.finding import LEVEL, Finding, Week, refused, unvarying


def shapiro_wilk(week: Week) -> Finding:
    """Return the finding whether one week's prices could be normal, by Shapiro and Wilk."""
    return _of_prices(week, "Shapiro-Wilk", 8, stats.shapiro)


def jarque_bera(week: Week) -> Finding:
    """Return the finding whether one week's prices could be normal, by skewness and kurtosis.

    The test is that of Jarque and Bera.
    """
    return _of_prices(week, "Jarque-Bera", 30, stats.jarque_bera)


def _of_prices(week: Week, test: str, needed: int, run: Callable[[Sequence[float]], object]) -> Finding:
    name, count = f"{test}, week of {week.publication}", len(week.prices)
    if count < needed:
        return refused(name, "WP §7.2", count, needed, "observations")
    if len(set(week.prices)) == 1:
        return unvarying(name, "WP §7.2", count, "prices do")
    outcome: object = run(week.prices)
    statistic, p_value = float(outcome.statistic), float(outcome.pvalue)  # type: ignore[attr-defined]
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
    """Return the finding on the third standardized moment of one week's prices."""
    name, count = f"skewness, week of {week.publication}", len(week.prices)
    if count < 8:
        return refused(name, "WP §7.2", count, 8, "observations")
    if len(set(week.prices)) == 1:
        return unvarying(name, "WP §7.2", count, "prices do")
    value = float(stats.skew(week.prices))
    side = "right" if value > 0 else "left"
    said = (
        f"{value:+.2f}: the longer tail is to the {side}"
        if abs(value) > 0.05
        else f"{value:+.2f}: no longer tail"
    )
    return Finding(
        name, "WP §7.2", count, value, None, abs(value) > 1, said, "the paper expects a right tail"
    )


def bimodality(week: Week) -> Finding:
    """Return the finding whether one week's prices have more than one mode, by Hartigan's dip."""
    name, count = f"Hartigan's dip, week of {week.publication}", len(week.prices)
    if count < 8:
        return refused(name, "WP §7.2", count, 8, "observations")
    if len(set(week.prices)) == 1:
        return unvarying(name, "WP §7.2", count, "prices do")
    statistic = dip.dip(week.prices)
    p_value = dip.p_value(statistic, count)
    more = p_value < LEVEL
    said = (
        f"one mode is {'rejected' if more else 'not rejected'} at 5% (dip {statistic:.4f}, p {p_value:.4f})"
    )
    caveat = (
        f"p from {dip.DRAWS:,} uniform samples, seed {dip.SEED}; listings at one price, as one host's "
        "are, count as a mode"
    )
    return Finding(name, "WP §7.2", count, statistic, p_value, more, said, caveat)
