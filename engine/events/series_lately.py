"""What each Publication Date gave of an index.

The last dates are at hand, and the older dates are read when they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import takewhile
from typing import overload

from engine.events.rates import Published

FIRST_STEP = 16
"""How many publications are read first; each further step reads as many as are at hand."""
ReadLast = Callable[[int], Sequence[Published]]
"""Reads the last so many publications, oldest first."""


class SeriesLately(Sequence[Published]):
    """The same publications in the same order as the tuple of all of them."""

    def __init__(self, count: int, read_last: ReadLast) -> None:
        """Begin with how many there are, and with what reads the last of them."""
        self._count, self._read_last = count, read_last
        self._at_hand: tuple[Published, ...] = ()

    def last(self, count: int) -> tuple[Published, ...]:
        """Return the last publications, as many as are asked for or more, oldest first."""
        if count > len(self._at_hand):
            # Every read begins again at the newest, so each step doubles to keep the reads few.
            step = max(count, FIRST_STEP, 2 * len(self._at_hand))
            self._at_hand = tuple(self._read_last(min(step, self._count)))
        return self._at_hand

    def upto(self, day: date) -> Sequence[Published]:
        """Return the publications up to a day."""
        later = sum(1 for _ in takewhile(lambda one: one.publication_date > day, reversed(self)))
        if not later:
            return self
        return SeriesLately(self._count - later, lambda count: self.last(count + later)[: -later or None])

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Published: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Published, ...]: ...

    def __getitem__(self, place: int | slice) -> Published | tuple[Published, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(self._count)))
        at = place + self._count if place < 0 else place
        if not 0 <= at < self._count:
            raise IndexError(place)
        # More may be at hand than was asked for, so the place counts from the end.
        return self.last(self._count - at)[at - self._count]

    def __iter__(self) -> Iterator[Published]:
        return iter(self.last(self._count))

    def __reversed__(self) -> Iterator[Published]:
        given = 0
        while given < self._count:
            lately = self.last(given + 1)
            # Each read brings the newest again, and these were given already.
            yield from reversed(lately[: len(lately) - given])
            given = len(lately)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        # The newest and the length are enough: equal sequences agree on both, and older ones are not read.
        return hash((self._count, self.last(min(1, self._count))[-1:]))


def upto(series: Sequence[Published], day: date) -> Sequence[Published]:
    """Return the publications of a series up to a day."""
    if isinstance(series, SeriesLately):
        return series.upto(day)
    return tuple(one for one in series if one.publication_date <= day)
