"""The quarterly methodology review of a series on a page (WP §7.5).

It shows Table 6 as measured, each week as a point, and the minimum count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.basics.values import counted
from reports.drawing.marks import PAGE_WORDS
from reports.formats import NONE, instant, sentence, short_date
from reports.pages.validation import scattered

TOP = 1.0
"""The width at which the pictures end; a wider interval is drawn there."""


@dataclass(frozen=True)
class ReviewInputs:
    """What a review is made of.

    Attributes:
        data: the JSON of `review`.
        operator: who computes the index.
        issued_at: when, with its zone.
        illustrative: whether the data is generated.
    """

    data: Mapping[str, Any]
    operator: str
    issued_at: datetime
    illustrative: bool = False


def compose(inputs: ReviewInputs) -> dict[str, Any]:
    """Return the page as plain strings and the pictures' coordinates."""
    data = inputs.data
    name = f"Quarterly review of {data['series']}, {data['quarter']}"
    every = [*data["earlier"], *data["points"]]
    return {
        "title": name,
        "summary": (
            f"{counted(len(data['points']), 'weeks')} of the quarter with an interval, "
            f"{len(data['earlier'])} before it."
        ),
        "issued": inputs.issued_at.isoformat(),
        "illustrative": PAGE_WORDS if inputs.illustrative else "",
        "left": name,
        "right": str(data["quarter"]),
        "foot": "Widths as measured, nothing fitted",
        "operator": inputs.operator,
        "name": str(data["series"]),
        "date": str(data["quarter"]),
        "form": f"Quarterly methodology review; made {instant(inputs.issued_at)}.",
        "answer": [_answer(data, every)],
        "pictures": [
            one
            for one in (
                _picture(
                    "Width of the methodology’s 95% interval, %, by listings; dashed: 25%", every, "width"
                ),
                _picture(
                    "Width of the 95% interval by sellers, %, by listings; dashed: 25%", every, "by_sellers"
                ),
            )
            if one
        ],
        "bands": [_band(one) for one in data["bands"]],
        "weeks": [_week(one) for one in data["points"]],
        "minimum": [f"{sentence(str(line))}." for line in data["minimum"]],
        "first": (),
    }


def _answer(data: Mapping[str, Any], every: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool]]:
    """Return how many weeks of the quarter are narrow enough by the paper's own bound.

    They are counted by listings and by sellers.
    """
    weeks = data["points"]
    wide = sum(one["width"] > 0.25 for one in weeks)
    # A week without an interval by sellers is not a narrow one, so it is left out of the count.
    known = [week["by_sellers"] for week in weeks if week["by_sellers"] is not None]
    by_sellers = f"{sum(width > 0.25 for width in known)} of the {counted(len(known), 'weeks')} that have one"
    lead = f"{wide} of {counted(len(weeks), 'weeks')} have an interval wider than 25% of the value"
    return [
        (lead, True),
        (
            (
                f" by listings, and {by_sellers} by sellers. Counts do not fix widths: "
                f"{counted(len(every), 'weeks')} are shown as points."
            ),
            False,
        ),
    ]


def _picture(title: str, weeks: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any] | None:
    return scattered(
        title,
        # One very wide week would press all others to the floor of the picture.
        [(float(week["observations"]), 100 * min(week[key], TOP)) for week in weeks if week[key] is not None],
        25,
    )


def _band(one: Mapping[str, Any]) -> list[str]:
    own = _percentiles(one["low"], one["middle"], one["high"])
    sellers = _percentiles(one["sellers_low"], one["sellers_middle"], one["sellers_high"])
    return [one["band"], str(one["weeks"]), *own, str(one["sellers_weeks"]), *sellers, one["paper"]]


def _percentiles(*widths: float | None) -> list[str]:
    return [NONE if width is None else f"{width:.0%}" for width in widths]


def _week(one: Mapping[str, Any]) -> list[str]:
    day = short_date(date.fromisoformat(str(one["publication"])))
    sellers = NONE if one["by_sellers"] is None else f"{one['by_sellers']:.1%}"
    return [day, str(one["observations"]), f"{one['width']:.1%}", sellers, "yes" if one["flagged"] else "no"]
