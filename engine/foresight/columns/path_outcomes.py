"""What a deal did on many paths: the first date of each thing on each path, and each sweep's money."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.basics.happenings import Happening

Ordinals = NDArray[np.int32]
Places = NDArray[np.intp]
"""Some paths, by their places among all paths."""
NOWHERE: Places = np.zeros(0, dtype=np.intp)
"""No path."""
NEVER = 0
"""Stands for no date among ordinals of dates."""


@dataclass
class ColumnsOutcome:
    """What a deal did on many paths.

    Attributes:
        until: the last date.
        paths: the number of paths.
        firsts: for each thing that happened on some path, the ordinal of its first date on each path; `NEVER`
            if it never did.
        swept: for each sweep, what went to its reserve on each path by the end, in USD, as far as known.
        not_known: for each sweep of which an amount is missing, on how many Payment Dates of each path.
        one_by_one: tests that ran path by path.
        determined: tests that passed or failed on some path.
        by_steps: tests and triggers whose states the engine's own steps made, and why.
        steps: the number of those steps that were taken.
    """

    until: date
    paths: int
    firsts: dict[tuple[str, Happening], Ordinals] = field(default_factory=dict)
    swept: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    not_known: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    one_by_one: set[str] = field(default_factory=set)
    determined: set[str] = field(default_factory=set)
    by_steps: dict[str, str] = field(default_factory=dict)
    steps: int = 0

    def share(self, subject: str, what: Happening, by: date) -> float:
        """Return the share of paths on which something had happened by a date."""
        first = self.firsts.get((subject, what))
        return 0.0 if first is None else float(((first != NEVER) & (first <= by.toordinal())).mean())

    def first(self, subject: str, what: Happening, where: Places, on: int | Ordinals) -> None:
        """Record that something happened on some paths; an earlier first date stays.

        Args:
            subject: the test or trigger.
            what: what happened.
            where: the paths.
            on: the date, or the date on each of these paths.
        """
        if not len(where):
            return
        known = self.firsts.setdefault((subject, what), np.zeros(self.paths, dtype=np.int32))
        before = known[where]
        known[where] = np.where(before == NEVER, on, before)

    def determine(self, test: str, known: NDArray[np.bool_] | None) -> None:
        """Record that a test passed or failed on some paths; None if it did on all."""
        if test not in self.determined and (known is None or known.any()):
            self.determined.add(test)
