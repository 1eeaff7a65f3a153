"""How many adversarial listings move the index, with filters and outlier removal as they really act.

See WP §7.3.1. A listing is injected at a share of the true median. An attacker's listing stands in every
snapshot of the days that it attacks, so it can also lift a thin day over the daily minimum. All numbers are
whole: what is counted here is what `index.py` would publish.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate
from math import isqrt

from engine.basics.values import median
from engine.market.listing import Observation
from engine.market.methodology import Methodology
from engine.market.outliers import without_outliers

Day = tuple[date, tuple[Observation, ...]]
"""A collected day of the window and its Qualifying Listings; the listings are empty if none qualified."""
MOVES = (Fraction(5, 100), Fraction(10, 100), Fraction(25, 100))
AT = (Fraction(50, 100), Fraction(150, 100))
"""Attack prices as shares of the true median (WP §7.3.1)."""
ROWS = (8, 12, 15, 20, 30)
LISTED_GPUS = 8
"""The GPUs of an injected listing in the comparison of estimators: a whole machine."""
DRAWS = 200
SEED = 20260305


def day_median(observations: Sequence[Observation], methodology: Methodology) -> Fraction | None:
    """Return the median of one day's listings after outlier removal; None for an empty day.

    It is in USD per GPU-hour.
    """
    kept = without_outliers(tuple(observations), methodology)
    return median([observation.micro for observation in kept]) if kept else None


def week_value(days: Iterable[Day], methodology: Methodology) -> Fraction | None:
    """Return the pooled median of the days that count; None without prices.

    If no day counts and the methodology pools them all, it is the median of all days.
    """
    listed = [observations for _, observations in days if observations]
    counting = [observations for observations in listed if len(observations) >= methodology.daily_minimum]
    if not counting and methodology.when_no_day_counts == "pool_all":
        counting = listed
    pooled = sorted(
        observation.micro
        for observations in counting
        for observation in without_outliers(observations, methodology)
    )
    return median(pooled) if pooled else None


class DayPrices:
    """One day's ascending prices, which answer what outlier removal keeps once further listings are injected.

    All injected listings have the same price. What is kept is a range of prices, because it is all that lies
    within a distance of the mean of the rest. So a number of injected listings costs a few sums and two
    searches, not a pass over the day. All numbers are whole, as in `without_outliers`.
    """

    def __init__(self, observations: Iterable[Observation], methodology: Methodology) -> None:
        self.micros = sorted(observation.micro for observation in observations)
        self.sums = [0, *accumulate(self.micros)]
        self.squares = sum(x * x for x in self.micros)
        self.share, self.shares = methodology.outlier_trim_share.as_integer_ratio()
        widest = methodology.outlier_deviations
        self.most, self.least = widest.numerator**2, widest.denominator**2

    def kept(self, fake: int, injected: int) -> tuple[int, int, bool]:
        """Return (first place kept, first place no longer kept, whether the injected prices are kept).

        See WP §5.5. The places are those of the day's own prices.
        """
        count = len(self.micros) + injected
        total = self.sums[-1] + injected * fake
        spread = count * (self.squares + injected * fake * fake) - total * total
        if count < 4 or spread == 0:
            return 0, len(self.micros), True
        # Whole-number division gives the same floor as the share times the count in `without_outliers`.
        drop = max(1, self.share * count // self.shares)
        at = bisect_left(self.micros, fake)
        rest = self._sum_to(count - drop, fake, injected, at) - self._sum_to(drop, fake, injected, at)
        size = count - 2 * drop
        # |x size - rest| is at most the whole number `reach` exactly where (x - m)^2 <= k^2 s^2
        reach = isqrt(self.most * spread * size * size // (self.least * count * (count - 1)))
        # The first is a ceiling and the second a floor: both ends must lie within the distance.
        low, high = -((reach - rest) // size), (rest + reach) // size
        return bisect_left(self.micros, low), bisect_right(self.micros, high), low <= fake <= high

    def removes_at_most(self, injected: int) -> int:
        """Return an upper bound on how many prices outlier removal can take, whatever the prices are.

        The mean of q of n prices differs from the mean of all by at most s sqrt((n - q)(n - 1) / (q n)). So
        their squared distances from it add up to at most s^2 n (n - 1) / q. Each removed price takes more
        than k^2 s^2 of that.
        """
        count = len(self.micros) + injected
        size = count - 2 * max(1, self.share * count // self.shares)
        return count * (count - 1) * self.least // (size * self.most)

    def _sum_to(self, place: int, fake: int, injected: int, at: int) -> int:
        """Return the sum of the first `place` prices, the injected ones included.

        The injected prices stand among the day's own from place `at` on.
        """
        if place <= at:
            return self.sums[place]
        among = min(place - at, injected)
        return self.sums[place - among] + among * fake


def _twice_median(ascending: Sequence[int], low: int, high: int, fake: int, injected: int) -> int | None:
    """Return twice the median, in millionths, of `ascending[low:high]` together with the injected prices.

    The result is None without any price.
    """
    count = high - low + injected
    if count == 0:
        return None
    at = bisect_left(ascending, fake, low, high)
    twice = 0
    for place in (low + (count - 1) // 2, low + count // 2):
        twice += (
            ascending[place] if place < at else fake if place < at + injected else ascending[place - injected]
        )
    return twice


def _fake(true: Fraction, at: Fraction) -> int:
    return round(true * at * 10**6)


def least_for_day(
    observations: Sequence[Observation], methodology: Methodology, at: Fraction, move: Fraction
) -> int | None:
    """Return the least number of injected listings that moves a day's median by the share `move`.

    At most half of the day's own number is tried. The result is None if that is not enough.
    """
    prices = DayPrices(observations, methodology)
    low, high, _ = prices.kept(0, 0)
    twice_true = _twice_median(prices.micros, low, high, 0, 0)
    if twice_true is None:
        return None
    fake = round(Fraction(twice_true * at.numerator, 2 * at.denominator))
    # Rounded up: among whole numbers, at least the share is at least the next whole number.
    apart = -(-move.numerator * twice_true // move.denominator)
    micros, own = prices.micros, len(prices.micros)
    # by how many prices the far side of each target outnumbers the near one: a median gets there only if as
    # many are removed
    down, up = (
        own - 2 * bisect_right(micros, (twice_true - apart) // 2),
        2 * bisect_left(micros, -(-(twice_true + apart) // 2)) - own,
    )
    down_by, up_by = (
        (-1 if 2 * fake <= twice_true - apart else 1),
        (-1 if 2 * fake >= twice_true + apart else 1),
    )
    # every other count is tried: more listings can move the median less, as they widen what outlier removal
    # keeps
    for injected in range(1, own // 2 + 1):
        # A bound first, before any search: most counts cannot reach a target whatever outlier removal
        # takes.
        if min(down + down_by * injected, up + up_by * injected) > prices.removes_at_most(injected):
            continue
        low, high, stay = prices.kept(fake, injected)
        twice = _twice_median(micros, low, high, fake, injected if stay else 0)
        if twice is not None and abs(twice - twice_true) >= apart:
            return injected
    return None


def least_for_week(days: Sequence[Day], methodology: Methodology, at: Fraction, move: Fraction) -> int | None:
    """Return the least number of listings a day that moves the week's value by the share `move`.

    They stand on every collected day. The result is None if the move is not reachable.
    """
    true = week_value(days, methodology)
    return (
        None
        if true is None
        else least_that(days, methodology, at, lambda value: abs(value - true) >= move * true)
    )


def least_that(
    days: Sequence[Day], methodology: Methodology, at: Fraction, reached: Callable[[Fraction], bool]
) -> int | None:
    """Return the least number of listings a day that brings the week's value where it is wanted.

    They stand on every collected day, and `reached` says whether a value is there. A day on which nothing
    qualified was collected too, and enough injected listings make it count. At most half of the largest day's
    listings are tried; the result is None if that is not enough.
    """
    true = week_value(days, methodology)
    if true is None:
        return None
    fake, listed = _fake(true, at), [DayPrices(observations, methodology) for _, observations in days]
    for injected in range(1, max(len(day.micros) for day in listed) // 2 + 1):
        twice = _twice_week(listed, methodology, fake, injected)
        if twice is not None and reached(Fraction(twice, 2_000_000)):
            return injected
    return None


def _twice_week(
    listed: Sequence[DayPrices], methodology: Methodology, fake: int, injected: int
) -> int | None:
    """Return twice the week's value, in millionths, with the injected listings on each collected day.

    The rules are those of `week_value`.
    """
    counting = [day for day in listed if len(day.micros) + injected >= methodology.daily_minimum]
    if not counting and methodology.when_no_day_counts == "pool_all":
        counting = list(listed)
    pooled: list[int] = []
    stayed = 0
    for day in counting:
        low, high, stay = day.kept(fake, injected)
        pooled += day.micros[low:high]
        stayed += injected if stay else 0
    pooled.sort()
    return _twice_median(pooled, 0, len(pooled), fake, stayed)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of Table 5: for a number of daily listings, the least k by move; None if it is not reachable.

    Attributes:
        listings: the number N of daily listings.
        days: real days with at least N listings, from which N were drawn.
        least: for each (attack price, move), the middle of the least numbers over the draws.
    """

    listings: int
    days: int
    least: dict[tuple[Fraction, Fraction], int | None]


def table_5(days: Iterable[Sequence[Observation]], methodology: Methodology) -> Iterator[Row]:
    """Yield the rows of the paper's Table 5, filled by drawing N listings from real days.

    The last row is for N or more.
    """
    chance, known = random.Random(SEED), [tuple(observations) for observations in days]
    for size in ROWS:
        enough = [observations for observations in known if len(observations) >= size]
        # One source of chance for all rows, so the table is the same on every run of the same days.
        draws = [chance.sample(chance.choice(enough), size) for _ in range(DRAWS)] if enough else []
        yield Row(
            size,
            len(enough),
            {(at, move): _middle(draws, methodology, at, move) for at in AT for move in MOVES},
        )


def _middle(
    draws: Sequence[Sequence[Observation]], methodology: Methodology, at: Fraction, move: Fraction
) -> int | None:
    """Return the lower middle of the least numbers over the draws.

    Not reachable counts as more than any number.
    """
    counts = [least_for_day(draw, methodology, at, move) for draw in draws]
    # The lower middle is a number that occurred; the mean of two could be half a listing.
    ordered = sorted(counts, key=lambda k: float("inf") if k is None else k)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


# ---- the four estimators side by side (WP §7.3.1)
# ---------------------------------------------------------------------


def trimmed_mean(observations: Sequence[Observation]) -> Fraction:
    """Return the mean price without the highest and the lowest tenth."""
    prices = sorted(observation.micro for observation in observations)
    drop = len(prices) // 10
    rest = prices[drop : len(prices) - drop]
    return Fraction(sum(rest), len(rest) * 10**6)


def volume_weighted_mean(observations: Sequence[Observation]) -> Fraction:
    """Return the mean price weighted by the GPUs of each listing. A row without a count weighs 1."""
    weights = sum(observation.gpus for observation in observations)
    return Fraction(
        sum(observation.micro * observation.gpus for observation in observations), weights * 10**6
    )


def hodges_lehmann(observations: Sequence[Observation]) -> Fraction:
    """Return the median of the means of all pairs of prices, each listing also paired with itself."""
    prices = [observation.micro for observation in observations]
    sums = sorted(price + other for place, price in enumerate(prices) for other in prices[place:])
    middle = len(sums) // 2
    twice = 2 * sums[middle] if len(sums) % 2 else sums[middle - 1] + sums[middle]
    return Fraction(twice, 4_000_000)


def plain_median(observations: Sequence[Observation]) -> Fraction:
    """Return the median of the listings as they are, without outlier removal."""
    return median(sorted(observation.micro for observation in observations))


ESTIMATORS: dict[str, Callable[[Sequence[Observation]], Fraction]] = {
    "median": plain_median,
    "trimmed mean": trimmed_mean,
    "volume-weighted mean": volume_weighted_mean,
    "Hodges-Lehmann": hodges_lehmann,
}


def least_for_estimator(
    name: str, observations: Sequence[Observation], at: Fraction, move: Fraction, gpus: int = LISTED_GPUS
) -> int | None:
    """Return the least number of injected listings that moves an estimator by `move`.

    Outliers are not removed. At most half of the day's number is tried; the result is None if that is not
    enough.

    Args:
        name: the estimator's name.
        observations: one day's listings.
        at: the attack price, as a share of the median.
        move: the move, as a share of the estimate.
        gpus: the GPUs of each injected listing. Only the volume-weighted mean looks at them, and large
            listings are its weakness (WP §5.6).
    """
    estimate = ESTIMATORS[name]
    true = estimate(observations)
    fake = Observation(_fake(plain_median(observations), at), gpus=gpus)
    moved = ((k, estimate((*observations, *(fake,) * k))) for k in range(1, len(observations) // 2 + 1))
    return next((k for k, value in moved if abs(value - true) >= move * true), None)
