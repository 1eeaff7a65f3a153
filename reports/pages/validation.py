"""The validation page of an index (WP §7).

Every test has its verdict and its caveat, and a picture if that helps. The page states what the tests found.
A picture shows the figures on which a test rests, and no other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.basics.values import counted
from reports.drawing.chart import nice_step, polyline, ticks
from reports.drawing.marks import PAGE_WORDS
from reports.formats import instant, long_date, short_date
from reports.notice.blocks.index import meaning
from reports.pages.publication import Value, rates

LEFT, RIGHT, TOP, BOTTOM = 90, 840, 20, 330
"""A small picture's frame, two side by side; one unit is 0.1 mm."""
BINS = 24
LINES = 5
"""About how many lines the grid of a small picture has."""


@dataclass(frozen=True)
class ValidationInputs:
    """What a validation page is made of.

    Attributes:
        data: the JSON of `validate-index`.
        weeks: the JSON of each week's value, oldest first.
        operator: who computes the index.
        issued_at: when, with its zone.
        illustrative: whether the data is generated.
    """

    data: Mapping[str, Any]
    weeks: Sequence[Value]
    operator: str
    issued_at: datetime
    illustrative: bool = False


def compose(inputs: ValidationInputs) -> dict[str, Any]:
    """Return the page as plain strings and the pictures' coordinates."""
    data, last = inputs.data, date.fromisoformat(str(inputs.data["last"]))
    findings = data["findings"]
    look = [finding for finding in findings if finding["finding"]]
    # A test without enough figures has found nothing either way, so it is counted apart.
    refused = [finding for finding in findings if str(finding["verdict"]).startswith("refused: ")]
    return {
        "title": f"Validation of {data['index']}, {long_date(last)}",
        "summary": f"{counted(len(look), 'tests')} of {len(findings)} found something to look into.",
        "issued": inputs.issued_at.isoformat(),
        "illustrative": PAGE_WORDS if inputs.illustrative else "",
        "left": f"Validation of {data['index']}",
        "right": str(last),
        "foot": f"Under {data['methodology']}",
        "operator": inputs.operator,
        "name": str(data["index"]),
        "date": long_date(last),
        "form": (
            f"{counted(data['weeks'], 'weeks')} to {long_date(last)}, under {data['methodology']}; made "
            f"{instant(inputs.issued_at)}."
        ),
        "answer": _answer(findings, look, refused),
        "chart": rates(inputs.weeks, inputs.weeks[-1], last),
        "pictures": [picture for picture in _pictures(inputs) if picture],
        "findings": [_finding(finding) for finding in findings],
        "first": (),
        "meaning": meaning(str(data["index"]), inputs.weeks[-1]),
    }


def _answer(
    findings: Sequence[Value], look: Sequence[Value], refused: Sequence[Value]
) -> list[list[tuple[str, bool]]]:
    names = "; ".join(str(finding["test"]) for finding in look)
    named = f": {names}." if names else "."
    return [
        [
            (f"{counted(len(look), 'tests')} of {len(findings)} found something to look into", True),
            (named, False),
        ],
        [
            (f"{counted(len(refused), 'tests')} refused", True),
            (" for want of figures; what is needed stands beside it.", False),
        ],
    ]


def _finding(finding: Value) -> dict[str, str]:
    verdict = str(finding["verdict"])
    mark = "refused" if verdict.startswith("refused: ") else "look" if finding["finding"] else ""
    said = verdict.removeprefix("refused: ")
    named = {
        "test": str(finding["test"]),
        "section": str(finding["section"]),
        "sample": str(finding["sample"]),
    }
    return {
        **named,
        "mark": mark,
        "verdict": f"{said[:1].upper()}{said[1:]}.",
        "caveat": f"{finding['caveat']}.",
    }


def _pictures(inputs: ValidationInputs) -> list[dict[str, Any] | None]:
    days = [(date.fromisoformat(day["date"]), day) for day in inputs.data["coverage"]]
    # A day without a ratio is left out, since zero would read as a day without coverage.
    known = [(day, 100 * float(share["ratio"])) for day, share in days if share["ratio"] is not None]
    shaped = [week for week in inputs.weeks if week.get("pooled")]
    widths = [
        (float(w["observations"]), 100 * float(w["interval_width"]))
        for w in shaped
        if w.get("interval_width") is not None
    ]
    return [
        _over_days("Coverage ratio by day, %; dashed: 30%", known, 30),
        _over_days("Qualifying Listings by day", [(day, float(share["qualifying"])) for day, share in days]),
        _histogram(shaped[-1]) if shaped else None,
        scattered("Width of the 95% interval, %, by observations; dashed: 25%", widths, 25),
    ]


def _over_days(
    title: str, points: Sequence[tuple[date, float]], level: float | None = None
) -> dict[str, Any] | None:
    if len(points) < 2:
        return None
    first, last = points[0][0], points[-1][0]
    # The axis is time and not the number of points, so that a gap in the days is seen.
    across = [((day - first).days / max((last - first).days, 1), value) for day, value in points]
    return _picture(title, across, (short_date(first), short_date(last)), level)


def scattered(title: str, points: Sequence[tuple[float, float]], level: float) -> dict[str, Any] | None:
    """Return points in a frame, with a dashed level; None of fewer than two."""
    if len(points) < 2:
        return None
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    across = [((x - low) / ((high - low) or 1), y) for x, y in points]
    return _picture(title, across, (f"{low:.0f}", f"{high:.0f}"), level)


def _picture(
    title: str, points: Sequence[tuple[float, float]], ends: tuple[str, str], level: float | None = None
) -> dict[str, Any]:
    """Return dots in a frame that begins at zero.

    The horizontal axis runs from 0 to 1, and the vertical one has the figure's own units. A level is a dashed
    line.
    """
    # The smallest number keeps the division whole if every point is zero.
    high = _whole(max([*(y for _, y in points), level or 0, 1e-9]))
    return {
        **_frame(title, high, ends),
        "dots": [(round(_x(x), 1), round(_y(y, high), 1)) for x, y in points],
        "bars": [],
        "level": None if level is None else round(_y(level, high), 1),
    }


def _histogram(week: Value) -> dict[str, Any]:
    """Return one week's prices in bars of equal width."""
    prices = [float(price) for price in week["pooled"]]
    # Equal prices have no span, and a step of zero would divide by zero.
    low, step = min(prices), nice_step((max(prices) - min(prices)) or 1.0, BINS)
    counts: dict[int, int] = {}
    for price in prices:
        counts[int((price - low) / step)] = counts.get(int((price - low) / step), 0) + 1
    bins, high = max(counts) + 1, _whole(max(counts.values()))
    title = (
        f"Prices of the week of {short_date(date.fromisoformat(str(week['publication_date'])))}, USD per "
        "GPU-hour"
    )
    corners = [(_x(n / bins), _x((n + 1) / bins), _y(count, high)) for n, count in sorted(counts.items())]
    bars = [polyline([(a, BOTTOM), (a, y), (b - 1.5, y), (b - 1.5, BOTTOM)]) + "Z" for a, b, y in corners]
    return {
        **_frame(title, high, (f"{low:.2f}", f"{low + bins * step:.2f}")),
        "dots": [],
        "bars": bars,
        "level": None,
    }


def _whole(most: float) -> float:
    """Return the line of the grid at or above a value, so that nothing is drawn above the last line."""
    step = nice_step(most, LINES)
    # The small subtraction keeps a value on a line from being rounded up to the next line.
    return math.ceil(most / step - 1e-9) * step


def _frame(title: str, high: float, ends: tuple[str, str]) -> dict[str, Any]:
    marks = [{"y": round(_y(tick, high), 1), "text": f"{tick:g}"} for tick in ticks(0, high, LINES)]
    return {"title": title, "alt": f"{title}, from {ends[0]} to {ends[1]}.", "ticks": marks, "ends": ends}


def _x(share: float) -> float:
    return LEFT + share * (RIGHT - LEFT)


def _y(value: float, high: float) -> float:
    return BOTTOM - value / high * (BOTTOM - TOP)
