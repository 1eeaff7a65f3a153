"""How far a median of listings depends on who sells, counted exactly over every subset of the sellers.

The ruling is `rulings.md` 59. Each seller is in or out with probability one half, with all of its listings.
`low(S)` and `high(S)` are the lower and the upper median of the listings of a subset S. Of the empty subset
they are the lowest and the highest listing. For a price x, `low(S) <= x` holds exactly if the sum over S of
(2 x listings at most x) - (listings) is at least 0. So subsets are counted by that sum, adding one seller at
a time, and no subset is written out. All numbers are whole; prices are in millionths of USD per GPU-hour.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

Listing = tuple[str | None, int]
"""A listing: its seller, None if the seller is not known, and its price in millionths of USD per GPU-hour."""
TAILS = {95: 40, 80: 10}
"""By level in per cent, a number n: at most one nth of the subsets lies beyond each end of an interval."""
LEAST_SELLERS = {95: 6, 80: 4}
"""By level in per cent, the fewest sellers for which an interval of listed prices can promise that level.

With n sellers the level is at most 1 - 2^(1-n).
"""
MOST_UNKNOWN = Fraction(1, 5)
"""The share of listings without a seller above which the sellers of a week count as not known."""


@dataclass(frozen=True)
class SellerWeek:
    """The listings of one week by seller. Listings without a seller form one further cluster.

    Attributes:
        clusters: the prices of each seller, ascending; the key "" holds the listings that name none.
    """

    clusters: dict[str, tuple[int, ...]]

    @cached_property
    def prices(self) -> tuple[int, ...]:
        """Return all prices, ascending."""
        return tuple(sorted(price for held in self.clusters.values() for price in held))

    @cached_property
    def distinct(self) -> tuple[int, ...]:
        """Return the distinct prices, ascending."""
        return tuple(sorted(set(self.prices)))

    @cached_property
    def masses(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return how many subsets have each distinct price as their lower median, and as their upper one."""
        prices = self.distinct
        low = [self.low_at_most(price) for price in prices]
        high = [self.high_below(price) for price in (*prices[1:], prices[-1] + 1)]
        return _apart(low), _apart(high)

    @property
    def sellers(self) -> int:
        """The number of named sellers."""
        return len(self.clusters) - ("" in self.clusters)

    @property
    def subsets(self) -> int:
        """The number of subsets of the clusters."""
        return 1 << len(self.clusters)

    @property
    def unknown(self) -> int:
        """The number of listings that name no seller."""
        return len(self.clusters.get("", ()))

    @property
    def known(self) -> bool:
        """Whether at most a fifth of the listings name no seller."""
        return self.unknown <= MOST_UNKNOWN * len(self.prices)

    @property
    def shares(self) -> dict[str, Fraction]:
        """The share of each cluster in all listings, by the cluster's name."""
        return {name: Fraction(len(held), len(self.prices)) for name, held in self.clusters.items()}

    @property
    def effective(self) -> Fraction:
        """The number of equal sellers that would be as concentrated: 1 / the sum of squared shares."""
        return effective_sellers([self])

    def low_at_most(self, price: int) -> int:
        """Return the number of subsets whose lower median is at most a price."""
        # The empty subset has the sum 0 and is counted below, though its lower median is the lowest price.
        empty = self.prices[0] <= price
        return self._with_sum(lambda held: bisect_right(held, price), least=0) - 1 + empty

    def low_below(self, price: int) -> int:
        """Return the number of subsets whose lower median is below a price."""
        return self.low_at_most(price - 1)

    def high_below(self, price: int) -> int:
        """Return the number of subsets whose upper median is below a price."""
        empty = self.prices[-1] < price
        return self._with_sum(lambda held: bisect_left(held, price), least=1) + empty

    def high_at_least(self, price: int) -> int:
        """Return the number of subsets whose upper median is at least a price."""
        return self.subsets - self.high_below(price)

    def interval(self, level: int = 95) -> tuple[int, int]:
        """Return the two ends of the interval at 95 or 80 per cent, each a listed price.

        The function does not check that enough sellers stand behind the interval.
        """
        tail, prices, subsets = TAILS[level], self.prices, self.subsets
        # `>`: an end may leave exactly one nth of the subsets beyond it, so equality moves the end inward.
        low = _first(len(prices), lambda place: tail * self.low_at_most(prices[place]) > subsets)
        high = _first(len(prices), lambda place: tail * self.high_at_least(prices[-1 - place]) > subsets)
        return prices[low], prices[-1 - high]

    def share_below(self, limit: Fraction) -> Fraction:
        """Return the share of subsets whose median is below a limit in millionths.

        Each of the two medians of a subset counts half.
        """
        above = -(
            -limit.numerator // limit.denominator
        )  # a whole price is below the limit where it is below the next whole one
        return Fraction(self.low_below(above) + self.high_below(above), 2 * self.subsets)

    def _with_sum(self, below: Callable[[Sequence[int]], int], least: int) -> int:
        """Return the number of subsets whose sum of 2 x `below` - listings is at least `least`.

        The empty subset has the sum 0. The number of subsets with a sum stands as a digit at the place of the
        sum, in a base that no count exceeds. So adding a seller is one shift and one addition. The digits
        from a place on add up to the remainder by the base less one.
        """
        # One bit more than the subsets need: 2^n itself must fit below the base less one.
        width = len(self.clusters) + 1
        # A sum is at least minus the number of listings, so that shift keeps every place above zero.
        origin = len(self.prices)
        counts = 1 << width * origin
        for held in self.clusters.values():
            surplus = 2 * below(held) - len(held)
            counts += counts << width * surplus if surplus >= 0 else counts >> width * -surplus
        return (counts >> width * (origin + least)) % ((1 << width) - 1)


def seller_week(listings: Iterable[Listing]) -> SellerWeek:
    """Return the listings of a week, which must not be empty, grouped by seller."""
    clusters: defaultdict[str, list[int]] = defaultdict(list)
    for seller, price in listings:
        clusters[seller or ""].append(price)
    return SellerWeek({name: tuple(sorted(held)) for name, held in clusters.items()})


def effective_sellers(weeks: Sequence[SellerWeek]) -> Fraction:
    """Return the effective number of sellers over several weeks.

    It is 1 / the sum of squares of each seller's mean share in these weeks.
    """
    shares: defaultdict[str, Fraction] = defaultdict(Fraction)
    for week in weeks:
        for name, share in week.shares.items():
            shares[name] += share / len(weeks)
    return 1 / sum((share * share for share in shares.values()), Fraction(0))


def _apart(upto: Sequence[int]) -> tuple[int, ...]:
    """Return how many subsets have each price, from how many have at most that price."""
    return tuple(count - before for count, before in zip(upto, (0, *upto[:-1]), strict=True))


def _first(count: int, holds: Callable[[int], bool]) -> int:
    """Return the first of `count` places at which a condition holds; the last place if it holds at none.

    The condition must stay true at every later place once it is true.
    """
    return min(bisect_left(range(count), True, key=holds), count - 1)
