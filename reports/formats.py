"""How a notice writes figures, dates, parties and hashes: the design's rules for print, and nothing else.

Rounding here is for print only and never lands on a limit from the wrong side (`rulings.md` 18).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

from engine.basics.numerals import UP_TO_TWELVE
from engine.basics.values import (
    MINUS,
    Figure,
    Unit,
    printed,
    printed_apart,
    printed_headroom,
    ratio_decimals,
    rounded,
    trimmed,
    weekday_date,
)
from engine.basics.values import long_date as long_date  # the documents' word for it too

NONE = "\N{EN DASH}"
"""What a cell holds if there is nothing to say."""

UNBROKEN = "\N{NO-BREAK SPACE}"
"""Between words that stay on one line."""

Runs = list[tuple[str, bool]]
"""A sentence in pieces, each with whether it is set bold."""

ISO_DATE = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])")
"""A date by itself; one inside a document's name is left alone."""
ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
COUNTS = ("no", *UP_TO_TWELVE[1:])
LEAST_DECIMALS = {Unit.USD: 2, Unit.RATE: 4}
CALENDARS = {
    "us-federal-reserve": "Federal Reserve",
    "us-federal-holidays": "Federal holidays",
    "new-york-banks": "New York banks",
    "us-sifma": "SIFMA",
    "nyse": "NYSE",
}
SMALL_WORDS = ("of", "the", "to", "and")
CAPITALS = {"ltv": "LTV", "dscr": "DSCR", "oc": "OC", "gpu": "GPU", "gpus": "GPUs"}
"""Words of a key that are written in capitals."""


def minus(text: str) -> str:
    """Return `text` with a true minus before figures, which is as wide as a figure."""
    return re.sub(r"(?<![\w)])-(?=\d|USD)", MINUS, text)


def figure(value: Figure, places: int | None = None) -> str:
    """Return a figure with its unit, at the decimals of its unit unless told otherwise."""
    return minus(printed(value, places))


def term(value: Figure) -> str:
    """Return a figure as the agreement writes it, without trailing zeros."""
    return minus(trimmed(value))


def apart(value: Figure, limit: Figure, rounding: str = "unrounded") -> str:
    """Return a figure with as many decimals as put it on its own side of the limit.

    A rounded ratio has the deal's own decimals.
    """
    return minus(printed_apart(value, limit, ratio_decimals(rounding, value.unit)))


def signed(headroom: Figure, rounding: str = "unrounded") -> str:
    """Return headroom with its sign, as the command line prints it too."""
    return printed_headroom(headroom, ratio_decimals(rounding, headroom.unit))


def percent(value: Fraction, places: int = 2) -> str:
    """Return a share as a per cent with its sign: `+2.65%`."""
    text = minus(f"{rounded(value * 100, places):f}%")
    return text if value < 0 else f"+{text}"


def share(value: Any, places: int = 1) -> str:
    """Return a share given as text in JSON, as a per cent: `17.5%`; the absence without one."""
    return NONE if value is None else f"{rounded(Fraction(str(value)) * 100, places):f}%"


def number(value: Figure) -> str:
    """Return a figure's number without its unit, for columns whose head names the unit."""
    return figure(value).removeprefix("USD ").removesuffix(" GPUs").removesuffix(" points")


def cut(value: Figure) -> tuple[str, str]:
    """Return a working figure for a column that is aligned at the point.

    The two parts are its integer part, and the rest with its unit. A figure that goes on is cut after six
    decimals and ends in an ellipsis; it is never rounded.
    """
    # Shares and points are kept as fractions of one and printed in per cent.
    shown = value.value * 100 if value.unit in (Unit.SHARE, Unit.POINTS) else value.value
    places = next((n for n in range(7) if (shown * 10**n).denominator == 1), None)
    text = f"{rounded(abs(shown), places if places is not None else 6, ROUND_FLOOR):,f}"
    least = LEAST_DECIMALS.get(value.unit, 0)
    # Amounts and rates keep their usual decimals even if they end earlier: USD 5 is printed 5.00.
    if places is not None and places < least:
        text = f"{rounded(abs(shown), least):,f}"
    whole, point, rest = text.partition(".")
    unit = {Unit.SHARE: "%", Unit.MULTIPLE: "x"}.get(value.unit, "")
    return (MINUS if shown < 0 else "") + whole, point + rest + ("" if places is not None else "…") + unit


def short_date(day: date) -> str:
    """Return a date in a table that has no room for its weekday: `5 Nov 2026`."""
    return f"{day.day} {day:%b %Y}"


table_date = weekday_date


def instant(moment: datetime) -> str:
    """Return a time with its offset from UTC: `5 Nov 2026, 14:05 UTC−05:00`."""
    offset = f"{moment:%z}"
    zone = "UTC" if offset in ("", "+0000") else f"UTC{offset[:3].replace('-', MINUS)}:{offset[3:5]}"
    return f"{short_date(moment.date())}, {moment:%H:%M} {zone}"


def with_dates(text: str) -> str:
    """Return an engine's sentence with its ISO dates as people read them, and true minus signs."""
    return minus(ISO_DATE.sub(lambda match: short_date(date.fromisoformat(match.group())), text))


def role(key: str) -> str:
    """Return a party's role as the agreement names it: `Administrative Agent`."""
    words = key.replace("_", " ").replace("-", " ").split()
    return " ".join(
        word if word in SMALL_WORDS else CAPITALS.get(word, word[:1].upper() + word[1:]) for word in words
    )


def trigger_name(key: str, title: str) -> str:
    """Return the name of a clause's trigger, apart from its test.

    If the test is the `Cash sweep level`, the trigger is the `Cash sweep`. The clause's own key names the
    trigger if the test's title does not hold it, like `Cash trap`.
    """
    words = key.replace("_", " ").replace("-", " ")
    named = title.removesuffix(" level")
    if words.lower() in named.lower():
        return named
    return sentence(" ".join(CAPITALS.get(word, word) for word in words.split()))


def sentence(text: str) -> str:
    """Return `text` with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def classes(text: str) -> str:
    """Return `text` with each class of debt as the agreement names it.

    `class_c` and `class class_c` become `Class C`.
    """
    return re.sub(r"\b(?:class )?class_(\w)\b", lambda match: f"Class {match.group(1).upper()}", text)


def in_plain(text: str) -> str:
    """Return text for people in which nothing is named as the deal file names it.

    `class h100` becomes `class H100`, and `fall_in_window` becomes words.
    """
    models = re.sub(r"\b[a-z]{1,3}\d{2,4}\b", lambda match: match[0].upper(), classes(text))
    return re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda match: match[0].replace("_", " "), models)


def name(text: str) -> str:
    """Return a figure's name as the report files spell it, for people: `outstanding principal, Class A`."""
    models = re.sub(r"\b[a-z]{1,3}\d{2,4}\b", lambda match: match[0].upper(), classes(with_dates(text)))
    # `gpu_hours` is spelled before the last line turns its underscore into a space.
    spelled = models.replace("gpu_hours", "GPU-hours").replace("gpus", "GPUs")
    return re.sub(r"(?<=\w)\.(?=[A-Za-z])", ", ", spelled).replace("_", " ")


def reason_words(text: str) -> str:
    """Return a reason in words for people.

    A figure of the report has its name in words. Dates and classes are as the agreement writes them.
    """
    named = re.sub(r"`([a-z_]+(?:\.[A-Za-z0-9_-]+)*)`", lambda match: name(match[1]), with_dates(text))
    return in_plain(named)


def calendar(key: str) -> str:
    """Return a calendar's name in a column head: `NYSE`."""
    return CALENDARS.get(key, key)


def listed(items: Sequence[str], joiner: str = "and") -> str:
    """Join words as `a, b and c`."""
    return "".join(items) if len(items) < 2 else f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def ordinal(n: int) -> str:
    """Return `second`; from the eleventh on in figures."""
    if n < len(ORDINALS):
        return ORDINALS[n]
    # 11th to 13th are the exceptions; 21st and 22nd follow the last figure.
    suffix = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"


def counted(n: int) -> str:
    """Return a small number in words."""
    return COUNTS[n] if n < len(COUNTS) else str(n)


def eights(digest: str) -> str:
    """Return a hash in groups of eight."""
    return " ".join(digest[i : i + 8] for i in range(0, len(digest), 8))


def short_engine(engine: str) -> str:
    """Return the engine that made an event with its hashes cut to twelve digits; the event has them whole."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{28,}\b", r"\1", engine)


def price(value: Any) -> str:
    """Return a price given as text in JSON at four decimals; the absence without one."""
    return NONE if value is None else f"{Decimal(str(value)):.4f}"


def whole(value: Any) -> str:
    """Return a count given in JSON; the absence if it is not known."""
    return NONE if value is None else f"{int(value):,}"


def interval(bounds: Mapping[str, Any] | None) -> str:
    """Return an interval given in JSON in words: `1.4441 to 1.5186`, or the word for a missing figure."""
    return (
        NONE
        if not bounds or bounds.get("low") is None
        else f"{price(bounds['low'])} to {price(bounds['high'])}"
    )


def plain(runs: Runs) -> str:
    """Return a sentence without its weights."""
    return "".join(text for text, _ in runs)
