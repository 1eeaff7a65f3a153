"""A marketplace that never was: seeded, thin, clustered by host, with the faults that real ones have.

There are few hosts in the country. One machine is listed as 1x, 2x, 4x and 8x slices at nearly one price.
Most offers are abroad, and some are stale or malformed. Some lists are cut at the query's limit, some days
are collected twice, and one week is not collected at all.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

LIMIT = 64
SECONDS_A_DAY = 86_400
ABROAD = (
    "Sweden, SE",
    "France, FR",
    "Japan, JP",
    "Canada, CA",
    "Norway, NO",
    "Germany, DE",
    "Taiwan, TW",
    "Czechia, CZ",
)
AT_HOME = ("Texas, US", "Iowa, US", ", US", "Virginia, US", "Washington, US", "Utah, US")


@dataclass(frozen=True, slots=True)
class Model:
    """One GPU model's market: its hosts in the country, how many offers there are abroad."""

    name: str
    hosts: int
    abroad: int


MODELS = (Model("H100 SXM", 7, 17), Model("H200", 7, 14), Model("RTX 4090", 20, 70))


@dataclass(frozen=True, slots=True)
class Collected:
    """One generated collection: its file name, its day, its bytes."""

    name: str
    day: date
    data: bytes


def collections(
    seed: int, first: date, last: date, prices: Mapping[str, Mapping[date, float]], outage: frozenset[date]
) -> Iterator[Collected]:
    """Yield every collection from `first` to `last`.

    Args:
        seed: the seed of the generator; the same seed gives the same bytes.
        first: the first day.
        last: the last day.
        prices: USD per GPU-hour by model and day: what the middle of the market asks.
        outage: days on which nothing was collected.
    """
    day = first
    while day <= last:
        chance = random.Random(f"{seed} {day}")
        hours = (15, 22) if chance.random() < 0.15 else (15,)
        for hour in () if day in outage else hours:
            at = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), UTC)
            yield Collected(f"{at:%Y%m%dT%H%M%SZ}.json", day, _document(at, chance, prices))
        day += timedelta(days=1)


def _document(at: datetime, chance: random.Random, prices: Mapping[str, Mapping[date, float]]) -> bytes:
    offers = {model.name: _offers(model, at, prices[model.name][at.date()], chance) for model in MODELS}
    document = {
        "collected_utc": at.isoformat(),
        "collection_date": at.date().isoformat(),
        "description": "GENERATED for the demonstration; no offer in it is real.",
        "limit": LIMIT,
        "models_queried": [model.name for model in MODELS],
        "offers_by_model": offers,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _offers(model: Model, at: datetime, middle: float, chance: random.Random) -> list[dict[str, object]]:
    """Return one model's offers, cheapest first, cut at the limit as the source cuts them."""
    offers = [offer for host in range(model.hosts) for offer in _host(model, host, at, middle, chance)]
    offers += [
        _offer(model, 900 + n, 0, 1, middle * chance.uniform(0.7, 1.2), chance.choice(ABROAD), at, chance)
        for n in range(model.abroad)
    ]
    if chance.random() < 0.4:
        offers.append({**offers[0], "dph_total": "call us"})
    if chance.random() < 0.3:
        offers.append({key: value for key, value in offers[1].items() if key != "num_gpus"})
    return sorted(offers, key=_price)[:LIMIT]


def _price(offer: Mapping[str, object]) -> float:
    total = offer.get("dph_total")
    return total if isinstance(total, float) else float("inf")


def _host(
    model: Model, host: int, at: datetime, middle: float, chance: random.Random
) -> Iterator[dict[str, object]]:
    """Yield one host's slices: each host has a price of its own, and is away on some days."""
    if chance.random() < 0.33:
        return
    spread = (host - (model.hosts - 1) / 2) / model.hosts
    asked = middle * (1 + 0.30 * spread) * chance.uniform(0.985, 1.015)
    place = AT_HOME[host % len(AT_HOME)]
    for machine in range(1 + host % 2):
        for slices in (1, 2, 4, 8)[: chance.choice((1, 2, 2, 3))]:
            yield _offer(
                model, 100 + host, machine, slices, asked * chance.uniform(0.998, 1.002), place, at, chance
            )


def _offer(
    model: Model,
    host: int,
    machine: int,
    slices: int,
    each: float,
    place: str,
    at: datetime,
    chance: random.Random,
) -> dict[str, object]:
    age = chance.uniform(0.1, 6.5) if chance.random() > 0.06 else chance.uniform(7.5, 40)
    return {
        "gpu_name": model.name,
        "rentable": True,
        "rented": False,
        "geolocation": place,
        "reliability2": round(
            chance.uniform(0.93, 0.9999) if chance.random() > 0.05 else chance.uniform(0.6, 0.89), 6
        ),
        "num_gpus": slices,
        "start_date": None if chance.random() < 0.02 else round(at.timestamp() - age * SECONDS_A_DAY, 3),
        "dph_total": round(each * slices, 6),
        "host_id": host,
        "machine_id": host * 10 + machine,
        "id": chance.randrange(10**7, 10**8),
    }
