"""The four templates: thresholds against rationals, headroom and verdict as one, Break-even Rates to the
tick.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covenants import appraisal_trigger, cash_sweep, loan_to_value, rental_rate_floor
from engine.basics.values import Figure, Unit
from engine.determination.determine import determine
from engine.determination.template import Facts, Reported, Template
from engine.events.rates import Published, ReferenceRate
from engine.events.results import NotDetermined, Source, TestResult, Verdict
from engine.terms.as_written import Deal, resolve
from engine.terms.in_force import TermsInForce

FIRST = date(2026, 1, 8)
CASES = 100_000 if os.environ.get("HEADROOM_SOAK") else 400
TICK = Fraction(1, 10_000)


@pytest.fixture(scope="module")
def terms(meridian: Deal) -> TermsInForce:
    return resolve(meridian, FIRST)


def facts(terms: TermsInForce, rates: list[str | None], figures: dict[str, Figure] | None = None) -> Facts:
    days = [FIRST + n * timedelta(days=7) for n in range(len(rates))]
    published = tuple(
        Published(index="CRI-H100", publication_date=d, value=None if r is None else Decimal(r))
        for d, r in zip(days, rates, strict=True)
    )
    reference = tuple(
        ReferenceRate(
            index="CRI-H100",
            on=p.publication_date,
            value=p.value,
            step="published value",
            cite="CA §2.14(a)",
            publication_date=p.publication_date,
            published=p,
        )
        for p in published
    )
    source = Source(kind="servicer report", text="test")
    report = (
        Reported(figures, source)
        if figures is not None
        else NotDetermined(reason="no report", cite="IND §3.05", lacks="report")
    )
    return Facts(days[-1], terms, {"CRI-H100": reference}, {"CRI-H100": published}, report)


def run(terms: TermsInForce, key: str, template: Template, known: Facts) -> TestResult:
    return determine(key, terms.covenants[key], template, known)


def principal(amount: Fraction) -> dict[str, Figure]:
    return {"outstanding_principal": Figure(value=amount, unit=Unit.USD)}


BY_A_HAIR = Fraction(1, 10**9)


def near(chance: random.Random, limit: Fraction, far: Fraction) -> Fraction:
    """A figure at a limit, a hair to either side of it, or anywhere up to `far` from it."""
    return limit + (
        chance.choice((-1, 0, 1)) * BY_A_HAIR
        if chance.random() < 0.5
        else far * Fraction(chance.randrange(-1000, 1001), 1000)
    )


def price(chance: random.Random, low: float = 0.5, high: float = 3) -> str:
    return f"{chance.uniform(low, high):.4f}"


def agrees(result: TestResult, measured: Fraction, passes: bool) -> None:
    """The result measures exactly what plain fractions do, and says pass, with its headroom, exactly where
    they do.
    """
    assert result.measured is not None
    assert result.headroom is not None
    assert result.measured.value == measured
    assert result.verdict is (Verdict.PASS if passes else Verdict.FAIL)
    assert (result.headroom.value >= 0) == passes


def test_loan_to_value_against_rationals(terms: TermsInForce) -> None:
    chance, hours = random.Random(1), 1024 * 8760 * Fraction(95, 100)
    for _ in range(CASES):
        rate = price(chance)
        value = Fraction(3, 2) * Fraction(rate) * hours
        amount = near(chance, Fraction(65, 100) * value, Fraction(10**6))
        result = run(terms, "ltv", loan_to_value.TEMPLATE, facts(terms, [rate], principal(amount)))
        agrees(result, amount / value, amount * 100 <= 65 * value)


def test_rental_rate_floor_against_rationals(terms: TermsInForce) -> None:
    chance = random.Random(2)
    for _ in range(CASES):
        rates: list[str | None] = [price(chance) for _ in range(4)]
        mean = sum((Fraction(rate or 0) for rate in rates), Fraction(0)) / 4
        rent = near(chance, Fraction(85, 100) * mean, Fraction(1, 2))
        figures = {"weighted_average_rental_rate": Figure(value=rent, unit=Unit.RATE)}
        result = run(terms, "rate-floor", rental_rate_floor.TEMPLATE, facts(terms, rates, figures))
        agrees(result, rent / mean, rent * 100 >= 85 * mean)


def test_cash_sweep_against_rationals(terms: TermsInForce) -> None:
    chance = random.Random(3)
    for _ in range(CASES):
        rate = chance.choice(("1.4999", "1.5000", "1.5001", price(chance)))
        result = run(terms, "cash-sweep", cash_sweep.TEMPLATE, facts(terms, [price(chance), rate]))
        agrees(result, Fraction(rate), Fraction(rate) * 2 >= 3)


def test_appraisal_trigger_against_rationals(terms: TermsInForce) -> None:
    """The fall from the highest value in the window, the Closing Date level of 2.10 included, as a share of
    that level.
    """
    chance = random.Random(4)
    for _ in range(CASES):
        before: list[str | None] = [price(chance, 1.5, 3) for _ in range(chance.randrange(12))]
        highest = max(Fraction(21, 10), *(Fraction(rate or 0) for rate in before), Fraction(0))
        at_limit = highest - Fraction(25, 100) * Fraction(21, 10)
        rate = (
            f"{float(at_limit + chance.choice((-TICK, 0, TICK))):.4f}"
            if chance.random() < 0.5
            else price(chance)
        )
        highest = max(highest, Fraction(rate))
        result = run(terms, "appraisal", appraisal_trigger.TEMPLATE, facts(terms, [*before, rate]))
        agrees(result, (highest - Fraction(rate)) / Fraction(21, 10), (highest - Fraction(rate)) * 40 <= 21)


@settings(max_examples=80)
@given(st.integers(5_000, 40_000), st.integers(5_000_000_00, 20_000_000_00))
def test_headroom_is_not_negative_exactly_on_a_pass(meridian: Deal, ticks: int, cents: int) -> None:
    terms = resolve(meridian, FIRST)
    result = run(
        terms,
        "ltv",
        loan_to_value.TEMPLATE,
        facts(terms, [f"{ticks / 10_000:.4f}"], principal(Fraction(cents, 100))),
    )
    assert result.headroom is not None
    assert (result.headroom.value >= 0) == (result.verdict is Verdict.PASS)


@settings(max_examples=60)
@given(st.integers(5_000, 40_000), st.sampled_from(["ltv", "cash-sweep", "appraisal", "rate-floor"]))
def test_at_the_break_even_rate_the_test_passes_and_one_tick_worse_it_fails(
    meridian: Deal, ticks: int, key: str
) -> None:
    terms = resolve(meridian, FIRST)
    figures = {
        **principal(Fraction(16_000_000)),
        "weighted_average_rental_rate": Figure(value=Fraction(17, 10), unit=Unit.RATE),
    }
    templates = {
        "ltv": loan_to_value.TEMPLATE,
        "cash-sweep": cash_sweep.TEMPLATE,
        "appraisal": appraisal_trigger.TEMPLATE,
        "rate-floor": rental_rate_floor.TEMPLATE,
    }
    known = facts(terms, ["2.1000", "2.0000", "1.9500", f"{ticks / 10_000:.4f}"], figures)
    result = run(terms, key, templates[key], known)
    (even,) = result.break_even
    assert even.rate is not None
    worse = even.rate.value + (TICK if even.fails == "above" else -TICK)
    for rate, verdict in ((even.rate.value, Verdict.PASS), (worse, Verdict.FAIL)):
        rates: list[str | None] = ["2.1000", "2.0000", "1.9500", f"{float(rate):.4f}"]
        assert run(terms, key, templates[key], facts(terms, rates, figures)).verdict is verdict


def test_what_cures_today_cures_today(terms: TermsInForce) -> None:
    known = facts(terms, ["1.9000"], principal(Fraction(16_000_000)))
    result = run(terms, "ltv", loan_to_value.TEMPLATE, known)
    ways = {way.method: way.figure.value for way in result.remedies}
    assert ways["prepayment"] == Fraction("213498.88")
    paid = run(
        terms,
        "ltv",
        loan_to_value.TEMPLATE,
        facts(terms, ["1.9000"], principal(Fraction(16_000_000) - ways["prepayment"])),
    )
    short = run(
        terms,
        "ltv",
        loan_to_value.TEMPLATE,
        facts(terms, ["1.9000"], principal(Fraction(16_000_001, 1) - ways["prepayment"])),
    )
    assert (paid.verdict, short.verdict) == (Verdict.PASS, Verdict.FAIL)
    pledged = 1024 + int(ways["additional collateral"])
    for gpus, verdict in ((pledged, Verdict.PASS), (pledged - 1, Verdict.FAIL)):
        more = {
            **principal(Fraction(16_000_000)),
            "available.h100.gpus": Figure(value=Fraction(gpus), unit=Unit.GPUS),
        }
        known = replace(facts(terms, ["1.9000"], more), pledged={"h100": gpus})
        assert run(terms, "ltv", loan_to_value.TEMPLATE, known).verdict is verdict


@pytest.mark.parametrize(
    ("reading", "decline"),
    [
        ("fall_in_window", Fraction(58, 210)),
        ("fall_across_window", Fraction(55, 210)),
        ("window_start", Fraction(55, 205)),
        ("below_closing", Fraction(0)),
        ("below_closing_at_any_time", Fraction(60, 210)),
    ],
)
def test_the_five_readings_of_the_appraisal_sentence_differ(
    load: Callable[[str], Deal], meridian_text: str, reading: str, decline: Fraction
) -> None:
    deal = load(meridian_text.replace("measure: fall_in_window", f"measure: {reading}"))
    known = facts(resolve(deal, FIRST), [*["2.05"] * 12, "2.08", "1.50"])
    result = run(resolve(deal, FIRST), "appraisal", appraisal_trigger.TEMPLATE, known)
    assert known.on == date(2026, 4, 9)
    assert result.measured is not None
    assert result.measured.value == decline


@pytest.mark.parametrize(
    ("period", "decline"),
    [
        ("90 days", Fraction(80, 210)),
        ("3 months", Fraction(80, 210)),
        ("1 year", Fraction(80, 210)),
        ("11 weeks", Fraction(30, 210)),
        ("2 months", Fraction(30, 210)),
    ],
)
def test_a_trailing_period_of_months_is_one_of_calendar_months(
    load: Callable[[str], Deal], meridian_text: str, period: str, decline: Fraction
) -> None:
    """Three months are not three days: a fall within the window fails the test in whatever unit the window is
    written.
    """
    terms = resolve(
        load(meridian_text.replace("trailing_period: 90 days", f"trailing_period: {period}")), FIRST
    )
    result = run(
        terms, "appraisal", appraisal_trigger.TEMPLATE, facts(terms, ["2.30", *["1.80"] * 11, "1.50"])
    )
    assert result.measured is not None
    assert result.measured.value == decline


@pytest.mark.parametrize("rates", [["1.90"], ["2.0", "2.0", "2.0"], ["2.0", None, "2.0", "2.0"]])
def test_a_window_that_is_not_full_is_not_determined(terms: TermsInForce, rates: list[str | None]) -> None:
    figures = {"weighted_average_rental_rate": Figure(value=Fraction(2), unit=Unit.RATE)}
    result = run(terms, "rate-floor", rental_rate_floor.TEMPLATE, facts(terms, rates, figures))
    assert result.verdict is Verdict.NOT_DETERMINED
    assert result.reason is not None
    assert "window not full" in result.reason.reason


@pytest.mark.parametrize("key", ["ltv", "rate-floor"])
def test_without_a_report_nothing_passes(
    terms: TermsInForce, key: str, all_templates: dict[str, Template]
) -> None:
    template = all_templates[terms.covenants[key].template]
    result = run(terms, key, template, facts(terms, ["2.0"] * 4))
    assert result.verdict is Verdict.NOT_DETERMINED
    assert result.measured is None


def test_the_level_itself_passes_and_just_below_fails(terms: TermsInForce) -> None:
    assert run(terms, "cash-sweep", cash_sweep.TEMPLATE, facts(terms, ["1.5000"])).verdict is Verdict.PASS
    assert run(terms, "cash-sweep", cash_sweep.TEMPLATE, facts(terms, ["1.4999"])).verdict is Verdict.FAIL
    assert (
        run(terms, "cash-sweep", cash_sweep.TEMPLATE, facts(terms, ["1.4", None])).verdict
        is Verdict.NOT_DETERMINED
    )


def test_every_template_reads_its_clause_in_words(
    terms: TermsInForce, all_templates: dict[str, Template]
) -> None:
    for clause in terms.covenants.values():
        words = all_templates[clause.template].reading(clause)
        assert words.endswith(".")
        assert len(words) > 80
