"""How many adversarial listings move the index, after filters and outlier removal as they really act (WP §7.3.1).

A listing is injected at a share of the true median; an attacker's listing stands in every snapshot of the days that it attacks, so
it can also lift a thin day over the daily minimum. Whole numbers throughout: what is counted here is what `index.py` would publish.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from engine.market.index import median
from engine.market.listing import Observation, without_outliers
from engine.market.methodology import Methodology

Day = tuple[date, tuple[Observation, ...]]
"""A day of the window and its Qualifying Listings."""
MOVES = (Fraction(5, 100), Fraction(10, 100), Fraction(25, 100))
AT = (Fraction(50, 100), Fraction(150, 100))
"""Attack prices as shares of the true median (WP §7.3.1)."""
ROWS = (8, 12, 15, 20, 30)
LISTED_GPUS = 8
"""GPUs of an injected listing where the estimators are compared: a whole machine."""
DRAWS = 200
SEED = 20260305


def day_median(observations: Sequence[Observation], methodology: Methodology) -> Fraction | None:
    """The median of one day's listings after outlier removal, in USD; None of an empty day."""
    kept = without_outliers(tuple(observations), methodology)
    return median([one.micro for one in kept]) if kept else None


def week_value(days: Iterable[Day], methodology: Methodology) -> Fraction | None:
    """The pooled median of the days that count; of all days where none does and the methodology pools them."""
    listed = [found for _, found in days if found]
    counting = [found for found in listed if len(found) >= methodology.daily_minimum]
    if not counting and methodology.when_no_day_counts == "pool_all":
        counting = listed
    pooled = sorted(one.micro for found in counting for one in without_outliers(found, methodology))
    return median(pooled) if pooled else None


def _fakes(true: Fraction, at: Fraction, count: int) -> tuple[Observation, ...]:
    return (Observation(round(true * at * 10**6)),) * count


def least_for_day(observations: Sequence[Observation], methodology: Methodology, at: Fraction, move: Fraction) -> int | None:
    """The least number of injected listings, up to half of the day's, that moves its median by `move`; None: not reachable."""
    true = day_median(observations, methodology)
    if true is None:
        return None
    moved = ((k, day_median((*observations, *_fakes(true, at, k)), methodology)) for k in range(1, len(observations) // 2 + 1))
    return next((k for k, value in moved if value is not None and abs(value - true) >= move * true), None)


def least_for_week(days: Sequence[Day], methodology: Methodology, at: Fraction, move: Fraction) -> int | None:
    """The least number of listings, standing on every day that was collected, that moves the week's value by `move`."""
    true = week_value(days, methodology)
    return None if true is None else least_that(days, methodology, at, lambda value: abs(value - true) >= move * true)


def least_that(days: Sequence[Day], methodology: Methodology, at: Fraction, reached: Callable[[Fraction], bool]) -> int | None:
    """The least number of listings on every collected day that brings the week's value to where `reached` says so.

    Looked for up to half of the largest day's listings; None where it is not reachable.
    """
    true = week_value(days, methodology)
    most = max((len(found) for _, found in days), default=0) // 2
    for k in range(1, most + 1) if true is not None else ():
        value = week_value(attacked(days, true or Fraction(0), at, k), methodology)
        if value is not None and reached(value):
            return k
    return None


def attacked(days: Sequence[Day], true: Fraction, at: Fraction, count: int) -> tuple[Day, ...]:
    """The days with `count` listings at a share of the true value on each that was collected."""
    return tuple((day, (*found, *_fakes(true, at, count)) if found else found) for day, found in days)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of Table 5: for a number of daily listings, the least k by move; None where it is not reachable.

    Attributes:
        listings: N.
        days: real days with at least N listings, from which N were drawn.
        least: for each (attack price, move) the middle of the least numbers over the draws.
    """

    listings: int
    days: int
    least: dict[tuple[Fraction, Fraction], int | None]


def table_5(days: Iterable[Sequence[Observation]], methodology: Methodology) -> Iterator[Row]:
    """The paper's Table 5, filled by drawing N listings from real days; the last row is N or more."""
    chance, known = random.Random(SEED), [tuple(found) for found in days]
    for size in ROWS:
        enough = [found for found in known if len(found) >= size]
        draws = [chance.sample(chance.choice(enough), size) for _ in range(DRAWS)] if enough else []
        yield Row(size, len(enough), {(at, move): _middle(draws, methodology, at, move) for at in AT for move in MOVES})


def _middle(draws: Sequence[Sequence[Observation]], methodology: Methodology, at: Fraction, move: Fraction) -> int | None:
    """The lower middle of the least numbers; not reachable counts as more than any."""
    found = [least_for_day(draw, methodology, at, move) for draw in draws]
    ordered = sorted(found, key=lambda k: float("inf") if k is None else k)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


# ---- the four estimators side by side (WP §7.3.1) ---------------------------------------------------------------------


def trimmed_mean(observations: Sequence[Observation]) -> Fraction:
    """The mean without the top and the bottom tenth."""
    prices = sorted(one.micro for one in observations)
    drop = len(prices) // 10
    rest = prices[drop : len(prices) - drop]
    return Fraction(sum(rest), len(rest) * 10**6)


def volume_weighted_mean(observations: Sequence[Observation]) -> Fraction:
    """The mean weighted by the GPUs of each listing; rows without a count weigh one."""
    weights = sum(one.gpus for one in observations)
    return Fraction(sum(one.micro * one.gpus for one in observations), weights * 10**6)


def hodges_lehmann(observations: Sequence[Observation]) -> Fraction:
    """The median of the means of all pairs, each listing paired with itself as well."""
    prices = [one.micro for one in observations]
    sums = sorted(one + other for place, one in enumerate(prices) for other in prices[place:])
    middle = len(sums) // 2
    twice = 2 * sums[middle] if len(sums) % 2 else sums[middle - 1] + sums[middle]
    return Fraction(twice, 4_000_000)


def plain_median(observations: Sequence[Observation]) -> Fraction:
    """The median of the listings as they are."""
    return median(sorted(one.micro for one in observations))


ESTIMATORS: dict[str, Callable[[Sequence[Observation]], Fraction]] = {
    "median": plain_median,
    "trimmed mean": trimmed_mean,
    "volume-weighted mean": volume_weighted_mean,
    "Hodges-Lehmann": hodges_lehmann,
}


def least_for_estimator(
    name: str, observations: Sequence[Observation], at: Fraction, move: Fraction, gpus: int = LISTED_GPUS
) -> int | None:
    """The least number of injected listings that moves an estimator by `move`, up to half of the day's, without outlier removal.

    Args:
        name: of the estimator.
        observations: one day's listings.
        at: the attack price, as a share of the median.
        move: the move, as a share of the estimate.
        gpus: of each injected listing; only the volume-weighted mean looks at them, and large listings are its weakness (WP §5.6).
    """
    estimate = ESTIMATORS[name]
    true = estimate(observations)
    fake = Observation(round(plain_median(observations) * at * 10**6), gpus=gpus)
    moved = ((k, estimate((*observations, *(fake,) * k))) for k in range(1, len(observations) // 2 + 1))
    return next((k for k, value in moved if abs(value - true) >= move * true), None)
