"""One test on one date: from a template, its terms and the facts to a result with all of its working.

Break-even Rates are found by asking the template itself: the measure is run again at other rates on the
published 4-decimal grid. So every template has one, and none can disagree with its own test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import partial
from typing import Literal

from engine.basics.values import Figure, Unit, rounded, rounding_of
from engine.determination.break_even import TICK, break_even
from engine.determination.seller_bearing import MeasuredTest, seller_bearing
from engine.determination.template import Clause, Facts, Measurement, Missing, Template
from engine.events.rates import Published
from engine.events.results import (
    Bearing,
    BreakEven,
    Input,
    Remedy,
    TestResult,
    Verdict,
    headroom,
    passes,
    share_of_limit,
)

ShareBelow = Callable[[tuple[Decimal, ...], Decimal], float]
"""From (observations, level) to the share of resamples whose median is below the level.

It is `market.interval.share_below`.
"""


def determine(
    key: str, clause: Clause, template: Template, facts: Facts, share_below: ShareBelow | None = None
) -> TestResult:
    """Return the result of `clause`, tested on `facts.on`, with all of its working.

    It never raises for missing data: that gives NOT DETERMINED with its reason.

    Args:
        key: the clause's name in the deal.
        clause: its terms in force.
        template: its template.
        facts: what is known on the date.
        share_below: how the sampling of listings is resampled; None without observations.
    """
    result = _undecided(key, clause, template, facts)
    try:
        measurement = _measured(clause, template, facts)
    except Missing as missing:
        # What was asked for before the gap is shown too, so that a reader sees how far the measure came.
        return result.model_copy(update={"reason": missing.why, "inputs": _inputs(facts)})
    apart = headroom(measurement.measured, measurement.limit, measurement.comparison)
    passed = passes(measurement.measured, measurement.limit, measurement.comparison)
    # The indices are read only after the measure has run: asking for rates is what fills the trace.
    used = facts.indices_used
    even = tuple(_break_even(clause, template, facts, index) for index in used)
    return result.model_copy(
        update={
            "verdict": Verdict.PASS if passed else Verdict.FAIL,
            "measured": measurement.measured,
            "limit": measurement.limit,
            "comparison": measurement.comparison,
            "headroom": apart,
            "headroom_share": share_of_limit(apart, measurement.limit),
            "break_even": even,
            "bearing": _bearing(clause, template, facts, measurement, even, share_below),
            "remedies": () if passed else _remedies(clause, template, facts),
            "inputs": _inputs(facts),
            "steps": measurement.working(),
        }
    )


def decided(key: str, clause: Clause, template: Template, facts: Facts) -> TestResult:
    """Return what `determine` decides, without what it explains.

    The result has the verdict, the figures and the headroom, or the reason why they are missing.
    """
    return _decided(key, clause, template, facts)[0]


def decided_with_sellers(key: str, clause: Clause, template: Template, facts: Facts) -> TestResult:
    """Return what `decided` returns, with how the sellers bear on the result.

    A verifier computes both again.
    """
    result, measurement = _decided(key, clause, template, facts)
    if measurement is None:
        return result
    # Without Break-even Rates the share of resampled listings is left out: it explains and decides nothing.
    bearing = _bearing(clause, template, facts, measurement, (), None)
    return result.model_copy(update={"bearing": bearing})


def _decided(
    key: str, clause: Clause, template: Template, facts: Facts
) -> tuple[TestResult, Measurement | None]:
    """Return a result without its explanation, and what was measured; None if that is not determined."""
    result = _undecided(key, clause, template, facts)
    try:
        measurement = _measured(clause, template, facts)
    except Missing as missing:
        return result.model_copy(update={"reason": missing.why}), None
    passed = passes(measurement.measured, measurement.limit, measurement.comparison)
    figures = {
        "measured": measurement.measured,
        "limit": measurement.limit,
        "comparison": measurement.comparison,
    }
    apart = headroom(measurement.measured, measurement.limit, measurement.comparison)
    verdict = Verdict.PASS if passed else Verdict.FAIL
    return result.model_copy(update={**figures, "headroom": apart, "verdict": verdict}), measurement


def _undecided(key: str, clause: Clause, template: Template, facts: Facts) -> TestResult:
    """Return a result in which nothing is determined yet."""
    return TestResult(
        test=key,
        template=template.name,
        title=template.title,
        cite=clause.cite,
        on=facts.on,
        verdict=Verdict.NOT_DETERMINED,
        breach=template.breach_of(clause),
    )


def _measured(clause: Clause, template: Template, facts: Facts) -> Measurement:
    measurement = template.measure(clause, facts)
    value = _rounded(measurement.measured.value, facts.terms.rounding.rule, measurement.measured.unit)
    if value is measurement.measured.value:  # the deal does not round it
        return measurement
    return replace(measurement, measured=Figure(value=value, unit=measurement.measured.unit))


def _rounded_by(value: Fraction, rule: str, scale: int) -> Fraction:
    """Return a figure rounded as the deal says.

    The decimals are those of the printed figure: with `scale` 100 they are decimals of a per cent.
    """
    places = int(rule[0])
    if rule.endswith("half to even"):
        return Fraction(rounded(value * scale, places, ROUND_HALF_EVEN)) / scale
    scaled = value * scale * 10**places
    # `int` cuts towards zero, so the magnitude is rounded and the sign is put back after it.
    half_up = int(abs(scaled) + Fraction(1, 2))
    return Fraction(half_up if scaled >= 0 else -half_up, scale * 10**places)


def _inputs(facts: Facts) -> tuple[Input, ...]:
    return tuple(
        Input(name=used.name, figure=Figure(value=used.value, unit=used.unit), source=used.source)
        for used in facts.trace.values()
    )


def _remedies(clause: Clause, template: Template, facts: Facts) -> tuple[Remedy, ...]:
    """Return what would make the test pass today; empty if that needs a figure that nobody has given."""
    try:
        return template.remedies(clause, facts) if template.remedies is not None else ()
    except Missing:
        return ()


def _passes_at(clause: Clause, template: Template, facts: Facts, index: str, rate: Fraction) -> bool:
    """Return whether the test passes at another rate of an index.

    Raises Missing if it is not determined at that rate.
    """
    return _probed(clause, template, facts, index, rate)[0]


def _probed(
    clause: Clause, template: Template, facts: Facts, index: str, rate: Fraction
) -> tuple[bool, Fraction]:
    """Return whether the test passes at another rate of an index, and its headroom at that rate.

    Raises Missing if it is not determined at that rate.
    """
    measurement = _measured(clause, template, facts.with_rate(index, rate))
    return passes(measurement.measured, measurement.limit, measurement.comparison), headroom(
        measurement.measured, measurement.limit, measurement.comparison
    ).value


def _break_even(clause: Clause, template: Template, facts: Facts, index: str) -> BreakEven:
    """Return the Break-even Rate of an index: the outermost passing tick next to the failing ones.

    Tests are monotone in today's rate. If the test is not determined at some of those rates, the Break-even
    Rate is not known, with the reason.
    """

    def probe(tick: int) -> tuple[bool, Fraction]:
        return _probed(clause, template, facts, index, Fraction(tick, TICK))

    # The date's rate only says where to look first, so cutting it to a tick does no harm.
    today = next((int(used.value * TICK) for used in facts.trace.values() if used.index == index), 0)
    return break_even(probe, index, today)


def _bearing(
    clause: Clause,
    template: Template,
    facts: Facts,
    measurement: Measurement,
    even: tuple[BreakEven, ...],
    share: ShareBelow | None,
) -> Bearing | None:
    """Return whether other sellers would give the same result, and the share of resamples that fails.

    The resamples are those of the listings. The result is None for a test without a rate (`rulings.md` 59).
    """
    # A trace of its own keeps what this asks for out of the result's inputs and of the rates used.
    maximum = template.maximum(clause, replace(facts, trace={})) if template.maximum is not None else None
    test = MeasuredTest(
        facts=facts,
        measured=partial(_measured, clause, template),
        found=measurement,
        level=_level(facts),
        maximum=maximum,
        rounded=partial(_rounded, rule=facts.terms.rounding.rule, unit=measurement.measured.unit),
    )
    bearing = seller_bearing(test)
    # Only a test of a single print turns at one rate, against which the listings of that print are resampled.
    if bearing is None or len(test.prints) != 1 or not even:
        return bearing
    return bearing.model_copy(
        update={
            "share_failing": _share_failing(
                even, _published_today(facts, even[0].index), share, bearing.decisive
            )
        }
    )


def _level(facts: Facts) -> Literal[95, 80]:
    """Return the level in per cent at which the deal asks for decisiveness (`rulings.md` 60).

    It is the highest level of the indices used.
    """
    levels = [
        facts.terms.index[name].low_confidence.level
        for name in facts.indices_used
        if name in facts.terms.index
    ]
    # Without any stated level the stricter one holds.
    return 80 if levels and max(levels) == 80 else 95


def _rounded(value: Fraction, rule: str, unit: Unit) -> Fraction:
    """Return a figure rounded as the deal rounds figures of its unit (`rulings.md` 71)."""
    own = rounding_of(rule, unit)
    return value if own == "unrounded" else _rounded_by(value, own, 1 if unit is Unit.MULTIPLE else 100)


def _published_today(facts: Facts, index: str) -> Published | None:
    """Return the publication that this date's rate of `index` rests on; None if it rests on none.

    It is today's own publication, or the one that is carried.
    """
    rates = facts.rates.get(index, ())
    return rates[-1].published if rates and rates[-1].on == facts.on else None


def _share_failing(
    even: tuple[BreakEven, ...], published: Published | None, share_below: ShareBelow | None, decisive: bool
) -> str | None:
    """Return the share of resamples of the listings in which the test fails, as text with two decimals.

    The result is None if the share is all or nothing although the sellers leave the result open. It would say
    more than is known.
    """
    if share_below is None or published is None or not published.pooled:
        return None
    if not even or even[0].rate is None:
        return None
    # Listings are resampled at published precision, since a rate between two ticks is never published.
    level = rounded(even[0].rate.value, 4)
    if even[0].fails == "below":
        share = share_below(published.pooled, level)
    else:
        # `share_below` counts medians strictly below a level. The Break-even
        # Rate itself passes, so a tick is added.
        share = 1 - share_below(published.pooled, level + Decimal(1) / TICK)
    if not decisive and not 0.01 <= share <= 0.99:
        return None
    # `0.00` would read as never, and a share is only this small.
    if 0 < share < 0.01:
        return "<0.01"
    return ">0.99" if 0.99 < share < 1 else f"{share:.2f}"
