"""The paper's statistical tests of an index over every week that the workspace's snapshots give (WP §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import read_text
from engine.market.index_value import DayDetail, IndexValue
from engine.market.methodology import load_methodology
from engine.market.quality.finding import CollectedDay, Finding, Week
from engine.market.quality.manipulation import Day, day_median
from engine.queries.index_weeks import weeks_of
from engine.workspace.workspace import Workspace


def _covered(mean: float | None, week: Week) -> tuple[str, str]:
    known = sum(day.coverage is not None for day in week.days)
    return f"{known} of {len(week.days)}", "not known" if mean is None else f"{mean:.0%}"


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, float) else bool(value) if isinstance(value, bool) else value


def _collected(day: DayDetail, median: float | None) -> CollectedDay:
    """Return a day as the index's tests read it.

    The number of listings is not known if the listings came filtered or cut off (`rulings.md` 7).
    """
    known = day.form == "offers" and not day.truncated
    return CollectedDay(
        day.date, day.offers if known else None, day.qualifying, median, day.truncated, dict(day.excluded)
    )


def _week(value: IndexValue, days: tuple[Day, ...]) -> Week:
    methodology = load_methodology(value.methodology)
    middle = {day: day_median(listings, methodology) for day, listings in days}
    rows = tuple(
        _collected(day, _float(middle.get(day.date))) for day in value.days if day.snapshot is not None
    )
    width = None if value.interval_width is None else float(value.interval_width)
    return Week(
        value.publication_date,
        _float(value.value),
        tuple(float(price) for price in value.pooled),
        width,
        rows,
        value.low_confidence,
        _sellers_width(value),
    )


def _sellers_width(value: IndexValue) -> float | None:
    """Return the width of the interval by sellers as a share of the value; None without such an interval."""
    ends = value.seller_interval
    return None if ends is None or value.value is None else float((ends.high - ends.low) / value.value)


def _float(value: Decimal | Fraction | None) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class IndexValidation:
    """The validation of an index.

    It holds the findings of the tests, the coverage of each day and week, and the values that were tested.
    """

    figures: Mapping[str, Any]
    findings: tuple[Finding, ...]
    weekly_coverage: tuple[tuple[str, str, str], ...]
    """Each week: its date, how many of its days are known, how many listings qualify."""
    values: tuple[IndexValue, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the validation as JSON: `index`, `methodology`, `weeks`, `last`, `findings`, `coverage`."""
        return dict(self.figures)


def index_validation(
    workspace: Workspace, index: str, version: str, prices: Path | None, progress: Callable[[str], None]
) -> IndexValidation:
    """Return the tests over every week, beside other platforms' rates where a file names them.

    Raises WrongUsage without a snapshot.
    """
    from engine.market.quality import statistical_suite as validation
    from engine.market.quality.platforms import read_quotes
    from engine.market.quality.representativeness import coverage_of

    quotes = None if prices is None else read_quotes(read_text(prices), prices.name)
    values = list(weeks_of(workspace, index, version, progress))
    if not values:
        raise WrongUsage("the workspace holds no snapshot; import some first")
    weeks = [_week(value, days) for value, days in values]
    findings = validation.suite(weeks, quotes)
    figures = {
        "index": index,
        "methodology": version,
        "weeks": len(weeks),
        "last": str(weeks[-1].publication),
        "distributions_of": [str(week.publication) for week in validation.distributed(weeks)],
        "findings": [
            {name: _plain(figure) for name, figure in asdict(finding).items()} for finding in findings
        ],
        "coverage": [
            {"date": str(d.day), "offers": d.offers, "qualifying": d.qualifying, "ratio": d.coverage}
            for w in weeks
            for d in w.days
        ],
    }
    covered = tuple((str(week.publication), *_covered(coverage_of(week), week)) for week in weeks)
    return IndexValidation(figures, tuple(findings), covered, tuple(value for value, _ in values))
