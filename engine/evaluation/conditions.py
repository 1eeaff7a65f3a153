"""Conditions over results and states, and the counts that they keep (`covenants.md`, Composite triggers; rulings 23, 42).

A condition is a tree of leaves. Each leaf keeps its own count: newest last, whether each date *that counts* met it.
A date on which a test was not determined, or held, is skipped; one that was determined and does not meet the
condition starts a consecutive count again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from engine.basics.values import Comparison, Figure, Unit, trimmed
from engine.events.results import TestResult, Verdict, passes
from engine.events.states import Limb, TestState, TriggerState
from engine.terms.periods import Persistence


@dataclass(frozen=True, slots=True)
class LeafRule:
    """One leaf: which test, trigger or state it looks at, what meets it, on how many dates.

    `persistence` is None for a leaf that looks at a state as it stands.
    """

    test: str | None = None
    trigger: str | None = None
    result: Literal["PASS", "FAIL", "NOT DETERMINED"] | None = None
    comparison: Comparison | None = None
    level: Fraction | None = None
    state: str | None = None
    persistence: Persistence | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """Met when at least `n` of its parts are: 1 for `any_of`, all for `all_of`."""

    n: int
    parts: tuple[Tree, ...]


Tree = LeafRule | Gate


@dataclass(frozen=True, slots=True)
class Seen:
    """What the conditions of one date look at.

    Attributes:
        on: the date.
        results: results of the date, by test; a test that is not tested on this date is not there.
        held: tests whose result must change nothing on this date.
        tests: states of all tests after this date's results.
        triggers: states of the triggers decided so far, in dependency order.
        dates: which kinds of date this one is.
    """

    on: date
    results: Mapping[str, TestResult]
    held: frozenset[str]
    tests: Mapping[str, TestState]
    triggers: Mapping[str, TriggerState]
    dates: frozenset[str]


def leaves(tree: Tree) -> tuple[LeafRule, ...]:
    """The leaves of a condition, in the order of the file."""
    if isinstance(tree, LeafRule):
        return (tree,)
    return tuple(leaf for part in tree.parts for leaf in leaves(part))


def fresh(tree: Tree) -> tuple[Limb, ...]:
    """The counts of a condition that has seen no date."""
    return tuple(_limb(leaf, ()) for leaf in leaves(tree))


def carried(tree: Tree, limbs: Sequence[Limb]) -> tuple[Limb, ...]:
    """The counts so far of the leaves that still say what they said; a leaf that an amendment changed has seen no date."""
    known = list(limbs)
    found = []
    for limb in fresh(tree):
        same = next((one for one in known if one.what == limb.what), None)
        if same is not None:
            known.remove(same)
        found.append(same or limb)
    return tuple(found)


def counted(tree: Tree, limbs: Sequence[Limb], seen: Seen) -> tuple[Limb, ...]:
    """The counts after one more date."""
    return tuple(_limb(leaf, _history(leaf, limb, seen)) for leaf, limb in zip(leaves(tree), limbs, strict=True))


def met(tree: Tree, limbs: Sequence[Limb]) -> bool:
    """Whether the whole condition is met by its counts."""
    return _met(tree, dict(zip(leaves(tree), limbs, strict=True)))


def began_on(tree: Tree, limbs: Sequence[Limb], seen: Seen) -> date:
    """The date from which a met condition is in effect: a state's own date where states alone suffice (rulings 42)."""
    return _began_on(tree, dict(zip(leaves(tree), limbs, strict=True)), seen)


def _began_on(tree: Tree, limbs: Mapping[LeafRule, Limb], seen: Seen) -> date:
    """The day on which as many parts as are needed were met: of `any_of` the first, of `all_of` the last, of `at_least` the n-th."""
    if isinstance(tree, LeafRule):
        return _state_since(tree, seen) if tree.persistence is None and tree.state is not None else seen.on
    dates = sorted(_began_on(part, limbs, seen) for part in tree.parts if _met(part, limbs))
    return dates[tree.n - 1] if 0 < tree.n <= len(dates) else seen.on


def _met(tree: Tree, limbs: Mapping[LeafRule, Limb]) -> bool:
    if isinstance(tree, LeafRule):
        limb = limbs[tree]
        return limb.count >= limb.needed
    return sum(_met(part, limbs) for part in tree.parts) >= tree.n


def _limb(leaf: LeafRule, history: tuple[bool, ...]) -> Limb:
    persistence = leaf.persistence
    if persistence is None:
        return Limb(what=described(leaf), met=history, count=sum(history[-1:]), needed=1, out_of=1, dates="state")
    count = _run(history) if persistence.consecutive else sum(history)
    return Limb(
        what=described(leaf),
        met=history,
        count=min(count, persistence.count),
        needed=persistence.count,
        out_of=persistence.out_of,
        dates=persistence.dates,
    )


def _run(history: tuple[bool, ...]) -> int:
    run = 0
    for one in reversed(history):
        if not one:
            break
        run += 1
    return run


def _history(leaf: LeafRule, limb: Limb, seen: Seen) -> tuple[bool, ...]:
    """The leaf's dates with this one, where it counts."""
    if leaf.persistence is not None and leaf.persistence.dates not in seen.dates:
        return limb.met
    meets = _state_meets(leaf, seen) if leaf.state is not None else _result_meets(leaf, seen)
    if meets is None:
        return limb.met
    return (*limb.met, meets)[-(leaf.persistence.out_of if leaf.persistence else 1) :]


def _state_meets(leaf: LeafRule, seen: Seen) -> bool | None:
    name = leaf.test or leaf.trigger or ""
    states: Mapping[str, TestState | TriggerState] = seen.tests if leaf.test else seen.triggers
    return None if name not in states else states[name].status.value == leaf.state


def _state_since(leaf: LeafRule, seen: Seen) -> date:
    states: Mapping[str, TestState | TriggerState] = seen.tests if leaf.test else seen.triggers
    return states[leaf.test or leaf.trigger or ""].since


def _result_meets(leaf: LeafRule, seen: Seen) -> bool | None:
    result = seen.results.get(leaf.test or "")
    if result is None:
        return None
    if leaf.result == "NOT DETERMINED":
        return result.verdict is Verdict.NOT_DETERMINED
    if result.verdict is Verdict.NOT_DETERMINED or leaf.test in seen.held:
        return None
    if leaf.comparison is not None and leaf.level is not None and result.measured is not None:
        return passes(result.measured, Figure(value=leaf.level, unit=result.measured.unit), leaf.comparison)
    return result.verdict.value == leaf.result


def described(leaf: LeafRule) -> str:
    """A leaf in words: `ltv FAIL for 4 consecutive determination dates`."""
    name = leaf.test or leaf.trigger or ""
    if leaf.comparison is not None and leaf.level is not None:
        what = f"{name} {leaf.comparison} {trimmed(Figure(value=leaf.level, unit=Unit.RATE))}"
    else:
        what = f"{name} {leaf.result or leaf.state}"
    if leaf.persistence is None:
        return what
    once = leaf.persistence.count == leaf.persistence.out_of == 1
    return f"{what} on one {leaf.persistence.dates.removesuffix('s')}" if once else f"{what} for {leaf.persistence}"
