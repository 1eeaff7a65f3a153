"""Unfiltered tables are judged by their own cells, collections are told apart, an empty day is a day
(`rulings.md` 61).
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from engine.market.index import compute, definition
from engine.market.listing import qualifying, speaks_of
from engine.market.methodology import load_methodology
from engine.market.offer_table import collections_of
from engine.market.snapshot import Snapshot, SnapshotRefused, read_snapshot
from tests.conftest import shared
from tests.market.make import AT, document, offer

V111 = load_methodology("1.1.1")
H100 = definition("CRI-H100")
COLUMNS = (
    "collected_at",
    "collection_window_id",
    "offer_id",
    "machine_id",
    "host_id",
    "gpu_name",
    "num_gpus",
    "dph_total",
    "reliability",
)
HEAD = ",".join((*COLUMNS, "rentable", "rented", "geolocation"))


def row(**changes: str) -> str:
    found = {
        "collected_at": "2026-03-04T13:10:06+00:00",
        "collection_window_id": "2026-03-04-0600",
        "offer_id": "1",
        "machine_id": "50",
        "host_id": "7000",
        "gpu_name": "H100 SXM",
        "num_gpus": "2",
        "dph_total": "4.0",
        "reliability": "0.99",
        "rentable": "True",
        "rented": "False",
        "geolocation": '"Texas, US"',
        **changes,
    }
    return ",".join(found.values())


def table(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *rows, "")).encode()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, None),
        ({"rentable": "False"}, "availability"),
        ({"rentable": ""}, "availability"),
        ({"rentable": "perhaps"}, "malformed"),
        ({"rentable": "yes", "rented": "NO"}, None),
        ({"rented": "true"}, "availability"),
        ({"geolocation": '"Oslo, NO"'}, "geography"),
        ({"reliability": "0.89"}, "reliability"),
        ({"reliability": ""}, "reliability"),
        ({"reliability": "good"}, "malformed"),
        ({"num_gpus": "0"}, "gpu count"),
        ({"num_gpus": "two"}, "malformed"),
        ({"dph_total": "0"}, "price"),
        ({"dph_total": "nan"}, "malformed"),
        ({"dph_total": "1_6.80"}, "malformed"),
        ({"dph_total": "\uff11\uff16.80"}, "malformed"),
        ({"dph_total": "1.68e1"}, None),
        ({"dph_total": "1.68e+001"}, None),  # as programs of old Windows write it
        ({"host_id": "1.23E+07"}, "malformed"),
        ({"machine_id": "1E+15"}, "malformed"),
    ],
)
def test_each_row_of_an_unfiltered_table_is_judged_by_its_own_cells(
    changes: dict[str, str], rule: str | None
) -> None:
    found = qualifying(read_snapshot(table(row(**changes)), "offers.csv"), "H100 SXM", ("US",), V111)
    assert found.excluded == ({rule: 1} if rule else {})
    assert [(one.host, one.machine) for one in found.observations] == ([] if rule else [("7000", "50")])


def test_a_row_that_its_own_start_date_makes_stale_is_removed_and_without_that_column_the_rule_is_named() -> (
    None
):
    plain = read_snapshot(table(row()), "offers.csv")
    assert (plain.form, plain.unchecked) == ("offer table", {"staleness"})
    dated = read_snapshot(
        table(
            f"{row()},2026-02-01T00:00:00+00:00", f"{row(offer_id='2')},1772600000", head=f"{HEAD},start_date"
        ),
        "o.csv",
    )
    assert dated.unchecked == frozenset()
    assert qualifying(dated, "H100 SXM", ("US",), V111).excluded == {"staleness": 1}


def test_a_number_that_stands_twice_counts_once() -> None:
    rows = table(row(), row(dph_total="9.0"), row(offer_id="2"))
    assert qualifying(read_snapshot(rows, "o.csv"), "H100 SXM", ("US",), V111).excluded == {"listed twice": 1}
    raw = document([offer(id=5), offer(id=5, dph_total=9.0), offer(id=5, num_gpus=0), offer(id=6)])
    assert qualifying(read_snapshot(raw, "s.json"), "H100 SXM", ("US",), V111).excluded == {
        "gpu count": 1,
        "listed twice": 1,
    }


def test_a_table_of_several_collections_is_cut_into_them_row_for_row() -> None:
    late = {"collected_at": "2026-03-05T01:00:00+00:00", "collection_window_id": "b"}
    note = '"two\nlines"'
    whole = table(f"{row()},{note}", f"{row(**late)},x", f"{row(offer_id='2')},y", head=f"{HEAD},note")
    parts = collections_of(whole, "o.csv")
    assert [read_snapshot(one, "o.csv").day for one in parts] == [date(2026, 3, 4), date(2026, 3, 5)]
    assert parts[0].decode().splitlines() == [
        f"{HEAD},note",
        *f"{row()},{note}".splitlines(),
        f"{row(offer_id='2')},y",
    ]
    assert collections_of(parts[0], "o.csv") == (parts[0],)
    with pytest.raises(SnapshotRefused, match="several collections"):
        read_snapshot(whole, "o.csv")


def test_a_table_with_rows_abroad_alone_is_a_day_of_none() -> None:
    abroad = read_snapshot(table(row(geolocation='"Oslo, NO"')), "o.csv")
    value = compute(H100, V111, [abroad], date(2026, 3, 4))
    assert value.days[-1].snapshot == abroad.sha256
    assert value.low_confidence_reasons == ("no Qualifying Listing in the week",)
    assert not speaks_of(abroad, "H200", ("US",))


META: dict[str, Any] = {
    "collected_utc": "2026-03-04T15:00:18+00:00",
    "target_gpu": "H100 SXM",
    "geography": "US",
    "counts": {"api_returned": 33, "final_observations": 0},
    "provenance": {"output_file": "data\\h100-sxm-us\\2026-03-04.csv", "sha256": "0" * 64},
}


def test_the_metadata_of_an_empty_day_is_a_day_of_none_for_its_index_alone() -> None:
    empty = read_snapshot(json.dumps(META).encode(), "2026-03-04.meta.json")
    assert (empty.form, empty.day) == ("empty day", date(2026, 3, 4))
    value = compute(H100, V111, [empty], date(2026, 3, 4))
    assert (value.days[-1].snapshot, value.days[-1].qualifying) == (empty.sha256, 0)
    assert compute(definition("CRI-H200"), V111, [empty], date(2026, 3, 4)).days[-1].snapshot is None
    with pytest.raises(SnapshotRefused, match="11 observations were kept"):
        read_snapshot(
            json.dumps({**META, "counts": {"final_observations": 11}}).encode(), "2026-03-04.meta.json"
        )


FILTERED = (
    "gpu_name,num_gpus,dph_total,geolocation,collected_utc\n"
    + 'H100 SXM,1,3.0,"Texas, US",2026-03-04T23:00:00+00:00\n' * 8
)


def prices(*usd: float, **more: Any) -> list[dict[str, Any]]:
    return [offer(dph_total=2 * one, **more) for one in usd]


def test_raw_stands_over_filtered_and_filtered_over_cut() -> None:
    raw = read_snapshot(document(prices(*[2.0] * 8)), "raw.json")
    filtered = read_snapshot(FILTERED.encode(), "day.csv")
    cut = read_snapshot(document(prices(*[1.0] * 64), AT + timedelta(hours=5)), "cut.json")
    unfiltered = read_snapshot(table(*(row(offer_id=str(n), dph_total="5.0") for n in range(8))), "o.csv")
    standing = [(raw, filtered, cut), (filtered, cut), (cut,), (raw, unfiltered), (unfiltered, filtered, cut)]
    chosen = [compute(H100, V111, found, date(2026, 3, 4)).days[-1].snapshot for found in standing]
    assert chosen == [raw.sha256, filtered.sha256, cut.sha256, raw.sha256, unfiltered.sha256]


def test_the_range_over_all_choices_is_that_of_computing_each() -> None:
    def of(day: int, hour: int, usd: list[float]) -> Snapshot:
        at = AT + timedelta(days=day, hours=hour)
        return read_snapshot(document(prices(*usd, start_date=at.timestamp()), at), "s.json")

    days = [
        [
            of(0, 0, [2.0 + n / 100 for n in range(9)]),
            of(0, 2, [1.5 + n / 50 for n in range(12)]),
            of(0, 3, [9.0] * 3),
        ],
        [
            of(-1, 0, [2.5 + n / 90 for n in range(8)]),
            of(-1, 1, [1.1, *[1.9 + n / 70 for n in range(9)], 40.0]),
        ],
        [of(-2, 0, [1.8 + n / 60 for n in range(15)])],
    ]
    found = compute(H100, V111, [one for day in days for one in day], date(2026, 3, 4)).collection_range
    each = [compute(H100, V111, chosen, date(2026, 3, 4)).value for chosen in product(*days)]
    values = [one for one in each if one is not None]
    assert found is not None
    assert (found.days, found.choices, found.lowest, found.highest) == (2, 6, min(values), max(values))
    assert not found.perhaps_none
    assert found.lowest < median(values) < found.highest


def test_a_list_of_a_round_size_is_doubted_unless_shown_whole() -> None:
    many = [offer(id=n, dph_total=4.0) for n in range(100)]
    doubted = compute(
        H100, V111, [read_snapshot(document(many, limit=1000), "s.json")], date(2026, 3, 4)
    ).days[-1]
    assert str(doubted.doubt).startswith("exactly 100 offers")
    shown = compute(
        H100,
        V111,
        [read_snapshot(document(many, limit=1000, whole=["H100 SXM"]), "s.json")],
        date(2026, 3, 4),
    ).days[-1]
    assert shown.doubt is None
    assert "doubt" not in shown.model_dump(mode="json")


def test_the_public_form_of_unfiltered_offers_is_read_as_it_lies() -> None:
    folder: Path | None = shared()
    if folder is None:
        pytest.skip("the forms are not beside this checkout")
    plain = (folder / "data" / "forms" / "vast_offers_h100-sxm.csv").read_bytes()
    snapshot = read_snapshot(plain, "vast_offers_h100-sxm.csv")
    found = qualifying(snapshot, "H100 SXM", ("US",), V111)
    assert found.offers == 40
    assert found.excluded["availability"] == 9
    assert all(one.host for one in found.observations)
    assert min(one.usd for one in found.observations) > Decimal(1)
