"""Seconds of processor by kind of work, as a run spends them in its own process and in those that draw for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, get_args

Work = Literal["publication", "evaluation", "composition", "layout", "sealing", "record"]
"""What a run does: it computes the index, evaluates deals, composes notices, lays their pages out, signs them, and writes the record."""
KINDS_OF_WORK: tuple[Work, ...] = get_args(Work)


class ProcessorTime:
    """A ledger of processor time: each second stands under one kind of work, the innermost that was going on."""

    def __init__(self, now: Callable[[], float] = time.process_time) -> None:
        """Begin with nothing spent; `now` gives the seconds of processor of this process."""
        self._now = now
        self._seconds: dict[Work, float] = dict.fromkeys(KINDS_OF_WORK, 0.0)
        self._work: Work | None = None
        self._since = 0.0

    @contextmanager
    def of(self, work: Work) -> Iterator[None]:
        """Count what this process spends inside the block as `work`, but for blocks of other work within it."""
        outer = self._turn_to(work)
        try:
            yield
        finally:
            self._turn_to(outer)

    def add(self, work: Work, seconds: float) -> None:
        """Count what another process has spent."""
        self._seconds[work] += seconds

    def seconds(self) -> Mapping[Work, float]:
        """Return what has been spent on each kind of work so far."""
        self._turn_to(self._work)
        return dict(self._seconds)

    def _turn_to(self, work: Work | None) -> Work | None:
        """Close the account of what was going on, and return its name."""
        now, before = self._now(), self._work
        if before is not None:
            self._seconds[before] += now - self._since
        self._work, self._since = work, now
        return before


def spent_between(before: Mapping[Work, float], after: Mapping[Work, float]) -> dict[Work, float]:
    """Return what was spent on each kind of work from one reading of a ledger to a later one, in seconds."""
    return {work: after[work] - before[work] for work in KINDS_OF_WORK}
