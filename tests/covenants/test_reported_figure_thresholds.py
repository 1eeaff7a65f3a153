"""Tests of reported figures at and around their limits, against plain rational arithmetic.

100,000 cases in the soak, a hundredth of them otherwise.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.determine import decided
from engine.determination.measure_inputs import Reported
from engine.determination.template import Facts, Template
from engine.events.results import Source, Verdict
from engine.terms.as_written import Deal, resolve
from tests.conftest import DEALS

CASES = 100_000 if os.environ.get("HEADROOM_SOAK") else 1_000
ON = date(2026, 7, 30)
SOURCE = Source(kind="servicer report", text="test", as_of=ON)
PASSES: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "at least": lambda value, limit: value >= limit,
    "more than": lambda value, limit: value > limit,
    "at most": lambda value, limit: value <= limit,
    "less than": lambda value, limit: value < limit,
}
TAKEN = {
    "ratio of sums": lambda pairs: sum(a for a, _ in pairs) / sum(b for _, b in pairs),
    "mean of ratios": lambda pairs: sum(a / b for a, b in pairs) / len(pairs),
}


def report(first: Fraction, second: Fraction) -> Reported:
    names = {"collections": first, "debt_service": second}
    return Reported({name: Figure(value=value, unit=Unit.USD) for name, value in names.items()}, SOURCE)


def test_every_case_is_decided_as_rational_arithmetic_decides_it(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """Half of the cases stand at the limit exactly, or a cent from it."""
    deal = load((DEALS / "tidewater-warehouse-2026.yaml").read_text(encoding="utf-8"))
    terms, template, drawn = resolve(deal, ON), all_templates["reported_figure"], random.Random(51)
    wrong = []
    for number in range(CASES):
        how, comparison = drawn.choice(sorted(TAKEN)), drawn.choice(sorted(PASSES))
        limit = Fraction(drawn.randint(50, 300), 100)
        pairs = [
            (Fraction(drawn.randint(1, 10**9), 100), Fraction(drawn.randint(1, 10**8), 100))
            for _ in range(drawn.randint(1, 4))
        ]
        if number % 2:  # the last report brings the ratio of sums to the limit, or a cent beside it
            *others, (_, last) = pairs
            whole = limit * (sum((b for _, b in others), Fraction(0)) + last) - sum(
                (a for a, _ in others), Fraction(0)
            )
            at = max(Fraction(1, 100), whole + Fraction(drawn.choice([-1, 0, 1]), 100))
            pairs = [*others, (at, last)]
        written = {
            "template": "reported_figure",
            "cite": "WA §1",
            "measured": "collections / debt_service",
            "failure_is": "a trigger event",
        }
        written |= {
            "if_not_determined": "hold",
            "limit": f"{comparison} {Decimal(limit.numerator) / Decimal(limit.denominator)}x",
        }
        clause = template.terms.model_validate({**written, "trailing": {"n": str(len(pairs)), "as": how}})
        windows = tuple((ON, report(*pair)) for pair in pairs)
        result = decided(
            "one",
            clause,
            template,
            Facts(on=ON, terms=terms, rates={}, published={}, report=windows[-1][1], windows=windows),
        )
        expected = PASSES[comparison](TAKEN[how](pairs), limit)
        if result.verdict is not (Verdict.PASS if expected else Verdict.FAIL):
            wrong.append((number, how, comparison, limit, pairs))
    assert wrong == []


@pytest.mark.parametrize("second", [0, -1])
def test_no_denominator_of_nothing_is_a_pass(
    load: Callable[[str], Deal], all_templates: dict[str, Template], second: int
) -> None:
    deal = load((DEALS / "tidewater-warehouse-2026.yaml").read_text(encoding="utf-8"))
    template = all_templates["reported_figure"]
    written = {
        "template": "reported_figure",
        "cite": "WA §1",
        "measured": "collections / debt_service",
        "failure_is": "a trigger event",
    }
    written |= {"if_not_determined": "hold", "limit": "at most 1.20x"}
    clause = template.terms.model_validate({**written, "trailing": {"n": "1", "as": "last"}})
    facts = Facts(
        on=ON, terms=resolve(deal, ON), rates={}, published={}, report=report(Fraction(1), Fraction(second))
    )
    assert decided("one", clause, template, facts).verdict is Verdict.NOT_DETERMINED
