"""The words of time in a deal file: dates, periods, deadlines, and counts of dates (`deal-format.md`).

Each has a reader and a field type beside it, as in `phrases.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, get_args

from engine.terms.phrases import field_type, refusal

DateKind = Literal["publication dates", "determination dates"]
PeriodUnit = Literal[
    "business days", "days", "weeks", "months", "years", "publication dates", "determination dates"
]
FromDate = Literal["determination date"]
"""The dates from which the engine can count a due date."""


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time as the agreement writes it: `15 business days`, `4 weeks`."""

    count: int
    unit: PeriodUnit

    def __str__(self) -> str:
        return f"{self.count} {self.unit if self.count != 1 else self.unit.removesuffix('s')}"


@dataclass(frozen=True, slots=True, order=True)
class ClockTime:
    """An hour of a day in the deal's time zone. The end of the day is 24:00."""

    hour: int
    minute: int = 0

    def __str__(self) -> str:
        return "end of day" if self.hour == HOURS else f"{self.hour:02}:{self.minute:02}"


# The end of the day is 24:00 and not 00:00, so that hours compare in their order.
HOURS = 24
END_OF_DAY = ClockTime(HOURS)


@dataclass(frozen=True, slots=True)
class RelativePeriod:
    """A date set by another date: `1 business day before determination date`, or that date itself.

    For the date itself the period has no days. `at` is the hour of the date by which something is due; the
    end of the day unless written.
    """

    period: Period
    direction: Literal["before", "after"]
    event: FromDate
    at: ClockTime = END_OF_DAY

    def __str__(self) -> str:
        day = f"{self.period} {self.direction} {self.event}" if self.period.count else self.event
        return day if self.at == END_OF_DAY else f"{day}, {self.at}"


@dataclass(frozen=True, slots=True)
class Persistence:
    """How often a condition must be met: `3 of the last 6 publication dates`.

    For a consecutive run, like `2 consecutive publication dates`, `out_of` equals `count`.
    """

    count: int
    out_of: int
    dates: DateKind

    @property
    def consecutive(self) -> bool:
        """Whether one date that does not meet the condition starts the count again."""
        return self.count == self.out_of

    def __str__(self) -> str:
        dates = self.dates if self.count != 1 or not self.consecutive else self.dates.removesuffix("s")
        return (
            f"{self.count} consecutive {dates}"
            if self.consecutive
            else f"{self.count} of the last {self.out_of} {dates}"
        )


# A year outside these is a slip of a digit, and Python would still take it.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
WRITTEN_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_day(text: str) -> date:
    """Return `2026-01-06` as a date.

    Raises D108 for another form, for a day that does not exist, and for one before 1900 or after 2199.
    """
    try:
        # `fromisoformat` also takes `20260106` and weeks, and `\d` alone takes digits that are not ASCII.
        if not WRITTEN_DAY.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(text)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValueError
    except ValueError:
        why = (
            f"dates are written year-month-day, exist in the calendar and lie between {FIRST_DAY} and "
            f"{LAST_DAY}"
        )
        raise refusal("D108", f"`{text}` is not a date", why, "write it like `2026-01-06`") from None
    return day


def is_day(text: str) -> bool:
    """Return whether a text is a date that exists."""
    try:
        read_day(text)
    except ValueError:
        return False
    return True


# An agreement says `calendar days` to tell them from Business Days, and means plain days.
UNITS: dict[str, PeriodUnit] = {
    "calendar day": "days",
    **{unit.removesuffix("s"): unit for unit in get_args(PeriodUnit)},
}
IN_DAYS: tuple[PeriodUnit, ...] = ("business days", "days", "weeks")
"""The units of a deadline that is not a Cure Period.

Months are left out: no ruling says on which day a month ends that begins on the 31st.
"""


def read_period(text: str, *units: PeriodUnit) -> Period:
    """Return `15 business days` as a Period in one of `units`.

    Raises D109 for another form, D123 for another unit.
    """
    match = re.fullmatch(r"([0-9]{1,6}) ([a-z ]+?)(s?)", text, re.ASCII)
    unit = UNITS.get(match[2]) if match else None
    # Agreements do count in quarters, so the message says what to write instead.
    if match and match[2] == "quarter" and int(match[1]) >= 1:
        fix = (
            f"write `{3 * int(match[1])} months`"
            if "months" in units
            else f"write it in {' or '.join(units)}"
        )
        raise refusal(
            "D109",
            f"`{text}` is not a period",
            "a quarter is not a unit of the file; it is three months",
            fix,
        )
    if not match or unit is None or int(match[1]) < 1:
        why = "a period is a whole number of named units"
        fix = "write it like `15 business days`, `14 days`, `4 weeks` or `1 publication date`"
        raise refusal("D109", f"`{text}` is not a period", why, fix)
    if unit not in units:
        counted = " or ".join(units)
        raise refusal(
            "D123",
            f"`{text}` is in a unit that the term does not have",
            f"it is counted in {counted}",
            f"write it in {counted}",
        )
    return Period(int(match[1]), unit)


def read_clock_time(text: str) -> ClockTime:
    """Return `18:00` or `end of day` as a ClockTime. Raises D130 for any other text."""
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if match:
        return ClockTime(int(match[1]), int(match[2]))
    if text == str(END_OF_DAY):
        return END_OF_DAY
    why = "an hour is written with two digits each for hours and minutes, in the deal's time zone"
    raise refusal(
        "D130", f"`{text}` is not an hour of the day", why, "write it like `18:00`, or `end of day`"
    )


def read_relative(text: str) -> RelativePeriod:
    """Return `1 business day before determination date`, or `determination date`, as a RelativePeriod.

    An hour may follow: `.., 17:00`. Raises D110 for another form or date and for a period of no days. Raises
    D109, D123 and D130 as the readers of its parts do.
    """
    day, comma, hour = text.partition(", ")
    # The hour is read apart, so that a wrong hour and a wrong day each get their own message.
    if comma:
        return replace(read_relative(day), at=read_clock_time(hour))
    if text == "determination date":
        return RelativePeriod(Period(0, "days"), "before", "determination date")
    match = re.fullmatch(r"(.+?) (before|after) determination date", text, re.ASCII)
    # Zero days before the date mean the date itself, which has a form of its own.
    if not match or match[1].startswith("0 "):
        what = f"`{text}` counts no days" if match else f"`{text}` names no date to count from"
        fix = (
            "write `determination date`"
            if match
            else "write it like `1 business day before determination date`, or `determination date`"
        )
        raise refusal("D110", what, "a due date is the Determination Date, or is counted from it", fix)
    return RelativePeriod(
        read_period(match[1], *IN_DAYS), "before" if match[2] == "before" else "after", "determination date"
    )


def read_persistence(text: str) -> Persistence:
    """Return `2 consecutive publication dates` or `3 of the last 6 determination dates` as a Persistence.

    Raises D111 for any other text.
    """
    run = re.fullmatch(r"([0-9]{1,6})(?: consecutive)? (publication|determination) dates?", text, re.ASCII)
    window = re.fullmatch(
        r"([0-9]{1,6}) of the last ([0-9]{1,6})(?: (publication|determination) dates)?", text, re.ASCII
    )
    # Two dates that are not said to be consecutive could be any two. One date follows nothing.
    if run and int(run[1]) >= 1 and ("consecutive" in text or int(run[1]) == 1):
        return Persistence(int(run[1]), int(run[1]), _dates(run[2]))
    if window and 1 <= int(window[1]) <= int(window[2]):
        # A window that does not name its dates means those on which tests are determined.
        return Persistence(int(window[1]), int(window[2]), _dates(window[3] or "determination"))
    why = "a count says how many dates, of which kind, and whether they follow one another"
    fix = "write it like `2 consecutive publication dates` or `3 of the last 6 determination dates`"
    raise refusal("D111", f"`{text}` is not a count of dates", why, fix)


def _dates(word: str) -> DateKind:
    return "publication dates" if word == "publication" else "determination dates"


def _period(example: str, *units: PeriodUnit) -> tuple[Any, ...]:
    """Return the annotations of a period that is counted in `units` and in no other unit."""
    words = "|".join(f"(calendar )?{unit}?" if unit == "days" else f"{unit}?" for unit in units)
    # The message names the units of this very term, because a due date and a cure differ in them.
    return field_type(lambda text: read_period(text, *units), rf"^\d+ ({words})$", example, "period")


Day = Annotated[date, *field_type(read_day, r"^\d{4}-\d{2}-\d{2}$", "2026-01-06", "date")]
DayPeriod = Annotated[Period, *_period("15 business days", *IN_DAYS)]
CurePeriod = Annotated[Period, *_period("15 business days", *IN_DAYS, "months")]
"""A Cure Period. In months it ends on the same day of a later month, or on that month's last day.

The ruling is `rulings.md` 71.
"""
CalendarPeriod = Annotated[Period, *_period("90 days", "days", "weeks", "months", "years")]
Weeks = Annotated[Period, *_period("4 weeks", "weeks")]
Months = Annotated[Period, *_period("3 months", "months")]
Publications = Annotated[Period, *_period("1 publication date", "publication dates")]
ClockHour = Annotated[
    ClockTime,
    *field_type(read_clock_time, r"^(([01]\d|2[0-3]):[0-5]\d|end of day)$", "18:00", "hour of the day"),
]
DUE = (
    r"^(\d+ (business days?|(calendar )?days?|weeks?) (before|after) )?determination date(, "
    r"([01]\d|2[0-3]):[0-5]\d)?$"
)
Relative = Annotated[
    RelativePeriod, *field_type(read_relative, DUE, "1 business day before determination date", "due date")
]
Times = Annotated[
    Persistence,
    *field_type(
        read_persistence,
        r"^\d+ (consecutive |of the last \d+).*$",
        "2 consecutive publication dates",
        "count of dates",
    ),
]
