"""The field types of a deal whose figures have bounds (`deal-format.md`, How values are written).

A share of a whole is at most the whole, a level is a price that somebody pays, and a pool has GPUs. A value
that no agreement can mean is refused by its type. So every term of a kind is held to the same bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from engine.basics.values import Unit
from engine.terms.phrases import (
    NUMBER_PATTERN,
    SHARE_PATTERN,
    Limit,
    LimitOf,
    field_type,
    read_limit,
    read_number,
    read_rate,
    read_share,
    read_usd,
    read_whole,
    refusal,
)

WHOLE_SHARE = Fraction(1)
MOST_PER_CENT = Fraction(10)
"""1,000%. Above it a decimal point or a per cent sign must be misplaced."""
MOST_MULTIPLE = Fraction(1_000)
MOST_RATE = Fraction(100_000)
"""USD per GPU-hour. A lower rate that is unusually high gets a warning (W110)."""
MOST_USD = Fraction(10**12)
MOST_GPUS = 100_000_000
LONGEST_SHOWN = 40


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


T = TypeVar("T", int, Fraction)


def _within(
    reader: Callable[[str], T], why: str, fix: str, most: T, least: T | None = None, below: T | None = None
) -> Callable[[str], T]:
    """Return a reader that refuses a value outside its bounds (D124).

    The value must be above zero, or at least `least` if given. It must be at most `most`, and below `below`
    if given.
    """

    def read(text: str) -> T:
        value = reader(text)
        enough = value > 0 if least is None else value >= least
        if not enough or value > most or (below is not None and value >= below):
            raise refusal("D124", f"`{_shown(text)}` cannot be", why, fix)
        return value

    return read


def _share(
    why: str, fix: str, most: Fraction, least: Fraction | None = None, below: Fraction | None = None
) -> tuple[Any, ...]:
    return field_type(_within(read_share, why, fix, most, least, below), SHARE_PATTERN, "65%", "share")


Percentage = Annotated[
    Fraction, *_share("it is above 0% and at most 1,000%", "correct the percentage", MOST_PER_CENT)
]
"""A ratio that a limit is set in. It may be more than the whole."""
PartOf = Annotated[
    Fraction, *_share("a part of a whole is above 0% and at most 100%", "correct the percentage", WHOLE_SHARE)
]
ShareOfAll = Annotated[
    Fraction, *_share("a share lies between 0% and 100%", "correct the percentage", WHOLE_SHARE, Fraction(0))
]
Discount = Annotated[
    Fraction,
    *_share(
        "a discount is at least 0% and less than 100%",
        "correct the percentage",
        WHOLE_SHARE,
        Fraction(0),
        WHOLE_SHARE,
    ),
]
PositiveRate = Annotated[
    Fraction,
    *field_type(
        _within(
            read_rate,
            "a rate is above zero, and nobody pays USD 100,000 for an hour of one GPU",
            "correct the rate",
            MOST_RATE,
        ),
        r"^USD [\d,]+(\.\d+)? per GPU-hour$",
        "USD 1.50 per GPU-hour",
        "rate",
    ),
]
PositiveUsd = Annotated[
    Fraction,
    *field_type(
        _within(
            read_usd, "it is above zero and at most USD 1,000,000,000,000", "correct the amount", MOST_USD
        ),
        r"^USD [\d,]+(\.\d+)?$",
        "USD 16,000,000",
        "amount of money",
    ),
]
PositiveNumber = Annotated[
    Fraction,
    *field_type(
        _within(
            read_number, "a multiple is above zero and at most 1,000", "correct the number", MOST_MULTIPLE
        ),
        NUMBER_PATTERN,
        "1.5",
        "number",
    ),
]
CountOfThings = Annotated[
    int,
    *field_type(
        _within(read_whole, "there is at least one, and at most 100,000,000", "correct the count", MOST_GPUS),
        r"^[\d,]+$",
        "1024",
        "whole number",
    ),
]
SINCE_2_SAYS = "a key of format 2: required there, unknown in format 1"
SINCE_2 = Field(json_schema_extra={"$comment": SINCE_2_SAYS})
"""The mark of a field that `format_keys.py` lists.

The JSON Schema requires such a field in neither format, because the reader does.
"""
MONTHS = tuple(range(1, 13))
QUARTER = 3


def _read_day_of_month(text: str) -> int:
    """Return `15` as 15, and `last` as 31: in a shorter month the 31st means its last day."""
    return (
        31
        if text == "last"
        else _within(read_whole, "a month has days 1 to 31", "write its day, or `last`", 31)(text)
    )


def _quarterly(months: tuple[int, ...]) -> tuple[int, ...]:
    """Return four months if they are a quarter apart and in the order of the year. Raises D545 otherwise."""
    if months not in [MONTHS[first::QUARTER] for first in range(QUARTER)]:
        why = "a year has four quarters, and they end three months apart"
        raise refusal(
            "D545",
            f"`{', '.join(map(str, months))}` are not the months of four quarters",
            why,
            "write it like `[3, 6, 9, 12]`",
        )
    return months


Month = Annotated[
    int,
    *field_type(
        _within(read_whole, "a year has months 1 to 12", "write its number", 12),
        r"^([1-9]|1[0-2])$",
        "3",
        "whole number",
    ),
]
MonthsOfQuarters = Annotated[tuple[Month, ...], AfterValidator(_quarterly)]
DayOfMonth = Annotated[
    int,
    *field_type(
        _read_day_of_month,
        r"^([1-9]|[12]\d|3[01]|last)$",
        "15",
        "whole number",
    ),
]


def _read_made_good(text: str) -> Fraction:
    """Return `at least 50% of the shortfall` as a share. Raises D132 for any other text."""
    match = re.fullmatch(r"at least (.+) of the shortfall", text)
    if match is None:
        why = "a second period is agreed for the share of the first shortfall that was made good"
        raise refusal(
            "D132",
            f"`{_shown(text)}` is not a share of a shortfall",
            why,
            "write it like `at least 50% of the shortfall`",
        )
    return _within(
        read_share, "a part of a whole is above 0% and at most 100%", "correct the percentage", WHOLE_SHARE
    )(match[1])


MadeGood = Annotated[
    Fraction,
    *field_type(
        _read_made_good,
        r"^at least [\d,]+(\.\d+)? ?% of the shortfall$",
        "at least 50% of the shortfall",
        "share of a shortfall",
    ),
]


def _possible(value: Any) -> Any:
    """Return a limit as text, if some figure can pass it and some figure can fail it."""
    limit = read_limit(value) if isinstance(value, str) else value
    # Anything else is left to the type behind this reader, which says what it wants.
    if isinstance(limit, Limit):
        _refuse_impossible(limit, value if isinstance(value, str) else str(limit))
    return limit


MOST_OF = {
    Unit.SHARE: MOST_PER_CENT,
    Unit.COUNT: Fraction(MOST_GPUS),
    Unit.GPUS: Fraction(MOST_GPUS),
    Unit.GPU_HOURS: MOST_USD,
}
"""The highest limit of each unit. For any other unit it is ten thousand."""


def _refuse_impossible(limit: Limit, text: str) -> None:
    """Raise a refusal of a limit below zero in shares, multiples, counts or days.

    A limit in prices or points may be below zero.
    """
    if limit.figure.unit in (Unit.RATE, Unit.USD, Unit.POINTS):
        if limit.figure.unit is Unit.POINTS and abs(limit.value) > MOST_PER_CENT:
            raise refusal(
                "D124", f"`{_shown(text)}` cannot be", "it is at most 1,000 points", "correct the figure"
            )
        return
    # These units are never below zero, so `at least 0` could not fail and `less than 0` could not pass.
    at_nought = limit.value == 0 and limit.comparison in ("at least", "less than")
    if limit.value < 0 or at_nought:
        why = (
            "a limit in this unit is "
            f"{f'above zero where it says `{limit.comparison}`' if at_nought else 'zero or more'}"
        )
        raise refusal("D124", f"`{_shown(text)}` cannot be", why, "correct the figure")
    if limit.value > MOST_OF.get(limit.figure.unit, 10 * MOST_MULTIPLE):
        raise refusal(
            "D124",
            f"`{_shown(text)}` cannot be",
            "nothing that is measured comes near it",
            "correct the figure",
        )


PossibleLimit = Annotated[LimitOf, BeforeValidator(_possible)]


def _truth(value: Any) -> Any:
    # pydantic by itself would take `yes`, `on` and `1` for true.
    if isinstance(value, str) and value not in ("true", "false"):
        raise PydanticCustomError("bool_parsing", "must be true or false")
    return value


Truth = Annotated[
    bool, BeforeValidator(_truth), WithJsonSchema({"type": "boolean", "title": "true or false"})
]
"""`true` or `false` only; `yes` and `1` are refused."""

# Drive letters and backslashes are refused on every system, because the file may be read on another one.
LEADS_OUT = re.compile(r"^/|^[A-Za-z]:|\\|(^|/)\.\.(/|$)|^~")


def _beside(value: Any) -> Any:
    if isinstance(value, str) and (LEADS_OUT.search(value) or not value.strip() or value.endswith("/")):
        why = "it is a file beside the deal file, and a path out of its folder would be read from elsewhere"
        raise refusal(
            "D537",
            f"`{_shown(value)}` does not lie in the deal's folder",
            why,
            "write the name of the file alone",
        )
    return value


FileBeside = Annotated[str, BeforeValidator(_beside)]


def _words(value: Any) -> Any:
    # An empty text has a message of its own.
    if isinstance(value, str) and value.strip() not in ("", "~") and not re.search(r"[^\W\d_]{2}", value):
        why = "a reader must know what is meant, and a figure or a sign says nothing here"
        raise refusal("D126", f"`{_shown(value)}` is not text", why, "write it in words")
    return value


Words = Annotated[str, BeforeValidator(_words)]
"""A name, a title or a sentence. It must hold at least one word."""
