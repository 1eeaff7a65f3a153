"""The words of pages for dates, hours, money and counts.

Pages write them as the notice does, with the weekday if somebody must act.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from engine.basics.errors import WrongUsage
from engine.basics.numerals import UP_TO_TWELVE
from engine.basics.values import Figure, printed, printed_apart, printed_headroom, trimmed

MINUS = "−"


def table_date(day: date | None) -> str:
    """Return `Thu 9 Apr 2026`; nothing for no date."""
    return "" if day is None else f"{day:%a} {day.day} {day:%b} {day.year}"


def long_date(day: date) -> str:
    """Return `Thursday 9 April 2026`."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def short_date(day: date | None) -> str:
    """Return `9 Apr 2026`."""
    return "" if day is None else f"{day.day} {day:%b} {day.year}"


def hour(at: datetime | None, zone: str = "UTC") -> str:
    """Return `Thu 9 Apr 2026, 18:04 EDT`, where the deal is; nothing for no moment."""
    if at is None:
        return ""
    there = at.astimezone(ZoneInfo(zone))
    return f"{table_date(there.date())}, {there:%H:%M %Z}"


def short_hour(at: datetime | None, zone: str = "UTC") -> str:
    """Return `9 Apr, 18:04`, for a column whose head names the zone."""
    if at is None:
        return "–"
    there = at.astimezone(ZoneInfo(zone))
    return f"{there.day} {there:%b}, {there:%H:%M}"


def zone_word(at: datetime, zone: str) -> str:
    """Return the zone's short name at a moment: `EDT`."""
    return f"{at.astimezone(ZoneInfo(zone)):%Z}"


def lateness(days: int) -> str:
    """Return how many days until a last day, or since: `11 days overdue`, `today`, `27 days`."""
    if days < 0:
        return f"{-days:,} day{'' if days == -1 else 's'} overdue"
    return "today" if days == 0 else f"{days:,} day{'' if days == 1 else 's'}"


def figure(value: Figure | None) -> str:
    """Return a figure with its unit."""
    return "not reported" if value is None else printed(value)


def apart(value: Figure, limit: Figure) -> str:
    """Return a figure with as many decimals as it takes to print differently from its limit."""
    return printed_apart(value, limit)


def headroom(value: Figure) -> str:
    """Return how far a test passes or fails, without a sign."""
    return printed_headroom(value).lstrip("+−-")


def amount(value: Figure | None) -> str:
    """Return a figure for a column whose head has the unit."""
    return "–" if value is None else printed(value).removeprefix("USD ")


def rate(value: Fraction | float | None) -> str:
    """Return a rate in four decimals, for a column whose head has the unit."""
    return "none" if value is None else f"{float(value):.4f}"


def percent(share: Fraction) -> str:
    """Return a share as `+1.6%`, with a true minus."""
    text = f"{abs(float(share)) * 100:.1f}%"
    return f"{'+' if share >= 0 else MINUS}{text}"


def eights(text: str) -> str:
    """Return a hash in groups of eight."""
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number below thirteen as a word, with its noun: `two notices`."""
    word = UP_TO_TWELVE[number] if number < len(UP_TO_TWELVE) else f"{number:,}"
    return f"{word if number else 'no'} {noun if number == 1 else plural or noun + 's'}"


def whole_number(text: str) -> int | None:
    """Return the number that up to nine digits of ASCII write; None for anything else.

    Digits of other scripts and powers are not taken.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def day_in(text: str, name: str) -> date | None:
    """Return a date from an address; None if it is empty.

    Raises WrongUsage, naming the field, for one that is not a date.
    """
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise WrongUsage(f"{name}: `{text[:40]}` is not a date; write it like 2026-04-09") from None


FILTERS = {
    "table_date": table_date,
    "long_date": long_date,
    "short_date": short_date,
    "hour": hour,
    "short_hour": short_hour,
    "lateness": lateness,
    "figure": figure,
    "amount": amount,
    "apart": apart,
    "headroom": headroom,
    "trimmed": trimmed,
    "rate": rate,
    "percent": percent,
    "eights": eights,
    "zone_word": zone_word,
}
"""What templates write with."""
