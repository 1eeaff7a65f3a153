"""Whether what is collected represents the market (WP §7.1): coverage, and the trend of daily counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from scipy import stats

from engine.basics.values import counted
from engine.market.quality.finding import LEVEL, WEEK, CollectedDay, Finding, Week, refused, unvarying

LEAST_COVERAGE = 0.30
COVERAGE_WEEKS = 4


def coverage_of(week: Week) -> float | None:
    """Return the mean, over a week's days, of the share of the model's listings that qualify.

    The result is None if the share is not known on any day.
    """
    known = [day.coverage for day in week.days if day.coverage is not None]
    return sum(known) / len(known) if known else None


def coverage(weeks: Sequence[Week]) -> Finding:
    """Return the finding on coverage: Qualifying Listings over all listings of the model.

    It is a finding below 30% in four weeks running. A week whose share is not known ends a run, and so does a
    missing Publication Date: what is not known continues nothing.
    """
    means = [mean for mean in map(coverage_of, weeks) if mean is not None]
    left_out = _left_out([day for week in weeks for day in week.days])
    if len(means) < COVERAGE_WEEKS:
        few = refused("coverage ratio", "WP §7.1", len(means), COVERAGE_WEEKS, "weeks with a known coverage")
        return replace(few, caveat=f"{few.caveat}; {left_out}" if left_out else few.caveat)
    longest = _longest_low(weeks)
    span = f"{min(means):.1%} to {max(means):.1%} of the model's listings qualify, by week"
    below = (
        f"below {LEAST_COVERAGE:.0%} for at most {counted(longest, 'weeks')} running"
        if longest
        else f"never below {LEAST_COVERAGE:.0%}"
    )
    caveat = _causes([day for week in weeks for day in week.days])
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


def _longest_low(weeks: Sequence[Week]) -> int:
    """Return the longest run of consecutive Publication Dates whose coverage is known and low."""
    run = longest = 0
    before: Week | None = None
    for week in weeks:
        mean = coverage_of(week)
        follows = before is not None and week.publication - before.publication <= WEEK
        # A low week after a gap begins a new run: what is not known continues nothing.
        run = 0 if mean is None or mean >= LEAST_COVERAGE else (run if follows else 0) + 1
        longest, before = max(longest, run), week
    return longest


def _causes(days: Sequence[CollectedDay]) -> str:
    """Return in words which rules removed the listings that do not qualify, the greatest first."""
    removed: Counter[str] = Counter()
    for day in days:
        if day.coverage is not None:
            removed.update(day.removed)
    total = sum(removed.values())
    if not total:
        return "which rules removed the others is not known"
    parts = [f"{rule} {count / total:.0%}" for rule, count in removed.most_common() if 200 * count >= total]
    return f"removed by rule: {', '.join(parts)}"


PAPERS_DAY, PAPERS_WEEK = 10, 4
"""The paper's own flag: a day below the first, or a week below the second, is Low Confidence (WP §7.1)."""


def papers_flag(weeks: Sequence[Week]) -> Finding:
    """Return the finding that compares the paper's Low Confidence weeks with the methodology's.

    The paper's flags are those of its §7.1.
    """
    name, known = (
        "Low Confidence by WP §7.1",
        [week for week in weeks if week.value is not None and week.flagged is not None],
    )
    if not known:
        return refused(name, "WP §7.1", 0, 1, "weeks with a value")
    theirs = [
        any(day.qualifying < PAPERS_DAY for day in week.days) or len(week.prices) < PAPERS_WEEK
        for week in known
    ]
    ours = [bool(week.flagged) for week in known]
    both = sum(one and other for one, other in zip(theirs, ours, strict=True))
    paper = (
        f"{sum(theirs)} of {counted(len(known), 'weeks')} by a day below {PAPERS_DAY} or a week below "
        f"{PAPERS_WEEK}"
    )
    said = f"{paper}; {sum(ours)} by the version's rules; {both} by both"
    why = (
        "§7.1 flags a week for one thin day; the version judges the week by its valid days, its count and "
        "its width (WP §7.5)"
    )
    return Finding(name, "WP §7.1", len(known), float(sum(theirs)), None, None, said, why)


def _left_out(days: Sequence[CollectedDay]) -> str:
    """Return in words which days have no coverage ratio, and why."""
    cut = sum(day.cut for day in days)
    # The count of a cut list is not known either, so such days are taken out of the filtered ones.
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
    """Return the finding on a trend of the daily counts of Qualifying Listings, by Kendall's tau."""
    counts = [day.qualifying for week in weeks for day in week.days]
    if len(counts) < 10:
        return refused("trend of daily counts", "WP §7.1", len(counts), 10, "days")
    if len(set(counts)) == 1:
        return unvarying("trend of daily counts", "WP §7.1", len(counts), "daily counts do")
    correlation = stats.kendalltau(range(len(counts)), counts)
    falling = bool(correlation.pvalue < LEVEL and correlation.statistic < 0)
    said = (
        f"daily counts {'fall' if falling else 'do not fall'} over time (tau "
        f"{correlation.statistic:+.2f}, p {correlation.pvalue:.3f})"
    )
    return Finding(
        "trend of daily counts",
        "WP §7.1",
        len(counts),
        correlation.statistic,
        correlation.pvalue,
        falling,
        said,
        "a trend of weeks is not a trend of years",
    )
