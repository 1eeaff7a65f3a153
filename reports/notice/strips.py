"""The strips of page 1: every test on an axis of rates.

A strip shows the test's Break-even Rate against the Reference Rate and its interval. With a single index, the
axis is in USD per GPU-hour. With several, each strip is in per cent of its own index's Reference Rate. The
vertical line is then still the rate of every row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.events.rates import ReferenceRate
from engine.events.results import BreakEven
from reports.drawing.chart import ticks
from reports.formats import price
from reports.notice.view import Line

WIDTH = 400
LEAST, MOST = 0.6, 1.4
"""How far from the rate, as a share of it, a Break-even Rate is still drawn to scale."""
LABEL = 84
"""Room that a label of four decimals takes."""
NAME = 130
"""Room that the name of an index takes below the line of its strip."""
CLEAR = 34
"""How far a tick's label must stand from the marker of the rate, so that neither covers the other."""


def nearest(line: Line, rates: Mapping[str, ReferenceRate]) -> BreakEven | None:
    """Return the Break-even Rate nearest to its index's rate: the one that would decide first."""
    rates_near = [
        even
        for even in (line.result.break_even if line.result else ())
        if even.rate is not None and _rate(rates, even.index)
    ]
    return min(rates_near, key=lambda even: abs(_share(even, rates) - 1), default=None)


def axis(lines: Sequence[Line], rates: Mapping[str, ReferenceRate]) -> dict[str, Any]:
    """Return the common axis: its bounds as shares of the rate, its ticks, the place of the rate."""
    shares = [_share(even, rates) for line in lines if (even := nearest(line, rates))]
    ends = [end for name in rates if (band := _band(rates, name)) for end in band]
    # 7% to either side at least: otherwise a test near its limit would look as if it had much room.
    low, high = max(min([*shares, *ends, 0.93]), LEAST), min(max([*shares, *ends, 1.07]), MOST)
    low, high = low - 0.06 * (high - low), high + 0.14 * (high - low)
    # Several rates share an axis in shares of each, so only a single rate gives the axis its prices.
    only = next(iter(rates)) if len(rates) == 1 else None
    value = _rate(rates, only) if only else None
    scale = {
        "low": low,
        "high": high,
        "x": place(low, high, 1.0),
        "label": price(rates[only].value) if only and value else "",
        "ticks": [],
    }
    marks = [(tick / value, f"{tick:.2f}") for tick in ticks(low * value, high * value, 4)] if value else []
    if not value and ends:
        marks = [(tick, f"{tick * 100:.0f}%") for tick in ticks(low, high, 4)]
    shown = [(place(low, high, at), text) for at, text in marks]
    scale["ticks"] = [
        {"x": round(x, 1), "text": text if _free(x, place(low, high, 1.0)) else ""}
        for x, text in shown
        if x < WIDTH * 0.97
    ]
    scale["any"] = bool(value or ends)
    scale["several"] = len(rates) > 1
    return scale


def _free(tick: float, marker: float) -> bool:
    """Return whether a tick's label stands clear of the marker of the rate."""
    return abs(tick - marker) > CLEAR


def strip(line: Line, rates: Mapping[str, ReferenceRate], scale: Mapping[str, Any]) -> dict[str, Any]:
    """Return one test's strip: band, tick, failing side, label; a bare line if it has no Break-even Rate."""
    even = nearest(line, rates)
    name = even.index if even else next(iter(rates), None)
    band = _band(rates, name) if name else None
    marks: dict[str, Any] = {"tick": None, "band": None, "rate": None, "width": WIDTH}
    if name and _rate(rates, name):
        marks["rate"] = round(scale["x"], 1)
    if band:
        marks["band"] = [round(place(scale["low"], scale["high"], end), 1) for end in band]
    if even is not None and even.rate is not None:
        marks |= _tick(even, _share(even, rates), scale)
    return marks


def _tick(even: BreakEven, share: float, scale: Mapping[str, Any]) -> dict[str, Any]:
    inside = scale["low"] <= share <= scale["high"]
    # A Break-even Rate beyond the axis stands at its edge with an arrow, 6 units inside so that the mark is
    # whole.
    at = min(max(place(scale["low"], scale["high"], share), 6), WIDTH - 6)
    below = even.fails == "below"
    anchor, label = _label(at, scale["x"], below)
    return {
        "tick": round(at, 1),
        "from": 0 if below else round(at, 1),
        "to": round(at, 1) if below else WIDTH,
        "text": price(even.rate.value.numerator / even.rate.value.denominator) if even.rate else "",
        "index": even.index if scale["several"] else "",
        "index_right": scale["x"] < NAME,
        "anchor": anchor,
        "label": round(label, 1),
        "beyond": None if inside else "left" if share < scale["low"] else "right",
        "side": even.fails,
    }


def _label(at: float, rate: float, right_first: bool) -> tuple[str, float]:
    """Return the anchor and the place of a tick's label.

    The label stands beside the tick, clear of the line of the rate. If it does not fit there, it stands
    beyond that line.
    """
    sides = {True: ("start", at + 9), False: ("end", at - 9)}
    fits = {True: at <= WIDTH - LABEL, False: at >= LABEL}
    clear = {True: not at + 5 <= rate <= at + LABEL, False: not at - LABEL <= rate <= at - 5}
    for side in (right_first, not right_first):
        if fits[side] and clear[side]:
            return sides[side]
    if rate <= WIDTH - LABEL and rate >= at:
        return "start", rate + 9
    return ("end", rate - 9) if rate >= LABEL else sides[fits[True]]


def banded(rates: Mapping[str, ReferenceRate]) -> bool:
    """Return whether any rate has an interval to draw."""
    return any(_band(rates, name) for name in rates)


def place(low: float, high: float, share: float) -> float:
    """Return where a share of the rate falls on the axis."""
    return (share - low) / (high - low) * WIDTH


def _rate(rates: Mapping[str, ReferenceRate], name: str) -> float | None:
    rate = rates.get(name)
    return float(rate.value) if rate is not None and rate.value else None


def _share(even: BreakEven, rates: Mapping[str, ReferenceRate]) -> float:
    rate = _rate(rates, even.index)
    return float(even.rate.value) / rate if even.rate is not None and rate else 1.0


def _band(rates: Mapping[str, ReferenceRate], name: str) -> tuple[float, float] | None:
    rate, published = _rate(rates, name), rates[name].published
    if (
        rate is None
        or published is None
        or published.seller_low is None
        or published.seller_high is None
        # A carried rate has an interval of an earlier week, which says nothing of this date.
        or rates[name].age
    ):
        return None
    return float(published.seller_low) / rate, float(published.seller_high) / rate
