"""What can happen to a test or a trigger on a path of rates, or is not known of it, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from engine.basics.values import counted, listed

Happening = Literal[
    "fails",
    "cure by",
    "cured",
    "default",
    "begins",
    "ends",
    "begins again",
    "ends again",
    "obliged",
    "due",
    "passes again",
]
DEADLINES: tuple[Happening, ...] = ("cure by", "due")
"""The happenings that are last days. One is told only if it was still running on its own day."""
CLAUSES: dict[str, str] = {
    "fails": "{} fails",
    "default": "an Event of Default of {} is indicated",
    "begins": "{} comes into effect",
    "obliged": "{} creates an Obligation",
}
"""The happenings that are told in sentences, each as a clause with a place for its subject."""
HAPPENING_WORDS: dict[str, str] = {
    "fails": "fails",
    "cure by": "must be cured by",
    "cured": "is cured",
    "default": "Event of Default indicated",
    "begins": "in effect",
    "ends": "ends",
    "begins again": "in effect again",
    "ends again": "ends again",
    "obliged": "creates an Obligation",
    "due": "Obligation due",
    "passes again": "passes again",
}
"""Each happening as the words that follow its subject."""


def unpublished_words(path: str, index: str, of: int, without: int, no_row: int) -> str:
    """Return the sentence of the weeks of a path that have no value.

    Args:
        path: the path's name.
        index: the index.
        of: the number of Publication Dates of the path.
        without: how many of them have no value.
        no_row: how many of these have no row in the table of rates.
    """
    rows = f", {no_row} of them for want of a row" if no_row else ""
    return (
        f"On {path} {index} has no value on {without} of {of} Publication Dates{rows}. Such a week is a week "
        "without publication."
    )


def undecided_words(subject: str, names: Sequence[str]) -> str:
    """Return why a trigger could not be decided, as a clause of a sentence with its subject."""
    verb = "which was" if len(names) == 1 else "which were"
    return f"{subject} looks at {listed(list(names))}, {verb} not determined"


def sooner_words(trigger: str, names: Sequence[str]) -> str:
    """Return that a trigger also looks at what was not determined, and what follows from that.

    The second of the two sentences has no full stop, as a clause has none.
    """
    verb = "which was" if len(names) == 1 else "which were"
    return (
        f"{trigger} also looks at {listed(list(names))}, {verb} not determined. {trigger} may act sooner or "
        "more often than is said"
    )


def uncured_before_words(graver: str, milder: str, by: object, fails: object, kind: object) -> str:
    """Return a clause: a graver limb comes before a milder one, and only a cure keeps it from acting.

    Args:
        graver: the test, or the trigger that looks at its default.
        milder: the milder limb.
        by: the distance of their rates in USD per GPU-hour.
        fails: `below` or `above`, the side of its rate on which the graver limb acts.
        kind: what the graver limb is; `default` for a test.
    """
    side = "above" if fails == "below" else "below"
    if kind != "default":
        return f"{graver} acts {by} {side} {milder}, which is milder, unless the failure before it is cured"
    return (
        f"{graver} fails {by} {side} {milder}, which is milder, and is a default if it is not cured in time"
    )


def no_date(why: str | None, what: str = "") -> str:
    """Return what a cell of a table says in place of a date: "never", or that nothing is known.

    Args:
        why: `not determined` or `not decided`, a colon and the reason; None if the answer is known.
        what: the happening, if it is one. Of a deadline that did not run to its day "none" is said.
    """
    if why is not None:
        return why.partition(":")[0]
    return "none" if what in DEADLINES else "never"


Day = TypeVar("Day", date, str)
Ends = tuple[date, date | None]
"""The first day on which something holds, and the first on which it no longer does; None if it goes on."""


def times_words(
    spells: Sequence[tuple[Day, Day | None]], written: Callable[[Day], str] = str
) -> tuple[str, str]:
    """Return how many times something has held, and the last of them: the words of two cells of a table.

    Args:
        spells: the times, oldest first.
        written: how a date is written.
    """
    number = "once" if len(spells) == 1 else counted(len(spells), "times")
    return number, f"last {_to(spells[-1], written)}" if len(spells) > 1 else _to(spells[-1], written)


def spells_words(spells: Sequence[tuple[Day, Day | None]], written: Callable[[Day], str] = str) -> str:
    """Return the spells of something in one cell: all if they fit, or the first, their number and the last.

    Without any spell the text is empty.
    """
    if len(spells) <= SPELLS:
        return ", ".join(_to(spell, written) for spell in spells)
    return ", ".join((f"first {_to(spells[0], written)}", *times_words(spells, written)))


def _to(spell: tuple[Day, Day | None], written: Callable[[Day], str]) -> str:
    since, ended = spell
    return f"{written(since)} to {'the end' if ended is None else written(ended)}"


SPELLS = 3
"""The number of spells that are printed in full; `--json` has all of them."""


@dataclass(frozen=True)
class NotCompared:
    """A test or trigger that cannot be compared on some paths, because one of two drafts leaves it open.

    Attributes:
        subject: the test or trigger.
        before: why nothing is known of it under the first draft; None if it is known.
        after: the same under the second draft.
        paths: the paths.
        everywhere: whether these are all paths that were lived.
    """

    subject: str
    before: str | None
    after: str | None
    paths: tuple[str, ...]
    everywhere: bool

    def words(self, name: str = "") -> str:
        """Return the sentence of it, with the name by which readers know the subject."""
        sides = [
            f"under the {side} it is {why}"
            for side, why in (("first", self.before), ("second", self.after))
            if why is not None
        ]
        said = f"under both it is {self.before}" if self.before == self.after else "; ".join(sides)
        where = "any path" if self.everywhere else listed(list(self.paths))
        return f"{name or self.subject} is not compared on {where}, as {said}."
