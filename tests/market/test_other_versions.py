"""What the other methodology versions give from the same collections, and which results they would turn
(`rulings.md` 1).
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.basics.values import Figure, Unit
from engine.events.results import BreakEven, Verdict
from engine.market.index import compute, definition
from engine.market.methodology import known_versions, load_methodology
from engine.market.snapshot import Snapshot, read_snapshot
from reports.notice.version_sentences import other_values, turned_results
from tests.market.make import AT, document, offer

H100 = definition("CRI-H100")
VERSIONS = [load_methodology(version) for version in known_versions()]


def collected(day: int, count: int, usd: float) -> Snapshot:
    at = AT - timedelta(days=day)
    offers = [offer(id=n, dph_total=2 * (usd + n / 100), start_date=at.timestamp()) for n in range(count)]
    return read_snapshot(document(offers, at), "s.json")


SNAPSHOTS = [collected(0, 9, 1.5), collected(1, 12, 2.0), collected(2, 4, 5.0)]


@pytest.mark.parametrize("version", known_versions())
def test_each_other_version_gives_what_it_gives_alone(version: str) -> None:
    found = compute(H100, load_methodology(version), SNAPSHOTS, AT.date(), others=VERSIONS)
    alone = {
        one.version: compute(H100, one, SNAPSHOTS, AT.date()).value
        for one in VERSIONS
        if one.version != version
    }
    assert dict(found.other_versions) == alone
    assert len(alone) == 2
    assert compute(H100, load_methodology(version), SNAPSHOTS, AT.date()).other_versions == {}


def test_a_version_without_a_value_says_so() -> None:
    eight = [collected(0, 9, 1.5)]
    found = compute(H100, load_methodology("1.1.1"), eight, AT.date(), others=VERSIONS)
    assert found.other_versions["1.1.0"] is None
    assert "1.1.0: no value" in other_values(found.model_dump(mode="json"))


def line(title: str, verdict: Verdict, rate: str, fails: str) -> Any:
    even = BreakEven.model_validate(
        {"index": "CRI-H100", "rate": Figure(value=Decimal(rate), unit=Unit.RATE), "fails": fails}
    )
    return SimpleNamespace(title=title, result=SimpleNamespace(verdict=verdict, break_even=(even,)))


def test_a_result_that_another_version_would_turn_is_named() -> None:
    lines = (
        line("Loan to value", Verdict.PASS, "1.7000", "below"),
        line("Rent floor", Verdict.PASS, "1.8000", "above"),
    )
    found = cast("Any", SimpleNamespace(lines=lines))
    value = {"other_versions": {"1.1.0": "1.6021", "1.1-wp": "1.7500"}}
    assert turned_results(found, "CRI-H100", value) == [
        "Under 1.1.0 (1.6021), all else unchanged: Loan to value FAIL. That decides nothing."
    ]
    assert turned_results(found, "CRI-H200", value) == []
    assert turned_results(found, "CRI-H100", {}) == []


def test_the_days_of_other_versions_are_the_same_days() -> None:
    found = compute(H100, load_methodology("1.1.1"), SNAPSHOTS, date(2026, 3, 4), others=VERSIONS)
    assert found.valid_days == 2
    assert (
        found.other_versions["1.1.0"]
        == compute(H100, load_methodology("1.1.0"), [SNAPSHOTS[1]], date(2026, 3, 4)).value
    )
