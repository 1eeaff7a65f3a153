"""Whether what is collected stands for the market (WP §7.1): coverage, the trend of daily counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scipy import stats

from engine.basics.values import counted
from engine.market.quality.finding import LEVEL, CollectedDay, Finding, Week, refused, unvarying

LEAST_COVERAGE = 0.30
COVERAGE_WEEKS = 4


def coverage_of(week: Week) -> float | None:
    """The mean over a week's days of the share of the model's listings that qualify; None where no day's share is known."""
    known = [day.coverage for day in week.days if day.coverage is not None]
    return sum(known) / len(known) if known else None


def coverage(weeks: Sequence[Week]) -> Finding:
    """Qualifying Listings over all listings of the model; a finding below 30% in four weeks running.

    A week whose share is not known neither continues a run nor ends it: absence never heals.
    """
    means = [mean for mean in map(coverage_of, weeks) if mean is not None]
    left_out = _left_out([day for week in weeks for day in week.days])
    if len(means) < COVERAGE_WEEKS:
        few = refused("coverage ratio", "WP §7.1", len(means), COVERAGE_WEEKS, "weeks with a known coverage")
        return replace(few, caveat=f"{few.caveat}; {left_out}" if left_out else few.caveat)
    run = longest = 0
    for mean in means:
        run = run + 1 if mean < LEAST_COVERAGE else 0
        longest = max(longest, run)
    span = f"{min(means):.0%} to {max(means):.0%} of the model's listings qualify, by week"
    below = (
        f"below {LEAST_COVERAGE:.0%} for at most {counted(longest, 'weeks')} running" if longest else f"never below {LEAST_COVERAGE:.0%}"
    )
    caveat = "listings outside the index's country count as not qualifying"
    return Finding(
        "coverage ratio",
        "WP §7.1",
        len(means),
        min(means),
        None,
        longest >= COVERAGE_WEEKS,
        f"{span}; {below}",
        f"{caveat}; {left_out}" if left_out else caveat,
    )


def _left_out(days: Sequence[CollectedDay]) -> str:
    """Which days have no coverage ratio, and why."""
    cut = sum(day.cut for day in days)
    filtered = sum(day.offers is None for day in days) - cut
    none = sum(day.offers == 0 for day in days)
    said = [
        (filtered, "whose rows came filtered"),
        (cut, "whose list was cut at the query's limit"),
        (none, "without any listing of the model"),
    ]
    parts = [f"{counted(count, 'days')} {why}" for count, why in said if count]
    return f"left out: {', '.join(parts)}" if parts else ""


def count_trend(weeks: Sequence[Week]) -> Finding:
    """Kendall's tau of the daily counts of Qualifying Listings against time."""
    counts = [day.qualifying for week in weeks for day in week.days]
    if len(counts) < 10:
        return refused("trend of daily counts", "WP §7.1", len(counts), 10, "days")
    if len(set(counts)) == 1:
        return unvarying("trend of daily counts", "WP §7.1", len(counts), "daily counts do")
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
