"""The sampling error of each published value, known from its interval by sellers and never fitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from engine.basics.errors import WrongUsage

Floats = NDArray[np.float64]

WIDTH_95 = 3.92
"""The standard deviations between the ends of a normal 95% interval."""
WIDTH_80 = 2.563
"""The standard deviations between the ends of a normal 80% interval."""

Ends = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class ObservedWeek:
    """What one Publication Date gave, as the rate model sees it.

    Attributes:
        publication_date: the Thursday.
        value: USD per GPU-hour; None if nothing was published.
        interval_95: the low and the high end by sellers, if there are enough sellers.
        interval_80: the ends at 80%, from four sellers on.
        sellers: the number of named sellers behind the value; None if that is not known.
    """

    publication_date: date
    value: Decimal | None
    interval_95: Ends | None = None
    interval_80: Ends | None = None
    sellers: int | None = None


@dataclass(frozen=True)
class RateSeries:
    """A history as the filter reads it.

    Attributes:
        dates: the Publication Dates, oldest first.
        logs: the natural logarithm of each published value, NaN without one.
        noise: the standard deviation of each week's sampling error in the logarithm, NaN without a value.
        sellers: named sellers of each week, 0 if that is not known.
        assumed: the number of weeks with a value and without an interval, whose noise is the largest of the
            history or was named.
        how: where the assumed noise came from; empty if none was assumed.
    """

    dates: tuple[date, ...]
    logs: Floats
    noise: Floats
    sellers: tuple[int, ...]
    assumed: int
    how: str

    def until(self, weeks: int) -> RateSeries:
        """Return the first `weeks` weeks of the history alone."""
        return RateSeries(
            self.dates[:weeks],
            self.logs[:weeks],
            self.noise[:weeks],
            self.sellers[:weeks],
            self.assumed,
            self.how,
        )

    @property
    def values(self) -> int:
        """The number of weeks with a value."""
        return int(np.isfinite(self.logs).sum())


def rate_series(weeks: Sequence[ObservedWeek], named: float | None = None) -> RateSeries:
    """Return the history with the sampling error of each week.

    The error is ln(high / low) / 3.92 of the 95% interval. Without one it is ln(high / low) / 2.563 of the
    80% interval. Without either it is `named`, or the largest error of the history. A week without a value
    has none.

    Args:
        weeks: what was published, oldest first.
        named: the error to assume for a week without an interval, in the logarithm.

    Raises:
        WrongUsage: a series without a value, without any interval and without a named error, or with a value
            of zero.
    """
    if not any(week.value is not None for week in weeks):
        raise WrongUsage("the history has no published value, so a rate to model is missing")
    # Refused here, because the logarithm would fail later without a word of what is wrong.
    if any(week.value is not None and week.value <= 0 for week in weeks):
        raise WrongUsage(
            "a published value is not above zero; the rate model works on logarithms and cannot take it"
        )
    errors = [_known(week) for week in weeks]
    known = [error for error in errors if error is not None]
    # The largest error of the history, because too small a one would pass noise off as moves of the rate.
    instead = named if named is not None else max(known, default=None)
    lacking = sum(week.value is not None and error is None for week, error in zip(weeks, errors, strict=True))
    if lacking and instead is None:
        raise WrongUsage(
            "no value of the history has an interval by sellers, so its sampling error is not known; name "
            "it, like `--noise 0.05`"
        )
    # An answer must say what was assumed, because a larger error gives wider paths.
    how = "" if not lacking else "as named" if named is not None else "the largest of the history"
    return RateSeries(
        dates=tuple(week.publication_date for week in weeks),
        logs=np.array([math.nan if week.value is None else math.log(week.value) for week in weeks]),
        noise=np.array([_noise(week, error, instead) for week, error in zip(weeks, errors, strict=True)]),
        sellers=tuple(week.sellers or 0 for week in weeks),
        assumed=lacking,
        how=how,
    )


def _known(week: ObservedWeek) -> float | None:
    """Return the sampling error that the week's own interval gives; None without one."""
    if week.value is None:
        return None
    for ends, width in ((week.interval_95, WIDTH_95), (week.interval_80, WIDTH_80)):
        # An interval without width cannot be a sampling error of zero, so the other one is tried.
        if ends is not None and 0 < ends[0] < ends[1]:
            return math.log(ends[1] / ends[0]) / width
    return None


def _noise(week: ObservedWeek, error: float | None, instead: float | None) -> float:
    if week.value is None:
        return math.nan
    noise = error if error is not None else instead
    return math.nan if noise is None else noise
