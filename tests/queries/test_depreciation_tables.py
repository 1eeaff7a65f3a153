"""`depreciation` on series that were imported: what it compares, and what it refuses."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show.curves import depreciation, precision
from engine.cli.show.series import import_series
from engine.queries.depreciation_tables import _point
from engine.record.log import Scribe
from engine.workspace.workspace import Workspace, create, opened

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
FIRST = date(2024, 7, 4)
H100, H200 = "CRI-H100@administrator", "CRI-H200@administrator"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workspace]:
    create(tmp_path)
    found = opened(tmp_path)
    yield found
    found.store.close()


def imported(desk: Workspace, index: str, first: date, rows: list[tuple[str, str]]) -> None:
    """Rows of (value, methodology version), one a week."""
    lines = [
        f"{first + timedelta(weeks=n)},{value},false,40,{version}" for n, (value, version) in enumerate(rows)
    ]
    path = desk.root / f"{index}.csv"
    path.write_text(
        "publication_date,value,low_confidence,observations,methodology_version\n" + "\n".join(lines) + "\n",
        encoding="utf-8",
    )
    import_series(desk, index, [path], Scribe("t", "t", NOW), as_json=True)


def shown(desk: Workspace, capsys: pytest.CaptureFixture[str], *, as_json: bool = True) -> str:
    capsys.readouterr()
    assert depreciation(desk, [H100, H200], H200, None, None, as_json) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("later", ["1.1.1", "1.1.0"])
def test_cri_d_needs_every_value_under_one_version(
    desk: Workspace, capsys: pytest.CaptureFixture[str], later: str
) -> None:
    imported(desk, "CRI-H100", FIRST, [("3.0000", "1.1.1")] * 38 + [("2.0000", later)] * 60)
    imported(desk, "CRI-H200", FIRST + timedelta(weeks=38), [("4.0000", "1.1.1")] * 60)
    found = json.loads(shown(desk, capsys))["cri_d"]
    assert found["computed"] is (later == "1.1.1")
    assert (
        found["computed"]
        or "CRI-H100@administrator has 60 under 1.1.0, 38 under 1.1.1" in found["lacking"][0]
    )


def test_the_curve_is_given_point_by_point_and_by_month(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(
        desk,
        "CRI-H100",
        FIRST,
        [("2.0000", "1.1.1"), ("1.9000", "1.1.1"), ("", "1.1.1"), ("1.6000", "1.1.1"), ("1.5000", "1.1.1")],
    )
    imported(desk, "CRI-H200", FIRST + timedelta(weeks=4), [("4.0000", "1.1.1")])
    points = json.loads(shown(desk, capsys))["series"][H100]["points"]
    assert [point["date"] for point in points] == [str(FIRST + timedelta(weeks=n)) for n in (0, 1, 3, 4)]
    assert [point["change"] for point in points] == ["+0.0000%", "-5.0000%", "-20.0000%", "-25.0000%"]
    lines = [line.split() for line in shown(desk, capsys, as_json=False).splitlines()]
    assert ["2024-07", "-20.00%", "-"] in lines
    assert ["2024-08", "-25.00%", "+0.00%"] in lines


def test_scenarios_show_both_shapes_and_the_useful_life_that_they_imply(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    imported(desk, "CRI-H200", FIRST, [("4.0000", "1.1.1")])
    found = {one["scenario"]: one for one in json.loads(shown(desk, capsys))["scenarios"]}
    assert found["B"]["left"]["730 days"] == "36.0% to 49.0%"
    assert found["B"]["left_on_a_straight_line"]["730 days"] == "20.0% to 40.0%"
    assert found["B"]["implied_lives"]["straight line"] == ["2.5 years to nothing", "3.3 years to nothing"]
    text = shown(desk, capsys, as_json=False)
    assert (
        "useful life that B implies: 2.5 years to nothing, or 3.3 years to nothing; the paper says 3 to 4 "
        "years" in text
    )


def test_equal_changes_of_rent_and_resale_are_said_to_be_equal() -> None:
    assert (
        _point(FIRST, Fraction(-1, 5), Fraction(-1, 5), Fraction(0))["words"]
        == "rent and resale have changed alike"
    )
    assert (
        _point(FIRST, Fraction(-1, 5), Fraction(-1, 10), Fraction(-1, 10))["words"]
        == "rent has fallen more than resale"
    )


def test_precision_without_a_computed_series_is_refused(desk: Workspace) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    with pytest.raises(WrongUsage, match="a computed series is not on record yet"):
        precision(desk, [], as_json=True)


# ---- every figure again, by hand from the paper's equations and its Table 4
# -----------------------------------------------

TABLE_4 = {
    "A": ("0.15", "0.20", "5 to 6 years"),
    "B": ("0.30", "0.40", "3 to 4 years"),
    "C": ("0.50", "0.70", "1.5 to 2 years"),
}
DAYS = (91, 182, 365, 548, 730, 1095)


def kept(decline: str, days: int, shape: str) -> Decimal:
    """What Table 4 leaves of a rate: by the power of a year's share, or by equal amounts until nothing is
    left.
    """
    if shape == "compound":
        return (1 - Decimal(decline)) ** (Decimal(days) / 365)
    return max(Decimal(0), 1 - Decimal(decline) * days / 365)


def percent(value: Decimal | Fraction, places: int = 1, sign: str = "") -> str:
    exact = Fraction(value) * 100
    return f"{Decimal(exact.numerator) / Decimal(exact.denominator):{sign}.{places}f}%"


def test_scenarios_are_the_powers_and_the_lines_of_table_4(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    imported(desk, "CRI-H200", FIRST, [("4.0000", "1.1.1")])
    found = {one["scenario"]: one for one in json.loads(shown(desk, capsys))["scenarios"]}
    assert set(found) == set(TABLE_4)
    for name, (low, high, life) in TABLE_4.items():
        one = found[name]
        assert one["band"] == f"{percent(Decimal(low), 0)} to {percent(Decimal(high), 0)} a year"
        assert one["useful_life"] == life
        for shape, left in (("compound", "left"), ("straight line", "left_on_a_straight_line")):
            assert one[left] == {
                f"{days} days": f"{percent(kept(high, days, shape))} to {percent(kept(low, days, shape))}"
                for days in DAYS
            }
        fifth = [
            f"{Decimal('0.2').ln() / (1 - Decimal(end)).ln():.1f} years to a fifth of the rate"
            for end in (high, low)
        ]
        assert one["implied_lives"]["compound"] == fifth
        assert one["implied_lives"]["straight line"] == [
            f"{1 / Decimal(end):.1f} years to nothing" for end in (high, low)
        ]


def test_scenarios_follow_one_another(desk: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """The paper's own sequence (WP §6.3): 18 months of A, then B, then C; what is left of what was left."""
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    capsys.readouterr()
    assert depreciation(desk, [H100], None, None, "A:548,B:365,C:365", as_json=True) == 0
    rows = json.loads(capsys.readouterr().out)["switching"]["rows"]
    slow, fast = Decimal(1), Decimal(1)
    for row, (name, days) in zip(rows, (("A", 548), ("B", 365), ("C", 365)), strict=True):
        slow, fast = (
            slow * kept(TABLE_4[name][0], days, "compound"),
            fast * kept(TABLE_4[name][1], days, "compound"),
        )
        assert (row["scenario"], row["left"]) == (name, f"{percent(fast)} to {percent(slow)}")
    assert [row["after"] for row in rows] == ["548 days", "913 days", "1278 days"]


@pytest.mark.parametrize("text", ["A:-5", "A:0", "A", "D:365", "A:365:9", "A:soon"])
def test_a_sequence_that_is_none_is_refused(desk: Workspace, text: str) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    with pytest.raises(WrongUsage, match="not a sequence of scenarios"):
        depreciation(desk, [H100], None, None, text, as_json=True)


def test_curves_and_their_spread_are_equations_1_to_3(
    desk: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    chance = random.Random(4)
    values = [f"{chance.uniform(1.2, 2.4):.4f}" if chance.random() > 0.1 or n == 0 else "" for n in range(60)]
    imported(desk, "CRI-H100", FIRST, [(value, "1.1.1") for value in values])
    known = [(FIRST + timedelta(weeks=n), Fraction(value)) for n, value in enumerate(values) if value]
    prices = [(FIRST + timedelta(days=3 + 31 * n), chance.randrange(9_000, 30_000)) for n in range(12)]
    quotes = tmp_path / "quotes.csv"
    quotes.write_text(
        "date,usd_per_gpu,source\n" + "".join(f"{day},{price},Broker A\n" for day, price in prices),
        encoding="utf-8",
    )
    capsys.readouterr()
    assert depreciation(desk, [H100], None, quotes, None, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    base = known[0][1]
    curve = found["series"][H100]
    assert curve["points"] == [
        {"date": str(day), "change": percent((value - base) / base, 4, "+")} for day, value in known
    ]
    assert curve["change"] == percent((known[-1][1] - base) / base, 2, "+")
    years = Decimal((known[-1][0] - known[0][0]).days) / 365
    ratio = known[-1][1] / base
    assert curve["annual_decline"] == percent(
        1 - (Decimal(ratio.numerator) / ratio.denominator) ** (1 / years)
    )
    for row, (day, price) in zip(found["resale"], prices, strict=True):
        now = [value for on, value in known if on <= day][-1]
        rent, sale = (now - base) / base, Fraction(price - prices[0][1], prices[0][1])
        assert (row["on"], row["rental"], row["resale"]) == (
            str(day),
            percent(rent, 2, "+"),
            percent(sale, 2, "+"),
        )
        assert row["spread"] == percent(rent - sale, 2, "+").replace("%", " points")
        assert ("rent has fallen more" in row["words"]) == (rent < sale)


@pytest.mark.parametrize("price", ["0", "-5", "nan", "Infinity", "cheap", "1_000", "\uff11\uff15"])
def test_a_quote_that_is_no_price_is_refused(desk: Workspace, tmp_path: Path, price: str) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    quotes = tmp_path / "quotes.csv"
    quotes.write_text(
        f"date,usd_per_gpu,source\n2024-07-04,{price},Broker A\n2024-08-01,20000,Broker A\n", encoding="utf-8"
    )
    with pytest.raises(WrongUsage, match="it needs the columns"):
        depreciation(desk, [H100], None, quotes, None, as_json=True)


@pytest.mark.parametrize(
    ("older", "newer", "refused"), [(98, 60, None), (98, 52, None), (98, 51, H200), (51, 60, H100)]
)
def test_cri_d_is_refused_below_52_weekly_values(
    desk: Workspace, capsys: pytest.CaptureFixture[str], older: int, newer: int, refused: str | None
) -> None:
    """WP §6.1 (c); the older generation has its 26 weeks before the newer one and 13 settled ones after."""
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")] * older)
    imported(desk, "CRI-H200", FIRST + timedelta(weeks=30), [("4.0000", "1.1.1")] * newer)
    found = json.loads(shown(desk, capsys))["cri_d"]
    assert (found["computed"], found["lacking"]) == (
        refused is None,
        [f"(c) 52 weekly values: {refused} has 51"] if refused else [],
    )
    assert ("CRI-D: refused: (c)" in shown(desk, capsys, as_json=False)) == (refused is not None)


def test_the_paper_s_transitions_stand_beside_its_own_words(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    imported(desk, "CRI-H200", FIRST, [("4.0000", "1.1.1")])
    found = {one["name"].partition(",")[0]: one for one in json.loads(shown(desk, capsys))["transitions"]}
    for name, first, last, years, stated in (
        ("V100 to A100", "2.48", "0.55", "5", "about 78%"),
        ("A100 to H100", "4.10", "1.29", "3", "about 69%"),
        ("H100 to the next", "9", "2.5", "1.5", "about 60 to 70%"),
    ):
        left = Decimal(last) / Decimal(first)
        assert (found[name]["fallen"], found[name]["annual"]) == (
            percent(left - 1),
            percent(1 - left ** (1 / Decimal(years))),
        )
        assert found[name]["stated"] == stated
    assert "(the paper says about 60 to 70%)" in shown(desk, capsys, as_json=False)
