"""What a foresight report is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from engine.basics.values import in_words
from reports.formats import reason_words

Value = Mapping[str, Any]
"""The JSON of one answer."""
BESIDE = 3
"""Paths whose dates stand beside one another."""
NAMED = re.compile("`([^`]*)`")
"""A name of the deal file within a sentence."""


@dataclass(frozen=True)
class ForesightInputs:
    """What a foresight report is made of: answers as JSON; a section whose answer is not there is left out.

    Attributes:
        deal: the draft's name.
        parties: the borrower's or the issuer's name.
        file: the draft's file name.
        sha256: of its text.
        prepared: the date on which the report is made.
        engine: the version that made it.
        facts: what is assumed of the Servicer's reports.
        files: the files of the draft and of the facts; an answer names those on which it rests alone.
        by_date: each figure that changes by date, from its first value to its last.
        straight_lines: whether such a figure moves evenly between its dates.
        closing: the Closing Date.
        illustrative: whether the deal says that it is.
        titles: each test's title, by its name.
        sections: the section of each test and trigger, by what happens; the empty text is for all else.
        ladder: the answer of `ladder`.
        stress: the answer of `stress`.
        rates: the stated rates of the paths that are drawn.
        band: the rates at both ends of the first path's band, by date.
        scenarios: the answer of `stress` under every scenario.
        calibration: the answer of `calibrate`.
        simulation: the answer of `simulate`.
        comparisons: the answers of `compare`.
        grid: the answer of `grid`.
        backtest: the answer of `backtest`.
    """

    deal: str
    parties: str
    file: str
    sha256: str
    prepared: date
    engine: str
    facts: str
    closing: date
    illustrative: bool
    titles: Mapping[str, str]
    sections: Mapping[str, Mapping[str, str]]
    ladder: Value | None = None
    stress: Value | None = None
    rates: Sequence[Value] = ()
    band: Sequence[tuple[str, float, float]] = ()
    scenarios: Value | None = None
    calibration: Value | None = None
    simulation: Value | None = None
    comparisons: Sequence[Value] = ()
    grid: Value | None = None
    backtest: Value | None = None
    files: Sequence[Value] = ()
    by_date: Sequence[Value] = ()
    straight_lines: bool = False

    @property
    def issued_at(self) -> datetime:
        """The moment that the file carries.

        The date alone decides it, so the same inputs give the same bytes.
        """
        return datetime.combine(self.prepared, time(), UTC)

    @property
    def every_file(self) -> list[Value]:
        """Every file on which one of the answers rests, each once."""
        answers = (self.stress, self.scenarios, self.calibration, self.simulation, *self.comparisons)
        known = [*self.files]
        for answer in (*answers, self.grid, self.backtest):
            known += [one for one in (answer or {}).get("files", ()) if one not in known]
        return known

    def shown_outcomes(self) -> list[Value]:
        """Return the outcomes of the paths that the report tells of: the first three, and the user's own."""
        assert self.stress is not None  # the caller has looked
        outcomes = self.stress["outcomes"]
        own = self.own_outcome()
        return [*outcomes[:BESIDE], *([own] if own is not None and own not in outcomes[:BESIDE] else [])]

    def own_outcome(self) -> Value | None:
        """Return the outcome of the user's own table of rates; None without one."""
        own = self.stress.get("own") if self.stress is not None else None
        if self.stress is None or own is None:
            return None
        return next((one for one in self.stress["outcomes"] if one["path"] == own), None)

    def section(self, name: str, what: str) -> str:
        """Return the section of what happens to a test or a trigger; empty if the draft names none."""
        own = self.sections.get(name, {})
        return own.get(what, own.get("", ""))

    def words(self, text: str) -> str:
        """Return a reason for people: tests and triggers by title, and figures by name in words."""
        titled = NAMED.sub(
            lambda found: self.title(found[1]) if found[1] in self.sections else found[0], text
        )
        return reason_words(titled)

    def title(self, name: str) -> str:
        """Return what a test or a trigger is called."""
        return self.titles.get(name) or in_words(name).capitalize()
