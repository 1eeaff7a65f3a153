"""Amounts, steps, scenarios that switch, borrowing bases and second Cure Periods, at and around their limits,
against rational arithmetic.

100,000 cases of each in the soak, a hundredth of them otherwise.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.basics.calendar import load_calendar
from engine.basics.values import Figure, Unit
from engine.determination.determine import decided
from engine.determination.measure_inputs import Reported
from engine.determination.template import Facts, Template
from engine.evaluation.passed_deadlines import second_period
from engine.events.rates import Published, ReferenceRate
from engine.events.results import NotDetermined, Source, Verdict
from engine.events.states import Deadline, TestState, TestStatus
from engine.terms.as_written import Deal, resolve
from engine.terms.in_force import TermsInForce
from tests.conftest import DEALS
from tests.covenants.test_reported_figure_thresholds import PASSES
from tests.terms.test_further_clauses import borrowing_base

CASES = 100_000 if os.environ.get("HEADROOM_SOAK") else 1_000
ON = date(2026, 7, 30)
SOURCE = Source(kind="servicer report", text="test", as_of=ON)
NONE = NotDetermined(reason="none", cite="-", lacks="report")
LEVEL = Fraction(210, 100)
"""The Closing Date level, from which a fall is measured."""
MEASURES: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "collections": lambda first, _: first,
    "collections - debt_service": lambda first, second: first - second,
    "sum of [collections, debt_service]": lambda first, second: first + second,
}
TAKEN: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "sum": lambda values: sum(values, Fraction(0)),
    "mean": lambda values: sum(values, Fraction(0)) / len(values),
}


@pytest.fixture(scope="module")
def terms(load: Callable[[str], Deal]) -> TermsInForce:
    return resolve(load((DEALS / "tidewater-warehouse-2026.yaml").read_text(encoding="utf-8")), ON)


def cents(value: Fraction) -> str:
    """An amount in whole cents, as a deal file writes it."""
    return f"USD {Decimal(value.numerator) / Decimal(value.denominator):.2f}"


def test_amounts_over_several_reports(terms: TermsInForce, all_templates: dict[str, Template]) -> None:
    """The limit stands at the amount in two cases of three, to the cent or a cent from it."""
    template, drawn, wrong = all_templates["reported_figure"], random.Random(510), []
    for number in range(CASES):
        measured, how, comparison = (drawn.choice(sorted(choices)) for choices in (MEASURES, TAKEN, PASSES))
        pairs = [
            (Fraction(drawn.randint(10**6, 10**9), 100), Fraction(drawn.randint(1, 10**6), 100))
            for _ in range(drawn.randint(1, 4))
        ]
        value = TAKEN[how]([MEASURES[measured](*pair) for pair in pairs])
        limit = (
            Fraction(round(value * 100) + drawn.choice([-1, 0, 1]), 100)
            if number % 3
            else Fraction(drawn.randint(1, 10**9), 100)
        )
        written = {
            "template": "reported_figure",
            "cite": "WA §1",
            "measured": measured,
            "failure_is": "a trigger event",
        }
        written |= {"if_not_determined": "hold", "limit": f"{comparison} {cents(limit)}"}
        clause = template.terms.model_validate({**written, "trailing": {"n": str(len(pairs)), "as": how}})
        figures = [
            dict(
                zip(
                    ("collections", "debt_service"),
                    (Figure(value=one, unit=Unit.USD) for one in pair),
                    strict=True,
                )
            )
            for pair in pairs
        ]
        windows = tuple((ON, Reported(one, SOURCE)) for one in figures)
        result = decided(
            "one",
            clause,
            template,
            Facts(on=ON, terms=terms, rates={}, published={}, report=windows[-1][1], windows=windows),
        )
        if result.verdict is not (Verdict.PASS if PASSES[comparison](value, limit) else Verdict.FAIL):
            wrong.append((number, measured, how, comparison, limit, pairs))
    assert wrong == []


def falls(
    terms: TermsInForce, template: Template, curve: object, between: str | None, rate: Fraction
) -> Verdict:
    """What the engine says of a published rate on the date against a curve."""
    written = {
        "template": "depreciation",
        "cite": "WA §1",
        "failure_is": "a trigger event",
        "if_not_determined": "hold",
    }
    written |= {"since": "closing date"}
    clause = template.terms.model_validate(
        {**written, "curve": curve, **({"between": between} if between else {})}
    )
    value = Decimal(rate.numerator) / Decimal(rate.denominator)
    prints = {"CRI-H100": (Published(index="CRI-H100", publication_date=ON, value=value),)}
    return decided(
        "one", clause, template, Facts(on=ON, terms=terms, rates={}, published=prints, report=NONE)
    ).verdict


def beside(level: Fraction, drawn: random.Random) -> Fraction:
    """A rate of the published grid at a level, or a tick beside it."""
    return Fraction(max(1, round(level * 10_000) + drawn.choice([-1, 0, 1])), 10_000)


def test_curves_by_steps(terms: TermsInForce, all_templates: dict[str, Template]) -> None:
    """The newest point on or before the date decides, one on the very date as well."""
    template, drawn, wrong = all_templates["depreciation"], random.Random(50), []
    for number in range(CASES):
        days = sorted(drawn.sample(range(-200, 60), drawn.randint(1, 4)))
        days[0] = min(days[0], 0)
        points = [
            (ON + timedelta(days=day), Fraction(drawn.randint(1, 9_000), 10_000)) for day in sorted(set(days))
        ]
        allowed = [share for day, share in points if day <= ON][-1]
        rate = beside(LEVEL * (1 - allowed), drawn)
        curve = [{"on": str(day), "at_most": f"{float(share * 100):.2f}%"} for day, share in points]
        passed = (LEVEL - rate) / LEVEL <= allowed
        if falls(terms, template, curve, "steps", rate) is not (Verdict.PASS if passed else Verdict.FAIL):
            wrong.append((number, points, rate))
    assert wrong == []


DECLINES = {
    ("A", "low"): 15, ("A", "high"): 20, ("B", "low"): 30, ("B", "middle"): 35, ("B", "high"): 40, ("C", "low"): 50, ("C", "high"): 70
}  # fmt: skip
"""Of each scenario at a point of its band, the yearly decline in per cent (WP Table 4)."""


def test_scenarios_that_switch(terms: TermsInForce, all_templates: dict[str, Template]) -> None:
    """Straight lines, each from what the one before left: exact in fractions."""
    template, drawn, wrong = all_templates["depreciation"], random.Random(16), []
    for number in range(CASES):
        first, second = drawn.choice(sorted(DECLINES)), drawn.choice(sorted(DECLINES))
        switched = ON + timedelta(days=drawn.randint(-200, 30))
        before = min(max((switched - terms.closing_date).days, 0), (ON - terms.closing_date).days)
        after = (ON - terms.closing_date).days - before
        left = (1 - Fraction(DECLINES[first] * before, 36_500)) * (
            1 - Fraction(DECLINES[second] * after, 36_500)
        )
        path = {"scenario": first[0], "point": first[1], "shape": "straight line"}
        other = {"on": str(switched), "scenario": second[0], "point": second[1], "shape": "straight line"}
        rate = beside(LEVEL * left, drawn)
        passed = (LEVEL - rate) / LEVEL <= 1 - left
        if falls(terms, template, {**path, "switches": [other]}, None, rate) is not (
            Verdict.PASS if passed else Verdict.FAIL
        ):
            wrong.append((number, first, second, switched, rate))
    assert wrong == []


def test_borrowing_bases(load: Callable[[str], Deal], all_templates: dict[str, Template]) -> None:
    """Two classes at advance rates of their own: the principal stands at the base, or a cent from it."""
    terms, template = (
        resolve(load(borrowing_base("h100: 75%, a100: 60%")), ON),
        all_templates["loan_to_value"],
    )
    clause, drawn, wrong = terms.covenants["borrowing-base"], random.Random(30), []
    of_class = {"h100": Fraction(1000 * 95, 100), "a100": Fraction(500 * 90 * 5, 1000)}
    for number in range(CASES):
        rate, advances = (
            Fraction(drawn.randint(1, 50_000), 10_000),
            {name: Fraction(drawn.randint(1, 100), 100) for name in of_class},
        )
        base = Fraction(3, 2) * rate * 8760 * sum(of_class[name] * advances[name] for name in of_class)
        principal = Fraction(round(base * 100) + drawn.choice([-1, 0, 1]), 100)
        value = Decimal(rate.numerator) / Decimal(rate.denominator)
        known = ReferenceRate(
            index="CRI-H100", on=ON, value=value, step="published value", cite="-", publication_date=ON
        )
        report = Reported({"outstanding_principal": Figure(value=principal, unit=Unit.USD)}, SOURCE)
        facts = Facts(on=ON, terms=terms, rates={"CRI-H100": (known,)}, published={}, report=report)
        found = decided(
            "base", clause.model_copy(update={"advance_rates": advances}), template, facts
        ).verdict
        if found is not (Verdict.PASS if principal <= base else Verdict.FAIL):
            wrong.append((number, rate, advances, principal))
    assert wrong == []


def test_second_cure_periods(load: Callable[[str], Deal], all_templates: dict[str, Template]) -> None:
    """Enough made good, and not below the floor: the share and the floor at their limits, or a hair beside
    them.
    """
    template, drawn, wrong = all_templates["overcollateralization"], random.Random(52), []
    calendar = load_calendar("us-federal-reserve")
    last = Deadline(
        by=date(2026, 5, 18),
        counted_from=date(2026, 2, 17),
        rule="90 days",
        calendar="calendar days",
        cite="-",
    )
    hair = Fraction(1, 10**12)
    for number in range(CASES):
        share, floor = Fraction(drawn.randint(1, 100), 100), Fraction(drawn.randint(50, 99), 100)
        first = Fraction(drawn.randint(1, 10**6), 10**7)
        now = (
            first
            - share * first
            + drawn.choice([-hair, 0, hair, Fraction(drawn.randint(-(10**6), 10**6), 10**7)])
        )
        newest = floor + drawn.choice([-hair, 0, hair, Fraction(1, 10)])
        more = {
            "within": "90 days",
            "if_made_good": f"at least {share * 100}% of the shortfall",
            "not_below": f"{floor * 100}%",
            "cite": "-",
        }
        cure = {
            "within": "90 days",
            "after": "determination date",
            "cured_by": ["retest"],
            "cite": "-",
            "extension": more,
        }
        written = {
            "template": "overcollateralization",
            "cite": "-",
            "multiple": "1.5",
            "limit": "at least 100%",
            "failure_is": "a default",
        }
        clause = template.terms.model_validate({**written, "cure": cure, "if_not_determined": "hold"})
        state = TestState(
            test="a",
            status=TestStatus.CURE_PERIOD,
            since=last.counted_from,
            cure=last,
            shortfalls=(first, now),
            newest=newest,
        )
        expected = first - now >= share * first and newest >= floor
        if (second_period(state, clause, calendar, date(2026, 5, 19)) is not None) is not expected:
            wrong.append((number, share, floor, first, now, newest))
    assert wrong == []
