"""The order in which the limbs of a deal act as the rate falls or rises: every Break-even Rate sorted.

It also says which limbs are inverted. A ladder is drawn up at closing (`drafted_ladder`), or on a date of a
recorded deal. Break-even Rates come from the templates themselves, as everywhere. A clause of several limbs
stands at the rate at which the clause itself acts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from engine.basics.happenings import uncured_before_words
from engine.basics.values import counted, listed, trimmed
from engine.determination.scenario import Scenario
from engine.determination.template import Clause, Period, Template
from engine.events.results import TestResult, Verdict
from engine.foresight.clause_rates import AtRates, LimbRate, Turning
from engine.foresight.limbs import RANKS, Kind, Limb, of_no_rate, of_tests, of_triggers
from engine.foresight.limits_in_order import OtherLimit
from engine.terms.in_force import TermsInForce

FOUR = Decimal("0.0001")
"""The decimals of a rate."""
B_MIDDLE = Scenario(scenario="B", point="middle", shape="compound")


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
        limbs: what a clause that needs several limbs looks at, each with its own rate; empty for any other.
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
    limbs: tuple[LimbRate, ...] = ()


@dataclass(frozen=True)
class Inversion:
    """A pair of limbs in the wrong order: as the rate falls, the graver one acts before the milder one.

    `by` is the distance between their rates in USD per GPU-hour. `searched` says whether a limit was looked
    for with which the order would be right; of a recorded deal none is. `instead` is that limit; None if none
    was found. It is a limit of the test `of`, and the graver limb then acts at the rate `then`, if at any.
    """

    graver: Rung
    milder: Rung
    by: Decimal
    searched: bool = False
    instead: OtherLimit | None = None
    of: str = ""
    then: Decimal | None = None


@dataclass(frozen=True)
class AlikeRate:
    """The rate of a draft's first index at which a test turns if every index moves by the same share."""

    rate: Decimal
    fails: Literal["below", "above"]


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
        left_out: tests that have no rung, and triggers with a way to begin that has none, each with the
            reason.
        from_closing: whether the rate is held at the Closing Date level.
        alike: of a draft of several indices, each test's rate if every index moves by the same share, as on a
            stated path.
        later: of a draft, the ladder from each later date on which a rung changes, earliest first.
    """

    on: date
    today: Mapping[str, Decimal]
    intervals: Mapping[str, tuple[Decimal, Decimal]]
    rungs: tuple[Rung, ...]
    inversions: tuple[Inversion, ...]
    left_out: Mapping[str, str]
    from_closing: bool
    after_cure: tuple[Inversion, ...] = ()
    alike: Mapping[str, AlikeRate] = field(default_factory=dict)
    later: tuple[Ladder, ...] = ()


def ladder_on(
    terms: TermsInForce,
    templates: Mapping[str, Template],
    results: Sequence[TestResult],
    today: Mapping[str, Decimal],
    intervals: Mapping[str, tuple[Decimal, Decimal]],
    on: date,
    notes: Mapping[str, str] | None = None,
    standing: frozenset[str] = frozenset(),
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
        standing: the triggers in effect, and the tests that are an Event of Default.
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
    at = AtRates(on, terms, templates, levels, today, standing)
    return ladder_of(at, intervals, left, from_closing=False, notes=notes or {})


def looks_back(clause: Clause) -> bool:
    """Return whether a clause looks at a period, so that more than one date's rate decides it."""
    return any(isinstance(getattr(clause, name), Period) for name in type(clause).model_fields)


def ladder_of(
    at: AtRates,
    intervals: Mapping[str, tuple[Decimal, Decimal]],
    left: Mapping[str, str],
    from_closing: bool,
    notes: Mapping[str, str] | None = None,
) -> Ladder:
    """Return the ladder of a date from the Break-even Rate of each test.

    Args:
        at: the date, its terms, its rates, and each test's Break-even Rate.
        intervals: the 95% interval of each index, if it has one.
        left: the tests that are not determined, each with the reason.
        from_closing: whether the rate is held at the Closing Date level.
        notes: the state of each test and trigger, in words.
    """
    limbs: list[Limb] = [*of_tests(at.terms, at.templates, at.turnings), *of_triggers(at)]
    rungs = [_rung(limb, at, intervals, from_closing, (notes or {}).get(limb.subject, "")) for limb in limbs]
    turning = [rung for rung in rungs if rung.rate is not None]
    # A test that does not turn at any rate is told among those without a rung, with the reason.
    never = {rung.test: f"{at.turnings[rung.test].even.note}" for rung in rungs if rung.rate is None}
    # At one rate the milder limb stands first, which is the order that a deal should have.
    order = sorted(turning, key=lambda rung: (rung.fails == "above", -(rung.rate or 0), RANKS[rung.kind]))
    found = tuple(inversions(order))
    told = {one.graver.test for one in found}
    later = (one for one in inversions(order, at_once=False) if one.graver.test not in told)
    left_out = {**left, **never, **dict(of_no_rate(at))}
    return Ladder(at.on, at.today, intervals, tuple(order), found, left_out, from_closing, tuple(later))


def _rung(
    limb: Limb, at: AtRates, intervals: Mapping[str, tuple[Decimal, Decimal]], from_closing: bool, note: str
) -> Rung:
    even, today = at.turnings[limb.test].even, at.today
    index, fails = (even.index, even.fails) if limb.acts is None else (limb.acts.index, limb.acts.fails)
    rate = None if even.rate is None else _decimal(even.rate.value)
    if limb.acts is not None:
        rate = limb.acts.rate
    # One limb that looks at several dates is enough: no single rate decides the clause then.
    behind = {limb.test, *(one.test for one in limb.limbs if one.test is not None)}
    window = any(at.turnings[test].window for test in behind)
    now = today.get(index)
    distance = share = widths = weeks = None
    if rate is not None and now is not None:
        distance = now - rate if fails == "below" else rate - now
        share = Fraction(distance) / Fraction(now)
        ends = intervals.get(index)
        # An interval without width would divide by zero and says nothing of how near the rate is.
        if ends is not None and ends[1] > ends[0]:
            widths = Fraction(distance) / Fraction(ends[1] - ends[0])
        # Only for a rate still to come: a test that looks at several dates is not decided by a single rate.
        if fails == "below" and 0 < rate < now and not window:
            weeks = math.log(now / rate) / -math.log(1 - B_MIDDLE.decline) * 365 / 7
    words = [note, limb.follows] if note else [limb.follows]
    if window:
        # The rung of a window holds only on this assumption, so the page must say it.
        words.append("if the rate stays" if from_closing else "this date's rate alone, all else unchanged")
    if rate is not None and _inside(rate, intervals.get(index)):
        low, high = intervals[index]
        words.append(f"inside the 95% interval {low} to {high}")
    return Rung(
        limb=limb.limb,
        subject=limb.subject,
        test=limb.test,
        kind=limb.kind,
        index=index,
        rate=rate,
        fails=fails,
        distance=distance,
        share=share,
        widths=widths,
        weeks=weeks,
        needs=limb.needs,
        note="; ".join(word for word in words if word),
        acts_at_once=limb.at_once,
        limbs=limb.limbs,
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
            if milder.kind == "counted failure" or not _acts_first(milder, rungs):
                continue
            by = graver.rate - milder.rate if graver.fails == "below" else milder.rate - graver.rate
            # Equal rates act on the same date, which is not an inversion.
            if by > 0:
                before.append(Inversion(graver, milder, by.quantize(FOUR)))
        if before:
            # One pair for each graver limb is enough: mending the widest mends the others.
            yield max(before, key=lambda one: one.by)


def _acts_first(rung: Rung, rungs: Sequence[Rung]) -> bool:
    """Return whether no other limb of the same trigger acts before this one.

    A trigger that has begun by one limb does nothing new by another, so nothing comes too early before that.
    """
    same = [
        one.rate
        for one in rungs
        if (one.subject, one.index, one.fails) == (rung.subject, rung.index, rung.fails)
        and one.rate is not None
    ]
    return rung.rate == (max(same) if rung.fails == "below" else min(same))


def inversion_words(inversion: Inversion) -> str:
    """Return an inversion in a sentence."""
    side = "above" if inversion.graver.fails == "below" else "below"
    return (
        f"{inversion.graver.subject} acts {inversion.by} {side} {inversion.milder.subject}, which is milder"
    )


def after_cure_words(later: Inversion) -> str:
    """Return in a sentence that a graver limb comes before a milder one, unless a failure is cured."""
    graver, milder = later.graver.subject, later.milder.subject
    return uncured_before_words(graver, milder, later.by, later.graver.fails, later.graver.kind)


def instead_words(inversion: Inversion) -> str:
    """Return a sentence on the limit that would put an inversion right; empty if none was found."""
    other = inversion.instead
    if other is None:
        return ""
    limits = f"{trimmed(other.limit)} in place of {trimmed(other.drafted)}"
    lead = f" With a limit of {limits}, {inversion.of} acts at {other.rate:.4f}"
    if not inversion.graver.limbs:
        return f"{lead}."
    then = f"acts at {inversion.then:.4f}" if inversion.then is not None else "no longer acts"
    return f"{lead}, and {inversion.graver.subject} {then}."


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def later_words(ladder: Ladder) -> list[str]:
    """Return in sentences what changes from each later date on: the rungs that move, and what is inverted."""
    said = []
    for before, after in pairwise((ladder, *ladder.later)):
        moved = "; ".join(_moved(before, after))
        words = f"From {after.on}: {moved or 'no rung moves'}."
        told = {inversion_words(one) for one in before.inversions}
        new = [inversion_words(one) for one in after.inversions if inversion_words(one) not in told]
        said.append(" ".join([words, *(f"Inverted: {one}." for one in new)]))
    return said


def _moved(before: Ladder, after: Ladder) -> Iterator[str]:
    """Yield in a clause each rung that moves from one ladder of a draft to the next."""
    old, new = _by_limb(before), _by_limb(after)
    for limb, rates in new.items():
        if rates != old.get(limb):
            was = f", and before that at {listed(old[limb])}" if limb in old else ""
            yield f"{limb} stands at {listed(rates)}{was}"
    for limb in old:
        if limb not in new:
            yield f"{limb} has no rung"


def _by_limb(ladder: Ladder) -> dict[str, list[str]]:
    rates: dict[str, list[str]] = {}
    for rung in ladder.rungs:
        rates.setdefault(rung.limb, []).append(f"{rung.rate:.4f}")
    return rates


def left_out_words(left: Mapping[str, str]) -> str:
    """Return a sentence on the limbs without a rung; empty if every limb has one."""
    named = "; ".join(f"{key} ({why})" for key, why in left.items())
    verb = "has" if len(left) == 1 else "have"
    return f"{counted(len(left), 'limbs')} {verb} no rung: {named}." if left else ""
