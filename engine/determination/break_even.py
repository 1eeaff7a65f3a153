"""The search for the rate at which a test turns.

The result is the last tick of the published grid that agrees with the verdict at the lowest rate. Tests are
monotone in a date's rate, so bisection finds the place. Nearly all are also linear in it, or one linear term
over another (a share of Collateral Value, a mean that the rate enters). Three points of such a curve give its
root exactly, and two more probes confirm the root. A guess only decides where to look next; the place found
is the one that bisection finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations

from engine.basics.values import Figure, Unit
from engine.determination.measure_inputs import Missing
from engine.events.results import BreakEven

TICK = 10_000
"""The ticks of the published grid in one USD per GPU-hour."""
CEILING = 10_000_000
"""The highest rate at which a Break-even Rate is looked for, in ticks: USD 1,000 per GPU-hour."""
Point = tuple[Fraction, Fraction]
"""A rate in ticks, and the headroom at that rate."""
Probe = Callable[[int], tuple[bool, Fraction]]
"""A function from a rate in ticks to whether the test passes there, and its headroom there."""


def break_even(probe: Probe, index: str, near: int) -> BreakEven:
    """Return the Break-even Rate of a test: the last tick at which it passes, next to the failing ones.

    Args:
        probe: the test at a rate of the index. It raises Missing where the test is not determined; then the
            Break-even Rate is not known, with the reason.
        index: the index.
        near: the tick at which the search looks first.
    """
    try:
        at_low, last = last_agreeing(probe, 1, CEILING, near)
    except Missing as missing:
        return BreakEven(index=index, rate=None, fails=None, note=f"not known: {missing.why.reason}")
    if last is None:
        note = "passes at every positive rate" if at_low else "no positive rate passes"
        return BreakEven(index=index, rate=None, fails=None, note=note)
    # The last rate that still passes, on whichever side that is.
    rate = Figure(value=Fraction(last if at_low else last + 1, TICK), unit=Unit.RATE)
    return BreakEven(index=index, rate=rate, fails="above" if at_low else "below")


def last_agreeing(probe: Probe, low: int, high: int, near: int) -> tuple[bool, int | None]:
    """Return whether the test passes at `low`, and the last tick with the same verdict.

    The tick is None if every tick up to `high` has the same verdict.

    Args:
        probe: the test at a rate; it is always asked at `low` and `high`.
        low: the lowest tick looked at.
        high: the highest tick looked at.
        near: where to look first: the date's own rate.
    """
    points: list[Point] = []

    def holds(tick: int) -> bool:
        passed, headroom = probe(tick)
        points.append((Fraction(tick), headroom))
        return passed

    at_low, at_high = holds(low), holds(high)
    # A monotone test with one verdict at both ends has that verdict everywhere, so nothing is searched.
    if at_low == at_high:
        return at_low, None

    def narrow(tick: int) -> None:
        nonlocal low, high
        if low < tick < high:
            low, high = (tick, high) if holds(tick) == at_low else (low, tick)

    # The two ends are too few for the curve, so the date's own rate is its third point.
    narrow(near)
    for guess in _roots(tuple(points)):
        # A guess is rounded down, so its neighbours show on which side of the root it lies.
        for tick in (guess, guess + 1, guess - 1):
            narrow(tick)
        if high - low == 1:
            break
    # A test that is not such a curve, or is rounded in steps, is left to plain bisection.
    while high - low > 1:
        narrow((low + high) // 2)
    return at_low, low


def _roots(points: tuple[Point, ...]) -> Iterator[int]:
    """Yield guesses, rounded down, of where a curve through the points is zero.

    The first guess is one linear term over another through three points. Then comes a line through each two
    points.
    """
    if len(points) == 3:
        (x, a), (y, b), (z, c) = points
        # a·x = s·x − t − q·a at each of the three; the root is t / s
        over = (c - a) * (y - x) - (b - a) * (z - x)
        if over:
            q = ((b * y - a * x) * (z - x) - (c * z - a * x) * (y - x)) / over
            slope = (b * y - a * x + q * (b - a)) / (y - x)
            if slope:
                yield int((slope * x - a * x - q * a) / slope)
    for (x, a), (y, b) in combinations(points, 2):
        if a != b:
            yield int(x - a * (y - x) / (b - a))
