"""What can happen to a test or a trigger on a path of rates, or is not known of it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from engine.basics.values import listed

Happening = Literal[
    "fails", "cure by", "cured", "default", "begins", "ends", "obliged", "due", "passes again"
]
HAPPENING_WORDS: dict[str, str] = {
    "fails": "fails",
    "cure by": "must be cured by",
    "cured": "is cured",
    "default": "Event of Default indicated",
    "begins": "in effect",
    "ends": "ends",
    "obliged": "creates an Obligation",
    "due": "Obligation due",
    "passes again": "passes again",
}
"""Each happening as the words that follow its subject."""


def undecided_words(names: Sequence[str]) -> str:
    """Return why a trigger could not be decided, as a clause of a sentence."""
    verb = "which was" if len(names) == 1 else "which were"
    return f"it looks at {listed(list(names))}, {verb} not determined"


def in_a_cell(why: str) -> str:
    """Return what a cell of a table says where nothing is known: the words before the reason."""
    return why.partition(":")[0]
