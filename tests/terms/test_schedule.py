"""Dates from terms and calendars: the same by the day as over a stretch, and periods in the units in which
they are written.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from engine.basics.calendar import load_calendar
from engine.evaluation.inputs import PAYMENT, kinds_of
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import counted, earlier, next_determination_date, payment_dates
from engine.terms.in_force import TermsInForce
from engine.terms.periods import Period, PeriodUnit
from tests.terms.formats import in_format_1

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
        (2, "months", 1, date(2026, 9, 1)),
        (1, "months", -1, date(2026, 6, 1)),
    ],
)
def test_a_deadline_is_counted_in_its_own_unit(count: int, unit: PeriodUnit, sign: int, last: date) -> None:
    assert counted(date(2026, 7, 1), Period(count, unit), CALENDAR.add, sign) == last


def test_a_deadline_in_months_ends_on_the_last_day_of_a_shorter_month() -> None:
    assert counted(date(2026, 1, 31), Period(1, "months"), CALENDAR.add) == date(2026, 2, 28)


@pytest.mark.parametrize("unit", ["years", "publication dates", "determination dates"])
def test_a_deadline_in_another_unit_is_never_counted_as_days(unit: PeriodUnit) -> None:
    with pytest.raises(KeyError):
        counted(date(2026, 7, 1), Period(1, unit), CALENDAR.add)


MOVED = "payment_dates: {every: month, day: 15, if_not_a_business_day: next business day"


def paid(load: Callable[[str], Deal], text: str, day: int, roll: str, every: str = "month") -> TermsInForce:
    assert MOVED in text
    deal = load(
        in_format_1(text).replace(
            MOVED, f"payment_dates: {{every: {every}, day: {day}, if_not_a_business_day: {roll}"
        )
    )
    return resolve(deal, deal.closing_date)


@pytest.mark.parametrize(
    "roll", ["same day", "next business day", "previous business day", "modified following"]
)
@pytest.mark.parametrize("day", [1, 15, 28, 31])
@pytest.mark.parametrize("every", ["month", "quarter"])
def test_payment_dates_by_the_day_are_those_of_the_range(
    load: Callable[[str], Deal], meridian_text: str, every: str, day: int, roll: str
) -> None:
    terms = paid(load, meridian_text, day, roll, every)
    first, last = date(2026, 1, 1), date(2028, 12, 31)
    whole = payment_dates(terms, CALENDAR, first, last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert tuple(one for one in days if payment_dates(terms, CALENDAR, one, one)) == whole
    months = [
        (year, month) for year in range(2025, 2030) for month in range(1, 13, 1 if every == "month" else 3)
    ]
    moved = [
        CALENDAR.roll(date(year, month, min(day, monthrange(year, month)[1])), roll) for year, month in months
    ]
    assert whole == tuple(one for one in moved if first <= one <= last)


@pytest.mark.parametrize("roll", ["previous business day", "modified following"])
def test_a_payment_date_that_is_moved_back_is_one_on_the_day_to_which_it_is_moved(
    load: Callable[[str], Deal], meridian_text: str, roll: str
) -> None:
    terms = paid(load, meridian_text, 31, roll)
    for day in (date(2026, 1, 30), date(2026, 5, 29), date(2026, 10, 30)):
        assert PAYMENT in kinds_of(terms, CALENDAR, day, ())


@pytest.mark.parametrize("every", ["Thursday", "month", "quarter"])
def test_the_next_determination_date_is_found_however_far_off_the_first_is(
    load: Callable[[str], Deal], meridian_text: str, every: str
) -> None:
    day = "" if every == "Thursday" else "day: 9, "
    text = in_format_1(meridian_text).replace(
        "{every: Thursday, if_not", f"{{every: {every}, {day}first: 2026-07-09, if_not"
    )
    terms = resolve(load(text), date(2026, 1, 7))
    assert next_determination_date(terms, CALENDAR, date(2026, 1, 7)) == date(2026, 7, 9)
    following = {"Thursday": date(2026, 7, 16), "month": date(2026, 8, 9), "quarter": date(2026, 10, 9)}[
        every
    ]
    assert next_determination_date(terms, CALENDAR, date(2026, 7, 9)) == following
