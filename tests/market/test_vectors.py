"""Published values on the real snapshots, to the fourth decimal (skipped without them)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.market.index import compute, definition
from engine.market.index_definitions import KNOWN
from engine.market.methodology import load_methodology
from engine.market.snapshot import Snapshot, read_snapshot
from tests.market import naive


@pytest.fixture(scope="module")
def real(snapshots_folder: Path) -> list[Snapshot]:
    paths = [snapshots_folder / "2026-02-26.csv", *sorted((snapshots_folder / "snapshots").iterdir())]
    return [read_snapshot(path.read_bytes(), path.name) for path in paths]


def test_the_published_week(real: list[Snapshot]) -> None:
    value = compute(definition("CRI-H100"), load_methodology("1.1.1"), real, date(2026, 3, 4))
    found = (value.value, value.observations, value.valid_days, value.min, value.max, value.mean, value.stdev)
    assert [str(one) for one in found] == ["1.7350", "44", "4", "1.4447", "2.2689", "1.8080", "0.2734"]
    assert not value.low_confidence
    assert value.publication_date == date(2026, 3, 5)
    assert value.scheduled
    assert value.interval_width is not None
    assert f"{value.interval_width:.3f}" == "0.155"
    assert (value.hosts, value.hosts_at_least) == (6, True)
    assert value.seller_interval is not None
    assert (str(value.seller_interval.low), str(value.seller_interval.high)) == ("1.5552", "2.2011")
    assert (len(value.sellers), value.sellers.count(None)) == (44, 8)


def test_the_week_as_it_was_known_before_the_minimum_changed(real: list[Snapshot]) -> None:
    known_at = datetime(2026, 3, 5, 18, 21, tzinfo=UTC)
    value = compute(definition("CRI-H100"), load_methodology("1.1.0"), real, date(2026, 3, 4), known_at)
    assert str(value.value) == "1.6021"
    assert value.low_confidence_reasons == ("2 valid days; fewer than 3",)


def test_qualifying_listings_per_day(real: list[Snapshot]) -> None:
    value = compute(definition("CRI-H100"), load_methodology("1.1.1"), real, date(2026, 3, 4))
    later = compute(definition("CRI-H100"), load_methodology("1.1.1"), real, date(2026, 3, 6))
    assert [day.qualifying for day in value.days] == [8, 16, 8, 12, 4, 6, 7]
    assert [day.qualifying for day in later.days[-2:]] == [8, 8]
    last = value.days[-1]
    assert (last.offers, last.excluded, last.qualifying) == (29, {"geography": 21, "staleness": 1}, 7)
    assert later.publication_date == date(2026, 3, 7)
    assert not later.scheduled


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_model_agrees_with_the_plain_way(
    real: list[Snapshot], snapshots_folder: Path, name: str
) -> None:
    value = compute(definition(name), load_methodology("1.1.1"), real, date(2026, 3, 4))
    if value.value is None:
        assert all(day.qualifying < 8 for day in value.days)
        return
    if any(
        day.snapshots and not all(other.stands or not other.truncated for other in day.snapshots)
        for day in value.days
    ):
        pytest.skip("a day's last list is cut, which the plain way does not know")
    plain, count, (low, high) = naive.week(snapshots_folder, KNOWN[name].gpu_name, date(2026, 3, 4), 8)
    assert float(value.value) == pytest.approx(plain, abs=1e-4)
    assert value.observations == count
    assert value.interval is not None
    assert float(value.interval.low) == pytest.approx(low, rel=0.03)
    assert float(value.interval.high) == pytest.approx(high, rel=0.03)


def test_cut_lists_are_flagged(real: list[Snapshot]) -> None:
    value = compute(definition("CRI-RTX4090"), load_methodology("1.1.1"), real, date(2026, 3, 4))
    assert any(day.truncated for day in value.days)
    assert (str(value.value), value.observations) == ("0.4007", 102)
    assert value.interval_width is not None
    assert f"{value.interval_width:.3f}" == "0.002"
