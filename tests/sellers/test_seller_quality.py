"""Leaving, repricing, invented listings, the shadow rate and measured coverage: the published vectors and
brute force.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import pytest

from engine.basics.seller_subsets import seller_week
from engine.market.index import median
from engine.market.listing import Observation
from engine.market.methodology import Methodology, load_methodology
from engine.market.outliers import without_outliers
from engine.market.quality.fake_listings import PRICED_FROM, PRICED_TO, least_fakes
from engine.market.quality.manipulation import Day, week_value
from engine.market.quality.seller_coverage import coverage, true_median
from engine.market.quality.seller_withdrawal import (
    least_leaving,
    moved_by,
    repricing,
    value_without_each,
    without,
)
from engine.market.seller_votes import rank_of_ends, shadow_rate
from engine.record.canonical import canonical, sha256_hex
from tests.sellers.generated_markets import TABLE, hits, lines, markets
from tests.sellers.test_joint_subsets import VECTORS, six

real = pytest.mark.skipif(not VECTORS, reason="the vectors of sellers are not beside this checkout")
FIRST = date(2026, 3, 5)


def rules(daily_minimum: int, pool_all: bool) -> Methodology:
    base = load_methodology("1.1.1").model_dump()
    return Methodology.model_validate(
        {**base, "daily_minimum": daily_minimum, "when_no_day_counts": "pool_all" if pool_all else "no_value"}
    )


def days_of(rows: Sequence[Sequence[tuple[str | None, int]]]) -> tuple[Day, ...]:
    return tuple(
        (FIRST + timedelta(days=n), tuple(Observation(price, seller) for seller, price in found))
        for n, found in enumerate(rows)
    )


def shown(value: Fraction | None) -> str | None:
    return None if value is None else six(value)


@real
@pytest.mark.parametrize(
    "vector", VECTORS.get("withdrawals", []), ids=lambda v: f"{v['daily_minimum']} {v['move']}"
)
def test_the_vectors_of_leaving_and_repricing(vector: dict[str, Any]) -> None:
    days, methodology = days_of(VECTORS["days"]), rules(vector["daily_minimum"], vector["pool_all"])
    true = week_value(days, methodology)
    assert true is not None
    assert six(true) == vector["value"]
    assert {
        seller: shown(value) for seller, value in value_without_each(days, methodology).items()
    } == vector["alone"]
    found = least_leaving(days, methodology, moved_by(true, Fraction(vector["move"])))
    assert found is not None
    assert (len(found.sellers), list(found.sellers), shown(found.value)) == (
        vector["least"],
        vector["first"],
        vector["then"],
    )
    priced = repricing(days, methodology)
    assert priced is not None
    assert [priced.seller, six(priced.low), six(priced.high)] == vector["reprices"]


@real
@pytest.mark.parametrize(
    "vector", VECTORS.get("fake_listings", []), ids=lambda v: f"{v['daily_minimum']} {v['target']}"
)
def test_the_vectors_of_fake_listings(vector: dict[str, Any]) -> None:
    days, methodology = days_of(VECTORS["fake_days"]), rules(vector["daily_minimum"], vector["pool_all"])
    true = week_value(days, methodology)
    assert true is not None
    assert six(true) == vector["value"]
    target = Fraction(vector["target"])
    found = least_fakes(days, methodology, target)
    assert found is not None
    assert found.listing_days == vector["listing_days"]
    assert reached(injected(days, found.days), methodology, target, vector["down"])
    assert reached(
        injected(days, [(k, p) for k, p in vector["one_plan"]]), methodology, target, vector["down"]
    )


def injected(days: Sequence[Day], plan: Sequence[tuple[int, int | None]]) -> tuple[Day, ...]:
    return tuple(
        (day, (*found, *(Observation(price or 0),) * count))
        for (day, found), (count, price) in zip(days, plan, strict=True)
    )


def reached(days: Sequence[Day], methodology: Methodology, target: Fraction, down: bool) -> bool:
    value = week_value(days, methodology)
    return value is not None and (value <= target if down else value >= target)


@pytest.mark.parametrize("seed", range(60))
def test_fake_listings_equal_every_plan_written_out(seed: int) -> None:
    """All plans of up to 3 listings on two small days, at coarse prices; a cheaper one than the one found
    does not exist.
    """
    chance = random.Random(seed)
    rows = [
        [(f"s{n}", chance.randrange(10, 40) * 100_000) for n in range(chance.randrange(1, 5))]
        for _ in range(2)
    ]
    days, methodology = days_of(rows), rules(chance.randrange(2, 6), pool_all=seed % 2 == 0)
    true = week_value(days, methodology)
    if true is None:
        assert least_fakes(days, methodology, Fraction(1)) is None
        return
    move = Fraction(chance.choice([5, 10, 25]), 100)
    down = seed % 3 > 0
    target = true * (1 - move if down else 1 + move)
    found = least_fakes(days, methodology, target)
    own = target * 10**6
    prices = {own.numerator // own.denominator if down else -(-own.numerator // own.denominator)}
    percents = [int(true * share * 10**4) for share in range(PRICED_FROM, PRICED_TO + 1, 20)]
    prices |= {price for price in percents if (price <= own if down else price >= own)}
    most = min(3, found.listing_days - 1) if found else 3
    for first in range(most + 1):
        for second in range(most + 1 - first):
            for plan in product(
                *([(k, p) for p in sorted(prices)] if k else [(0, None)] for k in (first, second))
            ):
                assert not reached(injected(days, plan), methodology, target, down)
    assert found is not None
    assert reached(injected(days, found.days), methodology, target, down)
    assert sum(count for count, _ in found.days) == found.listing_days


@pytest.mark.parametrize("seed", range(10))
def test_the_least_number_of_leaving_sellers_is_the_least(seed: int) -> None:
    chance = random.Random(seed)
    rows = [
        [(f"s{chance.randrange(7)}", chance.randrange(10, 40) * 100_000) for _ in range(9)] for _ in range(4)
    ]
    days, methodology = days_of(rows), rules(5, pool_all=False)
    true = week_value(days, methodology)
    assert true is not None
    found = least_leaving(days, methodology, moved_by(true, Fraction(10, 100)))
    names = sorted({one.host for _, listed in days for one in listed if one.host})
    for size in range(1, len(found.sellers) if found else 4):
        for group in combinations(names, size):
            value = week_value(without(days, group), methodology)
            assert value is not None
            assert abs(value - true) < true / 10


def test_leaving_comes_before_the_daily_minimum_and_the_outliers() -> None:
    day = [("big", 1_000_000)] * 5 + [("b", 2_000_000), ("c", 2_100_000), ("d", 2_200_000)]
    days, methodology = days_of([day]), rules(4, pool_all=False)
    assert week_value(without(days, ("big",)), methodology) is None
    left = without_outliers(tuple(one for _, found in days for one in found if one.host != "b"), methodology)
    assert week_value(without(days, ("b",)), methodology) == median([one.micro for one in left])


@real
def test_the_vector_of_the_shadow_rate() -> None:
    collections = [
        [Observation(price, seller, machine) for seller, machine, price in rows]
        for rows in VECTORS["collections"]
    ]
    found, wanted = shadow_rate(collections), VECTORS["shadow"]
    assert found is not None
    assert (six(found.rate), six(found.low), six(found.high)) == (
        wanted["rate"],
        wanted["low"],
        wanted["high"],
    )
    assert (found.sellers, six(found.covers)) == (wanted["sellers"], wanted["covers"])
    assert {seller: six(vote) for seller, vote in found.votes.items()} == wanted["votes"]


def test_the_ends_of_the_shadow_rate() -> None:
    assert [rank_of_ends(n) for n in (1, 4, 5, 6, 8, 9, 12)] == [1, 1, 1, 1, 1, 2, 3]
    six_sellers = shadow_rate([[Observation(n * 10**6, f"s{n}") for n in range(1, 7)]])
    assert six_sellers is not None
    assert float(six_sellers.covers) == pytest.approx(0.96875)
    assert shadow_rate([[Observation(10**6)]]) is None


@real
@pytest.mark.parametrize("vector", VECTORS.get("coverage", []), ids=lambda v: v["sellers"])
def test_the_vectors_of_coverage(vector: dict[str, Any]) -> None:
    pool = [tuple(held) for held in VECTORS["pool"]]
    assert six(true_median(pool) / 10**6) == vector["truth"]
    (row,) = coverage(pool, vector["draws"], (vector["sellers"],))
    assert row.subsets.hits == vector["hits"]


@pytest.mark.parametrize("sellers", [6, 8, 12])
@pytest.mark.parametrize("kind", list(markets()))
def test_the_interval_covers_the_truth_of_generated_markets(kind: str, sellers: int) -> None:
    """400 draws of each kind in the whole measurement, 200 here; the median of each kind is 2.00 by its
    symmetry.
    """
    chance, draw, hits = random.Random(f"{kind}{sellers}"), markets()[kind], 0
    for _ in range(200):
        low, high = seller_week(
            [(f"s{n}", price) for n in range(sellers) for price in draw(chance)]
        ).interval()
        hits += low <= 2_000_200 and high >= 1_999_800
    assert hits >= 180


def test_the_table_on_the_page_is_what_is_measured_and_has_its_hash() -> None:
    """The page's table is the data's, the hash is the data's own, and one row of it measured again gives the
    same counts.
    """
    data = json.loads(TABLE.read_text(encoding="utf-8"))
    page = (TABLE.parent / "sellers.md").read_text(encoding="utf-8")
    assert "\n".join(lines(data)) in page
    assert data["sha256"] in page
    assert (
        sha256_hex(canonical({key: value for key, value in data.items() if key != "sha256"}))
        == data["sha256"]
    )
    row = next(row for row in data["rows"] if (row["market"], row["sellers"]) == ("two camps", 6))
    assert hits("two camps", 6, data["draws"]) == row["hits"]
    for row in data["rows"]:  # what the page says of it
        assert row["hits"]["subsets"] / data["draws"] >= 0.95 > row["hits"]["listings"] / data["draws"]
