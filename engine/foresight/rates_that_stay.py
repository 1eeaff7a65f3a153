"""The rate at which a test fails if the rate stays there, from closing or from a later date.

One index moves while the others stay; or every index moves alike, as on a stated path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.determination.break_even import TICK, break_even
from engine.determination.determine import determine
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Missing
from engine.determination.template import Clause, Template
from engine.events.results import BreakEven, TestResult, Verdict
from engine.foresight.clause_rates import Turning
from engine.foresight.ladder import looks_back


def stays(
    clause: Clause, template: Template, known: Facts, result: TestResult, since: date | None
) -> Turning:
    """Return the rate at which a test fails if the rate has been there since closing, or since a date."""
    used = tuple(dict.fromkeys(turn.index for turn in result.break_even))
    # One date decides, so the Break-even Rate that the template gave is the answer already.
    if used and not looks_back(clause):
        return Turning(result, result.break_even[0], window=False)
    near = next((int(even.rate.value * TICK) for even in result.break_even if even.rate is not None), TICK)
    if used:
        return Turning(result, if_it_stays(clause, template, known, used[0], near, since), window=True)
    # A test of past periods asks for no rate of this date, so that each index must be tried.
    tried = known.rates if looks_back(clause) else ()
    found = (if_it_stays(clause, template, known, index, near, since) for index in tried)
    none = BreakEven(index="", rate=None, fails=None, note="no rate decides it")
    even = next((one for one in found if one.rate is not None), none)
    return Turning(result, even, window=even is not none)


def if_it_stays(
    clause: Clause, template: Template, known: Facts, index: str, near: int, since: date | None
) -> BreakEven:
    """Return the Break-even Rate of a test if an index has had each rate since closing, or since a date.

    Args:
        clause: the test's terms.
        template: its template.
        known: what is known on the date.
        index: the index.
        near: the tick at which the search begins.
        since: the date from which the index has each rate; None for closing.
    """

    def probe(tick: int) -> tuple[bool, Fraction]:
        return _probed(clause, template, held(known, index, Fraction(tick, TICK), since))

    return break_even(probe, index, near)


def _probed(clause: Clause, template: Template, known: Facts) -> tuple[bool, Fraction]:
    """Return whether a test passes on the given facts, and its headroom on them.

    Raises Missing if the test is not determined on them.
    """
    result = determine(clause.template, clause, template, known)
    if result.reason is not None:
        raise Missing(result.reason.reason, result.reason.cite, result.reason.lacks)
    return result.verdict is Verdict.PASS, result.headroom.value if result.headroom else Fraction(0)


def held(known: Facts, index: str, rate: Fraction, since: date | None = None) -> Facts:
    """Return the same facts with each known value of an index since a date set to a rate.

    Args:
        known: what is known on the date.
        index: the index.
        rate: its rate, in USD per GPU-hour.
        since: the first date with that rate; None for all dates.

    A publication or a Reference Rate without a value stays without one. The trace starts empty.
    """
    value, first = Decimal(rate.numerator) / Decimal(rate.denominator), since or date.min
    # A week without publication stays so, because the clause says what such a week does.
    published = tuple(
        one.model_copy(update={"value": value})
        if one.value is not None and one.publication_date >= first
        else one
        for one in known.published.get(index, ())
    )
    rates = tuple(
        one.model_copy(update={"value": value}) if one.value is not None and one.on >= first else one
        for one in known.rates.get(index, ())
    )
    return replace(
        known, trace={}, published={**known.published, index: published}, rates={**known.rates, index: rates}
    )


def if_all_move(
    clause: Clause, template: Template, known: Facts, levels: Mapping[str, Decimal], since: date | None
) -> BreakEven | None:
    """Return the rate of the first index at which a test fails if every index moves by the same share.

    Args:
        clause: the test's terms.
        template: its template.
        known: what is known on the date.
        levels: the rate of each index from which all move.
        since: the date from which a test of past dates has the new rates; None for closing.

    Returns:
        None if there is one index only, as its own Break-even Rate says the same.
    """
    names = list(levels)
    if len(names) < 2:
        return None
    first = Fraction(levels[names[0]])

    def probe(tick: int) -> tuple[bool, Fraction]:
        facts = known
        for name in names:
            rate = Fraction(tick, TICK) * Fraction(levels[name]) / first
            facts = held(facts, name, rate, since) if looks_back(clause) else facts.with_rate(name, rate)
        return _probed(clause, template, facts)

    return break_even(probe, names[0], int(first * TICK))
