"""Figures that follow the rate: worked by hand, refused with their form, and moved path by path."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.basics.errors import WrongUsage
from engine.determination.template import Template
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.foresight.stress import outcome
from engine.terms.as_written import Deal, resolve

RENT = "weighted_average_rental_rate={follows: CRI-H100, share: 86%, over: 2 weeks}"
CASH = 'collections={follows: CRI-H100, from: "USD 1,150,000", over: 1 week}'
FIRST, SECOND, THIRD = date(2026, 1, 8), date(2026, 1, 15), date(2026, 1, 22)
RATES = {"CRI-H100": ((FIRST, Decimal("2.0000")), (SECOND, Decimal("1.9001")), (THIRD, None))}


def given(deal: Deal, *texts: str) -> FactsByDate:
    return held_facts(texts, deal.closing_date, resolve(deal, deal.closing_date))


def test_a_rent_is_a_share_of_the_mean_and_an_amount_moves_with_it(meridian: Deal) -> None:
    """By hand: 0.86 x 2.10 = 1.8060; 0.86 x 2.0000 = 1.7200; 0.86 x 1.95005 = 1.677043 -> 1.6770; then 0.86 x
    1.9001 = 1.6341.

    1,150,000 / 2.10 x 2.0000 = 1,095,238.10."""
    moved = given(meridian, RENT, CASH).along(RATES, meridian.closing_date)
    rents = [
        moved.on(day)["weighted_average_rental_rate"].value
        for day in (date(2026, 1, 7), FIRST, SECOND, THIRD)
    ]
    assert rents == [Fraction("1.8060"), Fraction("1.7200"), Fraction("1.6770"), Fraction("1.6341")]
    assert moved.on(FIRST)["collections"].value == Fraction("1095238.10")
    assert moved.on(THIRD)["collections"].value == moved.on(SECOND)["collections"].value


def test_what_follows_the_rate_moves_in_steps_where_other_figures_move_in_lines(meridian: Deal) -> None:
    """A line from one Publication Date to the next would tell of a rate that is not published yet."""
    facts = replace(given(meridian, RENT), straight_lines=True).along(RATES, meridian.closing_date)
    between = date.fromordinal((FIRST.toordinal() + SECOND.toordinal()) // 2)
    assert facts.on(between) == facts.on(FIRST)


def test_a_lost_contract_takes_its_revenue_from_what_follows_the_rate_too(meridian: Deal) -> None:
    """By hand: 700,000 / 2.10 x 2.00 = 666,666.67, x 1.9001 = 633,366.67; 20,000 hours at 1.70 are 34,000."""
    revenue = 'contracted_revenue={follows: CRI-H100, from: "USD 700,000", over: 1 week}'
    contract = ("contracted_gpu_hours.acme=20,000", "contracted_rate.acme=USD 1.70 per GPU-hour")
    between = date.fromordinal(FIRST.toordinal() + 2)
    lost = given(meridian, revenue, *contract, "uncontracted_gpu_hours=0").with_lost("acme", between)
    moved = lost.along(RATES, meridian.closing_date)
    told = [moved.on(day)["contracted_revenue"].value for day in (FIRST, between, SECOND)]
    assert told == [Fraction("666666.67"), Fraction("632666.67"), Fraction("599366.67")]
    follows = "contracted_rate.acme={follows: CRI-H100, share: 86%, over: 1 week}"
    with pytest.raises(WrongUsage, match="what ends with the contract is not one amount"):
        given(meridian, revenue, contract[0], follows).with_lost("acme", between)


def test_hours_and_contracted_revenue_are_held_while_rents_and_collections_follow(meridian: Deal) -> None:
    hours, rate = "rental.h100.rented_gpu_hours", "rental.h100.weighted_average_rate"
    facts = given(
        meridian,
        f"{hours}=100,000",
        f"{rate}=USD 1.80 per GPU-hour",
        "contracted_revenue=USD 700,000",
        "collections=USD 900,000",
    )
    assert facts.unheld(()) == (rate, "collections")


def test_the_head_says_the_link_as_it_was_written(meridian: Deal) -> None:
    assert (
        given(meridian, RENT).described()
        == "weighted average rental rate {follows: CRI-H100, share: 86%, over: 2 weeks}"
    )


def test_a_rent_that_follows_the_rate_never_falls_behind_a_rate_that_rises(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """Held at 1.80 the floor of 85% fails above 2.1176; at 92% of the newest two weeks it passes at every
    rate that stays.
    """
    days = tuple(date(2026, 1, 8 + 7 * week) for week in range(3)) + tuple(
        date(2026, 2, 5 + 7 * week) for week in range(3)
    )
    rising = {"CRI-H100": tuple((day, Decimal("2.20")) for day in days)}
    held = given(meridian, "weighted_average_rental_rate=USD 1.80 per GPU-hour")
    linked = given(meridian, RENT.replace("86%", "92%")).along(rising, meridian.closing_date)
    fails = [
        outcome("up", meridian, all_templates, rising, facts, days[-1]).first("rate-floor", "fails")
        for facts in (held, linked)
    ]
    assert fails[0] is not None
    assert fails[1] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("weighted_average_rental_rate={follows: CRI-H100}", "is not a link; write it like"),
        (
            "weighted_average_rental_rate={follows: CRI-H200, share: 86%, over: 4 weeks}",
            "the deal reads CRI-H100",
        ),
        ("collections={follows: CRI-H100, share: 86%, over: 4 weeks}", "an amount begins `from` one"),
        (
            "collections={follows: CRI-H100, from: USD 1.80 per GPU-hour, over: 4 weeks}",
            "cannot follow a rate so",
        ),
    ],
)
def test_what_is_no_link_is_refused_with_its_form(meridian: Deal, text: str, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        given(meridian, text)
