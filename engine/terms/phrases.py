"""The small grammars that stand in a deal's strings, and the field types that read them.

One module holds all of them (`rulings.md` 40). Units are written in the value, as in `65%`, `USD 1.50 per
GPU-hour` and `15 business days`. Each grammar has one reader, one error with a fix, and one pattern for the
JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from engine.basics.values import Comparison, Figure, Unit, trimmed

NUMBER = r"[1-9][0-9]{0,2}(?:,[0-9]{3}){1,300}(?:\.[0-9]{1,900})?|[0-9]{1,900}(?:\.[0-9]{1,900})?"
"""A number as people write it: ASCII digits, with commas between thousands, and then without a 0 at the
beginning: in `0,950` the comma begins the decimals.

It is no longer than Python turns into a number.
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that says how it is compared: `at least 120%`, `less than 1.80x`, `at least -10 points`."""

    comparison: Comparison
    figure: Figure

    @property
    def value(self) -> Fraction:
        """The number of the limit. Shares and points are fractions of one."""
        return self.figure.value

    def __str__(self) -> str:
        per = " per GPU-hour" if self.figure.unit is Unit.RATE else ""
        return f"{self.comparison} {trimmed(self.figure)}{per}"


@dataclass(frozen=True, slots=True)
class Margin:
    """A distance from a limit, in the unit of headroom: `3 points`, `0.10x`, `USD 0.05 per GPU-hour`."""

    figure: Figure

    def __str__(self) -> str:
        return f"{trimmed(self.figure)}{' per GPU-hour' if self.figure.unit is Unit.RATE else ''}"


@dataclass(frozen=True, slots=True)
class Cap:
    """How often a right may be used: `2 in total`, `1 in any 12 months`."""

    count: int
    months: int | None = None

    def __str__(self) -> str:
        return (
            f"{self.count} in total" if self.months is None else f"{self.count} in any {self.months} months"
        )


@dataclass(frozen=True, slots=True)
class Caps:
    """All caps of a right, each of which must hold: `2 in total and 1 in any 12 months`."""

    each: tuple[Cap, ...]

    def __str__(self) -> str:
        return " and ".join(str(cap) for cap in self.each)


LONGEST_SAID = 200
"""The most characters of a refusal's first sentence, because what it quotes may be of any length."""


def refusal(code: str, what: str, why: str, fix: str, at: str | None = None) -> PydanticCustomError:
    """Return a refusal in the form that `check` prints.

    It is a pydantic error that carries code, what, why and fix to its place; `at` is the key inside a block.
    """
    if len(what) > LONGEST_SAID:
        # Both ends are kept, so that a reader finds the value again in the file.
        what = f"{what[: LONGEST_SAID // 2]}…{what[-LONGEST_SAID // 4 :]}"
    return PydanticCustomError(code, "{what}", {"what": what, "why": why, "fix": fix, "at": at})


def _digits(text: str) -> Fraction:
    # A fraction is exact: a limit of 33.3% must not move by a binary rounding.
    return Fraction(text.replace(",", ""))


def read_share(text: str) -> Fraction:
    """Return `85%` as 17/20. Raises D101 without a per cent sign."""
    # The sign may be negative here: the type of each field says which shares it takes.
    match = re.fullmatch(rf"(-?)({NUMBER}) ?%", text, re.ASCII)
    if not match:
        raise refusal(
            "D101", f"`{text}` is not a percentage", "a share is written with its sign", "write it like `65%`"
        )
    return _digits(match[2]) / 100 * (-1 if match[1] else 1)


def read_rate(text: str) -> Fraction:
    """Return `USD 1.50 per GPU-hour` as 3/2.

    Raises D102 without the currency, D103 without the unit of time.
    """
    # Both units are optional here, so that each missing one gets a message of its own (D102, D103).
    match = re.fullmatch(rf"(USD )?({NUMBER})( per GPU-hour)?", text, re.ASCII)
    if match and match[1] and match[3]:
        return _digits(match[2])
    if match and match[1]:
        fix = f"write `{text} per GPU-hour`"
        raise refusal(
            "D103", f"`{text}` has no unit of time", "the index is published in USD per GPU-hour", fix
        )
    why = "a rate is an amount of USD for one hour of one GPU"
    raise refusal("D102", f"`{text}` is not a rate", why, "write it like `USD 1.50 per GPU-hour`")


def read_set_rate(text: str) -> Decimal | None:
    """Return the rate that an Act sets, in USD per GPU-hour, with its decimals as written.

    It may be written `1.90`, `USD 1.90` or `USD 1.90 per GPU-hour`. The result is None for any other text,
    and for a rate that is not above zero.
    """
    match = re.fullmatch(rf"(?:USD )?({NUMBER})(?: per GPU-hour)?", text, re.ASCII)
    rate = Decimal(match[1].replace(",", "")) if match else Decimal(0)
    return rate if rate > 0 else None


def read_usd(text: str) -> Fraction:
    """Return `USD 16,000,000` as 16000000. Raises D104 without the currency."""
    match = re.fullmatch(rf"USD ({NUMBER})", text, re.ASCII)
    if not match:
        why = "money is written with its currency, and only USD is supported"
        raise refusal("D104", f"`{text}` is not an amount of money", why, "write it like `USD 16,000,000`")
    return _digits(match[1])


def read_amount(text: str) -> Fraction | None:
    """Return the amount that an Act names, in USD: `USD 1,500,000` or `1,500,000.50`.

    The result is None for any other text, and for an amount that is not above zero.
    """
    match = re.fullmatch(rf"(?:USD )?({NUMBER})", text, re.ASCII)
    amount = _digits(match[1]) if match else Fraction(0)
    return amount if amount > 0 else None


QUANTITY = re.compile(
    rf"(?P<sign>-?)(?P<usd>USD )?(?P<number>{NUMBER})(?P<unit>%| points?|x| per GPU-hour| days?| "
    r"GPU-hours?| GPUs?)?",
    re.ASCII,
)
QUANTITIES: dict[str, Unit] = {
    "%": Unit.SHARE,
    "point": Unit.POINTS,
    "x": Unit.MULTIPLE,
    "per GPU-hour": Unit.RATE,
    "day": Unit.DAYS,
}
QUANTITIES |= {"GPU-hour": Unit.GPU_HOURS, "GPU": Unit.GPUS}


def _quantity(text: str) -> Figure | None:
    """Return a number with its unit, or None if the text is not one.

    An amount of USD without `per GPU-hour` is money.
    """
    match = QUANTITY.fullmatch(text)
    unit = (match["unit"] or "").strip() if match else ""
    kind = QUANTITIES.get(
        unit.removesuffix("s") if unit != "x" else unit, Unit.USD if match and match["usd"] else Unit.COUNT
    )
    # `USD 5%` has a currency too many, and `5 per GPU-hour` lacks one.
    if match is None or bool(match["usd"]) != (kind in (Unit.USD, Unit.RATE)):
        return None
    value = _digits(match["number"]) / (100 if kind in (Unit.SHARE, Unit.POINTS) else 1)
    return Figure(value=-value if match["sign"] else value, unit=kind)


def read_limit(text: str) -> Limit:
    """Return `at least 120%` as a Limit. Raises D113 if the comparison or the figure is missing."""
    for comparison in get_args(Comparison):
        figure = _quantity(text.removeprefix(f"{comparison} ")) if text.startswith(f"{comparison} ") else None
        if figure is not None:
            return Limit(comparison, figure)
    why = "a limit says how it is compared, and its figure has a unit"
    raise refusal(
        "D113",
        f"`{text}` is not a limit",
        why,
        "write it like `at least 120%`, `at most 25 points` or `more than 1.20x`",
    )


def read_margin(text: str) -> Margin:
    """Return `3 points` as a Margin. Raises D105 for any other text."""
    figure = _quantity(text)
    # Three per cent of a percentage could mean two distances, and points mean one.
    if figure is None or figure.value < 0 or figure.unit in (Unit.SHARE, Unit.COUNT):
        why = (
            "a distance between two percentages is counted in points, between two multiples in x, between "
            "two rates in USD per GPU-hour"
        )
        raise refusal(
            "D105",
            f"`{text}` is not a distance from a limit",
            why,
            "write it like `3 points`, `0.10x` or `USD 0.05 per GPU-hour`",
        )
    return Margin(figure)


def read_caps(text: str) -> Caps:
    """Return `2 in any 12 months`, or `2 in total and 1 in any 12 months`, as Caps.

    Raises D120 for any other text, and for two caps over the same time.
    """
    fix = "write it like `2 in total`, `1 in any 12 months` or `2 in total and 1 in any 12 months`"
    each = []
    for part in text.split(" and "):
        match = re.fullmatch(r"([0-9]{1,6}) in (?:total|any ([0-9]{1,6}) months)", part, re.ASCII)
        if not match or int(match[1]) < 1 or match[2] == "0":
            raise refusal("D120", f"`{text}` is not a cap", "a cap says how often, and over what time", fix)
        each.append(Cap(int(match[1]), int(match[2]) if match[2] else None))
    # `in total` is a cap over None months, so the set finds two of that kind as well.
    if len({cap.months for cap in each}) < len(each):
        raise refusal("D120", f"`{text}` caps the same time twice", "only the lower one could decide", fix)
    return Caps(tuple(each))


def read_number(text: str) -> Fraction:
    """Return `1.5` as 3/2. Raises D106 for any other text."""
    match = re.fullmatch(rf"({NUMBER})x?", text, re.ASCII)
    if not match:
        raise refusal(
            "D106", f"`{text}` is not a number", "a multiple or factor has no unit", "write it like `1.5`"
        )
    return _digits(match[1])


def read_whole(text: str) -> int:
    """Return `1024` or `1,024` as an integer. Raises D107 for any other text."""
    if not re.fullmatch(r"[1-9][0-9]{0,2}(,[0-9]{3}){1,300}|[0-9]{1,900}", text):
        raise refusal(
            "D107",
            f"`{text}` is not a whole number",
            "things are counted in whole ones",
            "write it like `1024`",
        )
    return int(text.replace(",", ""))


MOST_WEEKS = 1_200
"""The most rates that a worked example may give: twenty-three years of Thursdays."""


def read_rates(text: str) -> tuple[Decimal | None, ...]:
    """Return `1.60 1.55x3 _` as one entry per Thursday; None stands for a Thursday without publication.

    Raises D112 for any other text.
    """
    rates: list[Decimal | None] = []
    for word in text.split():
        match = re.fullmatch(r"(_|[0-9]{1,30}(?:\.[0-9]{1,30})?)(?:x([0-9]{1,30}))?", word, re.ASCII)
        times = match[2] or "1" if match else "0"
        if match is None or not int(times[:5]) > 0 or len(times) > 4 or len(rates) + int(times) > MOST_WEEKS:
            why = f"a worked example gives one rate per Thursday, for at most {MOST_WEEKS:,} of them"
            raise refusal(
                "D112",
                f"`{word}` is not a rate",
                why,
                "write rates like `1.60 1.55x3 _`, `_` for a week without publication",
            )
        rates += [None if match[1] == "_" else Decimal(match[1])] * int(times)
    return tuple(rates)


def field_type(reader: Callable[[str], Any], pattern: str, example: str, title: str) -> tuple[Any, ...]:
    """Return the annotations of a field type.

    They hold its reader, its form in JSON, and its pattern and example for editors.
    """

    def read(value: Any) -> Any:
        # Terms are validated again from values that have been read already.
        return reader(value) if isinstance(value, str) else value

    # An editor takes `7` for a number, while the reader of the file takes every scalar as text.
    schema = {"type": ["string", "number"] if title in ("number", "whole number") else "string"}
    return (
        BeforeValidator(read),
        PlainSerializer(str, return_type=str),
        WithJsonSchema(schema | {"pattern": pattern, "examples": [example], "title": title}),
    )


# The patterns only help editors. The readers decide, and they give the reason with a fix.
NUMBER_PATTERN = r"^\d[\d,]*(\.\d+)?$"
SHARE_PATTERN = r"^-?[\d,]+(\.\d+)? ?%$"

Share = Annotated[Fraction, *field_type(read_share, SHARE_PATTERN, "65%", "share")]
Rate = Annotated[
    Fraction, *field_type(read_rate, r"^USD [\d,]+(\.\d+)? per GPU-hour$", "USD 1.50 per GPU-hour", "rate")
]
Usd = Annotated[Fraction, *field_type(read_usd, r"^USD [\d,]+(\.\d+)?$", "USD 16,000,000", "amount of money")]
DIGITS = r"[\d,]+(\.\d+)?"
Distance = Annotated[
    Margin,
    *field_type(
        read_margin,
        rf"^(USD {DIGITS}( per GPU-hour)?|{DIGITS}( points?|x| days?| GPU-hours?| GPUs?))$",
        "3 points",
        "distance from a limit",
    ),
]
LimitOf = Annotated[
    Limit,
    *field_type(
        read_limit,
        r"^(at least|more than|at most|less than) -?(USD )?[\d,]+(\.\d+)?(%| points?|x| per GPU-hour| "
        r"days?| GPU-hours?| GPUs?)?$",
        "at least 120%",
        "limit",
    ),
]
Number = Annotated[Fraction, *field_type(read_number, NUMBER_PATTERN, "1.5", "number")]
CAP = r"\d+ in (total|any \d+ months)"
AtMost = Annotated[Caps, *field_type(read_caps, rf"^{CAP}( and {CAP})*$", "2 in any 12 months", "cap")]
Whole = Annotated[int, *field_type(read_whole, r"^[\d,]+$", "1024", "whole number")]
Rates = Annotated[
    tuple[Decimal | None, ...], *field_type(read_rates, r"^[_\d.x ]+$", "1.60 1.55x3 _", "rates by Thursday")
]
