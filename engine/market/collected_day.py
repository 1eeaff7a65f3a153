"""One day as it was collected: the collection that stands for it, and what the others would give.

The ruling is `rulings.md` 61.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import prod

from engine.basics.values import rounded
from engine.market.collect import ROUND_SIZES
from engine.market.collection_choices import median_range
from engine.market.index_definitions import IndexDefinition
from engine.market.index_value import CollectionRange
from engine.market.listing import Listings, Observation, Override, qualifying, speaks_of
from engine.market.methodology import Methodology
from engine.market.outliers import without_outliers
from engine.market.snapshot import Snapshot


@dataclass(frozen=True)
class CollectedDay:
    """One day of the window: the snapshot that stands for it, and what became of its listings."""

    day: date
    chosen: Snapshot | None
    listings: Listings
    counts: bool
    kept: tuple[Observation, ...]
    others: tuple[tuple[Snapshot, Listings], ...]


NOTHING = Listings(0, (), (), truncated=False)


def collected_day(
    index: IndexDefinition,
    methodology: Methodology,
    day: date,
    known: Sequence[Snapshot],
    overrides: Sequence[Override] = (),
) -> CollectedDay:
    """Return what stands for a day: the best evidence among the collections that speak of the index.

    Of equally good collections the last stands (`rulings.md` 61).
    """
    model, countries = index.gpu_name, index.countries
    speaking = (s for s in known if s.day == day and speaks_of(s, model, countries))
    candidates = [
        (snapshot, qualifying(snapshot, model, countries, methodology, _overridden(snapshot, overrides)))
        # The hash breaks a tie of collection times, so that the choice does not depend on the order of
        # import.
        for snapshot in sorted(speaking, key=lambda s: (s.collected_at, s.sha256))
    ]
    if not candidates:
        return CollectedDay(day, None, NOTHING, False, (), ())
    # The place in time comes second: a later collection never displaces better evidence (`rulings.md` 61).
    chosen, listings = max(
        enumerate(candidates), key=lambda candidate: (evidence(*candidate[1]), candidate[0])
    )[1]
    # The daily minimum is asked before outliers go, so removing one cannot take the whole day out of the
    # week.
    counts = len(listings.observations) >= methodology.daily_minimum
    kept = without_outliers(listings.observations, methodology)
    return CollectedDay(day, chosen, listings, counts, kept, tuple(candidates))


def doubt(snapshot: Snapshot, listings: Listings) -> str | None:
    """Return the reason why a raw answer may not be whole, or None without a reason.

    It may be as long as its limit, its two ends may not have met, or it has a length at which servers cut
    lists.
    """
    if listings.truncated:
        return f"{listings.offers} offers are as many as were asked for: the list is cut"
    # `is False` and not `not`: None means that the collector does not say, which proves nothing.
    if listings.shown_whole is False:
        return (
            f"{listings.offers} offers: answers from both ends of the price list did not meet, so the "
            "list is not shown to be whole"
        )
    if snapshot.form == "offers" and listings.offers in ROUND_SIZES and listings.shown_whole is None:
        return (
            f"exactly {listings.offers} offers: servers cut lists at such a length, and nothing shows "
            "that this one is whole"
        )
    return None


def evidence(snapshot: Snapshot, listings: Listings) -> int:
    """Return how good a collection is as evidence of its day; higher is better (`rulings.md` 61; ADR 12).

    A whole raw answer comes first, then one that leaves some rule unchecked, then a day's filtered rows, then
    a raw answer that was cut.
    """
    if listings.truncated:
        return 0
    if snapshot.form in ("observations", "empty day"):
        return 1
    return 2 if snapshot.unchecked else 3


def collection_range(days: Sequence[CollectedDay], rules: Methodology) -> CollectionRange | None:
    """Return the range of the week's value over all choices of one collection for each day.

    The result is None if no day has two collections, or if no choice gives a value.
    """
    several = [day for day in days if len(day.others) > 1]
    if not several:
        return None
    # Days with one collection stay in as a single choice, because the week is one pool.
    options = [
        [(len(listings.observations) >= rules.daily_minimum, listings) for _, listings in day.others]
        for day in days
        if day.others
    ]
    counting = [
        [micros_kept(listings, rules) if counts else () for counts, listings in day] for day in options
    ]
    ranges = [median_range(counting)]
    short = [[micros_kept(listings, rules) for counts, listings in day if not counts] for day in options]
    # Days below the minimum are pooled only if no day counts, so such choices make a range of their own.
    none_counts = all(short)
    if none_counts and rules.when_no_day_counts == "pool_all":
        ranges.append(median_range(short))
    found_ranges = [span for span in ranges if span is not None]
    if not found_ranges:
        return None
    pools_all = rules.when_no_day_counts == "pool_all"
    return CollectionRange(
        days=len(several),
        choices=prod(len(day.others) for day in several),
        lowest=rounded(min(low for low, _ in found_ranges), 4),
        highest=rounded(max(high for _, high in found_ranges), 4),
        # Even a version that pools all days has nothing to pool if each day can be left without a listing.
        perhaps_none=none_counts and (not pools_all or all(() in day for day in short)),
    )


def micros_kept(listings: Listings, rules: Methodology) -> tuple[int, ...]:
    """Return the prices that a collection adds to the pool, ascending, without its outliers."""
    return tuple(observation.micro for observation in without_outliers(listings.observations, rules))


def _overridden(snapshot: Snapshot, overrides: Sequence[Override]) -> frozenset[int]:
    """Return the places of the listings of a snapshot that overrides exclude."""
    return frozenset().union(
        *(override.listings for override in overrides if override.snapshot == snapshot.sha256)
    )
