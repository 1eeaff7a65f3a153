"""Where a Qualifying Listing is decided: every rule at its edge, every malformed offer by its own reason."""

from __future__ import annotations

import gzip
import json
import os
import stat
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.archive import Archive, write_whole
from engine.market.index import compute, definition
from engine.market.listing import Observation, qualifying, without_outliers
from engine.market.methodology import load_methodology
from engine.market.snapshot import LARGEST, SnapshotRefused, read_snapshot
from tests.market.make import AT, document, offer

V111 = load_methodology("1.1.1")
WEEK_OLD = AT.timestamp() - 7 * 86_400

OFFERS: list[tuple[dict[str, Any], str | None]] = [
    (offer(), None),
    (offer(gpu_name="H100 PCIE"), "model"),
    (offer(gpu_name=...), "model"),
    (offer(rentable=False), "availability"),
    (offer(rentable=None), "availability"),
    (offer(rentable=...), None),
    (offer(rented=True), "availability"),
    (offer(rented=None), None),
    (offer(rented=...), None),
    (offer(geolocation=", US"), None),
    (offer(geolocation="US"), "geography"),
    (offer(geolocation="Texas,US"), "geography"),
    (offer(geolocation="Texas, us"), "geography"),
    (offer(geolocation="Texas, US "), "geography"),
    (offer(geolocation=None), "geography"),
    (offer(geolocation=...), "geography"),
    (offer(geolocation="France, FR"), "geography"),
    (offer(reliability2=0.90), None),
    (offer(reliability2=0.8999999), "reliability"),
    (offer(reliability2=None), "reliability"),
    (offer(reliability2=...), "reliability"),
    (offer(reliability2=-1), "reliability"),
    (offer(num_gpus=1), None),
    (offer(num_gpus=0), "gpu count"),
    (offer(num_gpus=-1), "gpu count"),
    (offer(num_gpus=0.5), "gpu count"),
    (offer(num_gpus=None), "gpu count"),
    (offer(num_gpus=...), "gpu count"),
    (offer(start_date=WEEK_OLD), None),
    (offer(start_date=WEEK_OLD - 0.001), "staleness"),
    (offer(start_date=None), "staleness"),
    (offer(start_date=...), "staleness"),
    (offer(start_date=0), "staleness"),
    (offer(dph_total=0), "price"),
    (offer(dph_total=-1), "price"),
    (offer(dph_total=None), "price"),
    (offer(dph_total=...), "price"),
    (offer(dph_total=1e-9), "price"),
    (offer(dph_total=1e13), "price"),
    (offer(dph_total=1e23), "price"),
    (offer(dph_total=1e308), "price"),
    (offer(dph_total=10**30), "price"),
    (offer(dph_total=5e-324), "price"),
    (offer(num_gpus=10**400), "price"),
    (offer(dph_total=1e308, num_gpus=1e307), None),
    (offer(dph_total=9.2e12), None),
    (offer(dph_total="4.0"), "malformed"),
    (offer(dph_total=[4.0]), "malformed"),
    (offer(dph_total={"usd": 4}), "malformed"),
    (offer(dph_total=True), "malformed"),
    (offer(num_gpus="2"), "malformed"),
    (offer(num_gpus=True), "malformed"),
    (offer(reliability2="high"), "malformed"),
    (offer(start_date="yesterday"), "malformed"),
    (offer(rentable="yes"), "malformed"),
    (offer(rentable=1), "malformed"),
    (offer(rented="no"), "malformed"),
    (offer(geolocation=1), "malformed"),
    (offer(gpu_name=None), "malformed"),
    (offer(gpu_name=7), "malformed"),
    (offer(host_id=1.5), "malformed"),
    (offer(machine_id=[1]), "malformed"),
]


@pytest.mark.parametrize(("made", "rule"), OFFERS)
def test_each_rule_at_its_edge(made: dict[str, Any], rule: str | None) -> None:
    found = qualifying(read_snapshot(document([made]), "s.json"), "H100 SXM", "US", V111)
    assert found.excluded == ({rule: 1} if rule else {})
    assert len(found.observations) == (0 if rule else 1)


@pytest.mark.parametrize("raw", ["7", '"text"', "null", "[]", "true"])
def test_an_offer_that_is_no_object_never_stops_the_day(raw: str) -> None:
    text = document([offer()]).decode().replace("[{", f"[{raw}, {{", 1)
    found = qualifying(read_snapshot(text.encode(), "s.json"), "H100 SXM", "US", V111)
    assert (found.excluded, len(found.observations)) == ({"malformed": 1}, 1)


def test_a_price_is_rounded_half_to_even_from_the_digits_that_were_quoted() -> None:
    quoted = [(0.0000005, 1), (0.0000015, 1), (0.00000050000000001, 1), (0.0000025, 1), (1.0, 3), (2.0, 3), (1.735, 1), (4.0, 1.5)]
    made = [offer(dph_total=total, num_gpus=gpus) for total, gpus in quoted]
    found = qualifying(read_snapshot(document(made), "s.json"), "H100 SXM", "US", V111)
    assert [one.micro for one in found.observations] == [2, 1, 2, 333_333, 666_667, 1_735_000, 2_666_667]
    assert found.excluded == {"price": 1}


def test_the_largest_price_still_has_a_value_and_an_interval() -> None:
    high = [offer(dph_total=9.2e12, host_id=n) for n in range(10)]
    value = compute(definition("CRI-H100"), V111, [read_snapshot(document(high), "s.json")], date(2026, 3, 4)).value
    assert value == Decimal("4600000000000.0000")


BROKEN: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"   \n", "empty"),
    (b"not json", "not a snapshot"),
    (b"[]", "not a snapshot"),
    (b"{}", "collected_utc"),
    (document([offer()])[:-40], "cut off"),
    (document([offer()]) + b"}", "not a snapshot"),
    (b'{"collected_utc": "2026-03-04T15:00:00+00:00"}', "offers_by_model"),
    (b'{"collected_utc": "2026-03-04T15:00:00", "offers_by_model": {}}', "no zone"),
    (b'{"collected_utc": "yesterday", "offers_by_model": {}}', "not a collection time"),
    (b'{"collected_utc": 5, "offers_by_model": {}}', "not a snapshot"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": []}', "not a snapshot"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": {"H100 SXM": {}}}', "not a list"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": {"H100 SXM": null}}', "not a list"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": {"H100 SXM": [NaN]}}', "not a snapshot"),
    (b'{"collected_utc": "2026-03-04T15:00:00Z", "offers_by_model": {}, "limit": 0}', "limit"),
    (b"\xff\xfe\x00", "not a snapshot"),
    (document([offer(note="caf\u00e9")]).replace(b"\\u00e9", b"\xe9"), "not a snapshot"),
    (document([offer(note="X")]).replace(b"X", b"\\ud800"), "not a snapshot"),
    (document([offer(note="X")]).replace(b'"X"', b"[" * 890 + b"]" * 890), "nested too deep"),
    (document([offer(note="X")]).replace(b'"X"', b"[" * 100_000 + b"]" * 100_000), "nested too deep"),
    (document([offer()]).replace(AT.isoformat().encode(), b"0001-01-01T00:00:00+14:00"), "outside the years"),
    (b"\x1f\x8b\x08broken", "damaged"),
    (gzip.compress(document([offer()])) + gzip.compress(b" "), "after the compressed snapshot"),
    (gzip.compress(document([offer()])) + b"more", "4 bytes stand after"),
    (gzip.compress(document([offer()]))[:-9], "cut off"),
    (gzip.compress(b" " * (LARGEST + 5)), "snapshot may have"),
]


@pytest.mark.parametrize(("data", "reason"), BROKEN)
def test_damaged_files_are_refused_whole_with_their_reason(data: bytes, reason: str) -> None:
    with pytest.raises(SnapshotRefused, match=reason):
        read_snapshot(data, "s.json")


HEAD = "gpu_name,num_gpus,dph_total,geolocation,collected_utc\n"
ROW = 'H100 SXM,2,4.0,"Texas, US",2026-03-04T15:00:00+00:00\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD, "no rows"),
        ("a,b\n1,2\n", "lacks the column"),
        (HEAD + ROW + ROW.replace("03-04", "03-05"), "several days"),
        (HEAD + ROW.replace("4.0", "cheap"), ":2: num_gpus"),
        (HEAD + ROW.replace("4.0", "inf"), "finite"),
        (HEAD + ROW.replace("+00:00", ""), "no zone"),
    ],
)
def test_damaged_tables_are_refused(text: str, reason: str) -> None:
    with pytest.raises(SnapshotRefused, match=reason):
        read_snapshot(text.encode(), "day.csv")


def test_a_day_of_observations_takes_rules_one_to_six_as_applied() -> None:
    rows = HEAD + ROW + ROW.replace("4.0", "0")
    found = qualifying(read_snapshot(rows.encode(), "day.csv"), "H100 SXM", "US", V111)
    assert [o.usd for o in found.observations] == [Decimal("2.000000")]
    assert found.observations[0].host is None
    assert found.excluded == {"price": 1}


def test_the_last_whole_snapshot_of_a_day_stands_for_it() -> None:
    eight = [offer(dph_total=2.0 + n / 10) for n in range(8)]
    early = read_snapshot(document(eight), "a.json")
    late = read_snapshot(document([offer(dph_total=9.0)] * 64, AT + timedelta(hours=3)), "b.json")
    value = compute(definition("CRI-H100"), V111, [early, late], date(2026, 3, 4))
    assert value.days[-1].snapshot == early.sha256  # the later list is as long as its limit: cut
    assert [one.stands for one in value.days[-1].snapshots] == [True, False]
    before = compute(definition("CRI-H100"), V111, [early, late], date(2026, 3, 4), AT - timedelta(hours=1))
    assert before.value is None
    assert "no snapshot" in before.low_confidence_reasons[0]


def test_a_week_below_the_minimum_has_no_value_or_is_pooled_by_version() -> None:
    few = read_snapshot(document([offer(dph_total=2.0 + n / 10) for n in range(3)]), "a.json")
    strict = compute(definition("CRI-H100"), V111, [few], date(2026, 3, 4))
    paper = compute(definition("CRI-H100"), load_methodology("1.1-wp"), [few], date(2026, 3, 4))
    assert (strict.value, strict.observations, strict.valid_days, strict.low_confidence) == (None, 0, 0, True)
    assert paper.value == Decimal("1.0500")
    assert paper.low_confidence
    assert any("pooled" in reason for reason in paper.low_confidence_reasons)


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_observations_does_not_matter(micros: list[int], shuffle: Any) -> None:
    observations = [Observation(micro) for micro in micros]
    shuffled = list(observations)
    shuffle.shuffle(shuffled)
    assert without_outliers(tuple(observations), V111) == without_outliers(tuple(shuffled), V111)


def test_an_outlier_is_removed_and_small_days_are_left_alone() -> None:
    day = [Observation(2_000_000 + n) for n in range(9)] + [Observation(9_000_000)]
    assert len(without_outliers(tuple(day), V111)) == 9
    assert len(without_outliers(tuple(day[-3:]), V111)) == 3
    assert len(without_outliers((Observation(5),) * 9, V111)) == 9


def test_the_archive_keeps_once_and_finds_what_was_changed(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    data = document([offer()])
    assert archive.add(data, "a.json")[1]
    assert not archive.add(gzip.compress(data), "other.json.gz")[1]
    path = next(tmp_path.rglob("*.json.gz"))
    changed = json.loads(data)
    changed["offers_by_model"]["H100 SXM"][0]["dph_total"] = 3.0
    path.write_bytes(gzip.compress(json.dumps(changed).encode()))
    with pytest.raises(SnapshotRefused, match="has been changed"):
        list(archive.between(date(2026, 3, 4), date(2026, 3, 4)))


def test_the_archive_holds_the_bytes_that_were_hashed(tmp_path: Path) -> None:
    archive, plain = Archive(tmp_path), document([offer()])
    snapshot, _ = archive.add(gzip.compress(plain), "a.json.gz")
    assert snapshot.plain == plain == gzip.decompress(next(tmp_path.rglob("*.gz")).read_bytes())
    assert [one.sha256 for one in archive.between(AT.date(), AT.date())] == [snapshot.sha256]


def test_a_file_is_replaced_whole_and_whoever_the_umask_lets_may_read_it(tmp_path: Path) -> None:
    place = tmp_path / "pages" / "week.html"
    before = os.umask(0o027)
    try:
        write_whole(place, b"first")
        write_whole(place, b"second")
    finally:
        os.umask(before)
    assert place.read_bytes() == b"second"
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert [path.name for path in place.parent.iterdir()] == ["week.html"]


def test_days_are_utc_dates() -> None:
    evening = datetime.fromisoformat("2026-03-04T20:30:00-06:00")
    assert read_snapshot(document([offer()], evening), "a.json").day == datetime(2026, 3, 5, tzinfo=UTC).date()
