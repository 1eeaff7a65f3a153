"""Every published figure again, in plain fractions from the raw rows by the page on the index; no code of the
engine's.

All models, all windows that the real snapshots touch, every version, as known at each collection; skipped
without the snapshots.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from itertools import product
from math import comb, isqrt
from pathlib import Path
from typing import Any

import pytest

from engine.market.index import IndexDefinition, compute
from engine.market.index_value import DayDetail, IndexValue
from engine.market.methodology import load_methodology
from engine.market.snapshot import Snapshot, read_snapshot

MODELS = (
    "A100 PCIE",
    "A100 SXM",
    "H100 PCIE",
    "H100 SXM",
    "H200",
    "H200 NVL",
    "L40S",
    "RTX 4090",
    "Tesla V100",
)
VERSIONS = {
    "1.1.0": (10, None, None, False),
    "1.1.1": (8, None, None, False),
    "1.1-wp": (10, 20, Fraction(25, 100), True),
}
"""Daily minimum, and what else makes a value Low Confidence: observations, width; whether all days are pooled
where none counts.
"""
CUT = 64
MOST_WRITTEN_OUT = 10
"""Clusters up to which all subsets are written out."""
WINDOWS = [date(2026, 2, 25) + timedelta(days=n) for n in range(16)]
SOAK = os.environ.get("HEADROOM_SOAK") == "1"
LARGE = ("RTX 4090", "Tesla V100")
"""Models with several hundred listings a day: every fourth window is computed here, all of them by
`make soak`.
"""


@dataclass
class Collected:
    """What one file says of one model in one country."""

    at: datetime
    offers: int
    excluded: dict[str, int]
    prices: list[tuple[Fraction, Any, Any]]
    cut: bool


def half_even(value: Fraction, places: int) -> Decimal:
    return Decimal(round(value * 10**places)).scaleb(-places)


def price_of(total: Any, gpus: Any) -> Fraction:
    """The quoted price of one GPU, 6 decimals, half to even."""
    return Fraction(round(Fraction(str(total)) / Fraction(str(gpus)) * 10**6), 10**6)


def removed_by(offer: dict[str, Any], model: str, country: str, at: datetime) -> str | None:
    """The seven rules, in their order."""
    start = offer.get("start_date")
    tests = {
        "model": offer["gpu_name"] == model,
        "availability": offer.get("rentable", True) is True and offer.get("rented") is not True,
        "geography": (offer.get("geolocation") or "").endswith(f", {country}"),
        "reliability": Fraction(str(offer.get("reliability2") or 0)) >= Fraction(9, 10),
        "gpu count": (offer.get("num_gpus") or 0) >= 1,
        "staleness": start is not None and Fraction(start) >= Fraction(at.timestamp()) - 7 * 86_400,
        "price": (offer.get("dph_total") or 0) > 0,
    }
    return next((rule for rule, passed in tests.items() if not passed), None)


def collected(folder: Path, model: str, country: str) -> list[Collected]:
    found = []
    for path in sorted((folder / "snapshots").iterdir()):
        document = json.loads(gzip.decompress(path.read_bytes()))
        at, offers = datetime.fromisoformat(document["collected_utc"]), document["offers_by_model"][model]
        rules = [removed_by(offer, model, country, at) for offer in offers]
        kept = [
            (price_of(offer["dph_total"], offer["num_gpus"]), offer["host_id"], offer["machine_id"])
            for offer, rule in zip(offers, rules, strict=True)
            if rule is None
        ]
        found.append(
            Collected(
                at, len(offers), dict(Counter(rule for rule in rules if rule)), kept, len(offers) == CUT
            )
        )
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8") as file:
            rows = [
                row
                for row in csv.DictReader(file)
                if row["gpu_name"] == model and row["geolocation"].endswith(f", {country}")
            ]
        if rows:
            at = max(datetime.fromisoformat(row["collected_utc"]) for row in rows)
            found.append(
                Collected(
                    at,
                    len(rows),
                    {},
                    [(price_of(r["dph_total"], r["num_gpus"]), None, None) for r in rows],
                    False,
                )
            )
    return sorted(found, key=lambda one: one.at)


Price = tuple[Fraction, Any, Any]


def without_outliers(prices: list[Price]) -> list[Price]:
    n = len(prices)
    if n < 4:
        return prices
    ordered = sorted(one[0] for one in prices)
    mean = sum(ordered) / n
    variance = sum((x - mean) ** 2 for x in ordered) / (n - 1)
    k = max(1, n // 10)
    middle = sum(ordered[k : n - k]) / len(ordered[k : n - k])
    return [one for one in prices if variance == 0 or (one[0] - middle) ** 2 <= Fraction(25, 4) * variance]


def median(prices: list[Fraction]) -> Fraction:
    ordered, n = sorted(prices), len(prices)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def pool(days: list[Collected | None], minimum: int, pool_all: bool) -> tuple[list[Collected], list[Price]]:
    listed = [day for day in days if day is not None]
    counting = [day for day in listed if len(day.prices) >= minimum] or (listed if pool_all else [])
    return counting, [one for day in counting for one in without_outliers(day.prices)]


def at_most(prices: list[Fraction], level: Fraction) -> Fraction:
    """P(median of a resample <= level), by the binomial law alone: the lower middle is at most a exactly
    where m draws are.
    """
    n = len(prices)

    def up_to(x: Fraction) -> int:
        return sum(one <= x for one in prices)

    def order_at_most(m: int, below: int) -> Fraction:
        return Fraction(sum(comb(n, k) * below**k * (n - below) ** (n - k) for k in range(m, n + 1)), n**n)

    if n % 2:
        return order_at_most((n + 1) // 2, up_to(level))
    m, above = n // 2, Fraction(0)
    for a in sorted({one for one in prices if one <= level}):
        reach = n - up_to(
            2 * level - a
        )  # m draws at most a, of which one is a, and the m others beyond 2 level - a
        above += comb(n, m) * Fraction((up_to(a) ** m - (up_to(a) - prices.count(a)) ** m) * reach**m, n**n)
    return order_at_most(m, up_to(level)) - above


def end(prices: list[Fraction], share: Fraction) -> Fraction:
    """The smallest value that a resample's median can take with a law of at least `share`."""
    places = (
        sorted({(a + b) / 2 for a in set(prices) for b in set(prices)})
        if len(prices) % 2 == 0
        else sorted(set(prices))
    )
    low, high = 0, len(places) - 1
    while low < high:
        half = (low + high) // 2
        low, high = (low, half) if at_most(prices, places[half]) >= share else (half + 1, high)
    return places[low]


def by_subsets(kept: list[Price]) -> tuple[int, list[Fraction], list[Fraction]]:
    """Of every subset of the sellers, each written out: how many there are, the lower medians and the upper
    ones, ascending.
    """
    of: dict[str | None, list[Fraction]] = {}
    for one in kept:
        of.setdefault(one[1], []).append(one[0])
    everything = sorted(one[0] for one in kept)
    lows, highs = [], []
    for inside in product((False, True), repeat=len(of)):
        held = sorted(
            price for prices, there in zip(of.values(), inside, strict=True) if there for price in prices
        )
        lows.append(held[(len(held) - 1) // 2] if held else everything[0])
        highs.append(held[len(held) // 2] if held else everything[-1])
    return len(lows), sorted(lows), sorted(highs)


def deviation(prices: list[Fraction]) -> Decimal | None:
    n = len(prices)
    if n < 2:
        return None
    variance = sum((x - sum(prices) / n) ** 2 for x in prices) / (n - 1)
    digits = isqrt(variance.numerator * 10**60 // variance.denominator)
    with localcontext(prec=80):
        return Decimal(digits).scaleb(-30).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def the_figures_agree(
    value: IndexValue, days: list[Collected | None], counting: list[Collected], kept: list[Price]
) -> None:
    prices = [one[0] for one in kept]
    sellers = [one[1] for one in kept]
    hosts, machines = ({one[place] for one in kept if one[place] is not None} for place in (1, 2))
    assert value.value == half_even(median(prices), 4)
    assert sorted(value.pooled) == sorted(half_even(price, 6) for price in prices)
    assert value.observations == len(prices)
    assert (value.min, value.max) == (half_even(min(prices), 4), half_even(max(prices), 4))
    assert (value.mean, value.stdev) == (
        half_even(sum(prices, Fraction(0)) / len(prices), 4),
        deviation(prices),
    )
    assert (value.hosts, value.machines) == (len(hosts) or None, len(machines) or None)
    assert value.hosts_at_least == any(one[1] is None for one in kept)
    if hosts:
        shares = [Fraction(count, len(sellers)) for count in Counter(sellers).values()]
        assert value.largest_host_share == half_even(max(shares), 4)
        assert value.effective_sellers == half_even(1 / sum(share**2 for share in shares), 2)
    assert value.interval is not None
    low, high = end(prices, Fraction(1, 40)), end(prices, Fraction(39, 40))
    assert (value.interval.low, value.interval.high) == (half_even(low, 4), half_even(high, 4))
    unknown = sum(one[1] is None for one in kept)
    assert (
        (value.seller_interval is None)
        == (len(hosts) < 6 or 5 * unknown > len(kept))
        == (value.seller_interval_why is not None)
    )
    if value.seller_interval is not None and len(hosts) <= MOST_WRITTEN_OUT:
        subsets, lows, highs = by_subsets(kept)
        ends = lows[subsets // 40], highs[-1 - subsets // 40]
        assert [value.seller_interval.low, value.seller_interval.high] == [half_even(end, 4) for end in ends]


def the_flag_agrees(value: IndexValue, version: str, valid: int) -> None:
    _, least, widest, _ = VERSIONS[version]
    assert value.interval is not None
    assert value.value is not None
    width = Fraction(value.interval.high - value.interval.low) / Fraction(value.value)
    assert value.interval_width == half_even(width, 4)
    few, wide = least is not None and value.observations < least, widest is not None and width > widest
    assert value.low_confidence == (valid < 3 or few or wide)
    assert len(value.low_confidence_reasons) == (valid < 3) + few + wide
    by_count = (
        "Low Confidence"
        if value.observations < 20
        else "Standard"
        if value.observations < 80
        else "High Confidence"
    )
    by_width = (
        "High Confidence"
        if width < Fraction(4, 100)
        else "Standard"
        if width < Fraction(15, 100)
        else "Low Confidence"
    )
    assert (value.precision_class, value.precision_class_measured) == (by_count, by_width)


def the_day_agrees(
    detail: DayDetail, day: Collected | None, others: list[Collected], counting: list[Collected]
) -> None:
    if day is None:
        assert (detail.snapshot, detail.offers, detail.qualifying, detail.form) == (None, 0, 0, "none")
        return
    assert detail.collected_at == day.at
    assert (detail.offers, detail.qualifying, dict(detail.excluded)) == (
        day.offers,
        len(day.prices),
        day.excluded,
    )
    assert detail.offers == detail.qualifying + sum(detail.excluded.values())
    assert detail.truncated == day.cut
    assert detail.kept == (len(without_outliers(day.prices)) if any(day is one for one in counting) else 0)
    listed = [(one.collected_at, one.qualifying, one.stands) for one in detail.snapshots]
    assert listed == ([(one.at, len(one.prices), one is day) for one in others] if len(others) > 1 else [])


@pytest.fixture(scope="module")
def real(snapshots_folder: Path) -> list[Snapshot]:
    paths = [*snapshots_folder.glob("*.csv"), *(snapshots_folder / "snapshots").iterdir()]
    return [read_snapshot(path.read_bytes(), path.name) for path in paths]


def everything_agrees(
    real: list[Snapshot], files: list[Collected], model: str, country: str, last: date, known: datetime | None
) -> bool:
    """Whether there is a value under any version; every version is compared."""
    index, valued = IndexDefinition(name="X", gpu_name=model, country=country), False
    seen = [one for one in files if known is None or one.at <= known]
    of_day = {
        day: [one for one in seen if one.at.date() == day]
        for day in (last - timedelta(days=n) for n in range(6, -1, -1))
    }
    days = [
        next((one for one in (*reversed([o for o in found if not o.cut]), *reversed(found))), None)
        for found in of_day.values()
    ]
    for version, (minimum, _, _, pool_all) in VERSIONS.items():
        value = compute(index, load_methodology(version), real, last, known)
        counting, kept = pool(days, minimum, pool_all)
        valid = sum(day is not None and len(day.prices) >= minimum for day in days)
        for detail, day, others in zip(value.days, days, of_day.values(), strict=True):
            the_day_agrees(detail, day, others, counting)
        if not kept:
            assert (value.value, value.observations, value.valid_days, value.low_confidence) == (
                None,
                0,
                0,
                True,
            )
            continue
        valued = True
        assert value.valid_days == valid
        the_figures_agree(value, days, counting, kept)
        the_flag_agrees(value, version, valid)
        for detail, place in ((one, n) for n, one in enumerate(value.days) if one.snapshots):
            for one, other in zip(detail.snapshots, of_day[detail.date], strict=True):
                with_it = pool([*days[:place], other, *days[place + 1 :]], minimum, pool_all)[1]
                assert one.value == (
                    half_even(median([price for price, _, _ in with_it]), 4) if with_it else None
                )
    return valued


@pytest.mark.parametrize("country", ["US", "FR"])
@pytest.mark.parametrize("model", MODELS)
def test_every_published_figure_of_every_model_follows_from_the_raw_rows(
    real: list[Snapshot], snapshots_folder: Path, model: str, country: str
) -> None:
    files = collected(snapshots_folder, model, country)
    windows = WINDOWS[:: 1 if SOAK or model not in LARGE else 4] if country == "US" else WINDOWS[7:8]
    valued = [everything_agrees(real, files, model, country, last, None) for last in windows]
    assert any(valued) or country != "US" or model in ("A100 SXM", "H100 PCIE")


def test_every_figure_of_the_published_week_follows_as_it_was_known_at_each_collection(
    real: list[Snapshot], snapshots_folder: Path
) -> None:
    files = collected(snapshots_folder, "H100 SXM", "US")
    for one in files:
        everything_agrees(real, files, "H100 SXM", "US", date(2026, 3, 4), one.at)
