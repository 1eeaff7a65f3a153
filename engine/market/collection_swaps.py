"""Which other collections of a week's days would give a value that somebody else published.

See `rulings.md` 61 and WP §7.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, islice, product

from engine.basics.values import median, rounded
from engine.market.collected_day import CollectedDay, micros_kept
from engine.market.listing import Listings
from engine.market.methodology import Methodology
from engine.market.snapshot import Snapshot

MOST_SWAPS = 3
"""The most days whose collection is exchanged at once. More exchanges could explain any value."""
MOST_TRIED = 20_000


@dataclass(frozen=True, slots=True)
class CollectionSwap:
    """The exchange of the collection that stands for a day by another one; None for the day without any."""

    day: date
    stands: Snapshot
    other: Snapshot | None

    def __str__(self) -> str:
        stood = f"that of {self.stands.collected_at:%H:%M:%S} UTC ({self.stands.sha256[:12]})"
        if self.other is None:
            return f"{self.day} without {stood}"
        return (
            f"{self.day}: the collection of {self.other.collected_at:%H:%M:%S} UTC "
            f"({self.other.sha256[:12]}) in place of {stood}"
        )


def value_of(chosen: Sequence[Listings], rules: Methodology) -> Decimal | None:
    """Return the value of a week from what stands for each of its days, with 4 decimals.

    The result is None if nothing counts, or if the value rounds to zero.
    """
    days = [(len(listings.observations) >= rules.daily_minimum, listings) for listings in chosen]
    pooled_all = not any(counts for counts, _ in days) and rules.when_no_day_counts == "pool_all"
    micros = sorted(
        micro for counts, listings in days if counts or pooled_all for micro in micros_kept(listings, rules)
    )
    return (rounded(median(micros), 4) or None) if micros else None


def explained(
    days: Sequence[CollectedDay], rules: Methodology, published: Decimal | None
) -> tuple[CollectionSwap, ...] | None:
    """Return the fewest exchanges of collections that give a published value.

    The result is empty if the days as they stand give it, and None if no exchange does.

    Args:
        days: the week's days, with all their collections.
        rules: the version under which the value is computed.
        published: the value to be met, 4 decimals.
    """
    wanted = None if published is None else rounded(Fraction(published), 4)
    # An empty tuple is not None here: the days as they stand explain the value without any exchange.
    if value_of([day.listings for day in days], rules) == wanted:
        return ()
    # Fewest exchanges come first, so the first that fits is the least that must have been otherwise.
    tried = islice(
        (swaps for count in range(1, MOST_SWAPS + 1) for swaps in _exchanges(days, count)), MOST_TRIED
    )
    return next((swaps for swaps in tried if value_of(_with(days, swaps), rules) == wanted), None)


def _exchanges(days: Sequence[CollectedDay], count: int) -> list[tuple[CollectionSwap, ...]]:
    """Return the ways to exchange the collections of `count` days, at most `MOST_TRIED` of them.

    Another collection of a day comes before the day without any.
    """
    options = [
        [
            CollectionSwap(day.day, day.chosen, other)
            for other in (*(sha256 for sha256, _ in day.others if sha256 is not day.chosen), None)
        ]
        for day in days
        if day.chosen is not None
    ]
    swapped = (swaps for chosen in combinations(options, count) for swaps in product(*chosen))
    # The sort is stable, so equally good exchanges keep the order of the days and the answer does not vary.
    return sorted(islice(swapped, MOST_TRIED), key=lambda swaps: sum(swap.other is None for swap in swaps))


def _with(days: Sequence[CollectedDay], swaps: Sequence[CollectionSwap]) -> list[Listings]:
    exchanged = {swap.day: swap.other for swap in swaps}
    return [
        next((listings for sha256, listings in day.others if sha256 is exchanged[day.day]), NONE)
        if day.day in exchanged
        else day.listings
        for day in days
    ]


NONE = Listings(0, (), (), truncated=False)
