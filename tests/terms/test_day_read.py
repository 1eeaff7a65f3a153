"""How a deal reads a daily series: Wednesday's value in Thursday's notice, or Thursday's in Friday's
(`rulings.md` 62).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.determination.day_read import LAST_FINAL, ON_THE_DATE, daily_readings
from engine.events.rates import Published

THURSDAY = date(2026, 7, 16)
CHICAGO = timedelta(hours=5)
SIX = datetime(2026, 7, 16, 22, tzinfo=UTC)
"""18:00 in New York."""


def midnight(day: date) -> datetime:
    """When a day's value is final: its end in Chicago."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + CHICAGO


def value(day: date, rate: str, print_: int = 1) -> tuple[datetime, Published]:
    one = Published(
        index="X", publication_date=day, value=Decimal(rate), print=print_, final_at=midnight(day)
    )
    return midnight(day) + timedelta(hours=1), one


WEDNESDAY, FRIDAY = THURSDAY - timedelta(days=1), THURSDAY + timedelta(days=1)
DAILY = [value(date(2026, 7, 14), "2.8100"), value(WEDNESDAY, "2.8400"), value(THURSDAY, "2.9750")]


def read(
    daily: list[tuple[datetime, Published]], how: str, cut_off: datetime = SIX
) -> list[tuple[date, str | None, date | None]]:
    found = daily_readings(daily, [THURSDAY], lambda _: how, lambda _: cut_off)
    return [
        (one.publication_date, None if one.value is None else str(one.value), one.read_of) for _, one in found
    ]


def test_the_last_day_final_at_the_cut_off_is_wednesday() -> None:
    assert read(DAILY, LAST_FINAL) == [(THURSDAY, "2.8400", WEDNESDAY)]


def test_the_publication_date_is_thursday_and_waits_until_it_is_final() -> None:
    assert read(DAILY[:2], ON_THE_DATE) == []
    assert read(DAILY, ON_THE_DATE) == [(THURSDAY, "2.9750", THURSDAY)]


def test_a_cut_off_after_midnight_reads_thursday() -> None:
    assert read(DAILY, LAST_FINAL, midnight(THURSDAY)) == [(THURSDAY, "2.9750", THURSDAY)]


def test_every_print_of_the_day_that_is_read_comes_with_it() -> None:
    again = [*DAILY, value(WEDNESDAY, "2.8500", 2)]
    assert [one for _, one, _ in read(again, LAST_FINAL)] == ["2.8400", "2.8500"]


@pytest.mark.parametrize("how", [LAST_FINAL, ON_THE_DATE])
def test_a_value_older_than_the_week_is_none(how: str) -> None:
    assert read([value(date(2026, 7, 9), "2.8000")], how) == []


def test_a_holiday_has_no_value_once_a_later_day_has_one() -> None:
    """Thanksgiving: nothing on the Thursday, a value on the Friday."""
    assert read([DAILY[1], value(FRIDAY, "2.9000")], ON_THE_DATE) == [(THURSDAY, None, None)]
    assert read([DAILY[1], value(FRIDAY, "2.9000")], LAST_FINAL) == [(THURSDAY, "2.8400", WEDNESDAY)]


def test_a_silence_on_record_stands_where_nothing_is_read() -> None:
    silent = (SIX, Published(index="X", publication_date=THURSDAY, value=None))
    assert read([silent], LAST_FINAL) == [(THURSDAY, None, None)]
