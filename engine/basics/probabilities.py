"""Probabilities as they are printed: with their Monte Carlo error, and on their own side of a bound."""

from __future__ import annotations

LEAST = 0.01
"""Below it, what came on some path would be printed as 0.00, and so as impossible."""
LEAST_ERROR = 0.005
"""Two decimals cannot show a smaller error, and ± 0.00 would read as certainty."""
MOST_DECIMALS = 6


def probability(share: float, error: float, bound: float | None = None) -> str:
    """Return a probability with its Monte Carlo error: `0.32 ± 0.01`, `<0.01`.

    Args:
        share: the share of the paths.
        error: its Monte Carlo error.
        bound: a probability on whose side the printed one must lie, if it is compared with one.
    """
    return " ".join(part for part in (share_words(share, bound), error_words(share, error)) if part)


def share_words(share: float, bound: float | None = None) -> str:
    """Return a probability with two decimals, or with as many as it takes to lie on its side of a bound."""
    if 0 < share < LEAST:
        return f"<{LEAST}"
    decimals = 2
    while (
        bound is not None
        and decimals < MOST_DECIMALS
        and (float(f"{share:.{decimals}f}") < bound) != (share < bound)
    ):
        decimals += 1
    return f"{share:.{decimals}f}"


def error_words(share: float, error: float) -> str:
    """Return the error beside a probability; an empty text where `<0.01` says it already."""
    return "" if 0 < share < LEAST else f"± {max(error, LEAST_ERROR):.2f}"
