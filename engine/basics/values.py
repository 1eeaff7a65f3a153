"""Exact figures and their units; the base of every frozen fact.

Numbers on the deal's side are exact rationals: a ratio is never rounded before it is compared unless
the deal says so (`rulings.md` 18), and a float never decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

LONGEST_KEPT = 40
"""Characters of the longest text of a number that is remembered."""
WRITTEN = re.compile(r"[+-]?(?:\d+/\d+|(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?0*\d{1,2})?)", re.ASCII)
"""A number as text. The power of ten is bounded, as `1e999999999` written out fills any memory."""
MINUS = "\N{MINUS SIGN}"
"""The true minus sign, as wide as a digit."""


class Fact(BaseModel):
    """The base of every frozen record of a fact. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants", defer_build=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return the same fact with some fields changed, which are not checked, as in pydantic's own.

        A run copies states many times a date. A fact has neither extra nor private fields, so this copies
        less than pydantic's own does.
        """
        if deep:
            return super().model_copy(update=update, deep=deep)
        changes = update or {}
        made = object.__new__(type(self))
        object.__setattr__(made, "__dict__", {**self.__dict__, **changes})
        object.__setattr__(made, "__pydantic_fields_set__", {*self.__pydantic_fields_set__, *changes})
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made


def _exact(value: Any) -> Fraction:
    # Most figures are made of a result that is exact already, and it cannot change.
    if type(value) is Fraction:
        return value
    # A float has lost its digits before it comes here, and true would pass as 1.
    if isinstance(value, bool | float):
        raise ValueError("an exact number is written as text or as an integer, never as a float")
    # Long texts are not remembered, as a hostile file could fill the memory with them.
    if not isinstance(value, str):
        return Fraction(value)
    return _read(value) if len(value) <= LONGEST_KEPT else exact_number(value)


def exact_number(text: str) -> Fraction:
    """Return a number that is written as `3/2`, `1.5` or `1.5e3`.

    Raises ValueError for any other text, and ZeroDivisionError for a denominator of zero.
    """
    # Python itself also takes the digits of other scripts, `1_0`, and a power of ten without end.
    if WRITTEN.fullmatch(text) is None:
        raise ValueError(f"`{text[:LONGEST_KEPT]}` is not a number; write it like 3/2, 1.5 or 1.5e3")
    return Fraction(text)


@lru_cache(maxsize=8192)
def _read(text: str) -> Fraction:
    """Return a number as it is written: a log says the same few thousand times, and each is read once."""
    return exact_number(text)


def _written_out(value: Decimal) -> Decimal:
    # The bounds of digits pass a zero with any exponent, and `0E-999999999` prints a billion signs.
    if not value and abs(int(value.as_tuple().exponent)) > MOST_DECIMALS:
        raise ValueError(f"a number of a record has up to {MOST_DECIMALS} decimals")
    return value


MOST_DECIMALS = 60
Stated = Annotated[Decimal, Field(max_digits=90, decimal_places=MOST_DECIMALS), AfterValidator(_written_out)]
"""A decimal that a record states. Its digits are bounded, as its users make it an exact fraction."""


Exact = Annotated[Fraction, BeforeValidator(_exact), PlainSerializer(str, return_type=str)]
"""A rational number. In JSON it is the text `3/2` or `1.5`."""


class Unit(StrEnum):
    """The unit of a figure."""

    USD = "USD"
    RATE = "USD per GPU-hour"
    SHARE = "%"
    POINTS = "points"
    MULTIPLE = "x"
    COUNT = "count"
    DAYS = "days"
    GPUS = "GPUs"
    GPU_HOURS = "GPU-hours"


Comparison = Literal["at least", "more than", "at most", "less than"]
"""How a measured figure must stand to its limit to pass.

`at least` and `at most` also pass at the limit itself.
"""

SHORT: dict[Comparison, str] = {
    "at least": "min.",
    "more than": "above",
    "at most": "max.",
    "less than": "below",
}
"""Each comparison as a table writes it before the limit."""

DECIMALS = {
    Unit.USD: 2,
    Unit.RATE: 4,
    Unit.SHARE: 3,
    Unit.POINTS: 3,
    Unit.MULTIPLE: 3,
    Unit.COUNT: 0,
    Unit.DAYS: 0,
    Unit.GPUS: 0,
    Unit.GPU_HOURS: 0,
}
"""The decimals that a figure of each unit prints with, unless it stands too near its limit."""


class Figure(Fact):
    """An exact number with its unit. Shares and points are fractions of one: 65% is 13/20."""

    value: Exact
    unit: Unit


def rounded(value: Fraction, places: int, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return `value` as a Decimal with exactly `places` decimals, half to even unless told otherwise."""
    scaled = value * 10**places
    # On the exact fraction and never on a float: a figure at its limit would otherwise tip over.
    if rounding == ROUND_HALF_EVEN:
        whole = round(scaled)
    elif rounding == ROUND_CEILING:
        whole = -((-scaled.numerator) // scaled.denominator)
    elif rounding == ROUND_FLOOR:
        whole = scaled.numerator // scaled.denominator
    else:
        raise ValueError(f"unknown rounding {rounding}")
    return Decimal(
        f"{whole}E{-places}"
    )  # read from text, as arithmetic would round to the precision of the moment


def printed(figure: Figure, places: int | None = None) -> str:
    """Return `figure` as people read it: `USD 1.9257`, `65.879%`, `-0.879 points`, `1,024 GPUs`."""
    shown = figure.value * 100 if figure.unit in (Unit.SHARE, Unit.POINTS) else figure.value
    number = f"{rounded(shown, DECIMALS[figure.unit] if places is None else places):,f}"
    return _with_unit(number, figure.unit)


def printed_apart(figure: Figure, limit: Figure, least: int | None = None) -> str:
    """Return `figure` as text, with enough decimals to look different from `limit` if it differs.

    The decimals begin at `least`, or at those of the unit without it.
    """
    places = DECIMALS[figure.unit] if least is None else least
    # It ends: two different fractions differ at some decimal. Equal ones would loop for ever.
    while figure.value != limit.value and printed(figure, places) == printed(limit, places):
        places += 1
    return printed(figure, places)


OF_MULTIPLES = "; multiples "
"""The text that parts a deal's rounding rule for percentages and points from its rule for multiples."""


def rounding_of(rounding: str, unit: Unit) -> str:
    """Return the rule by which a deal rounds a figure of one unit: `unrounded`, or `2 decimals, half up`.

    `rounding` is the deal's whole rule, in which multiples may have a rule of their own (`rulings.md` 71).
    """
    ratios, _, multiples = rounding.partition(OF_MULTIPLES)
    return {Unit.SHARE: ratios, Unit.POINTS: ratios, Unit.MULTIPLE: multiples or "unrounded"}.get(
        unit, "unrounded"
    )


def ratio_decimals(rounding: str, unit: Unit) -> int | None:
    """Return the decimals to which a deal rounds figures of a unit, so that they print with as many.

    For shares and points these are decimals of a per cent. The result is None if the deal does not round the
    unit.

    Args:
        rounding: the deal's rule: `unrounded`, or `2 decimals, half up`, with a rule for multiples if it has
            one.
        unit: the unit of the figure to be printed.
    """
    rule = rounding_of(rounding, unit)
    return None if rule == "unrounded" else int(rule[0])


def rounding_words(rounding: str, unit: Unit = Unit.SHARE) -> str:
    """Return a deal's rounding rule for a sentence: `2 decimals of a per cent, half up`.

    For a multiple it reads `2 decimals, half up`.
    """
    rule = rounding_of(rounding, unit)
    return rule if unit is Unit.MULTIPLE else re.sub(r"(decimals?)", r"\1 of a per cent", rule)


def printed_headroom(headroom: Figure, least: int | None = None) -> str:
    """Return headroom as people read it in a notice and on a terminal: `+3.135 points`, `−0.1133 USD`.

    Its sign comes first, with a true minus. A headroom that is not zero gets enough decimals not to look like
    zero. For machines use `printed`.
    """
    text = (
        printed_apart(headroom, Figure(value=Fraction(0), unit=headroom.unit), least)
        .removeprefix("-")
        .removeprefix("USD ")
    )
    unit = " USD" if headroom.unit in (Unit.USD, Unit.RATE) else ""
    return f"{MINUS if headroom.value < 0 else '+'}{text}{unit}"


def trimmed(figure: Figure) -> str:
    """Return `figure` without trailing zeros, as terms are written: `65%`, `USD 1.50`.

    Amounts of money and rates keep at least two decimals.
    """
    least = 2 if figure.unit in (Unit.USD, Unit.RATE) else 0
    shown = figure.value * 100 if figure.unit in (Unit.SHARE, Unit.POINTS) else figure.value
    places = next((n for n in range(least, 13) if shown * 10**n % 1 == 0), DECIMALS[figure.unit])
    return printed(figure, places)


def written_rate(rate: Fraction) -> str:
    """Return a rate as terms write it, without its unit and with at least two decimals: `1.50`, `1.505`."""
    return trimmed(Figure(value=rate, unit=Unit.RATE)).removeprefix("USD ")


def printed_limit(comparison: Comparison, limit: Figure) -> str:
    """Return a limit as a table prints it: `max. 65%`."""
    return f"{SHORT[comparison]} {trimmed(limit)}"


def printed_signed(headroom: Figure, least: int | None = None) -> str:
    """Return headroom with its sign first, with an ASCII minus: `+2.250 points`, `-0.0063 USD`.

    A headroom that is not zero gets enough decimals not to look like zero.
    """
    text = printed_apart(headroom, Figure(value=Fraction(0), unit=headroom.unit), least)
    if headroom.unit in (Unit.USD, Unit.RATE):
        return f"{'-' if headroom.value < 0 else '+'}{text.lstrip('-').removeprefix('USD ')} USD"
    return text if headroom.value < 0 else f"+{text}"


def _with_unit(number: str, unit: Unit) -> str:
    if unit is Unit.USD or unit is Unit.RATE:
        sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
        return f"{sign}USD {digits}"
    if unit is Unit.SHARE or unit is Unit.MULTIPLE:
        return f"{number}{unit.value}"
    return number if unit is Unit.COUNT else f"{number} {unit.value}"


def counted(count: int, what: str) -> str:
    """Return a count with its noun: `1 weekly value`, `2 weekly values`, `1 pair of consecutive days`.

    The noun `what` is given in the plural.
    """
    noun = re.split(r" (?=of |with )", what, maxsplit=1)
    return " ".join([f"{count:,}", singular(noun[0]) if count == 1 else noun[0], *noun[1:]])


def singular(plural: str) -> str:
    """Return a plural noun in the singular: `entries` as `entry`, `leaves` as `leaf`, `series` as it is."""
    for ending, one in (("series", "series"), ("leaves", "leaf"), ("indices", "index"), ("ies", "y")):
        if plural.endswith(ending):
            return plural.removesuffix(ending) + one
    return plural.removesuffix("es") if re.search(r"(ss|x|ch|sh)es$", plural) else plural.removesuffix("s")


def in_words(name: str) -> str:
    """Return a name from the deal file for people: `class_a` as `Class A`, `term_loan` as `term loan`."""
    spelled = re.sub(r"\bclass[_-](\w+)", lambda match: f"Class {match[1].upper()}", name)
    return re.sub(r"[_-]", " ", spelled)


def as_model(name: str) -> str:
    """Return the name of an asset class for people: `h100` as `H100`."""
    return re.sub(r"\b[a-z]{1,3}\d{2,4}\b", lambda match: match[0].upper(), in_words(name))


def figure_words(name: str) -> str:
    """Return the name of a report's figure for people: `h100.gpu_hours` as `H100, GPU-hours`."""
    spelled = as_model(name).replace("gpu hours", "GPU-hours").replace("gpus", "GPUs")
    return spelled.replace(".", ", ")


def defined(text: str) -> str:
    """Return words with the agreement's capitals: `15 business days` as `15 Business Days`."""
    return re.sub(
        r"\b(business|determination|publication|closing) (days?|dates?)\b",
        lambda match: f"{match[1].capitalize()} {match[2].capitalize()}",
        text,
    )


DEBTORS = ("borrower", "issuer", "co_issuer")
"""The roles of the party that owes the debt, as documents call it.

An agreement has one of them (`rulings.md` 58).
"""


def debtor_of(roles: Container[str]) -> str:
    """Return which of an agreement's roles owes the debt: the borrower, or else the issuer.

    The order is `borrower`, `issuer`, `co_issuer`; without any of them the result is `borrower`.
    """
    return next((role for role in DEBTORS if role in roles), DEBTORS[0])


def listed(items: Sequence[str], joiner: str = "and") -> str:
    """Return items joined for a sentence: `a, b and c`."""
    return "".join(items) if len(items) < 2 else f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def long_date(day: date) -> str:
    """Return a date as prose writes it: `Friday 13 November 2026`."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def weekday_date(day: date) -> str:
    """Return a date as tables print it: `Fri 13 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def last_thursday(day: date) -> date:
    """Return the Publication Date on or before a date: the date itself, or the Thursday before it."""
    return day - timedelta(days=(day.weekday() - 3) % 7)


def median(micros: Sequence[int]) -> Fraction:
    """Return the exact median, in USD per GPU-hour, of ascending prices in millionths of that unit."""
    middle = len(micros) // 2
    # Twice the median stays a whole number, so the mean of the two middle prices is exact.
    twice = 2 * micros[middle] if len(micros) % 2 else micros[middle - 1] + micros[middle]
    return Fraction(twice, 2_000_000)
