"""The geometry of the foresight report: ladder, rates with their levels, swim lanes, heat map, fan.

Numbers in, coordinates out; one unit is 0.1 mm. Every figure that is printed comes as text from elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from reports.drawing.chart import polyline, spread, ticks

WIDTH, NAMES = 1740, 430
"""The whole width, and the room for names at the left."""
TOP, LANE = 16, 76
LETTER = 12.5
"""The width of a letter in a lane, on the safe side."""
SMALL = 10.5
"""The width of a letter of a mark."""
PLOT = 420
Step = tuple[date, float | None]
"""A rate from a date on; None for a limit that is gone from that date on."""
Level = tuple[str, Sequence[Step]]
"""A limit over time: its name and its steps, the earliest first."""
SOLID = ("default", "in effect", "cure")
"""Stretches of a lane that are drawn as bars."""
DASHES = ("", "16 8", "4 8", "24 8 4 8", "9 5")


def months(first: date, last: date) -> list[dict[str, Any]]:
    """Return a tick at the first of each month; every second, third or sixth is named where many are."""
    span = max((last - first).days, 1)
    step = next(step for step in (1, 2, 3, 6, 12, 24) if span / 30.4 / step <= 13)
    labels: list[dict[str, Any]] = []
    year, month = first.year, first.month
    while True:
        month += 1
        year, month = (year + 1, 1) if month > 12 else (year, month)
        day = date(year, month, 1)
        if day > last:
            return labels
        named = (month - 1) % step == 0
        text = f"{day:%b %Y}" if month == 1 or not labels else f"{day:%b}"
        x = across(day, first, last)
        # Words at the right edge end there, as the page does.
        labels.append({"x": x, "text": text if named else "", "edge": x > WIDTH - 60})


def across(day: date, first: date, last: date) -> float:
    """Return where a day falls between the names and the right edge."""
    span = max((last - first).days, 1)
    return round(NAMES + (min(max(day, first), last) - first).days / span * (WIDTH - NAMES), 1)


def lanes(
    rows: Sequence[tuple[str, Sequence[Mapping[str, Any]], str]],
    first: date,
    last: date,
    marks: Mapping[str, Sequence[tuple[str, date]]] | None = None,
) -> dict[str, Any]:
    """Return a lane for each limb.

    A lane has the limb's name, its stretches as the report names them, and the words under it. The words of
    a stretch stand in it, or before it if it is too short for them. `marks` holds dates that are marked on
    the lane of a name, each with its words.
    """
    drawn = []
    for number, (name, spans, said) in enumerate(rows):
        y = TOP + number * LANE
        stretches = []
        # Words before a stretch must not lie on a stretch, or on words, that come before it.
        taken = float(NAMES)
        for span in spans:
            start, end = (
                date.fromisoformat(str(span["since"])),
                date.fromisoformat(str(span["until"])) + timedelta(days=1),
            )
            x, x2 = across(start, first, last), across(end, first, last)
            if x2 > x:
                text = str(span.get("text", ""))
                needs = len(text) * LETTER + 24
                place = "in" if x2 - x > needs else "before" if x - taken > needs else ""
                if span["kind"] in SOLID:
                    taken = x2
                stretches.append(
                    {
                        "kind": str(span["kind"]),
                        "x": x,
                        "w": round(x2 - x, 1),
                        "text": text,
                        "place": place,
                    }
                )
        drawn.append(
            {
                "name": name,
                "y": y,
                "spans": stretches,
                "said": said,
                "marks": _marks((marks or {}).get(name, ()), first, last),
            }
        )
    height = TOP + len(rows) * LANE
    return {"rows": drawn, "height": height, "left": NAMES, "right": WIDTH, "lane": LANE}


def _marks(marks: Sequence[tuple[str, date]], first: date, last: date) -> list[dict[str, Any]]:
    """Return where each marked date falls; the words of two that lie close do not stand on one another."""
    places: list[dict[str, Any]] = []
    for text, day in sorted(marks, key=lambda mark: mark[1]):
        if first <= day <= last:
            x = across(day, first, last)
            room = places[-1]["x"] + 8 if places else 0.0
            places.append({"x": x, "text": text if x - 12 - len(text) * SMALL > room else ""})
    return places


def rates(
    paths: Sequence[Mapping[str, Any]],
    between: Sequence[tuple[str, float, float]],
    levels: Sequence[Level],
    first: date,
    last: date,
) -> dict[str, Any]:
    """Return the stated rates over the same dates as the lanes.

    Each path has a dash of its own. The band that the first path lies in, given as both its ends by date, and
    the levels that the rates meet are drawn too. Each level has its steps.
    """
    values = [float(value) for path in paths for _, value in path["points"] if value is not None]
    values += [rate for _, *ends in between for rate in ends]
    within = [(name, steps) for name, every in levels if (steps := _within(every, first, last))]
    values += [rate for _, steps in within for _, rate in steps if rate is not None]
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or 0.1
    low, high = low - room, high + room

    def down(value: float) -> float:
        return round(TOP + PLOT - (value - low) / (high - low) * PLOT, 1)

    lines: list[dict[str, Any]] = []
    for number, path in enumerate(paths):
        points = [
            (across(date.fromisoformat(str(day)), first, last), down(float(value)))
            for day, value in path["points"]
            if value is not None
        ]
        lines.append(
            {
                "d": polyline(points),
                "dash": DASHES[number % len(DASHES)],
                "width": 4 if number == 0 else 2.4,
                "rings": (),
            }
        )
        if number and path.get("falls", "") is None:
            # A dashed curve that goes up and down looks like a level, so a curve of no scenario has rings.
            lines[-1] |= {"dash": "", "width": 1.6, "rings": points[:: max(len(points) // 20, 1)]}
        x, y = points[-1] if points else (NAMES, TOP)
        lines[-1] |= {"name": str(path["name"]), "x": x - 8, "y": y + 28}
    ends = [
        [(across(date.fromisoformat(day), first, last), down(pair[side])) for day, *pair in between]
        for side in (0, 1)
    ]
    marks = [{"y": down(value), "text": f"{value:.2f}"} for value in ticks(low, high, 6)]
    # Words that were moved apart may stand on the line of another level, so all lines end before all words.
    told = [(_level_words(name, steps), steps) for name, steps in within]
    to = WIDTH - round(max((len(text) for text, _ in told), default=0) * LETTER) - 12
    drawn = [_level(text, steps, first, last, to, down) for text, steps in told]
    # The words of lines and levels stand at the right edge together, and are moved apart together.
    words: list[dict[str, Any]] = sorted([*lines, *drawn], key=lambda one: float(one["y"]))
    places = spread([float(one["y"]) for one in words], 25, TOP + 18, TOP + PLOT - 6)
    for one, place in zip(words, places, strict=True):
        # Words stand on white, as a line that runs through words makes them hard to read.
        one |= {"y": round(place, 1), "wide": len(one.get("text") or one["name"]) * SMALL + 8}
    return {
        "band": f"{polyline([*ends[0], *reversed(ends[1])])}Z" if between else "",
        "lines": lines,
        "ticks": marks,
        "levels": drawn,
        "months": months(first, last),
        "left": NAMES,
        "right": WIDTH,
        "top": TOP,
        "bottom": TOP + PLOT,
        "height": TOP + PLOT + 40,
    }


def _within(steps: Sequence[Step], first: date, last: date) -> list[Step]:
    """Return the steps of a level from the first date to the last, without any if it has no rate there."""
    before = [step for step in steps if step[0] <= first][-1:]
    within = [*((first, rate) for _, rate in before), *(step for step in steps if first < step[0] <= last)]
    return within if any(rate is not None for _, rate in within) else []


def _level_words(name: str, steps: Sequence[Step]) -> str:
    """Return the words of a level: its rate, and that of its last step with the date."""
    known = [(day, rate) for day, rate in steps if rate is not None]
    lead = f"{name} {known[0][1]:.4f}"
    if len(known) == 1:
        return lead
    between = f" in {len(known) - 1} steps" if len(known) > 2 else ""
    day, rate = known[-1]
    return f"{lead},{between} {rate:.4f} from {day.day} {day:%b %Y}"


def _level(
    text: str, steps: Sequence[Step], first: date, last: date, to: float, down: Callable[[float], float]
) -> dict[str, Any]:
    """Return the line of a level with its steps, and its words."""
    # A step beyond the words' left edge must be seen, so such a line goes on to the edge of the chart.
    end = WIDTH if len(steps) > 1 and across(steps[-1][0], first, last) > to - 20 else to
    places = [(across(day, first, last), rate) for day, rate in steps]
    known = [rate for _, rate in places if rate is not None]
    return {"d": _stepped(places, end, down), "to": end, "y": down(known[-1]) - 8, "text": text}


def _stepped(places: Sequence[tuple[float, float | None]], end: float, down: Callable[[float], float]) -> str:
    """Return the path of a level: across at each rate, and straight up or down to the next one."""
    line, before = "", None
    for (x, rate), (to, _) in zip(places, [*places[1:], (end, None)], strict=True):
        if rate is not None:
            line += f"V{down(rate)}H{to}" if before is not None else f"M{x} {down(rate)}H{to}"
        before = rate
    return line


def ladder(rungs: Sequence[Mapping[str, Any]], today: float) -> dict[str, Any]:
    """Return each limb that acts as the rate falls, on a scale from today's rate down.

    The bar of a limb begins where the limb acts. A limb of another index stands at its share of that index's
    rate, because the scale is of one index alone.
    """
    below = [rung for rung in rungs if rung["fails"] == "below" and rung["rate"] is not None]
    rates = [today * (1 - float(rung["share"])) for rung in below]
    lowest = min(rates, default=today * 0.9)
    low, high = min(lowest, today) * 0.86, max(today, *rates, lowest) * 1.02
    right = WIDTH - 330

    def x(rate: float) -> float:
        return round(NAMES + (high - rate) / (high - low) * (right - NAMES), 1)

    rows = []
    for number, (rung, rate) in enumerate(zip(below, rates, strict=True)):
        grave = rung["kind"] == "early amortization"
        style = (
            "solid"
            if grave
            else "hatched"
            if rung["kind"] == "default"
            else "dashed"
            if rung["kind"] == "obligation"
            else "open"
        )
        rows.append(
            {
                "y": TOP + 44 + number * LANE,
                "x": x(rate),
                "w": round(right - x(rate), 1),
                "style": style,
            }
        )
    scale = [{"x": x(value), "text": f"{value:.2f}"} for value in ticks(low, high, 9)]
    return {
        "rows": rows,
        "scale": scale,
        "today": x(today),
        "right": right,
        "left": NAMES,
        "height": TOP + 44 + len(below) * LANE + 8,
        "lane": LANE,
    }


def fan(quantiles: Sequence[Sequence[float]], levels: Sequence[Level], closing: date) -> dict[str, Any]:
    """Return bands of the published values on a logarithmic axis, week by week from closing.

    There is a light band, a dark band, and their middle. Each level has its steps.
    """
    weeks = [quantile for quantile in quantiles if len(quantile) == 5]
    first, last = closing + timedelta(weeks=1), closing + timedelta(weeks=len(weeks))
    within = [(name, steps) for name, every in levels if (steps := _within(every, first, last))]
    rates = [rate for _, steps in within for _, rate in steps if rate is not None]
    low = min([*(week[0] for week in weeks), *rates])
    high = max([*(week[4] for week in weeks), *rates])
    left, right = 120, WIDTH - 330

    def at(number: int) -> float:
        return round(left + number / max(len(weeks) - 1, 1) * (right - left), 1)

    def down(value: float) -> float:
        return round(TOP + PLOT - math.log(value / low) / math.log(high / low) * PLOT, 1)

    def band(lower: int, upper: int) -> str:
        ahead = [(at(n), down(week[upper])) for n, week in enumerate(weeks)]
        back = [(at(n), down(week[lower])) for n, week in reversed(tuple(enumerate(weeks)))]
        return f"{polyline([*ahead, *back])}Z"

    nice = [
        value for value in (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0) if low <= value <= high
    ]
    marks = [{"x": at(n), "text": f"{n + 1}"} for n in range(len(weeks)) if (n + 1) % 13 == 0 or n == 0]
    return {
        "outer": band(0, 4),
        "inner": band(1, 3),
        "middle": polyline([(at(n), down(week[2])) for n, week in enumerate(weeks)]),
        "ticks": [{"y": down(value), "text": f"{value:.2f}"} for value in nice],
        "weeks": marks,
        "levels": _labelled([_of_fan(name, steps, first, at, right, down) for name, steps in within]),
        "ends": [
            {"y": down(weeks[-1][4]), "text": f"{weeks[-1][4]:.2f} at 97.5%"},
            {"y": down(weeks[-1][0]), "text": f"{weeks[-1][0]:.2f} at 2.5%"},
        ],
        "left": left,
        "right": right,
        "top": TOP,
        "bottom": TOP + PLOT,
        "height": TOP + PLOT + 44,
    }


def _of_fan(
    name: str,
    steps: Sequence[Step],
    first: date,
    at: Callable[[int], float],
    right: float,
    down: Callable[[float], float],
) -> tuple[float, str, str]:
    """Return where the line of a level ends, its words, and the line."""
    # A step begins with the first week whose value it meets.
    places = [(at(-(-(day - first).days // 7)), rate) for day, rate in steps]
    known = [rate for _, rate in places if rate is not None]
    words = f"{known[-1]:.4f} {name}{', stepped' if len(known) > 1 else ''}"
    return down(known[-1]), words, _stepped(places, right, down)


def _labelled(levels: Sequence[tuple[float, str, str]]) -> list[dict[str, Any]]:
    """Return each level's line, and beside it its words, moved apart where they would lie on one another."""
    ordered = sorted(levels)
    places = spread([y for y, *_ in ordered], 28, TOP + 28, TOP + PLOT - 28)
    return [
        {"d": line, "label": round(place, 1), "text": text}
        for (_, text, line), place in zip(ordered, places, strict=True)
    ]
