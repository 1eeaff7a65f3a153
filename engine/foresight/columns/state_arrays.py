"""The states of one test on many paths, in arrays: the table of `evaluation.states_of_tests`.

Each step advances all paths. Dates are ordinals, and 0 stands for no date. What the exact engine computes
once for a date, such as a deadline or how far back a cap looks, is asked of it once for all paths. A test
proves that the arrays equal the engine path by path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.foresight.columns.verdicts import FAILED, PASSED, UNKNOWN, Said

Dates = NDArray[np.int32]
Flags = NDArray[np.bool_]
Bits = NDArray[np.int64]
NOT_YET, COMPLIANT, WATCH, PENDING, CURE, DEFAULT = range(6)
"""Statuses in arrays, in the order of `STATUSES`."""
STATUSES = ("NOT YET TESTED", "COMPLIANT", "WATCH", "PENDING", "CURE PERIOD", "EVENT OF DEFAULT")
NONE = 0
"""Stands for no date."""


@dataclass(frozen=True)
class TestRules:
    """What one date's terms say about the states of one test.

    Attributes:
        counts: the failures that a breach needs.
        out_of: the number of counting dates among which they must lie.
        breach: whether a failure is a default once it has lasted.
        needs_nothing: whether a default takes effect by itself.
        fails_after: dates without a report after which it fails; None if they hold.
        last_day: the last day of a Cure Period that begins on this date; None without a Cure Period.
        retest: whether a retest cures.
        passing_for: dates in a row on which it must pass to be cured.
        caps: how often it may be cured, each with the ordinal after which uses count.
        watched: whether the deal gives an early warning.
        deliver_by: the last day of the Obligation that a failure creates; None if it creates none.
    """

    __test__ = False

    counts: int
    out_of: int
    breach: bool
    needs_nothing: bool
    fails_after: int | None
    last_day: Callable[[], int] | None
    retest: bool
    passing_for: int
    caps: tuple[tuple[int, int], ...]
    watched: bool
    deliver_by: Callable[[], int] | None


def dates(paths: int) -> Dates:
    """Return an array without a date on any path."""
    return np.zeros(paths, dtype=np.int32)


@dataclass
class ObligationArrays:
    """The single Obligation that is owed under a clause on each path.

    It stays owed, because the arrays hold no Acts.
    """

    created: Dates
    due: Dates
    overdue_since: Dates

    @classmethod
    def none(cls, paths: int) -> ObligationArrays:
        """Return arrays with no Obligation owed."""
        return cls(dates(paths), dates(paths), dates(paths))

    def pass_by(self, on: int) -> None:
        """Mark the Obligations whose last day lies before a date as overdue from the day after it."""
        # `<` and not `<=`: the last day is still in time, and the day after it is the first overdue one.
        late = (self.due != NONE) & (self.due < on) & (self.overdue_since == NONE)
        self.overdue_since = np.where(late, self.due + 1, self.overdue_since)

    def create(self, where: Flags, on: int, due: Callable[[], int]) -> Flags:
        """Create the Obligation on some paths, unless one is owed; return where it was created."""
        # An Obligation that is owed already is not created again, and its last day does not move.
        new: Flags = where & (self.created == NONE)
        if new.any():
            self.created[new], self.due[new] = on, due()
        return new


@dataclass
class TestArrays:
    """The states of one test: what `TestState` holds, an array for each field.

    Attributes:
        paths: the number of paths.
        kept: how many uses of a cure are remembered: as many as any cap counts.
    """

    __test__ = False

    paths: int
    kept: int
    exists: bool = False
    needs_nothing: bool = False
    status: NDArray[np.int8] = field(init=False)
    since: Dates = field(init=False)
    verdict: NDArray[np.int8] = field(init=False)
    episode: Dates = field(init=False)
    cure_by: Dates = field(init=False)
    counted: Bits = field(init=False)
    length: NDArray[np.int8] = field(init=False)
    without_report: NDArray[np.int32] = field(init=False)
    effective: Dates = field(init=False)
    passing: NDArray[np.int32] = field(init=False)
    cured_on: list[Dates] = field(init=False)
    owed: ObligationArrays = field(init=False)

    def __post_init__(self) -> None:
        """Begin without a state on any path."""
        self.status = np.zeros(self.paths, dtype=np.int8)
        self.verdict = np.zeros(self.paths, dtype=np.int8)
        self.counted = np.zeros(self.paths, dtype=np.int64)
        self.length = np.zeros(self.paths, dtype=np.int8)
        self.since, self.episode, self.cure_by, self.effective = (dates(self.paths) for _ in range(4))
        self.without_report, self.passing = dates(self.paths), dates(self.paths)
        self.cured_on = [dates(self.paths) for _ in range(self.kept)]
        self.owed = ObligationArrays.none(self.paths)

    def pass_by(self, on: int) -> Flags | None:
        """Turn Cure Periods that ended before a date into defaults on the day after their last day.

        Returns where it did so, or None if nowhere.
        """
        self.owed.pass_by(on)
        # `<` and not `<=`: a cure on the last day of the Cure Period is in time.
        late: Flags = (self.status == CURE) & (self.cure_by < on)
        if not late.any():
            return None
        after = self.cure_by + 1
        self.status = np.where(late, DEFAULT, self.status).astype(np.int8)
        self.since = np.where(late, after, self.since)
        # A default that needs a notice is not effective by itself, and arrays do not hold the Act that
        # could give one.
        self.effective = np.where(late, after if self.needs_nothing else NONE, self.effective)
        return late


@dataclass
class Moved:
    """What one date moved: where the test came out of a Cure Period cured, and where it became a default."""

    cured: Flags
    defaulted: Flags
    obliged: Flags | None


def tested(state: TestArrays, rules: TestRules, said: Said, on: int) -> Moved:
    """Advance the states by one date, in place, and return what moved.

    It does what `states_of_tests.next_state` does, for every path.

    Args:
        state: the states before the date.
        rules: what the terms say.
        said: the date's results.
        on: the date's ordinal.
    """
    if not state.exists:
        state.exists = True
        state.since[:] = on
    state.needs_nothing = rules.needs_nothing
    # Noted before the states move, because an Obligation arises only from the first failure of an episode.
    failing_before = state.episode != NONE
    counted = _counted(state, rules, said)
    state.verdict = said.verdicts
    failed, passed = counted == FAILED, counted == PASSED
    # Counted before the states move, so that the date itself is among the failures of a breach.
    _count(state, rules, failed, failed | passed)
    # The old array stays as it is: `_move` puts a new one in its place and does not write into this one.
    before = state.status
    # In a Cure Period or a default a result alone moves nothing; a cure needs the retest below.
    opened = before < CURE
    curing = before == CURE
    _fail(state, rules, failed & opened, on)
    _pass(state, rules, said, passed & opened, on)
    ready = (
        passed & curing & (state.passing >= rules.passing_for)
        if rules.retest
        else np.zeros(state.paths, dtype=bool)
    )
    if ready.any():
        _cure(state, rules, said, ready, on)
    obliged = None
    if rules.deliver_by is not None:
        obliged = state.owed.create((said.verdicts == FAILED) & ~failing_before, on, rules.deliver_by)
    return Moved(
        curing & (state.status == COMPLIANT), (state.status == DEFAULT) & (before != DEFAULT), obliged
    )


def _counted(state: TestArrays, rules: TestRules, said: Said) -> NDArray[np.int8]:
    """Return the verdicts that states act on: FAIL for missing reports if the deal says so."""
    lacks = said.lacks_report
    # A determined date ends the run; a date that lacks only a rate neither ends nor lengthens it.
    run = np.where(said.verdicts == UNKNOWN, state.without_report + lacks, 0).astype(np.int32)
    state.without_report = run
    if rules.fails_after is None or not lacks.any():
        return said.verdicts
    return np.where(lacks & (run >= rules.fails_after), FAILED, said.verdicts).astype(np.int8)


def _count(state: TestArrays, rules: TestRules, failed: Flags, determined: Flags) -> None:
    mask = (1 << rules.out_of) - 1
    # Where every path has a verdict, and most dates are such, nothing is to be kept.
    if determined.all():
        state.passing = np.where(failed, 0, state.passing + 1)
        state.counted = ((state.counted << 1) | failed) & mask
        state.length = np.minimum(state.length + 1, rules.out_of).astype(np.int8)
        return
    state.passing = np.where(determined, np.where(failed, 0, state.passing + 1), state.passing)
    # Dates without a verdict are skipped in every count (`rulings.md` 23).
    state.counted = np.where(determined, ((state.counted << 1) | failed) & mask, state.counted)
    state.length = np.where(determined, np.minimum(state.length + 1, rules.out_of), state.length).astype(
        np.int8
    )


def _pass(state: TestArrays, rules: TestRules, said: Said, where: Flags, on: int) -> None:
    """Apply a PASS on some paths: COMPLIANT, or WATCH if the headroom is below the early warning."""
    if not where.any():
        return
    status = np.where((said.bits & 2) != 0, WATCH, COMPLIANT).astype(np.int8) if rules.watched else COMPLIANT
    _move(state, where, status, on)
    state.episode = np.where(where, NONE, state.episode)
    state.cure_by = np.where(where, NONE, state.cure_by)


def _fail(state: TestArrays, rules: TestRules, where: Flags, on: int) -> None:
    """Apply a FAIL on some paths.

    They are PENDING until the failure has lasted, and then in the Cure Period or in default.
    """
    if not where.any():
        return
    state.episode = np.where(where & (state.episode == NONE), on, state.episode)
    lasted = (
        where & (np.bitwise_count(state.counted) >= rules.counts)
        if rules.breach
        else np.zeros(state.paths, dtype=bool)
    )
    _move(state, where & ~lasted, PENDING, on)
    if not lasted.any():
        return
    curable = (
        lasted & ~_used_up(state, rules) if rules.last_day is not None else np.zeros(state.paths, dtype=bool)
    )
    at_once = lasted & ~curable
    _move(state, curable, CURE, on)
    _move(state, at_once, DEFAULT, on)
    # Asked only if a Cure Period begins on some path: one deadline then serves all of them.
    if rules.last_day is not None and curable.any():
        state.cure_by[curable] = rules.last_day()
    state.effective = np.where(at_once, on if rules.needs_nothing else NONE, state.effective)


def _used_up(state: TestArrays, rules: TestRules) -> Flags:
    """Return where the cure right has been used as often as a cap allows."""
    spent = np.zeros(state.paths, dtype=bool)
    for count, after in rules.caps:
        # Uses stand newest first, so the cap is reached if the use number `count` lies inside its time.
        spent |= state.cured_on[count - 1] > after
    return spent


def _cure(state: TestArrays, rules: TestRules, said: Said, where: Flags, on: int) -> None:
    """Apply a retest that cures: the episode ends.

    A failure after it begins a new episode, with counts of its own.
    """
    _pass(state, rules, said, where, on)
    state.counted = np.where(where, 0, state.counted)
    state.length = np.where(where, 0, state.length).astype(np.int8)
    # From the oldest down, or each use would be overwritten before it is moved on.
    for place in range(len(state.cured_on) - 1, 0, -1):
        state.cured_on[place] = np.where(where, state.cured_on[place - 1], state.cured_on[place])
    if state.cured_on:
        state.cured_on[0] = np.where(where, on, state.cured_on[0])


def _move(state: TestArrays, where: Flags, status: NDArray[np.int8] | int, on: int) -> None:
    """Set a status on some paths. A path that has it already keeps the date since which it does."""
    changed = where & (state.status != status)
    if changed.any():
        state.since = np.where(changed, on, state.since)
        state.status = np.where(changed, status, state.status).astype(np.int8)
