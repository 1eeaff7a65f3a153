"""`depreciation` on series that were imported: what it compares, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from engine.commands.curves import _point, depreciation, precision
from engine.commands.series import import_series
from engine.errors import WrongUsage
from engine.record.log import Scribe
from engine.workspace import Workspace, create, opened

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
    lines = [f"{first + timedelta(weeks=n)},{value},false,40,{version}" for n, (value, version) in enumerate(rows)]
    path = desk.root / f"{index}.csv"
    path.write_text("publication_date,value,low_confidence,observations,methodology_version\n" + "\n".join(lines) + "\n", encoding="utf-8")
    import_series(desk, index, [path], Scribe("t", "t", NOW), as_json=True)


def shown(desk: Workspace, capsys: pytest.CaptureFixture[str], *, as_json: bool = True) -> str:
    capsys.readouterr()
    assert depreciation(desk, [H100, H200], H200, None, None, as_json) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("later", ["1.1.1", "1.1.0"])
def test_cri_d_needs_every_value_under_one_version(desk: Workspace, capsys: pytest.CaptureFixture[str], later: str) -> None:
    imported(desk, "CRI-H100", FIRST, [("3.0000", "1.1.1")] * 38 + [("2.0000", later)] * 60)
    imported(desk, "CRI-H200", FIRST + timedelta(weeks=38), [("4.0000", "1.1.1")] * 60)
    found = json.loads(shown(desk, capsys))["cri_d"]
    assert found["computed"] is (later == "1.1.1")
    assert found["computed"] or "CRI-H100@administrator has 60 under 1.1.0, 38 under 1.1.1" in found["lacking"][0]


def test_the_curve_is_given_point_by_point_and_by_month(desk: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1"), ("1.9000", "1.1.1"), ("", "1.1.1"), ("1.6000", "1.1.1"), ("1.5000", "1.1.1")])
    imported(desk, "CRI-H200", FIRST + timedelta(weeks=4), [("4.0000", "1.1.1")])
    points = json.loads(shown(desk, capsys))["series"][H100]["points"]
    assert [point["date"] for point in points] == [str(FIRST + timedelta(weeks=n)) for n in (0, 1, 3, 4)]
    assert [point["change"] for point in points] == ["+0.0000%", "-5.0000%", "-20.0000%", "-25.0000%"]
    lines = [line.split() for line in shown(desk, capsys, as_json=False).splitlines()]
    assert ["2024-07", "-20.00%", "-"] in lines
    assert ["2024-08", "-25.00%", "+0.00%"] in lines


def test_scenarios_show_both_shapes_and_the_useful_life_that_they_imply(desk: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    imported(desk, "CRI-H200", FIRST, [("4.0000", "1.1.1")])
    found = {one["scenario"]: one for one in json.loads(shown(desk, capsys))["scenarios"]}
    assert found["B"]["left"]["730 days"] == "36.0% to 49.0%"
    assert found["B"]["left_on_a_straight_line"]["730 days"] == "20.0% to 40.0%"
    assert found["B"]["implied_lives"]["straight line"] == ["2.5 years to nothing", "3.3 years to nothing"]
    text = shown(desk, capsys, as_json=False)
    assert "useful life that B implies: 2.5 years to nothing, or 3.3 years to nothing; the paper says 3 to 4 years" in text


def test_equal_changes_of_rent_and_resale_are_said_to_be_equal() -> None:
    assert _point(FIRST, Fraction(-1, 5), Fraction(-1, 5), Fraction(0))["words"] == "rent and resale have changed alike"
    assert _point(FIRST, Fraction(-1, 5), Fraction(-1, 10), Fraction(-1, 10))["words"] == "rent has fallen more than resale"


def test_precision_without_a_computed_series_is_refused(desk: Workspace) -> None:
    imported(desk, "CRI-H100", FIRST, [("2.0000", "1.1.1")])
    with pytest.raises(WrongUsage, match="no computed series yet"):
        precision(desk, [], as_json=True)
