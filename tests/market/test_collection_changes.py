"""Each named change of form is found in the shape in which marketplaces make it, and none in what is merely a
market.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.market.index_definitions import KNOWN
from engine.market.methodology import load_methodology
from engine.market.quality.collection_changes import NAMES, changes
from engine.market.snapshot import Snapshot, read_snapshot
from tests.market.make import AT, document, offer

V111 = load_methodology("1.1.1")
INDICES = {"CRI-H100": KNOWN["CRI-H100"]}
LATER = AT + timedelta(days=1)


def market(**changed: Any) -> list[dict[str, Any]]:
    """Twelve offers, changed alike."""
    made = [
        offer(id=n, dph_total=3.0 + n / 10, start_date=LATER.timestamp() - 7200, host_id=n % 5)
        for n in range(12)
    ]
    return [
        {**one, **{key: value(one.get(key)) if callable(value) else value for key, value in changed.items()}}
        for one in made
    ]


def without(*keys: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key not in keys} for one in market()]


def times(factor: float) -> Callable[[Any], Any]:
    return lambda value: value * factor


BEFORE = read_snapshot(document(market()), "before.json")


def found(offers: list[dict[str, Any]], before: Snapshot | None = BEFORE, **more: Any) -> list[str]:
    snapshot = read_snapshot(document(offers, LATER, **more), "s.json")
    return [one.name for one in changes(snapshot, before, INDICES, V111)]


SHAPES: list[tuple[str, list[dict[str, Any]]]] = [
    ("start-dates-in-milliseconds", market(start_date=times(1000))),
    ("start-dates-in-the-future", market(start_date=LATER.timestamp() + 30 * 86_400)),
    ("prices-in-cents", market(dph_total=times(100))),
    ("prices-for-another-time", market(dph_total=times(24))),
    ("prices-for-another-time", market(dph_total=times(730))),
    ("value-far-from-before", market(dph_total=times(50))),
    ("value-far-from-before", market(dph_total=times(0.01))),
    ("one-rule-removes-everything", market(rented=True)),
    ("one-rule-removes-everything", market(start_date=1.0)),
    ("one-rule-removes-everything", market(geolocation="Oslo, NO")),
    ("reliability-in-percent", market(reliability2=98.5)),
    ("offers-unreadable", market(dph_total=str)),
    ("key-missing", without("reliability2")),
    ("key-missing", without("start_date")),
    ("countries-written-otherwise", market(geolocation="Texas, United States")),
    ("model-gone", market(gpu_name="H100_SXM")),
    ("model-gone", []),
    ("list-shrunk", market()[:3]),
]


@pytest.mark.parametrize(("name", "offers"), SHAPES)
def test_each_change_is_found_by_its_name_alone(name: str, offers: list[dict[str, Any]]) -> None:
    assert found(offers) == [name]


def test_there_are_twelve_names_and_each_is_found() -> None:
    assert len(NAMES) == 12
    assert {name for name, _ in SHAPES} == set(NAMES)


def test_a_model_without_its_list_is_gone() -> None:
    assert found([], offers_by_model={}) == ["model-gone"]


@pytest.mark.parametrize("factor", [0.18, 0.8, 1.0, 1.4, 5.0])
def test_a_market_that_moves_is_no_change_of_form(factor: float) -> None:
    assert found(market(dph_total=times(factor))) == []


def test_without_a_collection_before_only_what_is_wrong_in_itself_is_found() -> None:
    assert found(market(), None) == []
    assert found(market(geolocation="Oslo, NO"), None) == []
    assert found(market(dph_total=times(100)), None) == ["prices-in-cents"]
    assert found(market(rented=True), None) == ["one-rule-removes-everything"]
    assert found(market()[:3], None) == []


def test_what_was_so_before_is_no_change() -> None:
    abroad = read_snapshot(document(market(geolocation="Oslo, NO")), "before.json")
    assert found(market(geolocation="Oslo, NO"), abroad) == []


def test_a_filtered_day_in_cents_is_found() -> None:
    head = "gpu_name,num_gpus,dph_total,geolocation,collected_utc\n"
    rows = head + 'H100 SXM,1,170.0,"Texas, US",2026-03-05T15:00:00+00:00\n' * 9
    assert [one.name for one in changes(read_snapshot(rows.encode(), "d.csv"), BEFORE, INDICES, V111)] == [
        "prices-in-cents"
    ]


def test_the_real_collections_show_no_change(snapshots_folder: Path) -> None:
    paths = sorted((snapshots_folder / "snapshots").glob("*.json.gz"))
    real = [
        read_snapshot(gzip.decompress(path.read_bytes()), path.name.removesuffix(".gz")) for path in paths
    ]
    for before, snapshot in zip([None, *real], real, strict=False):
        assert changes(snapshot, before, KNOWN, V111) == ()
