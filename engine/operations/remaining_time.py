"""How long a run still takes, judged by how long its last lots of notices have taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

SILENT = 20.0
"""Seconds for which nothing is said: the first deals tell little of the others."""


class _Mark(NamedTuple):
    """The end of a lot: the moment, and how many deals were done by then."""

    at: float
    done: int


class RemainingTime:
    """An estimate of the time that a run still needs.

    Notices are made some at a time: while one lot is drawn, the next deals are evaluated. So only the time
    from the end of one lot to the end of a later one shows what a deal costs. The first lot also takes the
    start of the renderer's processes, which draw their first notices slowly. Each deal that is left is
    therefore taken to last as long as the mean of the second half of those that are done.
    """

    def __init__(self, of: int, now: Callable[[], float] = time.monotonic) -> None:
        """Begin the first of so many deals; `now` gives seconds of the clock."""
        self._of, self._now, self._began = of, now, now()
        self._marks: list[_Mark] = []

    def lot_given(self, done: int) -> None:
        """Take note that a lot of notices is given, after which so many deals are done."""
        if not self._marks or done > self._marks[-1].done:
            self._marks.append(_Mark(self._now(), done))

    def after(self, done: int) -> str:
        """Return what a line of progress says after `done` deals.

        The text is empty for a short run, and before the first deal is done. It names no time before a
        second lot is given.
        """
        now = self._now()
        if now - self._began < SILENT or not 0 < done < self._of:
            return ""
        left = self._left(now)
        said = "" if left is None else f", about {_in_words(left)} left"
        return f"; deal {done + 1:,} of {self._of:,}{said}"

    def _left(self, now: float) -> float | None:
        """Return the seconds that are left, or None before a second lot is given."""
        if len(self._marks) < 2:
            return None
        before, last = self._marks[-2:]
        since = max((mark for mark in self._marks[:-1] if mark.done <= last.done / 2), default=self._marks[0])
        each = (last.at - since.at) / (last.done - since.done)
        # A lot that takes longer than it should stops the count: the others are still to come.
        passed = min(now - last.at, each * (last.done - before.done))
        return each * (self._of - last.done) - passed


def _in_words(seconds: float) -> str:
    """Return a length of time as coarsely as it is known."""
    if seconds < 90:
        return f"{max(10, round(seconds / 10) * 10)} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
