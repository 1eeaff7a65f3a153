"""The illustrative deal’s tests: each result with its working, by the agreement’s arithmetic.

The figures can be checked by hand.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from notice_deal import CLAUSES, principal
from notice_index import CLOSING, CLOSING_LEVEL, HOURS, LAST, LEVEL, WEEK, rate, sha, share, usd

from engine.basics.values import Figure, Unit, rounded
from engine.events.deal_adopted import ClauseFacts
from engine.events.rates import ReferenceRate
from engine.events.results import (
    Bearing,
    BreakEven,
    Comparison,
    Input,
    NotDetermined,
    Remedy,
    Source,
    Step,
    TestResult,
    Verdict,
    headroom,
    passes,
)

if TYPE_CHECKING:
    from notice_log import Deal


def result(
    clause: ClauseFacts,
    day: date,
    measured: Figure,
    limit: Figure,
    comparison: Comparison,
    even: tuple[BreakEven, ...] = (),
    **more: Any,
) -> TestResult:
    """A determined result with its headroom."""
    verdict = Verdict.PASS if passes(measured, limit, comparison) else Verdict.FAIL
    room = headroom(measured, limit, comparison)
    return TestResult(
        test=clause.key,
        template="loan_to_value",
        title=clause.title,
        cite=clause.cite,
        on=day,
        verdict=verdict,
        measured=measured,
        limit=limit,
        comparison=comparison,
        headroom=room,
        headroom_share=room.value / limit.value,
        break_even=even,
        **more,
    )


def undetermined(clause: ClauseFacts, day: date, reason: str, lacks: Any) -> TestResult:
    """A result that could not be had."""
    return TestResult(
        test=clause.key,
        template="loan_to_value",
        title=clause.title,
        cite=clause.cite,
        on=day,
        verdict=Verdict.NOT_DETERMINED,
        reason=NotDetermined(reason=reason, cite=clause.cite, lacks=lacks),
    )


def even(value: Fraction, fails: Any, index: str = "CRI-H100", up: bool = True) -> tuple[BreakEven, ...]:
    """A Break-even Rate on the published grid."""
    tick = rounded(value, 4, "ROUND_CEILING" if up else "ROUND_FLOOR")
    return (BreakEven(index=index, rate=rate(Fraction(tick)), fails=fails),)


def bearing(value: Fraction, level: Fraction, above: bool = False) -> Bearing:
    """Decisive when the level lies outside the interval; nine sellers, 512 subsets."""
    fails = value > level if above else value < level
    inside = value * Fraction("0.916") <= level <= value * Fraction("1.055")
    apart = 200 if inside else 3
    failing = Fraction(125, 512) if inside else Fraction(511, 512) if fails else Fraction(1, 512)
    return Bearing(
        decisive=not inside,
        decisive_95=not inside,
        decisive_80=not inside,
        at_low=Verdict.FAIL if inside or fails else Verdict.PASS,
        at_high=Verdict.FAIL if fails and not inside else Verdict.PASS,
        low=Figure(value=level * Fraction("0.95"), unit=Unit.RATE),
        high=Figure(value=level * Fraction("1.05"), unit=Unit.RATE),
        sellers=9,
        replicates=512,
        apart=apart,
        share_failing_sellers=failing,
        share_failing="0.63" if inside else ">0.99" if fails else "<0.01",
    )


def source(day: date) -> Source:
    """The week's report."""
    return Source(
        kind="servicer report",
        text=f"Servicer's report SR-{day:%Y-%m-%d}",
        as_of=day - timedelta(days=1),
        reference=sha(f"report {day}"),
    )


def published_source(day: date) -> Source:
    """The index's print."""
    return Source(
        kind="publication", text=f"published value, {day}", as_of=day, reference=sha(f"print {day}")
    )


def result_of(deal: Deal, clause: ClauseFacts, day: date, used: ReferenceRate) -> TestResult | None:
    """The result of one clause of the deal's own on a date; None for a trigger, and for a clause that a case
    adds.
    """
    if clause.key == "early-amortization" or clause.key not in {c.key for c in CLAUSES}:
        return None
    if used.value is None and clause.key in ("rate-floor", "ltv"):
        return undetermined(clause, day, used.reason or "", "rate")
    if deal.value(day) is None and clause.key in ("cash-sweep", "appraisal"):
        return undetermined(clause, day, f"CRI-H100 was not published for {day}", "rate")
    makers = {
        "rate-floor": rate_floor,
        "ltv": loan_to_value,
        "cash-sweep": cash_sweep,
        "appraisal": appraisal,
    }
    return makers[clause.key](deal, clause, day, Fraction(used.value or 0))


def rate_floor(deal: Deal, clause: ClauseFacts, day: date, value: Fraction) -> TestResult:
    """The Rental Rate Floor: rent over the mean of four Reference Rates."""
    weeks = [day - n * WEEK for n in range(4)]
    if weeks[-1] < deal.first:
        return undetermined(
            clause,
            day,
            f"window not full: {sum(w >= deal.first for w in weeks)} of 4 Determination Dates",
            "window",
        )
    if day in deal.undetermined_floor or day in deal.unreported:
        return undetermined(
            clause,
            day,
            f"the Servicer's report for the week to {day - timedelta(days=1)} has not been received",
            "report",
        )
    rates = [Fraction(deal.value(w) or deal.value(w - WEEK) or 1) for w in weeks]
    mean = sum(rates, Fraction(0)) / 4
    rent = (
        Fraction("1.370918342")
        if day == LAST
        else mean * Fraction(int(8930 + 240 * math.sin(day.toordinal() / 60)), 10_000)
    )
    steps = (
        Step(
            name="Average rental rate",
            formula="revenue / rented GPU-hours, 4 weeks",
            worked="USD 807,313.25 / 588,885 GPU-hours",
            figure=rate(rent),
        ),
        Step(
            name="Mean Reference Rate",
            formula="simple mean of 4 Determination Dates",
            worked=f"({' + '.join(str(float(r)) for r in rates)}) / 4",
            figure=rate(mean),
        ),
        Step(
            name="Measured",
            formula="weighted average rental rate / mean Reference Rate",
            worked=f"USD {float(rent):.4f} / USD {float(mean):.4f}",
            figure=share(rent / mean),
        ),
    )
    level = 4 * rent / Fraction("0.85") - sum(rates[1:], Fraction(0))
    inputs = (
        Input(name="revenue, 4 weeks", figure=usd("807313.25"), source=source(day)),
        Input(
            name="rented GPU-hours, 4 weeks",
            figure=Figure(value=Fraction(588_885), unit=Unit.GPU_HOURS),
            source=source(day),
        ),
    )
    return result(
        clause,
        day,
        share(rent / mean),
        share("0.85"),
        "at least",
        even(level, "above", up=False),
        bearing=bearing(value, level, above=True),
        steps=steps,
        inputs=inputs,
    )


def loan_to_value(deal: Deal, clause: ClauseFacts, day: date, value: Fraction) -> TestResult:
    """Loan-to-Value, with the ways to cure it."""
    if day in deal.unreported:
        return undetermined(
            clause,
            day,
            f"the newest Servicer's report is as of {day - timedelta(days=15)}, 15 days old; more than 14 "
            "is too old",
            "report",
        )
    owed, worth = principal(day), Fraction("1.5") * value * HOURS
    level = owed / (Fraction("0.65") * Fraction("1.5") * HOURS)
    each = Fraction("1.5") * value * 8760 * Fraction("0.95")
    gpus = -((-(owed / Fraction("0.65") - worth)) // each)
    cash = usd(Fraction(rounded(owed - Fraction("0.65") * worth, 2, "ROUND_CEILING")))
    ways = (
        Remedy(method="prepayment", figure=cash, text="in words"),
        Remedy(
            method="additional collateral",
            figure=Figure(value=Fraction(gpus), unit=Unit.GPUS),
            text="in words",
            asset_class="h100",
        ),
    )
    steps = (
        Step(
            name="Value of h100",
            formula="multiple × rate × GPU-hours a year",
            worked=f"1.5 × USD {float(value):.4f} × 1,024 GPUs × 8,760 h × 95%",
            figure=usd(worth),
        ),
        Step(
            name="Measured",
            formula="outstanding principal / Collateral Value",
            worked=f"USD {int(owed):,}.00 / USD {float(worth):,.2f}",
            figure=share(owed / worth),
        ),
    )
    inputs = (
        Input(name="outstanding principal, class_a", figure=usd(owed), source=source(day)),
        Input(name=f"CRI-H100, {day}", figure=rate(value), source=published_source(day)),
    )
    failing = owed / worth > Fraction("0.65")
    return result(
        clause,
        day,
        share(owed / worth),
        share("0.65"),
        "at most",
        even(level, "below"),
        bearing=bearing(value, level),
        steps=steps,
        inputs=inputs,
        remedies=ways if failing else (),
    )


def cash_sweep(deal: Deal, clause: ClauseFacts, day: date, value: Fraction) -> TestResult:
    """The level test of the cash sweep."""
    steps = (
        Step(
            name="Measured",
            formula="CRI-H100 as published on this date",
            worked=f"USD {float(value):.4f}",
            figure=rate(value),
        ),
    )
    inputs = (Input(name=f"CRI-H100, {day}", figure=rate(value), source=published_source(day)),)
    return result(
        clause,
        day,
        rate(value),
        rate(LEVEL),
        "at least",
        even(LEVEL, "below"),
        bearing=bearing(value, LEVEL),
        steps=steps,
        inputs=inputs,
    )


def appraisal(deal: Deal, clause: ClauseFacts, day: date, value: Fraction) -> TestResult:
    """The decline test of the appraisal."""
    window = [
        Fraction(v)
        for d, v in deal.values.items()
        if max(CLOSING, day - timedelta(days=90)) <= d <= day and d not in deal.missed
    ]
    window += [CLOSING_LEVEL] if day - timedelta(days=90) <= CLOSING else []
    high = max(window)
    steps = (
        Step(
            name="Highest in window",
            formula=f"{day - timedelta(days=90)} to {day}, {len(window)} values",
            worked=f"between {float(min(window)):.4f} and {float(high):.4f}",
            figure=rate(high),
        ),
        Step(
            name="Measured",
            formula="fall_in_window: (highest value in the window − R) / C",
            worked=f"({float(high):.4f} − {float(value):.4f}) / 2.1",
            figure=share((high - value) / CLOSING_LEVEL),
        ),
    )
    level = high - Fraction("0.25") * CLOSING_LEVEL
    inputs = (
        Input(
            name="closing_date_level",
            figure=rate(CLOSING_LEVEL),
            source=Source(kind="deal file", text="CA §1.01"),
        ),
        Input(name=f"CRI-H100, {day}", figure=rate(value), source=published_source(day)),
    )
    return result(
        clause,
        day,
        share((high - value) / CLOSING_LEVEL),
        share("0.25"),
        "at most",
        even(level, "below"),
        bearing=bearing(value, level),
        steps=steps,
        inputs=inputs,
    )
