"""What can happen to a test or a trigger on a path of rates, and how a page and a terminal say it."""

from __future__ import annotations

from typing import Literal

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
