"""What one seller can do to a week's value: leave the market, or set all of its own prices (rulings 63).

A seller that leaves takes all of its rows from every day, before the daily minimum is applied and outliers
are removed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from engine.market.listing import Observation
from engine.market.methodology import Methodology
from engine.market.quality.manipulation import Day, week_value

MOST_SELLERS = 3
"""The largest group of leaving sellers that is tried."""
REPRICED_FROM, REPRICED_TO = 20, 300
"""The prices that a seller may set, in whole per cent of the value."""
Reached = Callable[[Fraction | None], bool]
"""Whether a value is what was looked for. The value is None if the week has none."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """The smallest group of sellers whose leaving has a given effect on the week's value.

    Attributes:
        sellers: the names of the first such group.
        value: the value of the week without them, in USD per GPU-hour; None if the week then has no value.
    """

    sellers: tuple[str, ...]
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class Repricing:
    """The lowest and highest value of the week that the largest seller can cause by its own prices alone.

    Both are in USD per GPU-hour.
    """

    seller: str
    low: Fraction
    high: Fraction


def sellers_of(days: Sequence[Day]) -> tuple[str, ...]:
    """Return the sellers that the listings of a week name, in the order of their names."""
    return tuple(
        sorted(
            {
                observation.host
                for _, observations in days
                for observation in observations
                if observation.host is not None
            }
        )
    )


def without(days: Sequence[Day], leaving: Sequence[str]) -> tuple[Day, ...]:
    """Return the days without the listings of some sellers."""
    absent = frozenset(leaving)
    return tuple(
        (day, tuple(observation for observation in observations if observation.host not in absent))
        for day, observations in days
    )


def value_without_each(days: Sequence[Day], methodology: Methodology) -> dict[str, Fraction | None]:
    """Return the value without each single seller, by the seller's name; None if the week then has none."""
    return {seller: week_value(without(days, (seller,)), methodology) for seller in sellers_of(days)}


def least_leaving(days: Sequence[Day], methodology: Methodology, reached: Reached) -> Leaving | None:
    """Return the fewest sellers, at most 3, whose leaving brings the value to where `reached` says so.

    The result is None if more are needed.
    """
    return next(_reaching(days, methodology, reached), None)


def _reaching(days: Sequence[Day], methodology: Methodology, reached: Reached) -> Iterator[Leaving]:
    names = sellers_of(days)
    # Small groups first, so the first group that is found is the smallest.
    for size in range(1, MOST_SELLERS + 1):
        for group in combinations(names, size):
            value = week_value(without(days, group), methodology)
            if reached(value):
                yield Leaving(group, value)


def moved_by(true: Fraction, move: Fraction) -> Reached:
    """Return a function that says whether a value differs from the true one by at least the share `move`.

    It also says so of a week without a value.
    """
    # A week that loses its value has moved more than any share, so it counts as reached.
    return lambda value: value is None or abs(value - true) >= move * true


def largest_seller(days: Sequence[Day]) -> str | None:
    """Return the seller with the most listings of the week; None if no listing names a seller.

    Among equals it is the first by name.
    """
    counts = Counter(
        observation.host
        for _, observations in days
        for observation in observations
        if observation.host is not None
    )
    # The name breaks a tie, so that the seller does not change with the order of the listings.
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def repricing(days: Sequence[Day], methodology: Methodology) -> Repricing | None:
    """Return the lowest and the highest value that the largest seller can make by its own price.

    All of its listings get the same price. Each whole per cent of the value from 20% to 300% is tried. The
    result is None if no seller is named or the week has no value.
    """
    true, seller = week_value(days, methodology), largest_seller(days)
    if true is None or seller is None:
        return None
    made = [
        week_value(repriced(days, seller, _price(true, share)), methodology)
        for share in range(REPRICED_FROM, REPRICED_TO + 1)
    ]
    values = [value for value in made if value is not None]
    return Repricing(seller, min(values), max(values))


def repriced(days: Sequence[Day], seller: str, micro: int) -> tuple[Day, ...]:
    """Return the days with all listings of one seller at one price, in millionths."""

    def at(observation: Observation) -> Observation:
        return replace(observation, micro=micro) if observation.host == seller else observation

    return tuple((day, tuple(map(at, observations))) for day, observations in days)


def _price(true: Fraction, share: int) -> int:
    """Return a whole per cent of a value, in millionths, rounded down."""
    return int(true * share * 10**4)
