"""Least numbers of adversarial listings against brute force written anew: plain fractions, no code of the
engine's.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from engine.market.archive import Archive
from engine.market.index import compute, definition, qualifying_days
from engine.market.listing import Observation
from engine.market.methodology import load_methodology
from engine.market.quality import manipulation as attack
from engine.market.snapshot import read_snapshot
from tests.market.make import AT, document, offer

CASES = 20_000 if os.environ.get("HEADROOM_SOAK") else 1_500
END = date(2026, 3, 4)


def brute_kept(prices: Sequence[Fraction]) -> list[Fraction]:
    ordered = sorted(prices)
    n = len(ordered)
    if n < 4:
        return ordered
    mean = sum(ordered) / n
    variance = sum((price - mean) ** 2 for price in ordered) / (n - 1)
    if variance == 0:
        return ordered
    drop = max(1, math.floor(n / 10))
    rest = ordered[drop : n - drop]
    middle = sum(rest) / len(rest)
    return [price for price in ordered if (price - middle) ** 2 <= Fraction(25, 4) * variance]


def brute_median(prices: Sequence[Fraction]) -> Fraction:
    ordered = sorted(prices)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def brute_least(prices: list[Fraction], at: Fraction, move: Fraction) -> int | None:
    true = brute_median(brute_kept(prices))
    fake = Fraction(round(true * at * 10**6), 10**6)
    for k in range(1, len(prices) // 2 + 1):
        if abs(brute_median(brute_kept([*prices, *[fake] * k])) - true) >= move * true:
            return k
    return None


def test_more_listings_can_move_the_median_less() -> None:
    """Two move it by a tenth and three not at all, as outlier removal then takes others: no count may be
    passed over.
    """
    prices = [Fraction(one) for one in ("1", "1", "1.5", "2", "2", "2.5", "2.5", "3", "3", "3", "20", "20")]
    fake, at = Fraction("3.75"), Fraction(3, 2)
    assert [brute_median(brute_kept([*prices, *[fake] * k])) for k in range(4)] == [
        Fraction(n) for n in ("2.5", "2.5", "2.75", "2.5")
    ]
    assert attack.least_for_day(listed(prices), load_methodology("1.1.1"), at, Fraction(1, 10)) == 2


def listed(prices: Sequence[Fraction]) -> tuple[Observation, ...]:
    return tuple(Observation(int(price * 10**6)) for price in prices)


def test_one_day_against_brute_force() -> None:
    chance, methodology = random.Random(1), load_methodology("1.1.1")
    different = []
    for n in range(CASES):
        count = chance.choice((1, 2, 3, 4, 5, 8, 9, 10, 11, 15, 20, 31, 45))
        prices = [
            Fraction(
                chance.choice((1_400_000, 1_735_000, 2_000_000))
                + chance.choice((0, chance.randrange(-500_000, 500_000))),
                10**6,
            )
            for _ in range(count)
        ]
        at, move = chance.choice(attack.AT), chance.choice(attack.MOVES)
        if attack.least_for_day(listed(prices), methodology, at, move) != brute_least(prices, at, move):
            different.append((n, prices))
    assert different == []


def test_a_week_against_brute_force() -> None:
    """Injected listings stand on every collected day, and can lift a thin day over the minimum."""
    chance, methodology = random.Random(2), load_methodology("1.1.1")
    for _ in range(CASES // 15):
        days = [
            [
                Fraction(chance.randrange(1_400_000, 2_300_000), 10**6)
                for _ in range(chance.choice((0, 4, 7, 8, 12, 16)))
            ]
            for _ in range(7)
        ]
        at, move = chance.choice(attack.AT), chance.choice(attack.MOVES)

        def value(extra: Sequence[Fraction], of: list[list[Fraction]] = days) -> Fraction | None:
            lists = [
                [*found, *extra] for found in of
            ]  # every day was collected; one without Qualifying Listings is attacked as well
            pooled = [
                price
                for found in lists
                if len(found) >= methodology.daily_minimum
                for price in brute_kept(found)
            ]
            return brute_median(pooled) if pooled else None

        true = value(())
        wanted = None
        if true is not None:
            fake = Fraction(round(true * at * 10**6), 10**6)
            moved = ((k, value([fake] * k)) for k in range(1, max(len(found) for found in days) // 2 + 1))
            wanted = next((k for k, now in moved if now is not None and abs(now - true) >= move * true), None)
        found = attack.least_for_week(
            [(END + timedelta(days=n), listed(day)) for n, day in enumerate(days)], methodology, at, move
        )
        assert found == wanted


def test_a_collected_day_on_which_nothing_qualified_is_attacked_too_and_a_day_without_a_snapshot_is_not() -> (
    None
):
    """Sixteen dear listings on one day: eight cheap ones do not outnumber them there, but the eight of an
    empty day count beside them.
    """
    methodology, full = load_methodology("1.1.1"), tuple(Observation(2_000_000) for _ in range(16))
    empty = read_snapshot(document([], AT - timedelta(days=1)), "a.json")
    listed_day = read_snapshot(document([offer(dph_total=4.0)] * 16), "b.json")
    days = qualifying_days(definition("CRI-H100"), methodology, [empty, listed_day], END)
    assert [(day, len(found)) for day, found in days] == [(END - timedelta(days=1), 0), (END, 16)]
    assert attack.least_for_week(days, methodology, attack.AT[0], attack.MOVES[2]) == 8
    assert attack.least_for_week([(END, full)], methodology, attack.AT[0], attack.MOVES[2]) is None


def test_estimators_against_their_definitions() -> None:
    chance = random.Random(3)
    for _ in range(200):
        sample = [
            Observation(chance.randrange(10**6, 3 * 10**6), gpus=chance.choice((1, 2, 4, 8)))
            for _ in range(chance.randrange(2, 25))
        ]
        prices = [Fraction(one.micro, 10**6) for one in sample]
        pairs = [(one + other) / 2 for place, one in enumerate(prices) for other in prices[place:]]
        assert attack.hodges_lehmann(sample) == brute_median(pairs)
        assert attack.plain_median(sample) == brute_median(prices)
        weights = sum(one.gpus for one in sample)
        assert (
            attack.volume_weighted_mean(sample)
            == sum(price * one.gpus for price, one in zip(prices, sample, strict=True)) / weights
        )
        drop = len(prices) // 10
        rest = sorted(prices)[drop : len(prices) - drop]
        assert attack.trimmed_mean(sample) == sum(rest) / len(rest)


def test_one_large_listing_moves_the_volume_weighted_mean_more_than_a_small_one() -> None:
    """Nine 1-GPU listings at USD 2: one of 8 GPUs at half the price moves the mean by 8/17 of a half, one of
    1 GPU by a tenth of it.
    """
    day, half, quarter = (Observation(2_000_000),) * 9, attack.AT[0], Fraction(20, 100)
    assert attack.least_for_estimator("volume-weighted mean", day, half, quarter) == 1
    assert attack.least_for_estimator("volume-weighted mean", day, half, quarter, gpus=1) is None
    assert [attack.least_for_estimator("median", day, half, quarter, gpus=n) for n in (1, 8)] == [None, None]


def test_on_the_real_snapshots_the_week_s_value_is_the_published_one(
    snapshots_folder: Path, tmp_path: Path
) -> None:
    archive = Archive(tmp_path)
    for path in sorted(snapshots_folder.rglob("*.json.gz")) + sorted(snapshots_folder.glob("*.csv")):
        archive.add(path.read_bytes(), path.name)
    methodology, index = load_methodology("1.1.1"), definition("CRI-H100")
    snapshots = list(archive.between(END - timedelta(days=6), END))
    days = qualifying_days(index, methodology, snapshots, END)
    value = attack.week_value(days, methodology)
    published = compute(index, methodology, snapshots, END).value
    assert value is not None
    assert published is not None
    assert Fraction(round(value * 10_000), 10_000) == Fraction(published) == Fraction("1.735")
    assert attack.least_for_week(days, methodology, attack.AT[0], attack.MOVES[0]) == 1
    rows = list(attack.table_5([found for _, found in days if found], methodology))
    assert [row.listings for row in rows] == list(attack.ROWS)
    assert rows[-1].days == 0
    assert set(rows[-1].least.values()) == {None}
