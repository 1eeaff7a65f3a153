"""A takeover with the deal that it is checked against, and its problems at their places (`rulings.md` 56)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from engine.basics.calendar import BusinessCalendar
from engine.basics.errors import Problem
from engine.determination.template import Template
from engine.determination.trigger_counts import trigger_counts
from engine.terms.as_written import Deal, calendar_on, resolve
from engine.terms.in_force import TermsInForce
from engine.terms.source import Path, Tree
from engine.terms.takeover import PATH, Takeover


class Held:
    """One takeover with the terms of its day.

    Attributes:
        deal: the deal.
        said: its takeover.
        terms: the terms in force on the day of the takeover.
        calendar: their Business Days.
        counts: the counts of each trigger.
    """

    def __init__(self, deal: Deal, said: Takeover, templates: Mapping[str, Template]) -> None:
        """Keep a deal and its takeover, with the terms of its day, their calendar and counts."""
        self.deal, self.said, self.templates = deal, said, templates
        self.tree: Tree = deal.tree
        self.terms: TermsInForce = resolve(deal, said.as_of)
        self.calendar: BusinessCalendar = calendar_on(deal, said.as_of)
        self.counts = trigger_counts(self.terms, templates)

    def wrong(self, at: Path, what: str, why: str, fix: str, code: str = "D581") -> Problem:
        """Return the problem of a wrong value, at the value."""
        return Problem(code, what, why, fix, self.tree.place((*PATH, *at)))

    def lacks(self, at: Path, key: str, why: str, code: str = "D582") -> Problem:
        """Return the problem of a key that a block must have, and why."""
        return Problem(
            code, f"`{key}` is missing", why, f"write `{key}:` here", self.tree.key_place((*PATH, *at))
        )

    def of_no_use(self, at: Path, why: str) -> Problem:
        """Return the problem of a key that contradicts the status beside it."""
        key = at[-1]
        return Problem(
            "D583",
            f"`{key}` cannot stand here",
            why,
            "remove it, or correct the status",
            self.tree.key_place((*PATH, *at)),
        )

    def dated(
        self, at: Path, day: date | None, *, latest: date | None = None, what: str = ""
    ) -> Iterator[Problem]:
        """Yield a problem unless a day is after closing and not after the takeover, or not after `latest`."""
        last = self.said.as_of if latest is None else latest
        if day is not None and not self.deal.closing_date <= day <= last:
            why = (
                what
                or f"the state is that of {self.said.as_of}, and the deal closed on {self.deal.closing_date}"
            )
            yield self.wrong(at, f"{day} is not a date of the time before", why, "correct the date")
