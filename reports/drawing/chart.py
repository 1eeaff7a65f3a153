"""The geometry of the notice's charts: scales, ticks, months, label spreading, lines as SVG path data.

Numbers in, coordinates out; one unit is 0.1 mm. Layout arithmetic only: every figure that is printed comes as
text from elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from textwrap import wrap
from typing import Any

LEFT, RIGHT, TOP = 84, 1390, 22
LEAST_HEIGHT, LANE = 578, 32
SHORT_LINE, LONG_LINE = 18, 23
"""Characters of a name that fit beside the chart: in full size, and set smaller on two lines."""
DASHES = ("20 9", "14 6 3 6", "4 8", "30 8 3 8 3 8", "9 5", "26 6 9 6", "2 5", "34 12")
"""Each level has a dash of its own; beyond eight they repeat, and the direct label tells them apart."""
MONTH = 50
"""Room that a month's name takes beside its tick; nearer to the right edge it stands on the tick's left."""
WIDEST = 1.4
"""A level further from the rates than this factor is named beside the chart instead of flattening it."""


@dataclass(frozen=True)
class Point:
    """One Publication Date: the rate in use, and what has to be said of it."""

    day: date
    value: float | None
    low: float | None = None
    high: float | None = None
    lowest: float | None = None
    highest: float | None = None
    """The lowest and highest listing, of a week without an interval."""
    low_confidence: bool = False
    carried: bool = False
    restated: bool = False


@dataclass(frozen=True)
class Level:
    """A test's Break-even Rate over time, and its direct label."""

    name: str
    value: str
    side: str
    at: Mapping[date, float] = field(default_factory=dict)

    @property
    def last(self) -> float:
        """Where it stands now."""
        return self.at[max(self.at)]


def nice_step(span: float, about: int) -> float:
    """Return a step of 1, 2, 2.5 or 5 times a power of ten that divides `span` into about so many parts."""
    rough = span / about
    power: float = 10 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)


def ticks(low: float, high: float, about: int = 7) -> list[float]:
    """Round values between `low` and `high`."""
    step = nice_step(high - low, about)
    # The small amount keeps a tick that lies on the very end of the range in spite of binary rounding.
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions moved apart, in order, with at least `gap` between neighbours.

    Each group of labels stays centred on its own wanted places.

    Args:
        wanted: where each label would stand, ascending.
        gap: the least distance.
        low: the first position allowed.
        high: the last position allowed.
    """
    groups: list[tuple[float, int]] = []
    for place in wanted:
        centre, size = place, 1
        # A merged group may now touch the one before it, so merging goes on backwards until neighbours are
        # clear.
        while groups and groups[-1][0] + (groups[-1][1] - 1) / 2 * gap + gap > centre - (size - 1) / 2 * gap:
            other, count = groups.pop()
            centre, size = (other * count + centre * size) / (count + size), count + size
        half = (size - 1) / 2 * gap
        # If the groups need more room than there is, the upper end gives way and not the lower.
        groups.append((min(max(centre, low + half), max(high - half, low + half)), size))
    return [centre + (n - (size - 1) / 2) * gap for centre, size in groups for n in range(size)]


def polyline(points: Sequence[tuple[float, float]]) -> str:
    """Return path data through `points`."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""


@dataclass(frozen=True)
class Frame:
    """Where a day and a rate fall on the chart."""

    first: date
    days: int
    low: float
    high: float
    bottom: float

    def x(self, day: date) -> float:
        """Across, from the first day to the last."""
        return LEFT + (day - self.first).days / self.days * (RIGHT - LEFT)

    def y(self, value: float) -> float:
        """Down, from the highest value to the lowest."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - TOP)


def rate_chart(
    points: Sequence[Point],
    levels: Sequence[Level],
    label: tuple[str, str, str],
    lanes: Sequence[tuple[str, str, Sequence[date]]],
    closing: date,
    closing_label: str,
) -> dict[str, Any] | None:
    """Return the Reference Rate against every level; None if no date has a value.

    Args:
        points: one per Publication Date, oldest first.
        levels: the Break-even Rates.
        label: the rate's own direct label: its value, its name, the date that it is of.
        lanes: rows of flags below: shape, name, dates.
        closing: the Closing Date, marked where it lies inside.
        closing_label: its words.
    """
    known = [point.value for point in points if point.value is not None]
    if not known:
        return None
    drawn = [level for level in levels if min(known) / WIDEST <= level.last <= max(known) * WIDEST]
    frame = _frame(points, known, drawn)
    flags = [
        {
            "shape": shape,
            "name": name,
            "y": frame.bottom + 60 + n * LANE,
            "xs": [round(frame.x(day), 1) for day in days],
        }
        for n, (shape, name, days) in enumerate(lanes)
    ]
    return {
        "height": frame.bottom + 40 + len(lanes) * LANE + (20 if lanes else 0),
        "left": LEFT,
        "right": RIGHT,
        "top": TOP,
        "bottom": frame.bottom,
        "ticks": [
            {"y": round(frame.y(tick), 1), "text": f"{tick:.2f}"} for tick in ticks(frame.low, frame.high)
        ],
        "months": _months(frame),
        "closing": _closing(frame, closing, closing_label)
        if points[0].day <= closing <= points[-1].day
        else None,
        "bands": _bands(frame, points),
        "hatched": _hatched(frame, points),
        "rate": [polyline(run) for run in _runs(frame, points)],
        "marks": _point_marks(frame, points),
        "levels": [
            {"d": _steps(frame, level), "dash": DASHES[n % len(DASHES)], "width": 2.2}
            for n, level in enumerate(drawn)
        ],
        "labels": _labels(frame, drawn, label, known[-1]),
        "lanes": flags,
        "beyond": [level for level in levels if level not in drawn],
    }


def _frame(points: Sequence[Point], known: Sequence[float], levels: Sequence[Level]) -> Frame:
    values = [
        *known,
        *(end for p in points for end in (p.low, p.high) if end is not None),
        *(v for level in levels for v in _inside(level, points)),
    ]
    low, high = min(values), max(values)
    # If all values are equal the range is zero and would divide by zero, so a share of the value is added.
    room = max((high - low) * 0.04, high * 0.01)
    bottom = TOP + max(LEAST_HEIGHT, (len(levels) + 1) * _gap(levels))
    # A chart of a single date has a width of one day, because `x` divides by the days.
    return Frame(
        points[0].day, max((points[-1].day - points[0].day).days, 1), low - room, high + room, bottom
    )


def _gap(levels: Sequence[Level]) -> float:
    """Return the distance of one direct label to the next: more where a name takes two lines."""
    return 70 if any(len(level.name) > SHORT_LINE for level in levels) else 57


def _closing(frame: Frame, closing: date, text: str) -> dict[str, Any]:
    """Return the Closing Date's line; its words lean inwards at either end."""
    x = frame.x(closing)
    anchor = "start" if x < LEFT + 90 else "end" if x > RIGHT - 90 else "middle"
    return {"x": round(x, 1), "text": text, "anchor": anchor}


def _inside(level: Level, points: Sequence[Point]) -> list[float]:
    return [value for day, value in level.at.items() if points[0].day <= day <= points[-1].day]


def _runs(frame: Frame, points: Sequence[Point]) -> list[list[tuple[float, float]]]:
    """Return the rate's line, broken where the rate is missing."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append((frame.x(point.day), frame.y(point.value)))
    return [run for run in runs if run]


def _bands(frame: Frame, points: Sequence[Point]) -> list[str]:
    """Return the interval as bands, broken where a date has none."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point.low is None or point.high is None:
            runs.append([])
        else:
            runs[-1].append(point)
    drawn = []
    for run in (run for run in runs if run):
        upper = [(frame.x(p.day), frame.y(p.high or 0)) for p in run]
        lower = [(frame.x(p.day), frame.y(p.low or 0)) for p in reversed(run)]
        drawn.append(polyline([*upper, *lower]) + "Z")
    return drawn


def _hatched(frame: Frame, points: Sequence[Point]) -> str:
    """Return upright strokes for the weeks without an interval.

    A stroke runs from the lowest to the highest listing of its week, within the chart.
    """
    strokes = []
    for point in points:
        if point.lowest is None or point.highest is None:
            continue
        # One dear listing would flatten the chart if the axis followed it, so a stroke is cut at the frame.
        low, high = (min(max(end, frame.low), frame.high) for end in (point.lowest, point.highest))
        strokes += [
            f"M{frame.x(point.day) + aside:.1f} {frame.y(low):.1f}V{frame.y(high):.1f}"
            for aside in (-6, 0, 6)
        ]
    return "".join(strokes)


def _point_marks(frame: Frame, points: Sequence[Point]) -> list[dict[str, Any]]:
    marks = []
    for point in points:
        if point.value is None:
            continue
        shape = (
            # Only one shape fits a point. That a rate was carried says most: it is a rate of an earlier week.
            "carried"
            if point.carried
            else "low"
            if point.low_confidence
            else "restated"
            if point.restated
            else "dot"
        )
        marks.append(
            {
                "x": round(frame.x(point.day), 1),
                "y": round(frame.y(point.value), 1),
                "shape": shape,
                "last": point is points[-1],
            }
        )
    return marks


def _steps(frame: Frame, level: Level) -> str:
    """Return a level as a line of steps from date to date.

    A level changes on a date, so the line jumps there.
    """
    days = sorted(day for day in level.at if frame.first <= day)
    return polyline([(frame.x(day), frame.y(level.at[day])) for day in days])


def _labels(
    frame: Frame, levels: Sequence[Level], label: tuple[str, str, str], rate: float
) -> list[dict[str, Any]]:
    entries = [
        (frame.y(rate), *label),
        *((frame.y(level.last), level.value, level.name, level.side) for level in levels),
    ]
    entries.sort(key=lambda entry: entry[0])
    places = spread([entry[0] for entry in entries], _gap(levels), TOP + 8, frame.bottom - 30)
    return [_label(entry, place) for entry, place in zip(entries, places, strict=True)]


def _label(entry: tuple[float, str, str, str], place: float) -> dict[str, Any]:
    """Return a label of the chart: its value, and its name on at most two lines.

    Its side stands below. `y` is the middle of the first line.
    """
    y, value, name, side = entry
    lines = wrap(name, SHORT_LINE if len(name) <= SHORT_LINE else LONG_LINE, max_lines=2, placeholder="…")
    small = len(name) > SHORT_LINE
    step = 21 if small else 25
    return {
        "from": round(y, 1),
        "y": round(place, 1),
        "value": value,
        "lines": [*lines, side],
        "step": step,
        "size": 20 if small else 24,
    }


def _months(frame: Frame) -> list[dict[str, Any]]:
    """Return a tick at the first of each month; the year beside the first one and beside January."""
    last = frame.first + timedelta(days=frame.days)
    firsts = [
        date(frame.first.year + (frame.first.month + n - 1) // 12, (frame.first.month + n - 1) % 12 + 1, 1)
        # 28 days is the shortest month, so months are never too few; those that are too many are dropped
        # below.
        for n in range(1, frame.days // 28 + 2)
    ]
    firsts = [day for day in firsts if day <= last]
    return [
        {
            "x": round(frame.x(day), 1),
            "text": f"{day:%b %Y}" if n == 0 or day.month == 1 else f"{day:%b}",
            "anchor": "end" if frame.x(day) > RIGHT - MONTH else "start",
        }
        for n, day in enumerate(firsts)
    ]


def sparkline(
    values: Sequence[float], width: float = 222, height: float = 72, top: float = 12
) -> dict[str, Any] | None:
    """Return headroom over time as a small line with its zero; None without a figure yet."""
    if not values:
        return None
    low, high = min(*values, 0.0), max(*values, 0.0)
    # A headroom that was always zero has a span of zero, by which nothing can be divided.
    span = (high - low) or 1.0
    across = width / max(len(values) - 1, 1)
    places = [(n * across, top + (high - value) / span * height) for n, value in enumerate(values)]
    if len(places) == 1:
        places = [(width, places[0][1])]
    return {
        "d": polyline(places),
        "zero": round(top + high / span * height, 1),
        "fails": [
            [round(x, 1), round(y, 1)] for (x, y), value in zip(places, values, strict=True) if value < 0
        ],
        "x": round(places[-1][0], 1),
        "y": round(places[-1][1], 1),
        "failing": values[-1] < 0,
        "width": width,
    }
