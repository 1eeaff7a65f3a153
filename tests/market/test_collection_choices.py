"""The range of a week's value over all choices of collections equals what trying every choice gives
(`rulings.md` 61).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.collection_choices import Pool, median_range
from engine.market.collection_swaps import explained
from engine.market.index import collected_days, compute, definition
from engine.market.methodology import load_methodology
from engine.market.snapshot import Snapshot, read_snapshot
from tests.market.make import AT, document, offer

PRICES = st.lists(st.integers(1, 12), max_size=5).map(lambda found: tuple(sorted(found)))
DAYS = st.lists(st.lists(PRICES, min_size=1, max_size=3), max_size=5)


def every_choice(days: Sequence[Sequence[Pool]]) -> tuple[Fraction, Fraction] | None:
    """By trying all of them."""
    pools = (sorted(price for pool in chosen for price in pool) for chosen in product(*days))
    found = [Fraction(median([Fraction(price) for price in pool])) / 10**6 for pool in pools if pool]
    return (min(found), max(found)) if found else None


@given(DAYS)
@settings(max_examples=600)
def test_the_range_is_that_of_every_choice(days: list[list[Pool]]) -> None:
    assert median_range(days) == every_choice(days)


def test_a_median_of_an_even_count_is_bounded_by_both_its_middle_prices() -> None:
    """The lower middle price alone would give 1.00: the published median is 1.50."""
    assert median_range([[(1_000_000, 2_000_000)]]) == (Fraction(3, 2), Fraction(3, 2))


def test_a_day_that_a_collection_leaves_below_the_minimum_is_tried_without() -> None:
    days: list[list[Pool]] = [[(1_000_000,) * 3], [(3_000_000,) * 5, ()]]
    assert median_range(days) == (Fraction(1), Fraction(3))


def test_nothing_was_collected() -> None:
    assert median_range([]) is None
    assert median_range([[()], [(), ()]]) is None


def test_many_collections_of_a_day_are_quick() -> None:
    """24 collections on each of 7 days are 4.6 thousand million choices."""
    days = [
        [tuple(sorted((7919 * (k + 1) * (n + d)) % 4_000_003 for n in range(60))) for k in range(24)]
        for d in range(7)
    ]
    found = median_range(days)
    assert found is not None
    assert found[0] < found[1]


V111 = load_methodology("1.1.1")
H100 = definition("CRI-H100")


def collected(day: int, hour: int, usd: float) -> Snapshot:
    at = AT + timedelta(days=day, hours=hour)
    offers = [offer(dph_total=2 * (usd + n / 100), start_date=at.timestamp()) for n in range(9)]
    return read_snapshot(document(offers, at), "s.json")


def test_the_fewest_exchanges_that_give_a_published_value_are_named() -> None:
    early, late = collected(0, 0, 2.0), collected(0, 3, 3.0)
    other, later = collected(-1, 0, 2.2), collected(-1, 2, 2.6)
    snapshots = [early, late, other, later]
    days = collected_days(H100, V111, snapshots, AT.date())
    as_they_stand = compute(H100, V111, snapshots, AT.date()).value
    assert explained(days, V111, as_they_stand) == ()
    swapped = compute(H100, V111, [early, other, later], AT.date()).value
    found = explained(days, V111, swapped)
    assert found is not None
    assert [(one.day, one.stands, one.other) for one in found] == [(AT.date(), late, early)]
    assert str(found[0]).startswith("2026-03-04: the collection of 15:00:00 UTC")
    alone = explained(days, V111, compute(H100, V111, [other], AT.date()).value)
    assert alone is not None
    assert [one.other for one in alone] == [other, None] or [one.other for one in alone] == [None, other]
    assert explained(days, V111, Decimal("9.9999")) is None
