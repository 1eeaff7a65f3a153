"""Weeks of a stated path that have no value are counted in the answer, and a day between them is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.calling import headroom
from tests.conftest import DEALS

MERIDIAN = str(DEALS / "meridian-2026-1.yaml")
UNTIL = ("--until", "2026-02-15", "--scenario", "A")
SENTENCE = (
    "On curve.csv CRI-H100 has no value on 4 of 6 Publication Dates, 3 of them for want of a row. Such a week is "
    "a week without publication."
)


@pytest.fixture
def curve(tmp_path: Path) -> str:
    """Six Thursdays lie between the Closing Date and 15 February: two have a value, one an empty cell."""
    path = tmp_path / "curve.csv"
    path.write_text("date,rate\n2026-01-08,2.10\n2026-01-22,\n2026-02-12,2.00\n", encoding="utf-8")
    return str(path)


def test_a_stress_counts_the_weeks_without_a_value_and_without_a_row(curve: str, tmp_path: Path) -> None:
    assert f"NO VALUE: {SENTENCE}" in headroom("stress", MERIDIAN, "--rates", curve, *UNTIL).stdout
    page = tmp_path / "page.html"
    done = headroom("stress", MERIDIAN, "--rates", curve, *UNTIL, "--json", "--into", str(page))
    found = {one["path"]: one["unpublished"] for one in json.loads(done.stdout)["outcomes"]}
    assert found["curve.csv"] == {"CRI-H100": {"of": 6, "without": 4, "no_row": 3}}
    assert found["A middle 1.0x"] == {}
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert SENTENCE in text


def test_a_comparison_and_a_grid_say_so_too(curve: str) -> None:
    term = "covenants.cash-sweep.level=USD 1.60 per GPU-hour"
    assert SENTENCE in headroom("compare", MERIDIAN, "--term", term, "--rates", curve, *UNTIL).stdout
    axes = ("--x", "covenants.ltv.multiple=1.5", "--y", "covenants.cash-sweep.level=1.50")
    assert SENTENCE in headroom("grid", MERIDIAN, *axes, "--rates", curve, *UNTIL).stdout


def test_a_week_left_out_on_purpose_is_counted_and_every_week_with_a_value_needs_no_word() -> None:
    said = headroom("stress", MERIDIAN, *UNTIL, "--missing", "2026-01-22").stdout
    assert "On A middle 1.0x CRI-H100 has no value on 1 of 6 Publication Dates. Such a week" in said
    assert "NO VALUE" not in headroom("stress", MERIDIAN, *UNTIL).stdout


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("2026-01-23", "the nearest are 2026-01-22 and 2026-01-29"),
        ("2026-01-21", "the nearest are 2026-01-15 and 2026-01-22"),
        ("2026-01-01", "the path has the Publication Dates after 2026-01-06 up to 2026-02-15"),
        ("2026-02-19", "the path has the Publication Dates after 2026-01-06 up to 2026-02-15"),
    ],
)
def test_a_day_that_is_no_publication_date_of_the_path_is_refused(missing: str, said: str) -> None:
    done = headroom("stress", MERIDIAN, *UNTIL, "--missing", missing)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_a_curve_that_ends_before_closing_is_refused_without_an_impossible_advice(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text("date,rate\n2025-01-09,2.10\n2025-01-16,2.00\n", encoding="utf-8")
    done = headroom("stress", MERIDIAN, "--rates", str(path), *UNTIL)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "closes on 2026-01-06; a path has the rates of the Thursdays after closing" in said
    assert "--until" not in said
