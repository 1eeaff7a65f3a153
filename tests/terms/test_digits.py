"""Numbers are written in the digits of ASCII, grouped by thousands, and no longer than any amount there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from engine.terms import periods, phrases
from engine.terms.worked_example import read_figure

LONG = "9" * 5_000
ARABIC = "\u0661\u0662\u0663"
READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "share": (phrases.read_share, "{}%"),
    "rate": (phrases.read_rate, "USD {} per GPU-hour"),
    "money": (phrases.read_usd, "USD {}"),
    "limit": (phrases.read_limit, "at least {}%"),
    "distance": (phrases.read_margin, "{} points"),
    "caps": (phrases.read_caps, "{} in total"),
    "number": (phrases.read_number, "{}"),
    "whole number": (phrases.read_whole, "{}"),
    "rates": (phrases.read_rates, "{}"),
    "times of a rate": (phrases.read_rates, "1.60x{}"),
    "date": (periods.read_day, "{}-01-06"),
    "period": (lambda text: periods.read_period(text, "days"), "{} days"),
    "count of dates": (periods.read_persistence, "{} of the last 6 determination dates"),
    "length of a count": (periods.read_persistence, "3 of the last {} determination dates"),
}


@pytest.mark.parametrize(
    "digits",
    [
        LONG,
        f"1.{LONG}",
        "1" + ",000" * 1_000,
        ARABIC,
        f"1,{ARABIC}",
        "\uff11",
        "\U0001d7d9",
        "1,92",
        "1,0000",
        "0,950",
    ],
)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_number_is_refused_by_every_reader(name: str, digits: str) -> None:
    read, form = READERS[name]
    with pytest.raises(PydanticCustomError):
        read(form.format(digits))


@pytest.mark.parametrize("digits", [LONG, f"1.{LONG}", ARABIC, f"USD {ARABIC}", "\uff11%", "1,92", "0,950"])
def test_what_is_no_number_is_no_figure(digits: str) -> None:
    assert read_figure(digits) is None


def test_an_act_sets_no_rate_that_is_no_number() -> None:
    assert [phrases.read_set_rate(text) for text in (LONG, ARABIC, "1,92", "0,950", "0", "1.9")] == [
        None,
        None,
        None,
        None,
        None,
        phrases.Decimal("1.9"),
    ]
