"""What the commands say of sellers: leaving and repricing of a week, the shadow rate, measured coverage and
its refusal.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.basics.errors import WrongUsage
from engine.market.index import compute, definition
from engine.market.index_value import IndexValue
from engine.market.listing import Observation
from engine.market.methodology import load_methodology
from engine.market.seller_votes import shadow_rate
from engine.market.snapshot import read_snapshot
from engine.queries import measured_coverage as measuring
from engine.queries.seller_moves import seller_moves, shadow_data, turning_moves
from tests.sellers.test_joint_subsets import VECTORS
from tests.sellers.test_seller_quality import days_of, real, rules


@real
def test_a_week_says_what_its_sellers_can_do() -> None:
    vector = next(
        one for one in VECTORS["withdrawals"] if one["daily_minimum"] == 4 and one["move"] == "0.050000"
    )
    found = seller_moves(days_of(VECTORS["days"]), rules(4, pool_all=False))
    assert {seller: f"{Decimal(value):.6f}" for seller, value in found["without_each"].items()} == vector[
        "alone"
    ]
    assert (found["leaving"]["5%"]["sellers"], found["leaving"]["5%"]["first"]) == ("1", vector["first"])
    assert found["repricing"] == {"seller": "a", "lowest": "1.7350", "highest": "2.9222"}


@real
def test_a_test_says_who_can_turn_it() -> None:
    vector = next(
        one for one in VECTORS["fake_listings"] if one["daily_minimum"] == 4 and one["target"] == "1.947500"
    )
    days = days_of(VECTORS["fake_days"])
    found = turning_moves(days, rules(4, pool_all=False), lambda value: value < 2, Fraction(vector["target"]))
    assert found["fakes"]["listing_days"] == vector["listing_days"]
    assert [(one["listings"], one["at"]) for one in found["fakes"]["plan"]] == [(3, "0.4100")]
    assert found["leaving"]["sellers"] in ("1", "2", "3", "more than 3")
    assert found["repricing"] is not None


def test_a_seller_that_sets_its_prices_turns_a_test_or_does_not() -> None:
    """Five listings of a at 2.00 and three of b at 2.10: the median is a's own, so a takes it to each price
    from 0.40 to 2.10.
    """
    days = days_of([[("a", 2_000_000)] * 5 + [("b", 2_100_000)] * 3])
    below = turning_moves(
        days, rules(8, pool_all=False), lambda value: value < Fraction(19, 10), Fraction(19, 10)
    )
    above = turning_moves(days, rules(8, pool_all=False), lambda value: value > 7, Fraction(7))
    assert (below["repricing"]["seller"], below["repricing"]["turns"]) == ("a", True)
    assert above["repricing"]["turns"] is False


def test_a_week_that_loses_its_value_says_so() -> None:
    days = days_of([[("a", 2_000_000)] * 5 + [("b", 2_100_000)] * 3])
    found = seller_moves(days, rules(8, pool_all=False))
    assert found["without_each"] == {"a": "no value", "b": "no value"}
    assert found["leaving"]["25%"]["value"] == "no value"


def test_the_shadow_rate_says_what_it_is() -> None:
    found = shadow_data(shadow_rate([[Observation(n * 10**6, f"s{n}") for n in range(1, 5)]]))
    assert found is not None
    assert (found["rate"], found["low"], found["high"], found["covers"], found["sellers"]) == (
        "2.5000",
        "1.0000",
        "4.0000",
        "0.8750",
        4,
    )
    assert "decides nothing" in found["is"]
    assert shadow_data(None) is None


def recorded(weeks: list[list[tuple[str | None, str]]]) -> list[Any]:
    """Events of a series, one week each."""
    events = []
    for n, rows in enumerate(weeks):
        day = date(2026, 1, 8) + timedelta(weeks=n)
        value = IndexValue(
            index="CRI-H100",
            publication_date=day,
            window_start=day - timedelta(days=7),
            window_end=day - timedelta(days=1),
            methodology="1.1-wp",
            value=sorted(Decimal(price) for _, price in rows)[len(rows) // 2],
            pooled=tuple(Decimal(price) for _, price in rows),
            sellers=tuple(seller for seller, _ in rows),
        )
        events.append(
            SimpleNamespace(effective_on=day, payload=SimpleNamespace(value=value.model_dump(mode="json")))
        )
    return events


def test_coverage_is_measured_in_both_scalings_with_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    weeks: list[list[tuple[str | None, str]]] = []
    for n in range(4):
        listed: list[tuple[str | None, str]] = [
            (f"s{s}", f"{2 + s / 10 + n / 100:.6f}") for s in range(9) for _ in range(1 + s % 3)
        ]
        weeks.append([*listed, (None, "9.000000")])
    monkeypatch.setattr(measuring, "on_record", lambda *_: recorded(weeks))
    found = measuring.measured_coverage(None, "CRI-H100@1.1-wp", 20, lambda _: None)  # type: ignore[arg-type]
    data = found.as_data()
    assert (data["pairs"], data["sellers"], set(data["tables"])) == (36, 9, set(measuring.SCALINGS))
    assert [row["sellers"] for row in data["tables"]["as they are"]] == [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20]
    assert len(data["sha256"]) == 64
    assert not found.trusted(5)
    many = data["tables"]["as they are"][6]
    assert float(many["subsets"]["coverage"]) >= 0.8 > float(many["listings"]["coverage"]) - 0.2


def test_a_pool_that_is_too_small_is_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        measuring, "on_record", lambda *_: recorded([[("a", "2.000000"), ("b", "2.100000")]] * 3)
    )
    with pytest.raises(
        WrongUsage, match="has 6 pairs of a week and a seller and 2 sellers; a measurement needs 30 and 8"
    ):
        measuring.measured_coverage(None, "CRI-H100@1.1-wp", 20, lambda _: None)  # type: ignore[arg-type]


def test_a_print_of_record_holds_the_shadow_rate_and_says_nothing_where_no_seller_is_named() -> None:
    """By hand: sellers a and b at 2.00 and 3.00 in the only collection, so 2.50; two sellers' ends are their
    own prices and cover half.
    """
    value = IndexValue.model_validate(
        {
            **recorded([[("a", "2.000000")]])[0].payload.value,
            "shadow": {"rate": "2.5000", "low": "2.0000", "high": "3.0000", "covers": "0.5000", "sellers": 2},
        }
    )
    assert value.model_dump(mode="json")["shadow"]["rate"] == "2.5000"
    assert "shadow" not in value.model_copy(update={"shadow": None}).model_dump(mode="json")


def test_the_real_snapshots_are_too_few_to_measure_on(
    monkeypatch: pytest.MonkeyPatch, snapshots_folder: Path
) -> None:
    """The two weeks beside the checkout have six sellers and eight; nine different ones."""
    paths = [snapshots_folder / "2026-02-26.csv", *sorted((snapshots_folder / "snapshots").iterdir())]
    snapshots = [read_snapshot(path.read_bytes(), path.name) for path in paths]
    values = [
        compute(definition("CRI-H100"), load_methodology("1.1-wp"), snapshots, end)
        for end in (date(2026, 3, 4), date(2026, 3, 11))
    ]
    events = [
        SimpleNamespace(
            effective_on=one.publication_date, payload=SimpleNamespace(value=one.model_dump(mode="json"))
        )
        for one in values
    ]
    monkeypatch.setattr(measuring, "on_record", lambda *_: events)
    with pytest.raises(
        WrongUsage, match="has 14 pairs of a week and a seller and 9 sellers; a measurement needs 30 and 8"
    ):
        measuring.measured_coverage(None, "CRI-H100@1.1-wp", 20, lambda _: None)  # type: ignore[arg-type]
