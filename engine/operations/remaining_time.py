"""How long a run still takes, judged by how long its deals have taken so far."""

from __future__ import annotations

import time
from collections.abc import Callable

SILENT = 20.0
"""Seconds for which nothing is said: the first deals tell little of the others."""


class RemainingTime:
    """An estimate of the time that a run still needs.

    Each deal that is left is taken to last as long as the mean of the deals that are done.
    """

    def __init__(self, of: int, now: Callable[[], float] = time.monotonic) -> None:
        """Begin the first of so many deals; `now` gives seconds of the clock."""
        self._of, self._now, self._began = of, now, now()

    def after(self, done: int) -> str:
        """Return what a line of progress says after `done` deals.

        The text is empty for a short run, and before the first deal is done.
        """
        passed = self._now() - self._began
        if passed < SILENT or not 0 < done < self._of:
            return ""
        left = passed / done * (self._of - done)
        return f"; deal {done + 1:,} of {self._of:,}, about {_in_words(left)} left"


def _in_words(seconds: float) -> str:
    """Return a length of time as coarsely as it is known."""
    if seconds < 90:
        return f"{max(10, round(seconds / 10) * 10)} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
