"""The triggers of a deal on many paths, in arrays.

They do what `evaluation.conditions` and `trigger_states` do. A count is the last counting dates as bits, the
newest lowest. A condition is met by arrays of flags and dates. A gate is met on the day on which enough of
its parts were; newly so from the last end on (`rulings.md` 45).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.conditions import LeafRule, Tree, leaves
from engine.evaluation.trigger_states import TriggerRule
from engine.foresight.columns.path_outcomes import NOWHERE, Places
from engine.foresight.columns.state_arrays import (
    NONE,
    STATUSES,
    Bits,
    Dates,
    Flags,
    ObligationArrays,
    TestArrays,
    dates,
    no_bits,
    shifted,
)
from engine.foresight.columns.verdicts import Said

Amounts = NDArray[np.int64]
NEVER_NEW = np.int32(np.iinfo(np.int32).max)
"""A day later than any date, which stands for "nothing that meets the condition is new"."""
IN_EFFECT = "IN EFFECT"


@dataclass
class LeafArrays:
    """How often one leaf of a trigger's condition was met of late, on each path.

    Attributes:
        rule: the leaf.
        paths: the number of paths.
        bits: the last `out_of` dates of each path, newest in the lowest bit; 1 if the leaf was met.
        length: how many dates `bits` holds for each path.
        full: on which paths it is met as often as it needs.
        met_since: the ordinal of the day since when it is, if it counts dates; otherwise `NONE`.
    """

    rule: LeafRule
    paths: int
    bits: Bits = field(init=False)
    length: NDArray[np.int8] = field(init=False)
    full: Flags = field(init=False)
    met_since: Dates = field(init=False)

    def __post_init__(self) -> None:
        """Start every path with a count that has not seen any date."""
        self.bits = no_bits(self.paths, self.out_of)
        self.length = np.zeros(self.paths, dtype=np.int8)
        self.full = np.zeros(self.paths, dtype=bool)
        self.met_since = dates(self.paths)

    @property
    def out_of(self) -> int:
        """The number of dates that it looks back on."""
        return self.rule.persistence.out_of if self.rule.persistence is not None else 1

    @property
    def needed(self) -> int:
        """The number of those dates on which it must be met."""
        return self.rule.persistence.count if self.rule.persistence is not None else 1

    def count(self, where: Flags, meets: Flags, known: Flags | None, on: int) -> None:
        """Count one more date on some paths.

        `known` says on which paths the date counts; None means on all.
        """
        # On most dates no path waits for the end of a trigger, or every path does.
        if not np.count_nonzero(where):
            return
        counts = where if known is None else where & known
        shifted(self.bits, self.length, self.out_of, meets & counts, counts)
        before, self.full = self.full, np.bitwise_count(self.bits) >= self.needed
        if self.rule.persistence is not None:
            # The day stays while the count stays full, so it moves only where that changes.
            moved = (before != self.full).nonzero()[0]
            self.met_since[moved] = self.full[moved] * np.int32(on)

    def afresh(self, where: Places) -> None:
        """Forget all dates on some paths."""
        self.bits[where] = 0
        self.length[where] = 0
        self.full[where] = False
        # Dates before a beginning or an end do not count towards the next one.
        self.met_since[where] = NONE


@dataclass
class Seen:
    """What the conditions of one date look at, on every path.

    Attributes:
        on: the date's ordinal.
        kinds: the kinds of date that it is.
        results: the date's results by test.
        level: for a leaf with a level, the bit of its test's results that tells it.
        tests: the states of all tests.
        triggers: those decided so far, and the others as they were.
    """

    on: int
    kinds: frozenset[str]
    results: Mapping[str, Said]
    level: Mapping[LeafRule, int]
    tests: Mapping[str, TestArrays]
    triggers: Mapping[str, TriggerArrays]


@dataclass
class TriggerArrays:
    """One trigger on each path: what `TriggerState` holds, an array for each field."""

    rule: TriggerRule
    paths: int
    exists: bool = False
    inside: Flags = field(init=False)
    since: Dates = field(init=False)
    ended: Dates = field(init=False)
    begun: Flags = field(init=False)
    begins: list[LeafArrays] = field(init=False)
    ends: list[LeafArrays] = field(init=False)
    in_effect: Flags = field(init=False)
    """Whether it was in effect at the last Determination Date."""
    balance: Amounts = field(init=False)
    swept: Amounts = field(init=False)
    not_known: Amounts = field(init=False)
    """On how many Payment Dates a missing figure left open what its sweep takes."""
    owed: ObligationArrays = field(init=False)

    def __post_init__(self) -> None:
        """Begin not in effect on any path, with nothing counted."""
        self.inside, self.begun, self.in_effect = (np.zeros(self.paths, dtype=bool) for _ in range(3))
        self.since, self.ended = dates(self.paths), dates(self.paths)
        self.balance, self.swept, self.not_known = (np.zeros(self.paths, dtype=np.int64) for _ in range(3))
        self.begins = [LeafArrays(leaf, self.paths) for leaf in leaves(self.rule.begins)]
        self.ends = (
            [LeafArrays(leaf, self.paths) for leaf in leaves(self.rule.ends)]
            if self.rule.ends is not None
            else []
        )
        self.owed = ObligationArrays.none(self.paths)


Counts = Mapping[int, LeafArrays]
"""The counts of leaves, each by the identity of its rule: to hash a rule takes longer than to count by it."""


def _counts(tree: Tree, arrays: Sequence[LeafArrays]) -> Counts:
    return {id(leaf): one for leaf, one in zip(leaves(tree), arrays, strict=True)}


@dataclass
class TriggerMoved:
    """On which paths a trigger began and ended on a date."""

    began: Places
    ended: Places


def counted_on(state: TriggerArrays, seen: Seen, terms_since: int, target: int | None) -> TriggerMoved:
    """Advance a trigger by one date, in place, and return where it began and ended.

    It does what `trigger_states.next_trigger` does, for every path.

    Args:
        state: the trigger before the date.
        seen: what its conditions look at.
        terms_since: the date since which the terms in force have been in force.
        target: the balance at which it ends, if it ends at one.
    """
    new = not state.exists
    if new:
        state.exists = True
        state.since[:] = seen.on
    # A copy, because beginnings of this date must not count as in effect before it.
    inside = state.inside.copy()
    outside = ~inside
    # A trigger that holds while its condition is met goes on counting in effect, or it could never end.
    counting = np.ones(state.paths, dtype=bool) if state.rule.while_met else outside
    for leaf in state.begins:
        _count(leaf, counting, seen)
    for leaf in state.ends:
        _count(leaf, inside, seen)
    # Asked with the flags from before the date: a trigger does not begin and end on the same date.
    ended = _ended(state, inside, target)
    # A trigger cannot have begun before the terms that brought it in (`rulings.md` 45).
    began = _began(state, seen, outside, terms_since if new else None)
    if len(ended):
        _end(state, seen, ended)
    return TriggerMoved(began, ended)


def _began(state: TriggerArrays, seen: Seen, outside: Flags, floor: int | None) -> Places:
    counts = _counts(state.rule.begins, state.begins)
    where: Places = (outside & _is_met(state.rule.begins, counts)).nonzero()[0]
    # Days are asked for where the condition is met, which is on few paths.
    if not len(where):
        return where
    completed = _completed(state.rule.begins, counts, state, seen, where)
    # Met is not enough: after an end something must newly meet the condition (`rulings.md` 45).
    fresh = completed.new != NEVER_NEW
    began: Places = where[fresh]
    state.inside[began] = True
    state.begun[began] = True
    # Never before the last end, nor before the terms: the later of both stands (`rulings.md` 45).
    least = state.since[began] if floor is None else np.int32(floor)
    state.since[began] = np.maximum(completed.new[fresh], least)
    state.ended[began] = NONE
    for leaf in state.ends:
        leaf.afresh(began)
    return began


def _ended(state: TriggerArrays, inside: Flags, target: int | None) -> Places:
    """Return where the trigger ends on this date, given where it was in effect before."""
    rule = state.rule
    # Not a single path can end the trigger, so its conditions need not be asked.
    if not np.count_nonzero(inside):
        return NOWHERE
    if rule.while_met:
        counts = _counts(rule.begins, state.begins)
        ceased: Places = (inside & ~_is_met(rule.begins, counts)).nonzero()[0]
        return ceased
    if rule.irrevocable:
        return NOWHERE
    over = np.zeros(state.paths, dtype=bool)
    if rule.ends is not None:
        over = _is_met(rule.ends, _counts(rule.ends, state.ends))
    if rule.at_target and target is not None:
        over = over | (state.balance >= target)
    where: Places = (inside & over).nonzero()[0]
    return where


def _end(state: TriggerArrays, seen: Seen, where: Places) -> None:
    state.inside[where] = False
    if state.rule.while_met:
        counts = _counts(state.rule.begins, state.begins)
        ceased = _ceased(state.rule.begins, counts, seen, where)
        state.since[where] = np.maximum(ceased, state.since[where])
        return
    state.since[where] = seen.on
    state.ended[where] = seen.on
    for leaf in state.begins:
        leaf.afresh(where)


def _count(leaf: LeafArrays, where: Flags, seen: Seen) -> None:
    """Add one date to the count of a leaf on the given paths, if the leaf counts dates of this kind."""
    rule = leaf.rule
    # A count of Publication Dates must not move on a Determination Date, and the other way round.
    if rule.persistence is not None and rule.persistence.dates not in seen.kinds:
        return
    if rule.on_or_after is not None:
        leaf.count(where, np.full(leaf.paths, rule.on_or_after.toordinal() <= seen.on), None, seen.on)
        return
    # A path has neither announcements nor declared events.
    if rule.announced is not None or rule.event is not None:
        leaf.count(where, np.zeros(leaf.paths, dtype=bool), None, seen.on)
        return
    if rule.state is not None:
        meets = _stands(rule, seen, leaf.paths)
        if meets is not None:
            leaf.count(where, meets, None, seen.on)
        return
    said = seen.results.get(rule.test or "")
    # The test was not run on this date, so the date does not count either way.
    if said is None:
        return
    if rule.result == "NOT DETERMINED":
        # Here the date without a verdict is what counts, so it is not skipped.
        silent = np.zeros(leaf.paths, dtype=bool) if said.known is None else ~said.known
        leaf.count(where, silent, None, seen.on)
        return
    bit = None if rule.level is None else seen.level.get(rule)
    if bit is None:
        meets = said.passed if rule.result == "PASS" else said.failed
    else:
        # Where nothing is determined on any path, nothing holds either.
        meets = said.held[bit] if said.held else said.passed
    # Dates that are not determined are skipped (`rulings.md` 23).
    leaf.count(where, meets, said.known, seen.on)


def _stands(rule: LeafRule, seen: Seen, paths: int) -> Flags | None:
    """Return where a test or trigger has the state that a leaf asks for; None while it has no state."""
    if rule.test is not None:
        test = seen.tests.get(rule.test)
        if test is None or not test.exists:
            return None
        if rule.state not in STATUSES:
            return np.zeros(paths, dtype=bool)
        flags: Flags = test.status == STATUSES.index(rule.state)
        return flags
    trigger = seen.triggers.get(rule.trigger or "")
    if trigger is None or not trigger.exists:
        return None
    if rule.state == IN_EFFECT:
        return trigger.inside
    return ~trigger.inside if rule.state == "NOT IN EFFECT" else np.zeros(paths, dtype=bool)


def _state_since(rule: LeafRule, seen: Seen, where: Places) -> Dates:
    tested = seen.tests.get(rule.test) if rule.test is not None else seen.triggers.get(rule.trigger or "")
    if tested is not None and tested.exists:
        return tested.since[where]
    return np.full(len(where), seen.on, dtype=np.int32)


@dataclass
class _Met:
    """On which of some paths a condition is met, since when, and since when something new meets it."""

    met: Flags
    on: Dates
    new: Dates


def _completed(tree: Tree, counts: Counts, state: TriggerArrays, seen: Seen, where: Places) -> _Met:
    if isinstance(tree, LeafRule):
        leaf = counts[id(tree)]
        flags, ended = leaf.full[where], state.ended[where]
        if tree.on_or_after is not None:  # met from its date on, and newly so once
            day = np.full(len(where), tree.on_or_after.toordinal(), dtype=np.int32)
            return _Met(flags, day, np.where((ended == NONE) | (day >= ended), day, NEVER_NEW))
        if tree.persistence is not None or tree.state is None:
            since = leaf.met_since[where]
            on = np.where(since == NONE, np.int32(seen.on), since)
            return _Met(flags, on, on)
        since = _state_since(tree, seen, where)
        # A state entered on the very date of the end is new (`rulings.md` 45), hence `>=`.
        fresh = (ended == NONE) | (since >= ended)
        return _Met(flags, since, np.where(fresh, since, NEVER_NEW))
    parts = [_completed(part, counts, state, seen, where) for part in tree.parts]
    flags = np.sum([part.met for part in parts], axis=0) >= max(tree.n, 1)
    # A gate that needs n parts was met on the day on which the n-th of them was, whatever came later.
    last = np.sort(np.array([np.where(part.met, part.on, NEVER_NEW) for part in parts]), axis=0)[
        max(tree.n, 1) - 1
    ]
    new = np.min(np.array([np.where(part.met, part.new, NEVER_NEW) for part in parts]), axis=0)
    return _Met(flags, last, np.where(new == NEVER_NEW, NEVER_NEW, np.maximum(last, new)))


def _is_met(tree: Tree, counts: Counts) -> Flags:
    if isinstance(tree, LeafRule):
        return counts[id(tree)].full
    parts = [_is_met(part, counts) for part in tree.parts]
    flags: Flags = np.logical_or.reduce(parts) if tree.n == 1 else np.sum(parts, axis=0) >= tree.n
    return flags


def _ceased(tree: Tree, counts: Counts, seen: Seen, where: Places) -> Dates:
    """Return the date from which a condition has not been met, on some paths.

    If states alone end it, it is the date of the state.
    """
    if isinstance(tree, LeafRule):
        by_state = tree.persistence is None and tree.state is not None
        return _state_since(tree, seen, where) if by_state else np.full(len(where), seen.on, dtype=np.int32)
    unmet = [
        np.where(_is_met(part, counts)[where], NEVER_NEW, _ceased(part, counts, seen, where))
        for part in tree.parts
    ]
    ceased: Dates = np.sort(np.array(unmet), axis=0)[len(tree.parts) - tree.n]
    return ceased
