"""The rates at which a clause of several limbs acts, as the rate of one index moves and the others stay.

The clause itself is evaluated on both sides of each limb's Break-even Rate. One limb alone never speaks for a
clause that needs several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from engine.basics.values import listed
from engine.determination.break_even import TICK
from engine.determination.template import MaintenanceClause, Template
from engine.events.results import BreakEven, TestResult, Verdict
from engine.terms.in_force import TermsInForce
from engine.terms.trigger_conditions import AllOf, AnyOf, AtLeast, Condition, Leaf, leaves_of

Side = Literal["below", "above"]
DEFAULT = "EVENT OF DEFAULT"
NOT_OF_A_RATE = ("event", "on_or_after", "announced")
"""The conditions that no rate brings about."""


@dataclass(frozen=True)
class Turning:
    """One test's Break-even Rate, and the result that decided it."""

    result: TestResult
    even: BreakEven
    window: bool
    """Whether the test also depends on rates of other dates."""


@dataclass(frozen=True)
class Acting:
    """A rate at which a clause begins to act.

    Attributes:
        index: the index that moves.
        fails: the side of the rate on which the clause acts.
        rate: the last rate at which it does not act, in USD per GPU-hour.
        test: the test whose Break-even Rate this is.
        at_once: whether it acts without a Cure Period that could still make a test good.
    """

    index: str
    fails: Side
    rate: Decimal
    test: str
    at_once: bool


@dataclass(frozen=True)
class LimbRate:
    """One limb of a clause of several: what it looks at, and the rate from which it is met.

    The rate is None if no rate brings it about.
    """

    limb: str
    test: str | None
    index: str
    rate: Decimal | None
    fails: Side | None
    needs: str


@dataclass(frozen=True)
class AtRates:
    """What the conditions of one date are evaluated on.

    Attributes:
        on: the date.
        terms: the terms in force on it.
        templates: the covenant templates by name.
        turnings: the Break-even Rate of each test that is determined.
        today: the rate of each index.
        standing: the triggers in effect on the date, and the tests that are an Event of Default.
    """

    on: date
    terms: TermsInForce
    templates: Mapping[str, Template]
    turnings: Mapping[str, Turning]
    today: Mapping[str, Decimal]
    standing: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class _At:
    """One rate of one index, and how a limb counts of which a rate alone says nothing."""

    index: str
    tick: int
    unknown: bool = False
    cured: bool = False
    """Whether every failure with a Cure Period is made good in time."""


def ways_of(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions of which one is enough. Each is one leaf, or needs several limbs."""
    match condition:
        case Leaf():
            yield condition
        case AnyOf():
            for part in condition.any_of:
                yield from ways_of(part)
        case AllOf() if len(condition.all_of) == 1:
            yield from ways_of(condition.all_of[0])
        case AtLeast() if condition.at_least.n == 1:
            for part in condition.at_least.of:
                yield from ways_of(part)
        case _:
            yield condition


def acting(condition: Condition, at: AtRates) -> tuple[Acting, ...]:
    """Return each rate at which a condition begins to be met as the rate of one index moves."""
    found: dict[tuple[str, Side, Decimal], Acting] = {}
    for index, low, test in _turns(condition, at):
        # A default that a Cure Period may still prevent is met later than one that nothing prevents.
        for cured in (True, False):
            sides = [met(condition, at, _At(index, tick, cured=cured)) for tick in (low, low + 1)]
            if sides[0] is not sides[1]:
                side: Side = "below" if sides[0] else "above"
                rate = Decimal(low + 1 if side == "below" else low).scaleb(-4)
                found.setdefault((index, side, rate), Acting(index, side, rate, test, at_once=cured))
    return tuple(found.values())


def sooner_with(condition: Condition, at: AtRates, acts: Acting) -> list[str]:
    """Return the tests that are not determined, if the clause would act sooner with them."""
    names = list(dict.fromkeys(_undetermined(condition, at)))
    tick = int(acts.rate * TICK)
    return names if names and met(condition, at, _At(acts.index, tick, unknown=True)) else []


def why_never(condition: Condition, at: AtRates) -> str:
    """Return why no rate of one index makes a condition of several limbs begin to act."""
    names = list(dict.fromkeys(_undetermined(condition, at)))
    words = words_of(condition)
    if names:
        verb = "is" if len(names) == 1 else "are"
        return f"{words}: {listed(names)} {verb} not determined"
    if met(condition, at, _At("", 0)):
        return f"{words}: met at today's rates, and no rate of one index turns it"
    given = next((leaf for leaf in leaves_of(condition) if _not_of_a_rate(leaf)), None)
    if given is not None:
        return f"{words}: no rate brings about {words_of(given)}"
    return f"{words}: no rate of one index alone meets it while the others stay"


def limbs_of(condition: Condition, at: AtRates) -> tuple[LimbRate, ...]:
    """Return the limbs of a condition of several, each with the rate from which it is met by itself."""
    return tuple(limb for part in parts_of(condition) for limb in _limbs(part, at))


def _limbs(part: Condition, at: AtRates) -> Iterator[LimbRate]:
    words = words_of(part)
    needs = str(part.persistence) if isinstance(part, Leaf) and part.persistence is not None else ""
    found = acting(part, at)
    for one in found:
        yield LimbRate(words, one.test, one.index, one.rate, one.fails, needs)
    if not found:
        yield LimbRate(words, None, "", None, None, needs)


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Return the limbs that a gate joins; of a leaf, the leaf itself."""
    match condition:
        case Leaf():
            return (condition,)
        case AnyOf():
            return condition.any_of
        case AllOf():
            return condition.all_of
        case AtLeast():
            return condition.at_least.of


def words_of(condition: Condition, inside: bool = False) -> str:
    """Return a condition in words: `ltv FAIL`, `trap IN EFFECT and oc-b FAIL`, `2 of a FAIL, b FAIL or c`."""
    if isinstance(condition, Leaf):
        return _leaf_words(condition)
    parts = [words_of(part, inside=True) for part in parts_of(condition)]
    match condition:
        case AtLeast():
            words = f"{condition.at_least.n} of {listed(parts)}"
        case AnyOf():
            words = listed(parts, "or")
        case _:
            words = listed(parts)
    return f"({words})" if inside else words


def _leaf_words(leaf: Leaf) -> str:
    if leaf.event is not None:
        return f"the event {leaf.event}"
    if leaf.on_or_after is not None:
        return f"the date {leaf.on_or_after}"
    if leaf.announced is not None:
        return f"an announced {leaf.announced} of {leaf.index}"
    return f"{leaf.test or leaf.trigger} {leaf.result or leaf.state}"


def _not_of_a_rate(leaf: Leaf) -> bool:
    return any(getattr(leaf, name) is not None for name in NOT_OF_A_RATE)


def is_of_a_rate(condition: Condition) -> bool:
    """Return whether any limb of a condition looks at a test or a trigger."""
    return any(not _not_of_a_rate(leaf) for leaf in leaves_of(condition))


def _turns(condition: Condition, at: AtRates) -> Iterator[tuple[str, int, str]]:
    """Yield each test behind a condition that a rate turns.

    It comes with its index, the lower of the two ticks between which it turns, and its name.
    """
    seen: set[str] = set()
    for test in _tests(condition, at, ()):
        turning = at.turnings.get(test)
        if test in seen or turning is None or turning.even.rate is None:
            continue
        seen.add(test)
        tick = int(turning.even.rate.value * TICK)
        yield turning.even.index, tick - 1 if turning.even.fails == "below" else tick, test


def _tests(condition: Condition, at: AtRates, within: tuple[str, ...]) -> Iterator[str]:
    """Yield the tests that a condition looks at, directly or through triggers."""
    for leaf in leaves_of(condition):
        name = leaf.trigger or ""
        if leaf.test is not None:
            yield leaf.test
        elif name in at.terms.covenants:
            yield name
        # The check refuses a circle of triggers, and a walk must end all the same.
        elif name in at.terms.triggers and name not in within:
            yield from _tests(at.terms.triggers[name].begins, at, (*within, name))


def _undetermined(condition: Condition, at: AtRates) -> Iterator[str]:
    for test in _tests(condition, at, ()):
        if test not in at.turnings:
            yield test


def met(condition: Condition, at: AtRates, rate: _At, within: tuple[str, ...] = ()) -> bool:
    """Return whether a condition is met if one index has this rate and the others have today's."""
    match condition:
        case Leaf():
            return _leaf_met(condition, at, rate, within)
        case AnyOf():
            return any(met(part, at, rate, within) for part in condition.any_of)
        case AllOf():
            return all(met(part, at, rate, within) for part in condition.all_of)
        case AtLeast():
            of = condition.at_least
            return sum(met(part, at, rate, within) for part in of.of) >= of.n


def _leaf_met(leaf: Leaf, at: AtRates, rate: _At, within: tuple[str, ...]) -> bool:
    if leaf.on_or_after is not None:
        return at.on >= leaf.on_or_after
    if leaf.trigger is not None:
        return _trigger_met(leaf.trigger, leaf.state, at, rate, within)
    # An event and an announcement are nothing that a rate brings about.
    if leaf.test is None:
        return False
    if leaf.state == DEFAULT and leaf.test in at.standing:
        return True
    if leaf.test not in at.turnings:
        return rate.unknown
    fails = _fails(at.turnings[leaf.test], at, rate)
    if leaf.result == "PASS" or leaf.state == "COMPLIANT":
        return not fails
    if leaf.state == DEFAULT and rate.cured and _has_cure(leaf.test, at):
        return False
    return fails and (leaf.result == "FAIL" or leaf.state in (DEFAULT, "CURE PERIOD"))


def _trigger_met(name: str, state: str | None, at: AtRates, rate: _At, within: tuple[str, ...]) -> bool:
    wanted = state != "NOT IN EFFECT"
    if name in at.standing:
        return wanted
    if name in at.terms.triggers:
        if name in within:
            return False
        # What is not known counts against a trigger that must not be in effect, and for one that must.
        inner = rate if wanted else _At(rate.index, rate.tick, not rate.unknown, rate.cured)
        return met(at.terms.triggers[name].begins, at, inner, (*within, name)) is wanted
    if name not in at.turnings:
        return rate.unknown
    return _fails(at.turnings[name], at, rate) is wanted


def _fails(turning: Turning, at: AtRates, rate: _At) -> bool:
    """Return whether a test fails if one index has this rate."""
    even = turning.even
    if even.rate is None or even.index not in (rate.index, *at.today):
        return turning.result.verdict is Verdict.FAIL
    there = rate.tick if even.index == rate.index else int(at.today[even.index] * TICK)
    turns = int(even.rate.value * TICK)
    return there < turns if even.fails == "below" else there > turns


def _has_cure(test: str, at: AtRates) -> bool:
    clause = at.terms.covenants[test]
    return isinstance(clause, MaintenanceClause) and clause.cure != "none"
