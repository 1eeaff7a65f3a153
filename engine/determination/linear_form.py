"""What a test over several dates compares, as a linear form of a few statistics of the rate.

Columns of many paths are made of it. A template whose test asks for more than its date's rate says in
`columns` how the rates enter. `measure` remains the test. Whatever `columns` says is compared with it
wherever it is used, and is not used if the two differ.
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
        kind: `published`: this date's published value. `rate`: this date's Reference Rate. `sum of rates`:
            the sum over the last `count` Publication Dates. `highest`: the highest of the values published
            from `since` to the date. `first`: the first of them.
        index: the index.
        count: how many dates are summed.
        since: the first day of the window.
        at_closing: the Closing Date level, if it stands in the window as the value of the Closing Date;
            USD per GPU-hour.
    """

    kind: Literal["published", "rate", "sum of rates", "highest", "first"]
    index: str
    count: int = 1
    since: date | None = None
    at_closing: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition of a sum: it counts only if a statistic has reached a level, in USD per GPU-hour.

    Otherwise `otherwise` stands for the sum.
    """

    statistic: Statistic
    level: Fraction
    otherwise: Fraction


@dataclass(frozen=True, slots=True)
class LinearForm:
    """The sum of each statistic times its weight, in USD per GPU-hour.

    The test turns at one value of the sum.

    Attributes:
        parts: the statistics and their weights. A weight of zero is of a rate that must be there, although
            nothing rests on its value.
        limit: that value, if the template can say it; the test passes up to it. None if it is to be found by
            asking the test.
        gate: the condition for the sum to count; None if it always counts.
    """

    parts: tuple[tuple[Statistic, Fraction], ...]
    limit: Fraction | None = None
    gate: Gate | None = None

    @property
    def moving(self) -> str | None:
        """The index whose newest value moves the sum; None if the sum rests on fixed days alone."""
        of_today = ("published", "rate", "sum of rates")
        return next((one.index for one, weight in self.parts if weight and one.kind in of_today), None)


@dataclass(frozen=True, slots=True)
class Told:
    """Figures of the Servicer's reports against which a test holds its rates, added up by weight.

    A test turns at one ratio of its form to this sum. It is asked for where a figure follows the rate, so
    that it is another on each path.

    Attributes:
        parts: the name of each figure, the date of the report that gives it, and its weight.
    """

    parts: tuple[tuple[str, date, Fraction], ...]
