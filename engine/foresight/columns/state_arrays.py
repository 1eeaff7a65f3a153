"""The states of one test on many paths, in arrays: the table of `evaluation.states_of_tests`.

Each step advances all paths. Flags and counts of every path are arrays of single bytes, which cost little.
Dates move on few paths, so those paths are told by their places, and only they are written. Dates are
ordinals, and 0 stands for no date. What the exact engine computes once for a date, such as a deadline or how
far back a cap looks, is asked of it once for all paths. A test proves that the arrays equal the engine path
by path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.foresight.columns.path_outcomes import NOWHERE, Places
from engine.foresight.columns.verdicts import Said

Dates = NDArray[np.int32]
Flags = NDArray[np.bool_]
Bits = NDArray[np.unsignedinteger[Any]]
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


def no_bits(paths: int, out_of: int) -> Bits:
    """Return counts that have not seen any date, in the narrowest numbers that hold `out_of` dates."""
    return np.zeros(paths, dtype=np.min_scalar_type((1 << out_of) - 1))


def shifted(bits: Bits, length: NDArray[np.int8], out_of: int, adds: Flags, where: Flags | None) -> None:
    """Add one date to counts, in place, and forget what is older than `out_of` dates.

    Args:
        bits: the last dates of each path, the newest in the lowest bit.
        length: how many dates that are.
        out_of: how many dates are kept.
        adds: the date's bit; False wherever the date does not count.
        where: where the date counts; None if it does everywhere.
    """
    # Numbers double by addition, because numpy shifts single bytes ten times more slowly than it adds them.
    bits += bits if where is None else bits * where
    bits |= adds
    bits &= bits.dtype.type((1 << out_of) - 1)
    short = length < out_of
    length += (short if where is None else short & where).view(np.int8)


@dataclass
class ObligationArrays:
    """The single Obligation that is owed under a clause on each path.

    It stays owed, because the arrays hold no Acts.
    """

    created: Dates
    due: Dates
    overdue_since: Dates
    any: bool = False

    @classmethod
    def none(cls, paths: int) -> ObligationArrays:
        """Return arrays with no Obligation owed."""
        return cls(dates(paths), dates(paths), dates(paths))

    def pass_by(self, on: int) -> None:
        """Mark the Obligations whose last day lies before a date as overdue from the day after it."""
        # Most clauses create no Obligation at all.
        if not self.any:
            return
        # `<` and not `<=`: the last day is still in time, and the day after it is the first overdue one.
        late = ((self.due != NONE) & (self.due < on) & (self.overdue_since == NONE)).nonzero()[0]
        self.overdue_since[late] = self.due[late] + 1

    def create(self, where: Places, on: int, due: Callable[[], int]) -> Places:
        """Create the Obligation on some paths, unless one is owed; return where it was created."""
        # An Obligation that is owed already is not created again, and its last day does not move.
        new: Places = where[self.created[where] == NONE]
        if len(new):
            self.any = True
            self.created[new], self.due[new] = on, due()
        return new


@dataclass
class TestArrays:
    """The states of one test: what `TestState` holds, an array for each field.

    Attributes:
        paths: the number of paths.
        kept: how many uses of a cure are remembered: as many as any cap counts.
        out_of: how many dates its count looks back on: the most of any date.
    """

    __test__ = False

    paths: int
    kept: int
    out_of: int
    exists: bool = False
    needs_nothing: bool = False
    said: Said = field(init=False)
    """The results of its last date."""
    status: NDArray[np.int8] = field(init=False)
    since: Dates = field(init=False)
    episode: Dates = field(init=False)
    cure_by: Dates = field(init=False)
    counted: Bits = field(init=False)
    length: NDArray[np.int8] = field(init=False)
    without_report: NDArray[np.int32] = field(init=False)
    waits: bool = False
    """Whether `without_report` counts anything on some path."""
    effective: Dates = field(init=False)
    passing: NDArray[np.uint16] = field(init=False)
    cured_on: list[Dates] = field(init=False)
    cures: bool = False
    """Whether a Cure Period has begun on some path."""
    owed: ObligationArrays = field(init=False)
    has_failed: Flags = field(init=False)
    """Where it has failed on some date, which only its first date of failure is read from."""

    def __post_init__(self) -> None:
        """Begin without a state on any path."""
        self.status = np.zeros(self.paths, dtype=np.int8)
        self.counted = no_bits(self.paths, self.out_of)
        self.length = np.zeros(self.paths, dtype=np.int8)
        self.since, self.episode, self.cure_by, self.effective = (dates(self.paths) for _ in range(4))
        self.without_report = dates(self.paths)
        self.passing = np.zeros(self.paths, dtype=np.uint16)
        self.cured_on = [dates(self.paths) for _ in range(self.kept)]
        self.owed = ObligationArrays.none(self.paths)
        self.has_failed = np.zeros(self.paths, dtype=bool)

    @property
    def verdict(self) -> NDArray[np.int8]:
        """The verdict of its last date."""
        return self.said.verdicts

    def pass_by(self, on: int) -> Places:
        """Turn Cure Periods that ended before a date into defaults on the day after their last day.

        Returns where it did so.
        """
        self.owed.pass_by(on)
        # Where none has begun, none can have ended, and most tests never begin one.
        if not self.cures:
            return NOWHERE
        # `<` and not `<=`: a cure on the last day of the Cure Period is in time.
        late: Places = ((self.status == CURE) & (self.cure_by < on)).nonzero()[0]
        if len(late):
            after = self.cure_by[late] + 1
            self.status[late] = DEFAULT
            self.since[late] = after
            # A default that needs a notice is not effective by itself, and arrays do not hold the Act that
            # could give one.
            self.effective[late] = after if self.needs_nothing else NONE
        return late


@dataclass
class Moved:
    """What one date moved: where a Cure Period began, was cured or became a default, and what is now owed."""

    curing: Places = field(default_factory=lambda: NOWHERE)
    cured: Places = field(default_factory=lambda: NOWHERE)
    defaulted: Places = field(default_factory=lambda: NOWHERE)
    obliged: Places = field(default_factory=lambda: NOWHERE)


def tested(state: TestArrays, rules: TestRules, said: Said, on: int) -> Moved | None:
    """Advance the states by one date, in place, and return what moved; None if nothing did.

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
    state.said = said
    failed, known = _counted(state, rules, said)
    # Counted before the states move, so that the date itself is among the failures of a breach.
    _count(state, rules, failed, said.passed, known)
    where = _moving(state, rules, said, failed, known).nonzero()[0]
    if not len(where):
        return None
    fails = failed[where]
    failing, passing = where[fails], where[~fails]
    # Noted before the states move, because an Obligation arises only from the first failure of an episode.
    first = failing[(state.episode[failing] == NONE) & said.failed[failing]]
    moved = _fail(state, rules, failing, on)
    ready = passing[state.status[passing] == CURE]
    _pass(state, rules, said, passing, on)
    if len(ready):
        _cure(state, ready, on)
        moved.cured = ready[state.status[ready] == COMPLIANT]
    if rules.deliver_by is not None:
        moved.obliged = state.owed.create(first, on, rules.deliver_by)
    return moved


def _counted(state: TestArrays, rules: TestRules, said: Said) -> tuple[Flags, Flags | None]:
    """Return where the test counts as failed, also for missing reports if the deal says so.

    Then it returns where it counts as failed or passed; None if it does everywhere.
    """
    # Where every path has a verdict, and most dates are such, no run without reports goes on.
    if said.known is None:
        if state.waits:
            state.without_report[:] = 0
            state.waits = False
        return said.failed, None
    # A determined date ends the run; a date that lacks only a rate neither ends nor lengthens it.
    state.without_report *= ~said.known
    if said.lacks_report is None:
        return said.failed, said.known
    state.without_report += said.lacks_report
    state.waits = True
    if rules.fails_after is None:
        return said.failed, said.known
    silent = said.lacks_report & (state.without_report >= rules.fails_after)
    return said.failed | silent, said.known | silent


def _count(state: TestArrays, rules: TestRules, failed: Flags, passed: Flags, known: Flags | None) -> None:
    if known is None:
        state.passing += 1
    else:
        # Dates without a verdict are skipped in every count (`rulings.md` 23).
        state.passing += passed
    state.passing *= ~failed
    if rules.out_of == state.out_of:
        shifted(state.counted, state.length, rules.out_of, failed, known)
        return
    # An amendment may look back on fewer dates than other terms do; a date that is skipped forgets none.
    bits, length = state.counted.copy(), np.minimum(state.length, np.int8(rules.out_of))
    shifted(bits, length, rules.out_of, failed, known)
    where = np.True_ if known is None else known
    np.copyto(state.counted, bits, where=where)
    np.copyto(state.length, length, where=where)


def _moving(state: TestArrays, rules: TestRules, said: Said, failed: Flags, known: Flags | None) -> Flags:
    """Return where a date's verdict moves the state: everywhere else it stays what it is, with its dates."""
    # The three statuses that a verdict can lead to by itself are one sum of single bytes.
    wanted = failed * np.int8(PENDING) + said.passed.view(np.int8)
    if rules.watched and said.warned is not None:
        wanted += said.passed & said.warned
    moving: Flags = state.status != wanted
    if rules.breach:
        # A failure that has lasted moves a path on from PENDING.
        moving |= failed if rules.counts == 1 else failed & (np.bitwise_count(state.counted) >= rules.counts)
    # In a Cure Period or a default a result alone moves nothing; a cure needs the retest below.
    moving &= state.status < CURE
    if known is not None:
        moving &= known
    if rules.retest:
        ready = (state.status == CURE) & said.passed
        moving |= ready if rules.passing_for == 1 else ready & (state.passing >= rules.passing_for)
    return moving


def _pass(state: TestArrays, rules: TestRules, said: Said, where: Places, on: int) -> None:
    """Apply a PASS on some paths: COMPLIANT, or WATCH if the headroom is below the early warning."""
    if not len(where):
        return
    status: NDArray[np.int8] | int = COMPLIANT
    if rules.watched and said.warned is not None:
        status = COMPLIANT + said.warned[where].view(np.int8)
    _move(state, where, status, on)
    state.episode[where] = NONE
    state.cure_by[where] = NONE


def _fail(state: TestArrays, rules: TestRules, where: Places, on: int) -> Moved:
    """Apply a FAIL on some paths.

    They are PENDING until the failure has lasted, and then in the Cure Period or in default.
    """
    if not len(where):
        return Moved()
    state.episode[where[state.episode[where] == NONE]] = on
    if not rules.breach:
        _move(state, where, PENDING, on)
        return Moved()
    has_lasted = np.bitwise_count(state.counted[where]) >= rules.counts
    _move(state, where[~has_lasted], PENDING, on)
    lasted = where[has_lasted]
    if not len(lasted):
        return Moved()
    curable, at_once = NOWHERE, lasted
    if rules.last_day is not None:
        spent = _used_up(state, rules, lasted)
        curable, at_once = lasted[~spent], lasted[spent]
    _move(state, curable, CURE, on)
    _move(state, at_once, DEFAULT, on)
    # Asked only if a Cure Period begins on some path: one deadline then serves all of them.
    if rules.last_day is not None and len(curable):
        state.cure_by[curable] = rules.last_day()
        state.cures = True
    state.effective[at_once] = on if rules.needs_nothing else NONE
    return Moved(curing=curable, defaulted=at_once)


def _used_up(state: TestArrays, rules: TestRules, where: Places) -> Flags:
    """Return on which of some paths the cure right has been used as often as a cap allows."""
    spent = np.zeros(len(where), dtype=bool)
    for count, after in rules.caps:
        # Uses stand newest first, so the cap is reached if the use number `count` lies inside its time.
        spent |= state.cured_on[count - 1][where] > after
    return spent


def _cure(state: TestArrays, where: Places, on: int) -> None:
    """Note a retest that has cured.

    A failure after it begins a new episode, with counts of its own.
    """
    state.counted[where] = 0
    state.length[where] = 0
    # From the oldest down, or each use would be overwritten before it is moved on.
    for place in range(len(state.cured_on) - 1, 0, -1):
        state.cured_on[place][where] = state.cured_on[place - 1][where]
    if state.cured_on:
        state.cured_on[0][where] = on


def _move(state: TestArrays, where: Places, status: NDArray[np.int8] | int, on: int) -> None:
    """Set a status on some paths. A path that has it already keeps the date since which it does."""
    state.since[where[state.status[where] != status]] = on
    state.status[where] = status
