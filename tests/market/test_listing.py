"""Where a Qualifying Listing is decided: every rule at its edge, every malformed offer by its own reason."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.index import compute, definition
from engine.market.listing import Observation, qualifying
from engine.market.methodology import load_methodology
from engine.market.outliers import without_outliers
from engine.market.snapshot import read_snapshot
from engine.workspace.workspace import create, opened
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
    found = qualifying(read_snapshot(document([made]), "s.json"), "H100 SXM", ("US",), V111)
    assert found.excluded == ({rule: 1} if rule else {})
    assert len(found.observations) == (0 if rule else 1)


@pytest.mark.parametrize("raw", ["7", '"text"', "null", "[]", "true"])
def test_an_offer_that_is_no_object_never_stops_the_day(raw: str) -> None:
    text = document([offer()]).decode().replace("[{", f"[{raw}, {{", 1)
    found = qualifying(read_snapshot(text.encode(), "s.json"), "H100 SXM", ("US",), V111)
    assert (found.excluded, len(found.observations)) == ({"malformed": 1}, 1)


def test_a_price_is_rounded_half_to_even_from_the_digits_that_were_quoted() -> None:
    quoted = [
        (0.0000005, 1),
        (0.0000015, 1),
        (0.00000050000000001, 1),
        (0.0000025, 1),
        (1.0, 3),
        (2.0, 3),
        (1.735, 1),
        (4.0, 1.5),
    ]
    made = [offer(dph_total=total, num_gpus=gpus) for total, gpus in quoted]
    found = qualifying(read_snapshot(document(made), "s.json"), "H100 SXM", ("US",), V111)
    assert [one.micro for one in found.observations] == [2, 1, 2, 333_333, 666_667, 1_735_000, 2_666_667]
    assert found.excluded == {"price": 1}


def test_the_largest_price_still_has_a_value_and_an_interval() -> None:
    high = [offer(dph_total=9.2e12, host_id=n) for n in range(10)]
    value = compute(
        definition("CRI-H100"), V111, [read_snapshot(document(high), "s.json")], date(2026, 3, 4)
    ).value
    assert value == Decimal("4600000000000.0000")


HEAD = "gpu_name,num_gpus,dph_total,geolocation,collected_utc\n"
ROW = 'H100 SXM,2,4.0,"Texas, US",2026-03-04T15:00:00+00:00\n'


def test_a_day_of_observations_takes_rules_one_to_six_as_applied() -> None:
    rows = HEAD + ROW + ROW.replace("4.0", "0")
    found = qualifying(read_snapshot(rows.encode(), "day.csv"), "H100 SXM", ("US",), V111)
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


@pytest.mark.parametrize(
    ("stated", "length", "cut"),
    [
        (None, 63, False),
        (None, 64, True),
        (None, 65, False),
        (None, 1000, False),
        (100, 99, False),
        (100, 100, True),
        (100, 64, False),
    ],
)
def test_a_list_is_cut_where_its_length_equals_the_limit(stated: int | None, length: int, cut: bool) -> None:
    more = {} if stated is None else {"limit": stated}
    found = qualifying(
        read_snapshot(document([offer()] * length, **more), "a.json"), "H100 SXM", ("US",), V111
    )
    assert (found.offers, found.truncated) == (length, cut)


def test_a_longer_whole_list_supersedes_a_shorter_one() -> None:
    sixty = read_snapshot(document([offer(dph_total=4.0)] * 60), "a.json")
    seventy = read_snapshot(document([offer(dph_total=6.0)] * 70, AT + timedelta(hours=1)), "b.json")
    assert compute(definition("CRI-H100"), V111, [sixty, seventy], date(2026, 3, 4)).value == Decimal(
        "3.0000"
    )


def test_rows_of_one_model_say_nothing_of_another() -> None:
    """The H100-only table of a day neither stands for the H200 nor is among its inputs; nor does an answer
    without its list.
    """
    twelve = [offer(gpu_name="H200", dph_total=6.0) for _ in range(12)]
    raw = read_snapshot(
        document([offer()], offers_by_model={"H100 SXM": [offer()], "H200": twelve}), "a.json"
    )
    table = read_snapshot((HEAD + ROW.replace("T15", "T16") * 8).encode(), "day.csv")
    silent = read_snapshot(document([], AT + timedelta(hours=2), offers_by_model={}), "b.json")
    other = read_snapshot(document([offer()] * 9, AT + timedelta(hours=3)), "c.json")
    value = compute(definition("CRI-H200"), V111, [raw, table, silent, other], date(2026, 3, 4))
    assert (value.days[-1].qualifying, value.inputs) == (12, (raw.sha256,))
    assert compute(definition("CRI-H100"), V111, [table], date(2026, 3, 4)).inputs == (table.sha256,)
    nothing = compute(definition("CRI-H200"), V111, [table, silent], date(2026, 3, 4))
    assert (nothing.inputs, nothing.low_confidence_reasons) == (
        (),
        ("no snapshot was collected in the week",),
    )


def test_an_empty_list_of_the_model_is_an_answer_and_stands() -> None:
    full = read_snapshot(document([offer()] * 9), "a.json")
    empty = read_snapshot(document([], AT + timedelta(hours=1)), "b.json")
    value = compute(definition("CRI-H100"), V111, [full, empty], date(2026, 3, 4))
    assert (value.value, value.inputs) == (None, (empty.sha256,))


def test_a_week_below_the_minimum_has_no_value_or_is_pooled_by_version() -> None:
    few = read_snapshot(document([offer(dph_total=2.0 + n / 10) for n in range(3)]), "a.json")
    strict = compute(definition("CRI-H100"), V111, [few], date(2026, 3, 4))
    paper = compute(definition("CRI-H100"), load_methodology("1.1-wp"), [few], date(2026, 3, 4))
    assert (strict.value, strict.observations, strict.valid_days, strict.low_confidence) == (None, 0, 0, True)
    assert paper.value == Decimal("1.0500")
    assert paper.low_confidence
    assert any("pooled" in reason for reason in paper.low_confidence_reasons)


def test_rows_that_name_no_host_are_one_seller_in_every_figure_of_sellers() -> None:
    """Rows without hosts on two days, eight listings of two hosts on the third: the rows are the largest
    seller of all.
    """
    table, other = (
        read_snapshot((HEAD + ROW.replace("03-04", day) * 10).encode(), "day.csv")
        for day in ("03-03", "03-02")
    )
    raw = read_snapshot(document([offer(host_id=n % 2, machine_id=n) for n in range(8)]), "a.json")
    mixed = compute(definition("CRI-H100"), V111, [table, other, raw], date(2026, 3, 4))
    assert (mixed.hosts, mixed.machines, mixed.hosts_at_least) == (2, 8, True)
    assert mixed.largest_host_share == Decimal("0.7143")
    assert mixed.effective_sellers == Decimal("1.81")  # 28 squared over 400 + 16 + 16
    alone = compute(definition("CRI-H100"), V111, [table], date(2026, 3, 4))
    assert alone.value is not None
    assert (alone.hosts, alone.machines, alone.largest_host_share, alone.effective_sellers) == (
        None,
        None,
        None,
        None,
    )


def test_what_is_printed_of_a_week_names_no_figure_that_is_not_there() -> None:
    from engine.cli.show.index import _dispersion
    from engine.queries.index_weeks import IndexWeek

    table = read_snapshot((HEAD + ROW * 8).encode(), "day.csv")
    said = list(
        _dispersion(IndexWeek(compute(definition("CRI-H100"), V111, [table], date(2026, 3, 4)), None))
    )
    assert said[0].startswith("8 observations on 1 valid day; min 2.0000")
    assert said[-1] == "hosts, machines and the largest host's share: not known; the rows name none"
    nothing = IndexWeek(compute(definition("CRI-H100"), V111, [], date(2026, 3, 4)), None)
    assert list(_dispersion(nothing)) == ["0 observations on 0 valid days"]


def test_an_index_may_have_several_countries(tmp_path: Path) -> None:
    """The example of the settings is an index of the European Union: offers of two of its countries, and none
    from outside it.
    """
    create(tmp_path)
    settings = tmp_path / "headroom.toml"
    text = settings.read_text(encoding="utf-8")
    begins = text.index("# [[index]]")
    example, after = text[begins:].split("\n\n", 1)
    settings.write_text(f"{text[:begins]}{example.replace('# ', '')}\n\n{after}", encoding="utf-8")
    europe = opened(tmp_path).indices["CRI-H100-EU"]
    assert len(europe.countries) == 27
    places = ["Paris, FR"] * 4 + ["Berlin, DE"] * 4 + ["Oslo, NO", ", US"]
    raw = read_snapshot(document([offer(geolocation=place) for place in places]), "a.json")
    value = compute(europe, V111, [raw], date(2026, 3, 4))
    assert value.days[-1].qualifying == 8
    assert value.country.startswith("AT, BE")
    assert compute(definition("CRI-H100"), V111, [raw], date(2026, 3, 4)).country == "US"


def test_a_median_that_rounds_to_nought_is_no_value() -> None:
    """Eight offers at USD 0.00004: a rate of nought would be divided by; the week is a non-publication with
    its reason.
    """
    tiny = read_snapshot(document([offer(dph_total=0.00008)] * 8), "a.json")
    value = compute(definition("CRI-H100"), V111, [tiny], date(2026, 3, 4))
    assert (value.value, value.low_confidence_reasons) == (
        None,
        ("the median, USD 0.00004 per GPU-hour, rounds to 0.0000",),
    )
    later = read_snapshot(document([offer(dph_total=0.00008)] * 9, AT + timedelta(hours=1)), "b.json")
    again = compute(definition("CRI-H100"), V111, [tiny, later], date(2026, 3, 4))
    assert [one.value for one in again.days[-1].snapshots] == [None, None]


def test_a_width_just_above_its_limit_prints_apart_from_it() -> None:
    from engine.market.index import _low_confidence, _Week

    paper = load_methodology("1.1-wp")
    week = _Week(definition("CRI-H100"), paper, date(2026, 2, 26), date(2026, 3, 4), None, (), ())
    said = _low_confidence(week, 40, Fraction(2502, 10_000), pooled_all=True)
    assert said[-1] == "the 95% interval is 25.02% of the value; more than 25%"
    assert _low_confidence(week, 40, Fraction(31, 100), pooled_all=False)[0] == "0 valid days; fewer than 3"


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
