"""Calendars against an independent oracle, and the boundary cases that people argue about."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.basics.calendar import OutsideTable, known_calendars, load_calendar
from engine.basics.errors import WrongUsage
from engine.basics.machine_clock import FIRST_YEAR, LAST_YEAR

ORACLES = {
    "us-federal-reserve": "FederalReserve",
    "new-york-banks": "FederalReserve",
    "nyse": "NYSE",
    "us-sifma": "GovernmentBond",
    "us-federal-holidays": "Settlement",
    "target": "TARGET",
}
EXPLAINED = {
    ("us-federal-holidays", date(2021, 6, 18)): "Juneteenth was first observed the day after it became law"
}


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_every_day_of_51_years_agrees_with_the_oracle(name: str) -> None:
    quantlib = pytest.importorskip("QuantLib")
    oracle = (
        quantlib.TARGET()
        if name == "target"
        else quantlib.UnitedStates(getattr(quantlib.UnitedStates, ORACLES[name]))
    )
    calendar = load_calendar(name)
    day, differences = calendar.first, []
    while day <= calendar.last:
        if calendar.is_business_day(day) != oracle.isBusinessDay(quantlib.Date(day.day, day.month, day.year)):
            differences.append((name, day))
        day += timedelta(days=1)
    assert set(differences) == {key for key in EXPLAINED if key[0] == name}


@pytest.mark.parametrize("name", sorted(ORACLES))
@pytest.mark.parametrize(
    ("rule", "quantlib_rule"),
    [
        ("next business day", "Following"),
        ("previous business day", "Preceding"),
        ("modified following", "ModifiedFollowing"),
    ],
)
def test_rolling_agrees_with_the_oracle(name: str, rule: str, quantlib_rule: str) -> None:
    quantlib = pytest.importorskip("QuantLib")
    oracle = (
        quantlib.TARGET()
        if name == "target"
        else quantlib.UnitedStates(getattr(quantlib.UnitedStates, ORACLES[name]))
    )
    calendar, day = load_calendar(name), date(2022, 1, 3)
    while day < date(2060, 12, 20):
        found = oracle.adjust(quantlib.Date(day.day, day.month, day.year), getattr(quantlib, quantlib_rule))
        assert calendar.roll(day, rule) == date(found.year(), found.month(), found.dayOfMonth()), day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("calendar", "day", "closed"),
    [
        ("us-federal-reserve", date(2026, 11, 26), "Thanksgiving Day"),
        ("nyse", date(2026, 11, 26), "Thanksgiving Day"),
        ("nyse", date(2026, 4, 3), "Good Friday"),
        ("us-federal-reserve", date(2026, 4, 3), None),
        ("us-sifma", date(2026, 4, 3), None),  # an early close is a Business Day
        ("us-sifma", date(2025, 4, 18), "Good Friday"),
        ("us-federal-reserve", date(2026, 7, 3), None),  # Saturday's holiday is not kept on Friday
        ("us-federal-holidays", date(2026, 7, 3), "Independence Day"),
        ("nyse", date(2026, 7, 3), "Independence Day"),
        ("us-federal-reserve", date(2027, 6, 18), None),  # Juneteenth 2027 is a Saturday
        ("nyse", date(2027, 6, 18), "Juneteenth National Independence Day"),
        ("us-federal-reserve", date(2026, 10, 12), "Columbus Day"),
        ("nyse", date(2026, 10, 12), None),
        ("us-sifma", date(2026, 11, 11), "Veterans Day"),
        ("nyse", date(2026, 11, 11), None),
        ("nyse", date(2025, 1, 9), "National day of mourning for President Carter"),
        ("nyse", date(2022, 6, 20), "Juneteenth National Independence Day"),
        ("us-federal-reserve", date(2023, 1, 2), "New Year's Day"),
    ],
)
def test_boundary_days(calendar: str, day: date, closed: str | None) -> None:
    assert load_calendar(calendar).why_not(day) == closed


@pytest.mark.parametrize(
    ("calendar", "start", "count", "end"),
    [
        ("us-federal-reserve", date(2026, 6, 30), 10, date(2026, 7, 14)),
        ("nyse", date(2026, 6, 30), 10, date(2026, 7, 15)),
        ("us-federal-reserve", date(2026, 1, 29), 10, date(2026, 2, 12)),
        ("us-federal-reserve", date(2026, 2, 5), 15, date(2026, 2, 27)),
        ("us-federal-reserve", date(2026, 2, 12), 30, date(2026, 3, 27)),
        ("us-federal-reserve", date(2026, 3, 5), -1, date(2026, 3, 4)),
        ("us-federal-reserve", date(2026, 3, 7), 0, date(2026, 3, 7)),
    ],
)
def test_business_days_are_counted_from_the_day_after(
    calendar: str, start: date, count: int, end: date
) -> None:
    assert load_calendar(calendar).add(start, count) == end


def test_later_years_are_marked_projected() -> None:
    calendar = load_calendar("nyse")
    assert not calendar.projected(date(2026, 1, 1), date(2026, 12, 31))
    assert calendar.projected(date(2033, 1, 1), date(2033, 12, 31))


def test_a_clock_is_believed_in_the_years_that_every_calendar_covers() -> None:
    covered = {(calendar.first, calendar.last) for calendar in map(load_calendar, known_calendars())}
    assert covered == {(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))}


def test_beyond_the_table_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(OutsideTable, match="2061"):
        load_calendar("nyse").is_business_day(date(2061, 1, 3))


def test_an_unknown_calendar_names_the_known_ones() -> None:
    with pytest.raises(WrongUsage, match="us-federal-reserve"):
        load_calendar("US")
    assert set(known_calendars()) == set(ORACLES)
