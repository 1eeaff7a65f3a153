"""Conditions over results and states, and the counts that they keep (`covenants.md`, Composite triggers).

The rulings are `rulings.md` 23 and 42. A condition is a tree of leaves. Each leaf keeps its own count: for
each date *that counts*, newest last, whether the date met it. A date on which a test was not determined, or
held, is skipped. A determined date that does not meet the condition starts a consecutive count again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from engine.basics.values import Comparison, Figure, Unit, trimmed
from engine.events.rates import Announced
from engine.events.results import TestResult, Verdict, passes
from engine.events.states import Entry, LeafFacts, Limb, TestState, TriggerState
from engine.terms.periods import Persistence


@dataclass(frozen=True, slots=True)
class LeafRule:
    """One leaf: the test, trigger or state that it looks at, what meets it, and on how many dates.

    `persistence` is None for a leaf on a state as it stands, on what is `announced` of an `index`, or on a
    date.
    """

    test: str | None = None
    trigger: str | None = None
    result: Literal["PASS", "FAIL", "NOT DETERMINED"] | None = None
    comparison: Comparison | None = None
    level: Fraction | None = None
    state: str | None = None
    persistence: Persistence | None = None
    announced: str | None = None
    index: str | None = None
    on_or_after: date | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate: met if at least `n` of its parts are, 1 for `any_of` and all for `all_of`."""

    n: int
    parts: tuple[Tree, ...]


Tree = LeafRule | Gate


@dataclass(frozen=True, slots=True)
class Seen:
    """What the conditions of one date look at.

    Attributes:
        on: the date.
        results: the results of the date, by test; a test that is not tested on this date is missing.
        held: the tests whose result must change nothing on this date.
        tests: the states of all tests after this date's results.
        triggers: the states of the triggers decided so far, in dependency order.
        dates: the kinds of date that this one is.
        test_entries: when each test entered its status.
        trigger_entries: when each trigger entered its status.
        terms_since: the date since which the terms in force have been in force.
        announced: what is announced of each index.
        declared: the events that stand declared, and since when.
    """

    on: date
    results: Mapping[str, TestResult]
    held: frozenset[str]
    tests: Mapping[str, TestState]
    triggers: Mapping[str, TriggerState]
    dates: frozenset[str]
    test_entries: Mapping[str, Entry] = field(default_factory=dict)
    trigger_entries: Mapping[str, Entry] = field(default_factory=dict)
    terms_since: date = date.min
    announced: Mapping[str, tuple[Announced, ...]] = field(default_factory=dict)
    declared: Mapping[str, date] = field(default_factory=dict)


def leaves(tree: Tree) -> tuple[LeafRule, ...]:
    """Return the leaves of a condition, in the order of the file."""
    if isinstance(tree, LeafRule):
        return (tree,)
    return tuple(leaf for part in tree.parts for leaf in leaves(part))


def fresh(tree: Tree) -> tuple[Limb, ...]:
    """Return the counts of a condition that has seen no date."""
    return tuple(limb_of(leaf, ()) for leaf in leaves(tree))


def carried(tree: Tree, limbs: Sequence[Limb]) -> tuple[Limb, ...]:
    """Return the counts so far of the leaves that still say what they said.

    A leaf that an amendment changed begins anew, without any date.
    """
    # A list and not a set, because the same count may stand for two leaves.
    known = list(limbs)
    kept = []
    for limb in fresh(tree):
        same = next((one for one in known if same_leaf(one, limb)), None)
        if same is not None:
            # Two leaves may say the same: each takes a count of its own.
            known.remove(same)
        kept.append(same or limb)
    return tuple(kept)


def same_leaf(recorded: Limb, limb: Limb) -> bool:
    """Return whether a recorded count belongs to a leaf.

    They are compared by their fields, or by their words in records from before the fields existed.
    """
    return recorded.what == limb.what if recorded.leaf is None else recorded.says == limb.says


def counted(tree: Tree, limbs: Sequence[Limb], seen: Seen, states_only: bool = False) -> tuple[Limb, ...]:
    """Return the counts after one more date.

    With `states_only` the date itself counts for nothing, and only states are looked at.
    """
    return tuple(_next(leaf, limb, seen, states_only) for leaf, limb in zip(leaves(tree), limbs, strict=True))


def _next(leaf: LeafRule, limb: Limb, seen: Seen, states_only: bool) -> Limb:
    # A state stands between dates and is looked at on any day; a count looks at dates alone.
    if states_only and leaf.persistence is not None:
        return limb
    after = limb_of(leaf, _history(leaf, limb, seen))
    full = leaf.persistence is not None and after.count >= after.needed
    # The day is kept while the count stays full. A broken count loses it, so that the next full one is new.
    return after.model_copy(update={"met_since": limb.met_since or seen.on}) if full else after


def met(tree: Tree, limbs: Sequence[Limb]) -> bool:
    """Return whether a condition is met, given the counts of its leaves in the order of the file."""
    return _met(tree, dict(zip(leaves(tree), limbs, strict=True)))


@dataclass(frozen=True, slots=True)
class _Met:
    """A condition that is met.

    Attributes:
        on: the day since when it is met.
        new: the day since when something new meets it; None if nothing that meets it is new.
    """

    on: date
    new: date | None


def newly_met(
    tree: Tree, limbs: Sequence[Limb], seen: Seen, ended_on: date | None, unknown: Collection[Limb] = ()
) -> date | None:
    """Return the date on which a new part completed a condition that is met.

    The result is None if nothing of it is new since `ended_on` (`rulings.md` 45).

    Args:
        tree: the condition.
        limbs: its counts; each looks only at dates after the last end.
        seen: what the condition looks at.
        ended_on: the last end of the trigger; None if it has not ended.
        unknown: the limbs that the trigger has not had before this date, because an amendment has brought
            them in.
    """
    completed = _completed(tree, dict(zip(leaves(tree), limbs, strict=True)), seen, ended_on, unknown)
    return completed.new if completed is not None else None


def _completed(
    tree: Tree, limbs: Mapping[LeafRule, Limb], seen: Seen, ended: date | None, unknown: Collection[Limb]
) -> _Met | None:
    """Return the day by which a gate is met: the day on which enough of its parts are.

    It is newly met on the day on which one of its parts was new besides. The result is None if it is not met.
    """
    if isinstance(tree, LeafRule):
        return _leaf_met(tree, limbs[tree], seen, ended, unknown)
    parts = [
        one
        for one in (_completed(part, limbs, seen, ended, unknown) for part in tree.parts)
        if one is not None
    ]
    if len(parts) < tree.n or not parts:
        return None
    # The n-th part to be met completes the gate: what is met later adds nothing to it.
    on = sorted(one.on for one in parts)[max(tree.n, 1) - 1]
    # One new part is enough: the others may have been met all along (`rulings.md` 45).
    new = min((one.new for one in parts if one.new is not None), default=None)
    return _Met(on, None if new is None else max(on, new))


def _leaf_met(
    leaf: LeafRule, limb: Limb, seen: Seen, ended: date | None, unknown: Collection[Limb]
) -> _Met | None:
    if limb.count < limb.needed:
        return None
    if (
        leaf.announced is not None or leaf.on_or_after is not None or leaf.event is not None
    ):  # met from its date on, and newly so once
        on = leaf.on_or_after or seen.declared.get(leaf.event or "") or _effective_on(leaf, seen) or seen.on
        # A date or an event that was there before the trigger's last end is
        # never newly met again (`rulings.md` 50).
        return _Met(on, on if ended is None or on >= ended else None)
    if leaf.persistence is not None or leaf.state is None:
        on = limb.met_since or seen.on
        return _Met(on, on)
    since, entry = _state_since(leaf, seen), _entry(leaf, seen)
    # An amendment brought the leaf in: the state may be older, but the term is not.
    if limb in unknown:
        on = max(since, seen.terms_since)
        return _Met(on, on)
    # The entry decides and not `since`: coming back from a waiver or a
    # suspension is not an entry (rulings 45).
    return _Met(since, since if ended is None or entry is None or entry.on >= ended else None)


def ceased_on(tree: Tree, limbs: Sequence[Limb], seen: Seen) -> date:
    """Return the date from which a condition that is not met has not been met.

    If states alone end it, it is the date of the state.
    """
    return _ceased(tree, dict(zip(leaves(tree), limbs, strict=True)), seen)


def _ceased(tree: Tree, limbs: Mapping[LeafRule, Limb], seen: Seen) -> date:
    """Return the day since when a gate (`all`, `any` or `n of`) is not met.

    It is the day on which so many of its parts had ceased to be met that too few were left.
    """
    if isinstance(tree, LeafRule):
        return _state_since(tree, seen) if tree.persistence is None and tree.state is not None else seen.on
    unmet = sorted(_ceased(part, limbs, seen) for part in tree.parts if not _met(part, limbs))
    # So many parts may cease without harm. The one at this place is the first too many.
    return unmet[len(tree.parts) - tree.n]


def _met(tree: Tree, limbs: Mapping[LeafRule, Limb]) -> bool:
    if isinstance(tree, LeafRule):
        limb = limbs[tree]
        return limb.count >= limb.needed
    # A gate asks how many parts are met and not which, so `all`, `any` and `n of` are one rule.
    return sum(_met(part, limbs) for part in tree.parts) >= tree.n


def limb_of(leaf: LeafRule, history: tuple[bool, ...]) -> Limb:
    """Return the count of a leaf that has seen these dates, newest last."""
    persistence = leaf.persistence
    if persistence is None:
        said, fields = _said(leaf)
        return Limb(
            what=said, leaf=fields, met=history, count=sum(history[-1:]), needed=1, out_of=1, dates="state"
        )
    count = _run(history) if persistence.consecutive else sum(history)
    said, fields = _said(leaf)
    return Limb(
        what=said,
        leaf=fields,
        met=history,
        # A count that runs on past its number reads `4 of 4` and not `5 of 4`.
        count=min(count, persistence.count),
        needed=persistence.count,
        out_of=persistence.out_of,
        dates=persistence.dates,
    )


# A leaf cannot change, so its words stay right; every leaf is described on every date.
@lru_cache(maxsize=1024)
def _said(leaf: LeafRule) -> tuple[str, LeafFacts]:
    """Return a leaf in words and as fields."""
    names = (
        "test",
        "trigger",
        "index",
        "result",
        "comparison",
        "level",
        "state",
        "announced",
        "on_or_after",
        "event",
    )
    return described(leaf), LeafFacts.model_validate({name: getattr(leaf, name) for name in names})


def _run(history: tuple[bool, ...]) -> int:
    run = 0
    for met in reversed(history):
        if not met:
            break
        run += 1
    return run


def _history(leaf: LeafRule, limb: Limb, seen: Seen) -> tuple[bool, ...]:
    """Return the leaf's dates, with this one added if it counts."""
    # A count of one kind of dates lets the other kinds pass, even if its test has a result on them.
    if leaf.persistence is not None and leaf.persistence.dates not in seen.dates:
        return limb.met
    if leaf.on_or_after is not None:
        return (leaf.on_or_after <= seen.on,)
    if leaf.event is not None:
        return (leaf.event in seen.declared,)
    if leaf.announced is not None:
        return (_effective_on(leaf, seen) is not None,)
    meets = _state_meets(leaf, seen) if leaf.state is not None else _result_meets(leaf, seen)
    # A date without a result, or with a held one, is skipped: it neither extends a run nor breaks it
    # (`rulings.md` 23).
    if meets is None:
        return limb.met
    return (*limb.met, meets)[-(leaf.persistence.out_of if leaf.persistence else 1) :]


def _effective_on(leaf: LeafRule, seen: Seen) -> date | None:
    """Return the date since which an announcement that a leaf looks for is effective.

    It is the earliest such date that is not after the date seen; None without one.
    """
    known = (
        one.effective_on for one in seen.announced.get(leaf.index or "", ()) if one.what == leaf.announced
    )
    return min((on for on in known if on <= seen.on), default=None)


def _state_meets(leaf: LeafRule, seen: Seen) -> bool | None:
    name = leaf.test or leaf.trigger or ""
    states: Mapping[str, TestState | TriggerState] = seen.tests if leaf.test else seen.triggers
    # What has not had a state yet is skipped, as a date without a result is.
    return None if name not in states else states[name].status.value == leaf.state


def _state_since(leaf: LeafRule, seen: Seen) -> date:
    states: Mapping[str, TestState | TriggerState] = seen.tests if leaf.test else seen.triggers
    # A trigger that has not been decided yet has no date of its own, so the present date is taken.
    state = states.get(leaf.test or leaf.trigger or "")
    return state.since if state is not None else seen.on


def _entry(leaf: LeafRule, seen: Seen) -> Entry | None:
    return seen.test_entries.get(leaf.test) if leaf.test else seen.trigger_entries.get(leaf.trigger or "")


def _result_meets(leaf: LeafRule, seen: Seen) -> bool | None:
    result = seen.results.get(leaf.test or "")
    if result is None:
        return None
    # The case stands before the skip below: for such a leaf the missing result is what counts.
    if leaf.result == "NOT DETERMINED":
        return result.verdict is Verdict.NOT_DETERMINED
    if result.verdict is Verdict.NOT_DETERMINED or leaf.test in seen.held:
        return None
    # A leaf with a level of its own asks the figure, not the verdict: one test can carry several levels.
    if leaf.comparison is not None and leaf.level is not None and result.measured is not None:
        return passes(result.measured, Figure(value=leaf.level, unit=result.measured.unit), leaf.comparison)
    return result.verdict.value == leaf.result


def described(leaf: LeafRule) -> str:
    """Return a leaf in words: `ltv FAIL for 4 consecutive determination dates`."""
    if leaf.on_or_after is not None:
        return f"{leaf.on_or_after} has come"
    if leaf.event is not None:
        return f"{leaf.event} declared"
    if leaf.announced is not None:
        return f"{leaf.announced} of {leaf.index} announced"
    name = leaf.test or leaf.trigger or ""
    if leaf.comparison is not None and leaf.level is not None:
        what = f"{name} {leaf.comparison} {trimmed(Figure(value=leaf.level, unit=Unit.RATE))}"
    else:
        what = f"{name} {leaf.result or leaf.state}"
    if leaf.persistence is None:
        return what
    # `for 1 of 1` would read as a count, although the agreement names a single date.
    once = leaf.persistence.count == leaf.persistence.out_of == 1
    return (
        f"{what} on one {leaf.persistence.dates.removesuffix('s')}"
        if once
        else f"{what} for {leaf.persistence}"
    )
