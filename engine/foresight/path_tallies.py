"""The sums over many paths of a simulation: how often each thing had happened by each day, and swept money.

A tally keeps counts and no paths, so its size does not grow with their number. Two tallies add up to the
tally of both.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.basics.happenings import Happening
from engine.basics.probabilities import share_error
from engine.foresight.columns.path_outcomes import NEVER, ColumnsOutcome

Event = tuple[str, Happening]
Key = TypeVar("Key")
Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class PathTally:
    """Counts over some paths.

    Attributes:
        paths: the number of paths.
        days: for each thing, the number of paths on which it first happened so many days after closing.
        swept: for each sweep, the number of paths on which it had brought so many USD by the end, as far as
            known.
        not_known: for each sweep, the number of paths on which a missing figure left open what it takes.
        determined: tests that passed or failed on some path.
        one_by_one: tests that ran path by path.
        by_steps: tests and triggers whose states the engine's own steps made, and why.
    """

    paths: int
    days: Mapping[Event, Counter[int]]
    swept: Mapping[str, Counter[float]]
    not_known: Counter[str]
    determined: frozenset[str]
    one_by_one: frozenset[str]
    by_steps: Mapping[str, str]

    def plus(self, other: PathTally) -> PathTally:
        """Return the tally of these paths and of others together."""
        return PathTally(
            self.paths + other.paths,
            _added(self.days, other.days),
            _added(self.swept, other.swept),
            self.not_known + other.not_known,
            self.determined | other.determined,
            self.one_by_one | other.one_by_one,
            {**self.by_steps, **other.by_steps},
        )

    def within(self, event: Event, days: int) -> tuple[float, float]:
        """Return the probability that something happens within so many days, and its Monte Carlo error."""
        share = (
            sum(count for day, count in self.days.get(event, Counter()).items() if day <= days) / self.paths
        )
        return share, share_error(share, self.paths)

    def median_days(self, event: Event) -> float | None:
        """Return the median number of days until something happens, over the paths on which it does.

        The result is None if it happens on no path.
        """
        day = self.days.get(event)
        return None if not day else _middle(day)

    def amount(self, clause: str) -> tuple[float, float, float, float]:
        """Return what a sweep brings in USD: the mean, its Monte Carlo error, and the ends of the middle 95%.

        A path on which it brought nothing counts as zero.
        """
        counter = Counter(self.swept.get(clause, Counter()))
        # Paths on which a sweep brought nothing are not in the counts, but they belong in the mean.
        counter[0.0] += self.paths - sum(counter.values())
        mean = sum(amount * count for amount, count in counter.items()) / self.paths
        spread = sum((amount - mean) ** 2 * count for amount, count in counter.items()) / self.paths
        low, high = (_quantile(counter, share) for share in (0.025, 0.975))
        return mean, math.sqrt(spread / self.paths), low, high


def _added(
    one: Mapping[Key, Counter[Number]], other: Mapping[Key, Counter[Number]]
) -> dict[Key, Counter[Number]]:
    return {key: one.get(key, Counter()) + other.get(key, Counter()) for key in dict.fromkeys((*one, *other))}


def path_tally(outcome: ColumnsOutcome, closing: int, asked: Sequence[Happening]) -> PathTally:
    """Return the tally of an outcome.

    Args:
        outcome: what happened on each path.
        closing: the ordinal of the Closing Date.
        asked: the happenings that are counted.
    """
    days = {}
    for event, dates in outcome.firsts.items():
        # Counts of happenings that nobody asked for would travel between processes with every part.
        if event[1] in asked:
            numbers, counts = np.unique(dates[dates != NEVER] - closing, return_counts=True)
            days[event] = Counter(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
    swept = {}
    for clause, amounts in outcome.swept.items():
        # Most paths sweep nothing, and they are added again as the rest when a mean is taken.
        values, counts = np.unique(amounts[amounts > 0], return_counts=True)
        swept[clause] = Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))
    return PathTally(
        outcome.paths,
        days,
        swept,
        Counter({clause: int((counts > 0).sum()) for clause, counts in outcome.not_known.items()}),
        frozenset(outcome.determined),
        frozenset(outcome.one_by_one),
        dict(outcome.by_steps),
    )


def _quantile(quantile: Counter[float], share: float) -> float:
    """Return the least amount below or at which a share of the paths lies."""
    needed, seen = share * sum(quantile.values()), 0
    for amount in sorted(quantile):
        seen += quantile[amount]
        if seen >= needed:
            return amount
    return max(quantile)


def _middle(counts: Counter[int]) -> float:
    """Return the median of counted numbers; for an even number of them, the mean of the middle two."""
    total, seen = sum(counts.values()), 0
    wanted = ((total + 1) // 2, total // 2 + 1)
    middle: list[int] = []
    for number in sorted(counts):
        seen += counts[number]
        # A number may hold both middle places, so it can be added twice.
        middle += [number for total in wanted[len(middle) :] if total <= seen]
    return sum(middle) / 2
