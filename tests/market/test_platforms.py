"""Rates of other platforms beside the index: each is held against the value of its own week, and each wrong
row is named.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from engine.basics.errors import WrongUsage
from engine.market.quality.finding import Week
from engine.market.quality.platforms import COLUMNS, Quote, compared, read_quotes

HEAD = ",".join(COLUMNS)
WEEKS = [
    Week(date(2026, 3, 5), 2.00, (), None, ()),
    Week(date(2026, 3, 12), None, (), None, ()),
    Week(date(2026, 3, 19), 1.00, (), None, ()),
]


def quote(day: int, rate: str, platform: str = "other") -> Quote:
    return Quote(date(2026, 3, day), platform, Decimal(rate), "a page")


def test_a_rate_is_held_against_the_value_of_the_week_before_it() -> None:
    """2.00 against 2.50 and 1.60 is 20% below and 25% above: the middle is +2.5%."""
    (finding,) = compared(WEEKS, [quote(5, "2.50"), quote(11, "1.60")])
    assert (finding.sample, finding.statistic) == (2, pytest.approx(0.025))
    assert finding.verdict == "the index is 2.5% above other in the middle of 2 rates (-20.0% to +25.0%)"


def test_a_rate_of_a_week_without_a_value_is_left_out_and_counted() -> None:
    (finding,) = compared(WEEKS, [quote(4, "2.00"), quote(12, "2.00"), quote(19, "2.00")])
    assert (finding.sample, finding.statistic) == (1, pytest.approx(-0.5))
    assert "2 rates without a value published in the week before left out" in finding.caveat


def test_each_platform_has_a_finding_of_its_own_and_one_without_a_week_refuses() -> None:
    first, second = compared(WEEKS, [quote(5, "2.00", "b"), quote(4, "2.00", "a")])
    assert (first.test, first.verdict) == (
        "price comparison, a",
        "refused: no rate falls in a week with a value, and it needs one",
    )
    assert (second.test, second.statistic) == ("price comparison, b", 0)
    (refused,) = compared(WEEKS, None)
    assert refused.verdict.startswith("refused: rates of other platforms are not given")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("5 March,other,2.00,a page", "prices.csv:2: `5 March` is not a date"),
        ("2026-03-05,other,two,a page", "prices.csv:2: `two` is not a rate"),
        ("2026-03-05,other,2_4,a page", "prices.csv:2: `2_4` is not a rate"),
        ("2026-03-05,other,\u0662.5,a page", "prices.csv:2: `\u0662.5` is not a rate"),
        ("2026-03-05,other,0,a page", "prices.csv:2: a rate of 0 is not above zero"),
        ("2026-03-05,other,NaN,a page", "prices.csv:2: `NaN` is not a rate"),
        ("2026-03-05,,2.00,a page", "prices.csv:2: every rate names its platform"),
        ("2026-03-05,other,2.00,", "prices.csv:2: every rate names its platform"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row: str, said: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        read_quotes(f"{HEAD}\n{row}\n", "prices.csv")
    assert said in str(refused.value)


def test_rows_are_read_oldest_first() -> None:
    text = f"{HEAD}\n2026-03-12,b,2.00,a page\n2026-03-05,a,1.50,another\n"
    assert [(row.platform, row.rate) for row in read_quotes(text, "prices.csv")] == [
        ("a", Decimal("1.50")),
        ("b", Decimal("2.00")),
    ]
    with pytest.raises(WrongUsage, match="has no rows with the columns"):
        read_quotes("date,rate\n2026-03-05,1\n", "prices.csv")
