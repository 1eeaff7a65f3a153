"""What paths leave open: tests that no date of them determines, and triggers that rest on such tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.basics.happenings import undecided_words
from engine.determination.template import Template
from engine.foresight.stress import PathOutcome
from engine.foresight.undecided import open_triggers
from engine.terms.in_force import TermsInForce


@dataclass(frozen=True)
class Lacking:
    """What neither happened on some paths nor can be said to have never happened.

    Attributes:
        left_out: tests that were not determined on any date, with the reason.
        undecided: triggers that look at such a test, with the names of what they look at.
        sooner: triggers that began and also look at such a test, with the same names.
    """

    left_out: Mapping[str, str]
    undecided: Mapping[str, tuple[str, ...]]
    sooner: Mapping[str, tuple[str, ...]]

    @property
    def reasons(self) -> dict[str, str]:
        """The tests and triggers of which nothing is known, each with the reason."""
        names = (*self.left_out, *self.undecided)
        return {name: why for name in names if (why := self.why(name)) is not None}

    def why(self, subject: str) -> str | None:
        """Return why nothing is known of a test or trigger; None if it is known."""
        if subject in self.left_out:
            return f"not determined: {self.left_out[subject]}"
        names = self.undecided.get(subject)
        if names is None:
            return None
        # In backticks a page finds the names, and writes titles in their place.
        return f"not decided: {undecided_words('it', [f'`{name}`' for name in names])}"


def lacking(
    stretches: Sequence[TermsInForce],
    templates: Mapping[str, Template],
    outcomes: Sequence[PathOutcome],
    until: date,
    untested: bool = True,
) -> Lacking:
    """Return what paths leave open of a draft.

    Args:
        stretches: the draft's terms from each date on.
        templates: the covenant templates by name.
        outcomes: what happened on each path.
        until: the last date.
        untested: whether a test without any date by then counts as not determined.
    """
    # A test that was determined on one path is not left out, even if it was not on another.
    determined = {one.test for outcome in outcomes for one in outcome.least}
    left = {
        test: why
        for outcome in outcomes
        for test, why in outcome.undetermined.items()
        if test not in determined
    }
    if untested:
        tests = dict.fromkeys(name for terms in stretches for name in terms.covenants)
        idle = [name for name in tests if name not in determined and name not in left]
        left |= dict.fromkeys(idle, f"it is not tested on any date up to {until}")
    triggers = open_triggers(stretches, templates, left, acted(outcomes), until)
    return Lacking(left, triggers.undecided, triggers.sooner)


def acted(outcomes: Sequence[PathOutcome]) -> set[str]:
    """Return the tests that failed on some path, and the triggers that began on one."""
    return {
        first.subject for outcome in outcomes for first in outcome.firsts if first.what in ("fails", "begins")
    }
