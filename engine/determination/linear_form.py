"""What a test that looks at several dates compares, as a linear form of a few statistics of the rate: what columns are made of.

A template whose test asks for more than its date's rate says in `columns` what the rates enter by. `measure`
stays the test; whatever `columns` says is held against it wherever it is used, and is not used where the two
differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number of a path's rates on a date.

    Attributes:
        kind: `published`: this date's published value. `rate`: this date's Reference Rate. `sum of rates`: of
            the last `count`
            Publication Dates. `highest`: of the values published from `since` to the date. `first`: the first
            of them.
        index: whose.
        count: how many dates are summed.
        since: the first day of the window.
        at_closing: the Closing Date level, where it stands in the window as the value of the Closing Date;
            USD per GPU-hour.
    """

    kind: Literal["published", "rate", "sum of rates", "highest", "first"]
    index: str
    count: int = 1
    since: date | None = None
    at_closing: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """A sum counts only if a statistic has reached a level, in USD per GPU-hour; elsewhere `otherwise` stands for it."""

    statistic: Statistic
    level: Fraction
    otherwise: Fraction


@dataclass(frozen=True, slots=True)
class LinearForm:
    """The sum of each statistic times its weight, in USD per GPU-hour; the test turns where it passes one number.

    Attributes:
        parts: the statistics and their weights.
        limit: that number, if the template can say it; the test passes up to it. None if it is to be found by
            asking.
        gate: where the sum counts at all; None if it always does.
    """

    parts: tuple[tuple[Statistic, Fraction], ...]
    limit: Fraction | None = None
    gate: Gate | None = None
