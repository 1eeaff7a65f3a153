"""Waivers and retests, months in Cure Periods, rounding of multiples (`rulings.md` 71): figures by hand.

One pool of 1,000 GPUs at availability 100% and a multiple of 1: Collateral Value is the rate times USD
8,760,000.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest

from engine.basics.values import Figure, Unit, rounding_of
from engine.determination.determine import _rounded_by
from engine.determination.template import Template
from engine.foresight.prove import prove
from engine.terms.as_written import Deal
from engine.terms.contract_dates import counted
from engine.terms.periods import Period
from engine.workspace.deal_files import read_deal
from tests.terms.test_examples_from_clauses import DEAL

LTV = """  ltv:
    template: loan_to_value
    cite: CA §7.02
    multiple: 1
    maximum: 65%
    cure: {within: WITHIN, after: determination date, cured_by: [METHODS], cite: CA §8.01}
    if_not_determined: hold"""


def deal(methods: str, rates: str, expect: str, acts: str = "[]", within: str = "10 business days") -> str:
    text = (
        DEAL.replace("CRI-H100: &\n", "CRI-H100:\n")
        .replace("TRIGGERS\n", "")
        .partition("worked_examples:")[0]
        .replace("EXAMPLES", "")
    )
    text = text.replace("COVENANTS", LTV.replace("METHODS", methods).replace("WITHIN", within))
    return f"""{text}
worked_examples:
  - name: By hand
    first_publication: 2026-02-26
    rates: {{CRI-H100: {rates}}}
    facts: {{outstanding_principal: "USD 10,000,000"}}
    acts: {acts}
    expect:
{expect}"""


WAIVED = (
    "[{on: 2026-03-10, act: waiver, clause: ltv, until: 2026-05-07, clock: resumes, document: Waiver Letter}]"
)
BY_HAND = {
    "a pass under the waiver ends the episode where a retest is listed": deal(
        "retest, prepayment",
        "2.00 1.70 2.00x12",
        """      - {on: 2026-03-05, test: ltv, result: FAIL, state: CURE PERIOD, cure_by: 2026-03-19}
      - {on: 2026-03-12, test: ltv, result: PASS, state: WAIVED}
      - {on: 2026-05-07, test: ltv, result: PASS, state: WAIVED}
      - {on: 2026-05-14, test: ltv, result: PASS, state: COMPLIANT}
""",
        WAIVED,
    ),
    "without a retest the unused days follow": deal(
        "prepayment",
        "2.00 1.70 2.00x12",
        """      - {on: 2026-03-12, test: ltv, result: PASS, state: WAIVED}
      - {on: 2026-05-14, test: ltv, result: PASS, state: CURE PERIOD, since: 2026-05-08, cure_by: 2026-05-19}
""",
        WAIVED,
    ),
    "an episode that began under the waiver has its full period from its last day": deal(
        "retest",
        "2.00x3 1.70x12",
        """      - {on: 2026-03-19, test: ltv, result: FAIL, state: WAIVED}
      - {on: 2026-05-14, test: ltv, result: FAIL, state: CURE PERIOD, since: 2026-05-08, cure_by: 2026-05-21}
      - {on: 2026-05-28, test: ltv, result: FAIL, state: EVENT OF DEFAULT, since: 2026-05-22}
""",
        WAIVED,
    ),
    "an episode that ended under the waiver leaves nothing": deal(
        "retest",
        "2.00x3 1.70 2.00x8 1.70",
        """      - {on: 2026-03-26, test: ltv, result: PASS, state: WAIVED}
      - {on: 2026-05-14, test: ltv, result: PASS, state: COMPLIANT}
      - {on: 2026-05-21, test: ltv, result: FAIL, state: CURE PERIOD, cure_by: 2026-06-05}
""",
        WAIVED,
    ),
    "a Cure Period in months": deal(
        "retest",
        "2.00 1.70x8",
        """      - {on: 2026-03-05, test: ltv, result: FAIL, state: CURE PERIOD, cure_by: 2026-04-05}
      - {on: 2026-04-09, test: ltv, result: FAIL, state: EVENT OF DEFAULT, since: 2026-04-06}
""",
        within="1 month",
    ),
}


@pytest.mark.parametrize("text", BY_HAND.values(), ids=BY_HAND.keys())
def test_by_hand(load: Callable[[str], Deal], all_templates: dict[str, Template], text: str) -> None:
    (proof,) = prove(load(text), all_templates)
    assert proof.problems == ()


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 11, 15), 3, date(2027, 2, 15)),
    ],
)
def test_a_month_ends_on_its_day_or_on_its_last(start: date, months: int, last: date) -> None:
    assert counted(start, Period(months, "months"), lambda day, _: day) == last


def test_months_stand_in_cure_periods_alone(all_templates: dict[str, Template]) -> None:
    text = deal("retest", "2.00", "", within="1 month").partition("worked_examples:")[0]
    assert not [one for one in read_deal(text, "deal.yaml", all_templates)[1] if not one.code.startswith("W")]
    late = text.replace(
        "late_publication: {accepted_for: 5 business days", "late_publication: {accepted_for: 1 month"
    )
    assert "D123" in {one.code for one in read_deal(late, "deal.yaml", all_templates)[1]}


def test_multiples_are_rounded_by_their_own_rule() -> None:
    both = "2 decimals, half up; multiples 1 decimal, half to even"
    assert [rounding_of(both, unit) for unit in (Unit.SHARE, Unit.POINTS, Unit.MULTIPLE, Unit.USD)] == [
        "2 decimals, half up",
        "2 decimals, half up",
        "1 decimal, half to even",
        "unrounded",
    ]
    assert rounding_of("2 decimals, half up", Unit.MULTIPLE) == "unrounded"
    assert _rounded_by(Fraction("1.25"), "1 decimal, half to even", 1) == Fraction("1.2")
    assert _rounded_by(Fraction("1.25"), "1 decimal, half up", 1) == Fraction("1.3")
    assert _rounded_by(Fraction("-0.12345"), "2 decimals, half up", 100) == Fraction("-0.1235")


def test_a_multiple_that_rounds_to_its_limit_passes(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """(12.0m + 500,000 h x 2.00 - 3.0m) / 8.0m = 1.25x: at least 1.3x passes where multiples are rounded to
    one decimal, half up.
    """
    from engine.determination.determine import determine
    from engine.determination.facts import Facts
    from engine.determination.measure_inputs import Reported
    from engine.events.rates import ReferenceRate
    from engine.events.results import Source
    from engine.terms.as_written import resolve
    from engine.wording.plain_english import compared
    from tests.conftest import DEALS

    text = (DEALS / "summit-abs-2026-2.yaml").read_text(encoding="utf-8")
    old = text[text.index("rounding:") : text.index("\n", text.index("rounding:"))]
    on, verdicts = date(2026, 7, 10), {}
    for rule in ("", ", multiples: unrounded", ', multiples: "1 decimal, half up"'):
        rows = old.replace(", cite:", f"{rule}, cite:", 1)
        terms = resolve(
            load(text.replace(old, rows).replace("limit: more than 1.20x", "limit: at least 1.3x")), on
        )
        usd = {"contracted_revenue": 12_000_000, "operating_costs": 3_000_000, "debt_service": 8_000_000}
        figures = {name: Figure(value=Fraction(value), unit=Unit.USD) for name, value in usd.items()}
        figures["uncontracted_gpu_hours"] = Figure(value=Fraction(500_000), unit=Unit.GPU_HOURS)
        days = (date(2026, 6, 25), date(2026, 6, 25))
        months = tuple(
            (one, Reported(figures, Source(kind="servicer report", text="r"), {}, period=days))
            for one in (days[0],) * 3
        )
        rate = ReferenceRate.model_validate(
            {"index": "CRI-H100", "on": days[0], "value": "2.00", "step": "published value", "cite": "x"}
        )
        today = rate.model_copy(update={"on": on})
        facts = Facts(on, terms, {"CRI-H100": (rate, today)}, {}, months[-1][1], (), months)
        clause = terms.covenants["coverage"]
        words = "rounded to 1 decimal, half up" if "half up" in rule else "compared unrounded"
        assert words in compared(terms.covenants["coverage"], terms)
        verdicts[rule] = determine("coverage", clause, all_templates[clause.template], facts).verdict.value
    assert list(verdicts.values()) == ["FAIL", "FAIL", "PASS"]
