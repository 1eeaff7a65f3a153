"""Dates from terms and calendars: the same by the day as over a stretch, and periods in the units in which they are written."""

from __future__ import annotations

from datetime import date

import pytest

from engine.calendar import load_calendar
from engine.terms.phrases import Period, PeriodUnit
from engine.terms.schedule import counted, earlier

CALENDAR = load_calendar("us-federal-reserve")


@pytest.mark.parametrize(
    ("count", "unit", "first"),
    [
        (14, "days", date(2026, 5, 17)),
        (2, "weeks", date(2026, 5, 17)),
        (1, "months", date(2026, 4, 30)),
        (3, "months", date(2026, 2, 28)),
        (1, "years", date(2025, 5, 31)),
    ],
)
def test_a_calendar_period_reaches_back_in_its_own_unit(count: int, unit: PeriodUnit, first: date) -> None:
    assert earlier(date(2026, 5, 31), Period(count, unit)) == first


@pytest.mark.parametrize(
    ("count", "unit", "sign", "last"),
    [
        (5, "business days", 1, date(2026, 7, 8)),
        (5, "days", 1, date(2026, 7, 6)),
        (1, "weeks", 1, date(2026, 7, 8)),
        (1, "business days", -1, date(2026, 6, 30)),
    ],
)
def test_a_deadline_is_counted_in_its_own_unit(count: int, unit: PeriodUnit, sign: int, last: date) -> None:
    assert counted(date(2026, 7, 1), Period(count, unit), CALENDAR.add, sign) == last


@pytest.mark.parametrize("unit", ["months", "publication dates"])
def test_a_deadline_in_another_unit_is_never_counted_as_days(unit: PeriodUnit) -> None:
    with pytest.raises(KeyError):
        counted(date(2026, 7, 1), Period(1, unit), CALENDAR.add)
