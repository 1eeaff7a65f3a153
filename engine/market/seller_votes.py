"""The shadow rate: one seller, one vote (rulings 63).

It is a second opinion on the contract's rate that decides nothing. It looks at all collections of the window,
after the filters and before any outlier is removed. The number of listings of a seller does not matter. Its
weakness is that a new account with one listing has a whole vote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from engine.market.listing import Observation

BEYOND = 40
"""A number n: at most one nth of the probability may lie beyond each end of the interval."""


@dataclass(frozen=True)
class ShadowRate:
    """The median of the sellers' own prices, in USD per GPU-hour.

    Attributes:
        rate: the median, with each seller's price counted once.
        low, high: the interval by order statistics of the sellers.
        covers: the probability with which the interval holds the true median, whatever the prices are.
        votes: each seller's price.
    """

    rate: Fraction
    low: Fraction
    high: Fraction
    covers: Fraction
    votes: dict[str, Fraction]

    @property
    def sellers(self) -> int:
        """How many sellers have a vote."""
        return len(self.votes)


def shadow_rate(collections: Iterable[Sequence[Observation]]) -> ShadowRate | None:
    """Return the shadow rate over a window's collections; None if no listing names a seller.

    A machine's price in a collection is the median of its listings. A seller's price in a collection is the
    median of its machines. A seller's price of the week is the median over the collections in which it
    stands.
    """
    prices: defaultdict[str, list[Fraction]] = defaultdict(list)
    for collection in collections:
        for seller, price in _votes_of(collection).items():
            prices[seller].append(price)
    if not prices:
        return None
    # Sorted by name, so that the record is the same whatever the order of the collections.
    votes = {seller: middle(prices[seller]) for seller in sorted(prices)}
    ordered, beyond = sorted(votes.values()), rank_of_ends(len(votes))
    return ShadowRate(
        rate=middle(ordered),
        low=ordered[beyond - 1],
        high=ordered[-beyond],
        covers=1 - 2 * _below(beyond, len(votes)),
        votes=votes,
    )


def rank_of_ends(sellers: int) -> int:
    """Return the rank d of the interval's ends: it runs from the d-th lowest to the d-th highest seller.

    The result is 1 if no d promises 95%.
    """
    # The share is compared as a whole fraction, so an end that promises exactly 95% is not lost to
    # rounding.
    return max((d for d in range(1, sellers // 2 + 1) if BEYOND * _below(d, sellers) <= 1), default=1)


def _below(count: int, of: int) -> Fraction:
    """Return the probability of fewer than `count` heads among `of` tosses of a fair coin."""
    return Fraction(sum(comb(of, heads) for heads in range(count)), 2**of)


def _votes_of(observations: Sequence[Observation]) -> dict[str, Fraction]:
    """Return each seller's price in one collection.

    A listing that names no machine counts as a machine by itself.
    """
    machines: defaultdict[tuple[str, str | int], list[Fraction]] = defaultdict(list)
    for place, observation in enumerate(observations):
        # A listing without a name cannot be told from another seller's, so it does not vote.
        if observation.host is not None:
            # Unnamed machines are told apart by their place: merged into one, they would weigh too little.
            machines[observation.host, place if observation.machine is None else observation.machine].append(
                Fraction(observation.micro, 10**6)
            )
    # The machine comes first, so that a machine listed ten times does not outweigh the seller's others.
    sellers: defaultdict[str, list[Fraction]] = defaultdict(list)
    for (seller, _), listed in machines.items():
        sellers[seller].append(middle(listed))
    return {seller: middle(held) for seller, held in sellers.items()}


def middle(values: Iterable[Fraction]) -> Fraction:
    """Return the exact median: for an even number of values, the mean of the two middle ones."""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
