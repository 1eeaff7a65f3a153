"""The quarterly methodology review (WP §7.5.2, §7.5.3).

It holds widths by count, Table 6 as measured, and the minimum viable count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.basics.errors import WrongUsage
from engine.market.quality.finding import Week
from engine.market.quality.statistical_suite import minimum_viable_count
from engine.record.log import prints_in
from engine.workspace.series import on_record
from engine.workspace.workspace import Workspace

BANDS: tuple[tuple[int, int | None, str], ...] = (
    (1, 20, "15% to 25% or more"),
    (20, 40, "8% to 15%"),
    (40, 80, "4% to 8%"),
    (80, None, "below 4%"),
)
"""The paper's bands of weekly observations (WP Table 6).

A band says from which number, to which number (not included), and which width the paper expects.
"""


@dataclass(frozen=True, slots=True)
class WidthPoint:
    """A week of the review.

    It holds its observations, the widths of its 95% intervals as shares of the value, and whether it is
    flagged. `by_sellers` is None for a week without an interval by sellers.
    """

    publication: date
    observations: int
    width: float
    flagged: bool
    by_sellers: float | None = None


@dataclass(frozen=True, slots=True)
class WidthBand:
    """A row of Table 6 as measured.

    It holds the weeks in the band, and the 10th, 50th and 90th percentile of their widths. `sellers_*` are
    the same of the intervals by sellers, over the `sellers_weeks` that have one.
    """

    band: str
    paper: str
    weeks: int
    low: float | None
    middle: float | None
    high: float | None
    sellers_weeks: int = 0
    sellers_low: float | None = None
    sellers_middle: float | None = None
    sellers_high: float | None = None


@dataclass(frozen=True, slots=True)
class QuarterlyReview:
    """The review of one quarter of a series, over the weeks up to its end.

    Attributes:
        series: the series.
        quarter: like `2026 Q1`.
        points: every week of the quarter that has an interval.
        earlier: the weeks before it.
        bands: Table 6 over all of them.
        minimum: what is said of the minimum viable count, for the quarter and for all weeks.
    """

    series: str
    quarter: str
    points: Sequence[WidthPoint]
    earlier: Sequence[WidthPoint]
    bands: Sequence[WidthBand]
    minimum: Sequence[str]

    def as_data(self) -> dict[str, Any]:
        """Return the review as JSON."""
        return asdict(self)


def quarterly_review(workspace: Workspace, series: str, quarter: str) -> QuarterlyReview:
    """Return the review of a quarter, like `2026Q1`.

    Raises WrongUsage for a series or a quarter without a week.
    """
    # The call refuses a series that the record does not have, with the names of those that it has.
    on_record(workspace, series)
    newest = {event.effective_on: event.payload.value for event in prints_in(workspace.store, series)}
    wanted = quarter.replace(" ", "").upper()
    of = {day: f"{day.year}Q{(day.month + 2) // 3}" for day in newest}
    if wanted not in of.values():
        raise WrongUsage(
            f"{series} has no week in {quarter}; it has "
            f"{', '.join(dict.fromkeys(of[day] for day in sorted(of)))}"
        )
    # A review must come out again later, so weeks after its quarter are left out.
    upto = {day: newest[day] for day in sorted(newest) if of[day] <= wanted}
    points = list(_points(upto))
    mine = [point for point in points if of[point.publication] == wanted]
    said = f"{wanted[:4]} {wanted[4:]}"
    weeks = [_week(day, value) for day, value in upto.items()]
    findings = [
        minimum_viable_count([week for week in weeks if of[week.publication] == wanted], said),
        minimum_viable_count(weeks, "all weeks"),
    ]
    minimum = [f"{finding.test}: {finding.verdict}" for finding in findings]
    return QuarterlyReview(
        series, said, mine, [point for point in points if point not in mine], list(bands(points)), minimum
    )


def recorded_widths(
    newest: Mapping[date, Mapping[str, Any]],
) -> tuple[tuple[WidthPoint, ...], tuple[WidthBand, ...], str]:
    """Return each week with an interval, Table 6 as measured, and the minimum viable count in words.

    Args:
        newest: the newest print of each Publication Date.
    """
    ordered = {day: newest[day] for day in sorted(newest)}
    points = tuple(_points(ordered))
    finding = minimum_viable_count([_week(day, value) for day, value in ordered.items()], "all weeks")
    return points, tuple(bands(points)), f"{finding.test}: {finding.verdict}"


def _points(values: Mapping[date, Mapping[str, Any]]) -> Iterator[WidthPoint]:
    for day, value in values.items():
        if value.get("interval_width") is not None:
            width = float(Decimal(value["interval_width"]))
            yield WidthPoint(
                day, int(value["observations"]), width, bool(value["low_confidence"]), by_sellers(value)
            )


def by_sellers(value: Mapping[str, Any]) -> float | None:
    """Return the width of the interval by sellers as a share of the value; None without such an interval."""
    ends = value.get("seller_interval")
    if not ends or ends.get("low") is None:
        return None
    return float((Decimal(str(ends["high"])) - Decimal(str(ends["low"]))) / Decimal(str(value["value"])))


def _week(day: date, value: Mapping[str, Any]) -> Week:
    width = value.get("interval_width")
    # Records from before prices were kept have none, and the suite then refuses what needs them.
    prices = tuple(float(price) for price in value.get("pooled", ()))
    return Week(
        day,
        None if value["value"] is None else float(value["value"]),
        prices,
        None if width is None else float(width),
        (),
    )


def bands(points: Sequence[WidthPoint]) -> Iterator[WidthBand]:
    """Yield Table 6 as measured; a band without a week says so by its count."""
    for first, beyond, paper in BANDS:
        inside = [
            point
            for point in points
            if point.observations >= first and (beyond is None or point.observations < beyond)
        ]
        widths = sorted(one.width for one in inside)
        known = sorted(one.by_sellers for one in inside if one.by_sellers is not None)
        name = (
            f"{first} and more"
            if beyond is None
            else f"below {beyond}"
            if first == 1
            else f"{first} to {beyond - 1}"
        )
        low, middle, high = (_percentile(widths, share) for share in (10, 50, 90))
        yield WidthBand(
            name,
            paper,
            len(widths),
            low,
            middle,
            high,
            len(known),
            *(_percentile(known, share) for share in (10, 50, 90)),
        )


def _percentile(ascending: Sequence[float], share: int) -> float | None:
    """Return a percentile by linear interpolation; None of nothing."""
    if not ascending:
        return None
    place = (len(ascending) - 1) * share / 100
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (place - below) * (ascending[above] - ascending[below])
