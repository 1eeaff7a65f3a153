"""Seconds of processor time by kind of work, of a run and of the processes that draw for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, get_args

Work = Literal["publication", "evaluation", "composition", "layout", "sealing", "record"]
"""The kinds of work of a run.

A run computes the index, evaluates deals, composes notices, lays out their pages, signs them, and writes the
record.
"""
KINDS_OF_WORK: tuple[Work, ...] = get_args(Work)


class ProcessorTime:
    """A ledger of processor time. Each second counts for a single kind of work, the innermost under way."""

    def __init__(self, now: Callable[[], float] = time.process_time) -> None:
        """Begin with nothing spent. `now` returns the seconds of processor time of this process."""
        self._now = now
        self._seconds: dict[Work, float] = dict.fromkeys(KINDS_OF_WORK, 0.0)
        self._work: Work | None = None
        self._since = 0.0

    @contextmanager
    def of(self, work: Work) -> Iterator[None]:
        """Count the time that this process spends inside the block as `work`.

        A block of other work inside it counts for that other work.
        """
        outer = self._turn_to(work)
        try:
            yield
        finally:
            self._turn_to(outer)

    def add(self, work: Work, seconds: float) -> None:
        """Add seconds that another process has spent on a kind of work."""
        self._seconds[work] += seconds

    def seconds(self) -> Mapping[Work, float]:
        """Return the seconds spent on each kind of work so far."""
        self._turn_to(self._work)
        return dict(self._seconds)

    def _turn_to(self, work: Work | None) -> Work | None:
        """Book the time since the last turn under the work that was under way, and begin `work`.

        Returns the work that was under way.
        """
        now, before = self._now(), self._work
        if before is not None:
            self._seconds[before] += now - self._since
        self._work, self._since = work, now
        return before


def spent_between(before: Mapping[Work, float], after: Mapping[Work, float]) -> dict[Work, float]:
    """Return the seconds spent on each kind of work between two readings of a ledger."""
    return {work: after[work] - before[work] for work in KINDS_OF_WORK}
