"""Administrators' files as they lie: the known forms, a form by a map alone, daily values until they are
final (`rulings.md` 62).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.market.administrator_series import SeriesKnown, SeriesQuestions, SeriesRead, read_series
from engine.market.series_map import SeriesMap, shipped_maps
from tests.conftest import shared

DAILY = "CRI-T3-H100-SXM-GTD-OD-US"
HEAD = "series_id,as_of_date,price_median,promotion_status,price_headline\n"
LATE = datetime(2026, 9, 1, tzinfo=UTC)


def row(day: str, value: str) -> str:
    return f"{DAILY},{day},{value},Shadow,{value}\n"


def taken(text: str, now: datetime = LATE, known: SeriesKnown | None = None, **more: Any) -> SeriesRead:
    return read_series(HEAD + text, "s.csv", DAILY, known or SeriesKnown(), now, **more)


def after(*reads: SeriesRead, restated: frozenset[date] = frozenset()) -> SeriesKnown:
    """What is on record once files have been read."""
    newest = {one.publication_date: one.model_dump(mode="json") for found in reads for one in found.values}
    return SeriesKnown(
        newest,
        {one.publication_date: one.model_dump(mode="json") for found in reads for one in found.provisional},
        restated,
    )


@pytest.fixture
def forms() -> Path:
    found = shared()
    if found is None:
        pytest.skip("the forms are not beside this checkout")
    return found / "data" / "forms"


@pytest.mark.parametrize(
    ("file", "index", "form", "values"),
    [
        ("cri-h100-index.csv", "CRI-H100", "cri-h100-index", 2),
        ("rates_daily.csv", DAILY, "rates-daily", 8),
        ("rates_history.csv", DAILY, "rates-history", 8),
    ],
)
def test_the_known_forms_are_read_as_they_lie(
    forms: Path, file: str, index: str, form: str, values: int
) -> None:
    found = read_series((forms / file).read_text(encoding="utf-8"), file, index, SeriesKnown(), LATE)
    assert found.problems == []
    assert found.form is not None
    assert (found.form.name, len(found.values), found.findings) == (form, values, [])
    assert {one.source for one in found.values} == {"published by the administrator"}
    if found.form.cadence == "daily":
        assert all(one.window_start == one.publication_date == one.window_end for one in found.values)
        assert not any(one.provisional for one in found.values)


def test_a_file_of_another_index_is_refused_and_an_alias_takes_it(forms: Path) -> None:
    text = (forms / "rates_daily.csv").read_text(encoding="utf-8")
    assert [one.code for one in read_series(text, "s.csv", "CRI-H100", SeriesKnown(), LATE).problems] == [
        "I109"
    ]
    own = SeriesMap(aliases=(DAILY,))
    found = read_series(text, "s.csv", "CRI-H100", SeriesKnown(), LATE, own)
    assert (len(found.values), {one.index for one in found.values}) == (8, {"CRI-H100"})
    assert found.form is not None
    assert (found.form.aliases, found.form.cadence) == ((DAILY,), "daily")


def test_any_other_daily_index_is_read_by_a_map_alone() -> None:
    own = SeriesMap(
        cadence="daily",
        columns={"publication_date": "date", "value": "px"},
        zone="Europe/London",
        licence="written",
    )
    found = read_series(
        "date,px,other\n2026-07-14,2.5,x\n", "s.csv", "EXCHANGE-H100", SeriesKnown(), LATE, own
    )
    (one,) = found.values
    assert (one.index, one.value, one.cadence, one.final_at) == (
        "EXCHANGE-H100",
        Decimal("2.5"),
        "daily",
        datetime.fromisoformat("2026-07-15T00:00:00+01:00"),
    )
    lacking = read_series("day,px\n2026-07-14,2.5\n", "s.csv", "EXCHANGE-H100", SeriesKnown(), LATE, own)
    assert [(one.code, one.what) for one in lacking.problems] == [("I101", "the series lacks date")]


def test_a_daily_value_is_provisional_until_its_day_is_over() -> None:
    """Thursday 2.8900 at 11:00, 2.9750 final at midnight."""
    at_eleven = datetime(2026, 7, 16, 16, tzinfo=UTC)
    first = taken(row("2026-07-15", "2.8400") + row("2026-07-16", "2.8900"), at_eleven)
    assert [(one.publication_date.day, one.value) for one in first.values] == [(15, Decimal("2.8400"))]
    assert [(one.value, one.provisional, one.print) for one in first.provisional] == [
        (Decimal("2.8900"), True, 1)
    ]
    revised = taken(row("2026-07-16", "2.9100"), at_eleven + timedelta(hours=2), after(first))
    assert [(one.value, one.print) for one in revised.provisional] == [(Decimal("2.9100"), 2)]
    final = taken(row("2026-07-16", "2.9750"), at_eleven + timedelta(days=1), after(first, revised))
    assert [(one.value, one.provisional, one.print) for one in final.values] == [
        (Decimal("2.9750"), False, 1)
    ]
    assert final.findings == []


def test_a_change_after_a_day_was_final_is_a_finding_unless_it_is_announced() -> None:
    known = after(taken(row("2026-07-15", "2.8400")))
    changed = taken(row("2026-07-15", "2.8500"), known=known)
    assert (changed.values, [(one.what, one.was, one.now) for one in changed.findings]) == (
        [],
        [("changed after it was final", Decimal("2.8400"), Decimal("2.8500"))],
    )
    announced = SeriesKnown(known.newest, known.seen, frozenset({date(2026, 7, 15)}))
    assert [(one.value, one.print) for one in taken(row("2026-07-15", "2.8500"), known=announced).values] == [
        (Decimal("2.8500"), 2)
    ]


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("28.40", True),
        ("284", True),
        ("2840.0", True),
        ("0.2840", True),
        ("29.8", True),
        ("32", False),
        ("5.7", False),
    ],
)
def test_only_a_step_by_a_factor_of_ten_a_hundred_or_a_thousand_is_asked_about(
    value: str, asked: bool
) -> None:
    text = row("2026-07-14", "2.8400") + row("2026-07-15", value) + row("2026-07-16", "2.8600")
    found = taken(text)
    assert [one.publication_date.day for one in found.findings] == ([15] if asked else [])
    assert len(found.values) == (2 if asked else 3)
    assert len(taken(text, answered=SeriesQuestions(unit_slips=True)).values) >= 2


def test_a_value_that_is_not_stated_flagged_is_not_flagged_and_the_version_is_opaque() -> None:
    head = "series_id,as_of_date,price_headline,n_observations,methodology_version\n"
    found = read_series(f"{head}{DAILY},2026-07-14,2.5,9,v2.3.1\n", "s.csv", DAILY, SeriesKnown(), LATE)
    assert [(one.methodology, one.observations, one.low_confidence) for one in found.values] == [
        ("v2.3.1", 9, False)
    ]


def test_each_map_has_its_own_hash() -> None:
    assert len({one.sha256 for one in shipped_maps()}) == len(shipped_maps()) == 4


def test_a_form_that_says_less_is_no_change_of_what_another_said() -> None:
    """The history of a series has neither counts nor versions."""
    head = "series_id,as_of_date,price_headline,n_observations,methodology_version\n"
    known = after(
        read_series(f"{head}{DAILY},2026-07-15,2.84,9,v2.3.1\n", "s.csv", DAILY, SeriesKnown(), LATE)
    )
    again = taken(row("2026-07-15", "2.8400"), known=known)
    assert (again.values, again.findings) == ([], [])
