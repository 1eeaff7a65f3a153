"""Whole numbers as English words."""

from __future__ import annotations

UP_TO_NINETEEN = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
"""The words for 0 to 19, each at its own number."""
UP_TO_TWELVE = UP_TO_NINETEEN[:13]
"""The words that stand in a sentence; a larger number stands in figures."""


def times(count: int) -> str:
    """Return how often something is done: `once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
