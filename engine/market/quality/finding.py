"""What a statistical test of an index found, and what the tests need of each published week (WP §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from engine.basics.values import counted

WEEK = timedelta(weeks=1)
LEVEL = 0.05
"""The significance level of every test that has one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one test found.

    Attributes:
        test: its name.
        section: the section of the paper that asks for it.
        sample: how many figures it rests on.
        statistic: its value; None if the test refused.
        p_value: its p-value, if it has one.
        finding: whether it found something to look into; None if it refused, or if there is nothing to judge.
        verdict: the result in a sentence.
        caveat: what the test cannot say.
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
class CollectedDay:
    """One day that was collected.

    Attributes:
        day: the UTC date.
        offers: listings of the model before the filters; None if the day's rows came filtered, or its list
            was cut.
        qualifying: Qualifying Listings.
        median: the day's median after outlier removal, in USD per GPU-hour; None for an empty day.
        cut: whether the list was as long as the query's limit.
        removed: how many listings each rule removed.
    """

    day: date
    offers: int | None
    qualifying: int
    median: float | None
    cut: bool = False
    removed: Mapping[str, int] = field(default_factory=dict)

    @property
    def coverage(self) -> float | None:
        """The share of the model's listings that qualify (WP §7.1).

        It is None if the number of listings before the filters is not known.
        """
        return self.qualifying / self.offers if self.offers else None


@dataclass(frozen=True, slots=True)
class Week:
    """What the tests need of one Publication Date.

    Attributes:
        publication: the Thursday.
        value: the value in USD per GPU-hour; None if none was published.
        prices: the pooled Observations.
        width: the width of the 95% interval of listings, as a share of the value.
        days: the days that were collected.
        flagged: whether the methodology flags it Low Confidence; None if that is not known.
        sellers_width: the width of the 95% interval by sellers, as a share of the value; None without such an
        interval.
    """

    publication: date
    value: float | None
    prices: tuple[float, ...]
    width: float | None
    days: tuple[CollectedDay, ...]
    flagged: bool | None = None
    sellers_width: float | None = None


def refused(test: str, section: str, sample: int, needed: int, what: str) -> Finding:
    """Return the finding of a test that needs more data than there is.

    `what` is the plural noun of what the test counts.
    """
    verdict = f"refused: {counted(sample, what)}, and it needs {needed}"
    return Finding(
        test,
        section,
        sample,
        None,
        None,
        None,
        verdict,
        "a test on too few figures says nothing, and would be believed",
    )


def unvarying(test: str, section: str, sample: int, what: str) -> Finding:
    """Return the finding of a test whose figures are all the same, so that its statistic is not defined.

    `what` ends in do or does.
    """
    verdict = f"refused: {what} not vary, and the test needs figures that do"
    return Finding(test, section, sample, None, None, None, verdict, "nothing can be said of a constant")


def unbroken(weeks: Sequence[Week]) -> list[Week]:
    """Return the longest run of consecutive Publication Dates that all have a value.

    Of several equally long runs it is the newest. A step over a missing week is not a weekly step, so no test
    of a time series takes such a step.
    """
    longest: list[Week] = []
    run: list[Week] = []
    for week in weeks:
        follows = bool(run) and week.publication - run[-1].publication == WEEK
        run = [] if week.value is None else [*run, week] if follows else [week]
        # `>=`: of equally long runs the newest is the one that says something of today.
        longest = run if len(run) >= len(longest) else longest
    return longest
