"""Figures that follow the rate, on many paths side by side: whole numbers as a path's own reports say them.

`Link.along` says what one path's reports say. A test proves that each path here says the same.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.basics.errors import WrongUsage
from engine.foresight.linked_facts import PLACES, Link
from engine.foresight.rate_paths import NO_VALUE, TICK

Whole = NDArray[np.signedinteger[Any]]
LARGEST = 2**62
"""A number beyond this could overflow, so what would hold it runs path by path."""


def parts_of_unit(link: Link) -> int:
    """Return how many whole numbers make one unit of a linked figure: ticks of a rent, cents of an amount."""
    return int(10 ** PLACES[link.unit])


def at_closing(link: Link) -> int:
    """Return the figure at the Closing Date level, in whole numbers."""
    return int(link.at(link.level).value * parts_of_unit(link))


def linked_values(link: Link, ticks: Whole) -> Whole:
    """Return a linked figure on each path after each Publication Date, in whole numbers.

    Args:
        link: the link.
        ticks: the values of its index, a row for each Publication Date and a column for each path.

    Raises:
        WrongUsage: the figure is beyond what whole numbers of an array hold, or something is lost of it.
    """
    # An ended contract is asked of stated paths alone, so no path here has lost anything.
    if link.less:
        raise WrongUsage(f"`{link.figure}` follows the rate, and many paths hold no loss of a contract")
    there = ticks != NO_VALUE
    count = _trailing(there.astype(np.int64), link.weeks)
    total = _trailing(np.where(there, ticks, 0).astype(np.int64), link.weeks)
    # The figure is `above` x total / (`below` x count), rounded half to even as one path's own figure is.
    exact = link.factor * parts_of_unit(link) / TICK
    above, below = exact.numerator, exact.denominator
    if max(int(total.max(initial=0)) * above, link.weeks * below * 2) >= LARGEST:
        total, count = total.astype(object), count.astype(object)
    dividend, divisor = total * above, np.maximum(count, 1) * below
    whole = dividend // divisor
    twice = (dividend - whole * divisor) * 2
    whole = whole + ((twice > divisor) | ((twice == divisor) & (whole % 2 == 1)))
    if int(whole.max(initial=0)) >= LARGEST or at_closing(link) >= LARGEST:
        raise WrongUsage(f"`{link.figure}` follows the rate with an amount that is too large for many paths")
    values: Whole = whole.astype(np.int64)
    before = np.full(ticks.shape[1], at_closing(link), dtype=np.int64)
    # A window without any value leaves the figure as it was.
    for row in np.flatnonzero((count == 0).any(axis=1)).tolist():
        values[row] = np.where(count[row] == 0, values[row - 1] if row else before, values[row])
    return values


def _trailing(values: NDArray[np.int64], weeks: int) -> Any:
    """Return the sums of the last rows, up to `weeks` of them, at each row."""
    sums = np.cumsum(values, axis=0)
    if weeks < len(sums):
        sums[weeks:] = sums[weeks:] - sums[:-weeks]
    return sums


def most_of(link: Link, top: int) -> Fraction:
    """Return the most that a linked figure may be on paths up to a highest tick, rounded up."""
    return max(link.at(link.level).value, Fraction(math.ceil(link.factor * top / TICK)))
