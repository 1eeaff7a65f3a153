"""How a level, a count and a release would do: false alarms, misses, delay and flapping.

The definitions let two people count alike. A shortfall is a stretch of the true rate: from the first of q
dates in a row below the level, to the last date before q dates in a row at or above it. A spell is the dates
on which the trigger is in effect, from its beginning to the date before it ends. A false alarm is a spell
that shares no date with a shortfall. A miss is a shortfall that shares no date with a spell. Delay runs from
the first date of a shortfall to the first date in effect. A flap is a beginning within k dates after the last
end. What is open at the horizon counts as it is there, and is shown apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.basics.probabilities import share_error
from engine.foresight.rate_paths import NO_VALUE, TICK, Paths

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Side = Literal["below level", "at or below level", "above level", "at or above level"]
"""On which side of a level a published value counts, in the words of a deal file."""
WIDEST = 62
"""The most dates that `n of the last m dates` may look back on, since each date is a bit of a number."""

SHORT_WITHIN = 4
"""A spell is short if it ends at the earliest date that the release allows, or a few dates after.

This is the number of those dates.
"""
WEEKS_A_YEAR = 52
FEW_SHORTFALLS = 10
"""The number of shortfalls below which a delay is printed with their number."""


@dataclass(frozen=True)
class Variant:
    """One way of writing the trigger.

    Attributes:
        level: the level in ticks of USD 0.0001.
        count: the dates on which the value is on the side `begins` of the level, so that it begins.
        release: the dates on which the value is on the side `ends`, so that it ends; None if it never ends.
        release_level: the level of the release, in ticks; unless written, the level itself.
        begins: the side of the level on which a date counts towards the beginning.
        ends: the side of the release level on which a date counts towards the end.
        out_of: the number of last dates among which `count` must lie; None if they must follow one another.
        release_out_of: the same for `release`.
    """

    level: int
    count: int
    release: int | None
    release_level: int | None = None
    begins: Side = "below level"
    ends: Side = "at or above level"
    out_of: int | None = None
    release_out_of: int | None = None

    @property
    def usd(self) -> Fraction:
        """The level in USD per GPU-hour."""
        return Fraction(self.level, TICK)


@dataclass(frozen=True)
class Question:
    """What is asked of every variant alike.

    Attributes:
        q: the dates in a row that begin and end a shortfall.
        k: the dates after an end within which a new beginning is a flap.
    """

    q: int = 4
    k: int = 8


@dataclass(frozen=True)
class Tally:
    """What one block of paths gave for one variant, as sums over its paths.

    Tallies of blocks add up in any order.
    """

    paths: int
    dates: int
    spells: int
    open_spells: int
    false_alarms: int
    paths_with_false_alarm: int
    shortfalls: int
    open_shortfalls: int
    missed: int
    delays: tuple[int, ...]
    """The number of shortfalls with each delay, from 0 dates on."""
    paths_with_flap: int
    paths_with_short: int
    paths_with_shortfall: int
    paths_with_quiet: int
    """The paths with at least q dates that lie in no shortfall, so that a false alarm was possible."""

    def plus(self, other: Tally) -> Tally:
        """Return the sum of both tallies."""
        longest = max(len(self.delays), len(other.delays))
        ours, theirs = (
            (*one.delays, *(0 for _ in range(longest - len(one.delays)))) for one in (self, other)
        )
        return Tally(
            paths=self.paths + other.paths,
            dates=self.dates,
            spells=self.spells + other.spells,
            open_spells=self.open_spells + other.open_spells,
            false_alarms=self.false_alarms + other.false_alarms,
            paths_with_false_alarm=self.paths_with_false_alarm + other.paths_with_false_alarm,
            shortfalls=self.shortfalls + other.shortfalls,
            open_shortfalls=self.open_shortfalls + other.open_shortfalls,
            missed=self.missed + other.missed,
            delays=tuple(a + b for a, b in zip(ours, theirs, strict=True)),
            paths_with_flap=self.paths_with_flap + other.paths_with_flap,
            paths_with_short=self.paths_with_short + other.paths_with_short,
            paths_with_shortfall=self.paths_with_shortfall + other.paths_with_shortfall,
            paths_with_quiet=self.paths_with_quiet + other.paths_with_quiet,
        )


@dataclass(frozen=True)
class Cell:
    """One variant's figures.

    Attributes:
        variant: the variant.
        false_alarm: the probability of at least one false alarm within the horizon.
        error: its Monte Carlo error, one standard error.
        false_alarms_a_year: the mean number of false alarms a year.
        false_alarms_error: its Monte Carlo error, by the spread of the blocks' paths as a Poisson count.
        shortfalls_a_year: the mean number of shortfalls a year.
        missed: the share of shortfalls that were missed; None without a shortfall.
        delay: the mean delay, in dates, of those not missed; None if all were missed.
        delay_90: the delay that 90% of them did not exceed.
        timely: the number of shortfalls behind the delays.
        flap: the probability of at least one flap.
        short: the probability of at least one short spell.
        spells_a_year: the mean number of spells a year.
        open_spells: the share of spells that were open at the horizon.
        open_shortfalls: the share of shortfalls that were open at the horizon.
        fallen: the share of paths with a shortfall; without one nothing can be missed.
        quiet: the share of paths with a quiet period; without one no false alarm is possible.
    """

    variant: Variant
    false_alarm: float
    error: float
    false_alarms_a_year: float
    false_alarms_error: float
    shortfalls_a_year: float
    missed: float | None
    delay: float | None
    delay_90: int | None
    timely: int
    flap: float
    short: float
    spells_a_year: float
    open_spells: float
    open_shortfalls: float
    fallen: float
    quiet: float


def tally(paths: Paths, variant: Variant, question: Question, tested: Sequence[bool] | None = None) -> Tally:
    """Return a variant's false alarms, misses, delays and flapping on some paths.

    `tested` says on which dates the clause is tested; None for every date.
    """
    short = shortfalls(paths.true, variant.level / TICK, question.q)
    return tallied(short, paths.published, variant, question, tested)


def shortfalls(true: Floats, level: float, q: int) -> Flags:
    """Return which dates of each path lie in a shortfall; weeks are rows.

    A run below the level that the horizon cuts before its q-th date begins no shortfall. A shortfall that has
    begun and is not over at the horizon is open.
    """
    below = true < level
    weeks = len(below)
    # Counted backwards in time: a date begins a shortfall by the dates that follow it.
    before = _in_a_row(below[::-1])[::-1] >= q
    above = _in_a_row(~below[::-1])[::-1] >= q
    flags = np.zeros_like(below)
    inside = np.zeros(below.shape[1], dtype=bool)
    for week in range(weeks):
        inside = np.where(inside, ~above[week], before[week])
        flags[week] = inside
    return flags


def _in_a_row(flags: Flags) -> Counts:
    """Return, for each date, how many dates in a row up to it are set."""
    run = np.zeros(flags.shape, dtype=np.int64)
    count = np.zeros(flags.shape[1], dtype=np.int64)
    for week in range(len(flags)):
        count = np.where(flags[week], count + 1, 0)
        run[week] = count
    return run


def tallied(
    short: Flags,
    published: Counts,
    variant: Variant,
    question: Question,
    tested: Sequence[bool] | None = None,
) -> Tally:
    """Return the tally of the trigger's spells against the shortfalls, for all paths side by side."""
    weeks, paths = published.shape
    back = variant.level if variant.release_level is None else variant.release_level
    none, off = np.zeros(paths, dtype=np.int64), np.zeros(paths, dtype=bool)
    begin_seen, end_seen, inside = none, none, off
    # So far back that the first beginning on a path is never taken for a flap.
    since, ended = none, np.full(paths, -(10**9), dtype=np.int64)
    hit, seen, was_short = off, off, off
    fell = none
    counts = dict.fromkeys(("spells", "false", "shortfalls", "missed"), 0)
    delays = np.zeros(weeks + 1, dtype=np.int64)
    alarmed, flapped, brief = off, off, off
    for week in range(weeks):
        value = published[week]
        # A date without a value, or on which nothing is tested, neither counts nor breaks a run
        # (`rulings.md` 23).
        there = value != NO_VALUE if tested is None or tested[week] else off
        low, high = _on_side(value, variant.begins, variant.level), _on_side(value, variant.ends, back)
        begin_seen = np.where(inside, 0, np.where(there, _seen(begin_seen, low, variant.out_of), begin_seen))
        end_seen = np.where(
            inside, np.where(there, _seen(end_seen, high, variant.release_out_of), end_seen), 0
        )
        begins = ~inside & _enough(begin_seen, variant.count, variant.out_of)
        ends = inside & _enough(end_seen, variant.release, variant.release_out_of)
        false = ends & ~hit
        alarmed, counts["false"] = alarmed | false, counts["false"] + int(false.sum())
        brief = brief | (ends & (week - since <= (variant.release or 0) + SHORT_WITHIN))
        flapped = flapped | (begins & (week - ended <= question.k))
        ended = np.where(ends, week, ended)
        since = np.where(begins, week, since)
        # The trigger is in effect on the date of its beginning, and not on that of its end.
        inside = (inside | begins) & ~ends
        begin_seen, end_seen = np.where(inside | ends, 0, begin_seen), np.where(begins, 0, end_seen)
        counts["spells"] += int(begins.sum())
        now = short[week]
        starts, over = now & ~was_short, was_short & ~now
        counts["shortfalls"] += int(starts.sum())
        counts["missed"] += int((over & ~seen).sum())
        seen = np.where(starts, False, seen)
        fell = np.where(starts, week, fell)
        first = now & inside & ~seen
        # Only the first date in effect of each shortfall adds its delay; `seen` keeps the others out.
        delays += np.bincount((week - fell)[first], minlength=weeks + 1)
        seen = seen | first
        # Cleared before the date is looked at, because a spell may begin inside a shortfall.
        hit = np.where(begins, False, hit) | (inside & now)
        was_short = now
    # A spell that is open at the horizon counts as it is there.
    false = inside & ~hit
    return Tally(
        paths=paths,
        dates=weeks,
        spells=counts["spells"],
        open_spells=int(inside.sum()),
        false_alarms=counts["false"] + int(false.sum()),
        paths_with_false_alarm=int((alarmed | false).sum()),
        shortfalls=counts["shortfalls"],
        open_shortfalls=int(was_short.sum()),
        missed=counts["missed"] + int((was_short & ~seen).sum()),
        delays=tuple(int(delay) for delay in delays),
        paths_with_flap=int(flapped.sum()),
        paths_with_short=int(brief.sum()),
        paths_with_shortfall=int(short.any(axis=0).sum()),
        # Fewer dates than begin a shortfall are too few for a time that was quiet.
        paths_with_quiet=int(((~short).sum(axis=0) >= question.q).sum()),
    )


def _on_side(values: Counts, side: Side, level: int) -> Flags:
    """Return which values are on a side of a level, all in ticks."""
    match side:
        case "below level":
            return values < level
        case "at or below level":
            return values <= level
        case "above level":
            return values > level
        case "at or above level":
            return values >= level


def _seen(before: Counts, met: Flags, out_of: int | None) -> Counts:
    """Return what is kept of the dates so far and one more.

    It is the length of the run, or the last `out_of` dates as bits, the newest lowest.
    """
    if out_of is None:
        return np.where(met, before + 1, 0)
    return ((before << 1) | met) & ((1 << out_of) - 1)


def _enough(seen: Counts, needed: int | None, out_of: int | None) -> Flags:
    """Return where enough of the dates that are kept met the condition; nowhere if nothing is enough."""
    if needed is None:
        return np.zeros(seen.shape, dtype=bool)
    met = seen if out_of is None else np.bitwise_count(seen)
    return np.asarray(met >= needed)


def cell(variant: Variant, counts: Tally) -> Cell:
    """Return the figures of one variant from its tally."""
    years = counts.paths * counts.dates / WEEKS_A_YEAR
    timely = counts.shortfalls - counts.missed
    alarm = counts.paths_with_false_alarm / counts.paths
    return Cell(
        variant=variant,
        false_alarm=alarm,
        error=share_error(alarm, counts.paths),
        false_alarms_a_year=counts.false_alarms / years,
        false_alarms_error=math.sqrt(counts.false_alarms) / years,
        shortfalls_a_year=counts.shortfalls / years,
        missed=counts.missed / counts.shortfalls if counts.shortfalls else None,
        delay=sum(dates * number for dates, number in enumerate(counts.delays)) / timely if timely else None,
        delay_90=_quantile(counts.delays, Fraction(9, 10)) if timely else None,
        timely=timely,
        flap=counts.paths_with_flap / counts.paths,
        short=counts.paths_with_short / counts.paths,
        spells_a_year=counts.spells / years,
        open_spells=counts.open_spells / counts.spells if counts.spells else 0.0,
        open_shortfalls=counts.open_shortfalls / counts.shortfalls if counts.shortfalls else 0.0,
        fallen=counts.paths_with_shortfall / counts.paths,
        quiet=counts.paths_with_quiet / counts.paths,
    )


def _quantile(numbers: Sequence[int], share: Fraction) -> int:
    """Return the least delay that the share `share` of the shortfalls did not exceed."""
    reached, total = 0, sum(numbers)
    for dates, number in enumerate(numbers):
        reached += number
        # An exact comparison: 0.9 as a float could miss a share that is met exactly.
        if reached >= share * total:
            return dates
    return len(numbers) - 1


def smallest_count(cells: Sequence[Cell], level: int, release: int | None, at_most: float) -> Cell | None:
    """Return the cell of the smallest count at a level whose false alarms stay under `at_most`.

    The result is None if no count does.
    """
    enough = [
        one
        for one in cells
        if (one.variant.level, one.variant.release) == (level, release) and one.false_alarm < at_most
    ]
    return min(enough, key=lambda one: one.variant.count, default=None)
