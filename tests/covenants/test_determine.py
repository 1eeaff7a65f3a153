"""What every result carries beside its verdict: it never raises for missing data, and rests on the rate in
use.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from covenants import loan_to_value
from engine.basics.values import Comparison, Figure, Unit
from engine.determination.determine import decided_with_sellers, determine
from engine.determination.measure_inputs import Missing, Reported
from engine.determination.template import Facts, Measurement
from engine.events.rates import Published, ReferenceRate
from engine.events.results import Source, Verdict, headroom, passes
from engine.terms.as_written import Deal, resolve
from engine.terms.in_force import TermsInForce

ON = date(2026, 1, 15)


def facts(
    terms: TermsInForce, reference: ReferenceRate, published: Published, principal: int = 16_000_000
) -> Facts:
    figures = {"outstanding_principal": Figure(value=Fraction(principal), unit=Unit.USD)}
    report = Reported(figures, Source(kind="servicer report", text="test"))
    return Facts(ON, terms, {"CRI-H100": (reference,)}, {"CRI-H100": (published,)}, report)


def published(value: str, low: str, high: str) -> Published:
    """Seven sellers with one listing each from `low` to `high`, the middle one at the value."""
    ends, middle = (Decimal(low), Decimal(high)), Decimal(value)
    pooled = (ends[0],) * 3 + (middle,) + (ends[1],) * 3
    one = Published(
        index="CRI-H100", publication_date=ON, value=middle, low=ends[0], high=ends[1], pooled=pooled
    )
    return one.model_copy(update={"sellers": tuple("abcdefg")})


def rate(value: str, one: Published | None, step: str = "published value") -> ReferenceRate:
    return ReferenceRate(
        index="CRI-H100", on=ON, value=Decimal(value), step=step, cite="x", publication_date=ON, published=one
    )


@pytest.fixture
def terms(meridian: Deal) -> TermsInForce:
    return resolve(meridian, ON)


def test_a_rate_that_the_agent_has_set_has_no_interval_and_decides_nothing_by_another_s(
    terms: TermsInForce,
) -> None:
    """The index's flagged value of the week is known but not in use: its interval says nothing of the rate in
    use.
    """
    flagged = published("2.1000", "2.0500", "2.1500")
    known = facts(terms, rate("2.0000", None, "agent determination"), flagged)
    result = determine("ltv", terms.covenants["ltv"], loan_to_value.TEMPLATE, known)
    assert result.verdict is Verdict.PASS
    assert result.bearing is not None
    assert (result.bearing.decisive, result.bearing.note) == (False, "rate set by Act")


def test_a_published_rate_is_decisive_by_its_own_sellers(terms: TermsInForce) -> None:
    one = published("2.0000", "1.9500", "2.0500")
    result = determine(
        "ltv", terms.covenants["ltv"], loan_to_value.TEMPLATE, facts(terms, rate("2.0000", one), one)
    )
    assert result.bearing is not None
    assert (result.bearing.decisive, result.bearing.at_low, result.bearing.at_high) == (
        True,
        Verdict.PASS,
        Verdict.PASS,
    )


@pytest.mark.parametrize("principal", [15_000_000, 17_500_000], ids=["passes", "fails"])
def test_a_test_that_lacks_a_figure_only_at_other_rates_keeps_its_verdict(
    terms: TermsInForce, principal: int
) -> None:
    """Break-even Rate, interval and remedies ask the template again; what they lack is said, and raises
    nothing.
    """

    def only_here(clause: loan_to_value.LoanToValue, known: Facts) -> Measurement:
        if known.substituted or known.at_prints:
            raise Missing("no figure at this rate", "x", "report")
        return loan_to_value.measure(clause, known)

    def none(_clause: object, _known: object) -> tuple[()]:
        raise Missing("no figure for a remedy", "x", "report")

    template = replace(loan_to_value.TEMPLATE, measure=only_here, remedies=none)
    one = published("2.0000", "1.9500", "2.0500")
    result = determine(
        "ltv", terms.covenants["ltv"], template, facts(terms, rate("2.0000", one), one, principal)
    )
    assert result.verdict is (Verdict.PASS if principal < 16_000_000 else Verdict.FAIL)
    assert result.break_even[0].note == "not known: no figure at this rate"
    assert result.bearing is not None
    assert (result.bearing.decisive, result.remedies) == (False, ())


@pytest.mark.parametrize(
    ("measured", "limit", "comparison", "share"),
    [
        (5, -20, "at least", Fraction(5, 4)),
        (-15, -20, "at least", Fraction(1, 4)),
        (-20, -20, "at least", Fraction(0)),
        (-25, -20, "at least", Fraction(-1, 4)),
        (-25, -20, "at most", Fraction(1, 4)),
        (25, 20, "at least", Fraction(1, 4)),
        (5, 0, "at least", None),
    ],
)
def test_headroom_as_a_share_of_the_limit_has_the_sign_of_the_headroom(
    terms: TermsInForce, measured: int, limit: int, comparison: Comparison, share: Fraction | None
) -> None:
    """A spread against `at least -20 points` passes with room, which is not room below zero."""

    def found(_clause: object, _known: object) -> Measurement:
        points = [Figure(value=Fraction(one, 100), unit=Unit.POINTS) for one in (measured, limit)]
        return Measurement(points[0], points[1], comparison, tuple)

    one = published("2.0000", "1.9500", "2.0500")
    template = replace(loan_to_value.TEMPLATE, measure=found, remedies=None)
    result = determine("ltv", terms.covenants["ltv"], template, facts(terms, rate("2.0000", one), one))
    assert result.headroom is not None
    assert (result.verdict is Verdict.PASS) == (result.headroom.value >= 0)
    assert result.headroom_share == share


def test_what_is_apart_from_rates_is_found_once_and_traced_each_time(terms: TermsInForce) -> None:
    """Of the same clause and facts; with a trace as if it had been found anew, also where a figure is
    missing.
    """
    one = published("2.1000", "2.0500", "2.1500")
    known, clause, asked = facts(terms, rate("2.1000", one), one), object(), list[str]()

    def principal(at: Facts) -> Fraction:
        asked.append("principal")
        return at.figure("outstanding_principal")

    for tried in (known, known.with_rate("CRI-H100", Fraction(3)), known.with_prints({})):
        assert tried.apart_from_rates(clause, principal) == 16_000_000
        assert list(tried.trace) == ["outstanding_principal"]
    assert asked == ["principal"]
    assert facts(terms, rate("2.1000", one), one, 9).apart_from_rates(clause, principal) == 9
    assert replace(known, trace={}).apart_from_rates(clause, principal) == 16_000_000
    assert len(asked) == 3

    def lacking(at: Facts) -> Fraction:
        return at.figure("outstanding_principal") + at.figure("no_such_figure")

    fresh = replace(known, trace={})
    for _ in range(2):
        with pytest.raises(Missing, match="no_such_figure"):
            fresh.apart_from_rates(clause, lacking)
        assert list(fresh.trace) == ["outstanding_principal"]


def test_what_asked_for_a_rate_is_found_anew_at_each_rate(terms: TermsInForce) -> None:
    one = published("2.1000", "2.0500", "2.1500")
    known, clause = facts(terms, rate("2.1000", one), one), object()
    rates = [
        tried.apart_from_rates(clause, lambda at: at.reference_rate("CRI-H100"))
        for tried in (known, known.with_rate("CRI-H100", Fraction(3)))
    ]
    assert rates == [Fraction("2.1"), 3]


@pytest.mark.parametrize("comparison", ["at least", "more than", "at most", "less than"])
@pytest.mark.parametrize("value", [Fraction(1), Fraction(3, 2), Fraction(2)])
def test_a_figure_passes_by_its_headroom(comparison: Comparison, value: Fraction) -> None:
    measured, limit = (Figure(value=one, unit=Unit.SHARE) for one in (value, Fraction(3, 2)))
    distance = headroom(measured, limit, comparison).value
    reaches = distance >= 0 if comparison in ("at least", "at most") else distance > 0
    assert passes(measured, limit, comparison) == reaches


def test_what_a_verifier_computes_again_is_what_was_determined(terms: TermsInForce) -> None:
    """The verdict, the figures, and all that is said of sellers but the listings' share, which a notice
    cannot give.
    """
    for value in ("0.9000", "2.1000"):
        one = published(value, "0.8500", "2.1500")
        clause, known = terms.covenants["ltv"], facts(terms, rate(value, one), one)
        whole = determine("ltv", clause, loan_to_value.TEMPLATE, known)
        again = decided_with_sellers("ltv", clause, loan_to_value.TEMPLATE, replace(known, trace={}))
        for name in ("verdict", "measured", "limit", "comparison", "headroom", "bearing"):
            assert getattr(again, name) == getattr(whole, name), name
        assert again.bearing is not None
