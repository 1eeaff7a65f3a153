"""A scenario that gives way to another on a date: the new one goes on from what the one before has left, by
hand.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from engine.determination.scenario import Scenario
from engine.determination.template import Template
from tests.terms.said import asked, holds, said
from tests.terms.test_fourteen_clauses import covenant, lived

STRAIGHT = {"scenario": "A", "point": "low", "shape": "straight line"}
SWITCHED = Scenario.model_validate(
    {**STRAIGHT, "switches": [{**STRAIGHT, "scenario": "C", "on": "2027-01-06"}]}
)
CLOSING = date(2026, 1, 6)
CURVE = (
    "curve: {scenario: A, point: low, shape: straight line, switches: [{on: 2026-03-19, scenario: C, point: "
    "high, shape: straight line}]}"
)


@pytest.mark.parametrize(
    ("since", "until", "left"),
    [
        (CLOSING, date(2027, 1, 6), Fraction(85, 100)),  # a year of A: 15%
        (CLOSING, date(2028, 1, 6), Fraction(425, 1000)),  # and a year of C on the rest: half of 85%
        (
            date(2027, 1, 6),
            date(2028, 1, 6),
            Fraction(1, 2),
        ),  # of a path that begins after the switch, C alone
        (CLOSING, CLOSING, Fraction(1)),
    ],
)
def test_each_goes_on_from_what_the_one_before_left(since: date, until: date, left: Fraction) -> None:
    assert SWITCHED.left(since, until) == left


def test_one_scenario_is_what_it_was() -> None:
    one = Scenario.model_validate({**STRAIGHT, "shape": "compound"})
    assert one.left(CLOSING, date(2028, 1, 6)) == one.remaining(730)


def test_a_curve_switches_on_its_date(all_templates: dict[str, Template]) -> None:
    """To 19 March 72 days of A at 15%: 97.041% left; 14 days of C at 70% more: 97.3150685% of it, 94.436%, so
    5.564% allowed on 2 April.
    """
    example = lived(
        "2.10x10 1.98x6",
        "",
        "on: 2026-03-19, test: fall, limit: 2.959%",
        "on: 2026-04-02, test: fall, result: FAIL, limit: 5.564%",
    )
    text = said(covenant("fall", "depreciation", "since: closing date", CURVE), example)
    assert holds(text, all_templates) == []


def test_switches_out_of_their_order_are_refused(all_templates: dict[str, Template]) -> None:
    twice = CURVE.replace("}]}", "}, {on: 2026-03-12, scenario: B, point: low, shape: compound}]}")
    assert [
        code
        for code, _ in asked(
            said(covenant("fall", "depreciation", "since: closing date", twice)), all_templates
        )
    ] == ["D117"]
