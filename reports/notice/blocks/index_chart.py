"""The index's chart: the Reference Rate against every level over the last 52 weeks.

The events and the index's own series give the values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from textwrap import shorten
from typing import Any

from engine.basics.values import last_thursday
from engine.events.deal_adopted import IndexFacts
from engine.events.results import Verdict
from reports.drawing.chart import Level, Point, rate_chart
from reports.formats import price, short_date
from reports.notice import log_lookup as log
from reports.notice.view import Brief

WEEK = timedelta(days=7)
SHOWN = 52
"""Publication Dates in the chart."""
BEFORE = 8 * WEEK
"""How much of the index before the Closing Date is drawn: no level of the deal stands against more."""
LANE_NAME = 21
"""Characters of a test's title beside its row of flags."""


HATCHED = "Hatched: a week without one, from its lowest to its highest listing."


def points_of(brief: Brief, name: str) -> list[Point]:
    """Return a point for each of the last 52 Publication Dates.

    The points begin a little before closing. A point is the published value or the carried one.
    """
    known = {str(value["publication_date"]): value for value in brief.inputs.publications.get(name, ())}
    used = {last_thursday(rate.on): rate for rate in log.rates(brief.past, name)}
    last = last_thursday(brief.inputs.on)
    days = [last - n * WEEK for n in reversed(range(SHOWN))]
    valued = [date.fromisoformat(day) for day, value in known.items() if value.get("value") is not None]
    first = max(min([*valued, *used], default=last), brief.deal.closing_date - BEFORE)
    return [_point(day, known.get(day.isoformat(), {}), used.get(day)) for day in days if day >= first]


def band_of(value: Mapping[str, Any]) -> tuple[float | None, float | None, float | None, float | None]:
    """Return the ends of a week's interval by sellers, or its lowest and highest listing without one."""
    ends = value.get("seller_interval") or {}
    pair = [ends.get("low"), ends.get("high")] if ends else [None, None]
    rest = [None, None] if ends else [value.get("min"), value.get("max")]
    low, high, lowest, highest = (None if end is None else float(end) for end in (*pair, *rest))
    return low, high, lowest, highest


def _point(day: date, value: Mapping[str, Any], rate: Any) -> Point:
    if value.get("value") is not None:
        return Point(
            day,
            float(value["value"]),
            *band_of(value),
            low_confidence=bool(value.get("low_confidence")),
            restated=int(value.get("print", 1)) > 1,
        )
    if rate is None or rate.value is None:
        return Point(day, None)
    return Point(day, float(rate.value), carried=rate.age > 0)


def chart(brief: Brief, facts: IndexFacts, points: list[Point]) -> dict[str, Any] | None:
    """Return the chart's geometry, title and alternative text.

    The result is None with fewer than two points, or without a Reference Rate for the index.
    """
    rate = brief.rates.get(facts.name)
    if len(points) < 2 or rate is None:
        return None
    levels = _levels(brief, facts.name)
    now = (price(rate.value), "Reference Rate", "this date")
    label = now if rate.value is not None else ("none", "Reference Rate", "last value drawn")
    closing = brief.deal.closing_date
    drawn = rate_chart(
        points,
        levels,
        label,
        _lanes(brief, points, {level.name for level in levels}),
        closing,
        f"Closing {short_date(closing)}",
    )
    if drawn is None:
        return None
    drawn["title"] = f"{facts.name} against every level, USD per GPU-hour, {len(points)} Publication Dates"
    drawn["alt"] = _alternative(facts.name, points, levels)
    return drawn


def _alternative(name: str, points: list[Point], levels: list[Level]) -> str:
    """Return the chart in words, for a reader who hears it."""
    valued = [point for point in points if point.value is not None]
    ends = (
        f"from {price(valued[0].value)} on {short_date(valued[0].day)} to {price(valued[-1].value)} on "
        f"{short_date(valued[-1].day)}"
    )
    said = "; ".join(f"{level.name} {level.side} {level.value}" for level in levels)
    return (
        f"Line chart of {name}, {ends}, with its 95% interval by sellers as a band. Levels now: "
        f"{said or 'none'}."
    )


def _levels(brief: Brief, name: str) -> list[Level]:
    levels = []
    for clause in brief.deal.clauses:
        evens = {
            test.result.on: (even, even.rate.value)
            for test in log.tested(brief.past, clause.key)
            for even in test.result.break_even
            if even.index == name and even.rate is not None
        }
        if not evens:
            continue
        newest, rate = evens[max(evens)]
        at = {day: float(value) for day, (_, value) in evens.items()}
        levels.append(
            Level(clause.title, price(rate.numerator / rate.denominator), f"fails {newest.fails}", at)
        )
    return levels


def _lanes(brief: Brief, points: list[Point], names: Collection[str]) -> list[tuple[str, str, list[date]]]:
    """Return rows of flags, told apart by position and shape, never by colour.

    A row shows the FAILs of a test whose level is drawn.
    """
    days = {point.day for point in points}
    lanes = [
        ("low", "Low Confidence", [p.day for p in points if p.low_confidence]),
        ("carried", "Fallback used", [p.day for p in points if p.carried]),
        ("none", "No rate", [p.day for p in points if p.value is None]),
        ("restated", "Restated", [p.day for p in points if p.restated]),
    ]
    drawn = [clause for clause in brief.deal.clauses if clause.title in names]
    for clause, name in zip(
        drawn, lane_names([(clause.title, clause.cite) for clause in drawn]), strict=True
    ):
        fails = [
            last_thursday(test.result.on)
            for test in log.tested(brief.past, clause.key)
            if test.result.verdict is Verdict.FAIL
        ]
        lanes.append(("fail", f"{name} FAIL", [day for day in fails if day in days]))
    return [lane for lane in lanes if lane[2]]


def lane_names(clauses: Sequence[tuple[str, str]]) -> list[str]:
    """Return titles that are short enough for the room beside a lane.

    Titles that are alike when shortened become their sections.
    """
    names = [shorten(title, LANE_NAME, placeholder="…") for title, _ in clauses]
    names = [
        name if name.strip("…") else title[: LANE_NAME - 1] + "…"
        for name, (title, _) in zip(names, clauses, strict=True)
    ]
    return [cite if names.count(name) > 1 else name for name, (_, cite) in zip(names, clauses, strict=True)]


def chart_note(brief: Brief, facts: IndexFacts) -> str:
    """Return how the chart is read."""
    rest = (
        " Other lines: the Break-even Rate of each test, all else as it was on the date."
        if _levels(brief, facts.name)
        else ""
    )
    return f"Heavy line and band: Reference Rate and its 95% interval by sellers. {HATCHED}{rest}"
