"""The width of the interval by number of observations, measured on data, beside the paper's table.

See WP Table 6.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.market.interval import exact_interval

COUNTS = (8, 12, 16, 20, 30, 40, 60, 80, 120)
DRAWS = 60
SEED = 20260305
PAPER = ((20, 0.15, math.inf), (40, 0.08, 0.15), (80, 0.04, 0.08), (10**9, 0.0, 0.04))
"""(below so many observations, expected width from, to).

The first row, "15 to 25% and more", is open above.
"""
WORDS = {0.15: "15% to 25% or more", 0.08: "8% to 15%", 0.04: "4% to 8%", 0.0: "below 4%"}
"""The paper's words for each range, by where the range starts."""


@dataclass(frozen=True, slots=True)
class Width:
    """The measured width of the 95% interval for one number of observations.

    Attributes:
        count: observations drawn, with replacement, from the pool.
        low, middle, high: the tenth, the middle and the ninetieth percentile of the widths, as shares of the
            value.
        expected: the paper's range for this count, in shares; the widest is open above.
        holds: whether the middle lies in that range.
    """

    count: int
    low: float
    middle: float
    high: float
    expected: tuple[float, float]
    holds: bool

    @property
    def paper(self) -> str:
        """The paper's range in the paper's words."""
        return WORDS[self.expected[0]]


def expected(count: int) -> tuple[float, float]:
    """Return the paper's range of widths (from, to) for a number of observations."""
    return next((low, high) for below, low, high in PAPER if count < below)


def widths(pool: Sequence[Decimal]) -> Iterator[Width]:
    """Yield the measured width for each count, drawn from one pool of observations.

    Every count is drawn from the whole pool.
    """
    chance = random.Random(SEED)
    for count in COUNTS:
        # With replacement, so that counts larger than the pool can be measured too.
        measured = sorted(_width(sorted(chance.choices(pool, k=count))) for _ in range(DRAWS))
        middle, wanted = measured[DRAWS // 2], expected(count)
        yield Width(
            count,
            measured[DRAWS // 10],
            middle,
            measured[DRAWS * 9 // 10],
            wanted,
            wanted[0] <= middle <= wanted[1],
        )


def _width(sample: Sequence[Decimal]) -> float:
    interval = exact_interval(sample)
    value = (sample[(len(sample) - 1) // 2] + sample[len(sample) // 2]) / 2
    return float((interval.high - interval.low) / value)
