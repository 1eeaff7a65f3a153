"""The ladder: meridian at closing against its vector, what is inverted and what is not, what has no rung."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from engine.basics.values import Figure, Unit
from engine.determination.template import Template
from engine.events.results import BreakEven, TestResult, Verdict
from engine.foresight.drafted_ladder import ladder_at_closing
from engine.foresight.facts_by_date import FactsByDate, held_facts
from engine.foresight.ladder import (
    Ladder,
    Rung,
    after_cure_words,
    instead_words,
    inversion_words,
    inversions,
    ladder_on,
    left_out_words,
)
from engine.foresight.limits_in_order import limit_in_order
from engine.foresight.term_variants import varied
from engine.queries.foresight_reports import ladder_data
from engine.terms.as_written import Deal, resolve
from tests.conftest import DEALS, shared

HELD = ("outstanding_principal=USD 16,000,000", "weighted_average_rental_rate=USD 1.80 per GPU-hour")

COVERED = (
    *("contracted_revenue=USD 700,000", "operating_costs=USD 420,000", "debt_service=USD 610,000"),
    "uncontracted_gpu_hours=230,000",
)


@pytest.fixture(scope="module")
def vector() -> dict[str, Any]:
    found = shared()
    if found is None:
        pytest.skip("the vectors are not beside this checkout; set HEADROOM_SHARED to their folder")
    read: dict[str, Any] = json.loads(
        (found / "data" / "foresight" / "ladder-meridian.json").read_text(encoding="utf-8")
    )
    return read


def at_closing(deal: Deal, templates: dict[str, Template], held: tuple[str, ...] = HELD) -> Ladder:
    return ladder_at_closing(
        deal, templates, held_facts(held, deal.closing_date, resolve(deal, deal.closing_date))
    )


def test_the_ladder_at_closing_is_the_vector_s(
    vector: dict[str, Any], meridian: Deal, all_templates: dict[str, Template]
) -> None:
    wanted = vector["at closing, 2.10 on 2026-01-06, principal 16,000,000, rent 1.80"]
    found = at_closing(meridian, all_templates)
    assert [float(rung.rate or 0) for rung in found.rungs] == [one["rate"] for one in wanted]
    assert [rung.fails for rung in found.rungs] == [one["fails"] for one in wanted]
    assert [float(rung.distance or 0) for rung in found.rungs] == [one["distance USD"] for one in wanted]
    assert [round(float((rung.share or 0) * 100), 1) for rung in found.rungs] == [
        one["distance %"] for one in wanted
    ]
    assert [rung.weeks and round(rung.weeks, 1) for rung in found.rungs] == [
        one["weeks of Scenario B middle"] for one in wanted
    ]
    assert [rung.test for rung in found.rungs] == ["ltv", "ltv", "appraisal", "cash-sweep", "rate-floor"]
    assert found.rungs[1].needs == "4 consecutive determination dates; never ends"


def test_early_amortization_before_the_sweep_is_an_inversion(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    (one,) = at_closing(meridian, all_templates).inversions
    assert (one.graver.subject, one.milder.subject, one.by) == (
        "early-amortization",
        "cash-sweep",
        Decimal("0.4257"),
    )
    assert inversion_words(one) == "early-amortization acts 0.4257 above cash-sweep, which is milder"


def test_the_limit_that_is_named_puts_the_limbs_in_order_and_a_tenth_less_does_not(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """65% x 1.9257 / 1.5000 is 83.45%, so 83.5% is the first limit with which LTV acts after the sweep."""
    (one,) = at_closing(meridian, all_templates).inversions
    assert one.instead is not None
    assert one.instead.as_data() == {"drafted": "65%", "limit": "83.5%", "rate": "1.4991"}
    assert instead_words(one) == " With a limit of 83.5% in place of 65%, ltv acts at 1.4991."
    found = {
        limit: at_closing(
            varied(meridian, all_templates, {"covenants.ltv.maximum.2026-01-06": limit}), all_templates
        )
        for limit in ("83.4%", "83.5%")
    }
    assert [len(ladder.inversions) for ladder in found.values()] == [1, 0]
    rates = [rung.rate for rung in found["83.5%"].rungs if rung.subject == "early-amortization"]
    assert rates == [one.instead.rate]


def at_least_half_of_the_rate(rate: Fraction, moving: bool = False) -> TestResult:
    """A test of half the rate against 1.00, or against a limit that moves with the rate."""
    return TestResult(
        test="t",
        template="t",
        title="T",
        cite="C",
        on=date(2026, 1, 8),
        verdict=Verdict.PASS,
        breach="default",
        measured=Figure(value=rate / 2, unit=Unit.RATE),
        limit=Figure(value=rate if moving else Fraction(1), unit=Unit.RATE),
        comparison="at least",
    )


def test_a_limit_from_below_is_rounded_down_and_one_that_moves_with_the_rate_is_not_named() -> None:
    """Half of 1.51 is 0.755, so 0.75 is the first written limit that passes there, down to 1.50."""
    high, low = Decimal("2.00"), Decimal("1.51")
    found = limit_in_order(at_least_half_of_the_rate, high, low)
    assert found is not None
    assert (found.limit.value, found.rate) == (Fraction(3, 4), Decimal("1.5"))
    assert limit_in_order(lambda rate: at_least_half_of_the_rate(rate, moving=True), high, low) is None


def at_most_of_the_rate(rate: Fraction) -> TestResult:
    """A test of half the rate, which may be 1.00 at most, so that it fails above 2.00."""
    return at_least_half_of_the_rate(rate).model_copy(update={"comparison": "at most"})


def test_a_limit_of_a_test_that_fails_above_is_rounded_up() -> None:
    """Half of 2.51 is 1.255, so 1.26 is the first written limit that passes there, up to 2.52."""
    found = limit_in_order(at_most_of_the_rate, Decimal("2.00"), Decimal("2.51"), "above")
    assert found is not None
    assert (found.limit.value, found.rate) == (Fraction(63, 50), Decimal("2.52"))
    # Its limit puts nothing in order of a limb that acts below, though it turns at some rate.
    assert limit_in_order(at_most_of_the_rate, Decimal("2.51"), Decimal("2.00")) is None


def at_least_half_with(rate: Fraction, figure: Fraction) -> TestResult:
    measured = Figure(value=figure, unit=Unit.RATE)
    return at_least_half_of_the_rate(rate).model_copy(update={"measured": measured})


def turns_back(rate: Fraction) -> TestResult:
    """Half the rate between 1.00 and 3.00, much below these, and nothing above them."""
    return at_least_half_with(rate, rate / 2 if 1 <= rate <= 3 else Fraction(3 if rate < 1 else 0))


def dips(rate: Fraction) -> TestResult:
    """Half the rate, but nothing from 1.70 to 1.80."""
    inside = Fraction(17, 10) <= rate <= Fraction(18, 10)
    return at_least_half_with(rate, Fraction(0) if inside else rate / 2)


def passes_there(rate: Fraction) -> TestResult:
    """Half the rate, but twice as much from 1.55 down."""
    return at_least_half_with(rate, rate if rate <= Fraction(155, 100) else rate / 2)


@pytest.mark.parametrize("wrong", [turns_back, dips, passes_there])
def test_a_limit_that_does_not_put_the_limbs_in_order_is_not_named(
    wrong: Callable[[Fraction], TestResult],
) -> None:
    assert limit_in_order(wrong, Decimal("2.00"), Decimal("1.51")) is None


def test_a_limit_is_null_only_where_one_was_looked_for(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    """Of a recorded deal none is looked for, so its answer does not say that none exists."""
    drafted = at_closing(meridian, all_templates)
    (one,) = drafted.inversions
    assert ladder_data(drafted)["inversions"][0]["instead"]["limit"] == "83.5%"
    none = replace(drafted, inversions=(replace(one, instead=None),))
    assert ladder_data(none)["inversions"][0]["instead"] is None
    recorded = ladder_on(
        resolve(meridian, meridian.closing_date),
        all_templates,
        [turned(rung) for rung in drafted.rungs if rung.test in ("ltv", "cash-sweep")],
        drafted.today,
        {},
        date(2026, 4, 9),
    )
    (same,) = recorded.inversions
    assert (same.graver.subject, same.milder.subject) == (one.graver.subject, one.milder.subject)
    assert "instead" not in ladder_data(recorded)["inversions"][0]


def turned(rung: Rung) -> TestResult:
    """A recorded result with the rung's Break-even Rate."""
    assert rung.rate is not None
    rate = Figure(value=Fraction(rung.rate), unit=Unit.RATE)
    even = BreakEven(index=rung.index, rate=rate, fails=rung.fails)
    return at_least_half_of_the_rate(Fraction(2)).model_copy(
        update={"test": rung.test, "break_even": (even,)}
    )


def test_a_sweep_that_acts_first_is_no_inversion(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text.split("worked_examples:")[0]
    raised = load(
        text.replace("level: USD 1.50 per GPU-hour", "level: USD 2.00 per GPU-hour").replace(
            "maximum_decline: 25%", "maximum_decline: 3%"
        )
    )
    found = at_closing(raised, all_templates)
    assert found.inversions == ()
    assert [rung.test for rung in found.rungs] == ["appraisal", "cash-sweep", "ltv", "ltv", "rate-floor"]


def test_a_default_without_a_cure_period_that_comes_before_the_sweep_is_one(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    text = meridian_text.split("worked_examples:")[0]
    start = text.index("    cure: {within: 10 business days")
    bare = text[:start] + "    cure: none\n" + text[text.index("\n", start) + 1 :]
    found = {
        (one.graver.subject, one.milder.subject) for one in at_closing(load(bare), all_templates).inversions
    }
    assert found == {("ltv", "cash-sweep"), ("early-amortization", "cash-sweep")}


def test_a_default_after_a_cure_period_is_no_inversion_and_is_named_all_the_same(
    load: Callable[[str], Deal], meridian_text: str, all_templates: dict[str, Template]
) -> None:
    """The sweep needs a lower rate than the default, and nothing was said to be out of order."""
    text = meridian_text.split("worked_examples:")[0]
    trigger = text[text.index("        - {test: ltv, result: FAIL") :].splitlines()[0]
    ladder = at_closing(load(text.replace(f"{trigger}\n", "")), all_templates)
    assert ladder.inversions == ()
    (one,) = ladder.after_cure
    assert (one.graver.subject, one.milder.subject, one.by) == ("ltv", "cash-sweep", Decimal("0.4257"))
    assert after_cure_words(one) == (
        "ltv fails 0.4257 above cash-sweep, which is milder, and is a default if it is not cured in time"
    )
    # Where the test's failure is part of an inversion, the inversion says it.
    assert at_closing(load(text), all_templates).after_cure == ()


def test_a_failure_that_is_only_counted_is_not_milder_than_anything(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """It harms nobody by itself, so an Obligation that comes before it is in order."""
    deal = load((DEALS / "summit-abs-2026-2.yaml").read_text(encoding="utf-8"))
    ladder = at_closing(deal, all_templates, COVERED)
    (counted,) = (one for one in ladder.rungs if one.limb == "coverage FAIL, counted")
    assert counted.kind == "counted failure"
    assert counted.rate is not None
    owed = replace(counted, subject="owed", kind="obligation", rate=counted.rate + 1)
    assert list(inversions([owed, counted])) == []
    (one,) = inversions([owed, replace(counted, kind="warning")])
    assert one.by == 1


def test_a_coverage_of_past_months_has_the_rate_at_which_it_fails_if_the_rate_stays(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    """A month has 700,000 of contracts, 230,000 open hours, costs of 420,000 and debt service of 610,000: 1.20x is
    reached at 452,000 / 230,000 = 1.96522. It was said that no rate decides the test.
    """
    deal = load((DEALS / "summit-abs-2026-2.yaml").read_text(encoding="utf-8"))
    found = at_closing(deal, all_templates, COVERED)
    (rung,) = (one for one in found.rungs if one.limb == "coverage FAIL, counted")
    assert (rung.rate, rung.fails, rung.index) == (Decimal("1.9653"), "below", "CRI-H100")
    assert (rung.distance, rung.weeks) == (Decimal("0.0347"), None)
    assert rung.note == "if the rate stays"
    assert found.left_out["reporting"] == "no rate decides it"


def test_a_test_without_its_facts_has_no_rung_and_is_named(
    meridian: Deal, all_templates: dict[str, Template]
) -> None:
    found = ladder_at_closing(meridian, all_templates, FactsByDate({}))
    assert set(found.left_out) == {"ltv", "rate-floor"}
    assert left_out_words(found.left_out).startswith("2 limbs have no rung: rate-floor (")
    assert {rung.test for rung in found.rungs} == {"appraisal", "cash-sweep"}
