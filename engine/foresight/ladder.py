"""The order in which the limbs of a deal act as the rate falls or rises: every Break-even Rate sorted.

It also says which limbs are inverted. A ladder is drawn up at closing, or on a date of a recorded deal. At
closing the rate is held at the Closing Date level until each test has what it needs. Break-even Rates come
from the templates themselves, as everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Literal

from engine.basics.happenings import default_before_words
from engine.basics.values import Figure, Unit, counted, trimmed
from engine.determination.break_even import last_agreeing
from engine.determination.determine import CEILING, TICK, decided, determine
from engine.determination.facts import Facts
from engine.determination.measure_inputs import Missing
from engine.determination.scenario import Scenario
from engine.determination.template import Clause, Period, Template
from engine.events.results import BreakEven, TestResult, Verdict
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.limbs import RANKS, Kind, Limb, of_tests, of_triggers
from engine.foresight.limits_in_order import At, OtherLimit, limit_in_order
from engine.foresight.path_run import moments
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import publication_dates
from engine.terms.in_force import TermsInForce

B_MIDDLE = Scenario(scenario="B", point="middle", shape="compound")
WEEKS_LOOKED_AT = 60
"""How many weeks the rate is held from closing while a test waits for its window."""


@dataclass(frozen=True)
class Rung:
    """One limb of the ladder.

    Attributes:
        limb: what acts, in words.
        subject: the test or the trigger.
        test: the test whose Break-even Rate it is.
        kind: what acting means.
        index: the index whose rate it is.
        rate: the Break-even Rate in USD per GPU-hour, on the passing side; None if no rate turns the test.
        fails: the side of the rate on which it acts.
        distance: the way still to go in USD, negative once passed.
        share: the distance as a share of today's rate.
        widths: the distance in widths of the week's 95% interval; None without an interval.
        weeks: weeks of Scenario B, middle, until the rate is reached; None if a single rate does not decide,
            or if it lies above.
        needs: on how many dates, in words.
        note: what else there is to say.
        acts_at_once: whether it acts without a Cure Period that could still make it good.
    """

    limb: str
    subject: str
    test: str
    kind: Kind
    index: str
    rate: Decimal | None
    fails: Literal["below", "above"] | None
    distance: Decimal | None
    share: Fraction | None
    widths: Fraction | None
    weeks: float | None
    needs: str
    note: str
    acts_at_once: bool = True


@dataclass(frozen=True)
class Inversion:
    """A pair of limbs in the wrong order: as the rate falls, the graver one acts before the milder one.

    `by` is the distance between their rates in USD per GPU-hour. `searched` says whether a limit of the
    graver limb's test was looked for with which the order would be right; of a recorded deal none is.
    `instead` is that limit; None if none was found.
    """

    graver: Rung
    milder: Rung
    by: Decimal
    searched: bool = False
    instead: OtherLimit | None = None


@dataclass(frozen=True)
class Ladder:
    """The limbs from the highest rate down, those that act above a rate last.

    Attributes:
        on: the date: the Closing Date, or a determined one.
        today: the rate of each index on it.
        intervals: the 95% interval of each index, if it has one.
        rungs: the limbs.
        inversions: for each graver limb, the milder one that it precedes by most.
        after_cure: the same of each default that a Cure Period may still prevent, if no inversion rests on
            its test.
        left_out: tests that have no rung, each with the reason.
        from_closing: whether the rate is held at the Closing Date level.
    """

    on: date
    today: Mapping[str, Decimal]
    intervals: Mapping[str, tuple[Decimal, Decimal]]
    rungs: tuple[Rung, ...]
    inversions: tuple[Inversion, ...]
    left_out: Mapping[str, str]
    from_closing: bool
    after_cure: tuple[Inversion, ...] = ()


@dataclass(frozen=True)
class Turning:
    """One test's Break-even Rate, and the result that decided it."""

    result: TestResult
    even: BreakEven
    window: bool
    """Whether the test also depends on rates of other dates."""


def ladder_at_closing(
    deal: Deal,
    templates: Mapping[str, Template],
    given: FactsByDate,
    levels: Mapping[str, Decimal] | None = None,
) -> Ladder:
    """Return the ladder of a draft, if each rate stays at its level from closing on.

    A test that looks at several dates is shown at the rate that fails it if the rate stays there.

    Args:
        deal: the draft.
        templates: the covenant templates by name.
        given: what the Servicer's reports would say.
        levels: the rate of each index; the Closing Date levels unless given.
    """
    terms = resolve(deal, deal.closing_date)
    # A ladder at closing compares clauses, so each rate stands where the parties started from.
    start = levels or {name: _decimal(index.closing_date_level) for name, index in terms.index.items()}
    until = deal.closing_date + timedelta(weeks=WEEKS_LOOKED_AT)
    rates = {
        name: tuple((day, level) for day in publication_dates(deal.closing_date + timedelta(days=1), until))
        for name, level in start.items()
    }
    turnings: dict[str, Turning] = {}
    measured: dict[str, At] = {}
    lacking: dict[str, str] = {}
    for moment in moments(deal, templates, rates, given, until):
        for key, clause in moment.inputs.terms.covenants.items():
            template = templates[clause.template]
            # The first determined date of a test stands, so that later terms do not change its rung.
            if key in turnings or template.dates not in moment.inputs.kinds:
                continue
            known = moment.known
            # A trace of its own, or a figure that an earlier test used would seem to be used by this one.
            result = determine(key, clause, template, replace(known, trace={}))
            if result.verdict is Verdict.NOT_DETERMINED:
                lacking[key] = result.reason.reason if result.reason else "not determined"
                continue
            turnings[key] = _stays(clause, template, known, result)
            measured[key] = partial(_at, key, clause, template, known, turnings[key].even.index)
        # Every test has its rate by now, so later dates need not be lived.
        if len(turnings) == len(terms.covenants):
            break
    # What has no rung is named with its reason, since a missing rung would look like a limb that never acts.
    left = {
        key: lacking.get(key, "not tested in the first weeks")
        for key in terms.covenants
        if key not in turnings
    }
    ladder = _ladder(templates, deal.closing_date, terms, turnings, start, {}, left, from_closing=True)
    return replace(ladder, inversions=tuple(_with_limit(one, measured) for one in ladder.inversions))


def _at(key: str, clause: Clause, template: Template, known: Facts, index: str, rate: Fraction) -> TestResult:
    """Return a test's result if its rate has been there since closing, or is there on the date."""
    facts = held(known, index, rate) if looks_back(clause) else known.with_rate(index, rate)
    return decided(key, clause, template, facts)


def _with_limit(inversion: Inversion, measured: Mapping[str, At]) -> Inversion:
    """Return an inversion with the limit of the graver test that would put it right."""
    graver, milder = inversion.graver, inversion.milder
    assert graver.rate is not None  # both limbs of an inversion act at a rate, on one side of it
    assert milder.rate is not None
    assert graver.fails is not None
    found = limit_in_order(measured[graver.test], graver.rate, milder.rate, graver.fails)
    return replace(inversion, searched=True, instead=found)


def ladder_on(
    terms: TermsInForce,
    templates: Mapping[str, Template],
    results: Sequence[TestResult],
    today: Mapping[str, Decimal],
    intervals: Mapping[str, tuple[Decimal, Decimal]],
    on: date,
    notes: Mapping[str, str] | None = None,
) -> Ladder:
    """Return the ladder of a recorded deal on a date: each Break-even Rate, all else unchanged.

    Args:
        terms: the terms in force on the date.
        templates: the covenant templates by name.
        results: the newest result of each test by the date.
        today: the newest rate of each index.
        intervals: the 95% interval of each index, if it has one.
        on: the date.
        notes: the state of each test and trigger, in words.
    """
    levels = {}
    left = dict.fromkeys(terms.covenants, "not tested yet")
    for result in results:
        if result.verdict is Verdict.NOT_DETERMINED:
            left[result.test] = result.reason.reason if result.reason else "not determined"
        elif not result.break_even:
            left[result.test] = "no rate of this date decides it"
        else:
            levels[result.test] = Turning(
                result, result.break_even[0], looks_back(terms.covenants[result.test])
            )
            left.pop(result.test, None)
    return _ladder(
        templates, on, terms, levels, today, intervals, left, from_closing=False, notes=notes or {}
    )


def _stays(clause: Clause, template: Template, known: Facts, result: TestResult) -> Turning:
    """Return the rate at which a test fails if the rate has been there since closing."""
    used = tuple(dict.fromkeys(turn.index for turn in result.break_even))
    # One date decides, so the Break-even Rate that the template gave is the answer already.
    if used and not looks_back(clause):
        return Turning(result, result.break_even[0], window=False)
    near = next((int(even.rate.value * TICK) for even in result.break_even if even.rate is not None), TICK)
    if used:
        return Turning(result, _if_it_stays(clause, template, known, used[0], near), window=True)
    # A test of past periods asks for no rate of this date, so that each index must be tried.
    tried = known.rates if looks_back(clause) else ()
    found = (_if_it_stays(clause, template, known, index, near) for index in tried)
    none = BreakEven(index="", rate=None, fails=None, note="no rate decides it")
    even = next((one for one in found if one.rate is not None), none)
    return Turning(result, even, window=even is not none)


def _if_it_stays(clause: Clause, template: Template, known: Facts, index: str, near: int) -> BreakEven:
    """Return the Break-even Rate of a test if an index has had each rate since closing.

    Args:
        clause: the test's terms.
        template: its template.
        known: what is known on the date.
        index: the index.
        near: the tick at which the search begins.
    """

    def probe(tick: int) -> tuple[bool, Fraction]:
        return _probed(clause, template, held(known, index, Fraction(tick, TICK)))

    try:
        at_low, last = last_agreeing(probe, 1, CEILING, near)
    except Missing as missing:
        return BreakEven(index=index, rate=None, fails=None, note=f"not known: {missing.why.reason}")
    if last is None:
        note = "passes at every positive rate" if at_low else "no positive rate passes"
        return BreakEven(index=index, rate=None, fails=None, note=note)
    # The last rate that still passes, on whichever side that is: the rung stands on the passing side.
    rate = Figure(value=Fraction(last if at_low else last + 1, TICK), unit=Unit.RATE)
    return BreakEven(index=index, rate=rate, fails="above" if at_low else "below")


def looks_back(clause: Clause) -> bool:
    """Return whether a clause looks at a period, so that more than one date's rate decides it."""
    return any(isinstance(getattr(clause, name), Period) for name in type(clause).model_fields)


def _probed(clause: Clause, template: Template, known: Facts) -> tuple[bool, Fraction]:
    """Return whether a test passes on the given facts, and its headroom on them.

    Raises Missing if the test is not determined on them.
    """
    result = determine(clause.template, clause, template, known)
    if result.reason is not None:
        raise Missing(result.reason.reason, result.reason.cite, result.reason.lacks)
    return result.verdict is Verdict.PASS, result.headroom.value if result.headroom else Fraction(0)


def held(known: Facts, index: str, rate: Fraction) -> Facts:
    """Return the same facts with each known value of an index set to `rate`, in USD per GPU-hour.

    A publication or a Reference Rate without a value stays without one. The trace starts empty.
    """
    value = Decimal(rate.numerator) / Decimal(rate.denominator)
    published = tuple(
        # A week without publication stays so, because the clause says what such a week does.
        publication if publication.value is None else publication.model_copy(update={"value": value})
        for publication in known.published.get(index, ())
    )
    rates = tuple(
        rate if rate.value is None else rate.model_copy(update={"value": value})
        for rate in known.rates.get(index, ())
    )
    return replace(
        known, trace={}, published={**known.published, index: published}, rates={**known.rates, index: rates}
    )


def _ladder(
    templates: Mapping[str, Template],
    on: date,
    terms: TermsInForce,
    turnings: Mapping[str, Turning],
    today: Mapping[str, Decimal],
    intervals: Mapping[str, tuple[Decimal, Decimal]],
    left: Mapping[str, str],
    from_closing: bool,
    notes: Mapping[str, str] | None = None,
) -> Ladder:
    limbs: list[Limb] = [*of_tests(terms, templates, turnings), *of_triggers(terms, turnings)]
    rungs = [
        _rung(limb, turnings[limb.test], today, intervals, from_closing, (notes or {}).get(limb.subject, ""))
        for limb in limbs
    ]
    turning = [rung for rung in rungs if rung.rate is not None]
    # A test that does not turn at any rate is told among those without a rung, with the reason.
    never = {rung.test: f"{turnings[rung.test].even.note}" for rung in rungs if rung.rate is None}
    # At one rate the milder limb stands first, which is the order that a deal should have.
    order = sorted(turning, key=lambda rung: (rung.fails == "above", -(rung.rate or 0), RANKS[rung.kind]))
    found = tuple(inversions(order))
    told = {one.graver.test for one in found}
    later = (one for one in inversions(order, at_once=False) if one.graver.test not in told)
    return Ladder(on, today, intervals, tuple(order), found, {**left, **never}, from_closing, tuple(later))


def _rung(
    limb: Limb,
    turning: Turning,
    today: Mapping[str, Decimal],
    intervals: Mapping[str, tuple[Decimal, Decimal]],
    from_closing: bool,
    note: str,
) -> Rung:
    even = turning.even
    rate = None if even.rate is None else _decimal(even.rate.value)
    now = today.get(even.index)
    distance = share = widths = weeks = None
    if rate is not None and now is not None:
        distance = now - rate if even.fails == "below" else rate - now
        share = Fraction(distance) / Fraction(now)
        ends = intervals.get(even.index)
        # An interval without width would divide by zero and says nothing of how near the rate is.
        if ends is not None and ends[1] > ends[0]:
            widths = Fraction(distance) / Fraction(ends[1] - ends[0])
        # Only for a rate still to come: a test that looks at several dates is not decided by a single rate.
        if even.fails == "below" and 0 < rate < now and not turning.window:
            weeks = math.log(now / rate) / -math.log(1 - B_MIDDLE.decline) * 365 / 7
    words = [note, limb.follows] if note else [limb.follows]
    if turning.window:
        # The rung of a window holds only on this assumption, so the page must say it.
        words.append("if the rate stays" if from_closing else "this date's rate alone, all else unchanged")
    if rate is not None and _inside(rate, intervals.get(even.index)):
        low, high = intervals[even.index]
        words.append(f"inside the 95% interval {low} to {high}")
    return Rung(
        limb=limb.limb,
        subject=limb.subject,
        test=limb.test,
        kind=limb.kind,
        index=even.index,
        rate=rate,
        fails=even.fails,
        distance=distance,
        share=share,
        widths=widths,
        weeks=weeks,
        needs=limb.needs,
        note="; ".join(word for word in words if word),
        acts_at_once=limb.at_once,
    )


def _inside(rate: Decimal, ends: tuple[Decimal, Decimal] | None) -> bool:
    return ends is not None and ends[0] <= rate <= ends[1]


def inversions(rungs: Sequence[Rung], at_once: bool = True) -> Iterator[Inversion]:
    """Yield, for each graver limb, the milder limb that it precedes by the widest distance.

    Both are on the same index and side.

    Args:
        rungs: the limbs.
        at_once: whether the graver limbs are those that act without a Cure Period. A default with one can be
            made good before it acts, so it is not marked as inverted.
    """
    for graver in rungs:
        if graver.acts_at_once is not at_once or graver.rate is None:
            continue
        before = []
        for milder in rungs:
            same = (milder.index, milder.fails) == (graver.index, graver.fails)
            if milder.rate is None or not same or RANKS[milder.kind] >= RANKS[graver.kind]:
                continue
            # A failure that is only counted does nothing, so nothing can come too early before it.
            if milder.kind == "counted failure":
                continue
            by = graver.rate - milder.rate if graver.fails == "below" else milder.rate - graver.rate
            # Equal rates act on the same date, which is not an inversion.
            if by > 0:
                before.append(Inversion(graver, milder, by))
        if before:
            # One pair for each graver limb is enough: mending the widest mends the others.
            yield max(before, key=lambda one: one.by)


def inversion_words(inversion: Inversion) -> str:
    """Return an inversion in a sentence."""
    side = "above" if inversion.graver.fails == "below" else "below"
    return (
        f"{inversion.graver.subject} acts {inversion.by} {side} {inversion.milder.subject}, which is milder"
    )


def after_cure_words(later: Inversion) -> str:
    """Return in a sentence that a default comes before a milder limb, unless its failure is cured."""
    graver, milder = later.graver.subject, later.milder.subject
    return default_before_words(graver, milder, later.by, later.graver.fails)


def instead_words(inversion: Inversion) -> str:
    """Return a sentence on the limit that would put an inversion right; empty if none was found."""
    other = inversion.instead
    if other is None:
        return ""
    limits = f"{trimmed(other.limit)} in place of {trimmed(other.drafted)}"
    return f" With a limit of {limits}, {inversion.graver.test} acts at {other.rate}."


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def left_out_words(left: Mapping[str, str]) -> str:
    """Return a sentence on the tests without a rung; empty if every test has one."""
    named = "; ".join(f"{key}, {why}" for key, why in left.items())
    return f"{counted(len(left), 'tests')} without a rung: {named}." if left else ""
