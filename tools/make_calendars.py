"""Write the dated tables in `deals/calendars/`, 2010 to 2060, from the rules of each calendar.

Run once per published year: `.venv/bin/python tools/make_calendars.py`. The engine reads the tables only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

FIRST, LAST = 2010, 2060
PUBLISHED_UNTIL = 2027
"""The last year that all five sources have published; later years follow the rule and are marked projected.
"""
MONDAY, THURSDAY = 0, 3


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """Return the n-th weekday of a month, the last one for n = -1."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def easter(year: int) -> date:
    """Easter Sunday by the Gregorian rule (Meeus)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, g = b // 4, b % 4, (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def federal(year: int) -> Iterator[tuple[date, str]]:
    """Yield the public holidays of the United States on their own dates."""
    yield date(year, 1, 1), "New Year's Day"
    yield nth(year, 1, MONDAY, 3), "Birthday of Martin Luther King, Jr."
    yield nth(year, 2, MONDAY, 3), "Washington's Birthday"
    yield nth(year, 5, MONDAY, -1), "Memorial Day"
    if year >= 2021:
        yield date(year, 6, 19), "Juneteenth National Independence Day"
    yield date(year, 7, 4), "Independence Day"
    yield nth(year, 9, MONDAY, 1), "Labor Day"
    yield nth(year, 10, MONDAY, 2), "Columbus Day"
    yield date(year, 11, 11), "Veterans Day"
    yield nth(year, 11, THURSDAY, 4), "Thanksgiving Day"
    yield date(year, 12, 25), "Christmas Day"


def observed(day: date, saturday_moves: bool) -> date | None:
    """Return where a holiday is kept: Sunday's on Monday; Saturday's on Friday, or not at all."""
    if day.weekday() == 6:
        return day + timedelta(days=1)
    if day.weekday() == 5:
        return day - timedelta(days=1) if saturday_moves else None
    return day


def banks(year: int) -> Iterator[tuple[date, str]]:
    """Yield the Reserve Banks: a Saturday holiday is not kept on Friday; Juneteenth from 2022."""
    for day, reason in federal(year):
        if reason.startswith("Juneteenth") and year < 2022:
            continue
        kept = observed(day, saturday_moves=False)
        if kept:
            yield kept, reason


def offices(year: int) -> Iterator[tuple[date, str]]:
    """Yield the holidays of federal offices (5 U.S.C. 6103).

    A Saturday's holiday moves to Friday, and a Sunday's to Monday. New Year's Day may fall in December.
    """
    for day, reason in [*federal(year), (date(year + 1, 1, 1), "New Year's Day")]:
        kept = observed(day, saturday_moves=True)
        if kept and kept.year == year:
            yield kept, reason


def exchange(year: int) -> Iterator[tuple[date, str]]:
    """Yield the closing days of the NYSE (Rule 7.2).

    The exchange is open on Columbus Day and Veterans Day, and closed on Good Friday. New Year's Day never
    moves to December.
    """
    for day, reason in federal(year):
        if reason in ("Columbus Day", "Veterans Day") or (reason.startswith("Juneteenth") and year < 2022):
            continue
        kept = observed(day, saturday_moves=reason != "New Year's Day")
        if kept:
            yield kept, reason
    yield easter(year) - timedelta(days=2), "Good Friday"
    yield from (one for one in CLOSED_ONCE if one[0].year == year)


CLOSED_ONCE = (
    (date(2012, 10, 29), "Hurricane Sandy"),
    (date(2012, 10, 30), "Hurricane Sandy"),
    (date(2018, 12, 5), "National day of mourning for President George H. W. Bush"),
    (date(2025, 1, 9), "National day of mourning for President Carter"),
)
"""Days on which the exchange was closed by no rule."""
BONDS_CLOSED_ONCE = CLOSED_ONCE[1:3]
"""Those of them on which SIFMA recommended a full close; on the others it was an early one, or none."""


def sifma(year: int) -> Iterator[tuple[date, str]]:
    """Yield the days on which SIFMA recommends a full close for US bonds.

    They are those of the exchange, with Columbus Day and Veterans Day. Early closes are Business Days.
    """
    for day, reason in federal(year):
        if reason.startswith("Juneteenth") and year < 2022:
            continue
        kept = observed(day, saturday_moves=reason not in ("Veterans Day", "New Year's Day"))
        if kept:
            yield kept, reason
    good_friday = easter(year) - timedelta(days=2)
    if (
        good_friday.day > 7
    ):  # on a month's first Friday the employment report is due: an early close, a Business Day
        yield good_friday, "Good Friday"
    yield from (one for one in BONDS_CLOSED_ONCE if one[0].year == year)


def target(year: int) -> Iterator[tuple[date, str]]:
    """Yield the closing days of TARGET, the euro's payment system.

    They are the same in every country, and a closing day on a weekend does not move.
    """
    sunday = easter(year)
    for day, reason in (
        (date(year, 1, 1), "New Year's Day"),
        (sunday - timedelta(days=2), "Good Friday"),
        (sunday + timedelta(days=1), "Easter Monday"),
        (date(year, 5, 1), "Labour Day"),
        (date(year, 12, 25), "Christmas Day"),
        (date(year, 12, 26), "26 December"),
    ):
        if day.weekday() < 5:
            yield day, reason


CALENDARS = {
    "us-federal-reserve": (banks, "Federal Reserve Board, Holidays Observed (K.8)"),
    "new-york-banks": (banks, "New York General Construction Law §24; Federal Reserve Bank of New York"),
    "us-federal-holidays": (offices, "5 U.S.C. 6103; Office of Personnel Management"),
    "us-sifma": (sifma, "SIFMA holiday recommendations, United States"),
    "nyse": (exchange, "NYSE Rule 7.2; NYSE holidays and trading hours"),
    "target": (target, "European Central Bank, TARGET closing days, long-term calendar"),
}


def main() -> None:
    """Write every table."""
    folder = Path(__file__).resolve().parent.parent / "deals" / "calendars"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (rule, source) in CALENDARS.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["date", "reason", "source", "projected"])
            for year in range(FIRST, LAST + 1):
                projected = year > PUBLISHED_UNTIL
                for day, reason in sorted(rule(year)):
                    table.writerow([day.isoformat(), reason, source, "yes" if projected else "no"])


if __name__ == "__main__":
    main()
